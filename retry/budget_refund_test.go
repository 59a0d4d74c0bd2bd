package retry

import (
	"context"
	"errors"
	"testing"
	"time"
)

// rejection is what a circuit breaker turns a call away with.
type rejection struct{}

func (rejection) Error() string  { return "open" }
func (rejection) Rejected() bool { return true }

// ledger is a budget that counts.
type ledger struct{ paid, refunded, last int }

func (l *ledger) Charge(time.Time, Class) Receipt {
	l.paid++
	return Receipt{Paid: true, Cost: 10 + l.paid}
}
func (l *ledger) Succeeded(_ time.Time, cost int) { l.last = cost }
func (l *ledger) Refund(_ time.Time, cost int)    { l.refunded++; l.last = cost }
func (l *ledger) net() int                        { return l.paid - l.refunded }
func (l *ledger) retrier(p Policy, o ...Option) *Retrier {
	return Must(New(p, append(o, WithBudget(l))...))
}

// A retry that a breaker turned away costs nothing, whatever came before; what reached
// the backend stays paid for.
func TestRejectedRetriesAreRefunded(t *testing.T) {
	now := time.Unix(1e9, 0)
	down := Retryable(errors.New("down"))
	for _, c := range []struct {
		outcomes string // f: failed, r: rejected
		paid     int
	}{
		{"r", 0}, {"fr", 0}, {"ffr", 1}, {"fffr", 2}, {"ffff", 4},
	} {
		l := new(ledger)
		call := l.retrier(Policy{Attempts: 10}).Begin(now)
		for _, o := range c.outcomes {
			err := error(down)
			if o == 'r' {
				err = rejection{}
			}
			call.Failed(now, err, 0)
		}
		if l.net() != c.paid {
			t.Errorf("%s: %d paid, %d given back; want %d in all", c.outcomes, l.paid, l.refunded, c.paid)
		}
	}
}

// One that waits for the breaker has paid, and gets it back only if it never comes to
// the backend.
func TestWaitingForABreakerKeepsThePrice(t *testing.T) {
	now := time.Unix(1e9, 0)
	down := Retryable(errors.New("down"))
	wait := WithBreakerWait(BreakerWait{Times: 1})
	for want, last := range map[int]error{1: nil, 0: rejection{}} {
		l := new(ledger)
		call := l.retrier(Policy{Attempts: 10}, wait).Begin(now)
		call.Failed(now, down, 0)
		if d := call.Failed(now, After(rejection{}, time.Second), 0); !d.Retry || l.refunded != 0 {
			t.Fatalf("%+v, %d given back before the wait", d, l.refunded)
		}
		if last == nil {
			call.Succeeded(now)
		} else {
			call.Failed(now, last, 0)
		}
		if l.net() != want {
			t.Errorf("then %v: %d in all, want %d", last, l.net(), want)
		}
	}
}

// A limiter that holds a retry back until it is too late has it given back, too.
func TestHeldBackRetriesAreRefunded(t *testing.T) {
	now := time.Unix(1e9, 0)
	l := new(ledger)
	call := l.retrier(Policy{Attempts: 10}, WithLimiter(stubborn{})).Begin(now)
	call.Failed(now, Retryable(errors.New("down")), 0)
	if d := call.Admit(now, 0); d.Retry || l.net() != 0 {
		t.Errorf("%+v, %d paid, %d given back", d, l.paid, l.refunded)
	}
}

// stubborn is a limiter that lets nobody pass.
type stubborn struct{}

func (stubborn) Acquire(time.Time, float64) (time.Duration, bool) { return 0, false }
func (stubborn) Done(time.Time, Class)                            {}

// With hedges it is not known which of the attempts was paid for, and need not be: each
// that reached the backend but one was.
func TestRejectedHedgesAreRefunded(t *testing.T) {
	now := time.Unix(1e9, 0)
	down := Retryable(errors.New("down"))
	for name, c := range map[string]struct {
		play func(call *Call)
		net  int
	}{
		"one, and the other succeeds": {func(c *Call) { c.Lost(now, rejection{}, 1); c.Succeeded(now) }, 0},
		"one after the other failed":  {func(c *Call) { c.Lost(now, down, 1); c.Failed(now, rejection{}, 0) }, 0},
		"none":                        {func(c *Call) { c.Lost(now, down, 1); c.Succeeded(now) }, 1},
		"both":                        {func(c *Call) { c.Lost(now, rejection{}, 1); c.Failed(now, rejection{}, 0) }, 0},
	} {
		l := new(ledger)
		call := l.retrier(Policy{Attempts: 10}, WithHedging(Hedging{Delay: time.Second, MaxInFlight: 2})).Begin(now)
		if d := call.Hedge(now, 1, 0); !d.Retry {
			t.Fatalf("%s: %+v", name, d)
		}
		if c.play(&call); l.net() != c.net {
			t.Errorf("%s: %d paid, %d given back", name, l.paid, l.refunded)
		}
		if c.net == 0 && l.last > 11 {
			t.Errorf("%s: the success gave back %d", name, l.last)
		}
	}
}

// What is given back is what was paid, in every budget that takes back.
func TestRefunds(t *testing.T) {
	now := time.Unix(1e9, 0)
	bucket, _ := NewBucket(Quota{Capacity: 100, Cost: 7, ThrottleCost: 5})
	allowance, _ := NewAllowance(Allowance{Capacity: 10, Ratio: 0.1, PerSecond: 0.001})
	ratio, _ := NewRatio(Ratio{Share: 0.2, PerSecond: 2})
	tokens := map[RefundBudget]func() float64{
		bucket:    func() float64 { return float64(bucket.Tokens()) },
		allowance: func() float64 { return allowance.Tokens(now) },
		ratio:     func() float64 { return float64(ratio.Tokens(now)) },
	}
	for b, held := range tokens {
		full := held()
		for range 3 {
			before := held()
			r := b.Charge(now, Throttle)
			if !r.Paid || held() >= before {
				t.Fatalf("%T: %+v", b, r)
			}
			if b.Refund(now, r.Cost); held() != before {
				t.Errorf("%T: %v after a refund, want %v", b, held(), before)
			}
			b.Charge(now, Throttle)
		}
		for range 100 {
			if b == ratio {
				break // its balance is not bounded by a capacity
			}
			if b.Refund(now, 7); held() > full {
				t.Fatalf("%T: %v, more than %v", b, held(), full)
			}
		}
	}
}

// Do refunds what a breaker turns away while the call retries.
func TestDoRefunds(t *testing.T) {
	l, n := new(ledger), 0
	_, err := Do(context.Background(), l.retrier(Policy{Attempts: 10}), func(context.Context) (int, error) {
		if n++; n == 3 {
			return 0, rejection{}
		}
		return 0, Retryable(errors.New("down"))
	})
	if !errors.Is(err, Rejected) || l.paid != 2 || l.refunded != 1 {
		t.Errorf("%v: %d paid, %d given back", err, l.paid, l.refunded)
	}
}
