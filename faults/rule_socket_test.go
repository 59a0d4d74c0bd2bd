package faults

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serveRules puts the rules on a socket, before a backend that answers with 1 KB.
func serveRules(t *testing.T, opts []Option, texts ...string) *httptest.Server {
	t.Helper()
	in := newInjector(t, 1, Phase{For: time.Hour, Rules: rules(t, texts...)})
	backend := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("x", 1000)) })
	return serveHandler(t, NewHandler(in, backend, append(opts, PlainHTTP())...))
}

// On a connection a request keeps its place under a fault with AtMost until it
// has ended: here until its client gives up.
func TestAtMostOnSockets(t *testing.T) {
	decided := make(chan struct{}, 100)
	s := serveRules(t, []Option{OnVerdict(func(*http.Request, Request, Verdict) { decided <- struct{}{} })},
		"GET key=/hang at-most=1 blackhole", "GET key=/slow at-most=1 latency add=1ms")
	get := func(ctx context.Context, path string) error {
		req, _ := http.NewRequestWithContext(ctx, "GET", s.URL+path, nil)
		resp, err := s.Client().Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	hung := make(chan error)
	go func() { hung <- get(ctx, "/hang") }()
	<-decided
	for range 3 {
		if err := errors.Join(get(t.Context(), "/hang"), get(t.Context(), "/slow"), get(t.Context(), "/slow")); err != nil {
			t.Errorf("a second one under the fault: %v", err)
		}
	}
	cancel()
	if err := <-hung; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for err := error(nil); err == nil; { // until the server knows that the client is gone
		again, end := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err = get(again, "/hang")
		end()
	}
}

// Effects that continue add up on a connection: the answer is late, and comes at
// a rate, and in the end breaks.
func TestContinueOnSockets(t *testing.T) {
	s := serveRules(t, nil, "continue latency add=30ms", "continue slow-body add=40ms", "continue bandwidth rate=10000B/s", "key=/whole p=0 reset", "key=/cut truncate at=500 end=reset", "503")
	for path, want := range map[string]struct {
		least  time.Duration
		status int
		n      int
	}{"/whole": {170 * time.Millisecond, 200, 1000}, "/cut": {120 * time.Millisecond, 200, 500}, "/error": {30 * time.Millisecond, 503, -1}} {
		start := time.Now()
		resp, err := s.Client().Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if took := time.Since(start); took < want.least || resp.StatusCode != want.status || want.n >= 0 && len(body) > want.n {
			t.Errorf("%s: %d with %d bytes after %v", path, resp.StatusCode, len(body), took)
		}
		if reset := errors.Is(err, syscall.ECONNRESET); reset != (path == "/cut") || err != nil && !reset {
			t.Errorf("%s: %v", path, err)
		}
	}
}
