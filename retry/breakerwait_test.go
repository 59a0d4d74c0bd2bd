package retry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// The contract of retry and breaker, on the step machine: what an open breaker
// costs, and when it is waited for.
func TestBreakerWait(t *testing.T) {
	full := with(steady, func(p *retry.Policy) { p.Jitter = retry.Jitter{Kind: retry.JitterFull} })
	limit := with(steady, func(p *retry.Policy) { p.Limit = 10 * s })
	once, thrice := retry.BreakerWait{Times: 1}, retry.BreakerWait{Times: 3}
	for _, c := range []struct {
		name     string
		policy   retry.Policy
		wait     retry.BreakerWait
		deadline time.Duration
		lines    []told
		attempts int
	}{
		{"not asked for", steady, retry.BreakerWait{}, 0, []told{{0, rejection{5 * s}, 0, stop(retry.Rejected, 5*s)}}, 0},
		{"asked for", steady, once, 0, []told{{0, rejection{5 * s}, 0, goOn(5 * s)}, {at: 5 * s}}, 1},
		{"no more than so often", steady, once, 0, []told{{0, rejection{5 * s}, 0, goOn(5 * s)}, {5 * s, rejection{3 * s}, 0, stop(retry.Rejected, 3*s)}}, 0},
		{"not an attempt", retry.None(), thrice, 0, []told{{0, rejection{s}, 0, goOn(s)}, {s, rejection{s}, 0, goOn(s)},
			{2 * s, rejection{s}, 0, goOn(s)}, {3 * s, errReset, 0, stop(retry.Exhausted, 0)}}, 1},
		{"jitter comes on top", full, once, 0, []told{{0, rejection{5 * s}, 0.5, goOn(5*s + 500*ms)}}, 0},
		{"half open: the policy's own delay", full, once, 0, []told{{0, rejection{0}, 0.5, goOn(500 * ms)}}, 0},
		{"after failures", steady, once, 0, []told{{0, errReset, 0, goOn(s)}, {s, rejection{5 * s}, 0, goOn(5 * s)}, {6 * s, errReset, 0, goOn(s)}}, 2},
		{"fits the deadline", steady, once, 5*s + 1, []told{{0, rejection{5 * s}, 0, goOn(5 * s)}}, 0},
		{"does not fit the deadline", steady, once, 5 * s, []told{{0, rejection{5 * s}, 0, stop(retry.Rejected, 5*s)}}, 0},
		{"does not fit the limit", limit, once, 0, []told{{5 * s, rejection{5 * s}, 0, stop(retry.Rejected, 5*s)}}, 0},
		{"longer than waited for", steady, retry.BreakerWait{Times: 1, Max: 4 * s}, 0, []told{{0, rejection{5 * s}, 0, stop(retry.Rejected, 5*s)}}, 0},
		{"of an unknown length", steady, once, 0, []told{{0, mute{}, 0, stop(retry.Rejected, 0)}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &ledger{}
			call := retry.Must(retry.New(c.policy, retry.WithBreakerWait(c.wait), retry.WithBudget(b))).Begin(epoch)
			if c.deadline != 0 {
				call.SetDeadline(epoch.Add(c.deadline))
			}
			call = timeline(t, retry.Must(retry.New(c.policy)), call, c.lines)
			if call.Attempts() != c.attempts {
				t.Errorf("%d attempts, want %d", call.Attempts(), c.attempts)
			}
			retries := 0
			for _, l := range c.lines {
				if l.err == errReset && l.want.Retry {
					retries++
				}
			}
			if b.charges != retries {
				t.Errorf("%d charges for %d retries", b.charges, retries)
			}
		})
	}
}

// mute is a breaker that does not say for how long it is open.
type mute struct{}

func (mute) Error() string  { return "breaker open" }
func (mute) Rejected() bool { return true }

// ledger is a budget that counts.
type ledger struct{ charges, successes int }

func (l *ledger) Charge(time.Time, retry.Class) retry.Receipt {
	l.charges++
	return retry.Receipt{Paid: true, Cost: 1}
}

func (l *ledger) Succeeded(time.Time, int) { l.successes++ }

func TestDoWaitsForTheBreaker(t *testing.T) {
	clock := newClock()
	r := retry.Must(retry.New(steady, retry.WithClock(clock), retry.WithElapsed(), retry.WithBreakerWait(retry.BreakerWait{Times: 2})))
	v, err := retry.Do(context.Background(), r, clock.op([]step{{0, rejection{5 * s}}, {0, rejection{2 * s}}, {0, nil}}))
	if v != 3 || err != nil || clock.now != epoch.Add(7*s) {
		t.Errorf("%v, %v at %v", v, err, clock.now.Sub(epoch))
	}
	// What the backend said is not lost in a breaker's words.
	clock = newClock()
	r = retry.Must(retry.New(steady, retry.WithClock(clock), retry.WithElapsed(), retry.WithBreakerWait(retry.BreakerWait{Times: 2})))
	_, err = retry.Do(context.Background(), r, clock.op([]step{{0, errReset}, {0, rejection{5 * s}}, {0, rejection{2 * s}}, {0, rejection{9 * s}}}))
	if got, e := endOf(t, err); got != (end{retry.Rejected, 1, 8 * s, 17 * s}) || e.Err != errReset || !errors.Is(e.Cause, rejection{9 * s}) {
		t.Errorf("%+v: %v", got, err)
	}
}

func TestBreakerWaitIsChecked(t *testing.T) {
	_, err := retry.New(steady, retry.WithBreakerWait(retry.BreakerWait{Times: 256, Max: -1}), retry.WithHedging(retry.Hedging{MaxInFlight: 1, Delay: -1, Quantile: 1}))
	var e *retry.PolicyError
	if !errors.As(err, &e) || len(e.Problems) != 6 {
		t.Fatalf("got %v", err)
	}
}
