package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/squall-sim/squall/breaker"
)

// clock is a clock that a test moves.
type clock struct{ t time.Time }

func (c *clock) Now() time.Time { return c.t }

func newClock() *clock { return &clock{time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)} }

var errDown = errors.New("503 Service Unavailable")

func ExampleExecute() {
	b, err := breaker.New(breaker.Config{Failures: 2, OpenFor: 30 * time.Second}, breaker.WithName("stations"), breaker.WithClock(newClock()))
	if err != nil {
		panic(err)
	}
	for range 3 {
		stations, err := breaker.Execute(b, func() ([]string, error) { return nil, errDown })
		fmt.Println(stations, err)
	}
	// Output:
	// [] 503 Service Unavailable
	// [] 503 Service Unavailable
	// [] breaker: stations is open, next probe at 2026-01-01T12:00:30.000000001Z
}

func ExampleBreaker_Run() {
	b, _ := breaker.New(breaker.Config{Failures: 1, OpenFor: 30 * time.Second})
	fmt.Println(b.Run(func() error { return nil }), b.State())
	fmt.Println(b.Run(func() error { return errDown }), b.State())
	// Output:
	// <nil> closed
	// 503 Service Unavailable open
}

// A call in two halves: asked for here, reported elsewhere.
func ExampleTwoStep_Allow() {
	b, _ := breaker.NewTwoStep(breaker.Config{Failures: 1, OpenFor: 30 * time.Second})
	done, err := b.Allow()
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	onAnswer := func(err error) { done(err) } // given to some asynchronous client
	onAnswer(errDown)

	_, err = b.Allow()
	fmt.Println(b.State(), errors.Is(err, breaker.ErrOpen))
	// Output: open true
}

// An event loop keeps the permit beside what else it knows of a call, and uses both
// again.
func ExampleTwoStep_Begin() {
	b, _ := breaker.NewTwoStep(breaker.Config{Failures: 2, OpenFor: 30 * time.Second})
	var request struct {
		permit breaker.Permit
	}
	for range 3 {
		if err := b.Begin(&request.permit); err != nil {
			fmt.Println("refused:", errors.Is(err, breaker.ErrOpen))
			continue
		}
		request.permit.Done(errDown)
	}
	// Output: refused: true
}

// A caller that can wait learns for how long.
func ExampleOpenError_RetryAfter() {
	c := newClock()
	b, _ := breaker.New(breaker.Config{Failures: 1, OpenFor: 30 * time.Second}, breaker.WithClock(c))
	_ = b.Run(func() error { return errDown })
	c.t = c.t.Add(20 * time.Second)

	err := b.Run(func() error { return nil })
	var open *breaker.OpenError
	if errors.As(err, &open) {
		wait, ok := open.RetryAfter()
		fmt.Println(wait, ok)
	}
	// Output: 10.000000001s true
}

func ExampleWithListener() {
	c := newClock()
	b, _ := breaker.New(breaker.Config{Failures: 2, OpenFor: 30 * time.Second},
		breaker.WithName("s3-put"), breaker.WithClock(c),
		breaker.WithListener(func(e breaker.Event) {
			fmt.Printf("%s %s: %v to %v, failures in a row: %d\n",
				e.Time.Format(time.TimeOnly), e.Name, e.From, e.To, e.Counts.ConsecutiveFailures)
		}))
	_ = b.Run(func() error { return errDown })
	_ = b.Run(func() error { return errDown })
	c.t = c.t.Add(31 * time.Second)
	_ = b.Run(func() error { return nil })
	// Output:
	// 12:00:00 s3-put: closed to open, failures in a row: 2
	// 12:00:31 s3-put: open to half-open, failures in a row: 0
	// 12:00:31 s3-put: half-open to closed, failures in a row: 0
}

// An answer that only a healthy backend gives is no failure.
func ExampleWithOutcome() {
	errNoSuchKey := errors.New("404 NoSuchKey")
	b, _ := breaker.New(breaker.Config{Failures: 1, OpenFor: 30 * time.Second},
		breaker.WithOutcome(func(err error) breaker.Outcome {
			if errors.Is(err, errNoSuchKey) {
				return breaker.Success
			}
			return breaker.DefaultOutcome(err)
		}))
	fmt.Println(b.Run(func() error { return errNoSuchKey }), b.State())
	// Output: 404 NoSuchKey closed
}

func ExampleConfig_Validate() {
	fmt.Println(breaker.Config{Probes: -1}.Validate())
	// Output:
	// breaker: Failures is 0, want a number of consecutive failures from 1 to 4294967295, or one of the other rules beside it
	// breaker: OpenFor is 0s, want a duration above 0, such as 30s
	// breaker: Probes is -1, want a number of probes from 1 to 4294967295, or 0 for 1
}

// The breaker is inside of the retries and outside of the timeout. A refusal ends
// the retries: it was no attempt.
func Example_composition() {
	b, _ := breaker.New(breaker.Config{Failures: 3, OpenFor: 30 * time.Second})
	attempts := 0
	hang := func(ctx context.Context) error {
		attempts++
		<-ctx.Done()
		return ctx.Err()
	}
	err := retry(5, func() error {
		return b.Run(func() error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			return hang(ctx)
		})
	})
	fmt.Println(attempts, errors.Is(err, breaker.ErrOpen), errors.Is(err, context.DeadlineExceeded))
	// Output: 3 true true
}

// retry stands for a retry library, such as this module's.
func retry(attempts int, op func() error) (last error) {
	for range attempts {
		err := op()
		var refused interface{ Rejected() bool }
		if errors.As(err, &refused) && refused.Rejected() {
			return errors.Join(err, last)
		}
		if last = err; err == nil {
			return nil
		}
	}
	return last
}
