package peers

import (
	"context"
	"testing"
	"time"

	avast "github.com/avast/retry-go/v5"
	"github.com/aws/aws-sdk-go-v2/aws"
	awsratelimit "github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	"github.com/cenkalti/backoff/v7"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	sethvargo "github.com/sethvargo/go-retry"

	"github.com/squall-sim/squall/retry"
)

const attempts = 3

// retries returns the retry libraries for operations that fail n times.
func retries(n failures) []Entry {
	run := func(f func(b *testing.B, o *op)) func(b *testing.B) {
		return func(b *testing.B) { f(b, &op{failures: int(n)}) }
	}
	return []Entry{
		{"squall", run(runSquall)},
		{"squall with elapsed", run(runSquallWithElapsed)},
		{"failsafe-go v0.9.8", run(runFailsafe)},
		{"cenkalti/backoff v7.0.3", run(runCenkalti)},
		{"avast/retry-go v5.1.1", run(runAvast)},
		{"sethvargo/go-retry v0.5.0", run(runSethvargo)},
		{"aws-sdk-go-v2 v1.48.0 retry", run(runAWS)},
	}
}

func runSquall(b *testing.B, o *op) { squallRetrier(b, o) }

func runSquallWithElapsed(b *testing.B, o *op) { squallRetrier(b, o, retry.WithElapsed()) }

func squallRetrier(b *testing.B, o *op, opts ...retry.Option) {
	r := retry.Must(retry.New(retry.Policy{Attempts: attempts}, opts...))
	ctx, f := context.Background(), o.callContext
	measure(b, o, func() (int, error) { return retry.Do(ctx, r, f) })
}

func runFailsafe(b *testing.B, o *op) {
	policy := retrypolicy.NewBuilder[int]().WithMaxAttempts(attempts).Build()
	executor := failsafe.With(policy)
	f := o.call
	measure(b, o, func() (int, error) { return executor.Get(f) })
}

func runCenkalti(b *testing.B, o *op) {
	ctx, f := context.Background(), backoff.Operation[int](o.call)
	tries := backoff.WithMaxTries(attempts)
	unlimited := backoff.WithMaxElapsedTime(0)
	// A ZeroBackOff has no state, so it is the one BackOff that may be shared.
	zero := backoff.WithBackOff(&backoff.ZeroBackOff{})
	measure(b, o, func() (int, error) { return backoff.Retry(ctx, f, zero, tries, unlimited) })
}

func runAvast(b *testing.B, o *op) {
	r := avast.NewWithData[int](avast.Attempts(attempts), avast.DelayType(avast.FixedDelay), avast.Delay(0))
	f := o.call
	measure(b, o, func() (int, error) { return r.Do(f) })
}

func runSethvargo(b *testing.B, o *op) {
	ctx := context.Background()
	zero := sethvargo.BackoffFunc(func() (time.Duration, bool) { return 0, false })
	f := func(ctx context.Context) (int, error) {
		v, err := o.call()
		return v, sethvargo.RetryableError(err)
	}
	measure(b, o, func() (int, error) {
		return sethvargo.DoValue(ctx, sethvargo.WithMaxRetries(attempts-1, zero), f)
	})
}

// runAWS drives the SDK's retry middleware with a stub for the rest of the
// stack: there is no smaller public way to run its loop.
func runAWS(b *testing.B, o *op) {
	standard := awsretry.NewStandard(func(s *awsretry.StandardOptions) {
		s.MaxAttempts = attempts
		s.Backoff = awsretry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		s.RateLimiter = awsratelimit.None
	})
	m := awsretry.NewAttemptMiddleware(aws.Retryer(standard), func(r any) any { return r })
	next := middleware.FinalizeHandlerFunc(func(context.Context, middleware.FinalizeInput) (
		out middleware.FinalizeOutput, meta middleware.Metadata, err error,
	) {
		v, err := o.call()
		return middleware.FinalizeOutput{Result: v}, meta, err
	})
	ctx := context.Background()
	measure(b, o, func() (int, error) {
		out, _, err := m.HandleFinalize(ctx, middleware.FinalizeInput{}, next)
		v, _ := out.Result.(int)
		return v, err
	})
}
