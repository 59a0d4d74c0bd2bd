package matrix

import (
	"context"
	"sync"
	"time"
)

// clock is virtual time for one call: it is a retry.Clock and a faults.Clock on
// which time passes only where somebody waits, and then at once. The call runs in
// one goroutine; only cancelling may come from others.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*timed // alive, in the order in which they were made
	stuck  func()   // ends the call that waits for what never comes
}

// epoch is when every call begins.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newClock(stuck func()) *clock { return &clock{now: epoch, stuck: stuck} }

// Now returns the time of the call.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets d pass, or less if ctx ends on the way.
func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	end := c.Now().Add(d)
	for ctx.Err() == nil {
		t := c.next()
		if ctx.Err() != nil { // by another goroutine, before its timer was taken away
			break
		}
		if t == nil || t.at.After(end) {
			c.set(end)
			return nil
		}
		c.set(t.at)
		t.expire()
	}
	return ctx.Err()
}

// wait lets time pass until ctx ends. Where no timer can end it, nothing can: the
// call is stuck.
func (c *clock) wait(ctx context.Context) {
	for ctx.Err() == nil {
		t := c.next()
		if t == nil {
			if ctx.Err() == nil { // else by another goroutine, before its timer was taken away
				c.stuck()
			}
			return
		}
		c.set(t.at)
		t.expire()
	}
}

// WithTimeout returns a context that ends when d has passed on this clock.
func (c *clock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancelCause(ctx)
	t := &timed{Context: inner, clock: c, at: c.Now().Add(d), cancel: cancel}
	c.mu.Lock()
	c.timers = append(c.timers, t)
	c.mu.Unlock()
	if d <= 0 {
		t.expire()
	}
	return t, func() {
		cancel(context.Canceled) // first: without its timer it must have ended
		c.remove(t)
	}
}

// next is the first timer to expire; of those of one instant, the oldest.
func (c *clock) next() *timed {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first *timed
	for _, t := range c.timers {
		if first == nil || t.at.Before(first.at) {
			first = t
		}
	}
	return first
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.After(c.now) {
		c.now = now
	}
}

func (c *clock) remove(t *timed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, one := range c.timers {
		if one == t {
			c.timers = append(c.timers[:i], c.timers[i+1:]...)
			return
		}
	}
}

// timed is a context with a deadline on a virtual clock.
type timed struct {
	context.Context
	clock  *clock
	at     time.Time
	cancel context.CancelCauseFunc
}

func (t *timed) Deadline() (time.Time, bool) {
	if d, ok := t.Context.Deadline(); ok && d.Before(t.at) {
		return d, true
	}
	return t.at, true
}

// Err tells a deadline from what else can end a context.
func (t *timed) Err() error {
	err := t.Context.Err()
	if err != nil && context.Cause(t.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return err
}

func (t *timed) expire() {
	t.cancel(context.DeadlineExceeded)
	t.clock.remove(t)
}

// waiting is the context of a request on its way. Who asks it for its channel is
// about to wait for its end, and nothing else moves: so that is when time passes.
type waiting struct {
	context.Context
	clock *clock
}

// Done waits, in virtual time.
func (w waiting) Done() <-chan struct{} {
	w.clock.wait(w.Context)
	return w.Context.Done()
}
