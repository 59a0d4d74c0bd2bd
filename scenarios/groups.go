package scenarios

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/sim"
)

// Group is a part of the clients of a Load.
type Group struct {
	// Name names the group in reports and in thresholds' filters. No two groups have
	// the same.
	Name string
	// Clients is how many there are, at least 1.
	Clients int
	// Rate is how many calls of the group start a second in ModelOpen, where a Phase
	// does not say otherwise: above 0. It is 0 in ModelClosed.
	Rate Rate
	// Think is how long they wait between an answer and the next call in ModelClosed;
	// nil: as the Load says. It is nil in ModelOpen.
	Think *sim.Dist
	// Mix is what they call; empty: the Load's.
	Mix []MixItem
	// Policy names the policy that they have whichever is tried; empty: the one that is.
	Policy string
}

// maxGroups bounds the groups of a load: each has histograms of its own.
const maxGroups = 1000

func (d *decoder) group(n ast.Node, p *path) (g Group) {
	d.object(n, p, []string{"name", "clients", "rate", "think", "policy", "mix"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "name":
			g.Name = d.words(v, p)
		case "clients":
			g.Clients = d.integer(v, p, 1, maxClients)
		case "rate":
			g.Rate = d.rate(v, p)
		case "think":
			think := d.dist(v, p)
			g.Think = &think
		case "policy":
			g.Policy = d.words(v, p)
		case "mix":
			g.Mix = []MixItem{} // an empty one is a mistake
			d.items(v, p, func(_ int, v ast.Node, p *path) { g.Mix = append(g.Mix, d.mixItem(v, p)) })
		}
	})
	return g
}

// sumGroups fills in what the groups of a load add up to.
func (d *decoder) sumGroups(l *Load, p *path) {
	if len(l.Groups) == 0 {
		return
	}
	told := func(key string, given bool) {
		if at := p.key(key); given {
			d.report(d.locate(at), at, "the groups say it", "leave it out here, and write it in each group")
		}
	}
	told("rate", l.Rate != 0)
	told("clients", l.Clients != 0)
	l.Rate, l.Clients = l.sums()
}

// sums are the rate and the clients of all groups together.
func (l *Load) sums() (rate Rate, clients int) {
	for _, g := range l.Groups {
		rate += g.Rate
		clients += min(max(g.Clients, 0), maxClients+1)
	}
	return rate, clients
}

// items are those of all mixes: the load's, and then those of the groups.
func (l *Load) items() iter.Seq[*MixItem] {
	return func(yield func(*MixItem) bool) {
		for i := range l.Mix {
			if !yield(&l.Mix[i]) {
				return
			}
		}
		for i := range l.Groups {
			for j := range l.Groups[i].Mix {
				if !yield(&l.Groups[i].Mix[j]) {
					return
				}
			}
		}
	}
}

// meanSize is the mean size of a call's body.
func (sc *Scenario) meanSize() float64 {
	l := &sc.Load
	mean := func(items []MixItem) float64 {
		var weight, size float64
		for _, m := range items {
			weight += m.Weight
			size += float64(m.Weight * float64(m.Size)) // rounded, so that no architecture fuses it
		}
		return size / weight
	}
	if len(l.Groups) == 0 {
		return mean(l.Mix)
	}
	var calls, size float64
	for i, g := range l.Groups {
		items, often := l.Mix, float64(g.Clients)
		if len(g.Mix) > 0 {
			items = g.Mix
		}
		if l.Model == ModelOpen {
			often = sc.openCalls(func(ph Phase) Rate { return sc.groupRateIn(i, ph) })
		}
		calls += often
		size += float64(often * mean(items))
	}
	if calls == 0 { // in no phase
		return 0
	}
	return size / calls
}

// groups checks the groups of a load and their mixes.
func (c *checker) groups(p *path, unknown *bool) {
	l := c.sc.Load
	if len(l.Groups) == 0 {
		return
	}
	at := p.key("groups")
	if len(l.Groups) > maxGroups {
		c.report(at, fmt.Sprintf("there are %d groups", len(l.Groups)), fmt.Sprintf("write at most %d", maxGroups))
		return
	}
	seen := make(map[string]int, len(l.Groups))
	for i, g := range l.Groups {
		at := at.at(i)
		c.refuse(at.key("name"), checkLabel("group", g.Name))
		if first, twice := seen[g.Name]; twice && g.Name != "" {
			c.report(at.key("name"), "the name "+quote(g.Name)+" is that of "+p.key("groups").at(first).String()+" too", "write another: thresholds tell groups apart by it")
		} else {
			seen[g.Name] = i
		}
		c.group(at, g)
		if g.Mix != nil {
			*unknown = c.mix(at.key("mix"), g.Mix) || *unknown
		}
	}
	rate, clients := l.sums()
	switch {
	case clients > maxClients:
		c.report(at, fmt.Sprintf("the groups have %d clients", clients), fmt.Sprintf("write at most %d in all", maxClients))
	case rate > maxRate:
		c.report(at, "the rates add up to more than is possible", fmt.Sprintf("write at most %.0f/s in all", maxRate))
	case clients != l.Clients || rate != l.Rate && rate == rate:
		c.report(at, "the load's clients and rate are not those of its groups", fmt.Sprintf("set Clients to %d and Rate to %s", clients, rate))
	}
}

// group checks one group, but for its name and its mix.
func (c *checker) group(p *path, g Group) {
	if g.Clients < 1 || g.Clients > maxClients {
		c.report(p.key("clients"), "the group needs clients", fmt.Sprintf("write clients: 1 to %d", maxClients))
	}
	var names []string
	for _, pol := range c.sc.Policies {
		names = append(names, pol.Name)
	}
	if policies, sure := known(names); g.Policy != "" && !policies[g.Policy] && sure {
		c.report(p.key("policy"), "unknown policy "+quote(g.Policy), didYouMean(g.Policy, names))
	}
	open := c.sc.Load.Model == ModelOpen
	switch {
	case open && !(g.Rate > 0 && g.Rate <= maxRate):
		c.report(p.key("rate"), "a group of an open load needs a rate", fmt.Sprintf("write rate: 50/s, or another above 0 up to %.0f/s", maxRate))
	case !open && g.Rate != 0:
		c.report(p.key("rate"), "rate means nothing to a group of a closed load", "leave it out, or write model: open for the load")
	}
	switch {
	case open && g.Think != nil:
		c.report(p.key("think"), "think means nothing to a group of an open load", "leave it out, or write model: closed for the load")
	case g.Think != nil:
		c.dist(p.key("think"), *g.Think)
	}
}

// groupRef reports a filter that names a group that is not there.
func (c *checker) groupRef(s selector) {
	f, names := s.filter.Group, c.sc.groupNames()
	groups, sure := known(names)
	switch {
	case f == "":
	case len(names) == 0:
		c.report(s.at, "the load has no groups", "leave the filter out, or write groups for the load")
	case !groups[f] && sure:
		c.report(s.at, "unknown group "+quote(f), didYouMean(f, names))
	}
}

// settle gives the groups of a fleet the policies that are their own.
func (sc *Scenario) settle(l *fleet.Load, tried string) {
	l.Groups = slices.Clone(l.Groups) // the load is that of all policies
	for i, g := range sc.Load.Groups {
		if at := slices.IndexFunc(sc.Policies, func(p Policy) bool { return p.Name == g.Policy }); at >= 0 && g.Policy != tried {
			own := fleetPolicy(sc.Policies[at])
			l.Groups[i].Policy = &own
		}
	}
}

// groupNames are those of the load, in its order.
func (sc *Scenario) groupNames() (names []string) {
	for _, g := range sc.Load.Groups {
		names = append(names, g.Name)
	}
	return names
}

func all[T any](list []T, is func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !is(v) })
}

func (o *writer) groups(kind Kind, groups []Group) {
	if len(groups) == 0 {
		return
	}
	o.line(1, "groups:")
	for _, g := range groups {
		f := flow{"name: " + yamlText(g.Name), "clients: " + strconv.Itoa(g.Clients)}
		if g.Rate != 0 {
			f.add("rate", g.Rate.String())
		}
		if g.Think != nil {
			f.add("think", distText(*g.Think))
		}
		f.when(g.Policy != "", "policy", yamlText(g.Policy))
		if len(g.Mix) == 0 {
			o.line(2, "- "+f.String())
			continue
		}
		o.line(2, "- "+f[0])
		for _, entry := range f[1:] {
			o.line(3, entry)
		}
		o.mix(3, kind, g.Mix)
	}
}
