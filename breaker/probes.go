package breaker

import "time"

// ticket is an admitted call, from its beginning to its end.
type ticket struct {
	start time.Duration // from gate.base; unless flights knows it
	key   int32         // of flights
	lease uint64        // of a probe
	hint  time.Duration // how long the server asked to be left alone, if it failed

	cause     Cause // the rule that the end of the call made hold
	concludes bool  // conclude has something to do
}

// end is told of a call that has ended, and what was made of it, before the engine is.
// It returns what the engine is told.
func (g *gate) end(p *phase, t *ticket, verdict error) error {
	if p.state == HalfOpen {
		if verdict = g.endProbe(p, t, verdict); verdict == errOverdue {
			return verdict
		}
	} else if p.watch != nil {
		t.cause = p.watch.end(*t, outcomeOf(verdict))
		t.concludes = t.cause != 0
	}
	if t.hint > 0 {
		g.hold(p, t.hint)
	}
	return verdict
}

// conclude is told of a call that has ended, after the engine was.
func (g *gate) conclude(p *phase, t *ticket) {
	switch {
	case t.cause != 0:
		g.trip(p, t.cause)
	case p.state == HalfOpen && g.enough(p):
		core := g.newCore()
		g.leavePhase(p, CauseProbesSucceeded, now(g.clock), func(_ *phase, at time.Time) *phase { return g.closedPhase(core, at) })
	}
}

// enough tells whether so many probes succeeded that the others do not matter.
func (g *gate) enough(p *phase) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return p.counts.Successes >= g.config.probes()-g.config.spare()
}

// judge classifies the error of a call that has ended, and asks it for a hint. That is
// the user's code, and may not return: so nothing is told of the call before.
func (g *gate) judge(err error, t *ticket) error {
	verdict := g.classify(err)
	if verdict == errFailure && g.config.MaxHint > 0 {
		if d, ok := g.hint(err); ok {
			t.hint = d
		}
	}
	return verdict
}

// hold notes how long the server asked to be left alone.
func (g *gate) hold(p *phase, d time.Duration) {
	until := int64(saturatingAdd(g.elapsed(), min(d, g.config.MaxHint)))
	for {
		old := p.hold.Load()
		if until <= old || p.hold.CompareAndSwap(old, until) {
			return
		}
	}
}

// beginProbe gives the probe that was admitted in the half-open phase p its time. If
// p is over by now, nobody asks for it any more.
func (g *gate) beginProbe(p *phase) ticket {
	t := ticket{start: g.elapsed()}
	g.mu.Lock()
	defer g.mu.Unlock()
	p.counts.Requests++
	t.lease = p.leases.add(saturatingAdd(t.start, g.config.lease()))
	return t
}

// endProbe ends a lease. A probe that was slow has failed, and one whose lease had
// run out was counted then.
func (g *gate) endProbe(p *phase, t *ticket, verdict error) error {
	if slow := g.config.SlowRate.After; slow > 0 && g.elapsed()-t.start > slow {
		verdict = errFailure
	}
	t.concludes = g.config.spare() > 0
	g.mu.Lock()
	defer g.mu.Unlock()
	if !p.leases.remove(t.lease) {
		return errOverdue
	}
	return verdict
}

// expire ends the oldest lease of the half-open phase p, which has run out: that
// counts as a failure of the probe. If it is one too many, the open state began when
// the lease ran out, not now, so that nobody waits for longer because nobody looked.
func (g *gate) expire(p *phase) {
	due := p.leases.due()
	core, at := g.newOpenCore(), g.base.Add(due)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.phase.Load() != p || p.leases.due() != due {
		return // it ended just now; if another one is overdue too, settle finds out
	}
	p.counts.add(Failure)
	if p.counts.Failures <= g.config.spare() {
		p.leases.removeFirst()
		return
	}
	g.move(p, g.openPhase(core, p, at), Event{Time: at, Cause: CauseProbeOverdue, Counts: p.counts})
}
