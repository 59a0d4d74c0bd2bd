package breaker

import (
	"context"
	"runtime"
	"time"
)

// Clock tells a breaker the time. Now is called with the engine's lock held, so
// that it must neither call the breaker nor panic, and from many goroutines at once. Time may
// stand still but should not go back: a breaker that is open stays so for longer
// if it does.
type Clock interface{ Now() time.Time }

// now reads c, or the system's clock for nil.
func now(c Clock) time.Time {
	if c == nil {
		return time.Now()
	}
	return c.Now()
}

// since is the time that has passed from base. On the system's clock it reads
// the monotonic clock only, which costs half of time.Now: that is most of what
// refusing a call costs.
func since(c Clock, base time.Time) time.Duration {
	if c == nil {
		return time.Since(base)
	}
	return c.Now().Sub(base)
}

// newTicker and withTimeout are what Sharing.Run beats with.
func newTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

const (
	yields   = 32               // turns that pause gives up the processor before it sleeps
	maxPause = time.Millisecond // its longest sleep
)

// pause waits for the engine's clock to move, for the n-th time in a row (from
// 0). It yields first, since on a machine with a fine clock a single turn is
// enough, and then sleeps: on a coarse clock because spinning for a tick would
// burn a core, and in a testing/synctest bubble because time there moves when
// its goroutines sleep and never otherwise.
func pause(n int) {
	if n < yields {
		runtime.Gosched()
		return
	}
	// gobreaker's expiry is strict: 1 ns after the trip is too early by one.
	time.Sleep(min(2<<min(n-yields, 20), maxPause))
}
