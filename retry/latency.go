package retry

import (
	"math"
	"sort"
	"sync"
	"time"
)

const (
	latencyWindow = 128 // how many latencies are kept
	latencyFew    = 16  // how many it takes to speak of a quantile
)

// latencies keeps the last latencyWindow latencies, by arrival and by size, so
// that a quantile is a look-up and 2 KiB are enough: the numbers are exact, it
// forgets what a backend used to be like, and the same latencies in the same
// order give the same quantiles. It is safe for concurrent use.
type latencies struct {
	mu     sync.Mutex
	age    [latencyWindow]time.Duration // a ring, by arrival
	size   [latencyWindow]time.Duration // the first n, ascending
	n      int
	oldest int
}

func newLatencies() *latencies { return &latencies{} }

// observe adds a latency, in the place of the oldest one where there is no
// other place. One below 0, of a clock that went back, is 0.
func (l *latencies) observe(d time.Duration) {
	d = max(0, d)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n < latencyWindow {
		l.age[l.n] = d
		i := l.place(d)
		copy(l.size[i+1:l.n+1], l.size[i:l.n])
		l.size[i] = d
		l.n++
		return
	}
	gone := l.age[l.oldest]
	l.age[l.oldest] = d
	l.oldest = (l.oldest + 1) % latencyWindow
	from := l.place(gone)
	to := l.place(d)
	if from < to { // those between move into the gap
		to--
		copy(l.size[from:to], l.size[from+1:to+1])
	} else {
		copy(l.size[to+1:from+1], l.size[to:from])
	}
	l.size[to] = d
}

// place returns where d belongs among the latencies by size.
func (l *latencies) place(d time.Duration) int {
	return sort.Search(l.n, func(i int) bool { return l.size[i] >= d })
}

// quantile returns the smallest latency that a share of at least q does not
// exceed. ok is false if too few are known.
func (l *latencies) quantile(q float64) (d time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n < latencyFew {
		return 0, false
	}
	i := int(math.Ceil(q*float64(l.n))) - 1
	return l.size[min(max(i, 0), l.n-1)], true
}
