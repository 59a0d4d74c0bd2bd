package sim

import (
	"math/bits"
	"time"
)

// queue holds the pending events, the next one first; those of one moment in the order
// in which they came. The zero value is an empty queue.
//
// It is a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster algorithms for the
// shortest path problem", JACM 37(2), 1990) of two levels, as they call one whose digits
// are larger than a bit, with a sorted front. A radix heap makes use of the fact that time
// never goes back: of the digits of an event's time, it looks at the first that is not that
// of a base, which no event is before. The place of the digit and its value name the slot in
// which the event lies. So the next events are those of the lowest slot that is not empty.
// Where they are few they are sorted, and become the front: the rest of the way down would
// cost more. Where they are many, the beginning of the slot becomes the base, and they are
// spread over the slots of lower digits. Events of one moment are always in one place, and
// stay in their order.
//
// With digits of six bits one word tells which slots of a place are occupied, and an event
// is moved twice or three times, always from one run of memory to the end of another, where
// a heap goes up and down through all of its memory: see BenchmarkQueues for the numbers.
type queue struct {
	base  uint64 // no event of a slot is before it
	edge  uint64 // the events before it are the front's; base where there is no front
	last  uint64 // time of the last event that was taken out
	least uint64 // (known) time of the next event that is neither in the front nor of the moment
	known bool
	n     int

	head, tail int // of the front's events
	front      [frontSize]event

	moment *slot // all of its events are of the base, and come next where there is no front; nil: none
	taken  int   // events of its first chunk that are gone

	soon   Foreseer // is told of events that are among the next; nil: nobody
	others *roster  // of the events that are not soon's; nil: there are none

	places   uint16         // bit i: a slot of place i is occupied
	occupied [places]uint64 // bit d of i: slot d of place i is
	free     *chunk
	slots    [places * 64]slot
}

const (
	digit  = 6                        // bits of one
	places = (63 + digit - 1) / digit // of digits in a time

	// A slot of up to frontMost events becomes the front, which has room for frontSize,
	// a power of two.
	frontMost = 8
	frontSize = 16
)

// event is one that is to come. Who receives it is for the loop to say: a queue without
// pointers is copied and left at no cost to the garbage collector.
type event struct{ at, word uint64 }

// slot is a list of events, in chunks that all slots share: what a burst has filled,
// the next one finds again, wherever it falls.
type slot struct {
	first, final *chunk
	n            int // events of the last chunk; all others are full
}

// chunk is 248 bytes.
type chunk struct {
	next   *chunk
	events [chunkSize]event
}

const chunkSize = 15

// of are the events of one of the slot's chunks.
func (s *slot) of(c *chunk) []event {
	if c == s.final {
		return c.events[:s.n]
	}
	return c.events[:]
}

func (q *queue) len() int { return q.n }

// peek returns when the next event is due; false if there is none. It leaves all as it
// is, since events before that may still come.
func (q *queue) peek() (time.Duration, bool) {
	switch {
	case q.head < q.tail:
		return time.Duration(q.front[q.head&(frontSize-1)].at), true
	case q.moment != nil:
		return time.Duration(q.base), true
	case q.n == 0:
		return 0, false
	}
	return time.Duration(q.next()), true
}

// due reports whether the next event, which is in a slot, is due by then. It need not
// find the event for that, and leaves all as it is.
func (q *queue) due(by time.Duration) bool {
	if by < 0 {
		return false
	}
	if _, place, d := q.lowest(); q.begin(place, d)+1<<(digit*place%64)-1 <= uint64(by) {
		return true
	}
	return q.next() <= uint64(by)
}

// begin is where the time of a slot begins.
func (q *queue) begin(place, d uint) uint64 {
	width := digit * place % 64
	return (q.base>>width&^63 | uint64(d)) << width
}

// next returns the time of the next event where neither the front nor the moment has one,
// and a slot has.
func (q *queue) next() uint64 {
	if q.known {
		return q.least
	}
	least := ^uint64(0)
	s, _, _ := q.lowest()
	for c := s.first; c != nil; c = c.next {
		for _, e := range s.of(c) {
			least = min(least, e.at)
		}
	}
	q.least, q.known = least, true
	return least
}

// lowest returns the slot of the next events, its place and its digit.
func (q *queue) lowest() (s *slot, place, d uint) {
	place = uint(bits.TrailingZeros16(q.places)) % places
	d = uint(bits.TrailingZeros64(q.occupied[place])) % 64
	return &q.slots[place*64+d], place, d
}

// push adds an event, which is not due before the last one that was taken out.
func (q *queue) push(at time.Duration, word uint64) {
	q.n++
	e := event{uint64(at), word}
	if e.at < q.edge && q.insert(e) {
		return
	}
	q.least = min(q.least, e.at)
	q.put(e)
}

// insert puts an event into the front; false if there is no room, and no front any more.
func (q *queue) insert(e event) bool {
	if q.head > 0 && e.at < q.front[q.head&(frontSize-1)].at { // the next: what it was scheduled by has just left a place
		q.head--
		q.front[q.head&(frontSize-1)] = e
		return true
	}
	if q.tail == frontSize {
		if q.head == 0 {
			q.dissolve()
			return false
		}
		q.tail = copy(q.front[:], q.front[q.head:])
		q.head = 0
	}
	i := q.tail
	for i > q.head && q.front[(i-1)&(frontSize-1)].at > e.at {
		q.front[i&(frontSize-1)] = q.front[(i-1)&(frontSize-1)]
		i--
	}
	q.front[i&(frontSize-1)] = e
	q.tail++
	return true
}

// dissolve gives the front's events to the slots. None of the others changes its own:
// seen from them, the last event and the base have the same digits.
func (q *queue) dissolve() {
	q.base, q.edge, q.known = q.last, q.last, false
	for _, e := range q.front[q.head:q.tail] {
		q.put(e)
	}
	q.head, q.tail = 0, 0
}

// put adds an event to its slot.
func (q *queue) put(e event) {
	// The first bit in which it differs from the base; the division by six is one by 256/43,
	// which is the same up to 63.
	place := uint(bits.Len64((e.at^q.base)|1)-1) * 43 >> 8
	d := e.at >> (digit * place % 64) % 64
	s := &q.slots[place*64+uint(d)]
	i := s.n
	if i == 0 || i == chunkSize {
		q.grow(s, place, uint(d))
		i = 0
	}
	s.final.events[i] = e
	s.n = i + 1
}

// grow puts an empty chunk at the end of a slot.
func (q *queue) grow(s *slot, place, d uint) {
	c := q.free
	if c == nil {
		c = q.more()
	}
	q.free, c.next = c.next, nil
	if s.final == nil {
		s.first = c
		q.occupied[place] |= 1 << d
		q.places |= 1 << place
	} else {
		s.final.next = c
	}
	s.final = c
}

// more returns the first of a list of new chunks.
func (q *queue) more() *chunk {
	const page = 32
	chunks := new([page]chunk)
	for i := range chunks[:page-1] {
		chunks[i].next = &chunks[i+1]
	}
	return &chunks[0]
}

// pop takes out the next event; ok is false if there is none that is due by then.
func (q *queue) pop(by time.Duration) (at time.Duration, word uint64, ok bool) {
	if q.head == q.tail && q.moment == nil {
		if q.n == 0 || !q.due(by) {
			return 0, 0, false
		}
		q.advance()
	}
	if q.head < q.tail {
		e := q.front[q.head&(frontSize-1)]
		if time.Duration(e.at) > by {
			return 0, 0, false
		}
		q.head++
		q.n--
		q.last = e.at
		return time.Duration(e.at), e.word, true
	}
	if time.Duration(q.base) > by {
		return 0, 0, false
	}
	q.n--
	q.last = q.base
	c := q.moment.first
	word = c.events[q.taken].word
	if q.taken++; q.taken == len(q.moment.of(c)) {
		q.drop(c)
	}
	return time.Duration(q.base), word, true
}

// drop takes the first chunk, of which all is gone, from the moment.
func (q *queue) drop(c *chunk) {
	q.taken = 0
	if q.moment.first = c.next; c.next == nil {
		q.leave(q.moment, 0, uint(q.base%64))
		q.moment = nil
	}
	q.release(c)
}

// leave empties a slot.
func (q *queue) leave(s *slot, place, d uint) {
	*s = slot{}
	if q.occupied[place] &^= 1 << d; q.occupied[place] == 0 {
		q.places &^= 1 << place
	}
}

// release keeps a chunk for another slot.
func (q *queue) release(c *chunk) {
	c.next = q.free
	q.free = c
}

// advance goes on to the next events, where neither the front nor the moment has any, so
// that one of the two has.
func (q *queue) advance() {
	q.known = false
	for {
		s, place, d := q.lowest()
		c, begin := s.first, q.begin(place, d)
		if q.n >= foretoldFrom {
			q.foretell(s)
		}
		if c == s.final && s.n <= frontMost {
			q.edge = begin + 1<<(digit*place%64)
			for _, e := range c.events[:s.n] {
				q.insert(e)
			}
			q.leave(s, place, d)
			q.release(c)
			return
		}
		q.base, q.edge = begin, begin
		if place == 0 {
			q.moment = s
			return
		}
		for c != nil {
			for _, e := range s.of(c) {
				q.put(e) // into a slot of a lower place
			}
			next := c.next
			q.release(c)
			c = next
		}
		q.leave(s, place, d)
	}
}

// foretell tells of the events of a slot that are the next ones, if they are not too many
// for a processor's cache to hold what they need.
func (q *queue) foretell(s *slot) {
	n := 0
	for c := s.first; c != nil; c = c.next {
		if n += chunkSize; n > foretold {
			return
		}
	}
	for c := s.first; c != nil; c = c.next {
		for _, e := range s.of(c) {
			switch {
			case e.word >= otherActor:
				if q.others != nil {
					q.others.touch(e.word &^ otherActor)
				}
			case q.soon != nil:
				q.soon.Foresee(e.word)
			}
		}
	}
}

// Events are foretold where so many are pending that what they are about is not in a
// processor's cache anyway, and so many at once as fit in.
const (
	foretoldFrom = 1 << 13
	foretold     = 16 * chunkSize
)
