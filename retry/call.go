package retry

import (
	"context"
	"math"
	"time"
)

// Decision is what to do after an attempt.
type Decision struct {
	// Retry says whether to make another attempt, once After has passed.
	Retry bool
	// After is how long to wait before it, 0 or more. Where Retry is false it
	// is how long the call would have waited, or was told to wait; 0 then
	// means that there was nothing to wait for.
	After time.Duration
	// Reason is why the call ended; it is zero where Retry is true.
	Reason Reason
}

// Call is one logical call on its way: a step machine without a clock or a
// source of chance. Whoever runs the attempts tells it what happened and when,
// and does what it decides:
//
//	call := r.Begin(now)
//	for {
//		err := attempt()
//		if err == nil {
//			call.Succeeded(now)
//			return nil
//		}
//		d := call.Failed(now, err, u)
//		if !d.Retry {
//			return err // d.Reason says why
//		}
//		// come back after d.After: sleep, schedule an event, requeue a message
//	}
//
// [Do] is that loop for goroutines. Decisions are a function of what the call
// was told and of the retrier's budget, nothing else.
//
// A Call is a small value that allocates nothing. It may be copied; the copies
// are then different calls. It is not safe for concurrent use. The zero value
// is of no use: calls come from [Retrier.Begin].
type Call struct {
	r        *Retrier
	start    time.Time
	deadline time.Duration // since start; MaxInt64: none
	prev     time.Duration // the last delay, before any hint
	failures int32         // attempts that failed and were counted
	paid     int32         // cost of the last paid receipt
	since    int32         // failures when the backoff started anew
	around   int32         // product of the attempt numbers of the calls around this one; 0: none
	depth    uint8         // how many calls are around this one
	waits    uint8         // times that a breaker was waited for
	state    Reason        // 0: alive
	won      bool          // Succeeded was called
	held     uint8         // retries and hedges in flight that were paid for
	fresh    uint8         // failures that no observer was told of yet
	receipts uint16        // paid and not given back; no more are counted than fit
}

// Begin starts a call at now. Only the policy's Limit, the deadline, Elapsed
// and observers look at the time.
func (r *Retrier) Begin(now time.Time) Call {
	if r.calls != nil {
		r.calls.CallBegan(now)
	}
	return Call{r: r, start: now, deadline: math.MaxInt64}
}

// SetDeadline tells the call when its caller stops waiting: an attempt that
// could not start before t is not waited for. [Do] sets it from its context.
func (c *Call) SetDeadline(t time.Time) { c.deadline = t.Sub(c.start) }

// Timeout returns what the next attempt, if it starts now, is to be bounded
// by: AttemptTimeout or what is left of Limit, whichever is shorter. ok is
// false if there is no bound. With d ≤ 0 the limit has passed and the attempt
// should not be made. The caller's deadline is the caller's to watch.
func (c *Call) Timeout(now time.Time) (d time.Duration, ok bool) {
	p := &c.r.policy
	if p.AttemptTimeout > 0 {
		d, ok = p.AttemptTimeout, true
	}
	if p.Limit > 0 {
		if left := p.Limit - c.elapsed(now); !ok || left < d {
			d, ok = left, true
		}
	}
	return d, ok
}

// Attempts returns how many attempts have reached the backend so far. One that
// was turned away (Rejected() true) did not, and one that is still running
// does not count yet.
func (c *Call) Attempts() int {
	if c.won {
		return int(c.failures) + 1
	}
	return int(c.failures)
}

// Admit asks the retrier's [Limiter] whether the next attempt may start at
// now: where Retry is true and After is 0 it may, and where After is more it
// is to ask again then. Where Retry is false the call has ended: turned away
// ([Rejected]), or because it could not have started in time. u is a draw in
// [0, 1). Without a limiter every attempt may start.
//
// Each attempt that was let through must be followed by Failed, Succeeded or
// Cancel with its error.
func (c *Call) Admit(now time.Time, u float64) Decision {
	return c.admit(context.Background(), now, u)
}

func (c *Call) admit(ctx context.Context, now time.Time, u float64) Decision {
	if c.won || c.state != 0 {
		return Decision{Reason: c.state}
	}
	if c.r.limiter == nil {
		return Decision{Retry: true}
	}
	wait, ok := c.r.limiter.Acquire(now, u)
	if ok {
		return Decision{Retry: true}
	}
	d := Decision{After: max(wait, 0), Reason: Rejected}
	if wait > 0 {
		if d.Reason = c.outOfTime(now, wait); d.Reason == 0 {
			d.Retry = true
			return d
		}
	}
	c.refund(now, 0)
	return c.end(ctx, now, HeldBackError{}, Unknown, d)
}

// Succeeded tells the call that its attempt succeeded, and ends it.
func (c *Call) Succeeded(now time.Time) { c.succeeded(context.Background(), now) }

func (c *Call) succeeded(ctx context.Context, now time.Time) {
	if c.won || c.state != 0 {
		return
	}
	c.won = true
	if c.r.budget != nil {
		c.r.budget.Succeeded(now, int(c.paid))
	}
	if c.r.limiter != nil {
		c.r.limiter.Done(now, Unknown)
	}
	c.leave(now)
	c.tell(ctx, now, nil, Unknown, Decision{})
}

// Failed tells the call that its attempt ended with err, which is not nil, and
// returns what to do. u is a draw in [0, 1) for the jitter. A retry's price is
// paid when Failed returns.
//
// The error is judged in this order: turned away, not worth another attempt,
// not idempotent, inside another call ([WithStandDown]), attempts used up,
// server's hint too long, deadline, limit, budget. A call that has ended keeps
// to its decision.
func (c *Call) Failed(now time.Time, err error, u float64) Decision {
	d, _ := c.failed(context.Background(), now, err, u)
	return d
}

// Cancel tells the call that its caller gave up: in an attempt, which ended
// with err, or while it waited, where err is nil. It ends with [Cancelled].
func (c *Call) Cancel(now time.Time, err error) Decision {
	return c.cancel(context.Background(), now, err)
}

func (c *Call) cancel(ctx context.Context, now time.Time, err error) Decision {
	if err == nil {
		return c.end(ctx, now, nil, Unknown, Decision{Reason: Cancelled})
	}
	var f facts
	f.gather(err)
	class := c.r.class(err, &f)
	if !f.rejected && c.state == 0 && !c.won {
		c.fail()
		if c.r.limiter != nil {
			c.r.limiter.Done(now, class)
		}
	}
	return c.end(ctx, now, err, class, Decision{Reason: Cancelled})
}

// failed also returns the budget's answer, where it was asked.
func (c *Call) failed(ctx context.Context, now time.Time, err error, u float64) (Decision, Receipt) {
	if c.won || c.state != 0 {
		return Decision{Reason: c.state}, Receipt{}
	}
	var f facts
	f.gather(err)
	class := c.r.class(err, &f)
	if f.rejected {
		return c.rejected(ctx, now, err, class, u, &f), Receipt{}
	}
	c.fail()
	if c.r.limiter != nil {
		c.r.limiter.Done(now, class)
	}
	c.giveBack(now, 0)
	if !class.Retryable() {
		return c.end(ctx, now, err, class, Decision{Reason: NotRetryable}), Receipt{}
	}
	if f.once {
		c.unpaid(now, class)
		return c.end(ctx, now, err, class, Decision{Reason: NotIdempotent}), Receipt{}
	}
	if c.r.standsDown && c.depth > 0 {
		c.unpaid(now, class)
		return c.end(ctx, now, err, class, Decision{Reason: StoodDown}), Receipt{}
	}
	if most := c.r.policy.Attempts; int(c.failures) >= most && most != Unlimited {
		c.unpaid(now, class)
		return c.end(ctx, now, err, class, Decision{Reason: Exhausted}), Receipt{}
	}
	if !c.r.table.hears(&f) {
		f.hasAfter = false
	}
	wait := c.r.policy.wait(int(c.failures-c.since), c.prev, class, u, &f)
	d := Decision{After: wait.after}
	if wait.stop {
		d.Reason = ServerStop
	} else {
		d.Reason = c.outOfTime(now, wait.after)
	}
	if d.Reason != 0 {
		c.unpaid(now, class)
		return c.end(ctx, now, err, class, d), Receipt{}
	}
	var receipt Receipt
	if c.r.budget != nil {
		if receipt = c.r.budget.Charge(now, class); !receipt.Paid {
			d.Reason, d.After = OverBudget, max(d.After, receipt.Refill)
			return c.end(ctx, now, err, class, d), receipt
		}
		c.pay(receipt)
		c.held = 1
	}
	c.prev, d.Retry = wait.own, true
	if wait.reset {
		c.prev, c.since = 0, c.failures
	}
	c.tell(ctx, now, err, class, d)
	return d, receipt
}

// fail counts a failed attempt. With [Unlimited] there may be too many to count.
func (c *Call) fail() {
	if c.failures < math.MaxInt32 {
		c.failures++
	}
	if c.fresh < math.MaxUint8 {
		c.fresh++
	}
}

// giveBack tells the budget that retries it was paid for are over: all but
// those that can still be among the attempts that run.
func (c *Call) giveBack(now time.Time, running int) {
	for ; int(c.held) > running; c.held-- {
		if c.r.calls != nil {
			c.r.calls.RetryEnded(now)
		}
	}
}

// pay notes a paid receipt.
func (c *Call) pay(r Receipt) {
	c.paid = int32(min(r.Cost, math.MaxInt32))
	if c.receipts < math.MaxUint16 {
		c.receipts++
	}
}

// refund has the budget take back what an attempt cost that was turned away. If
// running others may yet reach the backend, one of the first attempts, which was
// free, and a retry cannot be told apart, and need not be: what counts is that
// there is a receipt for each that reached it but one.
func (c *Call) refund(now time.Time, running int) {
	if c.r.refunds != nil && int64(c.receipts) > max(0, int64(c.failures)+int64(running)-1) {
		c.r.refunds.Refund(now, int(c.paid))
		if c.receipts--; c.receipts == 0 {
			c.paid = 0
		}
	}
}

// unpaid tells the budget of a failure that nobody will pay a retry for.
func (c *Call) unpaid(now time.Time, class Class) {
	if c.r.fails != nil {
		c.r.fails.Failed(now, class)
	}
}

// leave tells the budget that the call is over.
func (c *Call) leave(now time.Time) {
	if c.r.calls == nil {
		return
	}
	c.giveBack(now, 0)
	c.r.calls.CallEnded(now)
}

// rejected decides on an attempt that a breaker turned away. Waiting for the
// breaker takes time and nothing else: no attempt, no budget.
func (c *Call) rejected(ctx context.Context, now time.Time, err error, class Class, u float64, f *facts) Decision {
	d := Decision{Reason: Rejected}
	if f.hasAfter {
		d.After = f.after
		w := c.r.breakerWait
		after := c.r.policy.afterBreaker(int(c.failures-c.since), c.prev, u, f)
		if int(c.waits) < w.Times && (w.Max == 0 || after <= w.Max) && c.outOfTime(now, after) == 0 {
			c.waits++
			d = Decision{Retry: true, After: after}
			c.tell(ctx, now, err, class, d)
			return d
		}
	}
	c.refund(now, 0)
	return c.end(ctx, now, err, class, d)
}

// outOfTime returns why an attempt after the delay could not start in time, or
// 0 if it could. Of two bounds it names the nearer.
func (c *Call) outOfTime(now time.Time, after time.Duration) Reason {
	limit := c.r.policy.Limit
	if limit <= 0 && c.deadline == math.MaxInt64 {
		return 0
	}
	elapsed := c.elapsed(now)
	late := after >= c.deadline-elapsed && c.deadline != math.MaxInt64
	over := limit > 0 && after >= limit-elapsed
	switch {
	case late && (!over || c.deadline <= limit):
		return DeadlineTooNear
	case over:
		return LimitReached
	}
	return 0
}

// overrun returns LimitReached if nothing is left of the limit at now.
func (c *Call) overrun(now time.Time) Reason {
	if limit := c.r.policy.Limit; limit > 0 && c.elapsed(now) >= limit {
		return LimitReached
	}
	return 0
}

func (c *Call) elapsed(now time.Time) time.Duration {
	return max(0, now.Sub(c.start)) // a clock that went back
}

// end ends the call.
func (c *Call) end(ctx context.Context, now time.Time, err error, class Class, d Decision) Decision {
	if c.won || c.state != 0 {
		return Decision{Reason: c.state}
	}
	c.state = d.Reason
	c.leave(now)
	c.tell(ctx, now, err, class, d)
	return d
}

// tell costs a comparison where nobody observes.
func (c *Call) tell(ctx context.Context, now time.Time, err error, class Class, d Decision) {
	if len(c.r.observers) == 0 {
		return
	}
	e := c.event(now, err, class, d)
	c.r.tell(ctx, e)
}

// event is what observers are told, once.
func (c *Call) event(now time.Time, err error, class Class, d Decision) Event {
	ended := int(c.fresh)
	if c.won {
		ended++
	}
	c.fresh = 0
	return Event{
		Policy: c.r.policy.Name, Time: now, Elapsed: c.elapsed(now),
		Attempts: c.Attempts(), MaxAttempts: c.r.policy.Attempts, Ended: ended,
		Depth: int(c.depth), Around: max(1, int(c.around)),
		Err: err, Class: class, Decision: d,
	}
}
