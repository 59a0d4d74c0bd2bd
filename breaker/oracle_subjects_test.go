package breaker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
)

// manualClock moves when told to.
type manualClock struct {
	mu sync.Mutex
	t  time.Time
}

func newManualClock() *manualClock {
	return &manualClock{t: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *manualClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// goExecute runs a synchronous call in a goroutine of its own, and returns when
// it has been refused or is in flight.
func goExecute(execute func(op func() (int, error)) (int, error)) (func(ending), error) {
	started, end, over := make(chan struct{}), make(chan ending), make(chan error)
	go func() {
		var err error
		defer func() {
			if recover() != nil {
				err = nil
			}
			over <- err
		}()
		_, err = execute(func() (int, error) {
			started <- struct{}{}
			return 1, (<-end).err()
		})
	}()
	select {
	case <-started:
		return func(e ending) { end <- e; <-over }, nil
	case err := <-over:
		return nil, err
	}
}

// endTwoStep reports e as the caller of a two-step breaker would.
func endTwoStep(done func(error)) func(ending) {
	return func(e ending) {
		if e == endPanic {
			e = endFailure // there is no such thing as a panic in two steps
		}
		done(e.err())
	}
}

// waitInBubble moves a bubble's clock; it takes no time.
func waitInBubble(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}

// native is the oracle. It lives in a bubble.
func native(c Config, twoStep bool) *subject {
	start := time.Now()
	s := &subject{flips: new([]flip), opens: c.OpenFor, wait: waitInBubble}
	s.now = func() time.Duration { return time.Since(start) }
	var after Counts // what the outcome being reported makes of the counts
	settings := gobreaker.Settings{
		MaxRequests: uint32(c.Probes),
		Timeout:     c.OpenFor,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= uint32(c.Failures) },
		IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			f := flip{At: s.now(), From: stateOf(from), To: stateOf(to)}
			if f.From != Open {
				f.Counts = after
			}
			*s.flips = append(*s.flips, f)
		},
	}
	var raw interface {
		State() gobreaker.State
		Counts() gobreaker.Counts
	}
	if twoStep {
		b := gobreaker.NewTwoStepCircuitBreaker[int](settings)
		raw = b
		s.begin = func() (func(ending), error) {
			done, err := b.Allow()
			return endTwoStep(done), s.refusal(err)
		}
	} else {
		b := gobreaker.NewCircuitBreaker[int](settings)
		raw = b
		s.begin = func() (func(ending), error) {
			end, err := goExecute(b.Execute)
			return end, s.refusal(err)
		}
	}
	s.state = func() State { return stateOf(raw.State()) }
	s.counts = func() Counts { return countsOf(raw.Counts()) }
	begin := s.begin
	s.begin = func() (func(ending), error) {
		end, err := begin()
		return func(e ending) {
			after = s.counts()
			after.add(e.outcome())
			end(e)
		}, err
	}
	return s
}

// refusal is what our breaker should say where gobreaker says err.
func (s *subject) refusal(err error) error {
	switch err {
	case nil:
		return nil
	case gobreaker.ErrTooManyRequests:
		return errors.New("half-open")
	case gobreaker.ErrOpenState:
		tripped := (*s.flips)[len(*s.flips)-1].At
		return fmt.Errorf("open, retry after %v", tripped+s.opens+1-s.now())
	default:
		panic(err)
	}
}

func stateOf(s gobreaker.State) State {
	return map[gobreaker.State]State{gobreaker.StateClosed: Closed, gobreaker.StateHalfOpen: HalfOpen, gobreaker.StateOpen: Open}[s]
}

// ours is a breaker of this package, on clock, or on the system's clock (in a
// bubble: the bubble's) for nil.
func ours(t *testing.T, c Config, twoStep bool, clock *manualClock) *subject {
	t.Helper()
	s := &subject{flips: new([]flip), opens: c.OpenFor, wait: waitInBubble}
	var opts []Option
	start := time.Now()
	s.now = func() time.Duration { return time.Since(start) }
	if clock != nil {
		start = clock.Now()
		s.now = func() time.Duration { return clock.Now().Sub(start) }
		s.wait = clock.advance
		opts = append(opts, WithClock(clock))
	}
	opts = append(opts, WithListener(func(e Event) {
		*s.flips = append(*s.flips, flip{At: e.Time.Sub(start), From: e.From, To: e.To, Counts: e.Counts})
	}))
	if twoStep {
		b, err := NewTwoStep(c, opts...)
		if err != nil {
			t.Fatal(err)
		}
		s.state, s.counts = b.State, b.Counts
		s.begin = func() (func(ending), error) {
			done, err := b.Allow()
			return endTwoStep(done), openErrorText(err)
		}
		return s
	}
	b, err := New(c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	s.state, s.counts = b.State, b.Counts
	s.begin = func() (func(ending), error) {
		end, err := goExecute(func(op func() (int, error)) (int, error) { return Execute(b, op) })
		return end, openErrorText(err)
	}
	return s
}

func openErrorText(err error) error {
	var open *OpenError
	if !errors.As(err, &open) {
		return err
	}
	if d, ok := open.RetryAfter(); ok {
		return fmt.Errorf("%v, retry after %v", open.State, d)
	}
	return errors.New(open.State.String())
}

// compare reports the first step at which got differs from want.
func compare(t *testing.T, name string, seed uint64, c Config, steps []step, got, want []seen) {
	t.Helper()
	for i := range want {
		if got[i] == want[i] {
			continue
		}
		for j := max(0, i-12); j <= i; j++ {
			t.Logf("%3d %-26v gobreaker %+v", j, steps[j], want[j])
		}
		t.Fatalf("%s, seed %d, %+v: step %d (%v): got %+v, gobreaker %+v", name, seed, c, i, steps[i], got[i], want[i])
	}
}

const (
	oracleSeeds = 2500
	perBubble   = 50
)

func TestOracle(t *testing.T) {
	seeds := uint64(oracleSeeds)
	if testing.Short() {
		seeds = 200
	}
	for _, twoStep := range []bool{false, true} {
		name := map[bool]string{false: "Breaker", true: "TwoStep"}[twoStep]
		t.Run(name, func(t *testing.T) {
			var flips, refused, steps int
			for first := uint64(0); first < seeds; first += perBubble {
				wants := map[uint64][]seen{}
				synctest.Test(t, func(t *testing.T) {
					for seed := first; seed < first+perBubble; seed++ {
						c, plan := schedule(seed)
						want, n := native(c, twoStep).run(plan)
						wants[seed] = want
						flips, steps = flips+n, steps+len(plan)
						for i, w := range want {
							if plan[i].kind == stepBegin && w.result != "admitted" {
								refused++
							}
						}
						got, _ := ours(t, c, twoStep, nil).run(plan)
						compare(t, "on gobreaker's clock", seed, c, plan, got, want)
						got, _ = ours(t, c, twoStep, newManualClock()).run(plan)
						compare(t, "on its own clock while gobreaker's stands still", seed, c, plan, got, want)
					}
				})
				for seed := first; seed < first+perBubble; seed++ {
					c, plan := schedule(seed)
					got, _ := ours(t, c, twoStep, newManualClock()).run(plan)
					compare(t, "on its own clock while gobreaker's runs", seed, c, plan, got, wants[seed])
				}
			}
			t.Logf("%d seeds, %d steps, %d refusals, %d state changes, each compared 3 times", seeds, steps, refused, flips)
		})
	}
}

// countsOf are the engine's counts as this package has them.
func countsOf(c gobreaker.Counts) Counts {
	return Counts{
		Requests:             c.Requests,
		Successes:            c.TotalSuccesses,
		Failures:             c.TotalFailures,
		Neutrals:             c.TotalExclusions,
		ConsecutiveSuccesses: c.ConsecutiveSuccesses,
		ConsecutiveFailures:  c.ConsecutiveFailures,
	}
}
