package retryaws_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryaws"
)

// retryerV2 is aws.RetryerV2 (aws-sdk-go-v2@v1.48.0, aws/retryer.go).
type retryerV2 interface {
	IsErrorRetryable(error) bool
	MaxAttempts() int
	RetryDelay(attempt int, opErr error) (time.Duration, error)
	GetRetryToken(ctx context.Context, opErr error) (releaseToken func(error) error, err error)
	GetInitialToken() (releaseToken func(error) error)
	GetAttemptToken(context.Context) (func(error) error, error)
}

var _ retryerV2 = (*retryaws.Retryer)(nil)

type answer struct {
	status int
	code   string
	resp   *http.Response
}

func (a *answer) Error() string       { return fmt.Sprint(a.status, " ", a.code) }
func (a *answer) HTTPStatusCode() int { return a.status }
func (a *answer) ErrorCode() string   { return a.code }

var (
	errServer   = &answer{status: 500, code: "InternalError"}
	errThrottle = &answer{status: 503, code: "SlowDown"}
)

type draw float64

func (d draw) Draw(int) float64 { return float64(d) }

func new21(t testing.TB, edit func(*retry.Policy), opts ...retryaws.Option) (*retryaws.Retryer, *retry.Retrier) {
	t.Helper()
	p := retry.AWSStandard21()
	if edit != nil {
		edit(&p)
	}
	r, err := retry.New(p, retry.WithChance(draw(0.5)))
	if err != nil {
		t.Fatal(err)
	}
	return retryaws.New(r, opts...), r
}

// attempts runs errs as the SDK's loop does, and returns what it ends with.
func attempts(t testing.TB, a *retryaws.Retryer, errs ...error) (n int, end error) {
	t.Helper()
	ctx, releaseRetry := context.Background(), func(error) error { return nil }
	for {
		n++
		releaseAttempt, err := a.GetAttemptToken(ctx)
		if err != nil {
			t.Fatal(err)
		}
		err = errs[min(n, len(errs))-1]
		releaseRetry(err)
		releaseAttempt(err)
		if err == nil || !a.IsErrorRetryable(err) || n >= a.MaxAttempts() {
			return n, err
		}
		next, refused := a.GetRetryToken(ctx, err)
		if refused != nil {
			return n, errors.Join(err, refused)
		}
		if _, refused := a.RetryDelay(n, err); refused != nil {
			return n, refused
		}
		releaseRetry = next
	}
}

// The numbers of AWS Retry Behavior 2.1: 500 tokens, 14 a retry, 5 a throttled
// one, back on success, +1 for a clean first attempt.
func TestBudget(t *testing.T) {
	a, r := new21(t, nil)
	bucket := r.Budget().(*retry.Bucket)
	for _, c := range []struct {
		errs []error
		n    int
		left int
	}{
		{[]error{nil}, 1, 500},
		{[]error{errServer}, 3, 472},
		{[]error{nil}, 1, 473},
		{[]error{errThrottle}, 3, 463},
		{[]error{errServer, nil}, 2, 463},
		{[]error{errServer, errThrottle, nil}, 3, 449},
		{[]error{nil}, 1, 450},
		{[]error{&answer{404, "NoSuchKey", nil}}, 1, 450},
	} {
		if n, _ := attempts(t, a, c.errs...); n != c.n || bucket.Tokens() != c.left {
			t.Errorf("%v: %d attempts, %d tokens, want %d, %d", c.errs, n, bucket.Tokens(), c.n, c.left)
		}
	}
	for bucket.Tokens() >= 14 {
		attempts(t, a, errServer)
	}
	n, err := attempts(t, a, errServer)
	var refused *retryaws.RefusedError
	var budget *retry.BudgetError
	if n != 1 || !errors.Is(err, retry.OverBudget) || !errors.Is(err, errServer) || !errors.As(err, &refused) || !errors.As(err, &budget) || budget.Cost != 14 {
		t.Errorf("%d attempts, %v", n, err)
	}
}

// However calls overlap, what is given back is the same.
func TestBudgetUnderConcurrency(t *testing.T) {
	a, r := new21(t, func(p *retry.Policy) { p.Quota.Capacity = 1 << 20 })
	bucket := r.Budget().(*retry.Bucket)
	bucket.Charge(time.Time{}, retry.Throttle)
	for i := 0; i < 1000; i++ {
		bucket.Charge(time.Time{}, retry.Transient)
	}
	before := bucket.Tokens()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				attempts(t, a, nil)
				attempts(t, a, errServer, nil)
			}
		})
	}
	all.Wait()
	if got := bucket.Tokens() - before; got != 800 {
		t.Errorf("800 clean calls and 800 retried ones added %d tokens", got)
	}
}

func TestDelays(t *testing.T) {
	a, _ := new21(t, nil)
	for _, c := range []struct {
		attempt int
		err     error
		want    time.Duration
	}{
		{1, errServer, 25 * time.Millisecond}, {2, errServer, 50 * time.Millisecond}, {3, errServer, 100 * time.Millisecond},
		{1, errThrottle, 500 * time.Millisecond}, {2, errThrottle, time.Second},
		{20, errServer, 10 * time.Second}, {1_000_000, errServer, 10 * time.Second}, {0, errServer, 25 * time.Millisecond},
		{-5, errors.New("x"), 25 * time.Millisecond},
	} {
		if d, err := a.RetryDelay(c.attempt, c.err); d != c.want || err != nil {
			t.Errorf("attempt %d, %v: %v, %v, want %v", c.attempt, c.err, d, err, c.want)
		}
	}
	decorrelated, _ := new21(t, func(p *retry.Policy) { p.Jitter = retry.Jitter{Kind: retry.JitterDecorrelated} })
	if d, err := decorrelated.RetryDelay(3, errServer); d <= 0 || err != nil {
		t.Errorf("%v, %v", d, err)
	}
}

func TestHints(t *testing.T) {
	of := func(err error) *http.Response {
		var e *answer
		if errors.As(err, &e) {
			return e.resp
		}
		return nil
	}
	told := func(after string) error {
		return &answer{503, "", &http.Response{Header: http.Header{"Retry-After": {after}}}}
	}
	a, r := new21(t, func(p *retry.Policy) {
		p.Jitter, p.Hint = retry.Jitter{}, retry.Hint{Mode: retry.HintRetryAfter, Max: time.Minute}
	}, retryaws.WithResponse(of))
	full := r.Budget().(*retry.Bucket).Tokens()
	if d, err := a.RetryDelay(1, told("7")); d != 7*time.Second || err != nil {
		t.Errorf("%v, %v", d, err)
	}
	for _, err := range []error{told("soon"), errServer, errors.New("x")} {
		if d, bad := a.RetryDelay(1, err); d != 50*time.Millisecond || bad != nil {
			t.Errorf("%v, %v", d, bad)
		}
	}
	if _, err := a.RetryDelay(1, told("61")); !errors.Is(err, retry.ServerStop) {
		t.Errorf("%v", err)
	}
	if _, err := a.GetRetryToken(context.Background(), told("61")); !errors.Is(err, retry.ServerStop) {
		t.Errorf("%v", err)
	}
	ctx := deadline{context.Background(), r.Clock().Now().Add(5 * time.Second)}
	if _, err := a.GetRetryToken(ctx, told("30")); !errors.Is(err, retry.DeadlineTooNear) {
		t.Errorf("%v", err)
	}
	if left := r.Budget().(*retry.Bucket).Tokens(); left != full {
		t.Errorf("refusals cost %d tokens", full-left)
	}
	if _, err := a.GetRetryToken(context.Background(), errServer); err != nil {
		t.Error(err)
	}
}

type deadline struct {
	context.Context
	at time.Time
}

func (d deadline) Deadline() (time.Time, bool) { return d.at, true }

type flagged struct{ rejected, idempotent bool }

func (f flagged) Error() string       { return "flagged" }
func (f flagged) Rejected() bool      { return f.rejected }
func (f flagged) Idempotent() bool    { return f.idempotent }
func (f flagged) HTTPStatusCode() int { return 503 }

func TestRetryable(t *testing.T) {
	a, _ := new21(t, nil)
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {errServer, true}, {errThrottle, true}, {&answer{403, "AccessDenied", nil}, false},
		{flagged{true, true}, false}, {flagged{false, false}, false}, {flagged{false, true}, true},
		{context.Canceled, false},
	} {
		if got := a.IsErrorRetryable(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestWithoutBudget(t *testing.T) {
	a := retryaws.New(retry.Must(retry.New(retry.S3())))
	if n, err := attempts(t, a, errServer, nil); n != 2 || err != nil {
		t.Errorf("%d attempts, %v", n, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic without a retrier")
		}
	}()
	retryaws.New(nil)
}

func ExampleNew() {
	p := retry.AWSStandard21()
	p.Attempts = 5
	a := retryaws.New(retry.Must(retry.New(p)))
	// config.LoadDefaultConfig(ctx, config.WithRetryer(func() aws.Retryer { return a }))
	fmt.Println(a.MaxAttempts(), a.IsErrorRetryable(errThrottle))
	// Output: 5 true
}
