package retry_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// The decisions on hedges are made by the step machine, from what it was told.
func TestCallHedge(t *testing.T) {
	two := retry.WithHedging(retry.Hedging{MaxInFlight: 2, Delay: s})
	four := retry.WithHedging(retry.Hedging{MaxInFlight: 4, Delay: s})
	limit := with(steady, func(p *retry.Policy) { p.Limit = 10 * s })
	for _, c := range []struct {
		name     string
		policy   retry.Policy
		opts     []retry.Option
		failed   int
		deadline time.Duration
		at       time.Duration
		running  int
		want     retry.Decision
	}{
		{"one runs", steady, []retry.Option{two}, 0, 0, s, 1, goOn(0)},
		{"enough run", steady, []retry.Option{two}, 0, 0, s, 2, retry.Decision{}},
		{"never asked for", steady, nil, 0, 0, s, 1, retry.Decision{}},
		{"the last attempt", steady, []retry.Option{four}, 0, 0, s, 3, goOn(0)},
		{"attempts used up by those that run", with(steady, func(p *retry.Policy) { p.Attempts = 2 }), []retry.Option{four}, 0, 0, s, 2, stop(retry.Exhausted, 0)},
		{"attempts used up by failures", steady, []retry.Option{four}, 3, 0, s, 1, stop(retry.Exhausted, 0)},
		{"unlimited", with(steady, func(p *retry.Policy) { p.Attempts = retry.Unlimited }), []retry.Option{four}, 3, 0, s, 1, goOn(0)},
		{"before the deadline", steady, []retry.Option{two}, 0, s + 1, s, 1, goOn(0)},
		{"at the deadline", steady, []retry.Option{two}, 0, s, s, 1, stop(retry.DeadlineTooNear, 0)},
		{"at the limit", limit, []retry.Option{two}, 0, 0, 10 * s, 1, stop(retry.LimitReached, 0)},
		{"no budget", steady, []retry.Option{two, retry.WithBudget(miser{})}, 0, 0, s, 1, stop(retry.OverBudget, 7*s)},
		{"held back", steady, []retry.Option{two, retry.WithLimiter(gate{3 * s})}, 0, 0, s, 1, stop(retry.Rejected, 3*s)},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := retry.Must(retry.New(c.policy, c.opts...)).Begin(epoch)
			if c.deadline != 0 {
				call.SetDeadline(epoch.Add(c.deadline))
			}
			for range c.failed {
				call.Failed(epoch, errReset, 0)
			}
			if got := call.Hedge(epoch.Add(c.at), c.running, 0); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if d := call.Failed(epoch, notFound, 0); d.Reason != retry.NotRetryable {
				t.Errorf("a hedge ended the call: %+v", d)
			}
			if got := call.Hedge(epoch, 0, 0); got != stop(retry.NotRetryable, 0) {
				t.Errorf("a call that ended hedges: %+v", got)
			}
		})
	}
}

// miser is a budget that pays for nothing.
type miser struct{}

func (miser) Charge(time.Time, retry.Class) retry.Receipt {
	return retry.Receipt{Cost: 5, Refill: 7 * s}
}
func (miser) Succeeded(time.Time, int) {}

// gate is a limiter that lets nothing pass.
type gate struct{ wait time.Duration }

func (g gate) Acquire(time.Time, float64) (time.Duration, bool) { return g.wait, false }
func (g gate) Done(time.Time, retry.Class)                      {}

func TestCallHedgeStandsDown(t *testing.T) {
	call := retry.Must(retry.New(steady, retry.WithStandDown(), retry.WithHedging(retry.Hedging{MaxInFlight: 2}))).Begin(epoch)
	call.SetAncestry(retry.Ancestry{Depth: 1, Attempts: 2})
	if d := call.Hedge(epoch, 1, 0); d != stop(retry.StoodDown, 0) {
		t.Errorf("%+v", d)
	}
}

func TestCallLost(t *testing.T) {
	var events []retry.Event
	b := &ledger{}
	r := retry.Must(retry.New(steady, retry.WithHedging(retry.Hedging{MaxInFlight: 3}), retry.WithBudget(b),
		retry.WithObserver(func(_ context.Context, e retry.Event) { events = append(events, e) })))
	call := r.Begin(epoch)
	call.Hedge(epoch, 1, 0)
	call.Hedge(epoch, 2, 0)
	if !call.Lost(epoch, errReset, 2) || !call.Lost(epoch, rejection{s}, 1) {
		t.Error("others run, but the call does not go on")
	}
	if call.Lost(epoch, notFound, 1) || call.Lost(epoch, once{errReset, false}, 1) {
		t.Error("an error that is not worth another attempt does not end the call")
	}
	if call.Attempts() != 1 {
		t.Errorf("%d attempts, want 1: a rejected one reached nobody", call.Attempts())
	}
	call.Abandon(epoch, 1)
	call.Succeeded(epoch)
	if call.Attempts() != 3 || b.charges != 2 || b.successes != 1 {
		t.Errorf("%d attempts, %+v", call.Attempts(), b)
	}
	if len(events) != 5 || !events[0].Hedge || !events[0].Decision.Retry || events[0].Running != 1 || events[1].Running != 2 ||
		events[2].Err != errReset || events[2].Running != 2 || events[2].Decision != (retry.Decision{}) || events[4].Err != nil || events[4].Attempts != 3 {
		t.Errorf("events %+v", events)
	}
}

func TestHedgeDelay(t *testing.T) {
	if _, ok := retry.Must(retry.New(steady)).HedgeDelay(); ok {
		t.Error("hedges without being asked to")
	}
	if d, ok := retry.Must(retry.New(steady, retry.WithHedging(retry.Hedging{MaxInFlight: 2, Delay: s}))).HedgeDelay(); d != s || !ok {
		t.Errorf("%v, %v", d, ok)
	}
}

func TestHedgingIsChecked(t *testing.T) {
	for _, h := range []retry.Hedging{{MaxInFlight: 1}, {MaxInFlight: -1}, {MaxInFlight: 256}, {Delay: s}, {MaxInFlight: 2, Delay: -1},
		{MaxInFlight: 2, Quantile: 0.5}, {MaxInFlight: 2, Delay: s, Quantile: 1}, {MaxInFlight: 2, Delay: s, Quantile: -0.1}, {MaxInFlight: 2, Delay: s, Quantile: math.NaN()}} {
		var e *retry.PolicyError
		if _, err := retry.New(steady, retry.WithHedging(h)); !errors.As(err, &e) {
			t.Errorf("%+v: %v", h, err)
		}
	}
	for _, h := range []retry.Hedging{{}, {MaxInFlight: 2}, {MaxInFlight: 255, Delay: s, Quantile: 0.999}} {
		if _, err := retry.New(steady, retry.WithHedging(h)); err != nil {
			t.Errorf("%+v: %v", h, err)
		}
	}
}
