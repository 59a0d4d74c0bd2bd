package breaker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// hintError is a failure that says when to come back.
type hintError struct{ after time.Duration }

func (e hintError) Error() string                     { return "slow down" }
func (e hintError) RetryAfter() (time.Duration, bool) { return e.after, e.after != 0 }

// draws is a Chance whose draws are known.
type draws struct{}

func (draws) Draw(n int) float64 { return float64(n*7%10) / 10 }

// drawConfig draws settings of all kinds. Rates are whole percents.
func drawConfig(r *rand.Rand) Config {
	pick := func(d ...time.Duration) time.Duration { return d[r.IntN(len(d))] }
	window := func() Window {
		if r.IntN(2) == 0 {
			return Window{Calls: 1 + r.IntN(12)}
		}
		return Window{Span: pick(10, 33, time.Second, 10*time.Second, time.Minute)}
	}
	percent := func() float64 { return float64(1+r.IntN(100)) / 100 }
	minimum := func(w Window) int {
		if w.Calls > 0 {
			return r.IntN(w.Calls + 1)
		}
		return r.IntN(9)
	}
	var c Config
	for c.Validate() != nil {
		c = Config{OpenFor: pick(1, 2, time.Second, 30*time.Second), Probes: r.IntN(5), Shadow: r.IntN(6) == 0}
		if r.IntN(2) == 0 {
			c.Failures = 1 + r.IntN(5)
		}
		if r.IntN(2) == 0 {
			c.FailureCount.Window = window()
			c.FailureCount.Failures = 1 + r.IntN(5)
		}
		if r.IntN(2) == 0 {
			c.FailureRate.Window = window()
			c.FailureRate.Rate, c.FailureRate.MinCalls = percent(), minimum(c.FailureRate.Window)
		}
		if r.IntN(2) == 0 {
			c.SlowRate.Window = window()
			c.SlowRate.Rate, c.SlowRate.MinCalls = percent(), minimum(c.SlowRate.Window)
			c.SlowRate.After = pick(1, time.Second, 5*time.Second)
		}
		if r.IntN(2) == 0 {
			c.OpenMultiplier, c.OpenMax = []float64{1.5, 2, 3}[r.IntN(3)], saturatingAdd(c.OpenFor, pick(0, 1, time.Minute))
		}
		c.OpenJitter = []float64{0, 0, 0.5, 1}[r.IntN(4)]
		c.MaxHint = pick(0, time.Second, time.Minute)
		c.ProbeLease = pick(0, 1, time.Second)
		if c.Probes > 0 {
			c.Successes = r.IntN(c.Probes + 1)
		}
	}
	return c
}

// lastOf are the last events and how many there were.
func lastOf(events []modelEvent) string {
	return fmt.Sprint(len(events), events[max(0, len(events)-4):])
}

// pair is a breaker and its model, being put through the same steps.
type pair struct {
	m      *model
	b      *TwoStep
	clock  *manualClock
	base   time.Time
	events []modelEvent
	calls  []*modelCall
	dones  []func(error)
}

func newPair(t *testing.T, c Config) *pair {
	t.Helper()
	p := &pair{m: &model{c: c, draw: draws{}.Draw}, clock: newManualClock()}
	p.base = p.clock.Now()
	b, err := NewTwoStep(c, WithClock(p.clock), WithChance(draws{}), WithListener(func(e Event) {
		x := modelEvent{At: e.Time.Sub(p.base), From: e.From, To: e.To, Cause: e.Cause, Counts: e.Counts, Seen: e.Seen}
		if !e.RetryAt.IsZero() {
			x.RetryAt = e.RetryAt.Sub(p.base)
		}
		p.events = append(p.events, x)
	}))
	if err != nil {
		t.Fatal(err)
	}
	p.b = b
	return p
}

func (p *pair) text() string {
	s := p.b.Snapshot()
	return fmt.Sprint(s.State, s.Isolated, s.Trips, s.Opened, s.Counts, s.FailureCount, s.FailureRate, s.SlowRate, s.Overdue, s.Probes, s.Passed, lastOf(p.events))
}

// step does one thing to both, and returns what it was.
func (p *pair) step(r *rand.Rand, failing float64) string {
	switch u := r.Float64(); {
	case u < 0.40:
		call := p.m.allow()
		done, err := p.b.Allow()
		if (call != nil) != (err == nil) {
			return fmt.Sprintf("begin: admitted %t, want %t", err == nil, call != nil)
		}
		if err == nil {
			p.calls, p.dones = append(p.calls, call), append(p.dones, done)
			return "begin"
		}
		return "begin, refused"
	case u < 0.75 && len(p.calls) > 0:
		i := r.IntN(len(p.calls))
		o, err, hint := Success, error(nil), time.Duration(0)
		switch v := r.Float64(); {
		case v < 0.1:
			o, err = Neutral, context.Canceled
		case v < 0.1+failing:
			o, hint = Failure, []time.Duration{0, -1, time.Second, time.Hour}[r.IntN(4)]
			err = hintError{hint}
		}
		p.m.done(p.calls[i], o, max(0, hint))
		p.dones[i](err)
		last := len(p.calls) - 1
		p.calls[i], p.dones[i] = p.calls[last], p.dones[last]
		p.calls, p.dones = p.calls[:last], p.dones[:last]
		return fmt.Sprint("end ", o, hint)
	case u < 0.98:
		d := []time.Duration{0, 1, 2, 10, 500 * time.Millisecond, time.Second, 3 * time.Second, 31 * time.Second, 2 * time.Minute}[r.IntN(9)]
		p.m.now += d
		p.clock.advance(d)
		return fmt.Sprint("wait ", d)
	case u < 0.985:
		p.m.trip()
		p.b.Trip()
		return "trip"
	case u < 0.99:
		p.m.isolate()
		p.b.Isolate()
		return "isolate"
	default:
		p.m.reset()
		p.b.Reset()
		return "reset"
	}
}

// Every rule, open time, trial of probes and order from outside does what the
// documents say.
func TestModel(t *testing.T) {
	seeds := uint64(1500)
	if testing.Short() {
		seeds = 500
	}
	causes := map[Cause]int{}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 3))
		c := drawConfig(r)
		p, failing, looks := newPair(t, c), r.Float64(), r.IntN(4) == 0
		var log []string
		for range 200 {
			log = append(log, p.step(r, failing))
			if looks || r.IntN(5) == 0 { // a look touches, so that not every step is followed by one
				got, want := p.text(), p.m.text()
				if got != want {
					t.Fatalf("seed %d, %+v:\n%s\n got %s\nwant %s", seed, c, log, got, want)
				}
			}
		}
		if got, want := p.text(), p.m.text(); got != want {
			t.Fatalf("seed %d, %+v:\n%s\n got %s\nwant %s", seed, c, log, got, want)
		}
		for _, e := range p.events {
			causes[e.Cause]++
		}
	}
	for cause := CauseFailures; cause < CauseShared; cause++ {
		if causes[cause] < int(seeds)/40 {
			t.Errorf("%d changes by %v: nothing was tested", causes[cause], cause)
		}
	}
	t.Log(causes)
}

// The same for the calls of a Breaker, one after another, which may look at it, order
// it about, panic or leave while they run.
func TestModelOfABreaker(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 4))
		c := drawConfig(r)
		p, failing := newPair(t, c), r.Float64()
		b, err := New(c, WithClock(p.clock), WithChance(draws{}), WithListener(p.b.listeners[0]))
		if err != nil {
			t.Fatal(err)
		}
		snapshot := func() string {
			s := b.Snapshot()
			return fmt.Sprint(s.State, s.Isolated, s.Trips, s.Opened, s.Counts, s.FailureCount, s.FailureRate, s.SlowRate, s.Overdue, s.Probes, s.Passed, lastOf(p.events))
		}
		for i := range 150 {
			took := []time.Duration{0, 0, 1, 2, 2 * time.Second, 7 * time.Second}[r.IntN(6)]
			result, order, leave := error(nil), r.IntN(40), r.IntN(3)
			if r.Float64() < failing {
				result = hintError{time.Second}
			}
			call, ran := p.m.allow(), false
			apart := make(chan struct{})
			go func() {
				defer close(apart)
				defer func() { _ = recover() }()
				_ = b.Run(func() error {
					ran = true
					p.clock.advance(took)
					p.m.now += took
					switch order {
					case 0:
						p.m.reset()
						b.Reset()
					case 1:
						p.m.trip()
						b.Trip()
					case 2:
						p.m.touch()
						b.State()
					}
					if result != nil && leave == 0 {
						panic(result)
					}
					if result != nil && leave == 1 {
						runtime.Goexit()
					}
					return result
				})
			}()
			<-apart
			if ran != (call != nil) {
				t.Fatalf("seed %d, %+v: call %d ran %t", seed, c, i, ran)
			}
			switch {
			case call == nil:
			case result == nil:
				p.m.done(call, Success, 0)
			case leave <= 1: // nobody read the hint
				p.m.done(call, Failure, 0)
			default:
				p.m.done(call, Failure, time.Second)
			}
			if got, want := snapshot(), p.m.text(); got != want {
				t.Fatalf("seed %d, %+v: call %d\n got %s\nwant %s", seed, c, i, got, want)
			}
			p.clock.advance(took)
			p.m.now += took
		}
	}
}

func TestHintsOfWrappedErrors(t *testing.T) {
	d, ok := hintOf(fmt.Errorf("wrapped: %w", hintError{time.Second}))
	if d != time.Second || !ok {
		t.Errorf("%v, %t", d, ok)
	}
	if _, ok := hintOf(errors.New("none")); ok {
		t.Error("a hint out of nowhere")
	}
}
