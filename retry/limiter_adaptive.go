package retry

import (
	"math"
	"sync"
	"time"
)

// The constants of the AWS SDKs' adaptive mode (aws-sdk-go-v2@v1.48.0,
// aws/retry/adaptive_ratelimit.go; botocore 1.43, retries/throttling.py).
const (
	cubicBeta   = 0.7 // of the rate is left after a throttling error
	cubicScale  = 0.4 // C of RFC 8312, in requests per second per second³
	rateSmooth  = 0.8 // weight of the newest half second
	minFillRate = 0.5 // requests a second
	minBucket   = 1.0 // requests
	rateSlice   = int64(time.Second / 2)
)

// AdaptiveLimiter is the client rate limiter of the AWS SDKs' adaptive retry
// mode: a token bucket, one token an attempt, that is idle until the first
// throttling error. From there on its rate follows CUBIC, as TCP does: cut to
// 70 % of what was sent at each throttling error, then back along a cubic
// curve, slow near the rate that was too much and fast beyond it; never more
// than twice the rate that is measured, nor less than one attempt in 2 s.
//
// It lives from the first instant it is shown, where the SDKs' begins when it
// is made. It is safe for concurrent use; a lock is held for a few
// multiplications. Its numbers are the same on every architecture.
type AdaptiveLimiter struct {
	mu      sync.Mutex
	born    bool
	enabled bool

	slice    int64   // the half second in which the rate was measured last
	count    int64   // attempts since
	measured float64 // attempts a second

	throttled time.Time // the last throttling error, or birth
	most      float64   // the rate then
	plateau   float64   // seconds from then until the curve is back at most
	cubic     float64   // the rate by the curve

	fill     float64 // tokens a second
	capacity float64
	tokens   float64
	refilled time.Time
}

// NewAdaptiveLimiter returns a limiter that holds nothing back yet.
func NewAdaptiveLimiter() *AdaptiveLimiter { return new(AdaptiveLimiter) }

// Acquire implements [Limiter]. The draw is not looked at; it turns nothing
// away but says when there will be a token.
func (l *AdaptiveLimiter) Acquire(now time.Time, _ float64) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.birth(now)
	if !l.enabled {
		return 0, true
	}
	l.refill(now)
	if l.tokens >= 1 {
		l.tokens--
		return 0, true
	}
	// Rounded up: a caller that waits so long finds its token.
	return max(1, duration(math.Ceil(float64((1-l.tokens)/l.fill*1e9)))), false
}

// Done implements [Limiter].
func (l *AdaptiveLimiter) Done(now time.Time, class Class) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.birth(now)
	l.measure(now)
	if class == Throttle {
		l.most = l.measured
		if l.enabled {
			l.most = min(l.measured, l.fill)
		}
		l.plateau = cubeRoot(float64(l.most*(1-cubicBeta)) / cubicScale)
		l.throttled = now
		l.cubic = float64(l.most * cubicBeta)
		l.enabled = true
	} else {
		l.plateau = cubeRoot(float64(l.most*(1-cubicBeta)) / cubicScale)
		x := float64(now.Sub(l.throttled))/1e9 - l.plateau
		l.cubic = float64(cubicScale*float64(float64(x*x)*x)) + l.most
	}
	l.refill(now)
	rate := min(l.cubic, float64(2*l.measured))
	l.fill = max(rate, minFillRate)
	l.capacity = max(rate, minBucket)
	l.tokens = min(l.tokens, l.capacity)
}

// Rate returns the attempts a second that the limiter measured last and those
// that it lets through, 0 as long as it holds nothing back.
func (l *AdaptiveLimiter) Rate() (measured, allowed float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.enabled {
		return l.measured, 0
	}
	return l.measured, l.fill
}

func (l *AdaptiveLimiter) birth(now time.Time) {
	if l.born {
		return
	}
	l.born = true
	l.throttled = now
	l.slice = floorTo(now.UnixNano(), int64(time.Second)) * 2
}

// measure counts an attempt, and once per half second takes the rate.
func (l *AdaptiveLimiter) measure(now time.Time) {
	l.count++
	slice := floorTo(now.UnixNano(), rateSlice)
	if slice <= l.slice {
		return
	}
	rate := float64(l.count) / (float64(slice-l.slice) / 2)
	l.measured = float64(rate*rateSmooth) + float64(l.measured*(1-rateSmooth))
	l.count, l.slice = 0, slice
}

func (l *AdaptiveLimiter) refill(now time.Time) {
	if l.refilled.IsZero() {
		l.refilled = now
		return
	}
	passed := now.Sub(l.refilled)
	if passed <= 0 { // another goroutine's later time, or a clock that went back
		return
	}
	l.tokens = min(l.tokens+float64(float64(passed)/1e9*l.fill), l.capacity)
	l.refilled = now
}

// floorTo is ⌊x/unit⌋, downwards for negative x, too.
func floorTo(x, unit int64) int64 {
	n := x / unit
	if x%unit < 0 {
		n--
	}
	return n
}

// cubeRoot is ∛x for x ≥ 0 by Newton's method from a power of two within a
// factor of two of it. math.Cbrt does not promise the same bits on every
// architecture; this multiplies, divides and adds, and rounds each time.
func cubeRoot(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return 0
	}
	_, e := math.Frexp(x)
	r := math.Ldexp(1, (e+2)/3)
	for range 8 {
		r = float64(float64(2*r)+x/float64(r*r)) / 3
	}
	return r
}
