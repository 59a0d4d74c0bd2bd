package fleet

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/squall-sim/squall/sim"
)

// arrivals are those of an open load.
func (r *run) arrivals() sim.Arrivals {
	load := &r.cfg.Load
	switch steps := rateSteps(r.cfg); {
	case steps == nil && load.Paced:
		return sim.NewPaced(load.Rate)
	case steps == nil:
		return sim.NewPoisson(load.Rate, r.draws.arrivals)
	case load.Paced:
		return sim.NewVaryingPaced(steps)
	default:
		return sim.NewVaryingPoisson(steps, r.draws.arrivals)
	}
}

// rateSteps are the rates of the phases, each from the beginning of its phase; nil if there
// is only one.
func rateSteps(cfg *Config) (steps []sim.RateStep) {
	var at time.Duration
	for i, rate := range cfg.Load.Rates {
		steps = append(steps, sim.RateStep{From: at, Rate: rate})
		at += cfg.Plan.Phases[i].For
	}
	return steps
}

// inPhase tells how the load of a phase differs from that of the run, and whether that
// strains the backend.
func (l *Load) inPhase(i int) (texts []string, surge bool) {
	if l.Rates != nil && l.Rates[i] != l.Rate {
		texts = append(texts, "rate "+rateText(l.Rates[i]))
		surge = l.Rates[i] > l.Rate
	}
	if l.Rates != nil && l.isUneven(i) {
		for _, g := range l.Groups {
			if g.Rates[i] != g.Rate {
				texts = append(texts, g.Name+" "+rateText(g.Rates[i]))
				surge = surge || g.Rates[i] > g.Rate
			}
		}
	}
	if l.Lives != nil {
		lives := l.Lives[i].texts()
		texts, surge = append(texts, lives...), surge || len(lives) > 0
	}
	return texts, surge
}

// isUneven reports whether the groups have other shares of the calls of a phase than of the
// run's.
func (l *Load) isUneven(i int) bool {
	const rounding = 1e-12
	return slices.ContainsFunc(l.Groups, func(g Group) bool {
		return g.Rates != nil && math.Abs(float64(g.Rates[i]*l.Rate)-float64(g.Rate*l.Rates[i])) > rounding*g.Rate*l.Rates[i]
	})
}

func rateText(rate float64) string { return strconv.FormatFloat(rate, 'g', 6, 64) + "/s" }
