package retryaws_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryaws"
)

// With a budget of retries in flight nothing stays in flight: not after retries
// that ended well or badly, nor after one whose delay the caller cut short,
// which the SDK never mentions again.
func TestRetriesInFlight(t *testing.T) {
	b, err := retry.NewInFlight(retry.InFlight{Min: 1})
	if err != nil {
		t.Fatal(err)
	}
	a := retryaws.New(retry.Must(retry.New(retry.Policy{Attempts: 3}, retry.WithBudget(b))))
	for i := range 10 {
		if n, err := attempts(t, a, errServer, errServer, nil); n != 3 || err != nil {
			t.Fatalf("call %d: %d attempts, %v", i, n, err)
		}
		if n, _ := attempts(t, a, errServer); n != 3 {
			t.Fatalf("call %d: %d attempts", i, n)
		}
	}
	if calls, retries := b.Calls(); calls != 0 || retries != 0 {
		t.Errorf("%d attempts and %d retries in flight", calls, retries)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := a.GetRetryToken(ctx, errServer); err != nil {
			t.Fatal(err)
		}
		if _, err := a.GetRetryToken(ctx, errServer); !errors.Is(err, retry.OverBudget) {
			t.Errorf("a second retry in flight: %v", err)
		}
		cancel()
		synctest.Wait()
		if _, retries := b.Calls(); retries != 0 {
			t.Errorf("%d retries in flight after their call was cancelled", retries)
		}
	})
	release, err := a.GetAttemptToken(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if calls, _ := b.Calls(); calls != 1 {
		t.Errorf("%d attempts in flight", calls)
	}
	release(errServer)
	release(errServer) // once is enough
	if calls, _ := b.Calls(); calls != 0 {
		t.Errorf("%d attempts in flight", calls)
	}
}

// gate answers from a list: 0 lets through, more is a wait, less turns away.
type gate struct {
	waits []time.Duration
	done  []retry.Class
}

func (g *gate) Acquire(time.Time, float64) (time.Duration, bool) {
	w := g.waits[0]
	g.waits = g.waits[1:]
	return max(w, 0), w == 0
}

func (g *gate) Done(_ time.Time, class retry.Class) { g.done = append(g.done, class) }

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{waits: []time.Duration{3 * time.Second, time.Second, 0, 0, 0, -1, time.Hour, time.Second}}
		a := retryaws.New(retry.Must(retry.New(retry.Policy{Attempts: 3}, retry.WithLimiter(g))))
		clock := retry.SystemClock()
		start := clock.Now()
		for _, err := range []error{errThrottle, nil, flagged{rejected: true}} {
			release, refused := a.GetAttemptToken(t.Context())
			if refused != nil {
				t.Fatal(refused)
			}
			release(err)
		}
		if took := clock.Now().Sub(start); took != 4*time.Second {
			t.Errorf("waited %v, want 4s", took)
		}
		if len(g.done) != 2 || g.done[0] != retry.Throttle || g.done[1] != retry.Unknown {
			t.Errorf("told %v; what a breaker turned away is not told", g.done)
		}
		_, err := a.GetAttemptToken(t.Context())
		var held retry.HeldBackError
		if !errors.Is(err, retry.Rejected) || !errors.As(err, &held) {
			t.Errorf("turned away: %v", err)
		}
		ctx, cancel := clock.WithTimeout(t.Context(), time.Minute)
		if _, err := a.GetAttemptToken(ctx); !errors.Is(err, retry.DeadlineTooNear) || clock.Now().Sub(start) != 4*time.Second {
			t.Errorf("a wait of an hour for a minute: %v", err)
		}
		cancel()
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := a.GetAttemptToken(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a wait in a context that has ended: %v", err)
		}
	})
}

// The preset with the SDK's limiter has it here, too.
func TestAdaptive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := retry.Must(retry.New(retry.AWSAdaptive()))
		a := retryaws.New(r)
		clock := retry.SystemClock()
		start := clock.Now()
		for range 5 {
			release, err := a.GetAttemptToken(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			release(errThrottle)
		}
		if took := clock.Now().Sub(start); took < 4*time.Second { // one in 2 s at most
			t.Errorf("5 throttled attempts took %v", took)
		}
	})
}
