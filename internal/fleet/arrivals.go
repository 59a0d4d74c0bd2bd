package fleet

import (
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
		texts = append(texts, "rate "+strconv.FormatFloat(l.Rates[i], 'g', 6, 64)+"/s")
		surge = l.Rates[i] > l.Rate
	}
	if l.Lives != nil {
		lives := l.Lives[i].texts()
		texts, surge = append(texts, lives...), surge || len(lives) > 0
	}
	return texts, surge
}
