package retryhttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

var (
	errReset  = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errDial   = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errProxy  = &net.OpError{Op: "proxyconnect", Net: "tcp", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	errLookup = &net.DNSError{Err: "server misbehaving", IsTemporary: true}
)

func TestMethods(t *testing.T) {
	marked := func(yes bool) func(*http.Request) *http.Request {
		return func(r *http.Request) *http.Request {
			return r.WithContext(retryhttp.MarkIdempotent(r.Context(), yes))
		}
	}
	header := func(name string) func(*http.Request) *http.Request {
		return func(r *http.Request) *http.Request { r.Header.Set(name, "k"); return r }
	}
	said := func(idempotent, known bool) []retryhttp.Option {
		return []retryhttp.Option{retryhttp.WithIdempotency(func(*http.Request) (bool, bool) { return idempotent, known })}
	}
	for _, c := range []struct {
		name, method string
		prepare      func(*http.Request) *http.Request
		opts         []retryhttp.Option
		first        step
		retried      bool
	}{
		{"", "GET", nil, nil, answers(503, ""), true},
		{"", "HEAD", nil, nil, answers(503, ""), true},
		{"", "PUT", nil, nil, answers(503, ""), true},
		{"", "DELETE", nil, nil, answers(503, ""), true},
		{"", "OPTIONS", nil, nil, answers(503, ""), true},
		{"", "TRACE", nil, nil, answers(503, ""), true},
		{"", "POST", nil, nil, answers(503, ""), false},
		{"", "PATCH", nil, nil, answers(503, ""), false},
		{"", "CONNECT", nil, nil, answers(503, ""), false},
		{"", "MKCOL", nil, nil, answers(503, ""), false},
		{"reset", "POST", nil, nil, fails(errReset), false},
		{"dial", "POST", nil, nil, fails(errDial), true},
		{"dial through a proxy", "POST", nil, nil, fails(errProxy), true},
		{"lookup", "POST", nil, nil, fails(errLookup), true},
		{"key", "POST", header("Idempotency-Key"), nil, answers(503, ""), true},
		{"a key that is not sent", "POST", func(r *http.Request) *http.Request { r.Header["Idempotency-Key"] = nil; return r }, nil, answers(503, ""), true},
		{"older key", "PATCH", header("X-Idempotency-Key"), nil, answers(503, ""), true},
		{"marked", "POST", marked(true), nil, answers(503, ""), true},
		{"marked not", "PUT", marked(false), nil, answers(503, ""), false},
		{"said", "POST", nil, said(true, true), answers(503, ""), true},
		{"said not", "GET", nil, said(false, true), answers(503, ""), false},
		{"not known", "GET", nil, said(false, false), answers(503, ""), true},
		{"marked goes before said", "POST", marked(true), said(false, true), answers(503, ""), true},
	} {
		s := &script{steps: []step{c.first, answers(200, "")}}
		r, _ := retrier(t, plain())
		req := request(t, c.method, "http://x/", nil)
		if c.prepare != nil {
			req = c.prepare(req)
		}
		resp, err := retryhttp.New(s, r, c.opts...).RoundTrip(req)
		if retried := s.attempts() == 2; retried != c.retried {
			t.Errorf("%s %s: %d attempts, retried: want %v", c.method, c.name, s.attempts(), c.retried)
		}
		if c.retried {
			if err != nil || resp.StatusCode != 200 {
				t.Errorf("%s %s: %v", c.method, c.name, err)
			}
			continue
		}
		e := retryhttp.Outcome(resp)
		if err != nil {
			e = endOf(t, err)
		}
		var m *retryhttp.MethodError
		if e.Reason != retry.NotIdempotent || !errors.As(e, &m) || m.Method != c.method || !strings.Contains(e.Error(), m.Error()) {
			t.Errorf("%s %s: %v", c.method, c.name, e)
		}
	}
}

// Whatever the reason, an answer stays an answer, with all that was in it.
func TestLastAnswerIsReturned(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for _, c := range []struct {
		name     string
		policy   func(*retry.Policy)
		status   int
		body     string
		headers  []string
		ctx      func(*clock) (context.Context, context.CancelFunc)
		reason   retry.Reason
		attempts int
	}{
		{"exhausted", nil, 503, "busy", nil, nil, retry.Exhausted, 3},
		{"a long body", nil, 503, long, nil, nil, retry.Exhausted, 3},
		{"exactly as long as what is read", nil, 503, long[:64<<10], nil, nil, retry.Exhausted, 3},
		{"not retryable", nil, 404, "gone", nil, nil, retry.NotRetryable, 1},
		{"over budget", func(p *retry.Policy) { p.Quota = retry.Quota{Capacity: 1, Cost: 1} }, 500, "x", nil, nil, retry.OverBudget, 2},
		{"server said stop", func(p *retry.Policy) { p.Hint = retry.Hint{Mode: retry.HintRetryAfter, Max: time.Minute} },
			429, "later", []string{"Retry-After: 3600"}, nil, retry.ServerStop, 1},
		{"limit", func(p *retry.Policy) { p.Limit = 1500 * time.Millisecond }, 500, "x", nil, nil, retry.LimitReached, 2},
		{"no time for a long body", func(p *retry.Policy) { p.AttemptTimeout = time.Minute }, 500, long, nil, nil, retry.Exhausted, 3},
	} {
		s := &script{steps: []step{answers(c.status, c.body, c.headers...)}}
		p := plain()
		if c.policy != nil {
			c.policy(&p)
		}
		r, clk := retrier(t, p)
		resp, err := retryhttp.New(s, r).RoundTrip(request(t, "GET", "http://x/", nil))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := text(t, resp); got != c.body || resp.StatusCode != c.status {
			t.Errorf("%s: %d with %d bytes, want %d with %d", c.name, resp.StatusCode, len(got), c.status, len(c.body))
		}
		e := retryhttp.Outcome(resp)
		if e == nil || e.Reason != c.reason || e.Attempts != c.attempts || s.attempts() != c.attempts {
			t.Errorf("%s: %v", c.name, e)
		}
		if clk.running() != 0 {
			t.Errorf("%s: %d timers left", c.name, clk.running())
		}
		// the same as an error
		r, clk = retrier(t, p)
		resp, err = retryhttp.New(s, r, retryhttp.WithErrors()).RoundTrip(request(t, "GET", "http://x/", nil))
		var status *retryhttp.StatusError
		if e := endOf(t, err); resp != nil || e.Reason != c.reason || !errors.As(err, &status) || status.Status != c.status {
			t.Errorf("%s: as an error: %v", c.name, err)
		}
		if clk.running() != 0 {
			t.Errorf("%s: as an error: %d timers left", c.name, clk.running())
		}
	}
	if retryhttp.Outcome(nil) != nil || retryhttp.Outcome(&http.Response{}) != nil || retryhttp.Outcome(response("GET", 200, "")) != nil {
		t.Error("an outcome out of nothing")
	}
}

func TestErrorsAreReturned(t *testing.T) {
	unknown := errors.New("what is this")
	for _, c := range []struct {
		name   string
		steps  []step
		reason retry.Reason
		last   error
	}{
		{"connections", []step{fails(errReset)}, retry.Exhausted, errReset},
		{"unknown", []step{fails(unknown)}, retry.NotRetryable, unknown},
		{"answer, then a connection", []step{answers(503, ""), fails(unknown)}, retry.NotRetryable, unknown},
		{"open breaker", []step{fails(rejection{})}, retry.Rejected, rejection{}},
		{"a breaker that opens", []step{answers(503, "x"), fails(rejection{})}, retry.Rejected, rejection{}},
	} {
		s := &script{steps: c.steps}
		r, _ := retrier(t, plain())
		resp, err := retryhttp.New(s, r).RoundTrip(request(t, "GET", "http://x/", nil))
		if e := endOf(t, err); resp != nil || e.Reason != c.reason || !errors.Is(err, c.last) {
			t.Errorf("%s: %v, %v", c.name, resp, err)
		}
	}
}

type rejection struct{}

func (rejection) Error() string  { return "breaker is open" }
func (rejection) Rejected() bool { return true }

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	body := &trackedBody{Reader: strings.NewReader(strings.Repeat("x", 100_000))}
	s := &script{steps: []step{func(*http.Request) (*http.Response, error) {
		cancel(io.ErrClosedPipe)
		resp := reply(503, "")
		resp.Body = body
		return resp, nil
	}}}
	r, _ := retrier(t, plain())
	resp, err := retryhttp.New(s, r).RoundTrip(request(t, "GET", "http://x/", nil).WithContext(ctx))
	if resp != nil || !errors.Is(err, context.Canceled) || !errors.Is(err, retry.Cancelled) || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v, %v", resp, err)
	}
	if !body.closed {
		t.Error("the answer that nobody gets was not closed")
	}
	// before the first attempt: the request's body is closed all the same
	for _, get := range []bool{false, true} {
		src := stream("x")
		req := request(t, "PUT", "http://x/", src).WithContext(ctx)
		if get {
			req.GetBody = func() (io.ReadCloser, error) { return stream("x"), nil }
		}
		if _, err := retryhttp.New(s, r).RoundTrip(req); !errors.Is(err, retry.Cancelled) || src.closes() != 1 {
			t.Errorf("GetBody %v: %v; closed %d times", get, err, src.closes())
		}
	}
}

type trackedBody struct {
	io.Reader
	closed bool
}

func (b *trackedBody) Close() error { b.closed = true; return nil }

func TestAttemptsHaveTheirOwnHeaders(t *testing.T) {
	s := &script{steps: []step{func(r *http.Request) (*http.Response, error) {
		r.Header.Add("Authorization", "signed")
		return reply(503, ""), nil
	}}}
	r, _ := retrier(t, plain())
	req := request(t, "GET", "http://x/", nil)
	if _, err := retryhttp.New(s, r, retryhttp.WithAttemptHeader("x-attempt")).RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	if len(req.Header) != 0 {
		t.Errorf("the caller's headers are now %v", req.Header)
	}
	for i, h := range s.headers {
		want := fmt.Sprintf("attempt=%d; max=3", i+1)
		if len(h["Authorization"]) != 1 || h.Get("X-Attempt") != want {
			t.Errorf("attempt %d: %v", i+1, h)
		}
	}
	bare := &http.Request{Method: "GET", URL: req.URL} // no headers at all
	if _, err := retryhttp.New(memory(func(r *http.Request) (*http.Response, error) {
		return reply(200, r.Header.Get("X-Attempt")), nil
	}), r, retryhttp.WithAttemptHeader("x-attempt")).RoundTrip(bare); err != nil {
		t.Error(err)
	}
	if len(s.headers[0]) != 2 {
		t.Errorf("headers %v", s.headers[0])
	}
}

func TestNew(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic without a retrier")
		}
	}()
	r, _ := retrier(t, plain())
	if retryhttp.New(nil, r) == nil {
		t.Error("no transport")
	}
	retryhttp.New(http.DefaultTransport, nil)
}

type idler struct {
	memory
	closed int
}

func (i *idler) CloseIdleConnections() { i.closed++ }

func TestCloseIdleConnections(t *testing.T) {
	r, _ := retrier(t, plain())
	next := &idler{}
	(&http.Client{Transport: retryhttp.New(next, r)}).CloseIdleConnections()
	(&http.Client{Transport: retryhttp.New(memory(nil), r)}).CloseIdleConnections()
	if next.closed != 1 {
		t.Errorf("closed %d times", next.closed)
	}
}

// The body of a success is read after RoundTrip has returned: the attempt's
// time goes on, and ends with the body.
func TestBodyOutlivesRoundTrip(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			w.WriteHeader(500)
			return
		}
		w.Write(bytes.Repeat([]byte("x"), 1<<20))
		if r.URL.Path == "/time" { // a body without an end, or the client may have it all before its time is up
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	})
	for _, end := range []string{"read", "close", "time"} {
		p := plain()
		p.AttemptTimeout, p.Limit = time.Minute, time.Hour
		r, clk := retrier(t, p)
		resp, err := client(server, r).Get(server.URL + "/" + end)
		if err != nil {
			t.Fatal(err)
		}
		if clk.running() != 1 {
			t.Fatalf("%s: %d timers", end, clk.running())
		}
		switch end {
		case "read":
			if n, err := io.Copy(io.Discard, resp.Body); n != 1<<20 || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		case "time":
			clk.Advance(time.Minute)
			if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				t.Errorf("a body that outlives its time: %v", err)
			}
		}
		if end != "close" && clk.running() != 0 {
			t.Errorf("%s: %d timers after the end of the body", end, clk.running())
		}
		resp.Body.Close()
		if clk.running() != 0 {
			t.Errorf("%s: %d timers after Close", end, clk.running())
		}
	}
}

func TestAttemptTimeout(t *testing.T) {
	p := plain()
	p.AttemptTimeout = 10 * time.Second
	var clk *clock
	s := &script{steps: []step{func(r *http.Request) (*http.Response, error) {
		clk.Advance(10 * time.Second) // a black hole
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	}, answers(200, "ok")}}
	var seen []retry.Class
	r, c := retrier(t, p, retry.WithObserver(func(_ context.Context, e retry.Event) { seen = append(seen, e.Class) }))
	clk = c
	resp, err := retryhttp.New(s, r).RoundTrip(request(t, "GET", "http://x/", nil))
	if err != nil || text(t, resp) != "ok" || len(seen) != 2 || seen[0] != retry.Timeout {
		t.Errorf("%v, %v", err, seen)
	}
	if clk.running() != 0 {
		t.Errorf("%d timers left", clk.running())
	}
}

// An upgraded connection must stay writable.
func TestUpgrade(t *testing.T) {
	p := plain()
	p.AttemptTimeout = time.Minute
	r, _ := retrier(t, p)
	tr := retryhttp.New(memory(func(*http.Request) (*http.Response, error) {
		resp := reply(101, "")
		resp.Body = struct {
			io.ReadCloser
			io.Writer
		}{resp.Body, io.Discard}
		return resp, nil
	}), r)
	resp, err := tr.RoundTrip(request(t, "GET", "http://x/", nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := resp.Body.(io.ReadWriteCloser); !ok {
		t.Errorf("%T cannot be written to", resp.Body)
	}
}

// A transport below that returns no body at all.
func TestNoBody(t *testing.T) {
	r, _ := retrier(t, plain())
	for _, status := range []int{200, 500} {
		tr := retryhttp.New(memory(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status}, nil
		}), r)
		resp, err := tr.RoundTrip(request(t, "GET", "http://x/", nil))
		if err != nil || resp.StatusCode != status || text(t, resp) != "" {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestHintsAreHeard(t *testing.T) {
	p := plain()
	p.Hint = retry.Hint{Mode: retry.HintRetryAfter}
	r, clk := retrier(t, p)
	s := &script{steps: []step{
		answers(429, "", "Retry-After: 7"),
		answers(503, "", "Retry-After: Thu, 01 Jan 2026 12:00:30 GMT", "Date: Thu, 01 Jan 2026 12:00:00 GMT"),
		answers(200, ""),
	}}
	if _, err := retryhttp.New(s, r).RoundTrip(request(t, "GET", "http://x/", nil)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(clk.delays()); got != "[7s 30s]" {
		t.Errorf("waited %s", got)
	}
}

// The attempt's context says how deep it is, ends with the caller's, and costs
// no goroutine.
func TestContextOfAttempts(t *testing.T) {
	type key struct{}
	for _, timeout := range []time.Duration{0, time.Minute} {
		p := plain()
		p.AttemptTimeout = timeout
		r, err := retry.New(p, retry.WithDepth()) // on the system's clock
		if err != nil {
			t.Fatal(err)
		}
		var got context.Context
		tr := retryhttp.New(memory(func(req *http.Request) (*http.Response, error) {
			got = req.Context()
			return reply(200, ""), nil
		}), r)
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, 7))
		before := runtime.NumGoroutine()
		resp, err := tr.RoundTrip(request(t, "GET", "http://x/", nil).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		if got.Value(key{}) != 7 || retry.AncestryOf(got) == retry.AncestryOf(ctx) {
			t.Errorf("%v: the attempt's context has the values %v, %v", timeout, got.Value(key{}), retry.AncestryOf(got))
		}
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%v: %d goroutines, %d before", timeout, n, before)
		}
		if got.Err() != nil {
			t.Errorf("%v: ended before the caller's: %v", timeout, got.Err())
		}
		cancel()
		<-got.Done()
		resp.Body.Close()
	}
}
