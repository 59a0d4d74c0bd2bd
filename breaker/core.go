package breaker

import (
	"github.com/sony/gobreaker/v2"
)

// engine is what the gate needs of gobreaker's two types.
type engine interface {
	State() gobreaker.State
}

// core is an engine and what it is told and tells. A breaker has one at a time,
// that of its phase: one that it has left behind may still have calls in it, and
// changes its state when they end, but nobody listens.
type core struct {
	gate    *gate
	engine  engine
	circuit *gobreaker.CircuitBreaker[struct{}]        // of a Breaker
	steps   *gobreaker.TwoStepCircuitBreaker[struct{}] // of a TwoStep
	priming bool                                       // the next failure trips; set before anybody else knows the core
}

// newCore returns a core whose engine is closed.
func (g *gate) newCore() *core {
	c := &core{gate: g}
	settings := gobreaker.Settings{
		Name:        g.name,
		MaxRequests: g.config.probes(),
		Interval:    0, // counts are never cleared while closed
		Timeout:     1, // nanosecond; 0 would mean a minute
		// A closed engine decides nothing: its calls are direct.
		ReadyToTrip:   func(gobreaker.Counts) bool { return c.priming },
		OnStateChange: c.changed,
		IsExcluded:    c.excluded,
	}
	if g.config.spare() > 0 {
		settings.IsSuccessful = func(verdict error) bool { return verdict == nil || c.tolerated(verdict) }
	}
	if g.twoStep {
		c.steps = gobreaker.NewTwoStepCircuitBreaker[struct{}](settings)
		c.engine = c.steps
	} else {
		c.circuit = gobreaker.NewCircuitBreaker[struct{}](settings)
		c.engine = c.circuit
	}
	return c
}

// newOpenCore returns a core whose engine has just tripped.
func (g *gate) newOpenCore() *core {
	c := g.newCore()
	c.priming = true
	if g.twoStep {
		done, _ := c.steps.Allow() // a new engine admits
		done(errFailure)
	} else {
		_, _ = c.circuit.Execute(func() (struct{}, error) { return struct{}{}, errFailure })
	}
	c.priming = false
	return c
}

// changed is the engine's OnStateChange.
func (c *core) changed(_ string, _, to gobreaker.State) {
	g := c.gate
	if to == gobreaker.StateHalfOpen || g.phase.Load().core != c {
		// Half-open is on the engine's clock; on ours, settle decides. And what
		// was left behind, or is being primed, is not the breaker's state.
		return
	}
	at := now(g.clock)
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.phase.Load()
	if p.core != c {
		return
	}
	var next *phase
	cause := CauseProbesSucceeded
	if to == gobreaker.StateOpen {
		next, cause = g.openPhase(c, p, at), CauseProbeFailed
	} else {
		next = g.closedPhase(c, at)
	}
	g.move(p, next, Event{Time: at, Cause: cause, Counts: p.counts})
}

// excluded is the engine's IsExcluded, which it calls for every call that ends in the
// state that admitted it.
// It does not count the failure that ends a half-open state, and clears its
// counts before it calls changed, so the probes are counted here.
func (c *core) excluded(verdict error) bool {
	g := c.gate
	if p := g.phase.Load(); p.state == HalfOpen && p.core == c && verdict != errWithdrawn && verdict != errOverdue {
		g.mu.Lock()
		p.counts.add(outcomeOf(verdict))
		g.mu.Unlock()
	}
	return verdict == errNeutral || verdict == errWithdrawn
}

// tolerated is asked by the engine, after excluded, whether a failure is none: one
// of the failures that the probes may have. The engine then takes it for a success.
// If it closes on that, as many as must have succeeded.
func (c *core) tolerated(verdict error) bool {
	if verdict == errOverdue {
		return true // it has been counted
	}
	g := c.gate
	p := g.phase.Load()
	if p.state != HalfOpen || p.core != c {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return p.counts.Failures <= g.config.spare()
}
