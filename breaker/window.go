package breaker

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// tally is what a rule sees of the calls in its window.
type tally struct {
	calls uint64
	bad   uint64
}

// and adds bad calls.
func (t tally) and(bad uint64) tally { return tally{t.calls + bad, t.bad + bad} }

// window keeps the calls that a rule looks at. It is safe for concurrent use.
type window interface {
	// add counts a call that began at start, from gate.base, and has ended. It
	// returns a number that the window has no more bad calls than.
	add(start time.Duration, bad bool) uint64
	// sum returns what is in the window.
	sum() tally
	// fresh is sum for who looks at now: without what is too old by then.
	fresh(now time.Duration) tally
}

// callWindow holds the last calls that ended.
type callWindow struct {
	mu   sync.Mutex
	bad  []bool // a ring
	next int    // where the next call goes
	sums tally
}

func newCallWindow(calls int) *callWindow { return &callWindow{bad: make([]bool, calls)} }

func (w *callWindow) add(_ time.Duration, bad bool) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	oldest := &w.bad[w.next]
	if w.sums.calls < uint64(len(w.bad)) {
		w.sums.calls++
	} else if *oldest {
		w.sums.bad--
	}
	if bad {
		w.sums.bad++
	}
	*oldest = bad
	if w.next++; w.next == len(w.bad) {
		w.next = 0
	}
	return w.sums.bad
}

func (w *callWindow) sum() tally {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sums
}

func (w *callWindow) fresh(time.Duration) tally { return w.sum() }

// timeWindow holds the calls that began in a span of time, in tenths of it. The span
// ends with the latest beginning of a call that has ended, so that the window needs
// to be told when calls began, and never what time it is: that, and that a call which
// ends in the tenth in which it began takes no lock, is most of what it costs.
type timeWindow struct {
	width time.Duration
	head  atomic.Pointer[tenth] // the newest
	bad   atomic.Uint64         // of all that are in the window, and perhaps of some that left it

	mu   sync.Mutex
	live []*tenth // by time, those that have calls; the last one is head
}

// tenth is a part of the window. One that has left it is not used again, so that a
// call which is just being counted there counts as having been counted before.
type tenth struct {
	number int64 // from gate.base
	from   time.Duration
	calls  atomic.Uint64
	bad    atomic.Uint64
}

func newTimeWindow(span time.Duration) *timeWindow {
	w := &timeWindow{width: span / tenths}
	if span%tenths > 0 {
		w.width++
	}
	t := new(tenth)
	w.live = append(make([]*tenth, 0, tenths), t)
	w.head.Store(t)
	return w
}

func (w *timeWindow) add(start time.Duration, bad bool) uint64 {
	t := w.head.Load()
	if start < t.from || start-t.from >= w.width {
		t = w.find(int64(start / w.width))
	}
	t.calls.Add(1)
	if !bad {
		return w.bad.Load()
	}
	t.bad.Add(1)
	return w.bad.Add(1)
}

// find returns the tenth of that number, and moves the window on to it if need be. A
// tenth that has left the window is its oldest.
func (w *timeWindow) find(number int64) *tenth {
	w.mu.Lock()
	defer w.mu.Unlock()
	number = max(number, w.head.Load().number-(tenths-1))
	i := len(w.live)
	for i > 0 && w.live[i-1].number > number {
		i--
	}
	if i > 0 && w.live[i-1].number == number {
		return w.live[i-1]
	}
	t := &tenth{number: number, from: time.Duration(number) * w.width}
	w.live = slices.Insert(w.live, i, t)
	if i == len(w.live)-1 {
		w.drop(number - (tenths - 1))
		w.head.Store(t)
	}
	return t
}

// drop ends what is older than the tenth of number oldest. mu is held.
func (w *timeWindow) drop(oldest int64) {
	gone := 0
	for w.live[gone].number < oldest {
		w.bad.Add(-w.live[gone].bad.Load())
		gone++
	}
	w.live = slices.Delete(w.live, 0, gone)
}

func (w *timeWindow) sum() tally { return w.since(0) }

func (w *timeWindow) fresh(now time.Duration) tally {
	return w.since(int64(now/w.width) - (tenths - 1))
}

// since sums the tenths from that number on.
func (w *timeWindow) since(number int64) tally {
	w.mu.Lock()
	defer w.mu.Unlock()
	var t tally
	for _, x := range w.live {
		if x.number < number {
			continue
		}
		t.bad += x.bad.Load() // first: a call that is just being counted is in calls before
		t.calls += x.calls.Load()
	}
	return t
}
