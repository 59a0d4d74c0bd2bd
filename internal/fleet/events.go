package fleet

import (
	"time"

	"github.com/squall-sim/squall/sim"
)

// event says what happens to a call, or to a client, in one word: what, to which, and for
// which generation of it. Of generations it has the last 28 bits. A call would have to make
// as many attempts as those can count while the answer to one is under way.
type event uint64

const (
	eventSend event = iota
	eventAnswer
	eventTimeout
	eventWorked  // the backend has done its work on an attempt that it never answers
	eventArrives // the request has come through the network
	eventLeaves  // the answer goes into the network
	eventBegins  // a client of a closed load is there, and pauses before its first call
	eventNext    // it makes its next call: the generation is its life

	eventBits      = 3
	generationAt   = eventBits + 32
	generationMask = 1<<28 - 1
)

func newEvent(kind event, index, generation uint32) event {
	return kind | event(index)<<eventBits | event(generation&generationMask)<<generationAt
}

// ofClient reports whether it is about a client, and not about a call.
func (e event) ofClient() bool { return e.kind() >= eventBegins }

func (e event) kind() event { return e & (1<<eventBits - 1) }

// index is that of the call in the pool, or the client's number.
func (e event) index() uint32 { return uint32(e >> eventBits) }

func (e event) isOf(generation uint32) bool {
	return uint32(e>>generationAt) == generation&generationMask
}

// happenings is the run in its role as the actor of what happens to calls.
type happenings run

func (a *happenings) Act(now time.Duration, data uint64) {
	r, e := (*run)(a), event(data)
	if e.ofClient() {
		r.clientActs(e)
		return
	}
	r.calls.at(e.index()).act(now, e)
}

// Foresee has the memory bring a call's lines before they are needed.
func (a *happenings) Foresee(data uint64) {
	if e := event(data); !e.ofClient() {
		a.calls.touch(e.index())
	}
}

// clientAt schedules what happens to a client of a closed load, in this life of it.
func (r *run) clientAt(t time.Duration, kind event, client uint64) {
	r.loop.Post(t, uint64(newEvent(kind, uint32(client), r.lives.of(client))))
}

// after is at, in d from now.
func (c *call) after(d time.Duration, kind event) { c.at(sim.Add(c.run.moment(), d), kind) }

func (c *call) event(kind event) event { return newEvent(kind, c.index, c.generation) }
