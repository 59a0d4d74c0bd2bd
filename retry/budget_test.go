package retry_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

var awsQuota = retry.Quota{Capacity: 500, Cost: 14, ThrottleCost: 5, Reward: 1}

func TestBucket(t *testing.T) {
	b, err := retry.NewBucket(retry.Quota{Capacity: 20, Cost: 6, ThrottleCost: 2, TimeoutCost: 9, Reward: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		class  retry.Class // Fatal: a success with that cost
		cost   int
		paid   bool
		tokens int
	}{
		{retry.Transient, 6, true, 14},
		{retry.Throttle, 2, true, 12},
		{retry.Timeout, 9, true, 3},
		{retry.Timeout, 9, false, 3},
		{retry.Transient, 6, false, 3},
		{retry.Throttle, 2, true, 1},
		{retry.Throttle, 2, false, 1},
		{retry.Fatal, 0, true, 4},
		{retry.Fatal, 9, true, 13},
		{retry.Fatal, 9, true, 20},
		{retry.Fatal, 0, true, 20},
	} {
		if step.class == retry.Fatal {
			b.Succeeded(epoch, step.cost)
		} else if got, want := b.Charge(epoch, step.class), (retry.Receipt{Paid: step.paid, Cost: step.cost, Tokens: step.tokens}); got != want {
			t.Errorf("step %d: %+v, want %+v", i, got, want)
		}
		if b.Tokens() != step.tokens {
			t.Errorf("step %d: %d tokens, want %d", i, b.Tokens(), step.tokens)
		}
	}
	if b, err := retry.NewBucket(retry.Quota{}); err == nil || !strings.HasPrefix(err.Error(), "retry: quota.cost is 0") {
		t.Errorf("a bucket of nothing: %v, %v", b, err)
	}
}

// Under any interleaving the tokens stay within [0, capacity], and no more is
// paid than the capacity and what successes gave back.
func TestBucketStress(t *testing.T) {
	b, _ := retry.NewBucket(awsQuota)
	var paid, returned atomic.Int64
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(9, uint64(worker)))
			for range 20_000 {
				cost := 0
				if r := b.Charge(epoch, retry.Class(2+rnd.IntN(3))); r.Paid {
					cost = r.Cost
					paid.Add(int64(cost))
				}
				if rnd.IntN(3) == 0 {
					b.Succeeded(epoch, cost)
					returned.Add(int64(max(1, cost)))
				}
				if n := b.Tokens(); n < 0 || n > awsQuota.Capacity {
					t.Errorf("%d tokens", n)
					return
				}
			}
		})
	}
	wg.Wait()
	if most := int64(awsQuota.Capacity) + returned.Load(); paid.Load() > most {
		t.Errorf("paid %d tokens, there were %d", paid.Load(), most)
	}
	if least := int64(awsQuota.Capacity) - paid.Load(); int64(b.Tokens()) < least {
		t.Errorf("%d tokens left, want at least %d", b.Tokens(), least)
	}
}

// trickle is a budget of somebody else's: one retry a second.
type trickle struct{ next time.Time }

func (b *trickle) Charge(now time.Time, _ retry.Class) retry.Receipt {
	if now.Before(b.next) {
		return retry.Receipt{Cost: 1, Refill: b.next.Sub(now)}
	}
	b.next = now.Add(time.Second)
	return retry.Receipt{Paid: true, Cost: 1}
}

func (b *trickle) Succeeded(time.Time, int) {}

func TestOverBudget(t *testing.T) {
	clock := newClock()
	r := retry.Must(retry.New(retry.Policy{Attempts: 9}, retry.WithClock(clock), retry.WithBudget(new(trickle))))
	_, err := retry.Do(context.Background(), r, clock.op(failing(10*ms, errReset)))
	var e *retry.Error
	if !errors.As(err, &e) || !errors.Is(err, retry.OverBudget) || !errors.Is(err, errReset) || e.Attempts != 2 {
		t.Fatalf("got %v", err)
	}
	if want := epoch.Add(10*ms + time.Second); !e.RetryAt.Equal(want) {
		t.Errorf("retry at %v, want %v", e.RetryAt, want)
	}
	var b *retry.BudgetError
	if !errors.As(err, &b) || *b != (retry.BudgetError{Cost: 1, Refill: 990 * ms}) {
		t.Errorf("cause %+v", b)
	}
	want := "retry: over budget after 2 attempts in 20ms (a retry costs 1 tokens, 0 left, enough in 990ms): " + errReset.Error()
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestBudgetIsShared(t *testing.T) {
	b, _ := retry.NewBucket(retry.Quota{Capacity: 3, Cost: 1})
	r1 := retry.Must(retry.New(retry.Policy{Attempts: 3}, retry.WithBudget(b)))
	r2 := retry.Must(retry.New(retry.AWSStandard21(), retry.WithBudget(b)))
	if r1.Budget() != b || r2.Budget() != b {
		t.Fatal("the budget is not the one given")
	}
	c1, c2 := r1.Begin(epoch), r2.Begin(epoch)
	if !c1.Failed(epoch, errReset, 0).Retry || !c2.Failed(epoch, errReset, 0).Retry || !c1.Failed(epoch, errReset, 0).Retry {
		t.Error("three tokens do not pay three retries")
	}
	if d := c2.Failed(epoch, errReset, 0); d.Reason != retry.OverBudget {
		t.Errorf("a fourth: %+v", d)
	}
	if r := retry.Must(retry.New(retry.AWSStandard21(), retry.WithBudget(nil))); r.Budget() != nil {
		t.Error("WithBudget(nil) leaves the quota")
	}
}
