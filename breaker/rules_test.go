package breaker

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestValidateRules(t *testing.T) {
	ok := Config{OpenFor: s}
	with := func(change func(c *Config)) Config { c := ok; change(&c); return c }
	calls, span := Window{Calls: 10}, Window{Span: 10 * s}
	for _, c := range []struct {
		config Config
		fields string
	}{
		{with(func(c *Config) { c.FailureCount = FailureCount{3, calls} }), ""},
		{with(func(c *Config) { c.FailureCount = FailureCount{11, span} }), ""},
		{with(func(c *Config) { c.FailureCount = FailureCount{11, calls} }), "FailureCount.Failures"},
		{with(func(c *Config) { c.FailureCount = FailureCount{0, calls} }), "FailureCount.Failures"},
		{with(func(c *Config) { c.FailureCount = FailureCount{Failures: 1} }), "FailureCount.Window.Calls"},
		{with(func(c *Config) { c.FailureCount = FailureCount{1, Window{Calls: 1, Span: s}} }), "FailureCount.Window.Calls"},
		{with(func(c *Config) { c.FailureCount = FailureCount{1, Window{Calls: maxWindow + 1}} }), "FailureCount.Window.Calls"},
		{with(func(c *Config) { c.FailureCount = FailureCount{1, Window{Calls: -1}} }), "FailureCount.Window.Calls"},
		{with(func(c *Config) { c.FailureCount = FailureCount{1, Window{Span: 9}} }), "FailureCount.Window.Span"},
		{with(func(c *Config) { c.FailureCount = FailureCount{1, Window{Span: -s}} }), "FailureCount.Window.Span"},
		{with(func(c *Config) { c.FailureRate = FailureRate{0.5, 0, span} }), ""},
		{with(func(c *Config) { c.FailureRate = FailureRate{1, 10, calls} }), ""},
		{with(func(c *Config) { c.FailureRate = FailureRate{math.SmallestNonzeroFloat64, 1, calls} }), ""},
		{with(func(c *Config) { c.FailureRate = FailureRate{1, 11, calls} }), "FailureRate.MinCalls"},
		{with(func(c *Config) { c.FailureRate = FailureRate{1, -1, span} }), "FailureRate.MinCalls"},
		{with(func(c *Config) { c.FailureRate = FailureRate{50, 0, span} }), "FailureRate.Rate"},
		{with(func(c *Config) { c.FailureRate = FailureRate{math.NaN(), 0, span} }), "FailureRate.Rate"},
		{with(func(c *Config) { c.FailureRate = FailureRate{-1, -1, Window{}} }), "FailureRate.Rate FailureRate.Window.Calls FailureRate.MinCalls"},
		{with(func(c *Config) { c.SlowRate = SlowRate{s, 0.5, 5, calls} }), ""},
		{with(func(c *Config) { c.SlowRate = SlowRate{0, 0.5, 5, calls} }), "SlowRate.After"},
		{with(func(c *Config) { c.SlowRate = SlowRate{After: -s} }), "SlowRate.After SlowRate.Rate SlowRate.Window.Calls"},
		{with(func(c *Config) { c.Failures, c.Probes, c.Successes = 1, 3, 2 }), ""},
		{with(func(c *Config) { c.Failures, c.Probes, c.Successes = 1, 3, 4 }), "Successes"},
		{with(func(c *Config) { c.Failures, c.Successes = 1, 2 }), "Successes"},
		{with(func(c *Config) { c.Failures, c.Successes = 1, -1 }), "Successes"},
		{with(func(c *Config) { c.Failures, c.OpenMultiplier, c.OpenMax = 1, 2, time.Minute }), ""},
		{with(func(c *Config) { c.Failures, c.OpenMultiplier = 1, 1 }), ""},
		{with(func(c *Config) { c.Failures, c.OpenMultiplier = 1, 2 }), "OpenMax"},
		{with(func(c *Config) { c.Failures, c.OpenMax = 1, time.Minute }), "OpenMax"},
		{with(func(c *Config) { c.Failures, c.OpenMultiplier = 1, 0.5 }), "OpenMultiplier"},
		{with(func(c *Config) { c.Failures, c.OpenMultiplier = 1, math.NaN() }), "OpenMultiplier"},
		{with(func(c *Config) { c.Failures, c.OpenMultiplier = 1, math.Inf(1) }), "OpenMultiplier"},
		{with(func(c *Config) { c.Failures, c.OpenJitter, c.MaxHint = 1, 1.01, -1 }), "OpenJitter MaxHint"},
		{with(func(c *Config) { c.Failures, c.OpenJitter = 1, math.NaN() }), "OpenJitter"},
	} {
		checkProblems(t, c.config, c.fields)
	}
}

// Rates are the decimal numbers that they are written as.
func TestShares(t *testing.T) {
	for _, c := range []struct {
		rate        float64
		calls, want uint64 // bad calls that reach it
	}{
		{0.07, 100, 7}, // 0.07 * 100 is 7.000000000000001
		{0.29, 100, 29}, {0.57, 100, 57}, {0.1, 10, 1}, {0.5, 200, 100}, {0.5, 201, 101},
		{1, 7, 7}, {1, math.MaxUint32, math.MaxUint32}, {0.999, 1, 1}, {1.0 / 3, 3, 1}, {2.0 / 3, 3, 2},
		{0.15, 20, 3}, {1e-9, 20, 1}, {1e-300, math.MaxUint32, 1}, {0.3, math.MaxUint64, 5534023222112865485},
	} {
		share := shareOf(c.rate)
		if got := share.least(c.calls); got != c.want {
			t.Errorf("%v of %d: %d bad calls, want %d", c.rate, c.calls, got, c.want)
		}
		if !share.reached(c.want, c.calls) || share.reached(c.want-1, c.calls) {
			t.Errorf("%v of %d: not reached by exactly %d", c.rate, c.calls, c.want)
		}
	}
	for percent := range uint64(101) {
		for calls := uint64(1); calls < 300 && percent > 0; calls++ {
			want := (percent*calls + 99) / 100
			if got := shareOf(float64(percent) / 100).least(calls); got != want {
				t.Fatalf("%d %% of %d: %d, want %d", percent, calls, got, want)
			}
		}
	}
}

// TestDefect_RoundedRates: failsafe-go@v0.9.8 rounds rates to two decimals, so that
// 49.5 % trips 50 %.
func TestDefect_RoundedRates(t *testing.T) {
	b, _, _ := newTest(t, Config{FailureRate: FailureRate{Rate: 0.5, Window: Window{Calls: 200}}, OpenFor: s})
	for i := range 200 {
		_ = b.Run([]func() error{succeed, fail}[min(1, i/101)])
	}
	if b.State() != Closed || b.Snapshot().FailureRate != (Seen{Calls: 200, Bad: 99}) {
		t.Fatalf("%v, %+v: 99 of 200 are no half", b.State(), b.Snapshot().FailureRate)
	}
	_ = b.Run(fail) // takes the place of a success
	if b.State() != Open {
		t.Errorf("%v: 100 of 200 are half", b.State())
	}
}

// TestDefect_CallsLongerThanTheWindow: gobreaker@v2.4.0 drops them, in both its window
// modes: five calls that time out after 11 s never trip a window of 10 s.
func TestDefect_CallsLongerThanTheWindow(t *testing.T) {
	for name, c := range map[string]Config{
		"count": {FailureCount: FailureCount{Failures: 5, Window: Window{Span: 10 * s}}, OpenFor: s},
		"rate":  {FailureRate: FailureRate{Rate: 0.5, MinCalls: 5, Window: Window{Span: 10 * s}}, OpenFor: s},
	} {
		b, clock, _ := newTestTwoStep(t, c)
		var dones []func(error)
		for range 5 {
			done, err := b.Allow()
			if err != nil {
				t.Fatal(err)
			}
			dones = append(dones, done)
			clock.advance(100 * time.Millisecond)
		}
		clock.advance(11 * s)
		for _, done := range dones {
			done(context.DeadlineExceeded)
		}
		if b.State() != Open {
			t.Errorf("%s: %v after five timeouts", name, b.State())
		}
	}
}

// TestDefect_HungBackend: resilience4j@2.4 counts slow calls when they finish, so a
// backend on which every call hangs never trips it. And five calls that hang are no
// failures in a row of gobreaker's either, since none of them ends.
func TestDefect_HungBackend(t *testing.T) {
	c := Config{SlowRate: SlowRate{After: 2 * s, Rate: 0.5, MinCalls: 5, Window: Window{Span: time.Minute}}, OpenFor: 30 * s}
	b, clock, events := newTestTwoStep(t, c)
	for range 5 {
		if _, err := b.Allow(); err != nil { // hangs
			t.Fatal(err)
		}
	}
	clock.advance(2 * s)
	if b.State() != Closed {
		t.Fatal("2 s are not longer than 2 s")
	}
	clock.advance(1)
	if _, err := b.Allow(); !errors.Is(err, ErrOpen) {
		t.Fatalf("err %v: the sixth call would hang too", err)
	}
	if e := (*events)[0]; e.Cause != CauseSlowRate || e.Seen != (Seen{Calls: 5, Bad: 5}) || e.Counts.Requests != 5 {
		t.Errorf("%+v", e)
	}
}

// TestDefect_StaleCounts: gobreaker@v2.4.0 shows failures of an hour ago in a window
// of 10 s until it is touched.
func TestDefect_StaleCounts(t *testing.T) {
	b, clock, _ := newTest(t, Config{FailureCount: FailureCount{Failures: 4, Window: Window{Span: 10 * s}}, OpenFor: s})
	for range 3 {
		_ = b.Run(fail)
	}
	clock.advance(9 * s)
	if got := b.Snapshot().FailureCount; got != (Seen{Calls: 3, Bad: 3}) {
		t.Errorf("9 s later: %+v", got)
	}
	clock.advance(time.Hour)
	if got := b.Snapshot().FailureCount; got != (Seen{}) {
		t.Errorf("an hour later: %+v", got)
	}
	_ = b.Run(fail)
	if got := b.Snapshot().FailureCount; got != (Seen{Calls: 1, Bad: 1}) || b.State() != Closed {
		t.Errorf("%+v, %v", got, b.State())
	}
}

// A window of the longest span does not overflow.
func TestWindowsOfCenturies(t *testing.T) {
	w := newTimeWindow(math.MaxInt64)
	for _, start := range []time.Duration{0, math.MaxInt64, -1, math.MaxInt64 - 1, 1} {
		w.add(start, true)
	}
	if got := w.sum(); got.bad != got.calls || got.calls < 4 {
		t.Errorf("%+v", got)
	}
	tiny := newTimeWindow(10)
	for i := range 1_000_000 {
		tiny.add(time.Duration(i), i%2 == 0)
	}
	if got := tiny.sum(); got != (tally{10, 5}) || len(tiny.live) > tenths || tiny.bad.Load() != 5 {
		t.Errorf("%+v, %d live, at most %d", got, len(tiny.live), tiny.bad.Load())
	}
}

// Calls that end in any order, at once, are all counted.
func TestWindowsUnderStress(t *testing.T) {
	c := Config{
		FailureRate: FailureRate{Rate: 1, MinCalls: math.MaxUint32, Window: Window{Span: time.Hour}},
		SlowRate:    SlowRate{After: time.Hour, Rate: 1, MinCalls: 1 << 20, Window: Window{Calls: 1 << 20}},
		OpenFor:     s,
	}
	b, clock, _ := newTestTwoStep(t, c)
	const goroutines, calls = 4, 2000
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 5))
			var open []func(error)
			for range calls {
				clock.advance(time.Duration(r.IntN(100)) * time.Millisecond)
				done, err := b.Allow()
				if err != nil {
					t.Error(err)
					return
				}
				if open = append(open, done); r.IntN(2) == 0 {
					i := r.IntN(len(open))
					open[i]([]error{nil, errBackend}[r.IntN(2)])
					open[i] = open[len(open)-1]
					open = open[:len(open)-1]
				}
			}
			for _, done := range open {
				done(nil)
			}
		})
	}
	all.Wait()
	snapshot := b.Snapshot()
	want := uint64(goroutines * calls)
	if snapshot.FailureRate.Calls != want || snapshot.SlowRate.Calls != want || snapshot.Overdue != 0 ||
		snapshot.FailureRate.Bad != uint64(snapshot.Counts.Failures) {
		t.Errorf("%+v, want %d calls", snapshot, want)
	}
}

// Orders, looks and calls at the same time, for the race detector; then it heals.
func TestOrdersUnderStress(t *testing.T) {
	c := Config{
		Failures: 3, FailureCount: FailureCount{2, Window{Calls: 5}}, FailureRate: FailureRate{0.5, 3, Window{Span: 100}},
		SlowRate: SlowRate{50, 0.5, 3, Window{Span: 1000}}, OpenFor: 20, OpenMultiplier: 2, OpenMax: 100, OpenJitter: 0.5,
		MaxHint: 10, Probes: 3, Successes: 2,
	}
	clock := newManualClock()
	var mu sync.Mutex
	last, changes := Closed, 0
	b, _ := New(c, WithClock(clock), WithListener(func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.From != last || e.From == e.To || e.Cause == 0 {
			t.Errorf("%+v after %v", e, last)
		}
		last, changes = e.To, changes+1
	}))
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 6))
			for range 3000 {
				clock.advance(time.Duration(r.IntN(12)))
				switch r.IntN(40) {
				case 0:
					b.Reset()
				case 1:
					b.Trip()
				case 2:
					b.Isolate()
				case 3:
					b.Snapshot()
				default:
					_ = b.Run(func() error {
						if r.IntN(4) == 0 {
							clock.advance(60)
						}
						runtime.Gosched()
						return []error{nil, hintError{5}, context.Canceled}[r.IntN(3)]
					})
				}
			}
		})
	}
	all.Wait()
	b.Reset()
	if err := b.Run(succeed); err != nil || b.State() != Closed || changes < 100 {
		t.Errorf("%v, %v, %d changes", err, b.State(), changes)
	}
}

func TestShadow(t *testing.T) {
	b, clock, events := newTest(t, Config{Failures: 2, OpenFor: 10 * s, Shadow: true})
	ran := 0
	op := func() error { ran++; return errBackend }
	for range 5 {
		if err := b.Run(op); err != errBackend {
			t.Fatalf("err %v, want the operation's", err)
		}
	}
	if s := b.Snapshot(); ran != 5 || s.State != Open || s.Passed != 3 || len(*events) != 1 {
		t.Errorf("ran %d, %+v", ran, s)
	}
	clock.advance(10*s + 1)
	_ = b.Run(func() error { // the probe; the call inside would be refused
		return b.Run(succeed)
	})
	if s := b.Snapshot(); s.State != Closed || s.Passed != 4 {
		t.Errorf("%+v", s)
	}
	b.Isolate()
	if v, err := Execute(b, func() (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}

func TestIsolate(t *testing.T) {
	b, clock, events := newTest(t, Config{Failures: 1, OpenFor: 10 * s}, WithName("b"))
	b.Isolate()
	b.Isolate()
	clock.advance(100 * 365 * 24 * time.Hour)
	var open *OpenError
	if err := b.Run(succeed); !errors.As(err, &open) || !open.Isolated || err.Error() != "breaker: b is open, isolated until it is reset" {
		t.Fatalf("err %v", err)
	}
	if d, ok := open.RetryAfter(); ok || d != 0 {
		t.Errorf("RetryAfter %v, %t", d, ok)
	}
	b.Trip() // ends it as an ordinary open state
	if s := b.Snapshot(); s.Isolated || s.RetryAt != clock.Now().Add(10*time.Second+1) || s.Opened != 1 {
		t.Errorf("%+v", s)
	}
	b.Isolate()
	b.Reset()
	if err := b.Run(succeed); err != nil || len(*events) != 2 {
		t.Errorf("%v, %v", err, *events)
	}
}

// Growth and jitter keep to OpenMax, and jitter is there at the maximum too.
func TestOpenTimes(t *testing.T) {
	c := Config{Failures: 1, OpenFor: 10 * s, OpenMultiplier: 2, OpenMax: 60 * s, OpenJitter: 0.5}
	var got []time.Duration
	for d := time.Duration(0); len(got) < 6; {
		d = c.nextOpenTime(d)
		got = append(got, d)
		for _, u := range []float64{0, 0.5, 0.999999, 1, 2, -1, math.NaN(), math.Inf(1)} {
			if j := c.jittered(d, u); j < d/2 || j > d {
				t.Errorf("%v with %v: %v", d, u, j)
			}
		}
	}
	want := []time.Duration{10 * s, 20 * s, 40 * s, 60 * s, 60 * s, 60 * s}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	huge := Config{Failures: 1, OpenFor: math.MaxInt64, OpenMultiplier: 1e300, OpenMax: math.MaxInt64, OpenJitter: 1, MaxHint: math.MaxInt64}
	for _, u := range []float64{0, 0.5, 1} {
		d := huge.nextOpenTime(huge.nextOpenTime(0))
		if j := huge.jittered(d, u); j < 1 || d != math.MaxInt64 {
			t.Errorf("%v, %v", d, j)
		}
		if h := huge.hinted(1, math.MaxInt64, u); h != math.MaxInt64 {
			t.Errorf("hinted %v", h)
		}
	}
}

// With chance left to the system, two breakers do not probe at one instant.
func TestSystemChance(t *testing.T) {
	seen := map[time.Time]bool{}
	clock := newManualClock()
	for range 20 {
		b, _ := New(Config{Failures: 1, OpenFor: time.Hour, OpenJitter: 1}, WithClock(clock))
		_ = b.Run(fail)
		seen[b.Snapshot().RetryAt] = true
	}
	if len(seen) < 15 {
		t.Errorf("%d instants of 20", len(seen))
	}
}

func TestOwnHints(t *testing.T) {
	read := func(err error) (time.Duration, bool) { return 90 * s, err == errBackend }
	b, clock, _ := newTest(t, Config{Failures: 1, OpenFor: s, MaxHint: time.Minute}, WithHint(read), WithHint(nil), WithHint(read))
	_ = b.Run(fail)
	if d := b.Snapshot().RetryAt.Sub(clock.Now()); d != time.Minute+1 {
		t.Errorf("open for %v, want the hint, up to MaxHint", d)
	}
}

func TestCauses(t *testing.T) {
	for c := Cause(0); c < causes; c++ {
		if c.String() == "" || c.String() == "unknown" {
			t.Errorf("cause %d has no name", c)
		}
	}
	if Cause(200).String() != "unknown" {
		t.Error("an unknown cause has a name")
	}
}

// A call that hangs now is not one of those that were slow an hour ago.
func TestStaleCallsAndOneThatHangs(t *testing.T) {
	b, clock, _ := newTestTwoStep(t, Config{OpenFor: s, SlowRate: SlowRate{After: s, Rate: 1, MinCalls: 2, Window: Window{Span: 10 * s}}})
	done, _ := b.Allow()
	clock.advance(2 * s)
	done(nil)
	clock.advance(time.Hour)
	_, _ = b.Allow()
	clock.advance(2 * s)
	if b.State() != Closed {
		t.Error("opened by one call now and one of an hour ago")
	}
	_, _ = b.Allow()
	clock.advance(2 * s)
	if b.State() != Open {
		t.Error("two calls hang, and it is closed")
	}
}

// An isolation is an opening, and what ends it as an ordinary open state is no second one.
func TestIsolateCounts(t *testing.T) {
	b, _, _ := newTest(t, Config{Failures: 1, OpenFor: s})
	b.Isolate()
	b.Isolate()
	b.Trip()
	if x := b.Snapshot(); x.Opened != 1 || x.Trips != 1 {
		t.Errorf("%+v", x)
	}
}
