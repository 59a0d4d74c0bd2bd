package sim

import (
	"math/bits"
	"time"
)

// queue holds the pending events, the next one first; those of one moment in the order
// in which they came. The zero value is an empty queue.
//
// It is a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster algorithms for the
// shortest path problem", JACM 37(2), 1990), which makes use of the fact that time
// never goes back: no event is due before the last one that was taken out. An event
// lies in the bucket whose number is that of the highest bit in which its time differs from
// that of the last one (bucket 0: no bit). So the next events are those of the lowest
// bucket that is not empty; when its turn comes, its events are spread over the buckets
// below. Events of one moment are always in the same bucket, and stay in their order.
//
// An event moves down a few times at most, and always from one run of memory to the end
// of another, where a heap goes up and down through all of its memory: see BenchmarkQueues
// for the numbers.
type queue struct {
	last     uint64 // time of the last event that was taken out
	least    uint64 // (known) time of the next event that is not in bucket 0
	known    bool
	n        int
	taken    int    // events of bucket 0's first chunk that are gone
	occupied uint64 // bit i: bucket i is not empty
	free     *chunk
	buckets  [64]bucket
}

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
	case q.n == 0:
		return 0, false
	case q.occupied&1 != 0:
		return time.Duration(q.last), true
	}
	return time.Duration(q.next()), true
}

// next returns the time of the next event where bucket 0 is empty and another is not.
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
	if q.known && uint64(at) < q.least && uint64(at) != q.last {
		q.least = uint64(at)
	}
	c, i := q.place(uint64(at))
	c.events[i] = event{at: uint64(at), data: data, actor: a}
}

// place returns where an event of that time goes.
func (q *queue) place(at uint64) (*chunk, int) {
	number := uint(bits.Len64(at^q.last)) & 63
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
	if q.n == 0 {
		return 0, nil, 0, false
	}
	if q.occupied&1 == 0 {
		q.advance()
	}
	q.n--
	c := q.buckets[0].first
	e := &c.events[q.taken]
	a, data = e.actor, e.data
	e.actor = nil // the chunk must not keep it
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

// advance goes on to the time of the next event: it spreads the lowest bucket that is
// not empty over those below, so that bucket 0 is not.
func (q *queue) advance() {
	q.last = q.next()
	q.known = false
	number := bits.TrailingZeros64(q.occupied) & 63
	c := q.buckets[number].first
	q.buckets[number] = bucket{}
	q.occupied &^= 1 << number
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
