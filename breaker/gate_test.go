package breaker

import (
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
)

// awaken brings the engine, which has just tripped, to half-open before its time,
// as a stale completion does.
func awaken(t *testing.T, e engine) {
	t.Helper()
	for n := 0; e.State() != gobreaker.StateHalfOpen; n++ {
		if n > 1000 {
			t.Fatalf("the engine is %v", e.State())
		}
		pause(n)
	}
}

func newTest(t *testing.T, c Config, opts ...Option) (*Breaker, *manualClock, *[]Event) {
	t.Helper()
	clock, events := newManualClock(), new([]Event)
	opts = append([]Option{WithClock(clock), WithListener(func(e Event) { *events = append(*events, e) })}, opts...)
	b, err := New(c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return b, clock, events
}

func newTestTwoStep(t *testing.T, c Config, opts ...Option) (*TwoStep, *manualClock, *[]Event) {
	t.Helper()
	clock, events := newManualClock(), new([]Event)
	opts = append([]Option{WithClock(clock), WithListener(func(e Event) { *events = append(*events, e) })}, opts...)
	b, err := NewTwoStep(c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return b, clock, events
}

func succeed() error { return nil }
func fail() error    { return errBackend }

// The window of the race, step by step: a call has seen the gate closed; the
// engine trips; the call gets to the engine, which takes it for a probe.
func TestCallThatRacesTheTripIsWithdrawn(t *testing.T) {
	b, _, events := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
	saw := b.current()
	_ = b.Run(fail)
	awaken(t, b.phase.Load().engine)
	a, ran := attempt{b: b, phase: saw}, false
	if err := a.run(func() error { ran = true; return nil }); err != errWithdrawn || ran {
		t.Errorf("err %v, ran %t; want the call withdrawn and not run", err, ran)
	}
	if b.State() != Open || len(*events) != 1 {
		t.Errorf("state %v, events %v; want open by one event", b.State(), *events)
	}
}

func TestTwoStepCallThatRacesTheTripIsWithdrawn(t *testing.T) {
	b, clock, events := newTestTwoStep(t, Config{Failures: 1, OpenFor: time.Minute})
	saw := b.current()
	done, err := b.Allow()
	if err != nil {
		t.Fatal(err)
	}
	done(errBackend)
	awaken(t, b.phase.Load().engine)
	if a, err := b.enter(saw); err != errWithdrawn || a.phase != nil {
		t.Errorf("err %v; want the call withdrawn", err)
	}
	if b.State() != Open || len(*events) != 1 {
		t.Errorf("state %v, events %v; want open by one event", b.State(), *events)
	}
	// Nor is it a probe once there may be one: it has to look again. A withdrawn
	// call keeps no place, and leaves no trace in the counts.
	clock.advance(time.Minute + 1)
	if state := b.State(); state != HalfOpen {
		t.Fatalf("state %v, want half-open", state)
	}
	if a, err := b.enter(saw); err != errWithdrawn || a.phase != nil {
		t.Errorf("err %v; want the call withdrawn", err)
	}
	if done, err = b.Allow(); err != nil {
		t.Fatalf("the first probe is refused: %v", err)
	}
	if want := (Counts{Requests: 1}); b.Counts() != want {
		t.Errorf("counts %+v, want %+v", b.Counts(), want)
	}
	done(nil)
	if b.State() != Closed {
		t.Errorf("state %v, want closed", b.State())
	}
}

// A call that saw the gate half-open, and is admitted by the engine after it
// closed, is withdrawn too, and admitted at the second look.
func TestCallThatRacesTheClosingLooksAgain(t *testing.T) {
	b, clock, _ := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
	_ = b.Run(fail)
	clock.advance(time.Minute + 1)
	saw := b.current()
	if err := b.Run(succeed); err != nil || b.State() != Closed {
		t.Fatalf("probe: %v, %v", err, b.State())
	}
	a := attempt{b: b, phase: saw}
	if err := a.run(succeed); err != errWithdrawn {
		t.Errorf("err %v, want the call withdrawn", err)
	}
	if err := b.Run(succeed); err != nil {
		t.Errorf("second look: %v", err)
	}
}

// The race for real. The clock stands still, so that once the breaker has opened
// nothing may run and nothing may happen again, whoever races whom. Without
// gate.confirm this fails within the first hundred rounds.
func TestNothingRunsWhileCooling(t *testing.T) {
	rounds := 3_000
	if testing.Short() {
		rounds = 500
	}
	for _, twoStep := range []bool{false, true} {
		for range rounds {
			race(t, twoStep)
			if t.Failed() {
				return
			}
		}
	}
}

func race(t *testing.T, twoStep bool) {
	var events []Event
	opts := []Option{WithClock(newManualClock()), WithListener(func(e Event) { events = append(events, e) })}
	c := Config{Failures: 1, OpenFor: time.Hour}
	b, _ := New(c, opts...)
	two, _ := NewTwoStep(c, opts...)
	call := func(result error) error {
		if !twoStep {
			return b.Run(func() error { return result })
		}
		done, err := two.Allow()
		if err == nil {
			done(result)
		}
		return err
	}
	var start, all sync.WaitGroup
	start.Add(1)
	for range 3 {
		all.Go(func() {
			start.Wait()
			for refused, n := 0, 0; refused < 5 && n < 60; n++ {
				switch err := call(nil); {
				case err != nil:
					refused++
				case refused > 0:
					t.Errorf("a call ran after one had been refused")
				}
			}
		})
	}
	all.Go(func() { start.Wait(); _ = call(errBackend) })
	start.Done()
	all.Wait()
	if len(events) != 1 || events[0].To != Open {
		t.Errorf("events %v, want one, to open", events)
	}
}

// In a bubble gobreaker's clock stands still while ours runs for hours. Nobody
// may be refused for that, not even when many come at once.
func TestWakesAnEngineWhoseClockStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, clock, events := newTest(t, Config{Failures: 1, OpenFor: time.Hour, Probes: 20})
		for range 100 {
			_ = b.Run(fail)
			clock.advance(time.Hour)
			if b.State() != Open {
				t.Fatal("half-open a nanosecond early")
			}
			clock.advance(1)
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if err := b.Run(succeed); err != nil {
						t.Errorf("refused: %v", err)
					}
				})
			}
			all.Wait()
			if b.State() != Closed {
				t.Fatalf("state %v after 20 good probes, want closed", b.State())
			}
		}
		if len(*events) != 300 {
			t.Errorf("%d events, want 300", len(*events))
		}
	})
}

func TestPauseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, n := range []int{0, yields - 1, yields, yields + 1, yields + 19, yields + 20, math.MaxInt} {
			start := time.Now()
			pause(n)
			slept := time.Since(start)
			if want := n >= yields; (slept > 1) != want || slept > maxPause {
				t.Errorf("pause(%d) slept %v", n, slept)
			}
		}
	})
}

// A stale completion in the cool-down wakes the engine; callers do not see it.
func TestEarlyWakeIsMasked(t *testing.T) {
	b, clock, events := newTestTwoStep(t, Config{Failures: 1, OpenFor: time.Minute})
	var stale [3]func(error)
	for i := range stale {
		stale[i], _ = b.Allow()
	}
	stale[0](errBackend)
	clock.advance(time.Second)
	stale[1](nil)
	awaken(t, b.phase.Load().engine)
	if b.State() != Open || len(*events) != 1 {
		t.Fatalf("state %v, events %v; want open by one event", b.State(), *events)
	}
	if _, err := b.Allow(); !errors.Is(err, ErrOpen) {
		t.Fatalf("err %v, want ErrOpen", err)
	}
	// The last stale completion is the first touch after the cool-down: it tells.
	clock.advance(time.Minute)
	stale[2](errBackend)
	if len(*events) != 2 || (*events)[1].To != HalfOpen {
		t.Fatalf("events %v, want open and half-open", *events)
	}
	if b.State() != HalfOpen || b.Counts() != (Counts{}) {
		t.Errorf("state %v, counts %+v: the stale failure was counted", b.State(), b.Counts())
	}
}

func TestCoolDownOfCenturies(t *testing.T) {
	b, clock, _ := newTest(t, Config{Failures: 1, OpenFor: math.MaxInt64})
	clock.advance(time.Hour)
	_ = b.Run(fail)
	clock.advance(200 * 365 * 24 * time.Hour)
	err := b.Run(succeed)
	var open *OpenError
	if !errors.As(err, &open) {
		t.Fatalf("err %v, want *OpenError", err)
	}
	if d, ok := open.RetryAfter(); !ok || d < 90*365*24*time.Hour {
		t.Errorf("RetryAfter %v, %t, want most of a century", d, ok)
	}
}

func TestClockThatGoesBackKeepsTheBreakerOpen(t *testing.T) {
	b, clock, _ := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
	_ = b.Run(fail)
	clock.advance(-time.Hour)
	if b.State() != Open {
		t.Errorf("state %v, want open", b.State())
	}
	clock.advance(time.Hour + time.Minute + 1)
	if b.State() != HalfOpen {
		t.Errorf("state %v, want half-open", b.State())
	}
}
