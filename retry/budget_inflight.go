package retry

import (
	"fmt"
	"sync/atomic"
	"time"
)

// InFlight bounds the retries in flight by a share of the calls in flight, as
// Envoy's retry budget does: a retry is paid for as long as fewer are in flight
// than max(⌊Share·calls⌋, Min) (envoy, source/common/upstream/
// resource_manager_impl.h; its defaults are 20 % and 3). A retry is in flight
// from the decision to make it until its attempt has returned, its delay
// included. Envoy counts its upstream requests where this counts calls, which
// are in flight while they wait, too.
//
// It is plain data; the zero value is no budget. It looks at no rate: where
// attempts fail fast, few are in flight, and Min retries at a time can be a
// great many in a second. A Share of 0 is Envoy's older max_retries.
type InFlight struct {
	Share float64 // of the calls in flight, 0 to 1
	Min   int     // retries that are always allowed, 0 to 10^6
}

// String describes the budget, as in "20% of the calls in flight, at least 3".
func (f InFlight) String() string {
	return fmt.Sprintf("%s of the calls in flight, at least %d", percent(f.Share), f.Min)
}

func (f *InFlight) check(c *check) {
	c.within(f.Share, 0, 1, "budget.in_flight.share")
	c.that(f.Min >= 0 && f.Min <= 1e6, "budget.in_flight.min", "is %d, want 0 to 1000000", f.Min)
}

// InFlightBudget is the state of an [InFlight]. It is safe for concurrent use
// and takes no lock. Both its counts are in one word, so that no interleaving
// lets a retry more through than the bound allows.
type InFlightBudget struct {
	plan   InFlight
	counts atomic.Uint64 // calls << 32 | retries
}

// NewInFlight returns a budget that nothing has been charged to, or a
// [*PolicyError] with every problem of f.
func NewInFlight(f InFlight) (*InFlightBudget, error) {
	var c check
	if f.check(&c); len(c) > 0 {
		return nil, c.err("")
	}
	return newInFlightBudget(f), nil
}

func newInFlightBudget(f InFlight) *InFlightBudget { return &InFlightBudget{plan: f} }

// Calls returns how many calls are in flight, and how many retries.
func (b *InFlightBudget) Calls() (calls, retries int) {
	n := b.counts.Load()
	return int(n >> 32), int(uint32(n))
}

// Charge implements [Budget]. Its tokens are the retries that may still begin.
func (b *InFlightBudget) Charge(time.Time, Class) Receipt {
	for {
		n := b.counts.Load()
		left := b.limit(int(n>>32)) - int(uint32(n))
		if left <= 0 {
			return Receipt{Cost: 1}
		}
		if b.counts.CompareAndSwap(n, n+1) {
			return Receipt{Paid: true, Cost: 1, Tokens: left - 1}
		}
	}
}

// Succeeded implements [Budget]. It does nothing: what was taken is given back
// by RetryEnded.
func (b *InFlightBudget) Succeeded(time.Time, int) {}

// CallBegan implements [CallBudget].
func (b *InFlightBudget) CallBegan(time.Time) { b.counts.Add(1 << 32) }

// CallEnded implements [CallBudget].
func (b *InFlightBudget) CallEnded(time.Time) { b.counts.Add(^uint64(1<<32 - 1)) }

// RetryEnded implements [CallBudget].
func (b *InFlightBudget) RetryEnded(time.Time) { b.counts.Add(^uint64(0)) }

func (b *InFlightBudget) limit(calls int) int {
	return max(int(b.plan.Share*float64(calls)), b.plan.Min)
}
