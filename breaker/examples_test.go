package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/squall-sim/squall/breaker"
)

// Half of at least 20 calls of the last 30 s have failed.
func ExampleFailureRate() {
	b, _ := breaker.New(breaker.Config{
		FailureRate: breaker.FailureRate{Rate: 0.5, MinCalls: 20, Window: breaker.Window{Span: 30 * time.Second}},
		OpenFor:     30 * time.Second,
	})
	for i := range 24 {
		_ = b.Run(func() error {
			if i%2 == 1 {
				return errDown
			}
			return nil
		})
		if b.State() == breaker.Open {
			fmt.Println("open after", i+1, "calls")
			break
		}
	}
	// Output: open after 20 calls
}

// Calls that hang are found out while they hang: the sixth is not made.
func ExampleSlowRate() {
	c := newClock()
	b, _ := breaker.NewTwoStep(breaker.Config{
		SlowRate: breaker.SlowRate{After: 2 * time.Second, Rate: 0.5, MinCalls: 5, Window: breaker.Window{Span: time.Minute}},
		OpenFor:  30 * time.Second,
	}, breaker.WithClock(c), breaker.WithListener(func(e breaker.Event) {
		fmt.Println(e.From, "to", e.To, "by", e.Cause, e.Seen)
	}))
	for range 5 {
		_, _ = b.Allow() // none of them has ended
	}
	c.t = c.t.Add(3 * time.Second)
	_, err := b.Allow()
	fmt.Println(errors.Is(err, breaker.ErrOpen))
	// Output:
	// closed to open by slow rate {5 5}
	// true
}

// One breaker per host and operation, a thousand of them at most.
func ExampleRegistry() {
	type endpoint struct{ Host, Operation string }
	registry, err := breaker.NewRegistry[endpoint](
		breaker.Config{Failures: 1, OpenFor: 30 * time.Second},
		breaker.Limits{Max: 1000, Idle: time.Hour})
	if err != nil {
		panic(err)
	}
	_ = registry.Get(endpoint{"s3", "PutObject"}).Run(func() error { return errDown })
	_ = registry.Get(endpoint{"s3", "GetObject"}).Run(func() error { return nil })
	for k, b := range registry.All() {
		fmt.Println(k.Operation, b.State())
	}
	// Output:
	// GetObject closed
	// PutObject open
}

// Two processes share what they know of one backend. Each runs its Sharing in a
// goroutine; here they are synchronized by hand.
func ExampleSharing() {
	store := new(breaker.MemoryStore) // between processes: package redisstore
	process := func(name string) (*breaker.Breaker, *breaker.Sharing) {
		b, _ := breaker.New(breaker.Config{Failures: 1, OpenFor: 30 * time.Second}, breaker.WithName("stations"))
		sharing := breaker.NewSharing(store, breaker.WithProcess(name))
		if err := sharing.Add(b); err != nil {
			panic(err)
		}
		return b, sharing // go sharing.Run(ctx, time.Second)
	}
	one, oneSharing := process("one")
	two, twoSharing := process("two")
	_ = one.Run(func() error { return errDown })
	_ = oneSharing.Sync(context.Background())
	_ = twoSharing.Sync(context.Background())
	fmt.Println(one.State(), two.State())
	// Output: open open
}

// Settings are tried on real traffic without refusing anything.
func ExampleConfig_shadow() {
	b, _ := breaker.New(breaker.Config{Failures: 3, OpenFor: time.Hour, Shadow: true})
	for range 10 {
		_ = b.Run(func() error { return errDown })
	}
	s := b.Snapshot()
	fmt.Println(s.State, s.Passed)
	// Output: open 7
}

// An operator takes a backend out, and puts it back.
func ExampleBreaker_Isolate() {
	b, _ := breaker.New(breaker.Config{Failures: 5, OpenFor: 30 * time.Second}, breaker.WithName("ledger"))
	b.Isolate()
	fmt.Println(b.Run(func() error { return nil }))
	b.Reset()
	fmt.Println(b.Run(func() error { return nil }))
	// Output:
	// breaker: ledger is open, isolated until it is reset
	// <nil>
}

// All that can be seen, for a health page.
func ExampleBreaker_Snapshot() {
	b, _ := breaker.New(breaker.Config{
		FailureCount: breaker.FailureCount{Failures: 3, Window: breaker.Window{Calls: 10}},
		OpenFor:      30 * time.Second,
	}, breaker.WithName("stations"))
	_ = b.Run(func() error { return errDown })
	_ = b.Run(func() error { return nil })
	s := b.Snapshot()
	fmt.Println(s.Name, s.State, s.Counts.Requests, s.FailureCount)
	// Output: stations closed 2 {2 1}
}
