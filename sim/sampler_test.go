package sim_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// kolmogorov returns √n times the greatest distance between the distribution
// of the samples and the function cdf. Above 1.95 the samples come from
// another distribution, with an error of 1 in 1,000 (Kolmogorov, 1933).
func kolmogorov(samples []float64, cdf func(x float64) float64) float64 {
	slices.Sort(samples)
	n := float64(len(samples))
	worst := 0.0
	for i, x := range samples {
		f := cdf(x)
		worst = max(worst, math.Abs(f-float64(i)/n), math.Abs(f-float64(i+1)/n))
	}
	return worst * math.Sqrt(n)
}

const kolmogorovBound = 1.95

// samples draws n durations, in seconds.
func samples(d sim.Dist, n uint64) []float64 {
	sampler, stream := mustSampler(d), sim.NewStream(1, d.Kind)
	out := make([]float64, n)
	for i := range n {
		out[i] = sampler.Sample(stream.Float64(i, 0, 0)).Seconds()
	}
	return out
}

// The closed-form distribution functions, in seconds, by package math.
var closedForms = []struct {
	dist sim.Dist
	cdf  func(x float64) float64
}{
	{
		sim.Dist{Kind: sim.Uniform, Lower: time.Second, Upper: 3 * time.Second},
		func(x float64) float64 { return (x - 1) / 2 },
	},
	{
		sim.Dist{Kind: sim.Lognormal, Median: 2 * time.Second, Sigma: 0.8},
		func(x float64) float64 { return math.Erfc(-math.Log(x/2)/0.8/math.Sqrt2) / 2 },
	},
	{
		sim.Dist{Kind: sim.Lognormal, Median: time.Millisecond, Sigma: 3},
		func(x float64) float64 { return math.Erfc(-math.Log(x*1000)/3/math.Sqrt2) / 2 },
	},
	{
		sim.Dist{Kind: sim.Exponential, Mean: 3 * time.Second},
		func(x float64) float64 { return -math.Expm1(-x / 3) },
	},
	{
		sim.Dist{Kind: sim.Pareto, Min: time.Second, Alpha: 1.5},
		func(x float64) float64 { return 1 - math.Pow(1/x, 1.5) },
	},
	{
		sim.Dist{Kind: sim.Pareto, Min: time.Millisecond, Alpha: 0.5},
		func(x float64) float64 { return 1 - math.Sqrt(0.001/x) },
	},
	{
		sim.Dist{Kind: sim.Empirical, Percentiles: []sim.Percentile{{P: 0, Value: time.Second}, {P: 50, Value: 2 * time.Second}, {P: 90, Value: 6 * time.Second}, {P: 100, Value: 16 * time.Second}}},
		func(x float64) float64 {
			switch {
			case x < 2:
				return 0.5 * (x - 1)
			case x < 6:
				return 0.5 + 0.4*(x-2)/4
			}
			return 0.9 + 0.1*(x-6)/10
		},
	},
}

func TestSamplesFollowTheirDistribution(t *testing.T) {
	for _, c := range closedForms {
		if k := kolmogorov(samples(c.dist, 200_000), c.cdf); k > kolmogorovBound {
			t.Errorf("%v: Kolmogorov's statistic is %.2f, above %v", c.dist, k, kolmogorovBound)
		}
	}
}

// The test above must see a distribution that is off by one percent.
func TestKolmogorovSeesASmallError(t *testing.T) {
	for _, c := range closedForms {
		s := samples(c.dist, 200_000)
		for i := range s {
			s[i] *= 1.01
		}
		if c.dist.Kind == sim.Pareto && c.dist.Alpha == 0.5 || c.dist.Sigma == 3 {
			continue // so wide that one percent is little
		}
		if k := kolmogorov(s, c.cdf); k < kolmogorovBound {
			t.Errorf("%v: samples 1 %% too long pass with %.2f", c.dist, k)
		}
	}
}

func TestMaxClampsAndKeepsTheRest(t *testing.T) {
	s := sim.NewStream(1, "max")
	for _, d := range []sim.Dist{
		{Kind: sim.Lognormal, Median: time.Second, Sigma: 1},
		{Kind: sim.Lognormal, Median: time.Second},
		{Kind: sim.Exponential, Mean: time.Second},
		{Kind: sim.Pareto, Min: time.Second / 2, Alpha: 1},
	} {
		free := mustSampler(d)
		d.Max = 1100 * time.Millisecond
		clamped := mustSampler(d)
		for i := range uint64(1000) {
			u := s.Float64(i, 0, 0)
			if got, want := clamped.Sample(u), min(free.Sample(u), d.Max); got != want {
				t.Fatalf("%v.Sample(%v) = %v, want %v", d, u, got, want)
			}
		}
	}
}

func TestSamplesAtTheEdges(t *testing.T) {
	const last = 1 - 0x1p-53
	const longest = time.Duration(36_736_800_570) // -ln(2⁻⁵³) s
	const s = time.Second
	empirical := sim.Dist{Kind: sim.Empirical, Percentiles: []sim.Percentile{{P: 0, Value: s}, {P: 100, Value: 2 * s}}}
	tests := []struct {
		dist  sim.Dist
		u     float64
		want  time.Duration
		about bool // to a millionth
	}{
		{sim.Dist{Kind: sim.Fixed}, 0.3, 0, false},
		{sim.Dist{Kind: sim.Fixed, Value: sim.Never}, last, sim.Never, false},
		{sim.Dist{Kind: sim.Uniform, Lower: s, Upper: s}, last, s, false},
		{sim.Dist{Kind: sim.Uniform, Lower: 1, Upper: sim.Never}, last, sim.Never, true},
		{sim.Dist{Kind: sim.Uniform, Lower: sim.Never, Upper: sim.Never}, last, sim.Never, false},
		{sim.Dist{Kind: sim.Lognormal, Median: s, Sigma: 1}, 0, 0, false},
		{sim.Dist{Kind: sim.Lognormal, Median: s, Sigma: 1}, 0.5, s, false},
		{sim.Dist{Kind: sim.Lognormal, Median: s}, 0, s, false},
		{sim.Dist{Kind: sim.Lognormal, Median: s, Sigma: 1e300}, 0.5, s, false},
		{sim.Dist{Kind: sim.Lognormal, Median: s, Sigma: 1e300}, 0.6, sim.Never, false},
		{sim.Dist{Kind: sim.Lognormal, Median: s, Sigma: math.MaxFloat64}, last, sim.Never, false},
		{sim.Dist{Kind: sim.Lognormal, Median: s, Sigma: math.MaxFloat64}, 0x1p-53, 0, false},
		{sim.Dist{Kind: sim.Exponential, Mean: s}, 0, 0, false},
		{sim.Dist{Kind: sim.Exponential, Mean: s}, last, longest, true},
		{sim.Dist{Kind: sim.Exponential, Mean: sim.Never}, last, sim.Never, false},
		{sim.Dist{Kind: sim.Exponential, Mean: s, Max: 2 * s}, last, 2 * s, false},
		{sim.Dist{Kind: sim.Pareto, Min: s, Alpha: 1e-9}, 0, s, false},
		{sim.Dist{Kind: sim.Pareto, Min: s, Alpha: 1e-9}, 0.5, sim.Never, false},
		{sim.Dist{Kind: sim.Pareto, Min: s, Alpha: math.SmallestNonzeroFloat64}, 0, s, false},
		{sim.Dist{Kind: sim.Pareto, Min: s, Alpha: math.SmallestNonzeroFloat64}, last, sim.Never, false},
		{sim.Dist{Kind: sim.Pareto, Min: s, Alpha: math.MaxFloat64}, last, s, false},
		{sim.Dist{Kind: sim.Pareto, Min: s, Alpha: 1}, 0.75, 4 * s, false},
		{empirical, 0, s, false},
		{empirical, 0.5, 1500 * time.Millisecond, false},
		{empirical, last, 2 * s, false},
		{empirical, math.NaN(), s, false},
		{empirical, -1, s, false},
		{empirical, 1, 2 * s, false},
		{empirical, math.Inf(1), 2 * s, false},
		{sim.Dist{Kind: sim.Exponential, Mean: s}, 1, longest, true},
		{sim.Dist{Kind: sim.Exponential, Mean: s}, math.NaN(), 0, false},
	}
	for _, test := range tests {
		got := mustSampler(test.dist).Sample(test.u)
		if off := math.Abs(float64(got)/float64(test.want) - 1); got != test.want && !(test.about && off < 1e-6) {
			t.Errorf("%v.Sample(%v) = %v, want %v", test.dist, test.u, got, test.want)
		}
	}
}

// Whatever the distribution: more chance never gives less time, and no draw is
// negative or above max.
func TestSamplesNeverDecrease(t *testing.T) {
	unit := rapid.OneOf(rapid.Float64Range(0, 1-0x1p-53), rapid.Map(rapid.Uint64Range(1, 100), func(n uint64) float64 {
		return 1 - float64(n)*0x1p-53
	}))
	rapid.Check(t, func(t *rapid.T) {
		d := anyDist.Draw(t, "dist")
		s := mustSampler(d)
		u, v := unit.Draw(t, "u"), unit.Draw(t, "v")
		x, y := s.Sample(min(u, v)), s.Sample(max(u, v))
		if n := len(d.Percentiles); n > 0 {
			if x < d.Percentiles[0].Value || y > d.Percentiles[n-1].Value {
				t.Fatalf("%v: Sample(%v) = %v, Sample(%v) = %v leave its range", d, min(u, v), x, max(u, v), y)
			}
		}
		if x < 0 || x > y || d.Max > 0 && y > d.Max {
			t.Fatalf("%v: Sample(%v) = %v, Sample(%v) = %v", d, min(u, v), x, max(u, v), y)
		}
	})
}

func TestSamplersDoNotAllocate(t *testing.T) {
	for _, d := range everyKind {
		s := mustSampler(d)
		if n := testing.AllocsPerRun(100, func() { s.Sample(0.7) }); n != 0 {
			t.Errorf("%v: %v allocations per sample", d, n)
		}
	}
}

// Where the unit of a float64 is a nanosecond or near, draws are still to the
// nearest one.
func TestLongSamplesAreWhole(t *testing.T) {
	for _, span := range []time.Duration{1<<52 + 2, 1<<52 + 6, 1<<53 - 2} {
		s := mustSampler(sim.Dist{Kind: sim.Uniform, Upper: span})
		if got := s.Sample(0.5); got != span/2 {
			t.Errorf("half of %d is %d", span, got)
		}
		s = mustSampler(sim.Dist{Kind: sim.Lognormal, Median: span - 1, Sigma: 1})
		if got := s.Sample(0.5); got != span-1 {
			t.Errorf("the median is %d, want %d", got, span-1)
		}
	}
}
