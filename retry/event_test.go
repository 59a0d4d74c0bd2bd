package retry_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/squall-sim/squall/retry"
)

// ended sums up the events of one call.
type ended struct{ sum, last, events int }

func (x *ended) observe(_ context.Context, e retry.Event) {
	x.sum += e.Ended
	x.last = e.Attempts
	x.events++
}

// However a call ends, the attempts of its events add up to all that it made.
func TestEventsAddUpToTheAttempts(t *testing.T) {
	for _, c := range ends {
		var x ended
		clock := newClock()
		ctx := context.Background()
		if c.deadline != 0 {
			ctx, _ = clock.WithTimeout(ctx, c.deadline)
		}
		_, err := retry.Do(ctx, retry.Must(retry.New(c.policy, retry.WithClock(clock), retry.WithObserver(x.observe))), clock.op(c.script))
		if got, _ := endOf(t, err); x.sum != got.attempts || x.last != got.attempts {
			t.Errorf("%s: %+v, want %d", c.name, x, got.attempts)
		}
	}
	// A sleep that was too long ends a call whose attempt was told of before.
	var x ended
	clock := late{newClock()}
	r := retry.Must(retry.New(with(steady, func(p *retry.Policy) { p.Limit = 3 * s }), retry.WithClock(clock), retry.WithObserver(x.observe)))
	if _, err := retry.Do(context.Background(), r, clock.op(failing(0, errReset))); !errors.Is(err, retry.LimitReached) || x != (ended{1, 1, 2}) {
		t.Errorf("%+v: %v", x, err)
	}
}

// So they do where hedges are given up.
func TestEventsOfHedgesAddUp(t *testing.T) {
	for _, c := range []struct {
		script   []step
		attempts int
	}{
		{[]step{{500 * ms, nil}}, 1},
		{[]step{{9 * s, nil}, {500 * ms, nil}}, 2},                                // the first is given up
		{[]step{{9 * s, nil}, {9 * s, nil}, {500 * ms, nil}}, 3},                  // two are
		{[]step{{9 * s, nil}, {500 * ms, errReset}, {9 * s, nil}}, 4},             // one fails, its place is taken
		{[]step{{9 * s, nil}, {500 * ms, notFound}}, 2},                           // an error ends the call
		{[]step{{9 * s, nil}, {0, open}}, 1},                                      // a breaker turns the hedge away
		{[]step{{s / 2, errReset}, {s / 2, errReset}, {9 * s, nil}, {0, nil}}, 4}, // retries and hedges
	} {
		synctest.Test(t, func(t *testing.T) {
			var x ended
			r := retry.Must(retry.New(steady, retry.WithHedging(retry.Hedging{MaxInFlight: 3, Delay: s}), retry.WithObserver(x.observe)))
			_, err := retry.Hedge(t.Context(), r, newServer(c.script...).op, nil)
			if x.sum != c.attempts || x.last != c.attempts {
				t.Errorf("%v: %+v, want %d (%v)", c.script, x, c.attempts, err)
			}
		})
	}
}

// What an observer panics with is the caller's to see, and budgets that count
// calls have heard the end of the call all the same; of runtime.Goexit, too.
func TestPanicsLeaveNothingBehind(t *testing.T) {
	type leave func()
	panics := func() { panic("mine") }
	for name, out := range map[string]leave{"panic": panics, "Goexit": runtime.Goexit} {
		for at := 1; at <= 3; at++ {
			b, err := retry.NewInFlight(retry.InFlight{Min: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, who := range []string{"op", "observer", "hedged op", "hedge's observer"} {
				var n, told atomic.Int32
				observer := retry.WithObserver(func(context.Context, retry.Event) {
					if told.Add(1); (who == "observer" || who == "hedge's observer") && int(told.Load()) == at {
						out()
					}
				})
				hedges := retry.WithHedging(retry.Hedging{MaxInFlight: 2, Delay: s})
				r := retry.Must(retry.New(quick, retry.WithBudget(b), observer, hedges))
				op := func(context.Context) (int, error) {
					if int(n.Add(1)) == at && (who == "op" || who == "hedged op") {
						out()
					}
					return 0, errReset
				}
				done := make(chan any)
				go func() {
					returned := false
					defer func() {
						v := recover()
						if returned {
							v = "returned"
						}
						done <- v
					}()
					if who == "op" || who == "observer" {
						retry.Do(context.Background(), r, op)
					} else {
						retry.Hedge(context.Background(), r, op, nil)
					}
					returned = true
				}()
				v := <-done
				if pe, ok := v.(*retry.PanicError); ok {
					v = pe.Value
				}
				if want := map[string]any{"panic": "mine", "Goexit": nil}[name]; v != want {
					t.Errorf("%s in the %s, %d: got %v, want %v", name, who, at, v, want)
				}
				if calls, retries := b.Calls(); calls != 0 || retries != 0 {
					t.Errorf("%s in the %s, %d: %d calls and %d retries are still in flight", name, who, at, calls, retries)
				}
			}
		}
	}
}
