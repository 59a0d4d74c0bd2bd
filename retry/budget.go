package retry

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// Budget bounds the retries of many calls together: without one, a backend
// that fails for everybody is sent Attempts times its normal load. It may be
// shared between retriers and goroutines, so it must be safe for concurrent
// use. [Bucket] is one, and each field of [BudgetPlan] describes another. See
// also [CallBudget] and [FailureBudget].
type Budget interface {
	// Charge asks to pay for one retry, before its delay, so that the calls
	// which wait hold what they paid. class is that of the error to be retried.
	Charge(now time.Time, class Class) Receipt
	// Succeeded is told of each call that succeeded. cost is that of its last
	// paid receipt, and 0 if its first attempt succeeded.
	Succeeded(now time.Time, cost int)
}

// Receipt is a budget's answer.
type Receipt struct {
	// Paid says whether the retry may be made.
	Paid bool
	// Cost is what the retry costs, in tokens. It is more than 0.
	Cost int
	// Tokens is what the budget holds after this.
	Tokens int
	// Refill is when a refused retry could be paid for, at the soonest, by the
	// passing of time alone. Zero: time alone refills nothing.
	Refill time.Duration
}

// Quota is the retry quota of the AWS SDKs as plain data. Success, not time,
// refills it. The zero value is no quota.
type Quota struct {
	// Capacity is the tokens of a full bucket; it begins full.
	Capacity int
	// Cost is what a retry costs. A success gives back its last retry's cost.
	Cost int
	// ThrottleCost is what a retry after a [Throttle] error costs; 0 means Cost.
	ThrottleCost int
	// TimeoutCost is what a retry after a [Timeout] error costs; 0 means Cost.
	TimeoutCost int
	// Reward is what a call adds whose first attempt succeeds.
	Reward int
	// RewardAll makes calls that succeed after retries add Reward, too, beside
	// their last retry's cost. (aws-sdk-go-v2 before v1.48.0.)
	RewardAll bool
}

// String describes the quota, as in "500 (14 a retry, 5 throttled, +1 a clean success)".
func (q Quota) String() string {
	s := fmt.Sprintf("%d (%d a retry", q.Capacity, q.Cost)
	if q.ThrottleCost != 0 {
		s += fmt.Sprintf(", %d throttled", q.ThrottleCost)
	}
	if q.TimeoutCost != 0 {
		s += fmt.Sprintf(", %d timed out", q.TimeoutCost)
	}
	switch {
	case q.Reward != 0 && q.RewardAll:
		s += fmt.Sprintf(", +%d a success", q.Reward)
	case q.Reward != 0:
		s += fmt.Sprintf(", +%d a clean success", q.Reward)
	}
	return s + ")"
}

func (q Quota) check(c *check) {
	const most = math.MaxInt32 // a Call keeps its last cost in 32 bits
	c.that(q.Cost >= 1 && q.Cost <= most, "quota.cost", "is %d, want 1 to %d", q.Cost, most)
	c.that(q.ThrottleCost >= 0 && q.ThrottleCost <= most, "quota.throttle_cost", "is %d, want 0 to %d", q.ThrottleCost, most)
	c.that(q.TimeoutCost >= 0 && q.TimeoutCost <= most, "quota.timeout_cost", "is %d, want 0 to %d", q.TimeoutCost, most)
	c.that(q.Reward >= 0 && q.Reward <= most, "quota.reward", "is %d, want 0 to %d", q.Reward, most)
	c.that(q.Capacity >= max(1, q.Cost) && q.Capacity <= most, "quota.capacity",
		"is %d, want at least the cost of a retry, %d, and at most %d", q.Capacity, q.Cost, most)
}

// Bucket is the token bucket of the AWS SDKs (aws-sdk-go-v2@v1.48.0,
// aws/ratelimit and aws/retry/standard.go): a retry takes tokens before its
// delay, a success gives its last retry's tokens back, and a call whose first
// attempt succeeds adds a few. Tokens never pass the capacity, and no time
// refills them: a drained bucket stops all retries until calls succeed again.
//
// A call that is cancelled while it waits does not get its tokens back, as in
// the SDK; one that a circuit breaker turns away, which the SDK does not have,
// does. Bucket is safe for concurrent use and takes no lock.
type Bucket struct {
	quota  Quota
	tokens atomic.Int64
}

// NewBucket returns a full bucket, or a [*PolicyError] with every problem of q.
func NewBucket(q Quota) (*Bucket, error) {
	var c check
	q.check(&c)
	if err := c.err(""); err != nil {
		return nil, err
	}
	b := &Bucket{quota: q}
	b.tokens.Store(int64(q.Capacity))
	return b, nil
}

// Tokens returns what the bucket holds now.
func (b *Bucket) Tokens() int { return int(b.tokens.Load()) }

// Charge implements [Budget].
func (b *Bucket) Charge(_ time.Time, class Class) Receipt {
	cost := b.quota.cost(class)
	for {
		have := b.tokens.Load()
		left := have - int64(cost)
		if left < 0 {
			return Receipt{Cost: cost, Tokens: int(have)}
		}
		if b.tokens.CompareAndSwap(have, left) {
			return Receipt{Paid: true, Cost: cost, Tokens: int(left)}
		}
	}
}

// Succeeded implements [Budget].
func (b *Bucket) Succeeded(_ time.Time, cost int) {
	if cost == 0 || b.quota.RewardAll {
		cost += b.quota.Reward
	}
	b.add(cost)
}

// Refund implements [RefundBudget].
func (b *Bucket) Refund(_ time.Time, cost int) { b.add(cost) }

// add puts tokens in, up to the capacity.
func (b *Bucket) add(tokens int) {
	full := int64(b.quota.Capacity)
	for {
		have := b.tokens.Load()
		if have == full { // the common case stays free of writes
			return
		}
		if b.tokens.CompareAndSwap(have, min(full, have+int64(tokens))) {
			return
		}
	}
}

func (q *Quota) cost(class Class) int {
	switch {
	case class == Throttle && q.ThrottleCost > 0:
		return q.ThrottleCost
	case class == Timeout && q.TimeoutCost > 0:
		return q.TimeoutCost
	}
	return q.Cost
}

// BudgetError is the cause of an [*Error] whose reason is [OverBudget].
type BudgetError struct {
	Cost   int           // tokens that the retry would have cost
	Tokens int           // tokens that were there
	Refill time.Duration // when time alone would have refilled enough; 0: never
}

// Error says what was missing.
func (e *BudgetError) Error() string { return "retry: " + e.text() }

func (e *BudgetError) text() string {
	s := fmt.Sprintf("a retry costs %d tokens, %d left", e.Cost, e.Tokens)
	if e.Refill > 0 {
		s += fmt.Sprintf(", enough in %v", e.Refill)
	}
	return s
}
