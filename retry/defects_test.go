package retry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// Defects of libraries in other languages, and of algorithms, with the presets
// that behave as they do in the libraries' place. Those of libraries in Go are
// shown beside the library itself, in the module compat, and those of HTTP in
// retryhttp.

// apart is how far apart two clients come back that failed together, after so
// many attempts.
func apart(p retry.Policy, n int) (low, high float64) {
	return p.Delay(n, p.Backoff.Cap, retry.Transient, 0).Seconds(), p.Delay(n, p.Backoff.Cap, retry.Transient, almostOne).Seconds()
}

// Azure's azcore, AWS's Go SDK before v1.48.0, Finagle's exponentialJittered,
// Polly's MaxDelay, resilience4j's randomized interval: at the cap the jitter is
// gone, and clients that have all got there come back together.
func TestDefect_CapErasesJitter(t *testing.T) {
	for _, p := range []retry.Policy{retry.Azcore(), retry.AWSGoLegacy(), retry.RetryableHTTP()} {
		if low, high := apart(p, 30); low != high {
			t.Errorf("%s does not show it: %v to %v s", p.Name, low, high)
		}
	}
	for _, j := range []retry.Jitter{{Kind: retry.JitterFull}, {Kind: retry.JitterEqual}, {Kind: retry.JitterDecorrelated},
		{Kind: retry.JitterAdditive, Amount: 3 * s}, {Kind: retry.JitterProportion, Proportion: 0.1}, {Kind: retry.JitterPlusMinus, Amount: 3 * s}} {
		p := retry.Policy{Attempts: 99, Backoff: retry.Backoff{Base: s, Cap: 30 * s}, Jitter: j}
		if low, high := apart(p, 30); high-low < 2.9 || high > 30 {
			t.Errorf("%v: %v to %v s", j.Kind, low, high)
		}
	}
}

// cenkalti/backoff, gRPC: the cap is exceeded by the jitter.
func TestDefect_JitterPassesTheCap(t *testing.T) {
	for _, p := range []retry.Policy{retry.Cenkalti(), retry.GRPC()} {
		if _, high := apart(p, 30); high <= p.Backoff.Cap.Seconds() {
			t.Errorf("%s does not show it: %v s", p.Name, high)
		}
	}
	for _, p := range []retry.Policy{retry.S3(), retry.API(), retry.AWSStandard21()} {
		if _, high := apart(p, 30); high > p.Backoff.Cap.Seconds() {
			t.Errorf("%s: %v s", p.Name, high)
		}
	}
}

// botocore's legacy mode, Dagster, avast: there is no longest delay.
func TestDefect_NoCap(t *testing.T) {
	if _, high := apart(retry.BotocoreLegacy(), 20); high < 86400 {
		t.Errorf("botocore-legacy does not show it: %v s", high)
	}
	dagster := retry.Policy{Attempts: 99, Backoff: retry.Backoff{Kind: retry.BackoffExponentialMinusOne, Base: s}}
	if low, _ := apart(dagster, 20); low < 86400 {
		t.Errorf("Dagster does not show it: %v s", low)
	}
	for _, p := range []retry.Policy{retry.S3(), retry.API()} {
		if _, high := apart(p, 1e6); high > 30 {
			t.Errorf("%s: %v s", p.Name, high)
		}
	}
}

// Dagster's PLUS_MINUS spreads by the base, not by the delay: late delays are
// as good as the same.
func TestDefect_JitterOfTheBase(t *testing.T) {
	p := retry.Policy{Attempts: 20, Backoff: retry.Backoff{Base: s}, Jitter: retry.Jitter{Kind: retry.JitterPlusMinus, Amount: s}}
	if low, high := apart(p, 11); (high-low)/low > 0.01 {
		t.Errorf("plus-minus does not show it: %v to %v s", low, high)
	}
	p.Jitter = retry.Jitter{Kind: retry.JitterProportion, Proportion: 0.25}
	if low, high := apart(p, 11); (high-low)/low < 0.5 {
		t.Errorf("proportion: %v to %v s", low, high)
	}
}

// Tenacity's default retries everything, for ever and at once.
func TestDefect_ForEverByDefault(t *testing.T) {
	call := retry.Must(retry.New(retry.TenacityDefault())).Begin(epoch)
	for range 1000 {
		if d := call.Failed(epoch, notFound, 0.5); d != goOn(0) {
			t.Fatalf("tenacity-default does not show it: %+v", d)
		}
	}
	var e *retry.PolicyError
	if _, err := retry.New(retry.Policy{}); !errors.As(err, &e) {
		t.Error("a policy without attempts is valid")
	}
	for _, p := range []retry.Policy{retry.S3(), retry.API()} {
		call := retry.Must(retry.New(p)).Begin(epoch)
		if d := call.Failed(epoch, notFound, 0.5); d != stop(retry.NotRetryable, 0) {
			t.Errorf("%s: %+v after a 404", p.Name, d)
		}
	}
}

// Tenacity's stop_after_delay looks at the time only after the delay, and so
// overshoots; a running attempt is not cut at all.
func TestDefect_LimitOvershoots(t *testing.T) {
	for _, takes := range []int{1, 1000, 3000} {
		clock := newClock()
		r := retry.Must(retry.New(with(steady, func(p *retry.Policy) { p.Attempts, p.Limit = 99, 10*s }), retry.WithClock(clock)))
		retry.Do(context.Background(), r, clock.op(failing(time.Duration(takes)*ms, errReset)))
		if took := clock.now.Sub(epoch); took > 10*s {
			t.Errorf("attempts of %d ms: the call took %v", takes, took)
		}
	}
}

// urllib3 waits for up to six hours by default, trims what is longer, and so
// comes back before it was asked to.
func TestDefect_SixHoursOfRetryAfter(t *testing.T) {
	asked := answer(503, "").waiting(9 * time.Hour)
	call := retry.Must(retry.New(retry.URLLib3())).Begin(epoch)
	if d := call.Failed(epoch, asked, 0); d != goOn(6*time.Hour) {
		t.Errorf("urllib3 does not show it: %+v", d)
	}
	call = retry.Must(retry.New(hinted)).Begin(epoch)
	if d := call.Failed(epoch, asked, 0); d != stop(retry.ServerStop, 9*time.Hour) {
		t.Errorf("ours: %+v", d)
	}
}

// urllib3's first retry is immediate, whatever its backoff is.
func TestDefect_FirstRetryAtOnce(t *testing.T) {
	p := retry.URLLib3()
	p.Backoff.Base = s
	if d := p.Delay(1, 0, retry.Transient, 1); d != 0 {
		t.Errorf("urllib3 does not show it: %v", d)
	}
	for _, p := range []retry.Policy{retry.S3(), retry.API()} {
		if d := p.Delay(1, 0, retry.Transient, 0); d < p.Backoff.Base {
			t.Errorf("%s: %v", p.Name, d)
		}
	}
}

// botocore's standard mode, and the Go SDK before v1.48.0, do not retry a bare
// 429.
func TestDefect_Bare429IsNotRetried(t *testing.T) {
	for _, name := range []string{"botocore-standard", "aws-go-legacy"} {
		if class, _ := retry.Classify(name, answer(429, "")); class.Retryable() {
			t.Errorf("%s does not show it: %v", name, class)
		}
	}
	for _, name := range []string{"", "aws", "any"} {
		if class, _ := retry.Classify(name, answer(429, "")); class != retry.Throttle {
			t.Errorf("table %q: %v", name, class)
		}
	}
}

// hammer lets a thousand calls a second fail for a minute, one after another,
// and returns how many retries were paid for.
func hammer(b retry.Budget) (paid int) {
	calls, _ := b.(retry.CallBudget)
	for i := range 60_000 {
		now := epoch.Add(time.Duration(i) * ms)
		if calls != nil {
			calls.CallBegan(now)
		}
		if b.Charge(now, retry.Transient).Paid {
			paid++
			if calls != nil {
				calls.RetryEnded(now)
			}
		}
		if calls != nil {
			calls.CallEnded(now)
		}
	}
	return paid
}

// Budgets of Envoy and failsafe-go count what is in flight: where failures are
// fast, few are, and every call is retried. The AWS quota refuses for ever once
// it is empty.
func TestDefect_BudgetsOfOthers(t *testing.T) {
	envoy, _ := retry.Envoy().NewBudget()
	if paid := hammer(envoy); paid != 60_000 {
		t.Errorf("envoy does not show it: %d retries", paid)
	}
	aws, _ := retry.AWSStandard21().NewBudget()
	hammer(aws)
	if aws.Charge(epoch.Add(365*24*time.Hour), retry.Transient).Paid {
		t.Error("aws-standard-2.1 does not show it")
	}
	ours, err := retry.NewAllowance(retry.Allowance{Capacity: 50, Ratio: 0.1, PerSecond: 1})
	if err != nil {
		t.Fatal(err)
	}
	if paid := hammer(ours); paid < 60 || paid > 50+60 {
		t.Errorf("allowance: %d retries, want about 50 and one a second", paid)
	}
	if !ours.Charge(epoch.Add(62*s), retry.Transient).Paid {
		t.Error("allowance: starved")
	}
}

// aws-sdk-go-v2 before v1.48.0 never refilled its quota in adaptive mode (issue
// 3550).
func TestDefect_AdaptiveModeNeverRefills(t *testing.T) {
	r := retry.Must(retry.New(retry.AWSAdaptive()))
	bucket := r.Budget().(*retry.Bucket)
	call := r.Begin(epoch)
	call.Failed(epoch, errReset, 0)
	if bucket.Tokens() != 500-14 {
		t.Fatalf("%d tokens after a retry", bucket.Tokens())
	}
	call.Succeeded(epoch)
	call = r.Begin(epoch)
	call.Succeeded(epoch)
	if bucket.Tokens() != 500 {
		t.Errorf("%d tokens after its success", bucket.Tokens())
	}
}

// boto3's five download attempts around botocore's five make 25 requests.
func TestDefect_LayersMultiply(t *testing.T) {
	five := retry.Policy{Attempts: 5, Classifier: "any"}
	count := func(outer, inner *retry.Retrier) (n int) {
		retry.Do(context.Background(), outer, func(ctx context.Context) (int, error) {
			_, err := retry.Do(ctx, inner, func(context.Context) (int, error) { n++; return 0, errReset })
			return 0, errors.New(err.Error()) // as a layer that wraps no errors
		})
		return n
	}
	plain := retry.Must(retry.New(five))
	if n := count(plain, plain); n != 25 {
		t.Errorf("it does not show: %d requests", n)
	}
	if n := count(retry.Must(retry.New(five, retry.WithDepth())), retry.Must(retry.New(five, retry.WithStandDown()))); n != 5 {
		t.Errorf("%d requests, want 5", n)
	}
}
