package compat

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	avast "github.com/avast/retry-go/v5"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	"github.com/cenkalti/backoff/v7"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	sethvargo "github.com/sethvargo/go-retry"

	"github.com/squall-sim/squall/retry"
)

// errDown is the cause that an error should lead to.
var errDown = errors.New("the backend is down")

const long = time.Hour // a delay that fits before no deadline here

// ended is what became of a call.
type ended struct {
	err  error
	took time.Duration
}

// underDeadline runs a call whose deadline is in 10 s and whose first delay is
// an hour, in a bubble.
func underDeadline(t *testing.T, call func(ctx context.Context) error) (e ended) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		e.err = call(ctx)
		e.took = time.Since(start)
	})
	return e
}

// oursUnderDeadline shows that squall ends such a call at once and keeps the cause.
func oursUnderDeadline(t *testing.T) {
	t.Helper()
	e := underDeadline(t, func(ctx context.Context) error {
		r := retry.Must(retry.New(retry.Policy{Attempts: 3, Backoff: retry.Backoff{Base: long}}))
		_, err := retry.Do(ctx, r, func(context.Context) (int, error) { return 0, retry.Retryable(errDown) })
		return err
	})
	if e.took != 0 || !errors.Is(e.err, errDown) || !errors.Is(e.err, retry.DeadlineTooNear) {
		t.Errorf("squall: %v after %v", e.err, e.took)
	}
}

func sleptToDeadline(t *testing.T, e ended, keepsCause bool) {
	t.Helper()
	if e.took != 10*time.Second {
		t.Errorf("did not reproduce: the call took %v, want the 10 s to its deadline", e.took)
	}
	if errors.Is(e.err, errDown) != keepsCause {
		t.Errorf("did not reproduce: the error is %v", e.err)
	}
	oursUnderDeadline(t)
}

// Sleeps to the deadline although the delay cannot fit. (It keeps the cause.)
func TestDefect_cenkalti_sleepsToDeadline(t *testing.T) {
	sleptToDeadline(t, underDeadline(t, func(ctx context.Context) error {
		_, err := backoff.Retry(ctx, func() (int, error) { return 0, errDown },
			backoff.WithBackOff(backoff.NewConstantBackOff(long)), backoff.WithMaxElapsedTime(0))
		return err
	}), true)
}

// Sleeps to the deadline, and with LastErrorOnly the last error is lost.
func TestDefect_avast_losesLastErrorAtDeadline(t *testing.T) {
	sleptToDeadline(t, underDeadline(t, func(ctx context.Context) error {
		return avast.New(avast.Context(ctx), avast.Delay(long), avast.DelayType(avast.FixedDelay),
			avast.LastErrorOnly(true)).Do(func() error { return errDown })
	}), false)
}

// Sleeps to the deadline, and the last error is lost.
func TestDefect_sethvargo_losesLastErrorAtDeadline(t *testing.T) {
	sleptToDeadline(t, underDeadline(t, func(ctx context.Context) error {
		return sethvargo.Do(ctx, sethvargo.NewConstant(long), func(context.Context) error {
			return sethvargo.RetryableError(errDown)
		})
	}), false)
}

// Sleeps to the deadline, and the last error is lost.
func TestDefect_failsafe_losesLastErrorAtDeadline(t *testing.T) {
	sleptToDeadline(t, underDeadline(t, func(ctx context.Context) error {
		p := retrypolicy.NewBuilder[any]().WithDelay(long).Build()
		return failsafe.With(p).WithContext(ctx).Run(func() error { return errDown })
	}), false)
}

// Sleeps to the deadline, and the error wraps the context's only.
func TestDefect_aws_losesLastErrorAtDeadline(t *testing.T) {
	sleptToDeadline(t, underDeadline(t, func(ctx context.Context) error {
		standard := awsretry.NewStandard(func(o *awsretry.StandardOptions) {
			o.Backoff = awsretry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return long, nil })
			o.Retryables = []awsretry.IsErrorRetryable{awsretry.RetryableError{}}
		})
		m := awsretry.NewAttemptMiddleware(standard, func(r any) any { return r })
		_, _, err := m.HandleFinalize(ctx, middleware.FinalizeInput{}, middleware.FinalizeHandlerFunc(
			func(context.Context, middleware.FinalizeInput) (out middleware.FinalizeOutput, meta middleware.Metadata, err error) {
				return out, meta, sdkRetryable{errDown}
			}))
		return err
	}), false)
}

type sdkRetryable struct{ error }

func (e sdkRetryable) Unwrap() error      { return e.error }
func (sdkRetryable) RetryableError() bool { return true }

// MaxInterval is not a maximum: jitter takes 60 s to as much as 90 s.
func TestDefect_cenkalti_maxIntervalIsNoMaximum(t *testing.T) {
	b := backoff.NewExponentialBackOff()
	var longest time.Duration
	for range 10_000 {
		longest = max(longest, b.NextBackOff())
	}
	if longest <= b.MaxInterval {
		t.Errorf("did not reproduce: the longest delay is %v", longest)
	}
	p := retry.Policy{
		Attempts: 10, Backoff: retry.Backoff{Base: time.Second, Cap: time.Minute},
		Jitter: retry.Jitter{Kind: retry.JitterProportion, Proportion: 0.5},
	}
	if d := p.Delay(50, 0, retry.Transient, 1); d > p.Backoff.Cap {
		t.Errorf("squall: a delay of %v passes the cap", d)
	}
}

// The jitter is cut off at MaxDelay: clients at the cap come back together.
func TestDefect_avast_noJitterAtTheCap(t *testing.T) {
	b := make(map[time.Duration]int)
	synctest.Test(t, func(t *testing.T) {
		var last time.Time
		n := 0
		_ = avast.New(avast.Attempts(20), avast.MaxDelay(time.Second)).Do(func() error {
			if n++; n > 6 {
				b[time.Since(last)]++
			}
			last = time.Now()
			return errDown
		})
	})
	if len(b) != 1 || b[time.Second] != 14 {
		t.Errorf("did not reproduce: %v", b)
	}
	spreadsAtTheCap(t, retry.Jitter{Kind: retry.JitterAdditive, Amount: 100 * time.Millisecond})
}

// AddWithMaxBackoffDelay brings back the old formula: 5 s, without any jitter.
func TestDefect_aws_maxBackoffDelayHasNoJitter(t *testing.T) {
	r := awsretry.AddWithMaxBackoffDelay(awsretry.NewStandard(), 5*time.Second)
	for range 100 {
		if d, err := r.RetryDelay(3, errDown); d != 5*time.Second || err != nil {
			t.Fatalf("did not reproduce: %v, %v", d, err)
		}
	}
	spreadsAtTheCap(t, retry.Jitter{Kind: retry.JitterFull})
}

func spreadsAtTheCap(t *testing.T, j retry.Jitter) {
	t.Helper()
	p := retry.Policy{Attempts: 10, Backoff: retry.Backoff{Base: time.Second, Cap: 5 * time.Second}, Jitter: j}
	if low, high := p.Delay(9, 0, retry.Transient, 0), p.Delay(9, 0, retry.Transient, 1); high-low < 100*time.Millisecond || high > p.Backoff.Cap {
		t.Errorf("squall: delays at the cap are %v to %v", low, high)
	}
}

// Every error is kept: the memory of a call grows with its attempts.
func TestDefect_avast_keepsEveryError(t *testing.T) {
	err := avast.New(avast.Attempts(1000), avast.DelayType(avast.FixedDelay), avast.Delay(0)).Do(func() error { return errDown })
	var all avast.Error
	if !errors.As(err, &all) || len(all) != 1000 {
		t.Errorf("did not reproduce: %d errors", len(all))
	}
	_, err = retry.Do(t.Context(), retry.Must(retry.New(retry.Policy{Attempts: 1000})),
		func(context.Context) (int, error) { return 0, retry.Retryable(errDown) })
	var ours *retry.Error
	if !errors.As(err, &ours) || ours.Attempts != 1000 || len(ours.Unwrap()) != 2 { // the reason, the last error
		t.Errorf("squall: %v", err)
	}
}

// Attempts(0) is for ever.
func TestDefect_avast_zeroAttemptsIsForEver(t *testing.T) {
	n := 0
	_ = avast.New(avast.Attempts(0), avast.DelayType(avast.FixedDelay), avast.Delay(0)).Do(func() error {
		if n++; n < 100_000 {
			return errDown
		}
		return nil
	})
	if n != 100_000 {
		t.Errorf("did not reproduce: %d attempts", n)
	}
	if _, err := retry.New(retry.Policy{}); err == nil {
		t.Error("squall: a policy of zero attempts is valid")
	}
}

// A Backoff that is used again goes on counting: the second call gets no retry.
func TestDefect_sethvargo_backoffCountsAcrossCalls(t *testing.T) {
	b := sethvargo.WithMaxRetries(2, sethvargo.BackoffFunc(func() (time.Duration, bool) { return 0, false }))
	count := func(call func() error) (n [2]int) {
		for i := range n {
			attempted = 0
			_ = call()
			n[i] = attempted
		}
		return n
	}
	if n := count(func() error {
		return sethvargo.Do(t.Context(), b, func(context.Context) error { attempted++; return sethvargo.RetryableError(errDown) })
	}); n != [2]int{3, 1} {
		t.Errorf("did not reproduce: attempts %v", n)
	}
	r := retry.Must(retry.New(retry.Policy{Attempts: 3}))
	if n := count(func() error {
		_, err := retry.Do(t.Context(), r, func(context.Context) (int, error) { attempted++; return 0, retry.Retryable(errDown) })
		return err
	}); n != [2]int{3, 3} {
		t.Errorf("squall: attempts %v", n)
	}
}

var attempted int

// A budget that refuses is asked after the delay, and the cause is lost.
func TestDefect_failsafe_budgetAfterTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		none := budget.NewBuilder().WithMaxRate(-1).WithMinConcurrency(0).Build()
		p := retrypolicy.NewBuilder[any]().WithDelay(time.Minute).WithBudget(none).Build()
		start := time.Now()
		err := failsafe.With(p).Run(func() error { return errDown })
		if took := time.Since(start); took != time.Minute || errors.Is(err, errDown) || !errors.Is(err, budget.ErrExceeded) {
			t.Errorf("did not reproduce: %v after %v", err, took)
		}

		r := retry.Must(retry.New(retry.Policy{Attempts: 3, Backoff: retry.Backoff{Base: time.Minute}}, retry.WithBudget(broke{})))
		start = time.Now()
		_, err = retry.Do(t.Context(), r, func(context.Context) (int, error) { return 0, retry.Retryable(errDown) })
		if took := time.Since(start); took != 0 || !errors.Is(err, errDown) || !errors.Is(err, retry.OverBudget) {
			t.Errorf("squall: %v after %v", err, took)
		}
	})
}

// broke pays for nothing.
type broke struct{}

func (broke) Charge(time.Time, retry.Class) retry.Receipt { return retry.Receipt{Cost: 1} }
func (broke) Succeeded(time.Time, int)                    {}

// Jitter goes both ways from what the server asked for: 10 s become less.
func TestDefect_failsafe_jitterUndercutsTheServer(t *testing.T) {
	shortest := long
	p := retrypolicy.NewBuilder[any]().WithMaxAttempts(200).WithJitterFactor(0.5).
		WithDelayFunc(func(failsafe.ExecutionAttempt[any]) time.Duration { return 10 * time.Second }).
		OnRetryScheduled(func(e failsafe.ExecutionScheduledEvent[any]) { shortest = min(shortest, e.Delay) }).Build()
	synctest.Test(t, func(*testing.T) { _ = failsafe.With(p).Run(func() error { return errDown }) })
	if shortest >= 10*time.Second {
		t.Errorf("did not reproduce: the shortest delay is %v", shortest)
	}
	r := retry.Must(retry.New(retry.API()))
	for i := range 100 {
		call := r.Begin(time.Time{})
		d := call.Failed(time.Time{}, retry.After(errDown, 10*time.Second), float64(i)/100)
		if !d.Retry || d.After < 10*time.Second {
			t.Fatalf("squall: %+v", d)
		}
	}
}
