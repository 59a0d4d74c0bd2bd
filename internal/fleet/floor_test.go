//go:build unix

package fleet

import (
	"testing"
	"time"

	"github.com/squall-sim/squall/sim"
)

// held is a set of pending events, in the hold model (Jones, CACM 29(4), 1986): each event
// is followed by another, after an exponential gap.
type held interface {
	push(data uint64) // an event after the next gap
	step()            // the next event
}

// bare is how long a processor takes for so many events and nothing else, with so many
// pending.
func bare(b *testing.B, h held, pending int, events uint64) time.Duration {
	for i := range pending {
		h.push(uint64(i))
	}
	for range pending {
		h.step()
	}
	used := processor(b)
	for range events {
		h.step()
	}
	return processor(b) - used
}

// gaps are exponential, one after the other.
type gaps struct {
	list [1 << 12]time.Duration
	next int
}

func newGaps() *gaps {
	g := new(gaps)
	d, _ := sim.Dist{Kind: sim.Exponential, Mean: time.Second}.Sampler()
	draws := sim.NewStream(1, "gaps")
	for i := range g.list {
		g.list[i] = d.Sample(draws.Float64(uint64(i), 0, 0))
	}
	return g
}

func (g *gaps) draw() time.Duration {
	g.next++
	return g.list[g.next%len(g.list)]
}

// heldLoop is the event loop.
type heldLoop struct {
	*sim.Loop
	*gaps
}

func newHeldLoop() held {
	h := &heldLoop{gaps: newGaps()}
	h.Loop = sim.NewLoopFor(h)
	return h
}

func (h *heldLoop) Act(now time.Duration, data uint64) { h.Post(now+h.draw(), data) }
func (h *heldLoop) push(data uint64)                   { h.Post(h.draw(), data) }
func (h *heldLoop) step()                              { h.Step() }

// heldHeap is a 4-ary heap by time and sequence, as the textbook has it.
type heldHeap struct {
	*gaps
	events []heldEvent
	seq    uint64
}

type heldEvent struct {
	at        time.Duration
	seq, data uint64
}

func newHeldHeap() held { return &heldHeap{gaps: newGaps()} }

func (e *heldEvent) before(o *heldEvent) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

func (h *heldHeap) push(data uint64) { h.add(h.draw(), data) }

func (h *heldHeap) step() {
	e := h.remove()
	h.add(e.at+h.draw(), e.data)
}

func (h *heldHeap) add(at time.Duration, data uint64) {
	h.seq++
	e := heldEvent{at, h.seq, data}
	i := len(h.events)
	h.events = append(h.events, e)
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&h.events[parent]) {
			break
		}
		h.events[i], i = h.events[parent], parent
	}
	h.events[i] = e
}

func (h *heldHeap) remove() heldEvent {
	top, last := h.events[0], h.events[len(h.events)-1]
	h.events = h.events[:len(h.events)-1]
	n, i := len(h.events), 0
	for first := 1; first < n; first = 4*i + 1 {
		least := first
		for child := first + 1; child < min(first+4, n); child++ {
			if h.events[child].before(&h.events[least]) {
				least = child
			}
		}
		if !h.events[least].before(&last) {
			break
		}
		h.events[i], i = h.events[least], least
	}
	if n > 0 {
		h.events[i] = last
	}
	return top
}

// The heap keeps the order of time and sequence, as the loop does.
func TestHeldHeapIsAHeap(t *testing.T) {
	h := newHeldHeap().(*heldHeap)
	for i := range uint64(100) {
		h.push(i)
	}
	var last heldEvent
	for range 10_000 {
		e := h.remove()
		if e.before(&last) {
			t.Fatalf("%+v came after %+v", e, last)
		}
		last = e
		h.add(e.at+h.draw(), e.data)
	}
}
