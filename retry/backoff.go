package retry

import (
	"math"
	"time"
)

// Backoff is exponential backoff: after the n-th failed attempt of a call
// (n from 1) the delay before jitter is
//
//	min(Base · Multiplier^(n−1), Cap)
//
// It is plain data; the zero value never waits.
type Backoff struct {
	// Base is the delay after the first failed attempt, before jitter.
	Base time.Duration
	// Multiplier is what each further failure multiplies the delay by, 1 or
	// more; 1 is a constant delay. Zero means 2, as everywhere in the
	// literature.
	Multiplier float64
	// Cap is the longest delay, jitter included; see [JitterKind]. Zero means
	// no cap. Only a server's hint can make a delay longer.
	Cap time.Duration
	// ThrottleBase takes Base's place after an error of class [Throttle].
	// Zero means Base.
	ThrottleBase time.Duration
}

// Delay returns how long to wait after the n-th failed attempt of a call
// (n from 1), before any server hint. It is pure: prev is the delay that came
// before (used by [JitterDecorrelated] only; zero for none), class that of the
// last error, u the draw in [0, 1). A draw of 1 is taken as the upper end, so
// that published tables can be recomputed; other values are brought into
// range.
//
// The result is within [0, Cap], and never overflows.
func (p Policy) Delay(n int, prev time.Duration, class Class, u float64) time.Duration {
	low, width := p.spread(n, prev, class)
	return p.Backoff.clip(low + float64(unit(u)*width))
}

// spread returns the range of the delay: every kind of jitter is uniform over
// [low, low+width], in nanoseconds. The upper end is at most the cap, but for
// JitterAdditiveClipped, which is cut there.
func (p *Policy) spread(n int, prev time.Duration, class Class) (low, width float64) {
	base, raw := p.Backoff.raw(n, class)
	limit := p.Backoff.limit()
	amount := float64(p.Jitter.Amount)
	switch p.Jitter.Kind {
	case JitterFull:
		return 0, raw
	case JitterEqual:
		return raw / 2, raw / 2
	case JitterDecorrelated:
		base = min(base, limit)
		return base, min(limit, max(base, float64(3*float64(prev)))) - base
	case JitterAdditive:
		amount = min(amount, limit)
		return min(raw, limit-amount), amount
	case JitterAdditiveClipped:
		return raw, amount
	case JitterProportion:
		p := p.Jitter.Proportion
		raw = min(raw, limit/(1+p))
		return raw * (1 - p), float64(2*p) * raw
	default:
		return raw, 0
	}
}

// wait returns the policy's own delay, and the delay after the server's hint
// was heard; stop means that the hint is longer than the policy waits for.
func (p *Policy) wait(n int, prev time.Duration, class Class, u float64, f *facts) (own, after time.Duration, stop bool) {
	low, width := p.spread(n, prev, class)
	u = unit(u)
	own = p.Backoff.clip(low + float64(u*width))
	switch {
	case p.Hint.Mode == HintRetryAfter && f.hasAfter:
		if p.Hint.Max > 0 && f.after > p.Hint.Max {
			return own, f.after, true
		}
		if float64(f.after) > low {
			return own, max(own, addSaturating(f.after, duration(u*width))), false
		}
	case p.Hint.Mode == HintAmz && f.hasAmz:
		if p.Hint.Max > 0 && f.amz > p.Hint.Max {
			return own, f.amz, true
		}
		return own, min(max(f.amz, own), addSaturating(own, amzSpan)), false
	}
	return own, own, false
}

// raw returns the base for class and the delay before jitter.
func (b *Backoff) raw(n int, class Class) (base, raw float64) {
	base = float64(b.Base)
	if class == Throttle && b.ThrottleBase > 0 {
		base = float64(b.ThrottleBase)
	}
	if base <= 0 {
		return 0, 0
	}
	m := b.Multiplier
	if m == 0 {
		m = 2
	}
	raw = base * power(m, n-1)
	if limit := b.limit(); !(raw < limit) { // also when the power is infinite
		raw = limit
	}
	return base, raw
}

func (b *Backoff) limit() float64 {
	if b.Cap > 0 {
		return float64(b.Cap)
	}
	return math.MaxInt64
}

func (b *Backoff) clip(ns float64) time.Duration {
	d := duration(ns)
	if b.Cap > 0 && d > b.Cap {
		return b.Cap
	}
	return d
}

// power is x to the n by squaring. It multiplies only: nothing can be fused,
// so every architecture gets the same bits, which math.Pow does not promise.
func power(x float64, n int) float64 {
	p := 1.0
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			p *= x
		}
		x *= x
	}
	return p
}

// unit brings a draw into [0, 1]; NaN is 0.
func unit(u float64) float64 {
	if u >= 1 {
		return 1
	}
	if u > 0 {
		return u
	}
	return 0
}

// duration converts nanoseconds, bringing them into [0, MaxInt64]; NaN is 0.
func duration(ns float64) time.Duration {
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	if ns > 0 {
		return time.Duration(ns)
	}
	return 0
}

// addSaturating adds two durations that are not negative.
func addSaturating(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
