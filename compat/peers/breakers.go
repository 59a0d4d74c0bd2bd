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

const tripAfter = 5

// loop measures one breaker, given as its call.
type loop func(b *testing.B, o *op, call func(func() (int, error)) (int, error))

// breakers returns the circuit breakers for a loop.
func breakers(l loop) []Entry {
	return []Entry{
		{"squall", func(b *testing.B) {
			br, err := breaker.New(breaker.Config{Failures: tripAfter, OpenFor: time.Hour})
			if err != nil {
				b.Fatal(err)
			}
			l(b, new(op), func(f func() (int, error)) (int, error) { return breaker.Execute(br, f) })
		}},
		{"gobreaker v2.4.0", func(b *testing.B) {
			br := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
				Timeout:     time.Hour,
				ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
			})
			l(b, new(op), br.Execute)
		}},
		{"failsafe-go v0.9.8", func(b *testing.B) {
			br := circuitbreaker.NewBuilder[int]().WithFailureThreshold(tripAfter).WithDelay(time.Hour).Build()
			l(b, new(op), failsafe.With(br).Get)
		}},
	}
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
