package retry_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/squall-sim/squall/retry"
)

// An operation that meets two faults which pass.
func ExampleDo() {
	p := retry.S3()
	p.Backoff.Base, p.Jitter.Amount = time.Millisecond, time.Millisecond // quick, for an example
	storage := retry.Must(retry.New(p))

	attempts := 0
	body, err := retry.Do(context.Background(), storage, func(ctx context.Context) (string, error) {
		if attempts++; attempts < 3 {
			return "", errThrottled
		}
		return "hello", nil
	})
	fmt.Println(body, err, attempts)
	// Output: hello <nil> 3
}

// What an error says, and what a caller makes of it.
func ExampleError() {
	r := retry.Must(retry.New(retry.API(), retry.WithClock(newClock()), retry.WithChance(half{})))
	_, err := retry.Do(context.Background(), r, func(context.Context) (string, error) {
		return "", answer(503, "")
	})

	var e *retry.Error
	switch {
	case errors.Is(err, retry.Exhausted) && errors.As(err, &e):
		fmt.Println("gave up after", e.Attempts, "attempts in", e.Elapsed)
		fmt.Println("last error:", e.Err)
	case errors.Is(err, retry.Rejected):
		fmt.Println("the breaker is open")
	}
	// Output:
	// gave up after 3 attempts in 2s
	// last error: 503
}

// half is a chance that always comes out in the middle.
type half struct{}

func (half) Draw(int) float64 { return 0.5 }

// A queue that cannot sleep asks when to deliver a message again.
func ExampleRetrier_Begin() {
	r := retry.Must(retry.New(retry.API()))
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	call := r.Begin(now)
	for {
		d := call.Failed(now, answer(500, ""), 0.5)
		if !d.Retry {
			fmt.Println(now.Format(time.TimeOnly), "dead letter:", d.Reason)
			return
		}
		fmt.Println(now.Format(time.TimeOnly), "again in", d.After)
		now = now.Add(d.After)
	}
	// Output:
	// 12:00:00 again in 750ms
	// 12:00:00 again in 1.25s
	// 12:00:02 dead letter: retry: attempts exhausted
}

// A schedule as a table: the shortest and the longest delay after each attempt.
func ExamplePolicy_Delay() {
	p := retry.S3()
	for n := 1; n < p.Attempts; n++ {
		fmt.Println(n, p.Delay(n, 0, retry.Transient, 0), p.Delay(n, 0, retry.Transient, 1))
	}
	// Output:
	// 1 1s 2s
	// 2 2s 3s
	// 3 4s 5s
	// 4 8s 9s
}

// Every problem of a policy at once.
func ExamplePolicy_Validate() {
	p := retry.API()
	p.Attempts, p.Backoff.Cap = 0, 100*time.Millisecond
	var e *retry.PolicyError
	if errors.As(p.Validate(), &e) {
		for _, problem := range e.Problems {
			fmt.Println(problem)
		}
	}
	// Output:
	// attempts is 0, want 1 to 2147483647 (the first attempt counts)
	// backoff.base is 500ms, want at most the cap of 100ms
	// jitter.amount is 500ms, want at most the cap of 100ms
}

func ExamplePreset() {
	for _, name := range retry.Presets() {
		p, _ := retry.Preset(name)
		fmt.Println(p)
	}
	// Output:
	// s3: 5 attempts, backoff 1s x2 up to 30s, jitter additive-clipped 1s
	// api: 3 attempts, backoff 500ms x2 up to 10s, jitter additive-clipped 500ms, hint retry-after
	// aws-standard-2.1: 3 attempts, backoff 50ms x2 up to 20s (throttled from 1s), jitter full, hint amz, classifier aws, quota 500 (14 a retry, 5 throttled, +1 a clean success)
	// aws-go-legacy: 3 attempts, backoff 2s x2 up to 20s, jitter full-below-cap, classifier aws-go-legacy, quota 500 (5 a retry, 10 timed out, +1 a success)
	// botocore-legacy: 5 attempts, backoff 1s x2, jitter full, classifier botocore-legacy
	// botocore-standard: 3 attempts, backoff 1s x2 up to 20s, jitter full, classifier botocore-standard, quota 500 (5 a retry, 10 timed out, +1 a clean success)
	// aws-adaptive: 3 attempts, backoff 50ms x2 up to 20s (throttled from 1s), jitter full, hint amz, classifier aws, quota 500 (14 a retry, 5 throttled, +1 a clean success), pace aws
	// tenacity-default: unlimited attempts, no delay, classifier all
	// urllib3: 4 attempts, no delay, hint exact trimmed to 6h0m0s, classifier urllib3
	// requests-default: 1 attempt, classifier urllib3
	// dagster: 2 attempts, no delay, classifier all
	// grpc: 4 attempts, backoff 100ms x2 up to 1s, jitter proportion-past-cap ±20%, hint pushback, classifier grpc, budget gRPC throttling, 10 tokens, +0.1 a success
	// envoy: 2 attempts, backoff 25ms x2 up to 250ms, jitter full, classifier envoy, budget 20% of the calls in flight, at least 3
	// finagle: 21 attempts, no delay, budget 20% of the calls of 10s, +10 a second
	// gax: unlimited attempts, backoff 1s x2 up to 30s, jitter full, classifier gax
	// minio: 10 attempts, backoff 200ms x2 up to 1s, jitter full, classifier minio
	// azcore: 4 attempts, backoff 800ms x2 minus one up to 1m0s, jitter proportion-clipped −20% +30%, hint exact up to 1m0s, classifier azcore
	// retryablehttp: 5 attempts, backoff 1s x2 up to 30s, jitter none, hint exact, classifier retryablehttp
	// cenkalti: unlimited attempts, backoff 500ms x1.5 up to 1m0s, jitter proportion-past-cap ±50%, limit 15m0s, hint exact resetting the backoff, classifier all
	// resilience4j: 3 attempts, backoff constant 500ms, jitter none, classifier all
	// polly: 4 attempts, backoff constant 2s, jitter none, classifier all
	// none: 1 attempt
}

// An operation says what is known of its errors.
func ExamplePermanent() {
	r := retry.Must(retry.New(retry.Policy{Attempts: 3, Classifier: "any"}))
	_, err := retry.Do(context.Background(), r, func(context.Context) (int, error) {
		return 0, retry.Permanent(errors.New("the order was cancelled"))
	})
	fmt.Println(errors.Is(err, retry.NotRetryable))
	// Output: true
}

// Every retry in a log line, here by hand.
func ExampleWithObserver() {
	log := func(_ context.Context, e retry.Event) {
		if e.Decision.Retry {
			fmt.Printf("retry_attempt attempt=%d max_attempts=%d delay=%v error=%q\n",
				e.Attempts, e.MaxAttempts, e.Decision.After, e.Err)
		}
	}
	r := retry.Must(retry.New(retry.API(),
		retry.WithClock(newClock()), retry.WithChance(half{}), retry.WithObserver(log)))
	left := 1
	retry.Do(context.Background(), r, func(context.Context) (int, error) {
		if left--; left >= 0 {
			return 0, answer(429, "").waiting(2 * time.Second)
		}
		return 1, nil
	})
	// Output: retry_attempt attempt=1 max_attempts=3 delay=2.25s error="429 "
}

// Two policies for one backend share what they may spend.
func ExampleNewBucket() {
	bucket, err := retry.NewBucket(retry.Quota{Capacity: 500, Cost: 14, ThrottleCost: 5, Reward: 1})
	if err != nil {
		panic(err)
	}
	reads := retry.Must(retry.New(retry.API(), retry.WithBudget(bucket)))
	writes := retry.Must(retry.New(retry.S3(), retry.WithBudget(bucket)))

	read, write := reads.Begin(epoch), writes.Begin(epoch)
	read.Failed(epoch, errReset, 0)
	write.Failed(epoch, errThrottled, 0)
	fmt.Println(bucket.Tokens())
	// Output: 481
}

// What the tables make of an error.
func ExampleClassify() {
	for _, err := range []error{answer(503, "SlowDown"), answer(503, ""), answer(404, "NoSuchKey"), context.DeadlineExceeded, errors.New("plain")} {
		class, _ := retry.Classify("", err)
		fmt.Println(err, "is", class)
	}
	// Output:
	// 503 SlowDown is throttle
	// 503  is transient
	// 404 NoSuchKey is fatal
	// context deadline exceeded is timeout
	// plain is unknown
}
