package scenarios

import (
	"slices"

	"github.com/squall-sim/squall/sim"
)

// CheckServed tells what of the scenario a backend on sockets cannot do: what it has only
// in simulated runs. The error is a *Problems, with the places in the file that the scenario
// was parsed from.
func (sc *Scenario) CheckServed() error { return sc.checkSockets(sc.served) }

// CheckLive tells what of the scenario cannot be played in real time on sockets, by its
// backend (as [Scenario.CheckServed] does) or by the clients of the policies with these names;
// none: of all. The error is a *Problems.
func (sc *Scenario) CheckLive(policies ...string) error {
	return sc.checkSockets(func(report reporter) {
		sc.served(report)
		sc.playedLive(policies, report)
	})
}

// reporter takes what is wrong with a path, and what would be right.
type reporter func(p *path, message, hint string)

func (sc *Scenario) checkSockets(check func(reporter)) error {
	var list []Problem
	check(func(p *path, message, hint string) {
		one := sc.origin.sockets[p.String()] // where it is in the file, if there is one
		one.Path, one.Message, one.Hint = p.String(), message, hint
		list = append(list, one)
	})
	return asError(list)
}

// locateSockets notes where in the file that is which CheckLive may tell of.
func (d *decoder) locateSockets(sc *Scenario) {
	note := func(p *path, message, hint string) {
		if sc.origin.sockets == nil {
			sc.origin.sockets = make(map[string]Problem)
		}
		name := p.String()
		sc.origin.sockets[name] = d.text.problem(d.locate(p), name, message, hint)
	}
	sc.served(note)
	sc.playedLive(nil, note)
}

// inSimulation is what to do with a scenario that sockets cannot take.
const inSimulation = "or let simulate run play it in the mode model or http"

func (sc *Scenario) served(report reporter) {
	if c := sc.Backend.Capacity; c != nil {
		at := root.key("backend").key("capacity")
		if c.Discipline.Kind != "" && c.Discipline.Kind != sim.FIFO {
			report(at.key("discipline"), "a backend on sockets serves first come, first served", "leave it out, "+inSimulation)
		}
		if c.Nodes > 1 {
			report(at.key("nodes"), "a backend on sockets is one node", "leave it out, "+inSimulation)
		}
		if c.Abandoned == AbandonedCancelled {
			report(at.key("abandoned"), "a backend on sockets ends the work that it has begun", "write served, "+inSimulation)
		}
	}
	for i, ph := range sc.Phases {
		if ph.Capacity != nil {
			report(root.key("phases").at(i).key("capacity"), "a backend on sockets has the same workers in all phases", "leave it out, "+inSimulation)
		}
	}
}

func (sc *Scenario) playedLive(policies []string, report reporter) {
	if sc.Backend.Network != nil {
		report(root.key("backend").key("network"), "a live run has the network that there is, and cannot take this one's time", "leave it out, "+inSimulation)
	}
	for i, ph := range sc.Phases {
		at := root.key("phases").at(i)
		if ph.Restart > 0 {
			report(at.key("restart"), "the clients of a live run do not restart", "leave it out, "+inSimulation)
		}
		if ph.Offline > 0 {
			report(at.key("offline"), "the clients of a live run do not go offline", "leave it out, "+inSimulation)
		}
	}
	for _, p := range sc.Policies {
		if (len(policies) == 0 || slices.Contains(policies, p.Name)) && p.Breaker != nil && p.Breaker.Scope == ScopeShared {
			report(root.key("policies").key(p.Name).key("breaker").key("scope"), "the breakers of a live run do not tell each other", "write another scope, "+inSimulation)
		}
	}
}
