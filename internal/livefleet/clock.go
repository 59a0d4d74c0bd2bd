package livefleet

import (
	"context"
	"time"

	"github.com/squall-sim/squall/retry"
)

// beginning is what a fast clock shows when it is made: the time at which simulated
// runs begin, too.
var beginning = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// fastClock is a clock that goes speed times as fast as another. It is safe for
// concurrent use where that is.
type fastClock struct {
	real  retry.Clock
	since time.Time
	speed float64
}

func newFastClock(real retry.Clock, speed float64) *fastClock {
	return &fastClock{real: real, since: real.Now(), speed: speed}
}

// Now returns the fast time.
func (c *fastClock) Now() time.Time {
	return beginning.Add(time.Duration(float64(c.real.Now().Sub(c.since)) * c.speed))
}

// Sleep sleeps for d of the fast time.
func (c *fastClock) Sleep(ctx context.Context, d time.Duration) error {
	return c.real.Sleep(ctx, c.slow(d))
}

// WithTimeout returns a context that ends after d of the fast time.
func (c *fastClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return c.real.WithTimeout(ctx, c.slow(d))
}

// slow is how long d is in real time: no less than a nanosecond, where it is more than
// nothing.
func (c *fastClock) slow(d time.Duration) time.Duration {
	if d <= 0 {
		return d
	}
	return max(1, time.Duration(float64(d)/c.speed))
}
