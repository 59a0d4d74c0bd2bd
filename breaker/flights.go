package breaker

import (
	"sync"
	"sync/atomic"
	"time"
)

// flights are the calls in flight, in the order in which they began: so those that
// are overdue are the first, and a call that begins or ends costs the same however
// many there are. It is safe for concurrent use.
type flights struct {
	mu      sync.Mutex
	calls   []flight // linked by index; 0 is the anchor of both lists
	free    int32    // a list of those that are not used, by next
	young   int32    // the first that is not known to be overdue; 0: none
	overdue uint64
	count   atomic.Int64 // for a look without the lock
}

type flight struct {
	start      time.Duration // from gate.base
	prev, next int32
	overdue    bool
}

func newFlights() *flights { return &flights{calls: make([]flight, 1, 8)} }

// begin returns the key of a call that begins now. The clock is read under the lock,
// so that the order is that of time.
func (f *flights) begin(clock func() time.Duration) int32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := f.free
	if key == 0 {
		key = int32(len(f.calls))
		f.calls = append(f.calls, flight{})
	} else {
		f.free = f.calls[key].next
	}
	last := f.calls[0].prev
	f.calls[key] = flight{start: clock(), prev: last}
	f.calls[last].next, f.calls[0].prev = key, key
	f.count.Add(1)
	if f.young == 0 {
		f.young = key
	}
	return key
}

// end takes a call out, and returns when it began, and how many are then in flight
// that began before since is back from now.
func (f *flights) end(key int32, now, since time.Duration) (start time.Duration, late uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count.Add(-1)
	c := f.calls[key]
	f.calls[c.prev].next, f.calls[c.next].prev = c.next, c.prev
	if f.young == key {
		f.young = c.next
	}
	if c.overdue {
		f.overdue--
	}
	f.calls[key].next, f.free = f.free, key
	return c.start, f.pass(now - since)
}

// late returns how many calls in flight began before t.
func (f *flights) late(t time.Duration) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pass(t)
}

// newest returns when the last of them began, and whether there is one.
func (f *flights) newest(t time.Duration) (start time.Duration, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass(t)
	last := f.calls[f.young].prev // where none is young, the anchor's: the last of all
	return f.calls[last].start, last != 0
}

// pass is late with mu held.
func (f *flights) pass(t time.Duration) uint64 {
	for f.young != 0 && f.calls[f.young].start < t {
		f.calls[f.young].overdue = true
		f.overdue++
		f.young = f.calls[f.young].next
	}
	return f.overdue
}
