package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

func TestDo(t *testing.T) {
	clock := newClock()
	r := retry.Must(retry.New(steady, retry.WithClock(clock)))
	v, err := retry.Do(context.Background(), r, clock.op([]step{{ms, errReset}, {ms, errThrottled}, {ms, nil}}))
	if v != 3 || err != nil || clock.now != epoch.Add(2*time.Second+3*ms) {
		t.Errorf("%v, %v at %v", v, err, clock.now)
	}
}

// end is how a call ended, for comparison.
type end struct {
	reason   retry.Reason
	attempts int
	elapsed  time.Duration
	retryAt  time.Duration // since epoch; 0: not set
}

func endOf(t *testing.T, err error) (end, *retry.Error) {
	t.Helper()
	var e *retry.Error
	if !errors.As(err, &e) {
		t.Fatalf("not a *retry.Error: %v", err)
	}
	got := end{e.Reason, e.Attempts, e.Elapsed, 0}
	if !e.RetryAt.IsZero() {
		got.retryAt = e.RetryAt.Sub(epoch)
	}
	if !errors.Is(err, e.Reason) {
		t.Errorf("errors.Is does not reach the reason of %v", err)
	}
	return got, e
}

var (
	brief    = with(steady, func(p *retry.Policy) { p.Limit = 2500 * ms })
	cut      = with(steady, func(p *retry.Policy) { p.AttemptTimeout = 400 * ms })
	notFound = answer(404, "NoSuchKey")
	busy     = answer(429, "").waiting(time.Hour)
	open     = rejection{after: 5 * s}
)

var ends = []struct {
	name     string
	policy   retry.Policy
	deadline time.Duration
	script   []step
	want     end
	err      error // the last error
	cause    error
	text     string
}{
	{"exhausted", steady, 0, failing(ms, errReset), end{retry.Exhausted, 4, 3*s + 4*ms, 0}, errReset, nil,
		"retry: attempts exhausted after 4 attempts in 3.004s: connection reset by peer"},
	{"not retryable", steady, 0, failing(ms, notFound), end{retry.NotRetryable, 1, ms, 0}, notFound, nil,
		"retry: not retryable after 1 attempt in 1ms: 404 NoSuchKey"},
	{"server stop", hinted, 0, failing(ms, busy), end{retry.ServerStop, 1, ms, time.Hour + ms}, busy, nil,
		"retry: server said stop after 1 attempt in 1ms: 429 "},
	{"rejected", steady, 0, failing(0, open), end{retry.Rejected, 0, 0, 5 * s}, open, nil,
		"retry: rejected after 0 attempts: breaker open"},
	{"rejected after a failure", steady, 0, []step{{ms, errReset}, {0, open}}, end{retry.Rejected, 1, s + ms, 6*s + ms}, errReset, open,
		"retry: rejected after 1 attempt in 1.001s (breaker open): connection reset by peer"},
	{"deadline too near", steady, 1500 * ms, failing(ms, errReset), end{retry.DeadlineTooNear, 2, s + 2*ms, 2*s + 2*ms}, errReset, nil,
		"retry: deadline too near after 2 attempts in 1.002s: connection reset by peer"},
	{"deadline in an attempt", steady, 1500 * ms, []step{{ms, errReset}, {s, nil}}, end{retry.Cancelled, 2, 1500 * ms, 0},
		errReset, context.DeadlineExceeded,
		"retry: cancelled after 2 attempts in 1.5s (context deadline exceeded): connection reset by peer"},
	{"deadline in the first attempt", steady, 1500 * ms, failing(5*s, nil), end{retry.Cancelled, 1, 1500 * ms, 0},
		context.DeadlineExceeded, context.DeadlineExceeded,
		"retry: cancelled after 1 attempt in 1.5s (context deadline exceeded): context deadline exceeded"},
	{"deadline before the call", steady, -s, failing(0, nil), end{retry.Cancelled, 0, 0, 0}, nil, context.DeadlineExceeded,
		"retry: cancelled after 0 attempts (context deadline exceeded)"},
	{"limit", brief, 0, failing(ms, errReset), end{retry.LimitReached, 3, 2*s + 3*ms, 3*s + 3*ms}, errReset, nil,
		"retry: limit reached after 3 attempts in 2.003s: connection reset by peer"},
	{"limit in an attempt", brief, 0, []step{{ms, errReset}, {5 * s, nil}}, end{retry.LimitReached, 2, 2500 * ms, 3500 * ms},
		context.DeadlineExceeded, nil,
		"retry: limit reached after 2 attempts in 2.5s: retry: attempt timed out after 1.499s: context deadline exceeded"},
	{"every attempt timed out", cut, 0, failing(s, nil), end{retry.Exhausted, 4, 4600 * ms, 0}, context.DeadlineExceeded, nil,
		"retry: attempts exhausted after 4 attempts in 4.6s: retry: attempt timed out after 400ms: context deadline exceeded"},
}

func TestDoEnds(t *testing.T) {
	for _, c := range ends {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			ctx := context.Background()
			if c.deadline != 0 {
				ctx, _ = clock.WithTimeout(ctx, c.deadline)
			}
			r := retry.Must(retry.New(c.policy, retry.WithClock(clock), retry.WithElapsed()))
			v, err := retry.Do(ctx, r, clock.op(c.script))
			got, e := endOf(t, err)
			if got != c.want || v != 0 {
				t.Errorf("%d, %+v, want %+v", v, got, c.want)
			}
			if !errors.Is(e.Err, c.err) || (e.Err == nil) != (c.err == nil) {
				t.Errorf("last error %v, want %v", e.Err, c.err)
			}
			if c.err != nil && !errors.Is(err, c.err) || c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("%v does not reach %v and %v", err, c.err, c.cause)
			}
			if (e.Cause == nil) != (c.cause == nil) {
				t.Errorf("cause %v, want %v", e.Cause, c.cause)
			}
			if err.Error() != c.text {
				t.Errorf("got  %s\nwant %s", err, c.text)
			}
		})
	}
}

// An attempt that its timeout ended is retried, whatever the operation made of
// it; what it knows to be something else is not.
func TestDoAttemptTimeout(t *testing.T) {
	p := steady
	p.AttemptTimeout = time.Second
	for _, c := range []struct {
		returns  error
		attempts int
		reason   retry.Reason
	}{
		{context.DeadlineExceeded, 4, retry.Exhausted},
		{context.Canceled, 4, retry.Exhausted}, // clients that report any end as a cancellation
		{errors.New("aborted"), 4, retry.Exhausted},
		{retry.Permanent(context.DeadlineExceeded), 1, retry.NotRetryable},
		{answer(404, ""), 1, retry.NotRetryable},
		{rejection{}, 0, retry.Rejected},
	} {
		clock := newClock()
		r := retry.Must(retry.New(p, retry.WithClock(clock)))
		_, err := retry.Do(context.Background(), r, func(ctx context.Context) (int, error) {
			if t, ok := ctx.Deadline(); !ok || t != clock.now.Add(time.Second) {
				return 0, retry.Permanent(fmt.Errorf("deadline %v", t))
			}
			clock.advance(time.Second)
			return 0, c.returns
		})
		if got, _ := endOf(t, err); got.reason != c.reason || got.attempts != c.attempts {
			t.Errorf("%v: %+v", c.returns, got)
		}
	}
	// Late is not failed.
	clock := newClock()
	r := retry.Must(retry.New(p, retry.WithClock(clock)))
	if v, err := retry.Do(context.Background(), r, func(context.Context) (int, error) {
		clock.advance(time.Minute)
		return 7, nil
	}); v != 7 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}

// late is a clock whose sleeps are longer than asked for.
type late struct{ *virtual }

func (l late) Sleep(ctx context.Context, d time.Duration) error {
	return l.virtual.Sleep(ctx, d+5*time.Second)
}

func TestDoOversleepsItsLimit(t *testing.T) {
	p := steady
	p.Limit = 3 * time.Second
	clock := late{newClock()}
	var reasons []retry.Reason
	r := retry.Must(retry.New(p, retry.WithClock(clock), retry.WithObserver(func(_ context.Context, e retry.Event) {
		reasons = append(reasons, e.Decision.Reason)
	})))
	_, err := retry.Do(context.Background(), r, clock.op([]step{{0, errReset}}))
	if got, e := endOf(t, err); got != (end{retry.LimitReached, 1, 6 * time.Second, 6 * time.Second}) || e.Err != errReset {
		t.Errorf("%v", err)
	}
	if len(reasons) != 2 || reasons[0] != 0 || reasons[1] != retry.LimitReached {
		t.Errorf("observed %v", reasons)
	}
}

// broken is a clock that cannot sleep.
type broken struct{ *virtual }

func (broken) Sleep(context.Context, time.Duration) error { return io.ErrClosedPipe }

func TestDoClockFails(t *testing.T) {
	r := retry.Must(retry.New(steady, retry.WithClock(broken{newClock()})))
	_, err := retry.Do(context.Background(), r, func(context.Context) (int, error) { return 0, errReset })
	if got, e := endOf(t, err); got.reason != retry.Cancelled || e.Err != errReset || e.Cause != io.ErrClosedPipe {
		t.Errorf("got %v", err)
	}
}

// ending is a clock whose sleeps end in the moment in which the caller leaves.
type ending struct {
	*virtual
	cancel context.CancelFunc
}

func (e ending) Sleep(context.Context, time.Duration) error { e.cancel(); return nil }

func TestDoDoesNotStartWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := retry.Must(retry.New(steady, retry.WithClock(ending{newClock(), cancel})))
	calls := 0
	_, err := retry.Do(ctx, r, func(context.Context) (int, error) { calls++; return 0, errReset })
	if got, e := endOf(t, err); calls != 1 || got.reason != retry.Cancelled || e.Err != errReset {
		t.Errorf("%d attempts: %v", calls, err)
	}
}

func TestDoCancelled(t *testing.T) {
	why := errors.New("shutting down")
	for _, when := range []string{"before", "attempt", "fast failure"} {
		ctx, cancel := context.WithCancelCause(context.Background())
		clock := newClock()
		r := retry.Must(retry.New(steady, retry.WithClock(clock)))
		if when == "before" {
			cancel(why)
		}
		calls := 0
		_, err := retry.Do(ctx, r, func(ctx context.Context) (int, error) {
			calls++
			if calls == 1 && when != "before" {
				return 0, errReset
			}
			cancel(why)
			if when == "attempt" {
				return 0, fmt.Errorf("get: %w", ctx.Err())
			}
			return 0, errThrottled
		})
		got, e := endOf(t, err)
		wantErr := map[string]error{"before": nil, "attempt": errReset, "fast failure": errThrottled}[when]
		if got.reason != retry.Cancelled || got.attempts != calls || e.Err != wantErr {
			t.Errorf("%s: %v", when, err)
		}
		if !errors.Is(err, why) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v does not reach the cause and context.Canceled", when, err)
		}
		if e.Cause.Error() != "shutting down" {
			t.Errorf("%s: cause %v", when, e.Cause)
		}
	}
}

func TestDoPanics(t *testing.T) {
	p := steady
	p.AttemptTimeout = time.Second
	for _, p := range []retry.Policy{steady, p} {
		clock := newClock()
		r := retry.Must(retry.New(p, retry.WithClock(clock)))
		var attempt context.Context
		func() {
			defer func() {
				if v := recover(); v != "mine" {
					t.Errorf("recovered %v", v)
				}
			}()
			retry.Do(context.Background(), r, func(ctx context.Context) (int, error) { attempt = ctx; panic("mine") })
		}()
		if p.AttemptTimeout > 0 && attempt.Err() == nil {
			t.Error("the attempt's context outlives a panic")
		}
		done := make(chan bool)
		go func() {
			defer close(done)
			retry.Do(context.Background(), r, func(ctx context.Context) (int, error) { runtime.Goexit(); return 0, nil })
		}()
		<-done
	}
}

func TestDoNested(t *testing.T) {
	clock := newClock()
	r := retry.Must(retry.New(steady, retry.WithClock(clock)))
	count := 0
	inner := func(ctx context.Context) (int, error) {
		return retry.Do(ctx, r, func(context.Context) (int, error) { count++; return 0, errReset })
	}
	_, err := retry.Do(context.Background(), r, inner)
	if got, _ := endOf(t, err); count != 4 || got.reason != retry.NotRetryable || !errors.Is(err, retry.Exhausted) {
		t.Errorf("%d attempts: %v", count, err)
	}
	count = 0
	retry.Do(context.Background(), r, func(ctx context.Context) (int, error) {
		v, err := inner(ctx)
		return v, retry.Retryable(err)
	})
	if count != 16 {
		t.Errorf("%d attempts of calls marked as retryable, want 16", count)
	}
}

// drawn records which draws were asked for.
type drawn struct {
	u     float64
	asked []int
}

func (d *drawn) Draw(attempt int) float64 { d.asked = append(d.asked, attempt); return d.u }

func TestDoDraws(t *testing.T) {
	clock, chance := newClock(), &drawn{u: 0.5}
	r := retry.Must(retry.New(retry.S3(), retry.WithClock(clock), retry.WithChance(chance)))
	retry.Do(context.Background(), r, clock.op(failing(0, errReset)))
	if want := epoch.Add(1500*ms + 2500*ms + 4500*ms + 8500*ms); clock.now != want || fmt.Sprint(chance.asked) != "[1 2 3 4 5]" {
		t.Errorf("asked %v, ended %v, want %v", chance.asked, clock.now, want)
	}
	chance.asked = nil
	r = retry.Must(retry.New(steady, retry.WithClock(clock), retry.WithChance(chance)))
	retry.Do(context.Background(), r, clock.op(failing(0, errReset)))
	if chance.asked != nil {
		t.Errorf("a policy without jitter draws %v", chance.asked)
	}
	r = retry.Must(retry.New(retry.S3(), retry.WithClock(clock), retry.WithChance(nil))) // the shared generator
	began := clock.now
	retry.Do(context.Background(), r, clock.op([]step{{0, errReset}, {0, nil}}))
	if d := clock.now.Sub(began); d < time.Second || d >= 2*time.Second {
		t.Errorf("waited %v, want 1s to 2s", d)
	}
}

func TestDoConcurrently(t *testing.T) {
	seen := make(chan retry.Event, 1<<16)
	p := retry.Policy{Name: "shared", Attempts: 3, Jitter: retry.Jitter{Kind: retry.JitterFull}, Quota: awsQuota, Limit: time.Hour}
	r := retry.Must(retry.New(p, retry.WithObserver(func(_ context.Context, e retry.Event) { seen <- e })))
	var wg sync.WaitGroup
	const workers, calls = 8, 500
	for worker := range workers {
		wg.Go(func() {
			for i := range calls {
				n := 0
				_, err := retry.Do(context.Background(), r, func(context.Context) (int, error) {
					if n++; n <= (worker+i)%4 {
						return 0, errThrottled
					}
					return n, nil
				})
				if err != nil && !errors.Is(err, retry.Exhausted) && !errors.Is(err, retry.OverBudget) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(seen)
	ends := 0
	for e := range seen {
		if !e.Decision.Retry {
			ends++
		}
	}
	if ends != workers*calls {
		t.Errorf("%d ends of %d calls", ends, workers*calls)
	}
}
