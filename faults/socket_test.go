package faults

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

// serve puts a fault in front of a backend on loopback.
func serve1(t *testing.T, text string, start func(*httptest.Server), opts ...Option) (*httptest.Server, *Injector) {
	t.Helper()
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
	server := httptest.NewUnstartedServer(NewHandler(in, handlers["echo"], opts...))
	server.Config.ErrorLog = quietLog()
	start(server)
	t.Cleanup(server.Close)
	return server, in
}

// serveHandler serves h on loopback.
func serveHandler(t *testing.T, h http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = quietLog()
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func plainly(s *httptest.Server) { s.Start() }
func overTLS(s *httptest.Server) { s.StartTLS() }
func overHTTP2(s *httptest.Server) {
	s.EnableHTTP2 = true
	s.StartTLS()
}

func TestResetOnRealSockets(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"http": plainly, "tls": overTLS, "http2": overHTTP2} {
		for _, text := range []string{"reset", "outage"} {
			for _, body := range []string{"", "text", strings.Repeat("x", 4<<20)} {
				server, in := serve1(t, text, start)
				method := "GET"
				if body != "" {
					method = "PUT"
				}
				req, err := http.NewRequest(method, server.URL+"/b/k", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				_, err = server.Client().Do(req)
				if err == nil {
					t.Fatalf("%s %s: answered", name, text)
				}
				// HTTP/2 has streams to break, not connections: its errors are its own.
				if class, _ := retry.Classify("", err); class != retry.Transient && name != "http2" {
					t.Errorf("%s %s: %v is %v", name, text, err, class)
				}
				if name != "http2" && text == "reset" && body == "" && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s: %v is no reset", name, err)
				}
				if c := in.Counts()[0]; c.Fired == 0 {
					t.Errorf("%+v", c)
				}
			}
		}
	}
}

func TestStatusOnRealSockets(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"http": plainly, "tls": overTLS, "http2": overHTTP2} {
		server, _ := serve1(t, "SlowDown retry-after=2s", start)
		for _, method := range []string{"GET", "HEAD", "PUT"} {
			var body io.Reader
			if method == "PUT" {
				body = strings.NewReader(strings.Repeat("x", 8<<20)) // an undrained one would be reset now and then
			}
			req, err := http.NewRequest(method, server.URL+"/b/k", body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatalf("%s %s: %v", name, method, err)
			}
			want := errorFacts{status: 503, code: "SlowDown", method: method, after: 2 * time.Second, hasAfter: true, class: retry.Throttle, aws: retry.Throttle}
			if method == "HEAD" {
				want.code, want.class, want.aws = "", retry.Transient, retry.Transient
			}
			if got := factsOf(t, retryhttp.FromResponse(resp)); got != want {
				t.Errorf("%s %s: %+v", name, method, got)
			}
		}
	}
}

func TestBlackholeHoldsUntilTheClientGoes(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"http": plainly, "http2": overHTTP2} {
		for _, body := range []string{"", strings.Repeat("x", 1<<20)} {
			arrived, left := make(chan struct{}), make(chan struct{})
			in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "blackhole")}}})
			h := NewHandler(in, noBackend(t))
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(left)
				close(arrived)
				h.ServeHTTP(w, r)
			}))
			server.Config.ErrorLog = quietLog()
			start(server)
			ctx, cancel := context.WithCancel(context.Background())
			go func() { <-arrived; cancel() }()
			req, err := http.NewRequestWithContext(ctx, "PUT", server.URL+"/b/k", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := server.Client().Do(req); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
			<-left // the server lets go of it
			server.Close()
		}
	}
}

// held is a clock whose sleeps end when the test says so.
type held struct {
	mu     sync.Mutex
	asked  []time.Duration
	wake   chan struct{}
	asleep chan struct{}
}

func (h *held) Now() time.Time { return time.Time{} }

func (h *held) Sleep(ctx context.Context, d time.Duration) error {
	h.mu.Lock()
	h.asked = append(h.asked, d)
	h.mu.Unlock()
	h.asleep <- struct{}{}
	select {
	case <-h.wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestDelaysOnRealSocketsTakeTheClocksTime(t *testing.T) {
	for text, want := range map[string]time.Duration{"latency add=2s": 2 * time.Second, "503 after=3s": 3 * time.Second, "reset after=4s": 4 * time.Second, "outage": RefusedAfter} {
		clock := &held{wake: make(chan struct{}), asleep: make(chan struct{})}
		server, _ := serve1(t, text, plainly, WithClock(clock), WithNow(func() time.Duration { return 0 }))
		done := make(chan error, 1)
		go func() {
			resp, err := server.Client().Get(server.URL + "/b/k")
			if err == nil {
				resp.Body.Close()
			}
			done <- err
		}()
		<-clock.asleep
		select {
		case err := <-done:
			t.Errorf("%s: answered before its time: %v", text, err)
		default:
		}
		close(clock.wake)
		err := <-done
		if broken := strings.HasPrefix(text, "reset") || text == "outage"; (err != nil) != broken {
			t.Errorf("%s: %v", text, err)
		}
		if len(clock.asked) != 1 || clock.asked[0] != want {
			t.Errorf("%s: slept %v", text, clock.asked)
		}
	}
}

// A client that gives up while its answer is delayed ends the handler.
func TestDelayEndsWithItsClient(t *testing.T) {
	clock := &held{wake: make(chan struct{}), asleep: make(chan struct{})}
	server, _ := serve1(t, "503 after=1h", plainly, WithClock(clock), WithNow(func() time.Duration { return 0 }))
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-clock.asleep; cancel() }()
	req, err := http.NewRequestWithContext(ctx, "PUT", server.URL+"/b/k", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client().Do(req); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	server.Close() // waits for the handler
}

func TestSystemClock(t *testing.T) {
	c := SystemClock()
	if err := c.Sleep(context.Background(), time.Microsecond); err != nil {
		t.Error(err)
	}
	if err := c.Sleep(context.Background(), -1); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, d := range []time.Duration{0, time.Hour} {
		if err := c.Sleep(ctx, d); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if before := c.Now(); before.IsZero() {
		t.Error("no time")
	}
	NewTransport(handlers["nothing"], WithClock(nil)) // nil is the system's
}

// Who listens is told what was decided on each request, whose it is, and before
// the effect comes.
func TestOnVerdict(t *testing.T) {
	type told struct {
		rule int
		who  Request
	}
	var got []told
	answered := false
	server, _ := serve1(t, "SlowDown", plainly, OnVerdict(func(r *http.Request, who Request, v Verdict) {
		if answered || r.Header.Get(HeaderCall) != "7" || v.Effect().Code != "SlowDown" {
			t.Errorf("answered %v, %v, %v", answered, r.Header, v.Effect())
		}
		got = append(got, told{v.Rule, who})
	}))
	req, err := http.NewRequest("PUT", server.URL+"/b/k", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(HeaderCall, "7")
	req.Header.Set(HeaderAttempt, "2")
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answered = true
	resp.Body.Close()
	want := told{0, Request{Op: "PutObject", Method: "PUT", Bucket: "b", Key: "k", Call: 7, Attempt: 2}}
	if len(got) != 1 || got[0] != want {
		t.Errorf("told %+v, want %+v", got, want)
	}
}
