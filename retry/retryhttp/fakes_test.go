package retryhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

var epoch = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// clock is virtual time: a sleep passes at once, and timers fire when Advance
// or a sleep gets there.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	slept  []time.Duration
	timers map[*timer]bool
}

func newClock() *clock { return &clock{now: epoch, timers: map[*timer]bool{}} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.slept = append(c.slept, d)
	c.mu.Unlock()
	c.Advance(d)
	return ctx.Err()
}

// Advance moves time, and fires the timers that are due.
func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []*timer
	for t := range c.timers {
		if !t.at.After(c.now) {
			due = append(due, t)
			delete(c.timers, t)
		}
	}
	c.mu.Unlock()
	for _, t := range due {
		t.fire()
	}
}

func (c *clock) delays() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.slept...)
}

// running is how many timers were neither released nor fired.
func (c *clock) running() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers)
}

func (c *clock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(ctx)
	t := &timer{Context: inner, cancel: cancel}
	c.mu.Lock()
	t.at = c.now.Add(d)
	c.timers[t] = true
	c.mu.Unlock()
	return t, func() {
		c.mu.Lock()
		delete(c.timers, t)
		c.mu.Unlock()
		cancel()
	}
}

type timer struct {
	context.Context
	cancel context.CancelFunc
	at     time.Time
	mu     sync.Mutex
	fired  bool
}

func (t *timer) fire() {
	t.mu.Lock()
	t.fired = true
	t.mu.Unlock()
	t.cancel()
}

func (t *timer) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fired {
		return context.DeadlineExceeded
	}
	return t.Context.Err()
}

// plain is a policy without jitter: 3 attempts, a second apart.
func plain() retry.Policy {
	return retry.Policy{Name: "t", Attempts: 3, Backoff: retry.Backoff{Base: time.Second, Multiplier: 1}}
}

func retrier(t testing.TB, p retry.Policy, opts ...retry.Option) (*retry.Retrier, *clock) {
	t.Helper()
	c := newClock()
	r, err := retry.New(p, append([]retry.Option{retry.WithClock(c)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return r, c
}

// memory is a transport without a network. It closes the requests' bodies, as
// it must.
type memory func(*http.Request) (*http.Response, error)

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := m(req)
	if req.Body != nil {
		req.Body.Close()
	}
	if resp != nil && resp.Request == nil {
		resp.Request = req
	}
	return resp, err
}

func reply(status int, body string, headers ...string) *http.Response {
	resp := response("", status, body, headers...)
	resp.Request, resp.ContentLength = nil, int64(len(body))
	return resp
}

// script answers one attempt after another, the last for ever, and records
// what it was sent.
type script struct {
	mu      sync.Mutex
	steps   []func(*http.Request) (*http.Response, error)
	bodies  []string
	headers []http.Header
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body := ""
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	s.bodies, s.headers = append(s.bodies, body), append(s.headers, req.Header)
	step := s.steps[min(len(s.bodies), len(s.steps))-1]
	resp, err := step(req)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

func (s *script) attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}

type step = func(*http.Request) (*http.Response, error)

func answers(status int, body string, headers ...string) step {
	return func(*http.Request) (*http.Response, error) { return reply(status, body, headers...), nil }
}

func fails(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// once gives the body only in the way that a stream does.
type once struct {
	io.Reader
	mu     sync.Mutex
	closed int
}

func stream(s string) *once { return &once{Reader: strings.NewReader(s)} }

func (o *once) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed++
	return nil
}

func (o *once) closes() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}

func request(t testing.TB, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func text(t testing.TB, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return string(b)
}

// serve starts a server that answers the n-th request, from 1, by h.
func serve(t testing.TB, h func(w http.ResponseWriter, req *http.Request, n int)) *httptest.Server {
	var mu sync.Mutex
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		n++
		i := n
		mu.Unlock()
		h(w, req, i)
	}))
	t.Cleanup(server.Close)
	return server
}

func client(server *httptest.Server, r *retry.Retrier, opts ...retryhttp.Option) *http.Client {
	return &http.Client{Transport: retryhttp.New(server.Client().Transport, r, opts...)}
}

func endOf(t testing.TB, err error) *retry.Error {
	t.Helper()
	var e *retry.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *retry.Error", err)
	}
	return e
}
