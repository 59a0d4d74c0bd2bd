package retry

import (
	"math"
	"time"
)

// BreakerWait says how a call waits for a circuit breaker that turned it away
// (an error with Rejected() true) and said when it lets a call pass again
// (RetryAfter). It is plain data. The zero value does not wait: the call ends
// with [Rejected], and RetryAt says when to come back.
type BreakerWait struct {
	// Times is how often one call waits at most, from 0 to 255. A breaker that
	// is half open lets few calls pass, so one wait may not be enough.
	Times int
	// Max is the longest single wait, with its jitter; a longer one ends the
	// call at once. Zero: no maximum.
	Max time.Duration
}

// WithBreakerWait makes calls wait for a breaker, provided that the wait ends
// before the caller's deadline and the policy's Limit. Waiting costs neither an
// attempt nor budget. The breaker's word is the floor of the wait, and the
// policy's jitter comes on top of it, so that the calls that a breaker held
// back do not all come back at one instant to ask for one probe.
//
// Without a deadline or a Limit a call can wait Times the breaker's open time.
func WithBreakerWait(w BreakerWait) Option { return func(r *Retrier) { r.breakerWait = w } }

func (w *BreakerWait) check(c *check) {
	c.that(w.Times >= 0 && w.Times <= math.MaxUint8, "breaker_wait.times", "is %d, want 0 to %d", w.Times, math.MaxUint8)
	c.notNegative(w.Max, "breaker_wait.max")
}

// afterBreaker is the delay after a breaker's rejection: that of a Retry-After,
// whatever the policy makes of the hints of servers.
func (p Policy) afterBreaker(failures int, prev time.Duration, u float64, f *facts) time.Duration {
	p.Hint = Hint{Mode: HintRetryAfter}
	return p.wait(max(1, failures), prev, Transient, u, f).after
}
