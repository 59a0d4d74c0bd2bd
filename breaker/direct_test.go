package breaker

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// A rule on failures in a row that never holds changes nothing.
func TestARuleThatNeverHoldsChangesNothing(t *testing.T) {
	for seed := range uint64(600) {
		c := drawConfig(rand.New(rand.NewPCG(seed, 1)))
		c.Failures = 0
		if c.Validate() != nil {
			continue // it had no other rule
		}
		more := c
		more.Failures = math.MaxUint32
		without, with := story(t, c, seed), story(t, more, seed)
		if without != with {
			t.Fatalf("seed %d, %+v:\n%s\nwith the rule:\n%s", seed, c, without, with)
		}
	}
}

// story is what a Breaker did with random calls: some within others, some that panic
// or leave their goroutine, while time goes by.
func story(t *testing.T, c Config, seed uint64) string {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	failing := r.Float64()
	b, clock, events := newTest(t, c, WithChance(draws{}), WithOutcome(func(err error) Outcome {
		if err == errBackend && r.IntN(30) == 0 {
			panic("the classifier")
		}
		return DefaultOutcome(err)
	}))
	told := ""
	var call func(depth int) error
	call = func(depth int) error {
		clock.advance([]time.Duration{0, 0, 1, 7, time.Second, 12 * time.Second}[r.IntN(6)])
		if depth < 3 && r.IntN(3) == 0 {
			if err := b.Run(func() error { return call(depth + 1) }); err != nil {
				told += fmt.Sprintln(err)
			}
		}
		switch u := r.Float64(); {
		case u < 0.03:
			panic("the operation")
		case u < 0.05:
			runtime.Goexit()
		case u < 0.05+0.9*failing:
			return errBackend
		}
		return nil
	}
	for range 60 {
		inGoroutine(func() {
			defer func() {
				if cause := recover(); cause != nil {
					told += fmt.Sprintln(cause)
				}
			}()
			told += fmt.Sprintln(b.Run(func() error { return call(0) }))
		})
		clock.advance(1) // what the end of a call should have done is seen to come late
		told += fmt.Sprintf("%+v\n", b.Snapshot())
	}
	return told + fmt.Sprint(*events)
}

// What panics or leaves in a direct call is a failure, and goes on doing so.
func TestDirectCallThatDoesNotReturn(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic(errBackend) }, "exit": runtime.Goexit} {
		b, _, events := newTest(t, Config{FailureCount: FailureCount{Failures: 2, Window: Window{Calls: 5}}, OpenFor: time.Minute})
		for range 2 {
			gone := true
			inGoroutine(func() {
				defer func() {
					if cause := recover(); name == "panic" && cause != errBackend {
						t.Errorf("recovered %v, want the operation's own panic", cause)
					}
				}()
				_ = b.Run(func() error { leave(); return nil })
				gone = false
			})
			if !gone {
				t.Errorf("%s: Run returned", name)
			}
		}
		if len(*events) != 1 || (*events)[0].Counts != (Counts{Requests: 2, Failures: 2, ConsecutiveFailures: 2}) || b.State() != Open {
			t.Errorf("%s: %+v, %v", name, *events, b.State())
		}
	}
}

func TestDirectAllocatesNothing(t *testing.T) {
	for name, c := range windowConfigs {
		b, _, _ := newTest(t, c)
		if n := testing.AllocsPerRun(1000, func() { _, _ = Execute(b, benchOp) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
