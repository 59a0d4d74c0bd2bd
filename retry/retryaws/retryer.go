package retryaws

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// Retryer has the methods of aws.RetryerV2. It is safe for concurrent use, and
// holds nothing but its retrier's budget: share one between the clients that
// shall share a budget. Make one with [New].
type Retryer struct {
	retrier  *retry.Retrier
	shadow   *retry.Retrier // the same delays, without an end
	policy   retry.Policy
	response func(error) *http.Response
	paid     atomic.Int64 // retries that succeeded, whose attempt has not been released yet
}

// Option changes what a [Retryer] does.
type Option func(*Retryer)

// WithResponse tells where the response of an SDK's error is, for the
// Retry-After in it: the SDK's own type has no method for it.
//
//	retryaws.WithResponse(func(err error) *http.Response {
//		var e *smithyhttp.ResponseError
//		if errors.As(err, &e) && e.Response != nil {
//			return e.Response.Response
//		}
//		return nil
//	})
//
// It must be safe for concurrent use.
func WithResponse(of func(error) *http.Response) Option {
	return func(r *Retryer) { r.response = of }
}

// New returns a retryer that decides as r does. It panics if r is nil.
func New(r *retry.Retrier, opts ...Option) *Retryer {
	if r == nil {
		panic("retryaws: New needs a retrier")
	}
	a := &Retryer{retrier: r, policy: r.Policy()}
	p := a.policy
	p.Attempts, p.Limit, p.AttemptTimeout = math.MaxInt32, 0, 0
	p.Quota, p.Budget, p.Pace = retry.Quota{}, retry.BudgetPlan{}, retry.Pace{}
	if p.Hint.Mode == retry.HintAmz {
		p.Hint = retry.Hint{} // the SDK adds it to the delay it is given
	}
	a.shadow = retry.Must(retry.New(p, retry.WithClassifier(a.worth)))
	for _, opt := range opts {
		opt(a)
	}
	return a
}

// errEarlier stands for the failures before the one that is asked about.
var errEarlier = errors.New("retryaws: an earlier attempt")

// worth is the class of errors in the shadow: the SDK has decided already that
// there will be a retry.
func (a *Retryer) worth(err error) retry.Class {
	if err == errEarlier {
		return retry.Transient
	}
	if class := a.retrier.Classify(err); class.Retryable() {
		return class
	}
	return retry.Transient
}

// IsErrorRetryable reports whether the policy's classifier takes err for worth
// another attempt. An error that never reached the backend (a breaker's) and
// one of an operation that must not happen twice are not.
func (a *Retryer) IsErrorRetryable(err error) bool {
	if err == nil {
		return false
	}
	if rejected(err) {
		return false
	}
	var once interface{ Idempotent() bool }
	if errors.As(err, &once) && !once.Idempotent() {
		return false
	}
	return a.retrier.Classify(err).Retryable()
}

// MaxAttempts returns the policy's Attempts, the first one included.
func (a *Retryer) MaxAttempts() int { return a.policy.Attempts }

// longest is how many failures a delay is worked out from. It is more than it
// takes any schedule that grows to get to its cap.
const longest = 1000

// RetryDelay returns the delay after the attempt-th attempt, from 1, failed
// with err: the policy's, with jitter and Retry-After. It is a [*RefusedError] if
// the server asked to wait for longer than the policy does. After attempt 1000
// the delay no longer grows.
func (a *Retryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	now := a.now()
	call := a.shadow.Begin(now)
	n := min(max(attempt, 1), longest)
	chance := a.retrier.Chance()
	for i := 1; i < n; i++ {
		u := 0.0
		if a.policy.Jitter.Kind == retry.JitterDecorrelated { // the only one that looks back
			u = chance.Draw(i)
		}
		call.Failed(now, errEarlier, u)
	}
	var u float64
	if a.policy.Jitter.Kind != retry.JitterNone {
		u = chance.Draw(n)
	}
	d := call.Failed(now, a.withHint(err), u)
	if !d.Retry {
		return 0, refusal(d.Reason, d.After, now, err)
	}
	return d.After, nil
}

// GetRetryToken charges the retrier's budget for a retry after opErr. The
// function it returns is told how the retry ended, and gives back what a
// success gets back. The error is a [*RefusedError] if the budget refuses, the
// server asked to wait for too long, or ctx would end before it says to come
// back.
func (a *Retryer) GetRetryToken(ctx context.Context, opErr error) (func(error) error, error) {
	now := a.now()
	if wait, known := a.hint(opErr); known {
		if most := a.policy.Hint.Max; most > 0 && wait > most && !a.policy.Hint.Trim {
			return nil, refusal(retry.ServerStop, wait, now, nil)
		}
		if deadline, ok := ctx.Deadline(); ok && wait >= deadline.Sub(now) {
			return nil, refusal(retry.DeadlineTooNear, wait, now, nil)
		}
	}
	budget := a.retrier.Budget()
	if budget == nil {
		return release, nil
	}
	receipt := budget.Charge(now, a.worth(opErr))
	if !receipt.Paid {
		return nil, refusal(retry.OverBudget, receipt.Refill, now,
			&retry.BudgetError{Cost: receipt.Cost, Tokens: receipt.Tokens, Refill: receipt.Refill})
	}
	over := a.inFlight(ctx, budget)
	var done atomic.Bool
	return func(err error) error {
		over()
		if err == nil && !done.Swap(true) {
			a.paid.Add(1)
			budget.Succeeded(a.now(), receipt.Cost)
		}
		return nil
	}, nil
}

// inFlight returns what is to be called once the retry that was just paid for is
// over, for budgets that count those. The SDK forgets the token of a retry whose
// delay was cut short: then it is over when ctx ends.
func (a *Retryer) inFlight(ctx context.Context, budget retry.Budget) (over func()) {
	calls, ok := budget.(retry.CallBudget)
	if !ok {
		return func() {}
	}
	end := sync.OnceFunc(func() { calls.RetryEnded(a.now()) })
	stop := context.AfterFunc(ctx, end)
	return func() {
		stop()
		end()
	}
}

// GetAttemptToken asks the retrier's limiter, where it has one, whether the
// attempt may start, and waits for as long as it says. The error is ctx's, or a
// [*RefusedError]: the limiter turned the attempt away, or the wait would not end
// before ctx's deadline. The function it returns is told how the attempt ended:
// a call whose first attempt succeeds adds to the budget.
func (a *Retryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	limiter := a.retrier.Limiter()
	if limiter != nil {
		if err := a.queue(ctx, limiter); err != nil {
			return nil, err
		}
	}
	release := a.GetInitialToken()
	calls, counted := a.retrier.Budget().(retry.CallBudget)
	if limiter == nil && !counted {
		return release, nil
	}
	if counted {
		calls.CallBegan(a.now())
	}
	var done atomic.Bool
	return func(err error) error {
		if done.Swap(true) {
			return nil
		}
		now := a.now()
		if limiter != nil && !rejected(err) {
			limiter.Done(now, a.retrier.Classify(err))
		}
		if counted {
			calls.CallEnded(now)
		}
		return release(err)
	}, nil
}

// queue waits until the limiter lets an attempt start.
func (a *Retryer) queue(ctx context.Context, limiter retry.Limiter) error {
	for {
		now := a.now()
		wait, ok := limiter.Acquire(now, a.retrier.Chance().Draw(-1))
		switch {
		case ok:
			return nil
		case wait <= 0:
			return refusal(retry.Rejected, 0, now, retry.HeldBackError{})
		}
		if deadline, ok := ctx.Deadline(); ok && wait >= deadline.Sub(now) {
			return refusal(retry.DeadlineTooNear, wait, now, retry.HeldBackError{})
		}
		if err := a.retrier.Clock().Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// rejected reports whether err never reached the backend.
func rejected(err error) bool {
	var r interface{ Rejected() bool }
	return err != nil && errors.As(err, &r) && r.Rejected()
}

// GetInitialToken is GetAttemptToken for aws.Retryer, the interface before V2,
// without a limiter: it has no way to wait.
//
// The SDK alone knows whether the attempt is a call's first, and keeps that to
// itself. But it releases a retry's token and then its attempt's, one right
// after the other, so for each retry that succeeds one attempt's release is
// passed over. Where calls end at the same time it may be the other's; the sum
// is the same.
func (a *Retryer) GetInitialToken() func(error) error {
	budget := a.retrier.Budget()
	if budget == nil {
		return release
	}
	return func(err error) error {
		if err == nil && !a.passOver() {
			budget.Succeeded(a.now(), 0)
		}
		return nil
	}
}

// passOver takes one of the retries that succeeded, if there is one.
func (a *Retryer) passOver() bool {
	for {
		n := a.paid.Load()
		if n <= 0 {
			return false
		}
		if a.paid.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

func release(error) error { return nil }

func (a *Retryer) now() time.Time { return a.retrier.Clock().Now() }

// hint returns the wait that the policy has to heed after err.
func (a *Retryer) hint(err error) (time.Duration, bool) {
	if m := a.policy.Hint.Mode; m != retry.HintRetryAfter && m != retry.HintExact {
		return 0, false
	}
	var e interface{ RetryAfter() (time.Duration, bool) }
	if errors.As(a.withHint(err), &e) {
		d, ok := e.RetryAfter()
		return d, ok && d >= 0
	}
	return 0, false
}

// withHint adds what the response's headers say to an SDK's error.
func (a *Retryer) withHint(err error) error {
	if a.response == nil || err == nil {
		return err
	}
	resp := a.response(err)
	if resp == nil {
		return err
	}
	after := retryhttp.RetryAfter(resp.Header)
	if !after.Known {
		return err
	}
	return &hinted{err, after.For}
}

type hinted struct {
	error
	after time.Duration
}

func (h *hinted) Unwrap() error                     { return h.error }
func (h *hinted) RetryAfter() (time.Duration, bool) { return h.after, true }

// RefusedError is why there is no retry, where that is not the error itself.
// The SDK joins it to the attempt's error, if there was one, so that errors.Is and errors.As
// reach both, and the reason: errors.Is(err, retry.OverBudget).
type RefusedError struct {
	Reason  retry.Reason // OverBudget, ServerStop, DeadlineTooNear or Rejected
	RetryAt time.Time    // when it would have been, or may be; zero: not known
	Err     error        // a *retry.BudgetError, a retry.HeldBackError, the attempt's error, or nil
}

// Error says why.
func (e *RefusedError) Error() string {
	s := fmt.Sprintf("retryaws: no retry: %s", e.Reason.String())
	if e.Err != nil {
		s += fmt.Sprintf(" (%v)", e.Err)
	}
	return s
}

// Unwrap returns the reason and Err.
func (e *RefusedError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}

func refusal(reason retry.Reason, after time.Duration, now time.Time, err error) *RefusedError {
	e := &RefusedError{Reason: reason, Err: err}
	if after > 0 {
		e.RetryAt = now.Add(after)
	}
	return e
}
