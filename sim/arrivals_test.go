package sim_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// take returns the first n arrivals.
func take(a sim.Arrivals, n int) (at []time.Duration) {
	prev := time.Duration(0)
	for i := range uint64(n) {
		next, ok := a.Next(prev, i)
		if !ok {
			break
		}
		at = append(at, next)
		prev = next
	}
	return at
}

func TestPoissonGapsAreExponential(t *testing.T) {
	at := take(sim.NewPoisson(50, sim.NewStream(1, "arrivals")), 200_000)
	gaps := make([]float64, len(at))
	prev := time.Duration(0)
	for i := range at {
		gaps[i] = (at[i] - prev).Seconds()
		prev = at[i]
	}
	if k := kolmogorov(gaps, func(x float64) float64 { return -math.Expm1(-50 * x) }); k > kolmogorovBound {
		t.Errorf("Kolmogorov's statistic is %.2f", k)
	}
}

// The numbers of arrivals in equal intervals have equal mean and variance, and
// those of neighbouring intervals do not correlate.
func TestPoissonCountsAreIndependent(t *testing.T) {
	const n, mean = 20_000, 10.0
	counts := make([]float64, n)
	at := take(sim.NewPoisson(mean, sim.NewStream(2, "arrivals")), n*mean*11/10)
	for _, x := range at {
		if i := int(x / time.Second); i < n {
			counts[i]++
		}
	}
	sum, squares, products := 0.0, 0.0, 0.0
	for i, c := range counts {
		sum += c - mean
		squares += (c - mean) * (c - mean)
		products += (c - mean) * (counts[(i+1)%n] - mean)
	}
	for _, v := range []struct {
		what        string
		got, z, per float64
	}{
		{"mean", mean + sum/n, sum / n, math.Sqrt(mean / n)},
		{"variance", squares / n, squares/n - mean, mean * math.Sqrt(2.0/n)},
		{"covariance of neighbours", products / n, products / n, mean / math.Sqrt(n)},
	} {
		if math.Abs(v.z/v.per) > 4 {
			t.Errorf("%s of the counts is %.3f, %.1f sigma off", v.what, v.got, v.z/v.per)
		}
	}
}

// From one arrival in 30 years to one each nanosecond, the mean holds: gaps
// are not all rounded to the same side.
func TestPoissonKeepsItsRate(t *testing.T) {
	for _, rate := range []float64{1e-6, 1e-3, 1, 1e3, 1e6, 1e8, 3e8, sim.MaxRate} {
		const n = 100_000
		at := take(sim.NewPoisson(rate, sim.NewStream(1, "rate")), n)
		if rate == 1e-6 { // 3,170 years in all, more than a time.Duration holds
			if len(at) < 8000 || len(at) > 10_500 || at[len(at)-1] > sim.Never {
				t.Errorf("rate %g: %d arrivals in 292 years, want about 9,200", rate, len(at))
			}
			continue
		}
		got := n / at[n-1].Seconds()
		if z := (got/rate - 1) * math.Sqrt(n); math.Abs(z) > 4 {
			t.Errorf("rate %g: measured %g, %.1f sigma off", rate, got, z)
		}
	}
}

func TestPacedDoesNotDrift(t *testing.T) {
	for _, rate := range []float64{0.3, 1, 7, 1000, 44_100, 1e6, 3e8, sim.MaxRate} {
		p := sim.NewPaced(rate)
		for _, i := range []uint64{0, 1, 2, 1000, 999_999, 1_000_000_000} {
			at, ok := p.Next(0, i)
			want := float64(i) / rate
			if !ok || math.Abs(at.Seconds()-want) > 1e-9+1e-15*want {
				t.Errorf("rate %g: arrival %d at %v, %t, want %gs", rate, i, at, ok, want)
			}
		}
	}
}

func TestReplayKeepsItsTimes(t *testing.T) {
	recorded := []time.Duration{0, 3, 3, 2, 10, 9, 11} // logs are not always in order
	r := sim.NewReplay(recorded)
	recorded[0] = 99 // it has a copy
	if got, want := take(r, 20), []time.Duration{0, 3, 3, 3, 10, 10, 11}; !slices.Equal(got, want) {
		t.Errorf("replayed %v, want %v", got, want)
	}
	if _, ok := r.Next(0, math.MaxUint64); ok {
		t.Error("there is an arrival after the last")
	}
}

// Arrivals are pure: they never go back, and the same question has the same
// answer.
func TestArrivalsArePure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.OneOf(rapid.Float64Range(0, sim.MaxRate), rapid.Float64Range(0, 1)).Draw(t, "rate")
		prev := time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "prev"))
		i := rapid.Uint64().Draw(t, "i")
		for _, a := range []sim.Arrivals{
			sim.NewPoisson(rate, sim.NewStream(rapid.Uint64().Draw(t, "seed"), "")), sim.NewPaced(rate),
			sim.NewReplay([]time.Duration{5, 1, -3, sim.Never}),
		} {
			at, ok := a.Next(prev, i)
			again, okAgain := a.Next(prev, i)
			if at != again || ok != okAgain || ok && at < prev {
				t.Fatalf("%T.Next(%v, %d) = %v, %t, then %v, %t", a, prev, i, at, ok, again, okAgain)
			}
		}
	})
}

func TestArrivalsAtTheEdges(t *testing.T) {
	s := sim.NewStream(1, "")
	for _, a := range []sim.Arrivals{
		sim.Poisson{}, sim.Paced{}, sim.Replay{}, sim.NewPoisson(0, s), sim.NewPaced(0), sim.NewReplay(nil),
	} {
		if at, ok := a.Next(0, 0); ok {
			t.Errorf("%#v has an arrival at %v", a, at)
		}
	}
	for _, rate := range []float64{1e-300, math.SmallestNonzeroFloat64} {
		if at, ok := sim.NewPoisson(rate, s).Next(0, 0); ok {
			t.Errorf("Poisson at rate %g has an arrival at %v", rate, at)
		}
		if got := take(sim.NewPaced(rate), 3); !slices.Equal(got, []time.Duration{0}) {
			t.Errorf("paced at rate %g: %v, want the one at 0", rate, got)
		}
	}
	for _, rate := range []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1), 1.1e9, math.MaxFloat64} {
		for _, text := range []string{
			panicOf(func() { sim.NewPoisson(rate, s) }), panicOf(func() { sim.NewPaced(rate) }),
		} {
			if !strings.Contains(text, "rate of arrivals must be from 0 to 1e+09 per second") {
				t.Errorf("rate %v: panic %q", rate, text)
			}
		}
	}
}
