package retry_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-sim/squall/retry"
)

// The tests of this file run in bubbles whose time moves when everybody waits;
// a bubble fails if a goroutine outlives it.

// server is an operation of which each attempt does as its script says.
type server struct {
	mu     sync.Mutex
	script []step
	began  []time.Duration // of the attempts, since the start
	start  time.Time
	ended  map[int]error // how attempts' contexts ended that were cut
}

func newServer(script ...step) *server {
	return &server{script: script, start: retry.SystemClock().Now(), ended: map[int]error{}}
}

func (sv *server) op(ctx context.Context) (int, error) {
	sv.mu.Lock()
	n := len(sv.began)
	sv.began = append(sv.began, retry.SystemClock().Now().Sub(sv.start))
	sv.mu.Unlock()
	st := sv.script[min(n, len(sv.script)-1)]
	if err := retry.SystemClock().Sleep(ctx, st.takes); err != nil {
		sv.mu.Lock()
		sv.ended[n+1] = err
		sv.mu.Unlock()
		return 0, err
	}
	return n + 1, st.err
}

var hedged = retry.WithHedging(retry.Hedging{MaxInFlight: 2, Delay: s})

func TestHedge(t *testing.T) {
	tripled := retry.WithHedging(retry.Hedging{MaxInFlight: 3, Delay: s})
	atOnce := retry.WithHedging(retry.Hedging{MaxInFlight: 3})
	for _, c := range []struct {
		name   string
		opts   []retry.Option
		policy retry.Policy
		script []step
		v      int // which attempt won; 0: none
		began  []time.Duration
		ends   time.Duration
		reason retry.Reason
		tries  int
	}{
		{"quick enough", []retry.Option{hedged}, steady, []step{{500 * ms, nil}}, 1, []time.Duration{0}, 500 * ms, 0, 0},
		{"the hedge wins", []retry.Option{hedged}, steady, []step{{9 * s, nil}, {500 * ms, nil}}, 2, []time.Duration{0, s}, 1500 * ms, 0, 0},
		{"the first wins", []retry.Option{hedged}, steady, []step{{1500 * ms, nil}, {9 * s, nil}}, 1, []time.Duration{0, s}, 1500 * ms, 0, 0},
		{"at most so many", []retry.Option{tripled}, steady, []step{{9 * s, nil}}, 1, []time.Duration{0, s, 2 * s}, 9 * s, 0, 0},
		{"all at once", []retry.Option{atOnce}, steady, []step{{9 * s, nil}, {8 * s, nil}, {7 * s, nil}}, 3, []time.Duration{0, 0, 0}, 7 * s, 0, 0},
		{"attempts bound hedges", []retry.Option{tripled}, with(steady, func(p *retry.Policy) { p.Attempts = 2 }), []step{{9 * s, nil}}, 1, []time.Duration{0, s}, 9 * s, 0, 0},
		{"a hedge fails, the first goes on", []retry.Option{hedged}, with(steady, func(p *retry.Policy) { p.Attempts = 2 }),
			[]step{{9 * s, nil}, {500 * ms, errReset}}, 1, []time.Duration{0, s}, 9 * s, 0, 0},
		{"a place becomes free", []retry.Option{hedged}, steady, []step{{9 * s, nil}, {500 * ms, errReset}, {s, nil}}, 3, []time.Duration{0, s, 2500 * ms}, 3500 * ms, 0, 0},
		{"the first fails, the hedge goes on", []retry.Option{hedged}, with(steady, func(p *retry.Policy) { p.Attempts = 2 }),
			[]step{{1500 * ms, errReset}, {2 * s, nil}}, 2, []time.Duration{0, s}, 3 * s, 0, 0},
		{"both fail, the call retries", []retry.Option{hedged}, with(steady, func(p *retry.Policy) { p.Attempts = 3 }),
			[]step{{1500 * ms, errReset}, {700 * ms, errThrottled}, {0, nil}}, 3, []time.Duration{0, s, 2700 * ms}, 2700 * ms, 0, 0},
		{"all fail", []retry.Option{hedged}, with(steady, func(p *retry.Policy) { p.Attempts = 2 }), []step{{1500 * ms, errReset}}, 0,
			[]time.Duration{0, s}, 2500 * ms, retry.Exhausted, 2},
		{"fails before its delay", []retry.Option{hedged}, steady, []step{{500 * ms, errReset}, {0, nil}}, 2, []time.Duration{0, 1500 * ms}, 1500 * ms, 0, 0},
		{"not worth another attempt", []retry.Option{hedged}, steady, []step{{9 * s, nil}, {500 * ms, notFound}}, 0, []time.Duration{0, s}, 1500 * ms, retry.NotRetryable, 2},
		{"turned away", []retry.Option{tripled}, steady, []step{{9 * s, nil}, {0, open}}, 1, []time.Duration{0, s}, 9 * s, 0, 0},
		{"over budget", []retry.Option{tripled, retry.WithBudget(miser{})}, steady, []step{{9 * s, nil}}, 1, []time.Duration{0}, 9 * s, 0, 0},
		{"held back", []retry.Option{tripled, retry.WithLimiter(gate{})}, steady, []step{{9 * s, nil}}, 0, nil, 0, retry.Rejected, 0},
		{"attempts time out", []retry.Option{hedged}, with(steady, func(p *retry.Policy) { p.Attempts, p.AttemptTimeout = 2, 3*s }), []step{{9 * s, nil}}, 0,
			[]time.Duration{0, s}, 4 * s, retry.Exhausted, 2},
		{"limit", []retry.Option{hedged}, with(steady, func(p *retry.Policy) { p.Limit = 3 * s }), []step{{9 * s, nil}}, 0, []time.Duration{0, s}, 3 * s, retry.LimitReached, 2},
		{"not asked for", nil, steady, []step{{9 * s, nil}}, 1, []time.Duration{0}, 9 * s, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sv := newServer(c.script...)
				v, err := retry.Hedge(t.Context(), retry.Must(retry.New(c.policy, c.opts...)), sv.op, nil)
				if took := retry.SystemClock().Now().Sub(sv.start); v != c.v || took != c.ends {
					t.Errorf("%d (%v) after %v, want %d after %v", v, err, took, c.v, c.ends)
				}
				if c.reason != 0 {
					if got, _ := endOf(t, err); got.reason != c.reason || got.attempts != c.tries {
						t.Errorf("%v after %d attempts, want %v after %d", got.reason, got.attempts, c.reason, c.tries)
					}
				} else if err != nil {
					t.Error(err)
				}
				synctest.Wait() // whoever lost has heard of it
				if len(sv.began) != len(c.began) {
					t.Fatalf("attempts began at %v, want %v", sv.began, c.began)
				}
				for i := range c.began {
					if sv.began[i] != c.began[i] {
						t.Errorf("attempts began at %v, want %v", sv.began, c.began)
					}
				}
			})
		})
	}
}

// What losers return is closed, once each, and the winner's is not.
func TestHedgeDiscards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := retry.Must(retry.New(steady, retry.WithHedging(retry.Hedging{MaxInFlight: 4})))
		var n, closed atomic.Int32
		v, err := retry.Hedge(t.Context(), r, func(context.Context) (int32, error) { // heeds no context
			i := n.Add(1)
			return i, retry.SystemClock().Sleep(context.Background(), time.Duration(i)*s)
		}, func(v int32) { closed.Add(v) })
		if v != 1 || err != nil || closed.Load() != 0 {
			t.Errorf("%v, %v, closed %d", v, err, closed.Load())
		}
		retry.SystemClock().Sleep(t.Context(), time.Minute)
		if closed.Load() != 2+3+4 {
			t.Errorf("closed %d, want the other three", closed.Load())
		}
	})
}

// The call's end is the attempts' end: cancelled by the caller, all are.
func TestHedgeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("shutting down")
		ctx, cancel := context.WithCancelCause(t.Context())
		sv := newServer(step{9 * s, nil})
		go func() {
			retry.SystemClock().Sleep(t.Context(), 1500*ms)
			cancel(why)
		}()
		_, err := retry.Hedge(ctx, retry.Must(retry.New(steady, hedged)), sv.op, nil)
		if got, _ := endOf(t, err); got.reason != retry.Cancelled || got.attempts != 2 || !errors.Is(err, why) || !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		synctest.Wait()
		if len(sv.ended) != 2 {
			t.Errorf("%d of 2 attempts were cut", len(sv.ended))
		}
		_, err = retry.Hedge(ctx, retry.Must(retry.New(steady, hedged)), sv.op, nil)
		if got, _ := endOf(t, err); got.reason != retry.Cancelled || got.attempts != 0 || len(sv.began) != 2 {
			t.Errorf("starts in a context that has ended: %v", err)
		}
	})
}

func TestHedgeDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for deadline, attempts := range map[time.Duration]int{s: 1, 1500 * ms: 2} {
			ctx, cancel := retry.SystemClock().WithTimeout(t.Context(), deadline)
			sv := newServer(step{9 * s, nil})
			_, err := retry.Hedge(ctx, retry.Must(retry.New(steady, hedged)), sv.op, nil)
			synctest.Wait()
			if got, _ := endOf(t, err); got.reason != retry.Cancelled || len(sv.began) > 2 || got.attempts > 2 || deadline > s && got.attempts != attempts {
				t.Errorf("%v: %v", deadline, err)
			}
			cancel()
		}
	})
}

func TestHedgePanics(t *testing.T) {
	for _, value := range []any{"mine", errReset} {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int32
			var loser atomic.Value
			defer func() {
				e, ok := recover().(*retry.PanicError)
				if !ok || e.Value != value || !strings.Contains(e.Error(), "TestHedgePanics") {
					t.Errorf("recovered %v", e)
				}
				if err, ok := value.(error); ok && !errors.Is(e, err) {
					t.Error("the panic's error is not reached")
				}
				if loser.Load().(context.Context).Err() == nil {
					t.Error("the other attempt goes on")
				}
			}()
			retry.Hedge(t.Context(), retry.Must(retry.New(steady, hedged)), func(ctx context.Context) (int, error) {
				if n.Add(1) == 2 {
					panic(value)
				}
				loser.Store(ctx)
				<-ctx.Done()
				return 0, ctx.Err()
			}, nil)
		})
	}
}

func TestHedgeGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		returned := false
		go func() {
			retry.Hedge(t.Context(), retry.Must(retry.New(steady, hedged)), func(context.Context) (int, error) {
				runtime.Goexit()
				return 0, nil
			}, nil)
			returned = true
		}()
		synctest.Wait()
		if returned {
			t.Error("runtime.Goexit was swallowed")
		}
	})
}

// Attempts know their number and their context ends with the call.
func TestHedgeContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var seen []retry.Ancestry
		var contexts []context.Context
		_, err := retry.Hedge(t.Context(), retry.Must(retry.New(steady, retry.WithHedging(retry.Hedging{MaxInFlight: 3, Delay: s}))), func(ctx context.Context) (int, error) {
			mu.Lock()
			seen = append(seen, retry.AncestryOf(ctx))
			contexts = append(contexts, ctx)
			n := len(seen)
			mu.Unlock()
			return n, retry.SystemClock().Sleep(ctx, time.Duration(4-n)*2*s)
		}, nil)
		if err != nil || len(seen) != 3 || seen[0].Attempts != 1 || seen[1].Attempts != 2 || seen[2].Attempts != 3 {
			t.Errorf("%v, %v", seen, err)
		}
		for _, ctx := range contexts {
			if ctx.Err() == nil {
				t.Error("an attempt's context outlives the call")
			}
		}
	})
}

// With Quantile the delay follows what is observed.
func TestHedgeQuantile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := retry.Must(retry.New(steady, retry.WithHedging(retry.Hedging{MaxInFlight: 2, Delay: time.Minute, Quantile: 0.5})))
		for i := range 40 {
			if d, _ := r.HedgeDelay(); i < 16 && d != time.Minute || i >= 17 && d > s {
				t.Fatalf("call %d: delay %v", i, d)
			}
			sv := newServer(step{time.Duration(i%20+1) * 100 * ms, nil}, step{100 * ms, nil})
			if _, err := retry.Hedge(t.Context(), r, sv.op, nil); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
	})
}

// Attempts that time out are slow ones.
func TestHedgeQuantileOfTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := with(steady, func(p *retry.Policy) { p.Attempts, p.AttemptTimeout = 1, 2*s })
		r := retry.Must(retry.New(p, retry.WithHedging(retry.Hedging{MaxInFlight: 2, Delay: time.Minute, Quantile: 0.5})))
		for range 16 {
			retry.Hedge(t.Context(), r, newServer(step{9 * s, nil}).op, nil)
		}
		if d, _ := r.HedgeDelay(); d != 2*s {
			t.Errorf("delay %v, want 2s", d)
		}
	})
}

// handClock is a clock for hedges: its sleeps end when the test says so.
type handClock struct {
	*virtual
	mu    sync.Mutex
	rings chan time.Duration
}

func (h *handClock) Now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *handClock) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case h.rings <- d:
		h.mu.Lock()
		h.now = h.now.Add(d)
		h.mu.Unlock()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// The delay runs on the retrier's clock.
func TestHedgeOnAClock(t *testing.T) {
	clock := &handClock{virtual: newClock(), rings: make(chan time.Duration)}
	var times []time.Time
	r := retry.Must(retry.New(steady, hedged, retry.WithClock(clock), retry.WithObserver(func(_ context.Context, e retry.Event) { times = append(times, e.Time) })))
	first, second := make(chan bool), make(chan bool)
	var n atomic.Int32
	go func() {
		<-first
		if d := <-clock.rings; d != s {
			t.Errorf("slept %v", d)
		}
		close(second)
	}()
	v, err := retry.Hedge(context.Background(), r, func(ctx context.Context) (int32, error) {
		i := n.Add(1)
		if i == 1 {
			close(first)
			<-ctx.Done()
			return 0, ctx.Err()
		}
		<-second
		return i, nil
	}, nil)
	if v != 2 || err != nil || len(times) != 2 || times[0] != epoch.Add(s) {
		t.Errorf("%v, %v at %v", v, err, times)
	}
}

// Everything at once, for the race detector: every result is returned or
// discarded, never both, and the budget is charged for each hedge and retry.
func TestHedgeStress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket, _ := retry.NewBucket(retry.Quota{Capacity: 1 << 20, Cost: 1})
		p := retry.Policy{Attempts: 4, AttemptTimeout: 20 * ms, Classifier: "any", Backoff: retry.Backoff{Base: ms}}
		r := retry.Must(retry.New(p, retry.WithBudget(bucket), retry.WithHedging(retry.Hedging{MaxInFlight: 3, Delay: 2 * ms, Quantile: 0.8}),
			retry.WithObserver(func(context.Context, retry.Event) {})))
		var made, closed, used atomic.Int64
		var wg sync.WaitGroup
		for worker := range 16 {
			wg.Go(func() {
				for i := range 100 {
					ctx, cancel := retry.SystemClock().WithTimeout(t.Context(), time.Duration(1+(worker*7+i)%40)*ms)
					_, err := retry.Hedge(ctx, r, func(ctx context.Context) (int, error) {
						k := made.Load()*2654435761 + int64(worker*31+i)
						if k%5 == 0 {
							return 0, errThrottled
						}
						if err := retry.SystemClock().Sleep(ctx, time.Duration(k%11)*ms); err != nil && k%3 > 0 {
							return 0, err
						}
						made.Add(1)
						return 1, nil
					}, func(int) { closed.Add(1) })
					if err == nil {
						used.Add(1)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		if made.Load() != closed.Load()+used.Load() || used.Load() == 0 || closed.Load() == 0 {
			t.Errorf("%d made, %d used, %d closed", made.Load(), used.Load(), closed.Load())
		}
		if bucket.Tokens() >= 1<<20 {
			t.Error("nothing was charged")
		}
	})
}
