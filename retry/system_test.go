package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-sim/squall/retry"
)

// The tests of this file run on the system's clock, inside a bubble whose time
// moves when everybody waits.

func TestSystemClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := retry.Must(retry.New(steady))
		n := 0
		v, err := retry.Do(t.Context(), r, func(context.Context) (int, error) {
			if n++; n < 3 {
				return 0, errReset
			}
			return n, nil
		})
		if v != 3 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		_, err = retry.Do(t.Context(), r, func(context.Context) (int, error) { return 0, errReset })
		if got, _ := endOf(t, err); got.elapsed != 3*time.Second {
			t.Errorf("elapsed %v, want 3s: three delays", got.elapsed)
		}
	})
}

func TestSystemClockTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := steady
		p.AttemptTimeout, p.Limit = 2*time.Second, 4500*ms
		r := retry.Must(retry.New(p))
		_, err := retry.Do(t.Context(), r, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		var late *retry.TimeoutError
		got, e := endOf(t, err)
		if got.reason != retry.LimitReached || got.attempts != 2 || got.elapsed != 4500*ms || !errors.As(err, &late) || late.After != 1500*ms {
			t.Errorf("got %v", e)
		}
	})
}

func TestSystemClockCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := make(chan bool)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-began
			synctest.Wait() // the call sleeps
			cancel()
		}()
		var events []retry.Decision
		r := retry.Must(retry.New(steady, retry.WithObserver(func(_ context.Context, e retry.Event) { events = append(events, e.Decision) })))
		_, err := retry.Do(ctx, r, func(context.Context) (int, error) { close(began); return 0, errReset })
		got, e := endOf(t, err)
		if got.reason != retry.Cancelled || got.attempts != 1 || got.elapsed != 0 || e.Err != errReset || e.Cause != context.Canceled {
			t.Errorf("got %v", err)
		}
		if e.RetryAt.IsZero() || len(events) != 2 || events[0] != goOn(time.Second) || events[1] != stop(retry.Cancelled, 0) {
			t.Errorf("retry at %v, events %v", e.RetryAt, events)
		}
	})
}

func TestSystemClockDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timeout := retry.Must(retry.New(retry.Policy{Attempts: 1, AttemptTimeout: 2500 * ms}))
		r := retry.Must(retry.New(steady))
		// A deadline of the system's clock, by way of an outer call's attempt.
		_, err := retry.Do(t.Context(), timeout, func(ctx context.Context) (int, error) {
			return retry.Do(ctx, r, func(context.Context) (int, error) { return 0, errReset })
		})
		var outer, inner *retry.Error
		if !errors.As(err, &outer) || !errors.As(outer.Err, &inner) {
			t.Fatal(err)
		}
		if outer.Reason != retry.Exhausted || inner.Reason != retry.DeadlineTooNear || inner.Attempts != 3 || inner.Elapsed != 2*time.Second {
			t.Errorf("got %v", err)
		}
	})
}

func TestSystemClockSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := retry.SystemClock()
		began := c.Now()
		if err := c.Sleep(t.Context(), time.Minute); err != nil || c.Now().Sub(began) != time.Minute {
			t.Errorf("%v after %v", err, c.Now().Sub(began))
		}
		ctx, cancel := c.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = c.Now()
		if err := c.Sleep(ctx, time.Minute); err != context.DeadlineExceeded || c.Now().Sub(began) != time.Second {
			t.Errorf("%v after %v", err, c.Now().Sub(began))
		}
		if err := c.Sleep(ctx, -1); err != context.DeadlineExceeded {
			t.Errorf("no sleep in a context that has ended: %v", err)
		}
		if err := c.Sleep(t.Context(), 0); err != nil {
			t.Errorf("no sleep: %v", err)
		}
	})
}
