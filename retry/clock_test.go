package retry_test

import (
	"context"
	"time"
)

// virtual is a clock that moves when somebody sleeps. One goroutine at a time.
type virtual struct{ now time.Time }

func newClock() *virtual { return &virtual{now: epoch} }

func (v *virtual) Now() time.Time          { return v.now }
func (v *virtual) advance(d time.Duration) { v.now = v.now.Add(d) }

// Sleep moves to the end of the sleep, or of the context if that is sooner.
func (v *virtual) Sleep(ctx context.Context, d time.Duration) error {
	end := v.now.Add(max(0, d))
	if t, ok := ctx.Deadline(); ok && t.Before(end) {
		if t.After(v.now) {
			v.now = t
		}
		return ctx.Err()
	}
	v.now = end
	return ctx.Err()
}

func (v *virtual) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	t := v.now.Add(d)
	if p, ok := parent.Deadline(); ok && p.Before(t) {
		t = p
	}
	c := &virtualContext{Context: parent, clock: v, deadline: t}
	return c, func() { c.cancelled = true }
}

type virtualContext struct {
	context.Context
	clock     *virtual
	deadline  time.Time
	cancelled bool
}

func (c *virtualContext) Deadline() (time.Time, bool) { return c.deadline, true }

func (c *virtualContext) Err() error {
	switch {
	case c.cancelled:
		return context.Canceled
	case c.Context.Err() != nil:
		return c.Context.Err()
	case !c.clock.now.Before(c.deadline):
		return context.DeadlineExceeded
	}
	return nil
}

// step is one attempt of a scripted operation.
type step struct {
	takes time.Duration
	err   error // nil: success
}

func failing(takes time.Duration, err error) []step { return []step{{takes, err}} }

// op returns an operation that runs the script and repeats its last step. It
// heeds its context as a network client does.
func (v *virtual) op(script []step) func(context.Context) (int, error) {
	i := 0
	return func(ctx context.Context) (int, error) {
		s := script[min(i, len(script)-1)]
		i++
		if err := v.Sleep(ctx, s.takes); err != nil {
			return 0, err
		}
		if s.err != nil {
			return 0, s.err
		}
		return i, nil
	}
}
