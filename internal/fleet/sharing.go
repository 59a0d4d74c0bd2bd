package fleet

import (
	"context"
	"strconv"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/sim"
)

// sharing keeps the breakers of a fleet in step as those of so many processes are: each
// client's [breaker.Sharing] tells the store at once what its own breaker has decided, and
// asks every so often, at a time of its own, what others have.
type sharing struct {
	run    *run
	store  *breaker.MemoryStore
	every  time.Duration
	phases sim.Stream // of the clients' askings
}

// peer is one client who shares its breaker.
type peer struct {
	sharing *sharing
	with    *breaker.Sharing
	told    bool // that there is something to tell the store: an event is under way
	over    bool // the client has been restarted
}

// What an event of a peer means.
const (
	peerAsks uint64 = iota
	peerTells
)

// newSharing returns nil where breakers are not kept in step.
func newSharing(r *run, p *Policy) *sharing {
	if p.Breaker == nil || p.Scope != InStep {
		return nil
	}
	return &sharing{
		run: r, store: &breaker.MemoryStore{Clock: r.clock},
		every: p.SyncEvery, phases: sim.NewStream(r.cfg.Seed, "sharing"),
	}
}

// sharedName is that of the breaker in the store: they are all the same one.
const sharedName = "fleet"

// join has a new breaker of a client share its state, as that of a process that has just
// started.
func (s *sharing) join(client uint64, b *breaker.TwoStep) *peer {
	p := &peer{sharing: s, with: breaker.NewSharing(s.store, breaker.WithProcess(strconv.FormatUint(client, 10)), breaker.WithStoreClock(s.run.clock))}
	if err := p.with.Add(b); err != nil {
		panic(err) // it has a name, and is in no other sharing
	}
	p.sync()
	now := s.run.loop.Now()
	first := time.Duration(s.phases.Float64(client, 0, 0) * float64(s.every))
	wait := (first - now%s.every + s.every) % s.every
	s.run.loop.After(max(wait, 1), p, peerAsks)
	return p
}

// sync cannot fail: the store is in memory.
func (p *peer) sync() { _ = p.with.Sync(context.Background()) }

// changed is told that the breaker has changed its state, of itself or because of others.
func (p *peer) changed(cause breaker.Cause) {
	if p == nil || p.told || cause == breaker.CauseShared {
		return
	}
	p.told = true
	p.sharing.run.loop.After(0, p, peerTells) // a listener must not do it itself
}

// Act compares the breaker with the store.
func (p *peer) Act(now time.Duration, what uint64) {
	r := p.sharing.run
	if p.over || now >= r.duration && r.calls.flying == 0 { // nobody is left to care: the run is over
		return
	}
	p.sync()
	if what == peerTells {
		p.told = false
		return
	}
	r.loop.After(p.sharing.every, p, peerAsks)
}
