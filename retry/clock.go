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

// processStart anchors mark.
var processStart = time.Now()

// mark returns an instant that is good for subtraction only: it reads the
// monotonic clock and leaves the wall clock alone, which halves the price of a
// reading. Its wall time is wrong after the system's clock was set.
func mark() time.Time { return processStart.Add(time.Since(processStart)) }
