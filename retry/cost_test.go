package retry_test

import (
	"context"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// counting counts readings.
type counting struct {
	*virtual
	readings int
}

func (c *counting) Now() time.Time { c.readings++; return c.virtual.Now() }

func TestDoReadsTheClockOnlyIfNeeded(t *testing.T) {
	timed, limited := quick, quick
	timed.AttemptTimeout, limited.Limit = time.Second, time.Second
	quota := quick
	quota.Quota = awsQuota
	watched := retry.WithObserver(func(context.Context, retry.Event) {})
	for _, c := range []struct {
		name     string
		policy   retry.Policy
		failures int
		opts     []retry.Option
		want     int
	}{
		{"success", quick, 0, nil, 1},
		{"success without elapsed", quick, 0, []retry.Option{retry.WithoutElapsed()}, 0},
		{"success with quota, without elapsed", quota, 0, []retry.Option{retry.WithoutElapsed()}, 0},
		{"success under a timeout, without elapsed", timed, 0, []retry.Option{retry.WithoutElapsed()}, 0},
		{"three failures", quick, 3, nil, 1},
		{"three failures without elapsed", quick, 3, []retry.Option{retry.WithoutElapsed()}, 0},
		{"limit", limited, 0, []retry.Option{retry.WithoutElapsed()}, 2},
		{"observed", quick, 1, []retry.Option{retry.WithoutElapsed(), watched}, 3},
	} {
		clock := &counting{virtual: newClock()}
		r := retry.Must(retry.New(c.policy, append(c.opts, retry.WithClock(clock))...))
		script := []step{}
		for range c.failures {
			script = append(script, step{0, errReset})
		}
		if _, err := retry.Do(context.Background(), r, clock.op(append(script, step{}))); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if clock.readings != c.want {
			t.Errorf("%s: %d readings of the clock, want %d", c.name, clock.readings, c.want)
		}
	}
}

func TestDoWithoutElapsed(t *testing.T) {
	clock := newClock()
	r := retry.Must(retry.New(steady, retry.WithClock(clock), retry.WithoutElapsed()))
	ctx, _ := clock.WithTimeout(context.Background(), 2500*ms)
	_, err := retry.Do(ctx, r, clock.op(failing(100*ms, errReset)))
	if got, _ := endOf(t, err); got != (end{retry.DeadlineTooNear, 3, 0, 3300 * ms}) {
		t.Errorf("%+v", got)
	}
}

func TestDoAllocates(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for name, r := range map[string]*retry.Retrier{
		"quick":           retry.Must(retry.New(quick)),
		"without elapsed": retry.Must(retry.New(quick, retry.WithoutElapsed())),
		"quota":           retry.Must(retry.New(retry.Policy{Attempts: 3, Quota: awsQuota, Classifier: "aws"})),
		"limit free":      retry.Must(retry.New(retry.S3())),
		"observed":        retry.Must(retry.New(quick, retry.WithObserver(func(context.Context, retry.Event) {}))),
	} {
		for failures := range 2 {
			if name == "limit free" && failures > 0 {
				continue // waits
			}
			left := 0
			op := func(context.Context) (int, error) {
				if left--; left >= 0 {
					return 0, errThrottled
				}
				return 1, nil
			}
			if n := testing.AllocsPerRun(200, func() {
				left = failures
				if _, err := retry.Do(ctx, r, op); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%s: %v allocations with %d failures", name, n, failures)
			}
		}
	}
}
