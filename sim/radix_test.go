package sim

import (
	"math/bits"
	"time"
)

// radix is the radix heap of one level (Ahuja, Mehlhorn, Orlin, Tarjan, JACM 37(2), 1990),
// whose digits are bits: an event lies in the bucket whose number is that of the highest bit
// in which its time differs from the base's.
type radix struct {
	base     uint64
	n, taken int // taken: events of bucket 0 that are gone
	occupied uint64
	buckets  [64][]event
}

func (q *radix) push(at time.Duration, word uint64) {
	q.n++
	q.put(event{uint64(at), word})
}

func (q *radix) put(e event) {
	i := bits.Len64(e.at^q.base) & 63
	q.buckets[i] = append(q.buckets[i], e)
	q.occupied |= 1 << i
}

func (q *radix) pop() (at time.Duration, word uint64, ok bool) {
	if q.n == 0 {
		return 0, 0, false
	}
	if q.occupied&1 == 0 {
		i := bits.TrailingZeros64(q.occupied) & 63
		all := q.buckets[i]
		q.base = all[0].at
		for _, e := range all {
			q.base = min(q.base, e.at)
		}
		q.occupied &^= 1 << i
		for _, e := range all {
			q.put(e)
		}
		q.buckets[i] = all[:0]
	}
	q.n--
	e := q.buckets[0][q.taken]
	if q.taken++; q.taken == len(q.buckets[0]) {
		q.buckets[0], q.taken, q.occupied = q.buckets[0][:0], 0, q.occupied&^1
	}
	return time.Duration(e.at), e.word, true
}
