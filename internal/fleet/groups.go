package fleet

import (
	"fmt"
	"math"
	"sort"

	"github.com/squall-sim/squall/sim"
)

// Group is a part of the clients of an open or closed load. Clients are numbered through all
// groups in their order, from 0: cutting a group in two changes no client, no call and no
// draw.
type Group struct {
	Name    string
	Clients int       // at least 1
	Rate    float64   // calls a second of all of them (Open): above 0
	Rates   []float64 // (Open) the same in each phase of the plan; nil, in all groups: as Load.Rates says, in proportion
	Think   *sim.Dist // pause between calls (Closed); nil: the load's
	Mix     []Op      // nil: the load's
	Policy  *Policy   // that they have under every policy that is tried; nil: the one that is
}

// group is a Group of a run. A run without groups has one, of all clients.
type group struct {
	end   uint64 // the first client after the group's
	think sim.Sampler
	mix   choice
	crew  *crew // nil: that of the policy that is tried
}

// newGroups makes the groups of a run, with the operations of their mixes behind those of
// the load's.
func (r *run) newGroups() error {
	load := &r.cfg.Load
	think, err := sampler(load.Think)
	if err != nil {
		return err
	}
	common := newChoice(0, load.Mix)
	if len(load.Groups) == 0 {
		r.groups = []group{{end: math.MaxUint64, think: think, mix: common}}
		return nil
	}
	first, end := len(load.Mix), uint64(0)
	for _, g := range load.Groups {
		end += uint64(g.Clients)
		one := group{end: end, think: think, mix: common}
		if g.Think != nil {
			if one.think, err = sampler(g.Think); err != nil {
				return err
			}
		}
		if g.Mix != nil {
			one.mix = newChoice(first, g.Mix)
			first += len(g.Mix)
		}
		r.groups = append(r.groups, one)
	}
	r.spans = newSpansOf(load.Groups)
	return nil
}

// sampler of the load's times; nil for nil.
func sampler(d *sim.Dist) (sim.Sampler, error) {
	if d == nil {
		return nil, nil
	}
	s, err := d.Sampler()
	if err != nil {
		return nil, fmt.Errorf("fleet: load: %w", err)
	}
	return s, nil
}

// group returns the index of a client's group.
func (r *run) group(client uint64) int {
	if len(r.groups) == 1 {
		return 0
	}
	return sort.Search(len(r.groups)-1, func(i int) bool { return r.groups[i].end > client })
}

// allOps are the operations of all mixes: the load's first, then those of the groups.
func (l *Load) allOps() []Op {
	ops := l.Mix
	for _, g := range l.Groups {
		ops = append(ops[:len(ops):len(ops)], g.Mix...)
	}
	return ops
}

// groupNames are the names of the groups; one without a name where there are none.
func (l *Load) groupNames() []string {
	if len(l.Groups) == 0 {
		return []string{""}
	}
	names := make([]string, len(l.Groups))
	for i, g := range l.Groups {
		names[i] = g.Name
	}
	return names
}

// choice chooses the operation of a call among neighbours in a list.
type choice struct {
	first int
	cum   []float64 // running sum of weights, up to 1
}

func newChoice(first int, ops []Op) choice {
	c := choice{first: first}
	total := 0.0
	for _, op := range ops {
		total += op.Weight
	}
	sum := 0.0
	for _, op := range ops {
		sum += op.Weight
		c.cum = append(c.cum, sum/total)
	}
	return c
}

func (c *choice) pick(u float64) int {
	i := sort.SearchFloat64s(c.cum, u)
	if i < len(c.cum) && c.cum[i] == u { // u lies in [cum[i-1], cum[i])
		i++
	}
	return c.first + min(i, len(c.cum)-1)
}

// span is neighbouring clients who call equally often.
type span struct {
	first, clients uint64
	before, rate   float64 // calls a second of the spans before, and of this one
}

// spans chooses the client of a call of an open load.
type spans []span

// newSpansOf makes those of the run, or of each of its phases.
func newSpansOf(groups []Group) (all []spans) {
	phases := len(groups[0].Rates)
	if phases == 0 {
		return []spans{newSpans(groups, func(g *Group) float64 { return g.Rate })}
	}
	for i := range phases {
		all = append(all, newSpans(groups, func(g *Group) float64 { return g.Rates[i] }))
	}
	return all
}

// newSpans joins groups whose clients call equally often: where a group is cut, nothing may
// be rounded differently. Of a group with the rate 0 nobody is chosen.
func newSpans(groups []Group, rate func(*Group) float64) (s spans) {
	first, before := uint64(0), 0.0
	for i := range groups {
		n, rate := uint64(groups[i].Clients), rate(&groups[i])
		if k := len(s) - 1; k >= 0 && float64(s[k].rate*float64(n)) == float64(rate*float64(s[k].clients)) {
			s[k].clients += n
			s[k].rate += rate
		} else {
			s = append(s, span{first: first, clients: n, before: before, rate: rate})
		}
		first, before = first+n, before+rate
	}
	return s
}

// pick returns the client for a draw in [0, 1).
func (s spans) pick(u float64) uint64 {
	last := s[len(s)-1]
	x := float64(u * (last.before + last.rate))
	one := s[sort.Search(len(s)-1, func(i int) bool { return s[i+1].before > x })]
	share := u // of all clients, where they are all alike
	if len(s) > 1 {
		share = (x - one.before) / one.rate
	}
	return one.first + min(uint64(float64(share*float64(one.clients))), one.clients-1)
}
