package sim

import (
	"math"
	"sort"
	"time"
)

// Sampler turns chance into durations. The samplers of this package are
// values without state, safe for concurrent use, and give the same bits on
// every machine.
type Sampler interface {
	// Sample returns the duration below which a share u of all draws lies: the
	// inverse of the distribution function. u is a draw of [Stream.Float64],
	// in [0, 1); one u gives one duration. A u below 0 or NaN counts as 0, one
	// above as the last number before 1. The result is never negative, and
	// [Never] where it would be more than that.
	Sample(u float64) time.Duration
}

// Sampler returns d ready to draw from, or what [Dist.Validate] says.
func (d Dist) Sampler() (Sampler, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	limit := Never
	if d.Max > 0 {
		limit = d.Max
	}
	switch d.Kind {
	case Uniform:
		return uniform{lower: d.Lower, span: float64(d.Upper - d.Lower)}, nil
	case Lognormal:
		if d.Sigma == 0 {
			return fixed(min(d.Median, limit)), nil
		}
		return inPieces(lognormal{median: float64(d.Median), sigma: d.Sigma, max: limit}, shape{Lognormal, d.Sigma},
			func(u float64) float64 { return exp(float64(d.Sigma * NormalQuantile(u))) }, float64(d.Median), limit), nil
	case Exponential:
		return inPieces(exponential{mean: float64(d.Mean), max: limit}, shape{Exponential, 0},
			func(u float64) float64 { return -log(1 - u) }, float64(d.Mean), limit), nil
	case Pareto:
		exponent := min(1/d.Alpha, math.MaxFloat64)
		return inPieces(pareto{min: float64(d.Min), exponent: exponent, max: limit}, shape{Pareto, exponent},
			func(u float64) float64 { return exp(float64(-exponent * log(1-u))) }, float64(d.Min), limit), nil
	case Empirical:
		return newEmpirical(d.Percentiles), nil
	}
	return fixed(d.Value), nil
}

// share brings u into [0, 1).
func share(u float64) float64 {
	switch {
	case u >= 1:
		return 1 - 0x1p-53
	case u > 0:
		return u
	}
	return 0
}

type fixed time.Duration

func (f fixed) Sample(float64) time.Duration { return time.Duration(f) }

type uniform struct {
	lower time.Duration
	span  float64
}

func (d uniform) Sample(u float64) time.Duration {
	return Add(d.lower, nanoseconds(float64(share(u)*d.span)))
}

type lognormal struct {
	median, sigma float64
	max           time.Duration
}

func (d lognormal) Sample(u float64) time.Duration {
	return min(nanoseconds(float64(d.median*exp(float64(d.sigma*NormalQuantile(share(u)))))), d.max)
}

type exponential struct {
	mean float64
	max  time.Duration
}

func (d exponential) Sample(u float64) time.Duration {
	return min(nanoseconds(float64(-d.mean*log(1-share(u)))), d.max)
}

type pareto struct {
	min, exponent float64
	max           time.Duration
}

func (d pareto) Sample(u float64) time.Duration {
	return min(nanoseconds(float64(d.min*exp(float64(-d.exponent*log(1-share(u)))))), d.max)
}

// empirical holds the points of the distribution function, p as a share.
type empirical struct {
	p     []float64
	value []time.Duration
}

func newEmpirical(points []Percentile) *empirical {
	d := &empirical{}
	for _, point := range points {
		d.p = append(d.p, point.P/100)
		d.value = append(d.value, point.Value)
	}
	return d
}

func (d *empirical) Sample(u float64) time.Duration {
	u = share(u)
	// The first point is at 0 ≤ u and the last at 1 > u, so i has neighbours.
	i := sort.Search(len(d.p), func(i int) bool { return d.p[i] > u })
	p0, p1 := d.p[i-1], d.p[i]
	v0, v1 := d.value[i-1], d.value[i]
	// The quotient is less than 1 even when rounded, so this is at most v1.
	return v0 + nanoseconds(float64((u-p0)/(p1-p0)*float64(v1-v0)))
}
