package breaker

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// leases are the probes in flight of one half-open phase, and how long they may
// take. Changes are made with gate.mu held, due is for everybody.
type leases struct {
	open  []lease
	keys  uint64
	first atomic.Int64 // when the first one ends, less math.MaxInt64: so that zero is never
}

// lease is the time of one probe.
type lease struct {
	key  uint64
	ends time.Duration // from gate.base; the last instant that the probe has
}

// due returns the last instant, from gate.base, at which no lease has run out.
func (l *leases) due() time.Duration {
	return time.Duration(l.first.Load() + math.MaxInt64)
}

// add returns the key of a new lease.
func (l *leases) add(ends time.Duration) uint64 {
	l.keys++
	l.open = append(l.open, lease{l.keys, ends})
	l.publish()
	return l.keys
}

// remove ends a lease, and tells whether there was one.
func (l *leases) remove(key uint64) bool {
	n := len(l.open)
	l.open = slices.DeleteFunc(l.open, func(x lease) bool { return x.key == key })
	l.publish()
	return len(l.open) < n
}

// removeFirst ends the lease that is due first.
func (l *leases) removeFirst() {
	due := l.due()
	i := slices.IndexFunc(l.open, func(x lease) bool { return x.ends == due })
	l.open = slices.Delete(l.open, i, i+1)
	l.publish()
}

// publish sets what due returns. There are as many leases as probes at most, and
// two that begin in turn may have read the clock the other way around.
func (l *leases) publish() {
	first := time.Duration(math.MaxInt64)
	for _, x := range l.open {
		first = min(first, x.ends)
	}
	l.first.Store(int64(first - math.MaxInt64))
}
