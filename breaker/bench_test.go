package breaker

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
)

var (
	benchConfig = Config{Failures: 5, OpenFor: time.Hour}
	benchSink   int
)

// windowConfigs are breakers whose rules look at windows; the goal for a rate is at
// most 1.25 times gobreaker, which looks at none here.
var windowConfigs = map[string]Config{
	"rate-time":  {FailureRate: FailureRate{Rate: 0.5, Window: Window{Span: 10 * time.Second}}, OpenFor: time.Hour},
	"rate-calls": {FailureRate: FailureRate{Rate: 0.5, Window: Window{Calls: 100}}, OpenFor: time.Hour},
	"slow-time":  {SlowRate: SlowRate{After: time.Hour, Rate: 0.5, Window: Window{Span: 10 * time.Second}}, OpenFor: time.Hour},
}

func benchOp() (int, error)   { return 1, nil }
func benchFail() (int, error) { return 0, errBackend }

// benchSettings are the same for gobreaker.
var benchSettings = gobreaker.Settings{
	Timeout:     time.Hour,
	ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 5 },
}

func benchBreaker(b *testing.B, opts ...Option) *Breaker {
	b.Helper()
	br, err := New(benchConfig, opts...)
	if err != nil {
		b.Fatal(err)
	}
	return br
}

// BenchmarkClosed is the path that nearly every call takes; the goal is at most
// 1.15 times gobreaker.
func BenchmarkClosed(b *testing.B) {
	raw := gobreaker.NewCircuitBreaker[int](benchSettings)
	b.Run("gobreaker", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchSink, _ = raw.Execute(benchOp)
		}
	})
	ours := benchBreaker(b)
	b.Run("Execute", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchSink, _ = Execute(ours, benchOp)
		}
	})
	watched := benchBreaker(b, WithListener(func(Event) {}), WithOutcome(DefaultOutcome))
	b.Run("Execute-watched", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchSink, _ = Execute(watched, benchOp)
		}
	})
}

func BenchmarkClosedParallel(b *testing.B) {
	raw := gobreaker.NewCircuitBreaker[int](benchSettings)
	b.Run("gobreaker", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = raw.Execute(benchOp)
			}
		})
	})
	ours := benchBreaker(b)
	b.Run("Execute", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = Execute(ours, benchOp)
			}
		})
	})
}

// BenchmarkOpen is the refusal of a call; the goal is at most half of gobreaker.
func BenchmarkOpen(b *testing.B) {
	raw := gobreaker.NewCircuitBreaker[int](benchSettings)
	ours := benchBreaker(b)
	for range benchConfig.Failures {
		_, _ = raw.Execute(benchFail)
		_, _ = Execute(ours, benchFail)
	}
	b.Run("gobreaker", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = raw.Execute(benchOp)
		}
	})
	b.Run("Execute", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = Execute(ours, benchOp)
		}
	})
}

func BenchmarkTwoStep(b *testing.B) {
	raw := gobreaker.NewTwoStepCircuitBreaker[int](benchSettings)
	b.Run("gobreaker", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			done, _ := raw.Allow()
			done(nil)
		}
	})
	ours, err := NewTwoStep(benchConfig)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Allow", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			done, _ := ours.Allow()
			done(nil)
		}
	})
}

// BenchmarkRatio measures ours and gobreaker in turns, some hundred calls each,
// and reports the median quotient: a busy machine slows both down.
func BenchmarkRatio(b *testing.B) {
	raw := gobreaker.NewCircuitBreaker[int](benchSettings)
	ours := benchBreaker(b)
	closed := func(b *testing.B) {
		ratio(b, func() { _, _ = raw.Execute(benchOp) }, func() { _, _ = Execute(ours, benchOp) })
	}
	b.Run("Closed", closed)
	rolling := benchSettings
	rolling.Interval, rolling.BucketPeriod = 10*time.Second, time.Second
	rolling.ReadyToTrip = func(c gobreaker.Counts) bool {
		return c.Requests >= 20 && float64(c.TotalFailures) >= 0.5*float64(c.Requests)
	}
	rawRolling := gobreaker.NewCircuitBreaker[int](rolling)
	for name, c := range windowConfigs {
		windowed, err := New(c)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("Closed-"+name, func(b *testing.B) {
			ratio(b, func() { _, _ = raw.Execute(benchOp) }, func() { _, _ = Execute(windowed, benchOp) })
		})
		b.Run("Closed-"+name+"-to-rolling", func(b *testing.B) {
			ratio(b, func() { _, _ = rawRolling.Execute(benchOp) }, func() { _, _ = Execute(windowed, benchOp) })
		})
	}
	timed, err := New(windowConfigs["rate-time"])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Parallel-rate-time", func(b *testing.B) {
		ratio(b, func() { parallel(func() { _, _ = raw.Execute(benchOp) }) }, func() { parallel(func() { _, _ = Execute(timed, benchOp) }) })
	})
	b.Run("Parallel", func(b *testing.B) {
		ratio(b, func() { parallel(func() { _, _ = raw.Execute(benchOp) }) }, func() { parallel(func() { _, _ = Execute(ours, benchOp) }) })
	})
	rawTwo := gobreaker.NewTwoStepCircuitBreaker[int](benchSettings)
	oursTwo, err := NewTwoStep(benchConfig)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("TwoStep", func(b *testing.B) {
		ratio(b, func() { done, _ := rawTwo.Allow(); done(nil) }, func() { done, _ := oursTwo.Allow(); done(nil) })
	})
	for range benchConfig.Failures {
		_, _ = raw.Execute(benchFail)
		_, _ = Execute(ours, benchFail)
	}
	b.Run("Open", closed)
}

func ratio(b *testing.B, raw, ours func()) {
	const calls = 200
	var quotients []float64
	for b.Loop() {
		start := time.Now()
		for range calls {
			raw()
		}
		middle := time.Now()
		for range calls {
			ours()
		}
		quotients = append(quotients, float64(time.Since(middle))/float64(middle.Sub(start)))
	}
	slices.Sort(quotients)
	b.ReportMetric(quotients[len(quotients)/2], "×gobreaker")
}

// parallel makes some calls in each of two goroutines a processor.
func parallel(call func()) {
	var all sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for range 500 {
				call()
			}
		})
	}
	all.Wait()
}
