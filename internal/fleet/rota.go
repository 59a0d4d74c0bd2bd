package fleet

import (
	"time"

	"github.com/squall-sim/squall/sim"
)

// rota has the clients of a closed load make their calls, where each is played at once:
// client after client, for one stretch of time after the other. No call has to find its
// place among those of all clients, and the memory is gone through in its order.
//
// A client's next call may come when its turn in the stretch is over, as when its last one
// took several turns: then the loop has it make that call.
type rota struct {
	run    *run
	next   []time.Duration // when each client makes its next call; sim.Never: it makes none, or by the loop
	width  time.Duration   // of a stretch
	end    time.Duration   // of the stretch under way, or the beginning of the one to come
	client int             // the first whose turn is to come
	least  time.Duration   // of next, of those whose turn is over
	calls  int             // made in the stretch
	unseen int             // calls since the run could be interrupted
	idle   bool            // no stretch is to come
}

// callsAtOnce is about how many calls are made before the run may be interrupted.
const callsAtOnce = 4096

// What an event of the rota is.
const (
	stretchBegins uint64 = iota
	stretchGoesOn
)

func newRota(r *run) *rota {
	o := &rota{run: r, next: make([]time.Duration, r.cfg.Load.Clients), width: time.Millisecond, idle: true}
	o.client = len(o.next)
	for i := range o.next {
		o.next[i] = sim.Never
	}
	return o
}

// take is told when a client makes its next call, and reports whether it sees to it.
func (o *rota) take(client uint64, at time.Duration) bool {
	switch {
	case o == nil:
		return false
	case o.idle:
		o.idle, o.end = false, at
		o.run.loop.At(at, o, stretchBegins)
	case at < o.end && client < uint64(o.client):
		return false
	}
	o.next[client] = at
	return true
}

// Act has clients make their calls of a stretch.
func (o *rota) Act(now time.Duration, what uint64) {
	if what == stretchBegins {
		o.end, o.client, o.calls, o.least = sim.Add(now, o.width), 0, 0, sim.Never
	}
	for ; o.client < len(o.next); o.client++ {
		if o.unseen >= callsAtOnce {
			o.unseen, o.run.look = 0, true
			o.run.loop.At(now, o, stretchGoesOn)
			return
		}
		o.turn(uint64(o.client))
	}
	o.plan()
}

// turn has a client make its calls of the stretch.
func (o *rota) turn(client uint64) {
	at := o.next[client]
	for at < o.end {
		o.next[client] = sim.Never // until it is told when
		o.run.ahead.now = at
		o.run.arriveMixed(client)
		o.calls, o.unseen = o.calls+1, o.unseen+1
		at = o.next[client]
	}
	o.least = min(o.least, at)
}

// plan ends a stretch, and begins the next when there is something to do. Clients have some
// calls in each, so that it takes no time to ask all of them, and not many, so that a run
// that is interrupted leaves them all about where they would be.
func (o *rota) plan() {
	switch {
	case o.calls < 2*len(o.next):
		o.width = sim.Add(o.width, o.width)
	case o.calls > 8*len(o.next):
		o.width = max(1, o.width/2)
	}
	if o.idle = o.least == sim.Never; !o.idle {
		o.end = max(o.end, o.least)
		o.run.loop.At(o.end, o, stretchBegins)
	}
}
