package retryhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// go-retryablehttp@v0.7.8 and failsafe-go@v0.9.8 (failsafehttp) send a POST again
// that the server may have carried out.
func TestDefect_PostIsRetried(t *testing.T) {
	orders := 0
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		orders = n
		w.WriteHeader(http.StatusBadGateway) // the order is in, its answer lost
	})
	r, _ := retrier(t, plain())
	resp, err := client(server, r).Post(server.URL, "text/plain", strings.NewReader("one order"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if e := retryhttp.Outcome(resp); orders != 1 || e == nil || e.Reason != retry.NotIdempotent {
		t.Errorf("%d orders, %v", orders, e)
	}
}

// failsafe-go@v0.9.8 (failsafehttp) never closes a failed response: with one
// connection to a host its second attempt waits for the first's.
func TestDefect_UnclosedResponseHoldsTheConnection(t *testing.T) {
	for _, size := range []int{0, 10, 300_000} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
			if n < 3 {
				w.WriteHeader(503)
				io.WriteString(w, strings.Repeat("x", size))
				return
			}
			io.WriteString(w, "ok")
		})
		server.Client().Transport.(*http.Transport).MaxConnsPerHost = 1
		r, _ := retrier(t, plain())
		resp, err := client(server, r).Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got := text(t, resp); got != "ok" {
			t.Errorf("%d: %q", size, got)
		}
	}
}

// go-retryablehttp@v0.7.8 gives up with an error of its own and throws the last
// answer away, unless an ErrorHandler is set.
func TestDefect_LastResponseIsDiscarded(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		w.Header().Set("X-Detail", fmt.Sprint(n))
		w.WriteHeader(503)
		io.WriteString(w, "come back on monday")
	})
	r, _ := retrier(t, plain())
	resp, err := client(server, r).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("X-Detail") != "3" || text(t, resp) != "come back on monday" {
		t.Errorf("%v", resp.Header)
	}
}

// failsafe-go@v0.9.8 (failsafehttp) reads whole seconds only: a date is ignored.
// Here it is counted from the server's own clock, which is years off ours.
func TestDefect_RetryAfterDateIgnored(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			w.Header().Set("Date", "Mon, 01 Jan 2001 00:00:00 GMT")
			w.Header().Set("Retry-After", "Mon, 01 Jan 2001 00:01:00 GMT")
			w.WriteHeader(503)
		}
	})
	p := plain()
	p.Hint = retry.Hint{Mode: retry.HintRetryAfter}
	r, clk := retrier(t, p)
	resp, err := client(server, r).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := fmt.Sprint(clk.delays()); got != "[1m0s]" {
		t.Errorf("waited %s", got)
	}
}

// failsafe-go@v0.9.8 lets jitter take from the time that the server asked for
// (10 s became 5 s).
func TestDefect_JitterUndercutsRetryAfter(t *testing.T) {
	for _, kind := range []retry.JitterKind{retry.JitterFull, retry.JitterEqual, retry.JitterProportion} {
		for _, u := range []float64{0, 0.3, 0.999} {
			server := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
				if n == 1 {
					w.Header().Set("Retry-After", "10")
					w.WriteHeader(429)
				}
			})
			p := plain()
			p.Hint, p.Jitter = retry.Hint{Mode: retry.HintRetryAfter}, retry.Jitter{Kind: kind}
			if kind == retry.JitterProportion {
				p.Jitter.Proportion = 0.5
			}
			r, clk := retrier(t, p, retry.WithChance(draw(u)))
			resp, err := client(server, r).Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := clk.delays(); len(got) != 1 || got[0] < 10*time.Second {
				t.Errorf("%v, u=%v: waited %v", kind, u, got)
			}
		}
	}
}

type draw float64

func (d draw) Draw(int) float64 { return float64(d) }

// go-retryablehttp@v0.7.8 sleeps for an hour if the server says so, whatever
// RetryWaitMax is.
func TestDefect_RetryAfterPastTheMaximum(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(503)
	})
	p := plain()
	p.Hint = retry.Hint{Mode: retry.HintRetryAfter, Max: 30 * time.Second}
	r, clk := retrier(t, p)
	resp, err := client(server, r).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	e := retryhttp.Outcome(resp)
	if len(clk.delays()) != 0 || e.Reason != retry.ServerStop || !e.RetryAt.Equal(epoch.Add(time.Hour)) {
		t.Errorf("waited %v: %v", clk.delays(), e)
	}
}

// go-retryablehttp@v0.7.8 and failsafe-go@v0.9.8 read all of an io.Reader into
// memory before they send it. Here it is bounded, and the reason says so.
func TestDefect_BodyBufferedWithoutBound(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, req *http.Request, n int) {
		b, _ := io.ReadAll(req.Body)
		w.Header().Set("X-Got", fmt.Sprint(len(b)))
		if n%2 == 1 {
			w.WriteHeader(503)
		}
	})
	for _, c := range []struct {
		size   int
		status int
	}{{1000, 200}, {1001, 503}} {
		r, _ := retrier(t, plain())
		src := stream(strings.Repeat("x", c.size))
		req := request(t, "PUT", server.URL, src)
		resp, err := client(server, r, retryhttp.WithBodyBuffer(1000)).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		var b *retryhttp.BodyError
		e := retryhttp.Outcome(resp)
		if resp.StatusCode != c.status || resp.Header.Get("X-Got") != fmt.Sprint(c.size) {
			t.Errorf("%d: %d, %v", c.size, resp.StatusCode, resp.Header)
		}
		if c.status == 503 && (e.Reason != retry.NotIdempotent || !errors.As(e, &b) || b.Limit != 1000) {
			t.Errorf("%v", e)
		}
	}
}

// All of them sleep up to the deadline for an attempt that can no longer start.
func TestDefect_SleepsIntoTheDeadline(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(503) })
	p := plain()
	p.Backoff.Base = time.Minute
	r, clk := retrier(t, p)
	ctx, cancel := clk.WithTimeout(context.Background(), time.Second)
	defer cancel()
	resp, err := client(server, r).Do(request(t, "GET", server.URL, nil).WithContext(deadline{ctx, epoch.Add(time.Second)}))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if e := retryhttp.Outcome(resp); len(clk.delays()) != 0 || e.Reason != retry.DeadlineTooNear {
		t.Errorf("waited %v: %v", clk.delays(), e)
	}
}

// deadline is a context whose deadline is on the virtual clock.
type deadline struct {
	context.Context
	at time.Time
}

func (d deadline) Deadline() (time.Time, bool) { return d.at, true }

// None of them notices an answer that breaks off after its headers.
func TestDefect_TruncatedBodyIsASuccess(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		w.Header().Set("Content-Length", "10")
		if n == 1 {
			io.WriteString(w, "01234")
			return // net/http closes the connection
		}
		io.WriteString(w, "0123456789")
	})
	r, _ := retrier(t, plain())
	resp, err := client(server, r, retryhttp.WithFullBody(1<<20)).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, resp); got != "0123456789" {
		t.Errorf("%q", got)
	}
}

// A POST that never had a connection is safe to send again: few libraries tell.
func TestDefect_ConnectFailureOfAPost(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, req *http.Request, _ int) { io.Copy(w, req.Body) })
	address := s.URL
	down := serve(t, func(http.ResponseWriter, *http.Request, int) {})
	refused := down.URL
	down.Close()
	n := 0
	r, _ := retrier(t, plain())
	tr := retryhttp.New(memoryless(func(req *http.Request) (*http.Response, error) {
		if n++; n == 1 {
			bad := req.Clone(req.Context())
			bad.URL = request(t, "GET", refused, nil).URL
			return http.DefaultTransport.RoundTrip(bad)
		}
		return s.Client().Transport.RoundTrip(req)
	}), r)
	src := stream("an order")
	resp, err := tr.RoundTrip(request(t, "POST", address, src))
	if err != nil || n != 2 || text(t, resp) != "an order" {
		t.Fatalf("%d attempts, %v", n, err)
	}
}

type memoryless func(*http.Request) (*http.Response, error)

func (m memoryless) RoundTrip(req *http.Request) (*http.Response, error) { return m(req) }

// failsafe-go@v0.9.8 ignores "1.5"; go-retryablehttp@v0.7.8 does, too.
func TestDefect_RetryAfterFractionIgnored(t *testing.T) {
	waitsFor(t, 1500*time.Millisecond, "Retry-After: 1.5")
}

// A date without a Date to count it from is counted from when the answer came
// (RFC 9110, section 6.6.1), on the retrier's clock, whatever a proxy has made of
// the header.
func TestRetryAfterDateWithoutDate(t *testing.T) {
	waitsFor(t, 90*time.Second, "Retry-After: "+epoch.Add(90*time.Second).Format(http.TimeFormat))
	waitsFor(t, 90*time.Second, "Retry-After: "+epoch.Add(90*time.Second).Format(http.TimeFormat), "Date: today")
	waitsFor(t, time.Second, "Retry-After: "+epoch.Add(-time.Hour).Format(http.TimeFormat)) // the policy's own delay
}

// waitsFor demands one delay after an answer of 503 with these headers.
func waitsFor(t *testing.T, want time.Duration, headers ...string) {
	t.Helper()
	s := &script{steps: []step{answers(503, "", headers...), answers(200, "")}}
	p := plain()
	p.Hint = retry.Hint{Mode: retry.HintRetryAfter}
	r, clk := retrier(t, p)
	resp, err := retryhttp.New(s, r).RoundTrip(request(t, "GET", "http://x/", nil))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := clk.delays(); len(got) != 1 || got[0] != want {
		t.Errorf("%q: waited %v, want %v", headers, got, want)
	}
}
