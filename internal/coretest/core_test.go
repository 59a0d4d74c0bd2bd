// Package coretest holds laws of the production core: of retry alone, over all
// policies, and of retry and breaker together. It is beside them because their
// own tests use the standard library only.
package coretest

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
)

// Every delay is within [0, cap], at any attempt and with any durations.
func TestDelaysAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, math.MaxInt64).Draw(t, "cap")
		p := retry.Policy{Attempts: 1, Backoff: retry.Backoff{
			Base:       time.Duration(rapid.Int64Range(0, limit).Draw(t, "base")),
			Cap:        time.Duration(limit),
			Multiplier: rapid.Float64Range(1, 1e9).Draw(t, "multiplier"),
		}}
		p.Jitter.Kind = rapid.SampledFrom([]retry.JitterKind{retry.JitterNone, retry.JitterFull, retry.JitterEqual,
			retry.JitterDecorrelated, retry.JitterAdditive, retry.JitterAdditiveClipped, retry.JitterProportion}).Draw(t, "jitter")
		p.Jitter.Amount = time.Duration(rapid.Int64Range(1, limit).Draw(t, "amount"))
		p.Jitter.Proportion = rapid.Float64Range(1e-9, 1).Draw(t, "proportion")
		n := rapid.IntRange(1, 1_000_000).Draw(t, "attempt")
		prev := time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "previous"))
		u := rapid.Float64Range(0, 1).Draw(t, "u")
		if d := p.Delay(n, prev, retry.Transient, u); d < 0 || d > p.Backoff.Cap {
			t.Fatalf("%v after attempt %d of %v", d, n, p)
		}
	})
}

// A bucket never holds less than nothing or more than its capacity, and pays
// for no more than it held and was given, whoever asks at the same time.
func TestBudgetKeepsItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cost := rapid.IntRange(1, 20).Draw(t, "cost")
		capacity := rapid.IntRange(cost, 200).Draw(t, "capacity")
		asks := rapid.SliceOfN(rapid.IntRange(1, 50), 2, 8).Draw(t, "asks")
		b, err := retry.NewBucket(retry.Quota{Capacity: capacity, Cost: cost})
		if err != nil {
			t.Fatal(err)
		}
		paid := make([]int, len(asks))
		var wg sync.WaitGroup
		for i, n := range asks {
			wg.Go(func() {
				for range n {
					r := b.Charge(time.Time{}, retry.Transient)
					if r.Tokens < 0 || r.Tokens > capacity {
						paid[i] = math.MaxInt32
					} else if r.Paid {
						paid[i]++
					}
				}
			})
		}
		wg.Wait()
		asked, total := 0, 0
		for i := range asks {
			asked, total = asked+asks[i], total+paid[i]
		}
		if want := min(asked, capacity/cost); total != want {
			t.Fatalf("paid for %d retries, want %d", total, want)
		}
	})
}

// An open breaker costs neither an attempt nor budget, and a call that may wait
// for it gets the probe's answer if that fits its deadline.
func TestOpenBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard, err := breaker.New(breaker.Config{Failures: 1, OpenFor: 30 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		bucket, _ := retry.NewBucket(retry.Quota{Capacity: 100, Cost: 10})
		p := retry.Policy{Attempts: 2}
		hasty := retry.Must(retry.New(p, retry.WithBudget(bucket)))
		patient := retry.Must(retry.New(p, retry.WithBudget(bucket), retry.WithBreakerWait(retry.BreakerWait{Times: 1})))
		_, _ = breaker.Execute(guard, func() (int, error) { return 0, errors.New("down") })

		reached := 0
		op := func(context.Context) (int, error) {
			return breaker.Execute(guard, func() (int, error) { reached++; return 7, nil })
		}
		short, cancel := retry.SystemClock().WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for ctx, r := range map[context.Context]*retry.Retrier{t.Context(): hasty, short: patient} {
			_, err := retry.Do(ctx, r, op)
			var e *retry.Error
			if !errors.As(err, &e) || e.Reason != retry.Rejected || e.Attempts != 0 || reached != 0 || bucket.Tokens() != 100 {
				t.Errorf("%v, %d reached the backend, %d tokens", err, reached, bucket.Tokens())
			}
		}
		if v, err := retry.Do(t.Context(), patient, op); v != 7 || err != nil || reached != 1 || bucket.Tokens() != 100 || guard.State() != breaker.Closed {
			t.Errorf("%v, %v: %d reached, %d tokens, %v", v, err, reached, bucket.Tokens(), guard.State())
		}
	})
}
