package breaker

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// gobreaker's callback deadlocks when it calls the breaker, and has no counts.
func TestListenerMayCallTheBreaker(t *testing.T) {
	clock := newManualClock()
	var b *Breaker
	var log []string
	first := func(e Event) {
		log = append(log, fmt.Sprintf("1: %v→%v, now %v", e.From, e.To, b.State()))
		if len(log) == 1 {
			clock.advance(time.Minute + 1)
			_ = b.Run(fail) // two more changes, delivered when both listeners have heard of this one
		}
	}
	second := func(e Event) { log = append(log, fmt.Sprintf("2: %v→%v", e.From, e.To)) }
	b, err := New(Config{Failures: 1, OpenFor: time.Minute}, WithClock(clock), WithListener(first), WithListener(second))
	if err != nil {
		t.Fatal(err)
	}
	_ = b.Run(fail)
	want := []string{
		"1: closed→open, now open", "2: closed→open",
		"1: open→half-open, now open", "2: open→half-open",
		"1: half-open→open, now open", "2: half-open→open",
	}
	if fmt.Sprint(log) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", log, want)
	}
}

// The half-open event comes before the probe runs, not after.
func TestHalfOpenIsToldBeforeTheProbe(t *testing.T) {
	b, clock, events := newTest(t, Config{Failures: 1, OpenFor: time.Minute})
	_ = b.Run(fail)
	clock.advance(time.Minute + 1)
	_ = b.Run(func() error {
		if len(*events) != 2 {
			t.Errorf("%d events when the probe runs, want 2", len(*events))
		}
		return nil
	})
}

// A listener that panics or exits hurts its caller, and nothing else.
func TestListenerThatDoesNotReturn(t *testing.T) {
	for _, leave := range []func(){func() { panic("listener") }, runtime.Goexit} {
		clock, heard := newManualClock(), 0
		b, err := New(Config{Failures: 1, OpenFor: time.Minute}, WithName("b"), WithClock(clock), WithListener(func(Event) {
			heard++
			leave()
		}))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if b.phase.Load().state == Open {
				clock.advance(time.Minute + 1)
			}
			inGoroutine(func() {
				defer func() { _ = recover() }()
				_ = b.Run(fail)
				t.Error("Run returned")
			})
		}
		// Open; half-open, at which the second call ended; open by the third.
		if heard != 3 || b.State() != Open {
			t.Errorf("heard %d, state %v; want 3, open", heard, b.State())
		}
	}
}

// What was queued when a listener panicked is delivered by the next call.
func TestEventsSurviveAListenerThatPanics(t *testing.T) {
	clock := newManualClock()
	var b *Breaker
	var log []string
	b, err := New(Config{Failures: 1, OpenFor: time.Minute}, WithClock(clock), WithListener(func(e Event) {
		log = append(log, fmt.Sprintf("%v→%v", e.From, e.To))
		if len(log) == 1 {
			clock.advance(time.Minute + 1)
			_ = b.Run(fail) // two more
			panic("listener")
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = b.Run(fail)
	}()
	clock.advance(time.Minute + 1)
	_ = b.Run(succeed)
	want := []string{"closed→open", "open→half-open", "half-open→open", "open→half-open", "half-open→closed"}
	if fmt.Sprint(log) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", log, want)
	}
	if b.pending.Load() || b.queue != nil {
		t.Error("the breaker goes on looking for events that are not there")
	}
}

// Many goroutines, a moving clock, listeners that call the breaker: the laws.
func TestStress(t *testing.T) {
	for _, c := range []Config{
		{Failures: 1, OpenFor: 1},
		{Failures: 3, OpenFor: 100 * time.Nanosecond, Probes: 2},
		{Failures: 2, OpenFor: time.Microsecond, Probes: 5},
	} {
		stress(t, c, false)
		stress(t, c, true)
	}
}

func stress(t *testing.T, c Config, twoStep bool) {
	clock := newManualClock()
	var b *Breaker
	var two *TwoStep
	call := func(result error) {
		if !twoStep {
			_ = b.Run(func() error { return result })
			return
		}
		if done, err := two.Allow(); err == nil {
			done(result)
			done(errBackend)
		}
	}
	var inside atomic.Int32
	var events []Event // no lock: there is one deliverer at a time
	listener := WithListener(func(e Event) {
		if inside.Add(1) != 1 {
			t.Error("two listeners at once")
		}
		events = append(events, e)
		if twoStep {
			two.State()
			two.Counts()
		} else {
			b.State()
			b.Counts()
		}
		if len(events)%3 == 0 {
			call(nil)
		}
		inside.Add(-1)
	})
	b, _ = New(c, WithClock(clock), listener)
	two, _ = NewTwoStep(c, WithClock(clock), listener)
	hammer(c, clock, call)
	laws(t, c, events)
	// Never wedged: with a healthy backend it closes.
	clock.advance(c.OpenFor + 1)
	for range c.Probes + 1 {
		call(nil)
	}
	state := b.State()
	if twoStep {
		state = two.State()
	}
	if state != Closed {
		t.Errorf("%+v: %v with a healthy backend", c, state)
	}
}

// hammer calls from many goroutines, and moves the clock.
func hammer(c Config, clock *manualClock, call func(error)) {
	var all sync.WaitGroup
	for g := range 6 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 0))
			for range 3000 {
				switch u := r.IntN(10); {
				case u < 5:
					call(errBackend)
				case u < 8:
					call(nil)
				case u == 8:
					call(endNeutral.err())
				default:
					clock.advance(time.Duration(r.IntN(int(c.OpenFor) + 2)))
				}
			}
		})
	}
	all.Wait()
}

// laws checks a history of events.
func laws(t *testing.T, c Config, events []Event) {
	t.Helper()
	if len(events) < 10 {
		t.Fatalf("only %d events: nothing was tested", len(events))
	}
	last := Event{To: Closed}
	for i, e := range events {
		ok := e.From == last.To && e.From != e.To && !e.Time.Before(last.Time)
		switch n := e.Counts; {
		case e.From == Closed:
			ok = ok && e.To == Open && n.ConsecutiveFailures == uint32(c.Failures)
		case e.From == Open:
			ok = ok && e.To == HalfOpen && n == Counts{} && e.Time.Sub(last.Time) > c.OpenFor
		case e.To == Closed:
			ok = ok && n.Successes == c.probes() && n.Failures == 0
		default:
			ok = ok && n.Failures == 1
		}
		if e.From == HalfOpen {
			ok = ok && e.Counts.Requests-e.Counts.Neutrals <= c.probes()
		}
		if !ok {
			t.Fatalf("%+v: event %d, %+v, after %+v", c, i, e, last)
		}
		last = e
	}
}
