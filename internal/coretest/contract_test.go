package coretest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
)

func newGuard(t *testing.T, c breaker.Config, opts ...breaker.Option) *breaker.Breaker {
	t.Helper()
	b, err := breaker.New(c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What the breaker counts is for the composition to say: attempts inside of the
// retries, calls around them.
func TestPerAttemptOrPerCall(t *testing.T) {
	retrier := retry.Must(retry.New(retry.Policy{Attempts: 5}))
	down := retry.Retryable(errors.New("down"))
	for name, c := range map[string]struct {
		run  func(guard *breaker.Breaker, op func(context.Context) (int, error)) (int, error)
		want int // requests that reach the backend before the breaker opens
	}{
		"retry(breaker(op))": {func(guard *breaker.Breaker, op func(context.Context) (int, error)) (int, error) {
			return retry.Do(t.Context(), retrier, func(ctx context.Context) (int, error) {
				return breaker.Execute(guard, func() (int, error) { return op(ctx) })
			})
		}, 5},
		"breaker(retry(op))": {func(guard *breaker.Breaker, op func(context.Context) (int, error)) (int, error) {
			return breaker.Execute(guard, func() (int, error) { return retry.Do(t.Context(), retrier, op) })
		}, 25},
	} {
		guard := newGuard(t, breaker.Config{Failures: 5, OpenFor: time.Hour})
		requests := 0
		for guard.State() == breaker.Closed {
			_, _ = c.run(guard, func(context.Context) (int, error) { requests++; return 0, down })
		}
		if requests != c.want {
			t.Errorf("%s: opened after %d requests, want %d", name, requests, c.want)
		}
	}
}

// A breaker that opens while a call retries ends it: with the backend's word first and
// the refusal beside it, after the attempts that reached the backend, with the price of
// no more than these paid, and the time of the next probe.
func TestBreakerOpensMidCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard(t, breaker.Config{Failures: 3, OpenFor: 30 * time.Second})
		bucket, _ := retry.NewBucket(retry.Quota{Capacity: 100, Cost: 10})
		retrier := retry.Must(retry.New(retry.Policy{Attempts: 10, Backoff: retry.Backoff{Base: time.Second, Cap: time.Second, Multiplier: 1}},
			retry.WithBudget(bucket)))
		down, requests := retry.Retryable(errors.New("down")), 0
		_, err := retry.Do(t.Context(), retrier, func(context.Context) (int, error) {
			return breaker.Execute(guard, func() (int, error) { requests++; return 0, down })
		})
		var e *retry.Error
		if !errors.As(err, &e) || e.Reason != retry.Rejected || e.Attempts != 3 || requests != 3 || e.Err != down || !errors.Is(e.Cause, breaker.ErrOpen) {
			t.Fatalf("%#v after %d requests", err, requests)
		}
		// The fourth attempt was paid for before the breaker turned it away, and paid back.
		if bucket.Tokens() != 80 {
			t.Errorf("%d tokens, want those of two retries gone", bucket.Tokens())
		}
		if want := guard.Snapshot().RetryAt; e.RetryAt.Before(want) || e.RetryAt.Sub(want) > time.Second {
			t.Errorf("retry at %v, want %v", e.RetryAt, want)
		}
	})
}

// An attempt that its timeout ends is a failure to the breaker; a caller that gives up
// is nothing to it.
func TestTimeoutsAreFailuresAndCancelsAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard(t, breaker.Config{Failures: 2, OpenFor: time.Minute})
		retrier := retry.Must(retry.New(retry.Policy{Attempts: 5, AttemptTimeout: time.Second}))
		hang := func(ctx context.Context) (int, error) {
			return breaker.Execute(guard, func() (int, error) { <-ctx.Done(); return 0, ctx.Err() })
		}
		ctx, cancel := retry.SystemClock().WithTimeout(t.Context(), time.Hour)
		stop := context.AfterFunc(ctx, func() {})
		defer stop()
		go func() { <-time.After(500 * time.Millisecond); cancel() }()
		_, _ = retry.Do(ctx, retrier, hang)
		if s := guard.Snapshot(); s.State != breaker.Closed || s.Counts.Failures != 0 || s.Counts.Neutrals != 1 {
			t.Errorf("after a cancelled call: %+v", s)
		}
		_, err := retry.Do(t.Context(), retrier, hang)
		if !errors.Is(err, breaker.ErrOpen) || !errors.Is(err, context.DeadlineExceeded) || guard.State() != breaker.Open {
			t.Errorf("%v, %v", err, guard.State())
		}
	})
}

// A server that says when to come back keeps the breaker open for so long, and the call
// that waits for the probe comes just then.
func TestServersWordThroughBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard(t, breaker.Config{Failures: 1, OpenFor: time.Second, MaxHint: time.Minute})
		retrier := retry.Must(retry.New(retry.Policy{Attempts: 5}, retry.WithBreakerWait(retry.BreakerWait{Times: 1})))
		start, requests := time.Now(), 0
		v, err := retry.Do(t.Context(), retrier, func(context.Context) (int, error) {
			return breaker.Execute(guard, func() (int, error) {
				if requests++; requests == 1 {
					return 0, retry.After(errors.New("429"), 20*time.Second)
				}
				return 7, nil
			})
		})
		if took := time.Since(start); v != 7 || err != nil || requests != 2 || took < 20*time.Second || took > 21*time.Second {
			t.Errorf("%v, %v: %d requests in %v", v, err, requests, took)
		}
	})
}

// An isolated breaker cannot be waited for: nobody knows for how long.
func TestIsolatedBreakerIsNotWaitedFor(t *testing.T) {
	guard := newGuard(t, breaker.Config{Failures: 1, OpenFor: time.Second})
	guard.Isolate()
	retrier := retry.Must(retry.New(retry.Policy{Attempts: 5}, retry.WithBreakerWait(retry.BreakerWait{Times: 255})))
	_, err := retry.Do(t.Context(), retrier, func(context.Context) (int, error) {
		return breaker.Execute(guard, func() (int, error) { return 7, nil })
	})
	var e *retry.Error
	if !errors.As(err, &e) || e.Reason != retry.Rejected || e.Attempts != 0 || !e.RetryAt.IsZero() {
		t.Errorf("%#v", err)
	}
}
