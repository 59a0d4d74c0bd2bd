package fleet

import (
	"strconv"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/sim"
)

// reasonRestarted is the fleet's own reason for the end of a call whose client was
// restarted, or went offline.
const reasonRestarted = 62

// Lives says which clients come and go with a phase, as shares from 0 to 1.
type Lives struct {
	// Restart is the share that is restarted when the phase begins, chosen anew in
	// each: their calls in flight are lost, and their breakers, budgets and limiters
	// start anew. Clients of a Closed load begin again as Load.Start says.
	Restart float64
	// Offline is the share that makes no calls in the phase: they go as if restarted,
	// and come back when it ends. Of two shares the clients of the smaller are among
	// those of the larger.
	Offline float64
}

// lives are the clients of a run who come and go.
type lives struct {
	run              *run
	restart, offline sim.Stream
	away             float64  // share of the clients who are offline
	number           []uint32 // of each client's life; what an earlier one waits for comes to nothing
	ending           bool     // the clients whose calls end will not begin others
}

// newLives returns nil where all clients are there all the time.
func newLives(r *run) *lives {
	if len(r.cfg.Load.Lives) == 0 {
		return nil
	}
	return &lives{
		run: r, restart: sim.NewStream(r.cfg.Seed, "restart"), offline: sim.NewStream(r.cfg.Seed, "offline"),
		number: make([]uint32, max(r.cfg.Load.Clients, 1)),
	}
}

// schedule has the clients come and go when phases begin, before anything else happens then.
func (l *lives) schedule() {
	var at time.Duration
	for i, p := range l.run.cfg.Plan.Phases {
		before := Lives{}
		if i > 0 {
			before = l.run.cfg.Load.Lives[i-1]
		}
		if one := l.run.cfg.Load.Lives[i]; one.Restart > 0 || one.Offline != before.Offline {
			l.run.loop.At(at, l, uint64(i))
		}
		at += p.For
	}
}

// isAway reports whether a client is offline.
func (l *lives) isAway(client uint64) bool { return l != nil && l.away > 0 && l.among(client, l.away) }

// offlineFirst reports whether a client begins offline.
func (l *lives) offlineFirst(client uint64) bool {
	return l != nil && l.among(client, l.run.cfg.Load.Lives[0].Offline)
}

func (l *lives) among(client uint64, share float64) bool {
	return l.offline.Float64(client, 0, 0) < share
}

// Act begins a phase.
func (l *lives) Act(now time.Duration, phase uint64) {
	r, before := l.run, l.away
	one := r.cfg.Load.Lives[phase]
	l.away = one.Offline
	// Nobody who was offline, or is now, is restarted: there is nothing to lose.
	ends := func(client uint64) bool {
		was, is := l.among(client, before), l.among(client, one.Offline)
		return !was && (is || one.Restart > 0 && l.restart.Float64(client, phase, 0) < one.Restart)
	}
	l.ending = true
	r.calls.each(func(c *call) {
		if ends(c.client) {
			c.lose(now)
		}
	})
	l.ending = false
	for _, c := range append([]*crew{&r.crew}, r.settled...) {
		stays := func(client uint64) bool {
			return r.crewOf(client) == c && !l.among(client, before) && !ends(client)
		}
		c.breakers.forget(now, ends, stays)
	}
	for client := range uint64(len(l.number)) {
		ended := ends(client)
		if ended {
			l.number[client]++
			r.renew(client)
		}
		if r.cfg.Load.Model == Closed && (ended || l.among(client, before)) && !l.isAway(client) {
			r.enroll(client, phase)
		}
	}
}

// upload is the sending of the attempt under way, for a client who may go before it is over.
type upload struct {
	takes time.Duration
	// Those of the call that come to nothing then.
	commits uint32
	again   uint32
}

// unsend takes back what an attempt was to change whose client has gone before it had sent
// all of it.
func (c *call) unsend() {
	u := &c.own.upload
	c.commits -= u.commits
	c.own.again.lost += u.commits
	c.own.again.done -= u.again
	j := c.own.job
	if j == nil || j.late == nil {
		return
	}
	c.own.again.lost += uint32(j.commits)
	j.late.inHand -= j.commits
	j.late.inHandAgain -= count(j.repeats)
	j.commits, j.repeats = 0, false
}

// lose ends a call whose client is no more.
func (c *call) lose(now time.Duration) {
	r := c.run
	if c.sent >= 0 && now-c.sent < c.own.upload.takes {
		c.unsend()
	}
	if r.network != nil && c.own.net.onWay {
		c.abandon()
	}
	c.own.permit = breaker.Permit{} // nobody tells the breaker, which may be other clients' too
	c.hits.End()
	c.hits = faults.Hits{}
	if c.sent >= 0 {
		r.recorder.attempt(c, now, reports.OutcomeUnfinished)
	}
	c.end(now, false, reasonRestarted)
}

// forget drops the breakers of clients that have ended. The one of the whole fleet goes when
// nobody stays who had it.
func (b *breakers) forget(now time.Duration, ended, stays func(client uint64) bool) {
	if b.cfg == nil {
		return
	}
	kept := b.order[:0]
	for _, g := range b.order {
		if !b.hasEnded(g, ended, stays) {
			kept = append(kept, g)
			continue
		}
		b.account(g, now)
		if g.peer != nil {
			g.peer.over = true
		}
		switch {
		case b.scope == PerKey:
			delete(b.byKey, g.name)
		case g.number < uint64(len(b.byNumber)):
			b.byNumber[g.number] = nil
		default:
			delete(b.odd, g.number)
		}
	}
	clear(b.order[len(kept):])
	b.order = kept
}

func (b *breakers) hasEnded(g *guard, ended, stays func(client uint64) bool) bool {
	switch b.scope {
	case PerOperation:
		return ended(g.number / uint64(b.ops))
	case PerClient, InStep:
		return ended(g.number)
	case PerKey:
		return ended(g.name.client)
	}
	for client := range uint64(b.clients) {
		if stays(client) {
			return false
		}
	}
	return true
}

// enroll has a client of a closed load begin in the given phase: at once, or when its start
// says.
func (r *run) enroll(client, phase uint64) {
	if r.starts == nil {
		r.pause(client)
		return
	}
	after := r.starts.Sample(r.draws.start.Float64(client, phase, 0))
	if at := sim.Add(r.loop.Now(), after); at < r.duration {
		r.clientAt(at, eventBegins, client)
	}
}

// of is the number of a client's life.
func (l *lives) of(client uint64) uint32 {
	if l == nil {
		return 0
	}
	return l.number[client]
}

// texts tells who comes and goes when a phase begins.
func (l Lives) texts() (texts []string) {
	percent := func(share float64) string { return strconv.FormatFloat(100*share, 'g', 4, 64) + "%" }
	if l.Restart > 0 {
		texts = append(texts, "restart "+percent(l.Restart))
	}
	if l.Offline > 0 {
		texts = append(texts, "offline "+percent(l.Offline))
	}
	return texts
}
