package sim

import (
	"math"
	"math/bits"
	"time"
)

// heap4 is the best heap that we know how to write, and was this package's queue: a
// 4-ary one of keys of two words, four of which fill a cache line. What an event carries
// lies apart, in cells that do not move.
type heap4 struct {
	keys  []group // the heap, from index root on
	last  int     // index of its last key; below root: none
	hole  bool    // the key at root has been popped and its place not been filled
	cells []cell4
	free  uint64 // first free cell + 1; 0: none
	seq   uint64 // of the next event
}

// key orders an event: by time, then by sequence, which is unique, so that
// the slot in the low bits never decides.
type key struct {
	at    uint64 // a time.Duration, never negative
	order uint64 // sequence << cellBits | cell
}

// cell4 is what an event carries; in a free one, the next free cell + 1.
type cell4 uint64

// group is four siblings: a cache line. Places behind the last key hold
// vacant, so that a group can always be searched whole.
type group [arity]key

const (
	arity    = 4
	root     = arity - 1 // so that siblings share a group
	cellBits = 24        // 16 million pending events, and 2^40 sequence numbers
)

// vacant comes after every event.
var vacant = key{at: math.MaxUint64, order: math.MaxUint64}

// before returns 1 if k comes before o, else 0: a subtraction of two words
// and no branch, for which of two keys is the lesser nobody can predict.
func (k *key) before(o *key) uint {
	_, borrow := bits.Sub64(k.order, o.order, 0)
	_, borrow = bits.Sub64(k.at, o.at, borrow)
	return uint(borrow)
}

func (q *heap4) len() int {
	n := max(q.last-root+1, 0)
	if q.hole {
		n--
	}
	return n
}

func (q *heap4) peek() (time.Duration, bool) {
	q.fill()
	if q.last < root {
		return 0, false
	}
	return time.Duration(q.keys[0][root].at), true
}

func (q *heap4) push(at time.Duration, word uint64) {
	k := key{at: uint64(at), order: q.order(word)}
	if q.hole {
		q.hole = false
		q.up(sink(q.keys), k)
		return
	}
	q.last = max(q.last, root-1) + 1
	if q.last/arity == len(q.keys) {
		q.keys = append(q.keys, group{vacant, vacant, vacant, vacant})
	}
	q.up(q.last, k)
}

// pop takes out the next event; ok is false if there is none. Its place at the
// root stays empty for now: most events schedule another one, which then
// takes the place, and the heap is put in order once instead of twice.
func (q *heap4) pop() (at time.Duration, word uint64, ok bool) {
	q.fill()
	if q.last < root {
		return 0, 0, false
	}
	q.hole = true
	k := q.keys[0][root]
	i := k.order & (1<<cellBits - 1)
	word = uint64(q.cells[i])
	q.cells[i] = cell4(q.free)
	q.free = i + 1
	return time.Duration(k.at), word, true
}

// fill moves the last key into the place that pop left.
func (q *heap4) fill() {
	if !q.hole {
		return
	}
	q.hole = false
	end := &q.keys[q.last/arity][q.last%arity]
	moved := *end
	*end = vacant
	if q.last%arity == 0 {
		q.keys = q.keys[:q.last/arity]
	}
	q.last--
	if q.last >= root {
		q.up(sink(q.keys), moved)
	}
}

// order puts an event into a cell and returns the second word of its key.
func (q *heap4) order(word uint64) uint64 {
	var i uint64
	if q.free != 0 {
		i = q.free - 1
		q.free = uint64(q.cells[i])
		q.cells[i] = cell4(word)
	} else {
		i = uint64(len(q.cells))
		q.cells = append(q.cells, cell4(word))
	}
	order := q.seq<<cellBits | i
	q.seq++
	return order
}

// up puts k, whose place is the hole at i, where it belongs on the way to the
// root.
func (q *heap4) up(i int, k key) {
	for i > root {
		parent := i/arity + root - 1
		p := &q.keys[parent/arity][parent%arity]
		if k.before(p) == 0 {
			break
		}
		q.keys[i/arity][i%arity] = *p
		i = parent
	}
	q.keys[i/arity][i%arity] = k
}

// sink moves the hole at the root to the bottom, along the least children,
// and returns where it has come to. The key that fills it belongs there most
// often, as it is far in the future or comes from there, so not comparing it
// on the way down saves one comparison in four (Wegener, "Bottom-up heapsort",
// 1993).
func sink(keys []group) int {
	i := uint(root)
	for g := uint(1); g < uint(len(keys)); g = i - root + 1 {
		c := &keys[g]
		a := c[1].before(&c[0])
		b := 2 + c[3].before(&c[2])
		a ^= (a ^ b) & -c[b%arity].before(&c[a%arity])
		keys[i/arity][i%arity] = c[a%arity]
		i = g*arity + a
	}
	return int(i)
}
