package sim

import (
	"math/bits"
	"time"
)

// queue holds the pending events, the next one first; those of one moment in the order
// in which they came. The zero value is an empty queue.
//
// It is a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster algorithms for the
// shortest path problem", JACM 37(2), 1990) with a sorted front. A radix heap makes use of
// the fact that time never goes back: an event lies in the bucket whose number is that of
// the highest bit in which its time differs from a base (bucket 0: no bit), which none of
// them is before. So the next events are those of the lowest bucket that is not empty.
// Where they are few they are sorted, and become the front: the rest of the way down, one
// bit at a time, would cost more. Where they are many, the earliest becomes the base, and
// they are spread over the buckets below. Events of one moment are always in one place, and
// stay in their order.
//
// An event is moved a few times at most, and always from one run of memory to the end
// of another, where a heap goes up and down through all of its memory: see BenchmarkQueues
// for the numbers.
type queue struct {
	base     uint64 // no event of a bucket is before it
	edge     uint64 // the events before it are the front's; base where there is no front
	last     uint64 // time of the last event that was taken out
	least    uint64 // (known) time of the next event that is neither in the front nor in bucket 0
	known    bool
	plain    bool // without a front: a radix heap and nothing else, to be measured against
	n        int
	taken    int    // events of bucket 0's first chunk that are gone
	occupied uint64 // bit i: bucket i is not empty
	free     *chunk
	buckets  [64]bucket

	head, tail int // of the front's events
	front      [frontSize]event
}

// A bucket of up to frontMost events becomes the front, which has room for frontSize.
const (
	frontMost = 16
	frontSize = 32
)

// bucket is a list of events, in chunks that all buckets share: what a burst has
// filled, the next one finds again, wherever it falls.
type bucket struct{ first, final *chunk }

// chunk is 2 KiB.
type chunk struct {
	next   *chunk
	n      int
	events [63]event
}

type event struct {
	at    uint64 // a time.Duration, never negative
	data  uint64
	actor Actor
}

func (q *queue) len() int { return q.n }

// peek returns when the next event is due; false if there is none. It leaves all as it
// is, since events before that may still come.
func (q *queue) peek() (time.Duration, bool) {
	switch {
	case q.head < q.tail:
		return time.Duration(q.front[q.head].at), true
	case q.occupied&1 != 0:
		return time.Duration(q.base), true
	case q.n == 0:
		return 0, false
	}
	return time.Duration(q.next()), true
}

// next returns the time of the next event where neither the front nor bucket 0 has one,
// and another bucket has.
func (q *queue) next() uint64 {
	if q.known {
		return q.least
	}
	least := ^uint64(0)
	for c := q.buckets[bits.TrailingZeros64(q.occupied)&63].first; c != nil; c = c.next {
		for i := range c.events[:c.n] {
			least = min(least, c.events[i].at)
		}
	}
	q.least, q.known = least, true
	return least
}

// push adds an event, which is not due before the last one that was taken out.
func (q *queue) push(at time.Duration, a Actor, data uint64) {
	q.n++
	e := event{at: uint64(at), data: data, actor: a}
	if e.at < q.edge && q.insert(&e) {
		return
	}
	if q.known && e.at < q.least && e.at != q.base {
		q.least = e.at
	}
	c, i := q.place(e.at)
	c.events[i] = e
}

// insert puts an event into the front; false if there is no room, and no front any more.
func (q *queue) insert(e *event) bool {
	if q.head > 0 && e.at < q.front[q.head].at { // it is the next: what it was scheduled by has just left a place
		q.head--
		q.front[q.head] = *e
		return true
	}
	if q.tail == len(q.front) {
		if q.head == 0 {
			q.dissolve()
			return false
		}
		q.tail = copy(q.front[:], q.front[q.head:])
		clear(q.front[q.tail:])
		q.head = 0
	}
	i := q.tail
	for i > q.head && q.front[i-1].at > e.at {
		q.front[i] = q.front[i-1]
		i--
	}
	q.front[i] = *e
	q.tail++
	return true
}

// dissolve gives the front's events to the buckets. None of the others changes its own:
// seen from them, the last event and the base are the same bits.
func (q *queue) dissolve() {
	q.base, q.edge, q.known = q.last, q.last, false
	for i := q.head; i < q.tail; i++ {
		c, j := q.place(q.front[i].at)
		c.events[j] = q.front[i]
	}
	clear(q.front[:])
	q.head, q.tail = 0, 0
}

// place returns where an event of that time goes.
func (q *queue) place(at uint64) (*chunk, int) {
	number := uint(bits.Len64(at^q.base)) & 63
	c := q.buckets[number].final
	if c == nil || c.n == len(c.events) {
		c = q.grow(number)
	}
	c.n++
	return c, c.n - 1
}

// grow puts an empty chunk at the end of a bucket.
func (q *queue) grow(number uint) *chunk {
	c := q.free
	if c == nil {
		c = new(chunk)
	} else {
		q.free, c.next = c.next, nil
	}
	b := &q.buckets[number]
	if b.final == nil {
		b.first = c
	} else {
		b.final.next = c
	}
	b.final = c
	q.occupied |= 1 << number
	return c
}

// pop takes out the next event; ok is false if there is none.
func (q *queue) pop() (at time.Duration, a Actor, data uint64, ok bool) {
	if q.head == q.tail {
		if q.n == 0 {
			return 0, nil, 0, false
		}
		if q.occupied&1 == 0 {
			q.advance()
		}
	}
	q.n--
	if q.head < q.tail {
		e := &q.front[q.head]
		q.head++
		q.last = e.at
		a, data = e.actor, e.data
		e.actor = nil // the front must not keep it
		if q.head == q.tail {
			q.head, q.tail = 0, 0
		}
		return time.Duration(q.last), a, data, true
	}
	q.last = q.base
	c := q.buckets[0].first
	e := &c.events[q.taken]
	a, data = e.actor, e.data
	e.actor = nil
	if q.taken++; q.taken == c.n {
		q.drop(c)
	}
	return time.Duration(q.last), a, data, true
}

// drop takes the first chunk, of which all is gone, from bucket 0.
func (q *queue) drop(c *chunk) {
	q.taken = 0
	b := &q.buckets[0]
	if b.first = c.next; b.first == nil {
		b.final = nil
		q.occupied &^= 1
	}
	q.release(c)
}

// release keeps a chunk, whose events hold no actor any more, for another bucket.
func (q *queue) release(c *chunk) {
	c.n, c.next = 0, q.free
	q.free = c
}

// advance goes on to the lowest bucket that is not empty, where neither the front nor
// bucket 0 has an event, so that one of the two has.
func (q *queue) advance() {
	number := bits.TrailingZeros64(q.occupied) & 63
	c := q.buckets[number].first
	few := c.next == nil && c.n <= frontMost && !q.plain
	if !few {
		q.base = q.next()
		q.edge = q.base
	}
	q.known = false
	q.buckets[number] = bucket{}
	q.occupied &^= 1 << number
	if few {
		q.edge = q.base | (1<<number - 1) + 1
		for i := range c.events[:c.n] {
			q.insert(&c.events[i])
		}
		clear(c.events[:c.n])
		q.release(c)
		return
	}
	for c != nil {
		for i := range c.events[:c.n] {
			e := &c.events[i]
			to, j := q.place(e.at)
			to.events[j] = *e
		}
		next := c.next
		clear(c.events[:c.n])
		q.release(c)
		c = next
	}
}
