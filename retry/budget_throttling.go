package retry

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// Throttling is gRPC's retry throttling as plain data (proposal A6;
// google.golang.org/grpc@v1.85.0, clientconn.go): the count of tokens begins
// at MaxTokens, each failed attempt that is worth another takes one, each call
// that succeeds adds TokenRatio, and nothing is retried while it is at or below
// half of MaxTokens. The zero value is no budget.
//
// It has no trickle: once throttled, only calls that succeed at their first
// attempt lift it.
type Throttling struct {
	// MaxTokens is the most tokens there can be, 0.002 to 1000, with three
	// decimals.
	MaxTokens float64
	// TokenRatio is what a success adds, 0.001 to 1000, with three decimals;
	// more are dropped, as A6 says.
	TokenRatio float64
}

// String describes the budget, as in "gRPC throttling, 10 tokens, +0.1 a success".
func (t Throttling) String() string {
	return fmt.Sprintf("gRPC throttling, %v tokens, +%v a success", t.MaxTokens, t.TokenRatio)
}

func (t *Throttling) check(c *check) {
	c.within(t.MaxTokens, 0.002, 1000, "budget.throttling.max_tokens")
	c.within(t.TokenRatio, 0.001, 1000, "budget.throttling.token_ratio")
}

// ThrottleBudget is the state of a [Throttling]. It counts thousandths, so
// that ten successes of 0.1 make a whole token. It is safe for concurrent use
// and takes no lock.
type ThrottleBudget struct {
	most, half, ratio int64
	tokens            atomic.Int64
}

// NewThrottling returns a full budget, or a [*PolicyError] with every problem
// of t.
func NewThrottling(t Throttling) (*ThrottleBudget, error) {
	var c check
	if t.check(&c); len(c) > 0 {
		return nil, c.err("")
	}
	return newThrottleBudget(t), nil
}

func newThrottleBudget(t Throttling) *ThrottleBudget {
	b := &ThrottleBudget{most: thousandths(t.MaxTokens), ratio: thousandths(t.TokenRatio)}
	b.half = b.most / 2
	b.tokens.Store(b.most)
	return b
}

// thousandths drops what is beyond the third decimal, but not the last digit
// of a number that binary cannot hold: 0.029 is 29.
func thousandths(x float64) int64 { return int64(math.Floor(float64(x*1000) + 1e-6)) }

// Tokens returns the count of tokens.
func (b *ThrottleBudget) Tokens() float64 { return float64(b.tokens.Load()) / 1000 }

// Charge implements [Budget]: it takes a token, and pays if more than half are
// left. A receipt's tokens are those above the half.
func (b *ThrottleBudget) Charge(time.Time, Class) Receipt {
	left := b.take() - b.half
	return Receipt{Paid: left > 0, Cost: 1, Tokens: int(max(0, left) / 1000)}
}

// Failed implements [FailureBudget]: failures count whether or not they are
// retried.
func (b *ThrottleBudget) Failed(time.Time, Class) { b.take() }

// Succeeded implements [Budget]: it adds the ratio.
func (b *ThrottleBudget) Succeeded(time.Time, int) {
	for {
		have := b.tokens.Load()
		if have >= b.most { // the common case stays free of writes
			return
		}
		if b.tokens.CompareAndSwap(have, min(b.most, have+b.ratio)) {
			return
		}
	}
}

func (b *ThrottleBudget) take() int64 {
	for {
		have := b.tokens.Load()
		left := max(0, have-1000)
		if have == left || b.tokens.CompareAndSwap(have, left) {
			return left
		}
	}
}
