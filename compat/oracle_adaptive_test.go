package compat

import (
	"context"
	"errors"
	"math/rand"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/squall-sim/squall/retry"
)

var errSlowDown error = &smithy.GenericAPIError{Code: "SlowDown"}

// awsTimeout is an error of a timeout, to the SDK as to us.
type awsTimeout struct{}

func (awsTimeout) Error() string { return "timed out" }
func (awsTimeout) Timeout() bool { return true }

// oracleAWSAdaptive: the schedule, the quota and the limiter of the SDK's
// adaptive mode.
func oracleAWSAdaptive(t *testing.T, p retry.Policy) {
	sameSchedule(t, p, awsretry.NewAdaptiveMode())
	sameQuota(t, p, func(atOnce func(*awsretry.StandardOptions)) aws.RetryerV2 {
		return awsretry.NewAdaptiveMode(func(o *awsretry.AdaptiveModeOptions) {
			o.StandardOptions = append(o.StandardOptions, atOnce)
			o.Throttles = nil // leaves the limiter idle
		})
	})
	for seed := range int64(20) {
		synctest.Test(t, func(t *testing.T) { sameWaits(t, p, seed) })
	}
}

// slop is what an answer may be off by.
const slop = 2 * time.Microsecond

// sameWaits sends attempts through both limiters, through spells of throttling,
// and demands the same answers at the same instants of the bubble's clock: both
// let an attempt through, or both refuse it; then they still do slop before
// ours said, and no longer slop after. (The SDK does not sleep here: where less
// than a nanosecond is missing it asks again at once, for ever if the time is
// virtual.)
func sameWaits(t *testing.T, p retry.Policy, seed int64) {
	rng := rand.New(rand.NewSource(seed))
	sdk := awsretry.NewAdaptiveMode(func(o *awsretry.AdaptiveModeOptions) { o.FailOnNoAttemptTokens = true })
	ours, err := p.Pace.New()
	if err != nil {
		t.Fatal(err)
	}
	ours.Acquire(time.Now(), 0) // the SDK's counts from when it is made
	waits := 0
	for n := range 1500 {
		var release func(error) error
		ask := func() (wait time.Duration, ok bool) {
			wait, ok = ours.Acquire(time.Now(), 0)
			done, err := sdk.GetAttemptToken(t.Context())
			if ok != (err == nil) {
				t.Fatalf("seed %d, attempt %d: ours waits %v, the SDK: %v", seed, n, wait, err)
			}
			release = done
			return wait, ok
		}
		if wait, ok := ask(); !ok {
			waits++
			if wait > slop {
				time.Sleep(wait - slop)
				if _, ok := ask(); ok {
					t.Fatalf("seed %d, attempt %d: a wait of %v was too long", seed, n, wait)
				}
			}
			time.Sleep(2 * slop)
			if _, ok := ask(); !ok {
				t.Fatalf("seed %d, attempt %d: a wait of %v was too short", seed, n, wait)
			}
		}
		time.Sleep(time.Duration(rng.ExpFloat64() * float64(40*time.Millisecond)))
		outcome, class := error(nil), retry.Unknown
		switch throttled := rng.Float64() < []float64{0, 0.02, 0.3}[n/100%3]; {
		case throttled:
			outcome, class = errSlowDown, retry.Throttle
		case rng.Float64() < 0.1:
			outcome, class = errors.New("reset"), retry.Transient
		}
		ours.Done(time.Now(), class)
		_ = release(outcome)
	}
	if waits < 100 {
		t.Errorf("seed %d: only %d attempts waited: that shows nothing", seed, waits)
	}
}

// sameQuota runs calls through the SDK's loop and through ours, in spells of
// failures that empty the quota and of successes that fill it, and demands as
// many attempts of each. (The adaptive mode before v1.48.0 never filled it
// again: aws-sdk-go-v2 issue 3550.)
func sameQuota(t *testing.T, p retry.Policy, sdk func(atOnce func(*awsretry.StandardOptions)) aws.RetryerV2) {
	outcomes := []error{nil, sdkRetryable{errDown}, errSlowDown, awsTimeout{}, errDown}
	rng := rand.New(rand.NewSource(7))
	ours := retry.Must(retry.New(p, retry.WithLimiter(nil)))
	refused := 0
	synctest.Test(t, func(t *testing.T) {
		m := awsretry.NewAttemptMiddleware(sdk(func(o *awsretry.StandardOptions) {
			o.Backoff = awsretry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		}), func(r any) any { return r })
		for n := range 10_000 {
			plan := make([]error, p.Attempts)
			for i := range plan {
				if rng.Float64() < []float64{0.8, 0.05, 0.3}[n/200%3] {
					plan[i] = outcomes[1+rng.Intn(len(outcomes)-1)]
				}
			}
			theirs := 0
			_, _, _ = m.HandleFinalize(t.Context(), middleware.FinalizeInput{}, middleware.FinalizeHandlerFunc(
				func(context.Context, middleware.FinalizeInput) (out middleware.FinalizeOutput, meta middleware.Metadata, err error) {
					theirs++
					return out, meta, plan[theirs-1]
				}))
			call := ours.Begin(time.Time{})
			for _, err := range plan {
				if err == nil {
					call.Succeeded(time.Time{})
					break
				}
				if d := call.Failed(time.Time{}, err, 0); !d.Retry {
					if d.Reason == retry.OverBudget {
						refused++
					}
					break
				}
			}
			if call.Attempts() != theirs {
				t.Fatalf("call %d, %v: ours makes %d attempts, the SDK %d", n, plan, call.Attempts(), theirs)
			}
		}
	})
	if refused < 100 {
		t.Errorf("only %d retries were refused: that shows nothing", refused)
	}
}
