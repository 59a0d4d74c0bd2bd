package sim

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
)

// queue holds the pending events, the next one first.
//
// It is a 4-ary heap of keys of two words, four of which fill a cache line.
// What an event carries lies apart, in slots that do not move: moving
// pointers would cost a write barrier each whenever the garbage collector is
// at work. The zero value is an empty queue.
type queue struct {
	keys  []key
	slots []slot
	free  uint64 // first free slot + 1; 0: none
	width uint   // bits of a key's order that name the slot
	seq   uint64 // of the next event
}

// key orders an event: by time, then by sequence, which is unique, so that
// the slot in the low bits never decides.
type key struct {
	at    uint64 // a time.Duration, never negative
	order uint64 // sequence << width | slot
}

// slot is what an event carries. In a free slot data is the next free slot +
// 1.
type slot struct {
	actor Actor
	data  uint64
}

const (
	arity    = 4
	minWidth = 20 // 2^20 pending events and 2^44 sequence numbers before the first repack
)

func (k key) before(o key) bool {
	// One subtraction of two words, without a branch to mispredict.
	_, borrow := bits.Sub64(k.order, o.order, 0)
	_, borrow = bits.Sub64(k.at, o.at, borrow)
	return borrow != 0
}

func (q *queue) len() int { return len(q.keys) }

func (q *queue) peek() (time.Duration, bool) {
	if len(q.keys) == 0 {
		return 0, false
	}
	return time.Duration(q.keys[0].at), true
}

func (q *queue) push(at time.Duration, a Actor, data uint64) {
	k := key{at: uint64(at), order: q.order(a, data)}
	q.keys = append(q.keys, k)
	q.up(len(q.keys)-1, k)
}

func (q *queue) pop() (time.Duration, Actor, uint64) {
	k := q.keys[0]
	last := len(q.keys) - 1
	moved := q.keys[last]
	q.keys = q.keys[:last]
	if last > 0 {
		q.down(moved)
	}
	return q.take(k)
}

// take empties the slot of k.
func (q *queue) take(k key) (time.Duration, Actor, uint64) {
	i := k.order & (1<<q.width - 1)
	s := &q.slots[i]
	a, data := s.actor, s.data
	s.actor, s.data = nil, q.free
	q.free = i + 1
	return time.Duration(k.at), a, data
}

// order puts an event into a slot and returns the second word of its key.
func (q *queue) order(a Actor, data uint64) uint64 {
	if q.free == 0 && len(q.slots)>>q.width != 0 || q.seq >= 1<<(64-q.width) || q.width == 0 {
		q.repack()
	}
	var i uint64
	if q.free != 0 {
		i = q.free - 1
		q.free = q.slots[i].data
		q.slots[i] = slot{a, data}
	} else {
		i = uint64(len(q.slots))
		q.slots = append(q.slots, slot{a, data})
	}
	order := q.seq<<q.width | i
	q.seq++
	return order
}

// repack numbers the pending events afresh and makes room for more slots: it
// is called when sequence numbers or slot numbers run out of bits. The order
// of events stays the same, and so the heap stays one.
func (q *queue) repack() {
	width := max(q.width, minWidth)
	for len(q.slots)>>width != 0 {
		width++
	}
	bySeq := make([]*key, len(q.keys))
	for i := range q.keys {
		bySeq[i] = &q.keys[i]
	}
	slices.SortFunc(bySeq, func(a, b *key) int { return cmp.Compare(a.order, b.order) })
	mask := uint64(1)<<q.width - 1
	for seq, k := range bySeq {
		k.order = uint64(seq)<<width | k.order&mask
	}
	q.width, q.seq = width, uint64(len(bySeq))
}

// up puts k, whose place is the hole at i, where it belongs on the way to the
// root.
func (q *queue) up(i int, k key) {
	keys := q.keys
	for i > 0 {
		parent := (i - 1) / arity
		if !k.before(keys[parent]) {
			break
		}
		keys[i] = keys[parent]
		i = parent
	}
	keys[i] = k
}

// down fills the hole at the root with k. The hole first sinks to the
// bottom, where k most often belongs as it comes from there; this saves one
// comparison in four (Wegener, "Bottom-up heapsort", 1993).
func (q *queue) down(k key) {
	keys := q.keys
	i := 0
	for {
		child := i*arity + 1
		if child+arity > len(keys) {
			break
		}
		c := keys[child : child+arity : child+arity]
		a, b := 0, 2
		if c[1].before(c[0]) {
			a = 1
		}
		if c[3].before(c[2]) {
			b = 3
		}
		if c[b].before(c[a]) {
			a = b
		}
		keys[i] = c[a]
		i = child + a
	}
	if child := i*arity + 1; child < len(keys) {
		least := child
		for j := child + 1; j < len(keys); j++ {
			if keys[j].before(keys[least]) {
				least = j
			}
		}
		keys[i] = keys[least]
		i = least
	}
	q.up(i, k)
}
