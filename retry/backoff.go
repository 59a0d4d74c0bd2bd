package retry

import (
	"math"
	"time"
)

// Backoff is how long a call waits between attempts, before jitter: raw grows
// with the number n of failed attempts (from 1) by a formula, the Kind, and
// the delay is min(raw, Cap). It is plain data; the zero value never waits.
type Backoff struct {
	// Kind is the formula. The zero value is exponential.
	Kind BackoffKind
	// Base is the delay after the first failed attempt, before jitter, and the
	// unit that the formulas grow by.
	Base time.Duration
	// Multiplier is what each further failure multiplies the delay by, 1 or
	// more; 1 is a constant delay. Zero means 2, as everywhere in the
	// literature. Only the two exponential kinds look at it.
	Multiplier float64
	// Cap is the longest delay, jitter included; see [JitterKind]. Zero means
	// no cap. Only a server's hint can make a delay longer.
	Cap time.Duration
	// ThrottleBase takes Base's place after an error of class [Throttle].
	// Zero means Base. [BackoffSchedule] does not look at it.
	ThrottleBase time.Duration
	// Immediate makes the first retry at once, without delay or jitter; those
	// after it wait as they would have. Most faults of one connection are gone
	// on the next (urllib3@2.7.0, util/retry.py).
	Immediate bool
	// Schedule is the delays of [BackoffSchedule]; other kinds do not look at it.
	Schedule Schedule
}

// Delay returns how long to wait after the n-th failed attempt of a call
// (n from 1), before any server hint. It is pure: prev is the delay that came
// before (used by [JitterDecorrelated] only; zero for none), class that of the
// last error, u the draw in [0, 1). A draw of 1 is taken as the upper end, so
// that published tables can be recomputed; other values are brought into
// range.
//
// The result is within [0, Cap], but for [JitterProportionPastCap], and never
// overflows.
func (p Policy) Delay(n int, prev time.Duration, class Class, u float64) time.Duration {
	low, width, ceiling := p.spread(n, prev, class)
	return at(low, width, ceiling, unit(u))
}

// spread returns the range of the delay: every kind of jitter is uniform over
// [low, low+width], in nanoseconds, and cut to [0, ceiling]. The upper end is
// at most the ceiling, but for the kinds that are documented to be cut there.
func (p *Policy) spread(n int, prev time.Duration, class Class) (low, width float64, ceiling time.Duration) {
	if p.Backoff.Immediate && n <= 1 {
		return 0, 0, math.MaxInt64
	}
	low, width = p.jittered(n, prev, class)
	if p.Backoff.Cap > 0 && p.Jitter.Kind != JitterProportionPastCap {
		return low, width, p.Backoff.Cap
	}
	return low, width, math.MaxInt64
}

// jittered is spread without the cut.
func (p *Policy) jittered(n int, prev time.Duration, class Class) (low, width float64) {
	limit := p.Backoff.limit()
	base, wide := p.Backoff.raw(n, class)
	raw := min(wide, limit)
	amount, below, above := float64(p.Jitter.Amount), p.Jitter.Proportion, p.Jitter.Above
	if above == 0 {
		above = below
	}
	switch p.Jitter.Kind {
	case JitterFull:
		return 0, raw
	case JitterEqual:
		return raw / 2, raw / 2
	case JitterDecorrelated:
		base = min(base, limit)
		return base, min(limit, float64(3*max(base, float64(prev)))) - base
	case JitterAdditive:
		amount = min(amount, limit)
		return min(raw, limit-amount), amount
	case JitterAdditiveClipped:
		return raw, amount
	case JitterProportion:
		raw = min(raw, limit/(1+above))
		return float64(raw * (1 - below)), float64((below + above) * raw)
	case JitterProportionClipped:
		return float64(wide * (1 - below)), float64((below + above) * wide)
	case JitterProportionPastCap:
		return float64(raw * (1 - below)), float64((below + above) * raw)
	case JitterFullBelowCap:
		if wide > limit {
			return limit, 0
		}
		return 0, wide
	case JitterPlusMinus:
		return min(raw, max(0, limit-amount)) - amount, float64(2 * amount)
	default:
		return raw, 0
	}
}

// at returns the point u of the way through a range.
func at(low, width float64, ceiling time.Duration, u float64) time.Duration {
	return min(duration(low+float64(u*width)), ceiling)
}

// delay is what wait makes of an error: the policy's own delay, the one that
// the server's hint leads to, and what else the hint says.
type delay struct {
	own, after time.Duration
	stop       bool // the hint is longer than the policy waits for, or says stop
	reset      bool // the backoff starts anew
}

// wait returns the delay after the n-th failed attempt, hint included.
func (p *Policy) wait(n int, prev time.Duration, class Class, u float64, f *facts) delay {
	low, width, ceiling := p.spread(n, prev, class)
	u = unit(u)
	own := at(low, width, ceiling, u)
	hint, ok := p.Hint.heard(f)
	if !ok {
		return delay{own: own, after: own}
	}
	if p.Hint.Mode == HintPushback && hint < 0 {
		return delay{own: own, stop: true}
	}
	if p.Hint.Max > 0 && hint > p.Hint.Max {
		if !p.Hint.Trim {
			return delay{own: own, after: hint, stop: true}
		}
		hint = p.Hint.Max
	}
	d := delay{own: own, after: own, reset: p.Hint.Reset}
	switch p.Hint.Mode {
	case HintRetryAfter:
		// Of a range that is cut at the cap, own may be less than low, and no
		// more than the cap is added.
		limit := float64(ceiling)
		if float64(hint) > min(low, limit) {
			d.after = max(own, addSaturating(hint, duration(u*min(width, limit))))
		}
	case HintAmz:
		d.after = min(max(hint, own), addSaturating(own, amzSpan))
	case HintPushback:
		d.after, d.reset = hint, true
	default: // HintExact
		d.after = hint
	}
	return d
}

func (b *Backoff) limit() float64 {
	if b.Cap > 0 {
		return float64(b.Cap)
	}
	return math.MaxInt64
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
