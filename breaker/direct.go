package breaker

import "sync"

// A closed breaker that has no rule on failures in a row leaves its engine alone: that
// admits every call, and decides nothing. So the calls of such a stay are direct: the
// gate counts them, the rules that look at windows decide, and the engine is asked again
// when the breaker has opened. It spares two locks and two readings of the system's clock
// a call. (gobreaker reads it to see whether an interval is over, and there is none.)

// directCounts are the counts of a closed stay whose calls are direct. It is safe for
// concurrent use.
type directCounts struct {
	mu     sync.Mutex
	counts Counts
}

func (d *directCounts) admit() {
	d.mu.Lock()
	d.counts.Requests++
	d.mu.Unlock()
}

func (d *directCounts) end(o Outcome) {
	d.mu.Lock()
	d.counts.add(o)
	d.mu.Unlock()
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
	if p.timed {
		return ticket{start: g.elapsed()}
	}
	return p.watch.begin()
}

// endDirect is told of a call that has ended, and what was made of it.
func (g *gate) endDirect(p *phase, t *ticket, verdict error) {
	if g.looks(p) {
		g.current() // what is due happens now, if not before
	}
	if p.simple && verdict == nil {
		t.concludes = p.watch.succeeded(t)
	} else {
		g.end(p, t, verdict)
	}
	p.direct.end(outcomeOf(verdict))
	if t.concludes {
		g.conclude(p, t)
	}
	g.deliver()
}
