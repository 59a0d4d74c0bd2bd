package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/sim"
)

// PhaseRate is the rate of an open load in one phase, in place of the load's own: so many
// calls a second, or a multiple of the load's rate. The zero value is no calls at all. In a
// scenario file it is written "160/s" or "3x".
type PhaseRate struct {
	// Rate is how many calls start a second; 0 where Times is set.
	Rate Rate
	// Times is what the load's rate is multiplied with; 0 where Rate is set.
	Times float64
}

// Of returns the rate in the phase, given that of the load.
func (r PhaseRate) Of(load Rate) Rate {
	if r.Times != 0 {
		return Rate(r.Times * float64(load))
	}
	return r.Rate
}

// String gives the rate as ParsePhaseRate reads it.
func (r PhaseRate) String() string {
	if r.Times != 0 {
		return strconv.FormatFloat(r.Times, 'f', -1, 64) + "x"
	}
	return r.Rate.String()
}

// ParsePhaseRate reads a rate as ParseRate does, or a multiple such as "3x" or "0.5x". It
// must be finite and not negative. A text error says what would be right.
func ParsePhaseRate(text string) (PhaseRate, error) {
	number, isMultiple := strings.CutSuffix(strings.TrimSpace(text), "x")
	if !isMultiple {
		r, err := ParseRate(text)
		var bad *scalarError
		if asScalar(err, &bad) && !strings.Contains(text, "/") {
			err = scalarErr(bad.message, bad.hint+"; or a multiple of the load's rate, such as 3x")
		}
		return PhaseRate{Rate: r}, err
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 || strings.ContainsAny(number, "xX_pP") {
		return PhaseRate{}, scalarErr(quote(text)+" is not a multiple of a rate", "write a number from 0 up and x, such as 3x or 0.5x")
	}
	return PhaseRate{Times: n}, nil
}

func asScalar(err error, to **scalarError) bool {
	bad, is := err.(*scalarError)
	*to = bad
	return is
}

func (d *decoder) phaseRate(n ast.Node, p *path) *PhaseRate {
	s, ok := d.scalar(n, p, "a rate", "write a number and a unit, such as 160/s, or a multiple of the load's rate, such as 3x")
	if !ok {
		return nil
	}
	r, err := ParsePhaseRate(s)
	if err != nil {
		d.refuse(n, p, err.(*scalarError))
		return nil
	}
	return &r
}

// phaseRate checks the rate of a phase.
func (c *checker) phaseRate(p *path, r *PhaseRate) {
	if r == nil {
		return
	}
	l := c.sc.Load
	switch most := fmt.Sprintf("%.0f/s", maxRate); {
	case c.sc.ServedOnly():
		c.report(p, "a scenario that is only served has no load whose rate could change", "leave it out, or write a load and policies")
	case l.Model == "": // told already
	case l.Model != ModelOpen:
		c.report(p, "rate means nothing to a load of model "+string(l.Model), "leave it out, or write model: open")
	case r.Times != 0 && r.Rate != 0:
		c.report(p, "the phase has a rate and a multiple", "set one of Rate and Times")
	case !(r.Rate >= 0 && r.Rate <= maxRate):
		c.report(p, "the rate is out of bounds", "write at most "+most)
	case !(r.Times >= 0 && r.Times <= math.MaxFloat64):
		c.report(p, "the multiple is out of bounds", "write a number from 0 up and x, such as 3x")
	case l.Rate > 0 && r.Of(l.Rate) > maxRate:
		c.report(p, r.String()+" of "+l.Rate.String()+" is out of bounds", "write a smaller multiple: the rate may be at most "+most)
	}
}

// phaseRates returns the rate of each phase; nil where it is the load's in all of them.
func (sc *Scenario) phaseRates() []float64 {
	var rates []float64
	for i, ph := range sc.Phases {
		if ph.Rate == nil {
			continue
		}
		if rates == nil {
			rates = make([]float64, len(sc.Phases))
			for j := range rates {
				rates[j] = float64(sc.Load.Rate)
			}
		}
		rates[i] = float64(ph.Rate.Of(sc.Load.Rate))
	}
	return rates
}

// openCalls is how many calls an open load is expected to start.
func (sc *Scenario) openCalls() float64 {
	rates, sum := sc.phaseRates(), 0.0
	if rates == nil {
		return float64(sc.Load.Rate) * sc.length().Seconds()
	}
	for i, ph := range sc.Phases {
		sum += float64(rates[i] * ph.For.Seconds())
	}
	return sum
}

// share reads the share of the clients that something happens to: 0.5, 50% or all.
func (d *decoder) share(n ast.Node, p *path) float64 {
	const hint = "write a number above 0 up to 1, a percentage such as 50%, or all"
	s, ok := d.scalar(n, p, "a share of the clients", hint)
	if !ok || s == "all" {
		return 1
	}
	number, percent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v > 0 && v <= 1) || strings.ContainsAny(number, "xX_pP") {
		d.wrong(n, p, quote(s)+" is not a share of the clients", hint)
		return 1
	}
	return v
}

// start reads {spread: 10s}, or any distribution.
func (d *decoder) start(n ast.Node, p *path) (out sim.Dist) {
	m, isMap := n.(*ast.MappingNode)
	if !isMap || entryOf(m, p.key("spread")) == nil {
		return d.dist(n, p)
	}
	d.object(n, p, []string{"spread"}, func(_ string, v ast.Node, p *path) {
		out = sim.Dist{Kind: sim.Uniform, Upper: d.duration(v, p)}
	})
	return out
}

// startText writes what start reads.
func startText(d sim.Dist) string {
	if d.Equal(sim.Dist{Kind: sim.Uniform, Upper: d.Upper}) {
		return "{spread: " + durationText(d.Upper) + "}"
	}
	return distText(d)
}

// lives checks who comes and goes in phase i.
func (c *checker) lives(p *path, i int, ph Phase) {
	for _, one := range []struct {
		key   string
		share float64
	}{{"restart", ph.Restart}, {"offline", ph.Offline}} {
		switch at := p.key(one.key); {
		case one.share == 0:
		case c.sc.ServedOnly():
			c.report(at, "a scenario that is only served has no clients that could come and go", "leave it out, or write a load and policies")
		case !(one.share > 0 && one.share <= 1):
			c.report(at, "the share "+formatNumber(one.share)+" is not possible", "write a number above 0 up to 1")
		case i == 0 && one.key == "restart":
			c.report(at, "no client has begun when the first phase begins", "leave it out, or write a phase before it")
		}
	}
}

// fleetLives returns who comes and goes in each phase; nil where nobody does.
func (sc *Scenario) fleetLives() (lives []fleet.Lives) {
	some := false
	for _, ph := range sc.Phases {
		lives = append(lives, fleet.Lives{Restart: ph.Restart, Offline: ph.Offline})
		some = some || ph.Restart > 0 || ph.Offline > 0
	}
	if !some {
		return nil
	}
	return lives
}
