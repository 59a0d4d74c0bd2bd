package published

import (
	"math"
	"sync"

	"github.com/squall-sim/squall/sim"
)

// erlang returns a sampler of the sum of a hundred exponential variables with the
// given mean in all, in seconds.
func erlang(mean float64) sim.Sampler {
	if s, ok := erlangs.Load(mean); ok {
		return s.(sim.Sampler)
	}
	var points []sim.Percentile
	for _, q := range erlangQuantiles() {
		points = append(points, sim.Percentile{P: 100 * q.p, Value: seconds(float64(mean * q.x))})
	}
	s, _ := erlangs.LoadOrStore(mean, sampler(sim.Dist{Kind: sim.Empirical, Percentiles: points}))
	return s.(sim.Sampler)
}

var erlangs sync.Map // by mean

type quantile struct{ p, x float64 }

// erlangQuantiles are points of the distribution function of mean 1, close enough
// to each other that straight lines between them do.
var erlangQuantiles = sync.OnceValue(func() []quantile {
	const far, step = 6.0, 0.02 // in standard deviations
	points := []quantile{{0, 0}}
	x := math.Pow(1-far/30, 3) // Wilson and Hilferty: the cube root is normal
	for i := range int(2*far/step) + 1 {
		z := float64(step*float64(i)) - far
		p := 0.5 * math.Erfc(-z/math.Sqrt2)
		x = erlangQuantile(p, x)
		points = append(points, quantile{p, x})
	}
	return append(points, quantile{1, x * 1.01})
})

// erlangQuantile finds the x below which a share p lies, by Newton's method.
func erlangQuantile(p, x float64) float64 {
	for range 50 {
		below, density := erlangBelow(x)
		d := (below - p) / density
		x -= d
		if math.Abs(d) < 1e-14*x {
			break
		}
	}
	return x
}

// erlangBelow is the distribution function of mean 1, and its derivative: below x
// is who has had a hundred events of a Poisson process by then.
func erlangBelow(x float64) (below, density float64) {
	events := float64(erlangStages * x)
	term := math.Exp(-events) // the chance of so many events
	for k := 1; k < erlangStages; k++ {
		term = float64(term * (events / float64(k)))
	}
	density = erlangStages * term
	for k := erlangStages; ; k++ {
		term = float64(term * (events / float64(k)))
		if below+term == below {
			return below, density
		}
		below += term
	}
}
