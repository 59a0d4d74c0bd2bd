package sim

import (
	"context"
	"time"
)

// Sleep lets d pass for the process that runs, and returns nil; or the context's
// error as soon as ctx ends, if it ends within d. With d ≤ 0 it returns at once. It panics
// outside of a process.
//
// A context from [Clock.WithTimeout] ends the sleep to the nanosecond. One that the
// standard library made, below it or not, does so too if it is cancelled by a process
// or an actor; if it is cancelled by another goroutine, after the next event.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	l := c.loop
	p := l.running
	if p == nil {
		panic("sim: Sleep called from outside of a process")
	}
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	p.prepare()
	l.After(d, (*waker)(p), p.turn)
	p.waitUnder(ctx)
	return ctx.Err()
}

// WithTimeout is context.WithTimeout on this clock: the context that it returns ends
// with context.DeadlineExceeded when d has passed, or with its parent. It belongs to
// the loop's goroutine.
func (c *Clock) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	l := c.loop
	x := &timed{Context: parent, loop: l, done: make(chan struct{})}
	at := l.now
	if d > 0 {
		at = Add(l.now, d)
	}
	x.deadline = c.epoch.Add(at)
	if of, ok := parent.Deadline(); ok && !x.deadline.Before(of) {
		x.deadline = of
		at = Never // its parent ends before
	}
	if err := parent.Err(); err != nil {
		x.end(err, context.Cause(parent))
		return x, func() {}
	}
	x.forget = l.onEnd(parent, func() { x.end(parent.Err(), context.Cause(parent)) })
	switch {
	case d <= 0:
		x.end(context.DeadlineExceeded, context.DeadlineExceeded)
	case at != Never:
		l.At(at, x, 0)
	}
	return x, func() { x.end(context.Canceled, context.Canceled) }
}

// timed is a context of the loop's time.
type timed struct {
	context.Context // its parent
	loop            *Loop
	deadline        time.Time
	done            chan struct{}
	err, cause      error
	forget          func()  // takes it off its parent; nil: it is not on it
	waiters         waiters // who is told when it ends
}

// timedKey is the key under which a context finds the nearest timed one above.
type timedKey struct{}

// Act ends the context as its time is up.
func (x *timed) Act(time.Duration, uint64) { x.end(context.DeadlineExceeded, context.DeadlineExceeded) }

func (x *timed) end(err, cause error) {
	if x.err != nil {
		return
	}
	x.err, x.cause = err, cause
	close(x.done)
	if x.forget != nil {
		x.forget()
	}
	x.waiters.tell()
}

func (x *timed) Deadline() (time.Time, bool) { return x.deadline, true }
func (x *timed) Done() <-chan struct{}       { return x.done }
func (x *timed) Err() error                  { return x.err }

func (x *timed) Value(key any) any {
	if key == (timedKey{}) {
		return x
	}
	return x.Context.Value(key)
}

// AfterFunc calls f when the context ends, and not in a goroutine of its own: the
// standard library looks for this method, and so contexts that it makes below this one
// end at the same moment.
func (x *timed) AfterFunc(f func()) (stop func() bool) {
	if x.err != nil {
		f()
		return func() bool { return false }
	}
	return x.waiters.add(f)
}

// onEnd calls f once when ctx ends, unless forget is called before.
func (l *Loop) onEnd(ctx context.Context, f func()) (forget func()) {
	done := ctx.Done()
	if done == nil {
		return func() {}
	}
	if x, ok := ctx.Value(timedKey{}).(*timed); ok && x.done == done && x.loop == l {
		stop := x.AfterFunc(f)
		return func() { stop() }
	}
	w := &watched{done: done, f: f} // of the standard library's, or somebody's: it tells nobody
	l.watched = append(l.watched, w)
	return func() { w.f = nil }
}

// watched is a context that has to be looked at, as it does not tell.
type watched struct {
	done <-chan struct{}
	f    func() // nil: nobody cares any more
}

// look tells of contexts that have ended, in the order in which they were asked about.
func (l *Loop) look() {
	kept := l.watched[:0]
	for _, w := range l.watched {
		if w.f == nil {
			continue
		}
		select {
		case <-w.done:
			w.f()
		default:
			kept = append(kept, w)
		}
	}
	clear(l.watched[len(kept):])
	l.watched = kept
}

// waiters are functions that wait for the end of a context, in the order in which they
// came.
type waiters struct {
	all  []*func()
	gone int // of those, how many have been taken back
}

func (w *waiters) add(f func()) (stop func() bool) {
	own := &f
	w.all = append(w.all, own)
	return func() bool {
		if *own == nil {
			return false
		}
		*own = nil
		if w.gone++; w.gone > len(w.all)/2 { // contexts may live long, and have many below
			w.tidy()
		}
		return true
	}
}

func (w *waiters) tidy() {
	kept := w.all[:0]
	for _, f := range w.all {
		if *f != nil {
			kept = append(kept, f)
		}
	}
	clear(w.all[len(kept):])
	w.all, w.gone = kept, 0
}

// tell calls all, once.
func (w *waiters) tell() {
	all := w.all
	w.all, w.gone = nil, 0
	for _, own := range all {
		if f := *own; f != nil {
			*own = nil
			f()
		}
	}
}
