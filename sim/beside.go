package sim

import (
	"context"
	"time"
)

// Go runs f as a process of its own, beside the one that calls it: it is the go
// statement of code that runs in virtual time.
func (c *Clock) Go(f func()) {
	Go(c.loop, func(*Process) { f() })
}

// Serve is [Process.Serve] for the process that runs, whichever it is: what runs beside
// another, such as a hedged request, has no Process at hand. It panics outside of a process.
func (c *Clock) Serve(ctx context.Context, s *Station, service time.Duration) error {
	p := c.loop.running
	if p == nil {
		panic("sim: Serve called from outside of a process")
	}
	return p.Serve(ctx, s, service)
}

// Signal returns what the process that calls it waits with for those that run beside it:
// wait returns nil as soon as notify has been called since wait last returned nil, however
// often, or ctx's error as soon as ctx ends. Any process and any actor may notify. Signal
// panics outside of a process, and wait outside of that one.
func (c *Clock) Signal() (wait func(ctx context.Context) error, notify func()) {
	p := c.loop.running
	if p == nil {
		panic("sim: Signal called from outside of a process")
	}
	called, waiting := false, false
	wait = func(ctx context.Context) error {
		p.check("a Signal's wait")
		if called {
			called = false
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		p.prepare()
		waiting = true
		p.waitUnder(ctx)
		if !waiting {
			return nil
		}
		waiting = false
		return ctx.Err()
	}
	notify = func() {
		if !waiting {
			called = true
			return
		}
		waiting = false
		p.loop.At(p.loop.now, (*waker)(p), p.turn)
	}
	return wait, notify
}
