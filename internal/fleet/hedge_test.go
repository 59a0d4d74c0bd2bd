package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// errDown is what attempts fail with in these tests.
var errDown = retry.Mark(errors.New("down"), retry.Transient)

// inProcess runs body as a process, until nothing is left to happen.
func inProcess(t testing.TB, body func(clock *sim.Clock, now func() time.Duration)) {
	t.Helper()
	loop := sim.NewLoop()
	clock := loop.Clock(epoch)
	sim.Go(loop, func(*sim.Process) { body(clock, loop.Now) })
	loop.Run(sim.Never)
	if n := loop.Processes(); n > 0 {
		t.Errorf("%d processes have not ended", n)
	}
}

// constant is a policy with that many attempts and that delay.
func constant(attempts int, d time.Duration) retry.Policy {
	return retry.Policy{Name: "constant", Attempts: attempts, Backoff: retry.Backoff{Base: d, Multiplier: 1}}
}

// Hedge in virtual time: attempts begin one delay after the other until one succeeds, which
// ends the call, and the others with it. (Latencies end on odd nanoseconds, delays on even
// ones, so that no two things happen at once.)
func TestHedgesInProcesses(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.IntRange(2, 5).Draw(rt, "in flight")
		attempts := rapid.IntRange(1, 6).Draw(rt, "attempts")
		delay := time.Duration(rapid.IntRange(0, 50).Draw(rt, "delay")) * 2
		latency := make([]time.Duration, 6)
		for i := range latency {
			latency[i] = time.Duration(rapid.IntRange(0, 200).Draw(rt, "latency"))*2 + 1
		}
		started, end := 0, time.Duration(sim.Never)
		for i := range min(most, attempts) {
			if at := time.Duration(i) * delay; at < end {
				started++
				end = min(end, at+latency[i])
			}
		}
		inProcess(t, func(clock *sim.Clock, now func() time.Duration) {
			r := retry.Must(retry.New(constant(attempts, time.Second), retry.WithClock(clock),
				retry.WithHedging(retry.Hedging{MaxInFlight: most, Delay: delay})))
			n, cancelled := 0, 0
			winner, err := retry.Hedge(context.Background(), r, func(ctx context.Context) (int, error) {
				i := n
				n++
				err := clock.Sleep(ctx, latency[i])
				if err != nil {
					cancelled++
					if now() != end {
						rt.Errorf("attempt %d was cancelled at %v, want %v", i, now(), end)
					}
				}
				return i, err
			}, nil)
			if err != nil || now() != end || n != started || time.Duration(winner)*delay+latency[winner] != end {
				rt.Fatalf("attempt %d of %d won at %v (%v), want one of %d at %v", winner, n, now(), err, started, end)
			}
			_ = clock.Sleep(context.Background(), time.Nanosecond) // the others hear of it now
			late := 0                                              // those that end with the winner, or before they hear of it, are not cancelled
			for i := range started {
				if time.Duration(i)*delay+latency[i] > end {
					late++
				}
			}
			if cancelled != late {
				rt.Fatalf("%d of %d attempts were cancelled, want %d", cancelled, started, late)
			}
		})
	})
}

// A round whose attempts all fail is retried, and hedged again.
func TestHedgesThatFailAreRetried(t *testing.T) {
	var story []string
	inProcess(t, func(clock *sim.Clock, now func() time.Duration) {
		r := retry.Must(retry.New(constant(4, 100), retry.WithClock(clock), retry.WithHedging(retry.Hedging{MaxInFlight: 2, Delay: 20})))
		plan := []struct {
			takes time.Duration
			err   error
		}{{50, errDown}, {41, errDown}, {500, nil}, {9, nil}}
		n := 0
		_, err := retry.Hedge(context.Background(), r, func(ctx context.Context) (int, error) {
			i := n
			n++
			story = append(story, fmt.Sprintf("%d begins at %d", i, now()))
			if err := clock.Sleep(ctx, plan[i].takes); err != nil {
				story = append(story, fmt.Sprintf("%d is cancelled at %d", i, now()))
				return 0, err
			}
			return i, plan[i].err
		}, nil)
		story = append(story, fmt.Sprintf("over at %d: %v", now(), err))
	})
	want := []string{"0 begins at 0", "1 begins at 20", "2 begins at 161", "3 begins at 181", "over at 190: <nil>", "2 is cancelled at 190"}
	if !slices.Equal(story, want) {
		t.Errorf("%q, want\n%q", story, want)
	}
}

// A caller that leaves ends its attempts.
func TestHedgesEndWithTheirCaller(t *testing.T) {
	inProcess(t, func(clock *sim.Clock, now func() time.Duration) {
		r := retry.Must(retry.New(constant(4, 100), retry.WithClock(clock), retry.WithHedging(retry.Hedging{MaxInFlight: 2, Delay: 20})))
		ctx, cancel := clock.WithTimeout(context.Background(), 70)
		defer cancel()
		var left []time.Duration
		_, err := retry.Hedge(ctx, r, func(ctx context.Context) (int, error) {
			err := clock.Sleep(ctx, time.Hour)
			left = append(left, now())
			return 0, err
		}, nil)
		_ = clock.Sleep(context.Background(), 1)
		if !errors.Is(err, context.DeadlineExceeded) || now() != 71 || !slices.Equal(left, []time.Duration{70, 70}) {
			t.Errorf("%v at %d, attempts ended at %v", err, now(), left)
		}
	})
}

// Layers of retries, in virtual time as elsewhere: the outer one leaves it at what the inner
// one gave up on, unless it is told not to; then they multiply.
func TestNestedRetriesInProcesses(t *testing.T) {
	for _, c := range []struct {
		options []retry.Option
		want    []time.Duration
	}{
		{nil, []time.Duration{0, 110}},
		{[]retry.Option{retry.WithClassifier(func(error) retry.Class { return retry.Transient })}, []time.Duration{0, 110, 1120, 1230, 2240, 2350}},
	} {
		var at []time.Duration
		inProcess(t, func(clock *sim.Clock, now func() time.Duration) {
			inner := retry.Must(retry.New(constant(2, 100), retry.WithClock(clock)))
			outer := retry.Must(retry.New(constant(3, 1000), append(c.options, retry.WithClock(clock))...))
			_, err := retry.Do(context.Background(), outer, func(ctx context.Context) (int, error) {
				return retry.Do(ctx, inner, func(ctx context.Context) (int, error) {
					at = append(at, now())
					_ = clock.Sleep(ctx, 10)
					return 0, errDown
				})
			})
			if err == nil {
				t.Error("the call has succeeded")
			}
		})
		if !slices.Equal(at, c.want) {
			t.Errorf("attempts at %d, want %d", at, c.want)
		}
	}
}
