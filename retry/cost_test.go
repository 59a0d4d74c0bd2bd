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
	deadline := with(quick, func(p *retry.Policy) { p.Name = "deadline" })
	watched := retry.WithObserver(func(context.Context, retry.Event) {})
	for _, c := range []struct {
		name     string
		policy   retry.Policy
		failures int
		opts     []retry.Option
		want     int
	}{
		{"success", quick, 0, nil, 0},
		{"success with quota", quota, 0, nil, 0},
		{"success with elapsed", quick, 0, []retry.Option{retry.WithElapsed()}, 1},
		{"success under a timeout", timed, 0, nil, 1},
		{"three failures", quick, 3, nil, 0},
		{"three failures with elapsed", quick, 3, []retry.Option{retry.WithElapsed()}, 1},
		{"a failure and a delay", steady, 1, nil, 1},
		{"a deadline and a failure", deadline, 1, nil, 1},
		{"limit", limited, 0, nil, 2},
		{"observed", quick, 1, []retry.Option{watched}, 3},
	} {
		clock := &counting{virtual: newClock()}
		r := retry.Must(retry.New(c.policy, append(c.opts, retry.WithClock(clock))...))
		script := []step{}
		for range c.failures {
			script = append(script, step{0, errReset})
		}
		ctx := context.Background()
		if c.policy == deadline {
			ctx, _ = clock.WithTimeout(ctx, time.Hour)
		}
		if _, err := retry.Do(ctx, r, clock.op(append(script, step{}))); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if clock.readings != c.want {
			t.Errorf("%s: %d readings of the clock, want %d", c.name, clock.readings, c.want)
		}
	}
}

// Unless somebody needs the clock from the beginning, Elapsed leaves out the
// first attempt, and is zero for calls that never waited.
func TestDoElapsed(t *testing.T) {
	elapsed := retry.WithElapsed()
	observed := retry.WithObserver(func(context.Context, retry.Event) {})
	timed := with(steady, func(p *retry.Policy) { p.AttemptTimeout = time.Hour })
	limited := with(steady, func(p *retry.Policy) { p.Limit = time.Hour })
	none := with(steady, func(p *retry.Policy) { p.Backoff = retry.Backoff{} })
	for _, c := range []struct {
		name     string
		policy   retry.Policy
		opts     []retry.Option
		deadline time.Duration
		want     end
	}{
		{"by default", steady, nil, 0, end{retry.Exhausted, 4, 3300 * ms, 0}},
		{"asked for", steady, []retry.Option{elapsed}, 0, end{retry.Exhausted, 4, 3400 * ms, 0}},
		{"observed", steady, []retry.Option{observed}, 0, end{retry.Exhausted, 4, 3400 * ms, 0}},
		{"attempt timeout", timed, nil, 0, end{retry.Exhausted, 4, 3400 * ms, 0}},
		{"limit", limited, nil, 0, end{retry.Exhausted, 4, 3400 * ms, 0}},
		{"deadline", steady, nil, 2500 * ms, end{retry.DeadlineTooNear, 3, 2200 * ms, 3300 * ms}},
		{"deadline, asked for", steady, []retry.Option{elapsed}, 2500 * ms, end{retry.DeadlineTooNear, 3, 2300 * ms, 3300 * ms}},
		{"no delay", none, nil, 0, end{retry.Exhausted, 4, 0, 0}},
		{"no delay, deadline", none, nil, time.Hour, end{retry.Exhausted, 4, 300 * ms, 0}},
		{"no delay, asked for", none, []retry.Option{elapsed}, 0, end{retry.Exhausted, 4, 400 * ms, 0}},
	} {
		clock := newClock()
		ctx := context.Background()
		if c.deadline > 0 {
			ctx, _ = clock.WithTimeout(ctx, c.deadline)
		}
		r := retry.Must(retry.New(c.policy, append(c.opts, retry.WithClock(clock))...))
		_, err := retry.Do(ctx, r, clock.op(failing(100*ms, errReset)))
		if got, _ := endOf(t, err); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestDoAllocates(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for name, r := range map[string]*retry.Retrier{
		"quick":       retry.Must(retry.New(quick)),
		"elapsed":     retry.Must(retry.New(quick, retry.WithElapsed())),
		"stands down": retry.Must(retry.New(quick, retry.WithStandDown(), retry.WithBreakerWait(retry.BreakerWait{Times: 1}))),
		"quota":       retry.Must(retry.New(retry.Policy{Attempts: 3, Quota: awsQuota, Classifier: "aws"})),
		"limit free":  retry.Must(retry.New(retry.S3())),
		"observed":    retry.Must(retry.New(quick, retry.WithObserver(func(context.Context, retry.Event) {}))),
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
