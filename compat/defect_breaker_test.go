package compat

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	"github.com/squall-sim/squall/breaker"
)

const openFor = time.Minute

func newBreaker(t *testing.T, opts ...breaker.Option) *breaker.Breaker {
	t.Helper()
	b, err := breaker.New(breaker.Config{Failures: 1, OpenFor: openFor}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newGobreaker(s gobreaker.Settings) *gobreaker.CircuitBreaker[int] {
	s.Timeout = openFor
	s.ReadyToTrip = func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 1 }
	return gobreaker.NewCircuitBreaker[int](s)
}

func fail() (int, error)    { return 0, errDown }
func work() (int, error)    { return 42, nil }
func exit() (int, error)    { runtime.Goexit(); return 0, nil }
func explode() (int, error) { panic(errDown) }

// apart runs f in a goroutine of its own, which may exit or panic, and waits for it.
func apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		f()
	}()
	<-done
}

// admitsAfter tells whether a breaker that was tripped, and whose probe then
// ended as op does, ever admits a call again: after a virtual year.
func admitsAfter(execute func(func() (int, error)) (int, error), op func() (int, error)) bool {
	_, _ = execute(fail)
	time.Sleep(openFor + 1)
	apart(func() { _, _ = execute(op) })
	time.Sleep(365 * 24 * time.Hour)
	v, err := execute(work)
	return v == 42 && err == nil
}

// A probe that ends by runtime.Goexit keeps its place for ever.
func TestDefect_gobreaker_goexitWedgesHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if admitsAfter(newGobreaker(gobreaker.Settings{}).Execute, exit) {
			t.Error("did not reproduce: the breaker admits calls")
		}
		b := newBreaker(t)
		if !admitsAfter(func(f func() (int, error)) (int, error) { return breaker.Execute(b, f) }, exit) {
			t.Error("squall: the breaker is wedged")
		}
	})
}

// A probe that panics keeps its place for ever.
func TestDefect_failsafe_panicWedgesHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if admitsAfter(failsafe.With(circuitbreaker.NewBuilder[int]().WithDelay(openFor).Build()).Get, explode) {
			t.Error("did not reproduce: the breaker admits calls")
		}
		b := newBreaker(t)
		if !admitsAfter(func(f func() (int, error)) (int, error) { return breaker.Execute(b, f) }, explode) {
			t.Error("squall: the breaker is wedged")
		}
	})
}

// OnStateChange runs under the breaker's lock: to ask the breaker there is a
// deadlock. Another goroutine asks, and is seen to wait for the lock.
func TestDefect_gobreaker_callbackUnderTheLock(t *testing.T) {
	var b *gobreaker.CircuitBreaker[int]
	blocked, asked := false, make(chan struct{})
	b = newGobreaker(gobreaker.Settings{OnStateChange: func(string, gobreaker.State, gobreaker.State) {
		go askGobreaker(b, asked)
		blocked = waitsForLock(asked)
	}})
	_, _ = b.Execute(fail)
	<-asked // free when the callback has returned
	if !blocked {
		t.Error("did not reproduce: State answered during the callback")
	}

	var ours *breaker.Breaker
	var state breaker.State
	ours = newBreaker(t, breaker.WithListener(func(breaker.Event) { state = ours.State() }))
	_, _ = breaker.Execute(ours, fail)
	if state != breaker.Open {
		t.Errorf("squall: the listener saw %v", state)
	}
}

func askGobreaker(b *gobreaker.CircuitBreaker[int], asked chan<- struct{}) {
	b.State()
	close(asked)
}

// waitsForLock tells whether askGobreaker waits for a mutex rather than having
// its answer.
func waitsForLock(asked <-chan struct{}) bool {
	for buf := make([]byte, 1<<20); ; runtime.Gosched() {
		select {
		case <-asked:
			return false
		default:
		}
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "askGobreaker(") && strings.Contains(g, "[sync.Mutex.Lock") {
				return true
			}
		}
	}
}

// The callback is not told the counts that tripped the breaker, cannot ask for
// them (see above), and when somebody can they have been cleared.
func TestDefect_gobreaker_callbackSeesNoCounts(t *testing.T) {
	b := newGobreaker(gobreaker.Settings{})
	_, _ = b.Execute(fail)
	if c := b.Counts(); c != (gobreaker.Counts{}) {
		t.Errorf("did not reproduce: %+v", c)
	}
	var event breaker.Event
	ours := newBreaker(t, breaker.WithListener(func(e breaker.Event) { event = e }))
	_, _ = breaker.Execute(ours, fail)
	if event.To != breaker.Open || event.Counts.Failures != 1 || event.Counts.Requests != 1 {
		t.Errorf("squall: %+v", event)
	}
}

// The default breaker opens on a single failure. squall has no default to be
// surprised by: the number has to be given.
func TestDefect_failsafe_defaultOpensOnOneFailure(t *testing.T) {
	b := circuitbreaker.NewWithDefaults[int]()
	if _, _ = failsafe.With(b).Get(fail); !b.IsOpen() {
		t.Errorf("did not reproduce: %v", b.State())
	}
	if _, err := breaker.New(breaker.Config{OpenFor: openFor}); err == nil {
		t.Error("squall: a breaker without a number of failures is valid")
	}
}

func cancelled() (int, error) { return 0, context.Canceled }

// What is not handled is a success: a probe that its caller cancelled closes
// the breaker, although the backend has not answered.
func TestDefect_failsafe_cancelledProbeCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := circuitbreaker.NewBuilder[int]().WithDelay(openFor).HandleErrors(errDown).Build()
		_, _ = failsafe.With(b).Get(fail)
		time.Sleep(openFor + 1)
		if _, _ = failsafe.With(b).Get(cancelled); !b.IsClosed() {
			t.Errorf("did not reproduce: %v", b.State())
		}
		ours := newBreaker(t)
		_, _ = breaker.Execute(ours, fail)
		time.Sleep(openFor + 1)
		if _, _ = breaker.Execute(ours, cancelled); ours.State() != breaker.HalfOpen {
			t.Errorf("squall: %v", ours.State())
		}
	})
}

// A two-step probe that is never reported blocks the breaker for ever: a virtual year
// is not enough.
func TestDefect_gobreaker_unreportedProbeWedgesHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := gobreaker.NewTwoStepCircuitBreaker[int](gobreaker.Settings{
			Timeout: openFor, ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 1 },
		})
		done, _ := raw.Allow()
		done(errDown)
		time.Sleep(openFor + 1)
		_, _ = raw.Allow() // the probe, lost
		time.Sleep(365 * 24 * time.Hour)
		if _, err := raw.Allow(); err == nil {
			t.Error("did not reproduce: the breaker admits calls")
		}

		ours, err := breaker.NewTwoStep(breaker.Config{Failures: 1, OpenFor: openFor})
		if err != nil {
			t.Fatal(err)
		}
		done, _ = ours.Allow()
		done(errDown)
		time.Sleep(openFor + 1)
		_, _ = ours.Allow()
		time.Sleep(365 * 24 * time.Hour)
		if done, err = ours.Allow(); err != nil {
			t.Fatalf("squall: %v", err)
		}
		if done(nil); ours.State() != breaker.Closed {
			t.Errorf("squall: %v", ours.State())
		}
	})
}

// atOnce starts n calls of op together, waits until all are running, lets them end at
// once after d, and waits for them.
func atOnce(n int, d time.Duration, execute func(func() (int, error)) (int, error)) {
	done := make(chan struct{})
	for range n {
		go func() {
			_, _ = execute(func() (int, error) { time.Sleep(d); return fail() })
			done <- struct{}{}
		}()
	}
	for range n {
		<-done
	}
}

// Failures of calls that take longer than the window are dropped, in a fixed window as
// in a rolling one: a backend on which everything times out never trips it.
func TestDefect_gobreaker_callsLongerThanTheWindow(t *testing.T) {
	for name, bucket := range map[string]time.Duration{"fixed": 0, "rolling": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
					Interval: 10 * time.Second, BucketPeriod: bucket, Timeout: openFor,
					ReadyToTrip: func(c gobreaker.Counts) bool { return c.TotalFailures >= 5 },
				})
				atOnce(5, 11*time.Second, b.Execute)
				if b.State() != gobreaker.StateClosed {
					t.Errorf("did not reproduce: %v", b.State())
				}
				ours, err := breaker.New(breaker.Config{
					FailureCount: breaker.FailureCount{Failures: 5, Window: breaker.Window{Span: 10 * time.Second}}, OpenFor: openFor,
				})
				if err != nil {
					t.Fatal(err)
				}
				atOnce(5, 11*time.Second, func(f func() (int, error)) (int, error) { return breaker.Execute(ours, f) })
				if ours.State() != breaker.Open {
					t.Errorf("squall: %v", ours.State())
				}
			})
		})
	}
}

// Counts shows the failures of an hour ago in a window of ten seconds, until somebody
// calls.
func TestDefect_gobreaker_staleCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{Interval: 10 * time.Second, BucketPeriod: time.Second})
		ours, err := breaker.New(breaker.Config{
			FailureCount: breaker.FailureCount{Failures: 5, Window: breaker.Window{Span: 10 * time.Second}}, OpenFor: openFor,
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			_, _ = b.Execute(fail)
			_, _ = breaker.Execute(ours, fail)
		}
		time.Sleep(time.Hour)
		if n := b.Counts().TotalFailures; n != 3 {
			t.Errorf("did not reproduce: %d failures", n)
		}
		if seen := ours.Snapshot().FailureCount; seen != (breaker.Seen{}) {
			t.Errorf("squall: %+v", seen)
		}
	})
}

// Rates are rounded to two decimals before they are compared: 99 of 200 open a breaker
// that should open at half.
func TestDefect_failsafe_roundedRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := circuitbreaker.NewBuilder[int]().WithFailureRateThreshold(0.5, 200, time.Hour).WithDelay(openFor).Build()
		ours, err := breaker.New(breaker.Config{
			FailureRate: breaker.FailureRate{Rate: 0.5, MinCalls: 200, Window: breaker.Window{Span: time.Hour}}, OpenFor: openFor,
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			op := work
			if i < 99 {
				op = fail
			}
			_, _ = failsafe.With(b).Get(op)
			_, _ = breaker.Execute(ours, op)
		}
		if !b.IsOpen() {
			t.Errorf("did not reproduce: %v at %v", b.State(), b.Metrics().FailureRate())
		}
		if ours.State() != breaker.Closed {
			t.Errorf("squall: %v", ours.State())
		}
	})
}

// IsExcluded is asked about calls that succeeded, with a nil error, under the lock: one
// that looks into the error panics in a call that went well.
func TestDefect_gobreaker_isExcludedSeesNil(t *testing.T) {
	asked := 0
	look := func(err error) { // as somebody would write it
		if asked++; err == nil {
			panic("no error to look at")
		}
	}
	panics := func(f func()) (yes bool) {
		defer func() { yes = recover() != nil }()
		f()
		return false
	}
	b := newGobreaker(gobreaker.Settings{IsExcluded: func(err error) bool { look(err); return false }})
	if !panics(func() { _, _ = b.Execute(work) }) {
		t.Error("did not reproduce: a success is not asked about")
	}
	asked = 0
	ours := newBreaker(t, breaker.WithOutcome(func(err error) breaker.Outcome { look(err); return breaker.Failure }))
	if panics(func() { _, _ = breaker.Execute(ours, work) }) || asked != 0 {
		t.Errorf("squall: asked %d times", asked)
	}
	if _, _ = breaker.Execute(ours, fail); asked != 1 || ours.State() != breaker.Open {
		t.Errorf("squall: asked %d times about a failure, %v", asked, ours.State())
	}
}

// Without an Interval, which is the default, the counts of a closed breaker are never
// cleared: five failures, one a year, open it.
func TestDefect_gobreaker_countsAreNeverCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := false
		b := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
			ReadyToTrip:   func(c gobreaker.Counts) bool { return c.TotalFailures >= 5 },
			OnStateChange: func(string, gobreaker.State, gobreaker.State) { opened = true },
		})
		ours, err := breaker.New(breaker.Config{
			FailureCount: breaker.FailureCount{Failures: 5, Window: breaker.Window{Span: time.Hour}}, OpenFor: openFor,
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			_, _ = b.Execute(fail)
			_, _ = breaker.Execute(ours, fail)
			_, _ = b.Execute(work)
			_, _ = breaker.Execute(ours, work)
			time.Sleep(365 * 24 * time.Hour)
		}
		if !opened {
			t.Error("did not reproduce: it never opened")
		}
		if ours.State() != breaker.Closed {
			t.Errorf("squall: %v", ours.State())
		}
	})
}
