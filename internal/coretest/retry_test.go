package coretest

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/retry"
)

var (
	epoch     = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	transient = retry.Retryable(errors.New("reset"))
	throttled = retry.Mark(errors.New("slow down"), retry.Throttle)
	fatal     = retry.Permanent(errors.New("no"))
)

// draws are those that no source of chance should return, among others.
func draws(t *rapid.T) float64 {
	return rapid.OneOf(rapid.Float64Range(0, 1),
		rapid.SampledFrom([]float64{0, 1, 1 - 1.0/(1<<53), -1, 2, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -0.0})).Draw(t, "u")
}

// length is a duration of any magnitude, from least on.
func length(t *rapid.T, least int64, name string) time.Duration {
	bits := rapid.IntRange(0, 62).Draw(t, name+" bits")
	return time.Duration(max(least, rapid.Int64Range(0, math.MaxInt64).Draw(t, name)>>bits))
}

// anyPolicy is a valid policy of any kind, extreme ones among them.
func anyPolicy(t *rapid.T) retry.Policy {
	p := retry.Policy{Attempts: rapid.SampledFrom([]int{1, 2, 3, 10, retry.Unlimited}).Draw(t, "attempts")}
	p.Backoff = retry.Backoff{
		Kind:         retry.BackoffKind(rapid.IntRange(0, len(retry.BackoffKinds())-1).Draw(t, "backoff")),
		Base:         length(t, 0, "base"),
		Multiplier:   rapid.SampledFrom([]float64{0, 1, 1.5, 2, 10, 1e300, math.MaxFloat64}).Draw(t, "multiplier"),
		ThrottleBase: length(t, 0, "throttle base"),
		Immediate:    rapid.Bool().Draw(t, "immediate"),
		Schedule:     retry.Delays(length(t, 0, "first"), length(t, 0, "second")),
	}
	p.Jitter = retry.Jitter{
		Kind:       retry.JitterKind(rapid.IntRange(0, len(retry.JitterKinds())-1).Draw(t, "jitter")),
		Amount:     length(t, 1, "amount"),
		Proportion: rapid.Float64Range(1e-9, 1).Draw(t, "proportion"),
		Above:      rapid.SampledFrom([]float64{0, 0.3, 10}).Draw(t, "above"),
	}
	if rapid.Bool().Draw(t, "capped") {
		p.Backoff.Cap = max(length(t, 1, "cap"), p.Backoff.Base, p.Jitter.Amount)
	}
	p.Hint = retry.Hint{
		Mode: retry.HintMode(rapid.IntRange(0, len(retry.HintModes())-1).Draw(t, "hint")),
		Max:  length(t, 0, "hint max"), Reset: rapid.Bool().Draw(t, "reset"),
	}
	p.Hint.Trim = p.Hint.Max > 0 && rapid.Bool().Draw(t, "trim")
	if rapid.Bool().Draw(t, "limited") {
		p.Limit = length(t, 1, "limit")
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	return p
}

// attempts are numbers of attempts up to the largest there are.
var attempts = []int{math.MinInt, -1, 0, 1, 2, 3, 62, 63, 64, 1023, 1024, 1_000_000, math.MaxInt32, math.MaxInt}

// Whatever the policy, the attempt and the draw, a delay is not negative, and
// not beyond the cap but where that is the point of the jitter.
func TestEveryDelayIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		for _, n := range attempts {
			for _, class := range []retry.Class{retry.Transient, retry.Throttle} {
				prev := length(t, 0, "previous")
				d := p.Delay(n, prev, class, draws(t))
				if low, high := p.Delay(n, prev, class, 0), p.Delay(n, prev, class, 1); d < low || d > high {
					t.Fatalf("%v after attempt %d of %v, which is from %v to %v", d, n, p, low, high)
				}
				if d < 0 || p.Backoff.Cap > 0 && d > p.Backoff.Cap && p.Jitter.Kind != retry.JitterProportionPastCap {
					t.Fatalf("%v after attempt %d of %v", d, n, p)
				}
			}
		}
	})
}

// hinting is an error with every hint there is.
type hinting struct{ after time.Duration }

func (hinting) Error() string                          { return "later" }
func (hinting) Retryable() bool                        { return true }
func (h hinting) RetryAfter() (time.Duration, bool)    { return h.after, true }
func (h hinting) AmzRetryAfter() (time.Duration, bool) { return h.after, true }
func (h hinting) RetryPushback() (time.Duration, bool) { return h.after, true }
func (h hinting) floor(p retry.Policy) (time.Duration, bool) {
	return h.after, p.Hint.Mode == retry.HintRetryAfter
}

// A Retry-After is a floor: jitter adds to it, and never more than the policy's
// own delay could be.
func TestRetryAfterIsAFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		p.Attempts, p.Limit, p.Hint = retry.Unlimited, 0, retry.Hint{Mode: retry.HintRetryAfter}
		call := retry.Must(retry.New(p)).Begin(epoch)
		for n := 1; n <= 5; n++ {
			after := length(t, 0, "after")
			d := call.Failed(epoch, hinting{after}, draws(t))
			if !d.Retry || d.After < after {
				t.Fatalf("%v: %+v, was asked for %v", p, d, after)
			}
			longest := p.Delay(n, math.MaxInt64, retry.Transient, 1)
			if p.Jitter.Kind == retry.JitterPlusMinus { // the range is as wide where its lower end is below 0
				longest = max(longest, 2*min(p.Jitter.Amount, math.MaxInt64/2)+1)
			}
			if float64(d.After-after) > float64(longest)*(1+1e-12)+8 { // but for rounding
				t.Fatalf("%v: %+v, was asked for %v, and waits %v at most by itself", p, d, after, longest)
			}
		}
	})
}

// Whatever a call is told, and when: it makes no more attempts than it may, waits
// for nothing that its deadline or its limit does not leave time for, comes back
// no sooner than a server asked, and once it has ended it stays so.
func TestCallsKeepTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		told, last := 0, 0
		r := retry.Must(retry.New(p, retry.WithObserver(nil), retry.WithObserver(func(_ context.Context, e retry.Event) {
			told += e.Ended
			last = e.Attempts
		})))
		call := r.Begin(epoch)
		now, deadline := epoch, time.Time{}
		if rapid.Bool().Draw(t, "deadline") {
			deadline = epoch.Add(length(t, 0, "until"))
			call.SetDeadline(deadline)
		}
		for range rapid.IntRange(1, 20).Draw(t, "attempts told") {
			now = now.Add(length(t, 0, "takes") >> 20)
			after := length(t, 0, "after") - time.Duration(rapid.IntRange(0, 1).Draw(t, "less"))
			err := rapid.SampledFrom([]error{transient, throttled, fatal, hinting{after}}).Draw(t, "error")
			d := call.Failed(now, err, draws(t))
			if d.After < 0 {
				t.Fatalf("%+v", d)
			}
			if !d.Retry {
				if d.Reason == 0 || call.Failed(now, transient, 0).Reason != d.Reason || call.Cancel(now, nil).Reason != d.Reason {
					t.Fatalf("%v: an end that is none: %+v", p, d)
				}
				break
			}
			if call.Attempts() >= p.Attempts {
				t.Fatalf("%v: %d attempts and another", p, call.Attempts())
			}
			if !deadline.IsZero() && d.After >= deadline.Sub(now) {
				t.Fatalf("%v: waits %v for a deadline in %v", p, d.After, deadline.Sub(now))
			}
			if p.Limit > 0 && d.After >= p.Limit-now.Sub(epoch) {
				t.Fatalf("%v: waits %v after %v", p, d.After, now.Sub(epoch))
			}
			if h, ok := err.(hinting); ok {
				if floor, heard := h.floor(p); heard && !p.Hint.Trim && d.After < floor {
					t.Fatalf("%v: waits %v, was asked for %v", p, d.After, floor)
				}
			}
			now = now.Add(d.After)
			if now.Sub(epoch) > math.MaxInt64/4 {
				break
			}
		}
		if told != call.Attempts() || last != call.Attempts() {
			t.Fatalf("%v: events tell of %d and %d attempts, there were %d", p, told, last, call.Attempts())
		}
	})
}

// Every budget keeps to its law under any interleaving: callers on several
// goroutines, whose times need not be in order.
func TestBudgetsKeepTheirBounds(t *testing.T) {
	const calls = 200
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0, 1).Draw(t, "share")
		least := rapid.IntRange(0, 20).Draw(t, "least")
		within := time.Duration(rapid.IntRange(1, 5000).Draw(t, "ms")) * time.Millisecond
		perSecond := rapid.IntRange(1, 50).Draw(t, "per second")
		allowance, _ := retry.NewAllowance(retry.Allowance{Capacity: least + 1, Ratio: share, PerSecond: float64(perSecond)})
		ratio, _ := retry.NewRatio(retry.Ratio{Share: share, PerSecond: perSecond})
		flight, _ := retry.NewInFlight(retry.InFlight{Share: share, Min: least})
		throttling, _ := retry.NewThrottling(retry.Throttling{MaxTokens: float64(least + 2), TokenRatio: 0.1})
		workers := rapid.IntRange(2, 6).Draw(t, "workers")
		for name, b := range map[string]retry.Budget{"allowance": allowance, "ratio": ratio, "in flight": flight, "throttling": throttling} {
			paid, served := traffic(b, workers, calls, within)
			total := float64(workers * calls)
			most := map[string]float64{
				"allowance":  float64(least+1) + share*float64(served) + float64(perSecond)*within.Seconds(),
				"ratio":      share*total + float64(perSecond)*10 + float64(perSecond)*within.Seconds() + 1,
				"in flight":  total, // it bounds how many at a time: below
				"throttling": float64(least+2)/2 + 0.1*float64(served) + 1,
			}[name]
			if float64(paid) > most+1e-6 {
				t.Fatalf("%s: %d retries, %d served: at most %.3f", name, paid, served, most)
			}
		}
		if n, m := flight.Calls(); n != 0 || m != 0 {
			t.Fatalf("in flight when all is over: %d, %d", n, m)
		}
		if flightPeak(flight, workers) > max(int(share*float64(workers)), least) {
			t.Fatal("more retries in flight than allowed")
		}
	})
}

// traffic lets calls fail, be retried if that is paid for, and succeed now and
// then, on several goroutines.
func traffic(b retry.Budget, workers, calls int, within time.Duration) (paid, served int64) {
	var pays, serves atomic.Int64
	counting, _ := b.(retry.CallBudget)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range calls {
				now := epoch.Add(within * time.Duration(i) / time.Duration(calls))
				if counting != nil {
					counting.CallBegan(now)
				}
				r := b.Charge(now, retry.Transient)
				if r.Paid {
					pays.Add(1)
				}
				if (i+w)%3 == 0 {
					b.Succeeded(now, r.Cost)
					serves.Add(1)
				}
				if counting != nil {
					if r.Paid {
						counting.RetryEnded(now)
					}
					counting.CallEnded(now)
				}
			}
		})
	}
	wg.Wait()
	return pays.Load(), serves.Load()
}

// flightPeak begins a call on each of several goroutines, lets all ask for
// retries at once, and returns how many were paid for.
func flightPeak(b *retry.InFlightBudget, workers int) int {
	var paid atomic.Int64
	for range workers {
		b.CallBegan(epoch)
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range 50 {
				if b.Charge(epoch, retry.Transient).Paid {
					paid.Add(1)
				}
			}
		})
	}
	wg.Wait()
	for range paid.Load() {
		b.RetryEnded(epoch)
	}
	for range workers {
		b.CallEnded(epoch)
	}
	return int(paid.Load())
}
