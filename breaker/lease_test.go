package breaker

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestTimelineOfALease(t *testing.T) {
	play(t, Config{Failures: 1, OpenFor: 10 * s, Probes: 2, ProbeLease: 5 * s}, []line{
		{0, "call fail", "ok [closed→open {1 0 1 0 0 1}]"},
		{11 * s, "begin a", "ok [open→half-open {0 0 0 0 0 0}]"},
		{13 * s, "begin b", "ok"},
		{14 * s, "end b neutral", ""}, // its lease goes with it, and so does its place
		{14 * s, "begin c", "ok"},
		{16 * s, "state", "half-open"}, // the last instant of a's lease
		{16 * s, "begin d", "refused, half-open"},
	})
}

// What is seen at the first touch after a lease, whatever the touch is. The open
// state is counted from the end of the lease, so a late touch finds it over.
func TestLeaseRunsOut(t *testing.T) {
	const lease = 5 * s
	hung := func(t *testing.T) (*TwoStep, *manualClock, *[]Event, func(error)) {
		b, clock, events := newTestTwoStep(t, Config{Failures: 1, OpenFor: 10 * s, ProbeLease: lease})
		done, _ := b.Allow()
		done(errBackend)
		clock.advance(10*s + 1)
		done, err := b.Allow()
		if err != nil {
			t.Fatal(err)
		}
		return b, clock, events, done
	}
	touches := map[string]func(b *TwoStep, done func(error)){
		"call":      func(b *TwoStep, _ func(error)) { _, _ = b.Allow() },
		"state":     func(b *TwoStep, _ func(error)) { b.State() },
		"late good": func(_ *TwoStep, done func(error)) { done(nil) },
		"late bad":  func(_ *TwoStep, done func(error)) { done(errBackend) },
	}
	for name, touch := range touches {
		t.Run(name, func(t *testing.T) {
			b, clock, events, done := hung(t)
			clock.advance(lease)
			touch(b, func(error) {})
			if b.State() != HalfOpen {
				t.Fatal("the last instant of a lease is not the probe's")
			}
			ends := clock.Now()
			clock.advance(1)
			touch(b, done)
			e := (*events)[len(*events)-1]
			if want := (Counts{Requests: 1, Failures: 1, ConsecutiveFailures: 1}); e.To != Open || !e.Time.Equal(ends) || e.Counts != want || len(*events) != 3 {
				t.Fatalf("event %+v, want open at %v with %+v", e, ends, want)
			}
			// What comes of the probe now is harmless, in every state.
			done(errBackend)
			clock.advance(10 * s)
			if b.State() != HalfOpen || b.Counts() != (Counts{}) {
				t.Fatalf("%v, %+v: want half-open, 10 s after the lease ended", b.State(), b.Counts())
			}
			done(nil)
			probe, err := b.Allow()
			if err != nil {
				t.Fatalf("the lost probe keeps its place: %v", err)
			}
			done(errBackend)
			probe(nil)
			done(errBackend)
			if b.State() != Closed || b.Counts() != (Counts{}) {
				t.Errorf("%v, %+v: want closed", b.State(), b.Counts())
			}
		})
	}
	t.Run("much later", func(t *testing.T) {
		b, clock, events, _ := hung(t)
		clock.advance(time.Hour)
		if _, err := b.Allow(); err != nil {
			t.Errorf("refused, though the breaker was open and due long ago: %v", err)
		}
		if n := len(*events); n != 4 || (*events)[3].To != HalfOpen {
			t.Errorf("events %v", *events)
		}
	})
}

// Two probes hang: the first lease that runs out opens the breaker.
func TestSecondLeaseIsNobodysBusiness(t *testing.T) {
	b, clock, events := newTestTwoStep(t, Config{Failures: 1, OpenFor: 10 * s, Probes: 2, ProbeLease: 5 * s})
	done, _ := b.Allow()
	done(errBackend)
	clock.advance(11 * s)
	_, _ = b.Allow()
	clock.advance(s)
	second, _ := b.Allow()
	clock.advance(5 * s)
	if b.State() != Open {
		t.Fatalf("state %v, want open", b.State())
	}
	e := (*events)[len(*events)-1]
	if want := (Counts{Requests: 2, Failures: 1, ConsecutiveFailures: 1}); e.Counts != want {
		t.Errorf("counts %+v, want %+v", e.Counts, want)
	}
	second(nil)
	if b.State() != Open || len(*events) != 3 {
		t.Errorf("state %v, events %v", b.State(), *events)
	}
}

// A synchronous probe hangs in one goroutine; the others go on without it.
func TestProbeOfABreakerThatHangs(t *testing.T) {
	b, clock, events := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
	_ = b.Run(fail)
	clock.advance(time.Minute + 1)
	started, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		if err := b.Run(func() error { close(started); <-release; return errBackend }); err != errBackend {
			t.Errorf("the late probe returned %v", err)
		}
	})
	<-started
	clock.advance(time.Minute)
	if err := b.Run(succeed); !errors.Is(err, ErrOpen) || b.State() != HalfOpen {
		t.Errorf("%v, %v", err, b.State())
	}
	clock.advance(1) // the lease is over: by default it is as long as OpenFor
	if err := b.Run(succeed); !errors.Is(err, ErrOpen) || b.State() != Open {
		t.Errorf("%v, %v: want open", err, b.State())
	}
	clock.advance(time.Minute)
	if err := b.Run(succeed); err != nil || b.State() != Closed {
		t.Errorf("%v, %v: want closed by a good probe", err, b.State())
	}
	close(release)
	all.Wait()
	if b.State() != Closed || b.Counts() != (Counts{}) || len(*events) != 5 {
		t.Errorf("%v, %+v, %v: the late failure was counted", b.State(), b.Counts(), *events)
	}
}

func TestLeaseDefaults(t *testing.T) {
	for _, c := range []struct{ openFor, lease, want time.Duration }{
		{1, 0, time.Minute},
		{time.Hour, 0, time.Hour},
		{time.Hour, time.Second, time.Second},
		{math.MaxInt64, 0, math.MaxInt64},
	} {
		if got := (Config{OpenFor: c.openFor, ProbeLease: c.lease}).lease(); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestLeases(t *testing.T) {
	var l leases
	if l.due() != math.MaxInt64 {
		t.Errorf("none: due %v", l.due())
	}
	late, soon := l.add(9*s), l.add(5*s) // by clocks read the other way around
	for _, c := range []struct {
		remove uint64
		due    time.Duration
	}{{99, 5 * s}, {soon, 9 * s}, {soon, 9 * s}, {late, math.MaxInt64}} {
		if l.remove(c.remove); l.due() != c.due {
			t.Errorf("without %d: due %v, want %v", c.remove, l.due(), c.due)
		}
	}
}

// TestDefect_UnreportedProbe: gobreaker@v2.4.0 and failsafe-go@v0.9.8 refuse every
// call for ever once a half-open probe is not reported; resilience4j@2.4 does too
// by default (maxWaitDurationInHalfOpenState is 0).
func TestDefect_UnreportedProbe(t *testing.T) {
	b, clock, _ := newTestTwoStep(t, Config{Failures: 1, OpenFor: 30 * s})
	done, _ := b.Allow()
	done(errBackend)
	clock.advance(31 * s)
	if _, err := b.Allow(); err != nil { // and nothing is ever heard of it
		t.Fatal(err)
	}
	clock.advance(365 * 24 * time.Hour)
	if done, err := b.Allow(); err != nil {
		t.Errorf("a year later: %v", err)
	} else if done(nil); b.State() != Closed {
		t.Errorf("state %v", b.State())
	}
}

// TestDefect_ProbePanicsOrExits: a probe that panics wedges failsafe-go@v0.9.8, one
// that calls runtime.Goexit (t.FailNow) wedges gobreaker@v2.4.0. Here both are
// failures at once, without waiting for a lease.
func TestDefect_ProbePanicsOrExits(t *testing.T) {
	for _, leave := range []func(){func() { panic("probe") }, runtime.Goexit} {
		b, clock, _ := newTest(t, Config{Failures: 1, OpenFor: 30 * s, ProbeLease: math.MaxInt64})
		_ = b.Run(fail)
		clock.advance(31 * s)
		inGoroutine(func() {
			defer func() { _ = recover() }()
			_ = b.Run(func() error { leave(); return nil })
		})
		if b.State() != Open || b.phase.Load().leases.open != nil {
			t.Errorf("state %v, want open", b.State())
		}
		clock.advance(31 * s)
		if err := b.Run(succeed); err != nil || b.State() != Closed {
			t.Errorf("%v, %v: want closed", err, b.State())
		}
	}
}

// A hint is the user's code. Where it does not return, the probe is a failure all the
// same, and its place is free.
func TestHintThatDoesNotReturn(t *testing.T) {
	for _, leave := range []func(){func() { panic("hint") }, runtime.Goexit} {
		c := Config{Failures: 1, OpenFor: s, MaxHint: s, ProbeLease: math.MaxInt64}
		hint := WithHint(func(error) (time.Duration, bool) { leave(); return 0, false })
		b, clock, _ := newTest(t, c, hint)
		two, _, _ := newTestTwoStep(t, c, hint, WithClock(clock))
		b.Trip()
		two.Trip()
		clock.advance(2 * s)
		for _, probe := range []func(){
			func() { _ = b.Run(fail) },
			func() { done, _ := two.Allow(); done(errBackend) },
		} {
			inGoroutine(func() {
				defer func() { _ = recover() }()
				probe()
			})
		}
		if b.State() != Open || two.State() != Open {
			t.Errorf("%v, %v: want open", b.State(), two.State())
		}
	}
}

// TestDefect_CancelledProbe: a cancelled probe closes the breaker of Polly@8.7, as
// it is not handled. Here it gives its place back and proves nothing.
func TestDefect_CancelledProbe(t *testing.T) {
	play(t, Config{Failures: 1, OpenFor: 10 * s}, []line{
		{0, "call fail", "ok [closed→open {1 0 1 0 0 1}]"},
		{11 * s, "call neutral", "ok [open→half-open {0 0 0 0 0 0}]"},
		{11 * s, "state", "half-open"},
		{12 * s, "call ok", "ok [half-open→closed {2 1 0 1 1 0}]"},
	})
}

// The law: never wedged. Whatever has happened, with probes lost at will, a
// backend that is well from now on closes the breaker within a lease, a cool-down
// and Probes calls.
func TestNeverWedged(t *testing.T) {
	lost, flips := 0, 0
	for seed := range uint64(2000) {
		c, steps := schedule(seed)
		r := rand.New(rand.NewPCG(seed, 2))
		c.ProbeLease = []time.Duration{1, c.OpenFor, 0, time.Hour}[r.IntN(4)]
		b, clock, events := newTestTwoStep(t, c)
		var inFlight []func(error)
		for _, st := range steps {
			switch st.kind {
			case stepBegin:
				if done, err := b.Allow(); err == nil {
					inFlight = append(inFlight, done)
				}
			case stepFinish:
				if n := len(inFlight); n > 0 {
					i := st.pick % n
					if r.IntN(3) > 0 {
						endTwoStep(inFlight[i])(st.end)
					} else {
						lost++
					}
					inFlight = slices.Delete(inFlight, i, i+1)
				}
			case stepWait, stepEdge:
				clock.advance(max(0, st.delay))
			case stepState:
				b.State()
			}
		}
		heal(t, c, b, clock, fmt.Sprintf("seed %d, %+v", seed, c))
		leaseLaws(t, c, *events)
		flips += len(*events)
	}
	if lost < 10_000 || flips < 10_000 {
		t.Errorf("%d lost calls, %d changes: nothing was tested", lost, flips)
	}
}

// heal has every call succeed from now on.
func heal(t *testing.T, c Config, b *TwoStep, clock *manualClock, name string) {
	t.Helper()
	clock.advance(saturatingAdd(c.lease(), 1))
	b.State()
	clock.advance(c.OpenFor)
	for range c.probes() {
		if done, err := b.Allow(); err == nil {
			done(nil)
		} else {
			t.Fatalf("%s: refused with a healthy backend: %v", name, err)
		}
	}
	// One more stay, if the calls in flight were this one's own.
	for range c.Failures {
		if done, err := b.Allow(); err == nil {
			done(nil)
		}
	}
	if b.State() != Closed {
		t.Fatalf("%s: %v with a healthy backend", name, b.State())
	}
}

// leaseLaws checks that changes alternate and that their times go on.
func leaseLaws(t *testing.T, c Config, events []Event) {
	t.Helper()
	last := Event{To: Closed}
	for i, e := range events {
		ok := e.From == last.To && e.From != e.To && !e.Time.Before(last.Time)
		if e.From == Open {
			ok = ok && e.Time.Sub(last.Time) > c.OpenFor
		}
		if e.From == HalfOpen {
			ok = ok && e.Counts.Requests-e.Counts.Neutrals <= c.probes() && (e.To == Closed) == (e.Counts.Failures == 0)
		}
		if !ok {
			t.Fatalf("%+v: event %d, %+v, after %+v", c, i, e, last)
		}
		last = e
	}
}

// Leases that run out while others look: for the race detector.
func TestLeasesUnderStress(t *testing.T) {
	c := Config{Failures: 1, OpenFor: 20, Probes: 2, ProbeLease: 50}
	for _, hang := range []int{2, 5} {
		clock := newManualClock()
		var events []Event
		b, _ := NewTwoStep(c, WithClock(clock), WithListener(func(e Event) { events = append(events, e) }))
		var all sync.WaitGroup
		for g := range 4 {
			all.Go(func() {
				r := rand.New(rand.NewPCG(uint64(g), uint64(hang)))
				for range 4000 {
					clock.advance(time.Duration(r.IntN(12)))
					if done, err := b.Allow(); err == nil && r.IntN(hang) > 0 {
						done([]error{nil, errBackend}[r.IntN(2)])
					}
				}
			})
		}
		all.Wait()
		heal(t, c, b, clock, "after stress")
		last := Closed
		for i, e := range events {
			if e.From != last || e.From == e.To {
				t.Fatalf("event %d %+v after %v", i, e, last)
			}
			last = e.To
		}
		if len(events) < 100 {
			t.Errorf("%d events: nothing was tested", len(events))
		}
	}
}
