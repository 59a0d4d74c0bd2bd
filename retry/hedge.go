package retry

import (
	"context"
	"math"
	"time"
)

// Hedging says when a call of [Hedge] starts another attempt although one is
// still running. It is plain data; the zero value never does.
type Hedging struct {
	// MaxInFlight is how many attempts of one call may run at one time, the
	// first one included: 2 to 255.
	MaxInFlight int
	// Delay is how long an attempt runs before the next one is started beside
	// it. Zero starts them all at once. With Quantile it is the delay for as
	// long as fewer than 16 latencies are known, and must be more than 0.
	Delay time.Duration
	// Quantile, above 0 and below 1, takes the delay from the latencies of the
	// last 128 first attempts: at 0.95 it is the one that 95 % of them did not
	// exceed, so that about one call in twenty is hedged. (Dean and Barroso,
	// "The Tail at Scale", CACM 56, 2013.) Zero: the delay is fixed.
	Quantile float64
}

// WithHedging lets calls of [Hedge] send hedges. It says how; which calls are
// hedged is said by calling Hedge rather than [Do].
func WithHedging(h Hedging) Option { return func(r *Retrier) { r.hedging = h } }

func (h *Hedging) check(c *check) {
	c.that(h.MaxInFlight >= 2 && h.MaxInFlight <= math.MaxUint8, "hedging.max_in_flight",
		"is %d, want 2 to %d (the first attempt counts)", h.MaxInFlight, math.MaxUint8)
	c.notNegative(h.Delay, "hedging.delay")
	c.that(h.Quantile >= 0 && h.Quantile < 1, "hedging.quantile", "is %v, want 0 to less than 1", h.Quantile)
	c.that(h.Quantile == 0 || h.Delay > 0, "hedging.delay", "is %v, want more than 0 for as long as latencies are not known", h.Delay)
}

// HedgeDelay returns how long attempts of [Hedge] now run before the next one
// is started; ok is false if hedges are not sent at all.
func (r *Retrier) HedgeDelay() (d time.Duration, ok bool) {
	if r.hedging.MaxInFlight < 2 {
		return 0, false
	}
	if r.latencies != nil {
		if q, known := r.latencies.quantile(r.hedging.Quantile); known {
			return q, true
		}
	}
	return r.hedging.Delay, true
}

// Hedge tells the call that running attempts of it have had their delay, and
// returns whether to start another one beside them: Retry, with After 0, or
// why not. A hedge is an attempt like others: the policy's Attempts count it,
// and the budget is charged for it as for a retry, at the cost of a
// [Transient] error. u is a draw in [0, 1) for the [Limiter]. No answer ends
// the call.
func (c *Call) Hedge(now time.Time, running int, u float64) Decision {
	return c.hedge(context.Background(), now, running, u)
}

func (c *Call) hedge(ctx context.Context, now time.Time, running int, u float64) Decision {
	if c.won || c.state != 0 {
		return Decision{Reason: c.state}
	}
	if running >= c.r.hedging.MaxInFlight {
		return Decision{} // the place of one that fails may be taken
	}
	d := c.mayHedge(now, running, u)
	if len(c.r.observers) > 0 {
		e := c.event(now, nil, Unknown, d)
		e.Hedge, e.Running = true, running
		c.r.tell(ctx, e)
	}
	return d
}

func (c *Call) mayHedge(now time.Time, running int, u float64) Decision {
	most := c.r.policy.Attempts
	switch {
	case c.r.standsDown && c.depth > 0:
		return Decision{Reason: StoodDown}
	case int(c.failures)+running >= most && most != Unlimited:
		return Decision{Reason: Exhausted}
	}
	if reason := c.outOfTime(now, 0); reason != 0 {
		return Decision{Reason: reason}
	}
	if c.r.budget != nil {
		receipt := c.r.budget.Charge(now, Transient)
		if !receipt.Paid {
			return Decision{Reason: OverBudget, After: receipt.Refill}
		}
		c.pay(receipt)
		c.held++
	}
	if c.r.limiter != nil {
		if wait, ok := c.r.limiter.Acquire(now, u); !ok {
			c.giveBack(now, max(0, int(c.held)-1))
			c.refund(now, running)
			return Decision{Reason: Rejected, After: max(0, wait)}
		}
	}
	return Decision{Retry: true}
}

// Lost tells the call that one of several attempts ended with err, which is
// not nil, while running others go on. It returns whether they should: an error
// that is not worth another attempt ends the call, and is for [Call.Failed]
// to decide on. Otherwise the failure is counted and the decision is left to
// the last attempt that runs.
func (c *Call) Lost(now time.Time, err error, running int) (goOn bool) {
	return c.lost(context.Background(), now, err, running)
}

func (c *Call) lost(ctx context.Context, now time.Time, err error, running int) bool {
	var f facts
	f.gather(err)
	class := c.r.class(err, &f)
	if !f.rejected {
		if !class.Retryable() || f.once {
			return false
		}
		c.fail()
		if c.r.limiter != nil {
			c.r.limiter.Done(now, class)
		}
	} else {
		c.refund(now, running)
	}
	c.giveBack(now, running)
	if len(c.r.observers) > 0 {
		e := c.event(now, err, class, Decision{})
		e.Running = running
		c.r.tell(ctx, e)
	}
	return true
}

// Abandon tells the call that it gives up running attempts without waiting for
// their end: they have reached the backend and count. It is told before the
// attempt that the call ends with.
func (c *Call) Abandon(now time.Time, running int) {
	for range running {
		c.fail()
		if c.r.limiter != nil {
			c.r.limiter.Done(now, Fatal) // says nothing of the backend's load
		}
	}
}
