package breaker

import "sync"

// A closed breaker leaves its engine alone: that admits every call, and the rules are
// not its own. So the calls of a closed stay are direct: the gate counts them, the rules
// decide, and the engine is asked when the breaker has opened, as it hands out the probes.
// It spares two readings of the system's clock a call, which gobreaker makes to see whether
// an interval is over (there is none), and the allocation of its two-step form.

// directCounts are the counts of a closed stay. It is safe for concurrent use.
type directCounts struct {
	mu     sync.Mutex
	counts Counts
	over   bool // the rule on failures in a row holds, and the stay ends: what comes now counts for nothing
}

func (d *directCounts) admit() {
	d.mu.Lock()
	if !d.over {
		d.counts.Requests++
	}
	d.mu.Unlock()
}

// end counts the end of a call. It tells, once, that the stay is over: after so many
// failures in a row (0: never).
func (d *directCounts) end(o Outcome, failures int) (over bool) {
	d.mu.Lock()
	if !d.over {
		d.counts.add(o)
		over = failures > 0 && uint64(d.counts.ConsecutiveFailures) >= uint64(failures)
		d.over = over
	}
	d.mu.Unlock()
	return over
}

func (d *directCounts) get() Counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts
}

// runDirect makes a call in the closed phase p. One that panics, or leaves its
// goroutine, goes on doing so: nothing has to be caught, as no engine has to hear of it.
func (b *Breaker) runDirect(p *phase, op func() error) (err error) {
	t, verdict := b.beginDirect(p), errFailure // should op, or who judges its error, not return
	defer func() { b.endDirect(p, &t, verdict) }()
	err = op()
	verdict = b.verdict(err, &t)
	return err
}

// beginDirect admits a call in the closed phase p: as of the moment at which p was seen.
func (g *gate) beginDirect(p *phase) ticket {
	p.direct.admit()
	switch {
	case p.timed:
		return ticket{start: g.elapsed()}
	case p.watch != nil:
		return p.watch.begin()
	}
	return ticket{}
}

// endDirect is told of a call that has ended, and what was made of it.
func (g *gate) endDirect(p *phase, t *ticket, verdict error) {
	if g.phase.Load() != p {
		g.current() // what is due happens now, if not before
	}
	if p.simple && verdict == nil {
		t.concludes = p.watch.succeeded(t)
	} else if p.tracked {
		g.end(p, t, verdict)
	}
	if p.direct.end(outcomeOf(verdict), g.config.Failures) {
		t.cause, t.concludes = CauseFailures, true
	}
	if t.concludes {
		g.conclude(p, t)
	}
	g.deliver()
}
