package retry

import (
	"context"
	"errors"
	"time"
)

// Do calls op until it succeeds, and returns its value; or until r's policy,
// its budget or ctx says stop, and returns the zero value and an [*Error].
//
// op gets ctx, or, where the policy bounds attempts in time, a context of its
// own that ends when the attempt's time is up and when op returns: what op
// returns must not depend on it any longer. op should heed it: an attempt
// cannot be taken away from a function that does not. An op that returns nil
// has succeeded, however late.
//
// Do does not start op when ctx has ended, nor when the delay before the next
// attempt would not end before ctx's deadline ([DeadlineTooNear]). A panic in op
// passes through. op must be safe to call more than once.
//
// Do itself allocates nothing, unless attempts have a timeout or carry their
// depth ([WithDepth]), a delay needs a timer, or the call fails.
func Do[T any](ctx context.Context, r *Retrier, op func(context.Context) (T, error)) (T, error) {
	if !r.direct || ctx.Err() != nil {
		return do(ctx, r, op, nil)
	}
	v, err := op(ctx)
	if err == nil {
		return v, nil
	}
	return do(ctx, r, op, err)
}

// do is Do from its beginning or, with a failed error, from the first attempt's
// end: most calls succeed at once and need no Call.
func do[T any](ctx context.Context, r *Retrier, op func(context.Context) (T, error), failed error) (T, error) {
	var v, zero T
	var last error
	c := r.Begin(r.start())
	if r.looksUp {
		c.SetAncestry(AncestryOf(ctx))
	}
	if failed == nil && ctx.Err() != nil {
		return zero, c.abandon(ctx, nil, nil)
	}
	if r.calls != nil {
		defer c.abort()
	}
	for err := failed; ; {
		if err != nil {
			reached := c.failures
			if end := c.next(ctx, err, last); end != nil {
				return zero, end
			}
			if c.failures > reached { // a breaker's word is no backend's
				last = err
			}
		}
		if r.limiter != nil {
			if end := c.queue(ctx, last); end != nil {
				return zero, end
			}
		}
		switch {
		case r.bounded:
			v, err = bounded(ctx, &c, op)
		case r.announces:
			v, err = op(c.Context(ctx))
		default:
			v, err = op(ctx)
		}
		if err == nil {
			if r.settles {
				c.settle(ctx)
			}
			return v, nil
		}
	}
}

// bounded makes one attempt under a context of its own. The deferred cancel is
// why this is a function: it frees the timer when op panics, too.
func bounded[T any](ctx context.Context, c *Call, op func(context.Context) (T, error)) (T, error) {
	d, _ := c.Timeout(c.r.timeOrZero())
	d = max(d, 1) // the limit passed since next looked: let op see a context that has ended
	attempt, cancel := c.r.withTimeout(c.Context(ctx), d)
	defer cancel()
	v, err := op(attempt)
	return v, timedOut(err, d, attempt, ctx)
}

// timedOut returns err as what it is if the attempt's time was up.
func timedOut(err error, d time.Duration, attempt, caller context.Context) error {
	if err != nil && errors.Is(attempt.Err(), context.DeadlineExceeded) && caller.Err() == nil {
		return &TimeoutError{After: d, Err: err}
	}
	return err
}

// timeOrZero reads the clock only if decisions depend on it.
func (r *Retrier) timeOrZero() time.Time {
	if r.watched {
		return r.now()
	}
	return time.Time{}
}

func (c *Call) settle(ctx context.Context) { c.succeeded(ctx, c.r.timeOrZero()) }

// next decides on a failed attempt and does what was decided: it returns nil
// once it is time for another attempt, and the call's error if it has ended.
// last is the error of the attempt before.
func (c *Call) next(ctx context.Context, err, last error) error {
	if ctx.Err() != nil {
		return c.abandon(ctx, err, last)
	}
	r := c.r
	now := r.timeOrZero()
	if t, ok := ctx.Deadline(); ok {
		if !r.watched {
			now = r.now()
		}
		if !r.stopwatch && c.start.IsZero() {
			c.start = now // nobody asks for the time before
		}
		c.SetDeadline(t)
	}
	var u float64
	if r.draws {
		u = r.chance.Draw(int(c.failures) + 1)
	}
	d, receipt := c.failed(ctx, now, err, u)
	switch {
	case !d.Retry:
		return c.failure(now, err, last, d, receipt)
	case d.After > 0:
		return c.wait(ctx, now, err, d.After)
	}
	return nil
}

// queue waits until the limiter lets the next attempt start, and returns the
// call's error if that will not be. last is the error of the attempt before.
func (c *Call) queue(ctx context.Context, last error) error {
	r := c.r
	if t, ok := ctx.Deadline(); ok {
		c.SetDeadline(t)
	}
	for {
		now := r.now()
		d := c.admit(ctx, now, unit(r.chance.Draw(-int(c.failures)-1)))
		switch {
		case !d.Retry:
			if d.Reason == Rejected || last == nil {
				return c.failure(now, HeldBackError{}, last, d, Receipt{})
			}
			return c.failure(now, last, last, d, Receipt{})
		case d.After == 0:
			return nil
		}
		if end := c.wait(ctx, now, last, d.After); end != nil {
			return end
		}
	}
}

// abort ends the call if op did not return.
func (c *Call) abort() {
	if !c.won && c.state == 0 {
		c.state = Cancelled
		c.leave(c.r.timeOrZero())
	}
}

// wait sleeps, and returns the call's error if it ended meanwhile.
func (c *Call) wait(ctx context.Context, now time.Time, err error, d time.Duration) error {
	r := c.r
	if now.IsZero() {
		now = r.now()
	}
	if !r.stopwatch && c.start.IsZero() {
		c.start = now // Elapsed counts from here
	}
	again := now.Add(d)
	stopped := r.sleep(ctx, d)
	if stopped == nil {
		stopped = ctx.Err()
	}
	if stopped != nil {
		now = r.now()
		c.cancel(ctx, now, nil)
		e := c.report(now, Cancelled)
		e.Err, e.Cause, e.RetryAt = err, causeOf(ctx, stopped), again
		return e
	}
	if !r.watched {
		return nil
	}
	if now = r.now(); c.overrun(now) == LimitReached { // the sleep was longer than it should be
		c.end(ctx, now, err, r.Classify(err), Decision{Reason: LimitReached})
		e := c.report(now, LimitReached)
		e.Err, e.RetryAt = err, now
		return e
	}
	return nil
}

// abandon ends the call because ctx has ended, in an attempt that returned
// err, or before any.
func (c *Call) abandon(ctx context.Context, err, last error) error {
	now := c.r.now()
	c.cancel(ctx, now, err)
	e := c.report(now, Cancelled)
	e.Err, e.Cause = err, causeOf(ctx, ctx.Err())
	if last != nil && errors.Is(err, ctx.Err()) {
		e.Err = last // what the backend said tells more than that the context ended
	}
	return e
}

// failure is the error of a call that Failed has ended.
func (c *Call) failure(now time.Time, err, last error, d Decision, receipt Receipt) error {
	if now.IsZero() && (d.After > 0 || c.r.stopwatch || !c.start.IsZero()) {
		now = c.r.now()
	}
	e := c.report(now, d.Reason)
	e.Err = err
	if d.After > 0 {
		e.RetryAt = now.Add(d.After)
	}
	switch {
	case d.Reason == OverBudget:
		e.Cause = &BudgetError{Cost: receipt.Cost, Tokens: receipt.Tokens, Refill: receipt.Refill}
	case d.Reason == Rejected && last != nil:
		e.Err, e.Cause = last, err
	}
	return e
}

func (c *Call) report(now time.Time, reason Reason) *Error {
	e := &Error{Policy: c.r.policy.Name, Reason: reason, Attempts: c.Attempts()}
	if c.r.stopwatch || !c.start.IsZero() {
		e.Elapsed = c.elapsed(now)
	}
	return e
}

// causeOf returns why ctx ended, in a form that errors.Is finds stopped in.
func causeOf(ctx context.Context, stopped error) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(stopped, cause) {
		return stopped
	}
	return &ended{err: stopped, cause: cause}
}
