package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
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

// GroupRate is the rate of one group in a phase.
type GroupRate struct {
	// Group is its name.
	Group string
	// Rate is in place of the group's own, or a multiple of it.
	Rate PhaseRate
}

// phaseRates reads the rate of a phase, or the map of its groups' rates.
func (d *decoder) phaseRates(n ast.Node, p *path) (*PhaseRate, []GroupRate) {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return d.phaseRate(n, p), nil
	}
	rates := []GroupRate{} // an empty map is a mistake
	d.entries(n, p, func(group string, _, v ast.Node, p *path) {
		one := GroupRate{Group: group}
		if r := d.phaseRate(v, p); r != nil {
			one.Rate = *r
		}
		rates = append(rates, one)
	})
	return nil, rates
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

// phaseRates checks the rate of a phase, or those of its groups.
func (c *checker) phaseRates(p *path, ph Phase) {
	if ph.Rate == nil && ph.GroupRates == nil {
		return
	}
	l := c.sc.Load
	switch {
	case c.sc.ServedOnly():
		c.report(p, "a scenario that is only served has no load whose rate could change", "leave it out, or write a load and policies")
	case l.Model == "": // told already
	case l.Model != ModelOpen:
		c.report(p, "rate means nothing to a load of model "+string(l.Model), "leave it out, or write model: open")
	case ph.GroupRates == nil:
		c.phaseRate(p, *ph.Rate, l.Rate)
	case ph.Rate != nil:
		c.report(p, "the phase has a rate, and rates of groups", "set one of Rate and GroupRates")
	case len(l.Groups) == 0:
		c.report(p, "the load has no groups", "write one rate, such as 160/s or 3x, or groups for the load")
	case len(ph.GroupRates) == 0:
		c.report(p, "there is no group", "write one or more, such as "+l.Groups[0].Name+": 3x")
	default:
		c.groupRates(p, ph)
	}
}

// phaseRate checks a rate that is in place of another, and reports whether it is possible.
func (c *checker) phaseRate(p *path, r PhaseRate, of Rate) bool {
	switch most := fmt.Sprintf("%.0f/s", maxRate); {
	case r.Times != 0 && r.Rate != 0:
		c.report(p, "the phase has a rate and a multiple", "set one of Rate and Times")
	case !(r.Rate >= 0 && r.Rate <= maxRate):
		c.report(p, "the rate is out of bounds", "write at most "+most)
	case !(r.Times >= 0 && r.Times <= math.MaxFloat64):
		c.report(p, "the multiple is out of bounds", "write a number from 0 up and x, such as 3x")
	case of > 0 && r.Of(of) > maxRate:
		c.report(p, r.String()+" of "+of.String()+" is out of bounds", "write a smaller multiple: the rate may be at most "+most)
	default:
		return true
	}
	return false
}

func (c *checker) groupRates(p *path, ph Phase) {
	names := c.sc.groupNames()
	groups, sure := known(names)
	seen, possible := map[string]bool{}, true
	for _, r := range ph.GroupRates {
		at := p.key(r.Group)
		i := slices.Index(names, r.Group)
		switch {
		case seen[r.Group]:
			c.report(at, "the group "+quote(r.Group)+" has two rates", "keep one of the two")
		case i >= 0:
			possible = c.phaseRate(at, r.Rate, c.sc.Load.Groups[i].Rate) && possible
		case sure && !groups[r.Group]:
			c.report(at.itself(), "unknown group "+quote(r.Group), didYouMean(r.Group, names))
		}
		seen[r.Group] = true
	}
	if possible && c.sc.rateIn(ph) > maxRate {
		c.report(p, "the rates of the groups add up to more than is possible", fmt.Sprintf("write at most %.0f/s in all", maxRate))
	}
}

// rateIn is the rate of the load in a phase.
func (sc *Scenario) rateIn(ph Phase) Rate {
	switch {
	case ph.Rate != nil:
		return ph.Rate.Of(sc.Load.Rate)
	case len(ph.GroupRates) == 0:
		return sc.Load.Rate
	}
	sum := Rate(0)
	for i := range sc.Load.Groups {
		sum += sc.groupRateIn(i, ph)
	}
	return sum
}

// groupRateIn is the rate of group i in a phase.
func (sc *Scenario) groupRateIn(i int, ph Phase) Rate {
	g := sc.Load.Groups[i]
	if ph.Rate != nil {
		if ph.Rate.Times != 0 {
			return ph.Rate.Of(g.Rate)
		}
		return Rate(float64(g.Rate) * float64(ph.Rate.Rate/sc.Load.Rate)) // in proportion
	}
	if at := slices.IndexFunc(ph.GroupRates, func(r GroupRate) bool { return r.Group == g.Name }); at >= 0 {
		return ph.GroupRates[at].Rate.Of(g.Rate)
	}
	return g.Rate
}

// rates returns the rate of each phase; nil where it is the load's in all of them.
func (sc *Scenario) rates() (rates []float64) {
	if all(sc.Phases, func(ph Phase) bool { return ph.Rate == nil && len(ph.GroupRates) == 0 }) {
		return nil
	}
	for _, ph := range sc.Phases {
		rates = append(rates, float64(sc.rateIn(ph)))
	}
	return rates
}

// groupRates returns the rate of group i in each phase; nil where the groups call in their
// proportions in all of them.
func (sc *Scenario) groupRates(i int) (rates []float64) {
	if all(sc.Phases, func(ph Phase) bool { return len(ph.GroupRates) == 0 }) {
		return nil
	}
	for _, ph := range sc.Phases {
		rates = append(rates, float64(sc.groupRateIn(i, ph)))
	}
	return rates
}

// openCalls is how many calls an open load, or a group of one, is expected to start where rate
// is that in a phase.
func (sc *Scenario) openCalls(rate func(Phase) Rate) (sum float64) {
	for _, ph := range sc.Phases {
		sum += float64(float64(rate(ph)) * ph.For.Seconds()) // rounded, so that no architecture fuses it
	}
	return sum
}

// groupRatesText writes what phaseRates reads of groups.
func groupRatesText(rates []GroupRate) string {
	var f flow
	for _, r := range rates {
		f.add(yamlText(r.Group), r.Rate.String())
	}
	return f.String()
}
