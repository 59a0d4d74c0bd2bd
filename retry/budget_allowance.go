package retry

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// Allowance is squall's retry budget: a bucket that successes and time refill.
// It is plain data; the zero value is no budget.
//
// Two laws hold for any span of T seconds in which the backend served S calls,
// under every interleaving of the clients:
//
//	it cannot amplify without limit  retries ≤ Capacity + Ratio·S + PerSecond·T
//	it cannot starve                 after 1/PerSecond seconds without a paid
//	                                 retry, the next one is paid
//
// In a full outage S is 0: the load beyond the first attempts is a constant
// trickle, however many calls come in. The AWS quota has the first law without
// the trickle, and lacks the second: once drained, it lets nothing be retried
// until so many calls have succeeded at once. Finagle's ratio has the second,
// but counts calls instead of successes, so that an outage earns retries, too.
type Allowance struct {
	// Capacity is how many retries can be saved up, 1 to 10^6. The bucket
	// begins full. It is the burst that a short fault may cost.
	Capacity int
	// Ratio is what each call that succeeds adds, in retries, 0 to 100: with
	// 0.1, ten successes pay for one retry.
	Ratio float64
	// PerSecond is how many retries time alone adds, each second, from 0.001
	// (one in 17 minutes) to 10^6.
	PerSecond float64
}

// String describes the budget, as in "100 saved, +0.1 a success, +1 a second".
func (a Allowance) String() string {
	return fmt.Sprintf("%d saved, +%v a success, +%v a second", a.Capacity, a.Ratio, a.PerSecond)
}

func (a *Allowance) check(c *check) {
	c.that(a.Capacity >= 1 && a.Capacity <= 1e6, "budget.allowance.capacity", "is %d, want 1 to 1000000", a.Capacity)
	c.within(a.Ratio, 0, 100, "budget.allowance.ratio")
	c.within(a.PerSecond, 0.001, 1e6, "budget.allowance.per_second")
}

// AllowanceBudget is the state of an [Allowance]. It is safe for concurrent
// use and takes no lock: what it holds is one number, the instant at which a
// bucket that only time refills would have been empty. Paying for a retry
// moves it forward, a success moves it back, and time passes by itself.
type AllowanceBudget struct {
	plan    Allowance
	retry   int64 // nanoseconds in which time alone adds one retry
	success int64 // nanoseconds of refilling that a success is worth
	full    int64 // nanoseconds in which time alone fills the bucket
	begin   origin
	empty   atomic.Int64 // ns since begin
}

// NewAllowance returns a full budget, or a [*PolicyError] with every problem
// of a.
func NewAllowance(a Allowance) (*AllowanceBudget, error) {
	var c check
	if a.check(&c); len(c) > 0 {
		return nil, c.err("")
	}
	return newAllowanceBudget(a), nil
}

func newAllowanceBudget(a Allowance) *AllowanceBudget {
	retry := math.Ceil(1e9 / a.PerSecond) // rounded so that the first law holds to the letter
	b := &AllowanceBudget{plan: a, retry: int64(retry), success: int64(a.Ratio * retry)}
	b.full = int64(a.Capacity) * b.retry // 10^6 · 10^12 at the most
	b.empty.Store(-b.full)
	return b
}

// Tokens returns how many retries are saved up at now, the last of them
// perhaps in part.
func (b *AllowanceBudget) Tokens(now time.Time) float64 {
	at := b.begin.since(now)
	return float64(max(0, at-b.floor(b.empty.Load(), at))) / float64(b.retry)
}

// Charge implements [Budget]. A refusal's Refill is when time alone has
// refilled enough.
func (b *AllowanceBudget) Charge(now time.Time, _ Class) Receipt {
	at := b.begin.since(now)
	for {
		was := b.empty.Load()
		empty := b.floor(was, at) + b.retry
		if empty > at {
			return Receipt{Cost: 1, Refill: time.Duration(empty - at)}
		}
		if b.empty.CompareAndSwap(was, empty) {
			return Receipt{Paid: true, Cost: 1, Tokens: int((at - empty) / b.retry)}
		}
	}
}

// Succeeded implements [Budget]: it adds Ratio, whatever the call has paid.
func (b *AllowanceBudget) Succeeded(now time.Time, _ int) {
	if b.success > 0 {
		b.add(now, b.success)
	}
}

// Refund implements [RefundBudget].
func (b *AllowanceBudget) Refund(now time.Time, _ int) { b.add(now, b.retry) }

// add fills in what so many nanoseconds would.
func (b *AllowanceBudget) add(now time.Time, ns int64) {
	at := b.begin.since(now)
	for {
		was := b.empty.Load()
		if was <= at-b.full { // full: the common case stays free of writes
			return
		}
		if b.empty.CompareAndSwap(was, max(was-ns, at-b.full)) {
			return
		}
	}
}

// floor is empty without what would not fit into the bucket at that time.
func (b *AllowanceBudget) floor(empty, at int64) int64 { return max(empty, at-b.full) }
