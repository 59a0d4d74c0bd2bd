package peers

import (
	"errors"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	"github.com/squall-sim/squall/breaker"
)

const (
	tripAfter = 5
	// The rules that look at windows, for those who have them: half of at least 20
	// calls, of the last 100 or of the last 10 s. A failure a loop is far from it.
	tripRate  = 0.5
	tripCalls = 20
	span      = 10 * time.Second
)

// loop measures one breaker, given as its call.
type loop func(b *testing.B, o *op, call func(func() (int, error)) (int, error))

// breakers returns the circuit breakers for a loop.
func breakers(l loop) []Entry {
	return []Entry{
		squallBreaker("squall", l, breaker.Config{Failures: tripAfter, OpenFor: time.Hour}),
		gobreakerEntry("gobreaker v2.4.0", l, gobreaker.Settings{
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		}),
		failsafeBreaker("failsafe-go v0.9.8", l, circuitbreaker.NewBuilder[int]().WithFailureThreshold(tripAfter)),
	}
}

// windowBreakers are breakers with a failure rate, beside gobreaker without a window.
func windowBreakers(l loop) []Entry {
	return []Entry{
		squallBreaker("squall, of calls", l, breaker.Config{
			FailureRate: breaker.FailureRate{Rate: tripRate, MinCalls: tripCalls, Window: breaker.Window{Calls: 100}}, OpenFor: time.Hour,
		}),
		squallBreaker("squall, of time", l, breaker.Config{
			FailureRate: breaker.FailureRate{Rate: tripRate, MinCalls: tripCalls, Window: breaker.Window{Span: span}}, OpenFor: time.Hour,
		}),
		squallBreaker("squall, slow calls", l, breaker.Config{
			SlowRate: breaker.SlowRate{After: time.Hour, Rate: tripRate, MinCalls: tripCalls, Window: breaker.Window{Span: span}}, OpenFor: time.Hour,
		}),
		gobreakerEntry("gobreaker v2.4.0, no window", l, gobreaker.Settings{
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		}),
		gobreakerEntry("gobreaker v2.4.0, rolling", l, gobreaker.Settings{
			Interval: span, BucketPeriod: span / 10,
			ReadyToTrip: func(c gobreaker.Counts) bool {
				return c.Requests >= tripCalls && float64(c.TotalFailures) >= tripRate*float64(c.Requests)
			},
		}),
		failsafeBreaker("failsafe-go v0.9.8, of time", l, circuitbreaker.NewBuilder[int]().WithFailureRateThreshold(tripRate, tripCalls, span)),
	}
}

func squallBreaker(name string, l loop, c breaker.Config) Entry {
	return Entry{name, func(b *testing.B) {
		br, err := breaker.New(c)
		if err != nil {
			b.Fatal(err)
		}
		l(b, new(op), func(f func() (int, error)) (int, error) { return breaker.Execute(br, f) })
	}}
}

func gobreakerEntry(name string, l loop, s gobreaker.Settings) Entry {
	s.Timeout = time.Hour
	return Entry{name, func(b *testing.B) { l(b, new(op), gobreaker.NewCircuitBreaker[int](s).Execute) }}
}

func failsafeBreaker(name string, l loop, builder circuitbreaker.Builder[int]) Entry {
	return Entry{name, func(b *testing.B) { l(b, new(op), failsafe.With(builder.WithDelay(time.Hour).Build()).Get) }}
}

func closedLoop(b *testing.B, o *op, call func(func() (int, error)) (int, error)) {
	f := o.call
	measure(b, o, func() (int, error) { return call(f) })
}

// openLoop measures the refusal of a breaker that was tripped before.
func openLoop(b *testing.B, o *op, call func(func() (int, error)) (int, error)) {
	failing := func() (int, error) { return 0, errBackend }
	for range tripAfter {
		if _, err := call(failing); !errors.Is(err, errBackend) {
			b.Fatal("the breaker opened too early:", err)
		}
	}
	f := o.call
	b.ReportAllocs()
	for b.Loop() {
		if _, err := call(f); err == nil {
			b.Fatal("an open breaker admitted a call")
		}
	}
}

func parallelLoop(b *testing.B, o *op, call func(func() (int, error)) (int, error)) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		f := func() (int, error) { return 42, nil }
		for pb.Next() {
			if v, err := call(f); err != nil || v != 42 {
				b.Error(errors.Join(errLost, err))
				return
			}
		}
	})
}
