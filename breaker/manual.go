package breaker

import (
	"math"
	"time"
)

// Trip opens the breaker now, as if a rule had, whatever its state. It goes on from
// there as ever: probes may come after the open time. If the breaker is open, that
// begins again, unless what is left of it is longer; if Isolate was called, that is over.
func (g *gate) Trip() {
	g.leave(CauseManual, func(p *phase, at time.Time) *phase { return g.openPhase(g.newOpenCore(), p, at) })
}

// Isolate opens the breaker until Reset or Trip is called: no probe is admitted. It
// is for maintenance, and for backends that must be left alone whatever they seem. Where
// the state is shared, other processes are isolated too, and only Reset ends that there.
// With Config.Shadow it refuses nothing.
func (g *gate) Isolate() {
	g.leave(CauseManual, func(p *phase, at time.Time) *phase { return g.isolated(g.newOpenCore(), p, at) })
}

// Reset closes the breaker now, whatever its state, and has it forget all that it
// has seen: its counts, its windows, and how often it opened in a row. Calls in
// flight count for nothing.
func (g *gate) Reset() {
	g.leave(CauseManual, func(_ *phase, at time.Time) *phase { return g.closedPhase(g.newCore(), at) })
}

// leave ends the phase in force, whichever that is, and delivers the event. next is
// called with mu held.
func (g *gate) leave(cause Cause, next func(p *phase, at time.Time) *phase) {
	for left := false; !left; {
		left = g.leavePhase(g.current(), cause, now(g.clock), next)
	}
	g.deliver()
}

// leavePhase ends p, unless it has ended; then it returns false.
func (g *gate) leavePhase(p *phase, cause Cause, at time.Time, next func(p *phase, at time.Time) *phase) bool {
	seen := p.watch.seen(cause)
	counts := p.closedCounts()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.phase.Load() != p {
		return false
	}
	if p.state == HalfOpen {
		counts = p.counts
	}
	g.move(p, next(p, at), Event{Time: at, Cause: cause, Counts: counts, Seen: seen})
	return true
}

// isolated is a stay in the open state without an end, after the phase from. mu is held.
func (g *gate) isolated(c *core, from *phase, at time.Time) *phase {
	g.countOpening(from)
	return &phase{
		core: c, state: Open, at: at, until: math.MaxInt64, isolated: true,
		refusal: OpenError{Name: g.name, State: Open, Isolated: true, clock: g.clock},
	}
}
