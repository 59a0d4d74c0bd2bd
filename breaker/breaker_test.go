package breaker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestExecuteReturnsWhatTheOperationReturns(t *testing.T) {
	b, _, _ := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
	if got, err := Execute(b, func() (string, error) { return "a", nil }); got != "a" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	// A value beside an error is kept: a response whose status is the error.
	if got, err := Execute(b, func() (string, error) { return "b", errBackend }); got != "b" || err != errBackend {
		t.Errorf("got %q, %v", got, err)
	}
	got, err := Execute(b, func() (string, error) { t.Error("it ran"); return "c", nil })
	if got != "" || !errors.Is(err, ErrOpen) {
		t.Errorf("refused: got %q, %v", got, err)
	}
}

func TestOperationMayUseItsBreaker(t *testing.T) {
	b, clock, _ := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
	_ = b.Run(fail)
	clock.advance(time.Minute + 1)
	inner := errors.New("not run")
	err := b.Run(func() error {
		if b.State() != HalfOpen || b.Counts().Requests != 1 {
			t.Errorf("inside: %v, %+v", b.State(), b.Counts())
		}
		inner = b.Run(succeed)
		return nil
	})
	if err != nil || !errors.Is(inner, ErrOpen) || b.State() != Closed {
		t.Errorf("outer %v, inner %v, state %v; want nil, a refusal, closed", err, inner, b.State())
	}
}

// inGoroutine runs f, which may exit its goroutine.
func inGoroutine(f func()) {
	var all sync.WaitGroup
	all.Go(f)
	all.Wait()
}

func TestPanicCountsAndGoesOn(t *testing.T) {
	cause := &struct{ error }{errBackend}
	b, clock, events := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
	for i, want := range []int{1, 3} { // when closed, then half-open
		func() {
			defer func() {
				if got := recover(); got != cause {
					t.Errorf("recovered %v, want the operation's own panic", got)
				}
			}()
			_, _ = Execute(b, func() (int, error) { panic(cause) })
			t.Error("Execute returned")
		}()
		if len(*events) != want || b.State() != Open {
			t.Errorf("round %d: %d events, %v; want %d, open", i, len(*events), b.State(), want)
		}
		clock.advance(time.Minute + 1)
	}
	if err := b.Run(succeed); err != nil {
		t.Errorf("the place of the probe that panicked is taken: %v", err)
	}
}

// gobreaker does not hear of runtime.Goexit, which t.FailNow calls: the probe's
// place is lost and the breaker refuses every call from then on.
func TestGoexitCountsAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a goroutine that would hang is a deadlock here
		b, clock, events := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
		for i, want := range []int{1, 3} {
			deferred := false
			inGoroutine(func() {
				defer func() {
					deferred = true
					if e := recover(); e != nil {
						t.Errorf("it became a panic: %v", e)
					}
				}()
				_ = b.Run(func() error { runtime.Goexit(); return nil })
				t.Error("Run returned, so that the goroutine lives on")
			})
			if !deferred || len(*events) != want || b.State() != Open {
				t.Errorf("round %d: deferred %t, %d events, %v; want true, %d, open", i, deferred, len(*events), b.State(), want)
			}
			clock.advance(time.Minute + 1)
		}
		if err := b.Run(succeed); err != nil || b.State() != Closed {
			t.Errorf("the place of the probe that exited is taken: %v, %v", err, b.State())
		}
	})
}

// A panic or exit in the cool-down's shadow: admitted before the trip, ends after
// the cool-down, and so is the touch that makes the breaker half-open.
func TestLatePanicTellsOfHalfOpen(t *testing.T) {
	for _, leave := range []func(){func() { panic("late") }, runtime.Goexit} {
		b, clock, events := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
		inGoroutine(func() {
			defer func() { _ = recover() }()
			_ = b.Run(func() error {
				_ = b.Run(fail)
				clock.advance(time.Minute + 1)
				leave()
				return nil
			})
		})
		if len(*events) != 2 || (*events)[1].To != HalfOpen || b.Counts() != (Counts{}) {
			t.Errorf("events %v, counts %+v; want open, half-open and no outcome", *events, b.Counts())
		}
	}
}

func TestOutcomes(t *testing.T) {
	b, _, _ := newTest(t, Config{Failures: 100, OpenFor: time.Minute})
	for _, err := range []error{
		nil, errBackend, context.Canceled, fmt.Errorf("wrapped: %w", context.Canceled), context.DeadlineExceeded,
	} {
		if got := b.Run(func() error { return err }); got != err {
			t.Errorf("got %v, want %v", got, err)
		}
	}
	if want := (Counts{Requests: 5, Successes: 1, Failures: 2, Neutrals: 2, ConsecutiveFailures: 2}); b.Counts() != want {
		t.Errorf("counts %+v, want %+v", b.Counts(), want)
	}
}

func TestOwnOutcomes(t *testing.T) {
	notFound, strange, evil := errors.New("not found"), errors.New("strange"), errors.New("evil")
	var b *Breaker
	classify := func(err error) Outcome {
		b.State() // no lock is held
		switch err {
		case nil:
			t.Error("asked about a call without an error")
			return Failure
		case notFound:
			return Success
		case strange:
			return Outcome(200)
		case evil:
			panic("classifier")
		default:
			return DefaultOutcome(err)
		}
	}
	b, _, _ = newTest(t, Config{Failures: 100, OpenFor: time.Minute}, WithOutcome(classify))
	for _, err := range []error{nil, notFound, strange, errBackend, context.Canceled, evil} {
		func() {
			defer func() {
				if e := recover(); (e != nil) != (err == evil) {
					t.Errorf("%v: recovered %v", err, e)
				}
			}()
			_ = b.Run(func() error { return err })
		}()
	}
	if want := (Counts{Requests: 6, Successes: 2, Failures: 3, Neutrals: 1, ConsecutiveFailures: 3}); b.Counts() != want {
		t.Errorf("counts %+v, want %+v", b.Counts(), want)
	}
}

// A classifier that panics does not cost a TwoStep its probe.
func TestTwoStepClassifierThatPanics(t *testing.T) {
	evil := errors.New("evil")
	b, clock, _ := newTestTwoStep(t, Config{Failures: 1, OpenFor: time.Minute}, WithOutcome(func(err error) Outcome {
		if err == evil {
			panic("classifier")
		}
		return DefaultOutcome(err)
	}))
	for range 2 {
		done, err := b.Allow()
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() { _ = recover() }()
			done(evil)
			t.Error("done returned")
		}()
		if b.State() != Open {
			t.Errorf("state %v, want open", b.State())
		}
		clock.advance(time.Minute + 1)
	}
}

func TestDefaults(t *testing.T) {
	b, err := New(Config{Failures: 1, OpenFor: time.Nanosecond}, WithName("n"), WithClock(nil), WithOutcome(nil), WithListener(nil))
	if err != nil {
		t.Fatal(err)
	}
	if b.Name() != "n" || b.State() != Closed || b.Counts() != (Counts{}) {
		t.Errorf("%q, %v, %+v", b.Name(), b.State(), b.Counts())
	}
	two, err := NewTwoStep(Config{Failures: 1, OpenFor: time.Nanosecond})
	if err != nil || two.Name() != "" || two.State() != Closed {
		t.Errorf("%q, %v, %v", two.Name(), two.State(), err)
	}
	// On the system's clock: a nanosecond is over at once.
	_ = b.Run(fail)
	for n := 0; b.State() == Open; n++ {
		pause(n)
	}
	if err := b.Run(succeed); err != nil || b.State() != Closed {
		t.Errorf("%v, %v", err, b.State())
	}
}

func TestAllocations(t *testing.T) {
	b, _, _ := newTest(t, Config{Failures: 1 << 30, OpenFor: time.Minute})
	open, _, _ := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
	_ = open.Run(fail)
	half, clock, _ := newTestTwoStep(t, Config{Failures: 1, OpenFor: time.Minute})
	done, _ := half.Allow()
	done(errBackend)
	clock.advance(time.Minute + 1)
	_, _ = half.Allow()
	two, _, _ := newTestTwoStep(t, Config{Failures: 1, OpenFor: time.Minute})
	rated, _, _ := newTestTwoStep(t, windowConfigs["rate-calls"])
	var permit Permit
	sink := 0
	for _, c := range []struct {
		name string
		max  float64
		f    func()
	}{
		{"Execute", 0, func() { _, _ = Execute(b, func() (int, error) { sink++; return sink, nil }) }},
		{"Execute, failure", 0, func() { _, _ = Execute(b, func() (int, error) { return sink, errBackend }) }},
		{"Execute, neutral", 0, func() { _, _ = Execute(b, func() (int, error) { return sink, context.Canceled }) }},
		{"Execute, refused", 0, func() { _, _ = Execute(open, func() (int, error) { return sink, nil }) }},
		{"Run", 0, func() { _ = b.Run(func() error { sink++; return nil }) }},
		{"State", 0, func() { open.State() }},
		{"Allow, refused", 0, func() { _, _ = half.Allow() }},
		{"Allow and done", 2, func() { done, _ := two.Allow(); done(nil) }},
		{"Begin and Done", 0, func() { _ = two.Begin(&permit); permit.Done(nil) }},
		{"Begin and Done, with a rate", 0, func() { _ = rated.Begin(&permit); permit.Done(nil) }},
		{"Begin, refused", 0, func() { _ = half.Begin(&permit) }},
	} {
		if n := testing.AllocsPerRun(1000, c.f); n > c.max {
			t.Errorf("%s: %v allocations, want %v", c.name, n, c.max)
		}
	}
}

func TestPermit(t *testing.T) {
	b, _, _ := newTestTwoStep(t, Config{Failures: 2, OpenFor: time.Minute})
	var p Permit
	p.Done(errBackend) // holds nothing yet
	for range 2 {
		if err := b.Begin(&p); err != nil {
			t.Fatal(err)
		}
		p.Done(nil)
		p.Done(errBackend) // has ended
	}
	if c := b.Counts(); c.Requests != 2 || c.Successes != 2 || c.Failures != 0 {
		t.Errorf("%+v", c)
	}
	_ = b.Begin(&p)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a permit in use began another call")
			}
		}()
		_ = b.Begin(&p)
	}()
	p.Done(errBackend)
	_ = b.Begin(&p)
	p.Done(errBackend)
	if err := b.Begin(&p); b.State() != Open || !errors.Is(err, ErrOpen) {
		t.Errorf("%v, %v", b.State(), err)
	}
	p.Done(nil) // was not admitted
	shadow, _, _ := newTestTwoStep(t, Config{Failures: 1, OpenFor: time.Minute, Shadow: true})
	_ = shadow.Begin(&p)
	p.Done(errBackend)
	if err := shadow.Begin(&p); err != nil || shadow.State() != Open {
		t.Errorf("%v in shadow, %v", err, shadow.State())
	}
	p.Done(nil)
	if shadow.State() != Open {
		t.Error("a call that passed in shadow was counted")
	}
}
