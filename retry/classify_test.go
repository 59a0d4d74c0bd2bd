package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// saying is an error that declares itself with Retryable.
type saying bool

func (s saying) Error() string   { return fmt.Sprint("retryable: ", bool(s)) }
func (s saying) Retryable() bool { return bool(s) }

// sdkSaying declares itself by the AWS SDK's name for the same thing.
type sdkSaying bool

func (s sdkSaying) Error() string        { return "sdk" }
func (s sdkSaying) RetryableError() bool { return bool(s) }

// classed declares its class.
type classed retry.Class

func (classed) Error() string             { return "classed" }
func (c classed) RetryClass() retry.Class { return retry.Class(c) }

// connection is smithy's RequestSendError by shape.
type connection struct{}

func (connection) Error() string         { return "send" }
func (connection) ConnectionError() bool { return true }

// temporary is a net.Error that is temporary and no timeout.
type temporary struct{}

func (temporary) Error() string   { return "temporary" }
func (temporary) Temporary() bool { return true }
func (temporary) Timeout() bool   { return false }

// hidden reaches its service error through As alone.
type hidden struct{ err error }

func (hidden) Error() string        { return "hidden" }
func (h hidden) As(target any) bool { return errors.As(h.err, target) }

// rejection is a breaker's error.
type rejection struct{ after time.Duration }

func (rejection) Error() string                       { return "breaker open" }
func (rejection) Rejected() bool                      { return true }
func (rejection) Retryable() bool                     { return false }
func (r rejection) RetryAfter() (time.Duration, bool) { return r.after, true }

func dial(err error) error {
	return &url.Error{Op: "Get", URL: "http://x", Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
}

// The classes, short enough for a table.
const (
	un, fa, tr, th, ti = retry.Unknown, retry.Fatal, retry.Transient, retry.Throttle, retry.Timeout
)

var errPlain = errors.New("json: cannot unmarshal")

// judgements is what each table makes of an error.
var judgements = []struct {
	name             string
	err              error
	seed, aws, every retry.Class
}{
	// The seed's table.
	{"429", answer(429, ""), th, th, th},
	{"SlowDown", answer(503, "SlowDown"), th, th, th},
	{"SlowDown by gofakes3", answer(500, "SlowDown"), th, th, th},
	{"ThrottlingException", answer(400, "ThrottlingException"), th, th, th},
	{"ProvisionedThroughputExceededException", answer(400, "ProvisionedThroughputExceededException"), th, th, th},
	{"500", answer(500, ""), tr, tr, tr},
	{"502", answer(502, ""), tr, tr, tr},
	{"503", answer(503, ""), tr, tr, tr},
	{"504", answer(504, ""), tr, tr, tr},
	{"InternalError", answer(500, "InternalError"), tr, tr, tr},
	{"InternalError without status", answer(0, "InternalError"), tr, un, tr},
	{"ServiceUnavailable", answer(503, "ServiceUnavailable"), tr, tr, tr},
	{"400", answer(400, ""), fa, fa, fa},
	{"401", answer(401, ""), fa, fa, fa},
	{"403 AccessDenied", answer(403, "AccessDenied"), fa, fa, fa},
	{"404 NoSuchKey", answer(404, "NoSuchKey"), fa, fa, fa},
	{"InvalidObjectState", answer(403, "InvalidObjectState"), fa, fa, fa},
	{"SignatureDoesNotMatch", answer(403, "SignatureDoesNotMatch"), fa, fa, fa},
	{"412", answer(412, "PreconditionFailed"), fa, fa, fa},
	{"501", answer(501, "NotImplemented"), fa, fa, fa},
	{"509 BandwidthLimitExceeded", answer(509, "BandwidthLimitExceeded"), th, th, th},
	{"509", answer(509, ""), th, fa, th},
	{"408", answer(408, ""), ti, fa, ti},
	{"400 RequestTimeout", answer(400, "RequestTimeout"), ti, ti, ti},
	{"minio's SlowDownWrite", answer(503, "SlowDownWrite"), th, tr, th},
	{"200 whose body broke off", errors.Join(answer(200, ""), io.ErrUnexpectedEOF), tr, tr, tr},
	{"200 alone", answer(200, ""), un, un, tr},
	// Timeouts and cancellation.
	{"deadline exceeded", context.DeadlineExceeded, ti, ti, ti},
	{"os deadline", fmt.Errorf("read: %w", os.ErrDeadlineExceeded), ti, ti, ti},
	{"ETIMEDOUT", dial(os.NewSyscallError("connect", syscall.ETIMEDOUT)), ti, ti, ti},
	{"TimeoutError", &retry.TimeoutError{After: time.Second, Err: errPlain}, ti, ti, ti},
	{"TimeoutError of a cancelled request", &retry.TimeoutError{Err: context.Canceled}, ti, ti, ti},
	{"TimeoutError of a 404", &retry.TimeoutError{Err: answer(404, "")}, fa, ti, fa},
	{"cancelled", &url.Error{Op: "Get", Err: context.Canceled}, fa, fa, fa},
	// Connections.
	{"reset", errReset, tr, tr, tr},
	{"reset in the client", errWrapped, tr, tr, tr},
	{"refused", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), tr, tr, tr},
	{"unreachable", dial(syscall.EHOSTUNREACH), tr, tr, tr},
	{"broken pipe", syscall.EPIPE, tr, tr, tr},
	{"unexpected EOF", io.ErrUnexpectedEOF, tr, tr, tr},
	{"EOF instead of an answer", &url.Error{Op: "Get", Err: io.EOF}, tr, tr, tr},
	{"EOF", io.EOF, un, un, tr},
	{"closed", &net.OpError{Op: "read", Err: net.ErrClosed}, tr, tr, tr},
	{"closed pipe", io.ErrClosedPipe, tr, tr, tr},
	{"TLS alert", &net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, un, un, tr},
	{"bad scheme", &url.Error{Op: "Get", Err: errors.New("unsupported protocol scheme")}, un, tr, tr},
	{"NXDOMAIN", dial(&net.DNSError{IsNotFound: true}), fa, fa, fa},
	{"DNS down", dial(&net.DNSError{IsTemporary: true}), tr, tr, tr},
	{"DNS timeout", dial(&net.DNSError{IsTimeout: true}), ti, ti, ti},
	{"bad address", dial(&net.AddrError{Err: "missing port in address"}), fa, tr, fa},
	{"unknown network", dial(net.UnknownNetworkError("tpc")), fa, tr, fa},
	{"ConnectionError()", connection{}, tr, tr, tr},
	{"Temporary()", temporary{}, un, tr, tr},
	{"permission", syscall.EACCES, un, un, tr},
	// What an error says of itself, and marks.
	{"Retryable() false", saying(false), fa, fa, fa},
	{"Retryable() true", fmt.Errorf("x: %w", saying(true)), tr, tr, tr},
	{"RetryableError() true", sdkSaying(true), tr, tr, tr},
	{"RetryableError() false", sdkSaying(false), fa, fa, fa},
	{"retryable and 429", errors.Join(saying(true), answer(429, "")), th, th, th},
	{"retryable and SlowDown", errors.Join(saying(true), answer(503, "SlowDown")), th, th, th},
	{"retryable and a timeout", errors.Join(saying(true), context.DeadlineExceeded), ti, ti, ti},
	{"RetryClass()", errors.Join(classed(th), saying(false)), th, th, th},
	{"RetryClass() of Unknown", errors.Join(classed(un), saying(false)), fa, fa, fa},
	{"amz hint behind As", hidden{answer(503, "").amzWaiting(time.Second)}, tr, tr, tr},
	{"rejection behind As", hidden{rejection{}}, fa, fa, fa},
	{"Permanent 503", retry.Permanent(answer(503, "")), fa, fa, fa},
	{"wrapped Permanent 503", fmt.Errorf("x: %w", retry.Permanent(answer(503, ""))), fa, fa, fa},
	{"Retryable 404", retry.Retryable(answer(404, "")), tr, tr, tr},
	{"Retryable Permanent", retry.Retryable(retry.Permanent(errPlain)), tr, tr, tr},
	{"Permanent Retryable", retry.Permanent(retry.Retryable(errPlain)), fa, fa, fa},
	{"After", retry.After(errPlain, time.Second), tr, tr, tr},
	{"Mark Throttle", retry.Mark(errPlain, retry.Throttle), th, th, th},
	// Calls inside calls.
	{"exhausted inside", &retry.Error{Reason: retry.Exhausted, Err: answer(503, "")}, fa, fa, fa},
	{"exhausted inside, marked", retry.Retryable(&retry.Error{Reason: retry.Exhausted, Err: answer(503, "")}), tr, tr, tr},
	{"deadline too near inside", &retry.Error{Reason: retry.DeadlineTooNear, Err: answer(503, "")}, tr, tr, tr},
	{"timed out inside", &retry.TimeoutError{Err: &retry.Error{Reason: retry.Cancelled, Cause: context.DeadlineExceeded}}, ti, ti, ti},
	// The rest.
	{"plain", errPlain, un, un, tr},
	{"joined", errors.Join(errPlain, nil, answer(503, "SlowDown")), th, th, th},
	{"outermost code wins", errors.Join(answer(404, "NoSuchKey"), answer(503, "SlowDown")), fa, fa, fa},
	{"behind As", hidden{answer(503, "SlowDown")}, th, th, th},
	{"word behind As", hidden{saying(false)}, fa, fa, fa},
	{"mark behind As", hidden{retry.Retryable(errPlain)}, tr, tr, tr},
	{"nil", nil, un, un, un},
}

func TestClassify(t *testing.T) {
	for _, c := range judgements {
		for i, want := range []retry.Class{c.seed, c.aws, c.every} {
			name := retry.Classifiers()[i]
			if got, err := retry.Classify(name, c.err); got != want || err != nil {
				t.Errorf("%s, table %q: %v, %v, want %v", c.name, name, got, err, want)
			}
			r := retry.Must(retry.New(retry.Policy{Attempts: 1, Classifier: name}))
			if got := r.Classify(c.err); got != want {
				t.Errorf("%s, retrier %q: %v, want %v", c.name, name, got, want)
			}
		}
	}
}

func TestClassifyUnknownTable(t *testing.T) {
	_, err := retry.Classify("amazon", io.EOF)
	var e *retry.UnknownNameError
	if !errors.As(err, &e) || !reflect.DeepEqual(e.Known, retry.Classifiers()) {
		t.Errorf("got %v", err)
	}
}

func TestMarks(t *testing.T) {
	for name, mark := range map[string]func(error) error{
		"Permanent": retry.Permanent, "Retryable": retry.Retryable,
		"After": func(err error) error { return retry.After(err, time.Second) },
		"Mark":  func(err error) error { return retry.Mark(err, retry.Timeout) },
	} {
		if mark(nil) != nil {
			t.Errorf("%s(nil) is not nil", name)
		}
		err := mark(io.EOF)
		if !errors.Is(err, io.EOF) || err.Error() != "EOF" {
			t.Errorf("%s hides its error: %v", name, err)
		}
		var says interface{ Retryable() bool }
		if !errors.As(err, &says) || says.Retryable() != (name != "Permanent") {
			t.Errorf("%s: others cannot see the mark", name)
		}
	}
	var class interface{ RetryClass() retry.Class }
	if !errors.As(retry.Mark(io.EOF, retry.Throttle), &class) || class.RetryClass() != retry.Throttle {
		t.Error("the class of a mark cannot be seen")
	}
	var after interface{ RetryAfter() (time.Duration, bool) }
	if !errors.As(retry.After(io.EOF, time.Minute), &after) {
		t.Fatal("no RetryAfter")
	}
	if d, ok := after.RetryAfter(); d != time.Minute || !ok {
		t.Errorf("RetryAfter is %v, %v", d, ok)
	}
	if errors.As(retry.After(io.EOF, -1), &after); after != nil {
		if d, ok := after.RetryAfter(); ok {
			t.Errorf("a negative time is %v", d)
		}
	}
}

func TestErrorsOfTime(t *testing.T) {
	var err error = &retry.TimeoutError{After: time.Second, Err: io.EOF}
	var n interface{ Timeout() bool }
	if !errors.As(err, &n) || !n.Timeout() || !errors.Is(err, io.EOF) || err.Error() != "retry: attempt timed out after 1s: EOF" {
		t.Errorf("got %v", err)
	}
	err = &retry.BudgetError{Cost: 14, Tokens: 3}
	if err.Error() != "retry: a retry costs 14 tokens, 3 left" {
		t.Errorf("got %v", err)
	}
	err = &retry.Error{Policy: "s3", Reason: retry.OverBudget, Attempts: 2, Err: io.EOF, Cause: err}
	if want := "retry: s3: over budget after 2 attempts (a retry costs 14 tokens, 3 left): EOF"; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWithClassifier(t *testing.T) {
	teapot := func(err error) retry.Class {
		var s interface{ HTTPStatusCode() int }
		if errors.As(err, &s) && s.HTTPStatusCode() == http.StatusTeapot {
			return retry.Transient
		}
		return retry.Unknown
	}
	never := func(error) retry.Class { return retry.Fatal }
	r := retry.Must(retry.New(retry.S3(), retry.WithClassifier(nil), retry.WithClassifier(teapot)))
	if r.Classify(answer(418, "")) != retry.Transient || r.Classify(answer(503, "")) != retry.Transient || r.Classify(answer(404, "")) != retry.Fatal {
		t.Error("a classifier is not asked before the table")
	}
	r = retry.Must(retry.New(retry.S3(), retry.WithClassifier(teapot), retry.WithClassifier(never)))
	if r.Classify(answer(418, "")) != retry.Transient || r.Classify(answer(503, "")) != retry.Fatal {
		t.Error("of two classifiers the first answer does not count")
	}
}

// The errors of a real client against real sockets, not ones made by hand.
func TestClassifyRealConnectionErrors(t *testing.T) {
	r := retry.Must(retry.New(retry.S3()))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	addr := "http://" + l.Addr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.(*net.TCPConn).SetLinger(0)
			conn.Read(make([]byte, 1))
			conn.Close() // with a reset
		}
	}()
	get := func() error {
		resp, err := new(http.Client).Get(addr)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if err := get(); r.Classify(err) != retry.Transient {
		t.Errorf("reset: %v is %v", err, r.Classify(err))
	}
	l.Close()
	if err := get(); r.Classify(err) != retry.Transient {
		t.Errorf("refused: %v is %v", err, r.Classify(err))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, addr, nil)
	if _, err := new(http.Client).Do(req); r.Classify(err) != retry.Fatal {
		t.Errorf("cancelled: %v is %v", err, r.Classify(err))
	}
}
