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
	least  time.Duration   // of next, as far as it comes after the stretch
	calls  int             // made in the stretch
	idle   bool            // no stretch is to come
}

// stretches is the least number of them in a run: a run shows how far it is, and one that is
// interrupted has clients that are about as far as one another.
const stretches = 128

// What an event of the rota is.
const (
	stretchBegins uint64 = iota
	stretchGoesOn
)

func newRota(r *run) *rota {
	o := &rota{run: r, next: make([]time.Duration, r.cfg.Load.Clients), width: min(time.Millisecond, max(1, r.duration/stretches)), idle: true}
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
	if o.next[client] = at; at >= o.end {
		o.least = min(o.least, at)
	}
	return true
}

// Act has clients make their calls of a stretch.
func (o *rota) Act(now time.Duration, what uint64) {
	if what == stretchBegins {
		o.end, o.client, o.calls, o.least = sim.Add(now, o.width), 0, 0, sim.Never
	}
	for ; o.client < len(o.next); o.client++ {
		if !o.turn(uint64(o.client)) {
			o.run.loop.At(now, o, stretchGoesOn)
			return
		}
	}
	o.plan()
}

// turn has a client make its calls of the stretch. It reports whether it has made all: before
// that it may be time to look whether the run is interrupted.
func (o *rota) turn(client uint64) bool {
	at := o.next[client]
	for at < o.end {
		if o.run.look {
			return false
		}
		o.next[client] = sim.Never // until it is told when
		o.run.ahead.now = at
		o.run.arriveMixed(client)
		o.calls++
		at = o.next[client]
	}
	o.least = min(o.least, at) // also where nobody has told of it in this stretch
	return true
}

// plan ends a stretch, and begins the next when there is something to do. Clients have some
// calls in each, so that it takes no time to ask all of them, and not many, so that a run
// that is interrupted leaves them all about where they would be.
func (o *rota) plan() {
	switch {
	case o.calls < 2*len(o.next):
		o.width = min(sim.Add(o.width, o.width), max(1, o.run.duration/stretches))
	case o.calls > 8*len(o.next):
		o.width = max(1, o.width/2)
	}
	if o.idle = o.least == sim.Never; !o.idle {
		o.end = max(o.end, o.least)
		o.run.loop.At(o.end, o, stretchBegins)
	}
}
