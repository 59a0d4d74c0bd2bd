package compat

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	avast "github.com/avast/retry-go/v5"
	"github.com/aws/aws-sdk-go-v2/aws"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/cenkalti/backoff/v7"
	sethvargo "github.com/sethvargo/go-retry"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryaws"
)

// A server's hint sets the exponential backoff back to its beginning.
func TestDefect_cenkalti_retryAfterResetsTheBackoff(t *testing.T) {
	var at []time.Time
	synctest.Test(t, func(t *testing.T) {
		b := backoff.NewExponentialBackOff()
		b.RandomizationFactor, b.Multiplier = 0, 2
		_, _ = backoff.Retry(t.Context(), func() (int, error) {
			at = append(at, time.Now())
			if len(at) == 4 {
				return 0, backoff.RetryAfter(9*time.Second, errDown)
			}
			return 0, errDown
		}, backoff.WithBackOff(b), backoff.WithMaxTries(6))
	})
	if d := at[5].Sub(at[4]); d != 500*time.Millisecond {
		t.Errorf("did not reproduce: the delay after the hint's is %v", d)
	}
	p := retry.API()
	p.Attempts = 10
	call := retry.Must(retry.New(p)).Begin(time.Time{})
	for range 3 {
		call.Failed(time.Time{}, retry.Retryable(errDown), 0)
	}
	call.Failed(time.Time{}, retry.After(errDown, 9*time.Second), 0)
	if d := call.Failed(time.Time{}, retry.Retryable(errDown), 0); d.After != 8*time.Second { // 0.5 s, doubled four times
		t.Errorf("squall: %+v", d)
	}
}

// A BackOff has state: two calls that share one see each other's delays.
func TestDefect_cenkalti_backoffIsShared(t *testing.T) {
	b := backoff.NewExponentialBackOff()
	b.RandomizationFactor = 0
	mine := b.NextBackOff()
	if theirs := b.NextBackOff(); theirs == mine {
		t.Errorf("did not reproduce: %v twice", mine)
	}
	r := retry.Must(retry.New(retry.API()))
	one, other := r.Begin(time.Time{}), r.Begin(time.Time{})
	if a, b := one.Failed(time.Time{}, retry.Retryable(errDown), 0), other.Failed(time.Time{}, retry.Retryable(errDown), 0); a != b {
		t.Errorf("squall: %+v and %+v", a, b)
	}
}

// Without MaxDelay there is no maximum: the 20th delay is of hours.
func TestDefect_avast_noMaximumByDefault(t *testing.T) {
	var longest time.Duration
	synctest.Test(t, func(*testing.T) {
		last := time.Now()
		_ = avast.New(avast.Attempts(20)).Do(func() error {
			longest = max(longest, time.Since(last))
			last = time.Now()
			return errDown
		})
	})
	if longest < time.Hour {
		t.Errorf("did not reproduce: the longest delay is %v", longest)
	}
	for _, p := range []retry.Policy{retry.S3(), retry.API(), retry.AWSStandard21()} {
		if d := p.Delay(1_000_000, 0, retry.Throttle, 1); d > 30*time.Second {
			t.Errorf("squall: %s waits %v", p.Name, d)
		}
	}
}

// WithMaxDuration counts from when the Backoff was made, not from the call.
func TestDefect_sethvargo_maxDurationBeginsBeforeTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sethvargo.WithMaxDuration(time.Minute, sethvargo.NewConstant(time.Second))
		r := retry.Must(retry.New(retry.Policy{Attempts: 3, Limit: time.Minute, Backoff: retry.Backoff{Base: time.Second}}))
		time.Sleep(time.Hour)
		n := 0
		if _ = sethvargo.Do(t.Context(), b, func(context.Context) error { n++; return sethvargo.RetryableError(errDown) }); n != 1 {
			t.Errorf("did not reproduce: %d attempts", n)
		}
		n = 0
		if _, _ = retry.Do(t.Context(), r, func(context.Context) (int, error) { n++; return 0, retry.Retryable(errDown) }); n != 3 {
			t.Errorf("squall: %d attempts", n)
		}
	})
}

// NewExponentialJitterBackoff is the old formula: at its cap there is no jitter.
func TestDefect_aws_legacyBackoffHasNoJitterAtTheCap(t *testing.T) {
	b := awsretry.NewExponentialJitterBackoff(20 * time.Second)
	for range 100 {
		if d, err := b.BackoffDelay(7, nil); d != 20*time.Second || err != nil {
			t.Fatalf("did not reproduce: %v, %v", d, err)
		}
	}
	spreadsAtTheCap(t, retry.Jitter{Kind: retry.JitterFull})
}

// The standard Retry-After is not heard.
func TestDefect_aws_retryAfterIsNotHeard(t *testing.T) {
	err := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{
		StatusCode: 503, Header: http.Header{"Retry-After": {"9"}},
	}}, Err: &smithy.GenericAPIError{Code: "ServiceUnavailable"}}
	if d, bad := awsretry.NewStandard().RetryDelay(1, err); bad != nil || d > 50*time.Millisecond {
		t.Errorf("did not reproduce: %v, %v", d, bad)
	}
	p := retry.AWSStandard21()
	p.Hint = retry.Hint{Mode: retry.HintRetryAfter}
	ours := retryaws.New(retry.Must(retry.New(p)), retryaws.WithResponse(func(err error) *http.Response {
		var e *smithyhttp.ResponseError
		if errors.As(err, &e) {
			return e.Response.Response
		}
		return nil
	}))
	if d, bad := ours.RetryDelay(1, err); bad != nil || d < 9*time.Second {
		t.Errorf("squall: %v, %v", d, bad)
	}
}

// DefaultRetryCost is exported and says 5; a retry costs 14.
func TestDefect_aws_exportedCostIsNotCharged(t *testing.T) {
	retries := func(r aws.RetryerV2) (n int) {
		for ; n < 1000; n++ {
			if _, err := r.GetRetryToken(t.Context(), sdkRetryable{errDown}); err != nil {
				break
			}
		}
		return n
	}
	if n := retries(awsretry.NewStandard()); n == int(awsretry.DefaultRetryRateTokens/awsretry.DefaultRetryCost) {
		t.Errorf("did not reproduce: %d retries", n)
	}
	p := retry.AWSStandard21()
	if n := retries(retryaws.New(retry.Must(retry.New(p)))); n != p.Quota.Capacity/p.Quota.Cost {
		t.Errorf("squall: %d retries at %v", n, p.Quota)
	}
}
