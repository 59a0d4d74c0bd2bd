package fleet

import (
	"slices"
	"time"

	"github.com/squall-sim/squall/sim"
)

// Where calls have nothing in common but the faults, and those do not ask what came before,
// what becomes of a call is a matter of the call alone. Its attempts need not wait for their
// turn among those of all others: the call is played from its beginning to its end at once,
// ahead of the loop, which is left with the beginnings. That is the same run, call by call
// and to the nanosecond; TestApart holds it against the events.

// ahead is the call that is being played, before the loop's time has come to where it is.
type ahead struct {
	now  time.Duration // 0: none is; else not before the loop's time
	due  time.Duration // of what happens to the call next
	next event

	unseen int // things that have happened ahead of the loop since the run could be interrupted
}

// atOnce is how many things happen to a call before the loop goes on with others: a call
// that has attempts without end, in no time, must not keep the run from being interrupted.
const atOnce = 256

// separable reports whether what becomes of a call is a matter of the call alone, and nobody
// wants to be told things in the order in which they happen.
func (r *run) separable() bool {
	load := &r.cfg.Load
	switch {
	case r.cfg.Mode != Model || r.live != nil:
		return false
	case r.cfg.Watch != nil || r.cfg.observe != nil || r.ended != nil || r.cfg.inTurn:
		return false
	case r.station != nil || r.network != nil || r.limiter != nil || r.lives != nil || load.MaxInFlight > 0:
		return false
	case !r.injector.Forgets() || !r.crew.policy.separable(load.Model):
		return false
	}
	return !slices.ContainsFunc(r.settled, func(c *crew) bool { return !c.policy.separable(load.Model) })
}

// separable reports whether the policy leaves no trace that calls in flight have in common.
// A client of a closed load makes one call after the other, with a budget of its own, and
// breakers.
func (p *Policy) separable(load LoadModel) bool {
	if load == Closed {
		return p.Breaker == nil || p.Scope != Shared && p.Scope != InStep
	}
	return p.Breaker == nil && !p.Retry.Stateful()
}

// moment is the time at which what is happening happens.
func (r *run) moment() time.Duration { return max(r.loop.Now(), r.ahead.now) }

// clock shows the moment as the wall-clock time that the core works with.
type clock struct {
	run   *run
	at    time.Duration // (shown) for which that was asked last, as it often is again
	shown time.Time
}

func (c *clock) Now() time.Time {
	if m := c.run.moment(); m != c.at {
		c.at, c.shown = m, epoch.Add(m)
	}
	return c.shown
}

// playOn plays the call on to its end, or to that of the run.
func (c *call) playOn() {
	r := c.run
	for range atOnce {
		if !c.flying {
			r.ahead.now = 0
			return
		}
		if r.ahead.unseen++; r.ahead.unseen >= eventsPerCheck {
			r.ahead.unseen, r.look = 0, true
		}
		due, what := r.ahead.due, r.ahead.next
		r.ahead.due = sim.Never
		if due > r.end || due == sim.Never {
			r.ahead.now = r.end
			c.giveUp(r.end)
			continue
		}
		if due < r.ahead.now {
			r.audit.note("time goes on", "call %d of client %d went from %v back to %v", c.number, c.client, r.ahead.now, due)
		}
		r.ahead.now = due
		c.happens(due, what)
	}
	r.ahead.now = 0
	r.loop.Post(r.ahead.due, uint64(c.event(r.ahead.next)))
}

// at schedules what happens to a call.
func (c *call) at(t time.Duration, kind event) {
	if r := c.run; r.apart {
		r.ahead.due, r.ahead.next = t, kind
		return
	}
	c.run.loop.Post(t, uint64(c.event(kind)))
}
