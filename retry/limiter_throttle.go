package retry

import (
	"sync"
	"time"
)

// AdaptiveThrottle is Google's client-side throttling (Site Reliability
// Engineering, 2016, chapter 21, "Handling Overload"): a client that has sent
// requests in the last two minutes of which accepts were accepted turns the
// next one away by itself with the probability
//
//	max(0, (requests − K·accepts) / (requests + 1))
//
// requests are those of the caller, turned away or not, so that the share that
// still goes out follows what the backend accepts: to a backend that accepts A
// a second, about K·A a second are sent, whatever the callers ask for. K is 2
// in the book: half of what is sent to a backend in overload is refused there,
// which is what tells clients at once when it is well again. Requests whose
// errors are of a class worth another attempt were not accepted; all else,
// errors included, was.
//
// It is safe for concurrent use; a lock is held for a few additions.
type AdaptiveThrottle struct {
	k     float64
	slice int64 // ns
	begin origin

	mu   sync.Mutex
	last int64 // number of the newest slice
	ring [throttleSlices]outcomes
	sum  outcomes
}

// throttleSlices is how many slices the history is kept in: it is accurate to
// a sixtieth.
const throttleSlices = 60

type outcomes struct{ requests, accepts int64 }

// NewAdaptiveThrottle returns a throttle with an empty history. k is how many
// requests are sent for each that is accepted, 1 to 100, window the history,
// 1 s to 1 h; zero means 2 and 2 minutes. The error is a [*PolicyError].
func NewAdaptiveThrottle(k float64, window time.Duration) (*AdaptiveThrottle, error) {
	p := Pace{Kind: PaceSRE, K: k, Window: window}
	var c check
	if p.check(&c); len(c) > 0 {
		return nil, c.err("")
	}
	return newAdaptiveThrottle(p.k(), p.window()), nil
}

func newAdaptiveThrottle(k float64, window time.Duration) *AdaptiveThrottle {
	return &AdaptiveThrottle{k: k, slice: int64(window) / throttleSlices}
}

// Acquire implements [Limiter]. It never asks to wait.
func (t *AdaptiveThrottle) Acquire(now time.Time, u float64) (time.Duration, bool) {
	at := t.begin.since(now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.roll(at)
	ok := u >= t.turnsAway()
	t.ring[t.last%throttleSlices].requests++
	t.sum.requests++
	return 0, ok
}

// Done implements [Limiter].
func (t *AdaptiveThrottle) Done(now time.Time, class Class) {
	if class.Retryable() {
		return
	}
	at := t.begin.since(now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.roll(at)
	t.ring[t.last%throttleSlices].accepts++
	t.sum.accepts++
}

// Rejects returns the probability that a request at now is turned away.
func (t *AdaptiveThrottle) Rejects(now time.Time) float64 {
	at := t.begin.since(now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.roll(at)
	return t.turnsAway()
}

func (t *AdaptiveThrottle) turnsAway() float64 {
	excess := float64(t.sum.requests) - float64(t.k*float64(t.sum.accepts))
	return max(0, excess) / float64(t.sum.requests+1)
}

// roll forgets the slices that are older than the window.
func (t *AdaptiveThrottle) roll(at int64) {
	now := at / t.slice
	for range min(now-t.last, throttleSlices) {
		t.last++
		old := &t.ring[t.last%throttleSlices]
		t.sum.requests -= old.requests
		t.sum.accepts -= old.accepts
		*old = outcomes{}
	}
	t.last = max(t.last, now)
}
