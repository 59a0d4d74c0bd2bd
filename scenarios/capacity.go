package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/sim"
)

// maxNodes bounds the nodes of a backend: least-loaded looks at all of them for each request.
const maxNodes = 10_000

// Abandoned tells what becomes of the work on a request whose client has given up.
type Abandoned string

// What becomes of abandoned work.
const (
	// AbandonedServed goes on to its end, as that of most services. The default, as is
	// an empty Abandoned.
	AbandonedServed Abandoned = "served"
	// AbandonedCancelled ends when the client hangs up: a request that waits leaves the
	// queue, and one that is served its worker. It changes nothing then.
	AbandonedCancelled Abandoned = "cancelled"
)

// PhaseCapacity is what a backend can do in one phase, in place of Capacity's own: so many
// workers at each node, or a share of those that Capacity has. The zero value is no
// workers at all. In a scenario file it is written {workers: 16} or {workers: 50%}.
type PhaseCapacity struct {
	// Workers is their number; 0 where Percent is set.
	Workers int
	// Percent is the share of Capacity.Workers, 50 for half of them; 0 where Workers is
	// set.
	Percent float64
}

// Of returns the number of workers in the phase, given that of the Capacity: a share
// is rounded, and at least one.
func (k PhaseCapacity) Of(workers int) int {
	if k.Percent == 0 {
		return k.Workers
	}
	return max(1, int(math.Round(k.Percent*float64(workers)/100)))
}

// phaseWorkers returns the workers of each phase; nil where they are the backend's in
// all of them.
func (sc *Scenario) phaseWorkers() []int {
	var list []int
	for i, ph := range sc.Phases {
		if ph.Capacity == nil {
			continue
		}
		if list == nil {
			list = slices.Repeat([]int{sc.Backend.Capacity.Workers}, len(sc.Phases))
		}
		list[i] = ph.Capacity.Of(sc.Backend.Capacity.Workers)
	}
	return list
}

// discipline reads a kind, or a map with its options.
func (d *decoder) discipline(n ast.Node, p *path) (out sim.Discipline) {
	kind := func(v ast.Node, p *path) { out.Kind = d.choice(v, p, "discipline", sim.Disciplines()) }
	if !isMap(n) {
		if _, ok := d.scalar(n, p, "a discipline", "write one of "+strings.Join(sim.Disciplines(), ", ")+", or {kind: codel, target: 5ms, interval: 100ms}"); ok {
			kind(n, p)
		}
		return out
	}
	found := false
	d.object(n, p, []string{"kind", "target", "interval"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "kind":
			found = true
			kind(v, p)
		case "target":
			out.Target = d.positive(v, p, "the wait that is bearable, such as 5ms")
		case "interval":
			out.Interval = d.positive(v, p, "the time that it may last, such as 100ms")
		}
	})
	at := p.key("kind")
	if !found && !d.bad[at.String()] {
		d.wrong(n, at, "the discipline has no kind", "write one of "+strings.Join(sim.Disciplines(), ", "))
	}
	if d.bad[at.String()] { // told, and what fits with a kind that nobody knows is not known either
		return sim.Discipline{}
	}
	return out
}

// positive reads a duration that is not zero.
func (d *decoder) positive(n ast.Node, p *path, hint string) time.Duration {
	v := d.duration(n, p)
	if v == 0 && !d.bad[p.String()] {
		d.wrong(n, p, "0s is no time", "write "+hint)
	}
	return v
}

// phaseCapacity reads a number of workers, or a share of them.
func (d *decoder) phaseCapacity(n ast.Node, p *path) *PhaseCapacity {
	var out *PhaseCapacity
	d.object(n, p, []string{"workers"}, func(_ string, v ast.Node, p *path) {
		out = new(PhaseCapacity)
		s, ok := d.scalar(v, p, "a number of workers", "write one such as 16, or a share such as 50%")
		if !ok {
			return
		}
		if share, cut := strings.CutSuffix(s, "%"); cut {
			number, err := strconv.ParseFloat(share, 64)
			if err != nil || math.IsNaN(number) || math.IsInf(number, 0) || number < 0 || strings.ContainsAny(share, "xXpP_+") {
				d.wrong(v, p, quote(s)+" is no share", "write one such as 50%")
				return
			}
			out.Percent = number
			return
		}
		out.Workers = d.integer(v, p, 0, maxWorkers)
	})
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) == 0 {
		at := p.key("workers")
		d.wrong(n, at, "the phase's capacity has no workers", "write {workers: 16}, or a share such as {workers: 50%}")
	}
	return out
}

// text is the map that phaseCapacity reads.
func (k PhaseCapacity) text() string {
	workers := strconv.Itoa(k.Workers)
	if k.Percent != 0 {
		workers = strconv.FormatFloat(k.Percent, 'f', -1, 64) + "%"
	}
	return "{workers: " + workers + "}"
}

func disciplineText(d sim.Discipline) string {
	if d.Target == 0 && d.Interval == 0 {
		return d.Kind
	}
	var f flow
	f.add("kind", d.Kind)
	f.when(d.Target != 0, "target", durationText(d.Target))
	f.when(d.Interval != 0, "interval", durationText(d.Interval))
	return f.String()
}

// stations checks in what order and by whom a backend serves.
func (c *checker) stations(p *path, k *Capacity) {
	d := k.Discipline
	at := p.key("discipline")
	switch known := d.Kind == "" || slices.Contains(sim.Disciplines(), d.Kind); {
	case !known:
		c.report(at, "unknown discipline "+quote(d.Kind), didYouMean(d.Kind, sim.Disciplines()))
	case !d.Measures() && (d.Target != 0 || d.Interval != 0):
		c.report(at, "the discipline "+sim.Discipline{Kind: d.Kind}.String()+" has no target and no interval", "leave them out, or write kind: codel, controlled-delay or adaptive-lifo")
	case d.Validate() != nil:
		c.report(at, fmt.Sprintf("the target of %v and the interval of %v do not fit", cmp.Or(d.Target, sim.DefaultTarget), cmp.Or(d.Interval, sim.DefaultInterval)),
			"write an interval that is longer than the target, such as {target: 5ms, interval: 100ms}")
	case d != (sim.Discipline{}) && k.Workers == 0:
		c.report(at, "nobody waits where every request is served at once", "write workers as well, or leave the discipline out")
	}
	if k.Nodes < 0 || k.Nodes > maxNodes {
		c.report(p.key("nodes"), fmt.Sprintf("%d nodes are out of bounds", k.Nodes), fmt.Sprintf("write 1 to %d", maxNodes))
	}
	switch {
	case k.Balance != "" && !slices.Contains(sim.Balances(), k.Balance):
		c.report(p.key("balance"), "unknown balance "+quote(k.Balance), didYouMean(k.Balance, sim.Balances()))
	case k.Balance != "" && k.Nodes <= 1:
		c.report(p.key("balance"), "there is one node, which gets every request", "write nodes: 2 or more as well, or leave the balance out")
	}
	if k.Abandoned != "" && k.Abandoned != AbandonedServed && k.Abandoned != AbandonedCancelled {
		c.report(p.key("abandoned"), "unknown fate of abandoned work "+quote(string(k.Abandoned)), "write served or cancelled")
	}
}

// phaseCapacity checks the workers of a phase.
func (c *checker) phaseCapacity(p *path, k *PhaseCapacity) {
	if k == nil {
		return
	}
	at := p.key("workers")
	own := c.sc.Backend.Capacity
	switch {
	case k.Workers != 0 && k.Percent != 0:
		c.report(at, "the phase has a number of workers and a share", "set one of Workers and Percent")
	case k.Workers < 0 || k.Workers > maxWorkers:
		c.report(at, fmt.Sprintf("%d workers are out of bounds", k.Workers), fmt.Sprintf("write 0 to %d", maxWorkers))
	case own == nil || own.Workers == 0:
		c.report(at, "the backend has no number of workers that a phase could change", "write backend: {capacity: {workers: …}} as well")
	case !(k.Percent >= 0 && k.Percent*float64(max(own.Workers, 0))/100 <= maxWorkers):
		c.report(at, "the share is out of bounds", fmt.Sprintf("write one such as 50%%, which comes to at most %d workers", maxWorkers))
	}
}
