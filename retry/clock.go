package retry

import (
	"context"
	"time"
)

// Clock is where a [Retrier] gets its time from. Nil means the system's clock.
// Everything that [Do] knows of time comes through these three methods, so a
// virtual clock moves a whole call without waiting.
//
// A context given to Do must belong to the same clock: its Deadline is
// compared with Now. Implementations must be safe for concurrent use.
type Clock interface {
	// Now returns the current time.
	Now() time.Time
	// Sleep returns nil after d, or the context's error as soon as ctx ends,
	// whichever comes first. With d ≤ 0 it returns at once.
	Sleep(ctx context.Context, d time.Duration) error
	// WithTimeout is context.WithTimeout on this clock: the context it returns
	// ends with context.DeadlineExceeded after d, or with its parent.
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
}

// Spawner is a Clock that also runs what [Hedge] runs beside its caller, as that of a
// simulation does, where all happens in one goroutine. On other clocks these are goroutines.
type Spawner interface {
	Clock
	// Go runs f beside the caller, as the go statement does.
	Go(f func())
	// Signal returns what the caller waits with for those that run beside it: wait
	// returns nil as soon as notify has been called since wait last returned nil, however
	// often, or ctx's error as soon as ctx ends. Only the caller waits; all may notify.
	Signal() (wait func(ctx context.Context) error, notify func())
}

// SystemClock returns the clock that a [Retrier] uses if it is given none, for
// clocks that wrap it.
func SystemClock() Clock { return systemClock{} }

// systemClock is the only place of this package that asks the system for time.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		t.Stop()
		return ctx.Err()
	}
}

func (systemClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

// goroutines is the Spawner of clocks that are none.
type goroutines struct{ Clock }

func (goroutines) Go(f func()) { go f() }

func (goroutines) Signal() (wait func(ctx context.Context) error, notify func()) {
	called := make(chan struct{}, 1)
	wait = func(ctx context.Context) error {
		select {
		case <-called:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	notify = func() {
		select {
		case called <- struct{}{}:
		default: // it has been called already
		}
	}
	return wait, notify
}

// spawner is what Hedge runs its attempts with.
func (r *Retrier) spawner() Spawner {
	if s, ok := r.clock.(Spawner); ok {
		return s
	}
	return goroutines{r.Clock()}
}

// processStart anchors mark.
var processStart = time.Now()

// mark returns an instant that is good for subtraction only: it reads the
// monotonic clock and leaves the wall clock alone, which halves the price of a
// reading. Its wall time is wrong after the system's clock was set.
func mark() time.Time { return processStart.Add(time.Since(processStart)) }
