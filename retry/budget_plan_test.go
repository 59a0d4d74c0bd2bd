package retry_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

func TestAllowance(t *testing.T) {
	b, err := retry.NewAllowance(retry.Allowance{Capacity: 2, Ratio: 0.25, PerSecond: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		at      time.Duration
		success int // so many, then a charge
		want    retry.Receipt
	}{
		{0, 9, retry.Receipt{Paid: true, Cost: 1, Tokens: 1}}, // full: successes add nothing
		{0, 0, retry.Receipt{Paid: true, Cost: 1}},
		{0, 0, retry.Receipt{Cost: 1, Refill: 2 * s}},
		{s, 0, retry.Receipt{Cost: 1, Refill: s}},
		{s, 1, retry.Receipt{Cost: 1, Refill: s / 2}},
		{s, 1, retry.Receipt{Paid: true, Cost: 1}},
		{3 * s, 0, retry.Receipt{Paid: true, Cost: 1}},
		{time.Hour, 0, retry.Receipt{Paid: true, Cost: 1, Tokens: 1}}, // no more than full
	} {
		now := epoch.Add(step.at)
		for range step.success {
			b.Succeeded(now, 0)
		}
		if got := b.Charge(now, retry.Transient); got != step.want {
			t.Errorf("step %d: %+v, want %+v", i, got, step.want)
		}
	}
	if got := b.Tokens(epoch.Add(time.Hour)); got != 1 {
		t.Errorf("%v tokens", got)
	}
}

// Both laws of Allowance, over random spans of random traffic.
func TestAllowanceLaws(t *testing.T) {
	rnd := rand.New(rand.NewPCG(21, 22))
	for range 300 {
		plan := retry.Allowance{Capacity: 1 + rnd.IntN(50), Ratio: rnd.Float64(), PerSecond: 0.01 + 20*rnd.Float64()}
		if rnd.IntN(4) == 0 {
			plan.Ratio = 0
		}
		b, err := retry.NewAllowance(plan)
		if err != nil {
			t.Fatal(err)
		}
		now, paid, successes, lastPaid := epoch, 0, 0, epoch
		for range 2000 {
			now = now.Add(time.Duration(rnd.ExpFloat64() * 1e7))
			if rnd.IntN(3) == 0 {
				b.Succeeded(now, rnd.IntN(2))
				successes++
				continue
			}
			r := b.Charge(now, retry.Transient)
			switch {
			case r.Paid:
				paid++
				lastPaid = now
			case now.Sub(lastPaid).Seconds() >= 1/plan.PerSecond+1e-8:
				t.Fatalf("%v: starved for %v", plan, now.Sub(lastPaid))
			default: // time alone refills enough when it says, and no sooner
				if r.Refill <= 0 {
					t.Fatalf("%v: a refusal that says nothing: %+v", plan, r)
				}
			}
		}
		most := float64(plan.Capacity) + plan.Ratio*float64(successes) + plan.PerSecond*now.Sub(epoch).Seconds()
		if float64(paid) > most+1e-6 {
			t.Fatalf("%v: %d retries, the law allows %.3f", plan, paid, most)
		}
		r := b.Charge(now, retry.Transient)
		for r.Paid {
			r = b.Charge(now, retry.Transient)
		}
		if b.Charge(now.Add(r.Refill-1), retry.Transient).Paid || !b.Charge(now.Add(r.Refill), retry.Transient).Paid {
			t.Fatalf("%v: a refill in %v is wrong", plan, r.Refill)
		}
	}
}

func TestRatio(t *testing.T) {
	b, err := retry.NewRatio(retry.Ratio{Share: 0.2, PerSecond: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Tokens(epoch); got != 10 { // 1 a second for 10 s, in reserve
		t.Errorf("%d retries in reserve", got)
	}
	for range 50 {
		b.CallBegan(epoch)
	}
	paid := 0
	for b.Charge(epoch, retry.Transient).Paid {
		paid++
	}
	if paid != 20 { // the reserve and 20 % of 50
		t.Errorf("%d retries, want 20", paid)
	}
	r := b.Charge(epoch, retry.Transient)
	if r.Paid || r.Refill <= 0 || r.Refill > 11*s {
		t.Errorf("a refusal: %+v", r)
	}
	if !b.Charge(epoch.Add(r.Refill), retry.Transient).Paid {
		t.Errorf("nothing refilled after %v", r.Refill)
	}
	// Deposits expire: after two windows only the reserve is left.
	for range 1000 {
		b.CallBegan(epoch.Add(30 * s))
	}
	b.CallEnded(epoch)
	b.RetryEnded(epoch)
	b.Succeeded(epoch, 1)
	if got := b.Tokens(epoch.Add(50 * s)); got != 10 {
		t.Errorf("%d retries after two windows, want 10", got)
	}
	// A budget of time alone.
	b, _ = retry.NewRatio(retry.Ratio{PerSecond: 2, Window: s})
	for i, want := range []bool{true, true, false} {
		if got := b.Charge(epoch, retry.Transient).Paid; got != want {
			t.Errorf("retry %d: %v", i, got)
		}
	}
}

func TestInFlight(t *testing.T) {
	b, err := retry.NewInFlight(retry.InFlight{Share: 0.2, Min: 1})
	if err != nil {
		t.Fatal(err)
	}
	for range 14 {
		b.CallBegan(epoch)
	}
	for i, want := range []retry.Receipt{{Paid: true, Cost: 1, Tokens: 1}, {Paid: true, Cost: 1}, {Cost: 1}} {
		if got := b.Charge(epoch, retry.Transient); got != want {
			t.Errorf("retry %d: %+v, want %+v", i, got, want)
		}
	}
	b.RetryEnded(epoch)
	b.CallEnded(epoch)
	b.Succeeded(epoch, 1)
	if calls, retries := b.Calls(); calls != 13 || retries != 1 {
		t.Errorf("%d calls and %d retries in flight", calls, retries)
	}
}

func TestThrottling(t *testing.T) {
	b, err := retry.NewThrottling(retry.Throttling{MaxTokens: 10, TokenRatio: 0.1009})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, true, true, false, false} { // above 5 only
		if got := b.Charge(epoch, retry.Transient); got.Paid != want {
			t.Errorf("failure %d: %+v", i, got)
		}
	}
	for range 21 {
		b.Succeeded(epoch, 0)
	}
	if got := b.Tokens(); got != 6.1 { // 4 + 21·0.1: the fourth decimal is dropped
		t.Errorf("%v tokens", got)
	}
	b.Failed(epoch, retry.Transient)
	if got := b.Charge(epoch, retry.Transient); got.Paid || b.Tokens() != 4.1 {
		t.Errorf("a failure is not counted: %+v, %v", got, b.Tokens())
	}
	for range 200 {
		b.Failed(epoch, retry.Transient)
		b.Succeeded(epoch, 0)
	}
	if got := b.Tokens(); got < 0 || got > 10 {
		t.Errorf("%v tokens", got)
	}
	for range 200 {
		b.Succeeded(epoch, 0)
	}
	if got := b.Tokens(); got != 10 {
		t.Errorf("%v tokens, want them full", got)
	}
}

// Under any interleaving no budget lets more through than its bound.
func TestBudgetStress(t *testing.T) {
	const workers, rounds = 8, 10_000
	allowance, _ := retry.NewAllowance(retry.Allowance{Capacity: 100, Ratio: 0.1, PerSecond: 5})
	inflight, _ := retry.NewInFlight(retry.InFlight{Share: 0.5, Min: 2})
	throttling, _ := retry.NewThrottling(retry.Throttling{MaxTokens: 100, TokenRatio: 0.5})
	ratio, _ := retry.NewRatio(retry.Ratio{Share: 0.2, PerSecond: 3})
	var paid, successes, ratioPaid, calls, flying atomic.Int64
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(23, uint64(worker)))
			for i := range rounds {
				now := epoch.Add(time.Duration(i) * ms / 2) // 5 s in all, not in step
				if allowance.Charge(now, retry.Transient).Paid {
					paid.Add(1)
				}
				ratio.CallBegan(now)
				calls.Add(1)
				if ratio.Charge(now, retry.Transient).Paid {
					ratioPaid.Add(1)
				}
				inflight.CallBegan(now)
				if inflight.Charge(now, retry.Transient).Paid {
					// at most workers calls are in flight, so at most 4 retries
					if n := flying.Add(1); n > workers/2 {
						t.Errorf("%d retries in flight", n)
					}
					flying.Add(-1)
					inflight.RetryEnded(now)
				}
				inflight.CallEnded(now)
				throttling.Charge(now, retry.Transient)
				if rnd.IntN(3) == 0 {
					allowance.Succeeded(now, 0)
					successes.Add(1)
					throttling.Succeeded(now, 0)
				}
				if n := throttling.Tokens(); n < 0 || n > 100 {
					t.Errorf("%v tokens", n)
				}
			}
		})
	}
	wg.Wait()
	if most := 100 + 0.1*float64(successes.Load()) + 5*5; float64(paid.Load()) > most {
		t.Errorf("%d retries, the law allows %.1f", paid.Load(), most)
	}
	if most := 30 + calls.Load()/5; ratioPaid.Load() > most {
		t.Errorf("%d retries of %d calls, want at most %d", ratioPaid.Load(), calls.Load(), most)
	}
	if c, r := inflight.Calls(); c != 0 || r != 0 {
		t.Errorf("%d calls and %d retries are left in flight", c, r)
	}
}

// Every call that begins ends, however it ends, and every paid retry with it.
func TestCallBudgetIsBalanced(t *testing.T) {
	for seed := range 3000 {
		w := anyWorld(rand.New(rand.NewPCG(24, uint64(seed))))
		w.policy.Quota = retry.Quota{}
		w.policy.Budget = retry.BudgetPlan{InFlight: retry.InFlight{Min: 1}}
		clock := newClock()
		r := retry.Must(retry.New(w.policy, retry.WithClock(clock), retry.WithChance(w)))
		_, _ = retry.Do(w.context(clock), r, clock.op(w.script))
		if calls, retries := r.Budget().(*retry.InFlightBudget).Calls(); calls != 0 || retries != 0 {
			t.Fatalf("seed %d: %v: %d calls and %d retries are left", seed, w.policy, calls, retries)
		}
	}
	r := retry.Must(retry.New(retry.Policy{Attempts: 3, Budget: retry.BudgetPlan{InFlight: retry.InFlight{Min: 1}}}))
	func() {
		defer func() { _ = recover() }()
		left := 1
		_, _ = retry.Do(context.Background(), r, func(context.Context) (int, error) {
			if left--; left >= 0 {
				return 0, errReset
			}
			panic("the second attempt")
		})
	}()
	if calls, retries := r.Budget().(*retry.InFlightBudget).Calls(); calls != 0 || retries != 0 {
		t.Errorf("a panic leaves %d calls and %d retries", calls, retries)
	}
}

// gRPC counts the failure of a last attempt, too.
func TestFailureBudget(t *testing.T) {
	p := retry.GRPC()
	p.Attempts = 1
	r := retry.Must(retry.New(p))
	call := r.Begin(epoch)
	call.Failed(epoch, answer(503, ""), 0)
	if got := r.Budget().(*retry.ThrottleBudget).Tokens(); got != 9 {
		t.Errorf("%v tokens after an exhausted call, want 9", got)
	}
	call = r.Begin(epoch)
	call.Failed(epoch, answer(404, ""), 0)
	if got := r.Budget().(*retry.ThrottleBudget).Tokens(); got != 9 {
		t.Errorf("%v tokens after an error that is not retried, want 9", got)
	}
}

func TestQuotaRewardAll(t *testing.T) {
	b, _ := retry.NewBucket(retry.AWSGoLegacy().Quota)
	b.Charge(epoch, retry.Timeout)   // −10
	b.Charge(epoch, retry.Transient) // −5
	b.Succeeded(epoch, 5)            // +5 +1
	b.Succeeded(epoch, 0)            // +1
	if b.Tokens() != 492 {
		t.Errorf("%d tokens, want 492", b.Tokens())
	}
}

func TestBudgetPlan(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		plan retry.BudgetPlan
		want string // of the error; "" is valid
	}{
		{retry.BudgetPlan{Allowance: retry.Allowance{Capacity: 1, PerSecond: 1}}, ""},
		{retry.BudgetPlan{Allowance: retry.Allowance{Capacity: 1, Ratio: nan, PerSecond: 0}}, "budget.allowance.per_second is 0"},
		{retry.BudgetPlan{Allowance: retry.Allowance{Ratio: 1, PerSecond: 1}}, "budget.allowance.capacity is 0"},
		{retry.BudgetPlan{Ratio: retry.Ratio{Share: 0.1}}, ""},
		{retry.BudgetPlan{Ratio: retry.Ratio{Share: -1, PerSecond: -1, Window: ms}}, "budget.ratio.window is 1ms"},
		{retry.BudgetPlan{Ratio: retry.Ratio{Window: s}}, "want one of them above 0"},
		{retry.BudgetPlan{InFlight: retry.InFlight{Min: 3}}, ""},
		{retry.BudgetPlan{InFlight: retry.InFlight{Share: 1.1, Min: -1}}, "budget.in_flight.min is -1"},
		{retry.BudgetPlan{Throttling: retry.Throttling{MaxTokens: 10, TokenRatio: 0.1}}, ""},
		{retry.BudgetPlan{Throttling: retry.Throttling{MaxTokens: 1001}}, "budget.throttling.token_ratio is 0"},
		{retry.BudgetPlan{InFlight: retry.InFlight{Min: 3}, Ratio: retry.Ratio{Share: 1}}, "budget has 2 budgets, want one"},
	} {
		b, err := c.plan.New()
		if c.want == "" && (err != nil || b == nil || c.plan.String() == "") || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v, want %q", c.plan, err, c.want)
		}
	}
	if b, err := (retry.BudgetPlan{}).New(); b != nil || err != nil || (retry.BudgetPlan{}).String() != "" {
		t.Errorf("no plan: %v, %v", b, err)
	}
	p := retry.AWSStandard21()
	p.Budget.InFlight.Min = 1
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "budget is set beside a quota") {
		t.Errorf("two budgets: %v", err)
	}
	for _, bad := range []error{
		second(retry.NewAllowance(retry.Allowance{})), second(retry.NewRatio(retry.Ratio{})),
		second(retry.NewInFlight(retry.InFlight{Min: -1})), second(retry.NewThrottling(retry.Throttling{})),
		second(retry.Policy{Quota: retry.Quota{Cost: -1}}.NewBudget()),
	} {
		if bad == nil {
			t.Error("a bad budget is made")
		}
	}
}

func second[T any](_ T, err error) error { return err }

func BenchmarkBudget(b *testing.B) {
	allowance, _ := retry.NewAllowance(retry.Allowance{Capacity: 1e6, Ratio: 0.1, PerSecond: 1e6})
	inflight, _ := retry.NewInFlight(retry.InFlight{Share: 0.5, Min: 1e6})
	throttling, _ := retry.NewThrottling(retry.Throttling{MaxTokens: 1000, TokenRatio: 1})
	ratio, _ := retry.NewRatio(retry.Ratio{Share: 1000, PerSecond: 10})
	for _, c := range []struct {
		name   string
		budget retry.Budget
	}{{"allowance", allowance}, {"inflight", inflight}, {"throttling", throttling}, {"ratio", ratio}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := c.budget.Charge(epoch, retry.Transient)
				c.budget.Succeeded(epoch, r.Cost)
			}
		})
	}
}
