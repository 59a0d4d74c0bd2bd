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

// surge is a rate that rises eightfold, falls to nothing and comes back.
var surge = []sim.RateStep{
	{Rate: 20}, {From: 60 * time.Second, Rate: 160}, {From: 70 * time.Second, Rate: 0},
	{From: 75 * time.Second, Rate: 20}, {From: 90 * time.Second, Rate: 5},
}

// expected returns how many arrivals are to be expected until t.
func expected(steps []sim.RateStep, t time.Duration) float64 {
	sum := 0.0
	for i, s := range steps {
		end := t
		if i+1 < len(steps) {
			end = min(t, steps[i+1].From)
		}
		if end > s.From {
			sum += s.Rate * (end - s.From).Seconds()
		}
	}
	return sum
}

// By the time-rescaling theorem the integral of the rate grows by an exponential of mean 1
// from one arrival to the next, whatever the rate does.
func TestVaryingPoissonIsPoissonInItsOwnTime(t *testing.T) {
	var steps []sim.RateStep
	for i := range 2000 { // the steps of surge, over and over: most gaps cross no step, many cross several
		for _, s := range surge {
			steps = append(steps, sim.RateStep{From: s.From/50 + time.Duration(i)*2*time.Second, Rate: s.Rate})
		}
	}
	at := take(sim.NewVaryingPoisson(steps, sim.NewStream(1, "arrivals")), 200_000)
	gaps := make([]float64, 0, len(at))
	at = at[:before(at, steps[len(steps)-1].From)]
	sum, k, prev := 0.0, 0, 0.0
	for _, x := range at { // as expected does, in one pass
		for k+1 < len(steps) && steps[k+1].From <= x {
			sum += steps[k].Rate * (steps[k+1].From - steps[k].From).Seconds()
			k++
		}
		now := sum + steps[k].Rate*(x-steps[k].From).Seconds()
		gaps = append(gaps, now-prev)
		prev = now
	}
	if len(gaps) < 50_000 {
		t.Fatalf("only %d arrivals", len(gaps))
	}
	if d := kolmogorov(gaps, func(x float64) float64 { return -math.Expm1(-x) }); d > kolmogorovBound {
		t.Errorf("Kolmogorov's statistic of %d gaps is %.2f", len(gaps), d)
	}
}

// before returns how many of the times, which ascend, are before end.
func before(at []time.Duration, end time.Duration) int {
	n, _ := slices.BinarySearch(at, end)
	return n
}

// Over many seeds the numbers of arrivals in each step have the mean and the variance that
// they should, and no two steps correlate.
func TestVaryingPoissonCountsAreIndependent(t *testing.T) {
	const runs = 4000
	ends := []time.Duration{60 * time.Second, 70 * time.Second, 75 * time.Second, 90 * time.Second, 120 * time.Second}
	var sum, squares [5]float64
	cross := 0.0 // of the first two
	for seed := range uint64(runs) {
		var counts [5]float64
		a := sim.NewVaryingPoisson(surge, sim.NewStream(seed, "counts"))
		prev := time.Duration(0)
		for i := uint64(0); ; i++ {
			at, ok := a.Next(prev, i)
			if !ok || at >= ends[4] {
				break
			}
			counts[before(ends, at+1)]++
			prev = at
		}
		for k := range counts {
			from := time.Duration(0)
			if k > 0 {
				from = ends[k-1]
			}
			mean := expected(surge, ends[k]) - expected(surge, from)
			sum[k] += counts[k] - mean
			squares[k] += (counts[k] - mean) * (counts[k] - mean)
		}
		cross += (counts[0] - 1200) * (counts[1] - 1600)
	}
	for k, mean := range []float64{1200, 1600, 0, 300, 150} {
		if mean == 0 {
			if squares[k] != 0 {
				t.Errorf("step %d has arrivals at rate 0", k)
			}
			continue
		}
		if z := sum[k] / math.Sqrt(runs*mean); math.Abs(z) > 4 {
			t.Errorf("step %d: mean %.2f, want %v: %.1f sigma off", k, mean+sum[k]/runs, mean, z)
		}
		if z := (squares[k]/runs - mean) / (mean * math.Sqrt(2.0/runs)); math.Abs(z) > 4 {
			t.Errorf("step %d: variance %.1f, want %v: %.1f sigma off", k, squares[k]/runs, mean, z)
		}
	}
	if z := cross / math.Sqrt(runs*1200*1600); math.Abs(z) > 4 {
		t.Errorf("the first two steps correlate: %.1f sigma off", z)
	}
}

// Arrival i comes when i are to be expected, to the nanosecond; so the first of a step
// comes when that begins, where a whole number came before it.
func TestVaryingPacedFollowsTheIntegral(t *testing.T) {
	at := take(sim.NewVaryingPaced(surge), 4000)
	for i, x := range at {
		want := float64(i)
		slack := 1e-9 * 160 // of a nanosecond
		if got := expected(surge, x); math.Abs(got-want) > slack {
			t.Fatalf("arrival %d at %v, when %v are to be expected", i, x, got)
		}
	}
	for i, want := range map[int]time.Duration{0: 0, 1200: 60 * time.Second, 2800: 75 * time.Second, 3100: 90 * time.Second, 3105: 91 * time.Second} {
		if at[i] != want {
			t.Errorf("arrival %d at %v, want %v", i, at[i], want)
		}
	}
	// 20 a minute is no number that floating point holds.
	thirds := take(sim.NewVaryingPaced([]sim.RateStep{{Rate: 20.0 / 60}, {From: 30 * time.Second}, {From: time.Minute, Rate: 1}}), 12)
	if want := []time.Duration{27 * time.Second, time.Minute, 61 * time.Second}; !slices.Equal(thirds[9:], want) {
		t.Errorf("the arrivals from the tenth on come at %v, want %v", thirds[9:], want)
	}
}

// Steps that do not change the rate change nothing, and a rate that never changes is that of
// the plain processes, to the bit.
func TestVaryingWithEqualRates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.OneOf(rapid.Float64Range(0, 1e5), rapid.Float64Range(0, sim.MaxRate)).Draw(t, "rate")
		stream := sim.NewStream(rapid.Uint64().Draw(t, "seed"), "")
		steps := []sim.RateStep{{Rate: rate}}
		for _, gap := range rapid.SliceOfN(rapid.Int64Range(1, 1e12), 0, 5).Draw(t, "gaps") {
			steps = append(steps, sim.RateStep{From: steps[len(steps)-1].From + time.Duration(gap), Rate: rate})
		}
		if got, want := take(sim.NewVaryingPoisson(steps, stream), 50), take(sim.NewPoisson(rate, stream), 50); !slices.Equal(got, want) {
			t.Fatalf("Poisson arrivals %v, want %v", got, want)
		}
		if got, want := take(sim.NewVaryingPaced(steps), 50), take(sim.NewPaced(rate), 50); !slices.Equal(got, want) {
			t.Fatalf("paced arrivals %v, want %v", got, want)
		}
	})
}

// Varying arrivals are pure, never go back, and come only while the rate is above 0.
func TestVaryingArrivalsArePure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var steps []sim.RateStep
		from := time.Duration(0)
		for range rapid.IntRange(0, 6).Draw(t, "steps") {
			steps = append(steps, sim.RateStep{From: from, Rate: rapid.SampledFrom([]float64{0, 1e-9, 0.3, 7, 1e6, sim.MaxRate}).Draw(t, "rate")})
			from += time.Duration(rapid.Int64Range(1, 1e10).Draw(t, "for"))
		}
		for _, a := range []sim.Arrivals{
			sim.NewVaryingPoisson(steps, sim.NewStream(rapid.Uint64().Draw(t, "seed"), "")), sim.NewVaryingPaced(steps),
		} {
			prev := time.Duration(rapid.SampledFrom([]int64{0, 1, 1e9, 3e9, math.MaxInt64}).Draw(t, "prev"))
			for i := range uint64(20) {
				at, ok := a.Next(prev, i)
				if again, okAgain := a.Next(prev, i); at != again || ok != okAgain || ok && at < prev {
					t.Fatalf("%T.Next(%v, %d) = %v, %t, then %v, %t", a, prev, i, at, ok, again, okAgain)
				}
				if !ok {
					break
				}
				prev = at
			}
		}
	})
}

func TestVaryingArrivalsAtTheEdges(t *testing.T) {
	s := sim.NewStream(1, "")
	off := []sim.RateStep{{Rate: 0}, {From: time.Second, Rate: 0}}
	for _, a := range []sim.Arrivals{
		&sim.VaryingPoisson{}, &sim.VaryingPaced{}, sim.NewVaryingPoisson(nil, s), sim.NewVaryingPaced(nil), sim.NewVaryingPoisson(off, s), sim.NewVaryingPaced(off),
		sim.NewVaryingPoisson([]sim.RateStep{{Rate: math.SmallestNonzeroFloat64}, {From: 1, Rate: 1e-300}}, s),
	} {
		if at, ok := a.Next(0, 0); ok {
			t.Errorf("%#v has an arrival at %v", a, at)
		}
	}
	// The last arrival of an ending load, and none after it.
	ending := sim.NewVaryingPaced([]sim.RateStep{{Rate: 2}, {From: time.Second}})
	if got := take(ending, 9); !slices.Equal(got, []time.Duration{0, 500 * time.Millisecond}) {
		t.Errorf("arrivals %v", got)
	}
	for _, tt := range []struct {
		steps []sim.RateStep
		want  string
	}{
		{[]sim.RateStep{{Rate: -1}}, "rate of arrivals must be from 0"},
		{[]sim.RateStep{{Rate: 1}, {From: 1, Rate: math.NaN()}}, "rate of arrivals must be from 0"},
		{[]sim.RateStep{{Rate: math.Inf(1)}}, "rate of arrivals must be from 0"},
		{[]sim.RateStep{{From: -1, Rate: 1}}, "step 0 is at -1ns"},
		{[]sim.RateStep{{Rate: 1}, {From: 5, Rate: 2}, {From: 5, Rate: 3}}, "step 2 is at 5ns"},
	} {
		for _, text := range []string{
			panicOf(func() { sim.NewVaryingPoisson(tt.steps, s) }), panicOf(func() { sim.NewVaryingPaced(tt.steps) }),
		} {
			if !strings.Contains(text, tt.want) {
				t.Errorf("%v: panic %q", tt.steps, text)
			}
		}
	}
	a := sim.NewVaryingPoisson(surge, s)
	if n := testing.AllocsPerRun(100, func() { a.Next(59*time.Second, 7) }); n != 0 {
		t.Errorf("%v allocations an arrival", n)
	}
}
