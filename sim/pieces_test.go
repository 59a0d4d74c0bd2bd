package sim

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// counted counts how often it is asked.
type counted struct {
	Sampler
	asked int
}

func (c *counted) Sample(u float64) time.Duration {
	c.asked++
	return c.Sampler.Sample(u)
}

// What is in pieces gives what the functions themselves give, to the bit, and seldom has to
// ask them.
func TestPiecesAreExact(t *testing.T) {
	draws := NewStream(1, "pieces")
	const each = 10_000
	rounds, slow := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		d := Dist{Kind: rapid.SampledFrom([]string{Lognormal, Exponential, Pareto}).Draw(rt, "kind")}
		scale := time.Duration(math.Exp(rapid.Float64Range(0, 43).Draw(rt, "log of the scale")))
		switch d.Kind {
		case Lognormal:
			d.Median, d.Sigma = scale, rapid.SampledFrom([]float64{1e-9, 0.01, 0.6, 1, 3, 20, 100, 228, 500, 1e300}).Draw(rt, "sigma")
		case Exponential:
			d.Mean = scale
		case Pareto:
			d.Min, d.Alpha = scale, rapid.SampledFrom([]float64{1e-9, 0.1, 0.9, 1.5, 3, 100, 1e300}).Draw(rt, "alpha")
		}
		if rapid.Bool().Draw(rt, "bounded") {
			d.Max = scale + time.Duration(rapid.Uint32().Draw(rt, "above the scale"))
		}
		s, err := d.Sampler()
		if err != nil {
			rt.Fatal(err)
		}
		cut, ok := s.(*curve)
		if !ok { // it is too steep, and the function itself
			return
		}
		c := *cut
		exact := &counted{Sampler: c.slow}
		c.slow = exact
		check := func(u float64) {
			if got, want := c.Sample(u), exact.Sampler.Sample(u); got != want {
				rt.Fatalf("%v: Sample(%v) = %d ns, want %d ns", d, u, got, want)
			}
		}
		first := rapid.Uint64().Draw(rt, "first")
		for i := range uint64(each) {
			check(draws.Float64(first, i, 0))
		}
		if scale < time.Second && d.Sigma <= 1 && (d.Alpha == 0 || d.Alpha > 0.5 && d.Alpha < 1000) {
			rounds++
			slow += exact.asked
		}
		for _, edge := range []float64{0, 0x1p-53, 0x1p-9, 0x1.2p-8, 0.25, 0.46875, 0.5} {
			for _, u := range []float64{edge, 1 - edge, -edge, 1 + edge, math.NaN(), math.Inf(1)} {
				check(u)
				check(math.Nextafter(u, 0))
				check(math.Nextafter(u, 1))
			}
		}
	})
	if share := float64(slow) / float64(rounds*each); rounds > 0 && share > 0.02 {
		t.Errorf("the functions were asked for %.1f %% of the draws", 100*share)
	}
}

// A program with more shapes than are kept gets the same from those that are not.
func TestTooManyShapes(t *testing.T) {
	kept := cut.shapes
	defer func() { cut.shapes = kept }()
	cut.shapes = nil
	for i := range 2 * maxCut {
		s, err := Dist{Kind: Lognormal, Median: time.Second, Sigma: 1 + float64(i)}.Sampler()
		if err != nil {
			t.Fatal(err)
		}
		if _, quick := s.(*curve); quick != (i < maxCut) {
			t.Errorf("shape %d is in pieces: %v", i, quick)
		}
		if got := s.Sample(0.5); got != time.Second {
			t.Errorf("sigma %d: the median is %v", 1+i, got)
		}
	}
}

func BenchmarkNewPieces(b *testing.B) {
	for b.Loop() {
		newPieces(func(u float64) float64 { return exp(float64(0.6 * NormalQuantile(u))) })
	}
}

// Where polynomials are nowhere near a steep function, and below zero even, a duration is
// never negative.
func TestSteepIsNotNegative(t *testing.T) {
	kept := cut.shapes
	defer func() { cut.shapes = kept }()
	draws := NewStream(1, "steep")
	for sigma := 20.0; sigma < 700; sigma *= 1.02 {
		cut.shapes = nil // or there are too many
		s, err := Dist{Kind: Lognormal, Median: 1000 * time.Hour, Sigma: sigma}.Sampler()
		if err != nil {
			t.Fatal(err)
		}
		exact := lognormal{median: float64(1000 * time.Hour), sigma: sigma, max: math.MaxInt64}
		for i := range uint64(1000) {
			u := draws.Float64(i, 0, 0)
			if got, want := s.Sample(u), exact.Sample(u); got != want {
				t.Fatalf("sigma %v: Sample(%v) = %v, want %v", sigma, u, got, want)
			}
		}
	}
}
