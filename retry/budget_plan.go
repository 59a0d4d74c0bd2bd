package retry

import (
	"math"
	"sync/atomic"
	"time"
)

// CallBudget is a [Budget] that counts calls, and retries in flight. A retrier
// tells it of them if it has these methods, and spends nothing if it has not.
//
// Every call that has begun ends exactly once, and every receipt that was paid
// is followed by RetryEnded exactly once, also where op panics. A [Call] that
// is driven by hand and then dropped, without Succeeded, a Failed that ends
// it, or Cancel, never ends.
type CallBudget interface {
	Budget
	// CallBegan is told that a call begins.
	CallBegan(now time.Time)
	// CallEnded is told that a call is over, however it ended.
	CallEnded(now time.Time)
	// RetryEnded is told that a retry that was paid for is over: its attempt
	// has returned, or was never made.
	RetryEnded(now time.Time)
}

// FailureBudget is a [Budget] that counts failures. A retrier tells it of them
// if it has this method.
type FailureBudget interface {
	Budget
	// Failed is told of each failed attempt that is worth another, but for
	// which Charge is not asked: the call's attempts are used up, or its time.
	Failed(now time.Time, class Class)
}

// RefundBudget is a [Budget] that takes back what a retry cost which then never
// reached the backend: a circuit breaker or a [Limiter] turned it away. A
// retrier asks it to if it has this method.
type RefundBudget interface {
	Budget
	// Refund gives back one paid receipt, of that cost.
	Refund(now time.Time, cost int)
}

// BudgetPlan is a budget as plain data: at most one of its fields is set. The
// zero value is no budget. The AWS SDKs' quota is a field of [Policy] of its
// own.
//
//	           a full outage: retries in T seconds   afterwards
//	Quota      Capacity/Cost, then none              successes buy them back
//	Allowance  Capacity + PerSecond·T                successes and time do
//	Ratio      PerSecond·T + Share of all calls      at once
//	InFlight   as fast as they fail                  at once
//	Throttling a few, then none                      successes buy them back
type BudgetPlan struct {
	Allowance  Allowance  // bucket + share of the successes + so many a second: squall's own
	Ratio      Ratio      // share of the calls + so many a second: Finagle's
	InFlight   InFlight   // share of the calls in flight: Envoy's
	Throttling Throttling // failures against successes: gRPC's
}

// New returns a new budget as the plan describes it, nil if it describes none,
// or a [*PolicyError] with every problem of it.
func (p BudgetPlan) New() (Budget, error) {
	var c check
	if p.check(&c); len(c) > 0 {
		return nil, c.err("")
	}
	return p.build(), nil
}

// build needs a plan without problems.
func (p *BudgetPlan) build() Budget {
	switch {
	case p.Allowance != (Allowance{}):
		return newAllowanceBudget(p.Allowance)
	case p.Ratio != (Ratio{}):
		return newRatioBudget(p.Ratio)
	case p.InFlight != (InFlight{}):
		return newInFlightBudget(p.InFlight)
	case p.Throttling != (Throttling{}):
		return newThrottleBudget(p.Throttling)
	}
	return nil
}

// String describes the budget that is set, and is empty where there is none.
func (p BudgetPlan) String() string {
	switch {
	case p.Allowance != (Allowance{}):
		return p.Allowance.String()
	case p.Ratio != (Ratio{}):
		return p.Ratio.String()
	case p.InFlight != (InFlight{}):
		return p.InFlight.String()
	case p.Throttling != (Throttling{}):
		return p.Throttling.String()
	}
	return ""
}

func (p *BudgetPlan) check(c *check) {
	set := 0
	if p.Allowance != (Allowance{}) {
		p.Allowance.check(c)
		set++
	}
	if p.Ratio != (Ratio{}) {
		p.Ratio.check(c)
		set++
	}
	if p.InFlight != (InFlight{}) {
		p.InFlight.check(c)
		set++
	}
	if p.Throttling != (Throttling{}) {
		p.Throttling.check(c)
		set++
	}
	c.that(set <= 1, "budget", "has %d budgets, want one", set)
}

// within reports whether x is a number in [low, high].
func (c *check) within(x, low, high float64, field string) {
	c.that(x >= low && x <= high && !math.IsNaN(x), field, "is %v, want %v to %v", x, low, high)
}

// origin turns instants into nanoseconds since the first one it is shown.
// Subtracting uses the monotonic clock where both have it, so that setting the
// wall clock moves nothing. The zero value is ready for use, by many
// goroutines at once.
type origin struct{ first atomic.Pointer[time.Time] }

func (o *origin) since(now time.Time) int64 {
	first := o.first.Load()
	if first == nil {
		first = o.begin(now)
	}
	return int64(now.Sub(*first))
}

// begin is apart from since, whose now would else live on the heap each time.
func (o *origin) begin(now time.Time) *time.Time {
	o.first.CompareAndSwap(nil, &now)
	return o.first.Load()
}
