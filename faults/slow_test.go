package faults

import (
	"context"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-sim/squall/sim"
)

// stepping is a clock that sleeping moves on, and nothing else.
type stepping struct {
	mu    sync.Mutex
	slept time.Duration
}

func (s *stepping) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Time{}.Add(s.slept)
}

func (s *stepping) Sleep(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slept += d
	return ctx.Err()
}

// sized answers with so many bytes, told beforehand, as bytes or as content.
func sized(n int64, content bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/x")
		if content {
			WriteContent(w, NewContent("k", n))
			return
		}
		w.WriteHeader(201)
		NewContent("k", n).WriteTo(w)
	}
}

// Bytes take their time at the rate: in process it is told, on a socket it is
// taken, and a verdict that knows the sizes has the same.
func TestRatesTakeTheirTime(t *testing.T) {
	for _, c := range []struct {
		text string
		size int64
		want time.Duration
	}{
		{"bandwidth rate=64KiB/s", 640 << 10, 10 * time.Second},
		{"bandwidth rate=3B/s", 10, 3333333333},
		{"bandwidth rate=1B/s", 1, time.Second},
		{"bandwidth rate=1KiB/s", 0, 0},
		{"slow-upload rate=64KiB/s", 640 << 10, 10 * time.Second},
		{"slow-upload rate=7B/s", 70, 10 * time.Second},
		{"slow-upload rate=7B/s", 0, 0},
	} {
		for _, content := range []bool{false, true} {
			clock := &stepping{}
			in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, c.text)}}})
			down, up := c.size, int64(5)
			if strings.HasPrefix(c.text, "slow-upload") {
				down, up = 5, c.size
			}
			v := in.Decide(0, Request{Op: "POST", Upload: up, Download: down})
			if v.Add != c.want || !v.Served() || v.Hangs() || v.Err() != nil || !v.Effect().Modifies() {
				t.Errorf("%s, %d bytes: verdict %+v", c.text, c.size, v)
			}
			h := NewHandler(in, sized(down, content), WithClock(clock), WithNow(func() time.Duration { return 0 }))
			server := serveHandler(t, h)
			for _, chunked := range []bool{false, true} {
				post := func() *http.Request {
					var body io.Reader = NewContent("up", up)
					req, err := http.NewRequest("POST", server.URL+"/b/k", body)
					if err != nil {
						t.Fatal(err)
					}
					if req.ContentLength = up; chunked {
						req.ContentLength = -1
					}
					return req
				}
				before := clock.slept
				if got := answerOf(t, server.Client().Transport, post()); got != generated(down) || clock.slept-before != c.want {
					t.Errorf("%s, %d bytes on a socket: slept %v, want %v; %d bytes came", c.text, c.size, clock.slept-before, c.want, len(got))
				}
				memory := NewTransport(h, WithClock(clock))
				ex := memory.Exchange(post())
				late := c.want
				if strings.HasPrefix(c.text, "slow-upload") {
					late = 0
				}
				if ex.Delay != c.want || ex.Late != late {
					t.Errorf("%s, %d bytes in process: %v, of it late %v; want %v", c.text, c.size, ex.Delay, ex.Late, c.want)
				}
				before = clock.slept
				if got := answerOf(t, memory, post()); got != generated(down) || clock.slept-before != c.want {
					t.Errorf("%s, %d bytes in process: slept %v, want %v; %d bytes came", c.text, c.size, clock.slept-before, c.want, len(got))
				}
			}
		}
	}
}

func generated(n int64) string {
	var b strings.Builder
	NewContent("k", n).WriteTo(&b)
	return b.String()
}

func answerOf(t *testing.T, rt http.RoundTripper, req *http.Request) string {
	t.Helper()
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return string(all)
}

func TestTransferTime(t *testing.T) {
	for _, c := range []struct {
		n, rate int64
		want    time.Duration
	}{
		{0, 1, 0}, {-5, 1, 0}, {5, 0, 0}, {1, 3, 333333333}, {1 << 40, 1 << 40, time.Second},
		{math.MaxInt64, 1, sim.Never}, {math.MaxInt64, math.MaxInt64, time.Second}, {9223372036, 1, 9223372036 * time.Second}, {9223372037, 1, sim.Never},
	} {
		if got := transferTime(c.n, c.rate); got != c.want {
			t.Errorf("%d at %d: %v, want %v", c.n, c.rate, got, c.want)
		}
	}
}

// A slow body comes after headers that came at once: on a socket and in process.
func TestSlowBodiesComeAfterTheirHeaders(t *testing.T) {
	for _, content := range []bool{false, true} {
		clock := &held{wake: make(chan struct{}), asleep: make(chan struct{}, 2)}
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "slow-body add=7s")}}})
		h := NewHandler(in, sized(5000, content), WithClock(clock), WithNow(func() time.Duration { return 0 }))
		server := serveHandler(t, h)
		close(clock.wake)
		for _, rt := range []http.RoundTripper{server.Client().Transport, NewTransport(h, WithClock(clock))} {
			clock.mu.Lock()
			clock.asked, clock.wake = nil, make(chan struct{})
			clock.mu.Unlock()
			req, err := http.NewRequest("GET", server.URL+"/b/k", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := rt.RoundTrip(req) // comes, though nobody wakes the sleeper
			if err != nil {
				t.Fatal(err)
			}
			go func() { <-clock.asleep; close(clock.wake) }()
			all, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || string(all) != generated(5000) || len(clock.asked) != 1 || clock.asked[0] != 7*time.Second {
				t.Errorf("%d bytes, %v, after %v", len(all), err, clock.asked)
			}
		}
		if v := in.Decide(0, Request{Op: "GetObject"}); v.Add != 7*time.Second {
			t.Errorf("%+v", v)
		}
	}
}

// An empty body has no first byte to wait for, and a client that goes away ends
// the wait.
func TestSlowBodiesEnd(t *testing.T) {
	clock := &stepping{}
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "slow-body add=7s")}}})
	ex := NewTransport(NewHandler(in, sized(0, true), WithClock(clock))).Exchange(request(t, "GET", "/b/k", ""))
	if ex.Delay != 0 || ex.Resp.StatusCode != 200 {
		t.Errorf("%+v", ex)
	}
	ctx, cancel := context.WithCancel(context.Background())
	in = newInjector(t, 1, Phase{For: time.Hour, Rules: []Rule{{P: 1, Effect: effect(t, "slow-body add=1000h")}}})
	h := NewHandler(in, sized(5, false))
	server := serveHandler(t, h)
	for _, rt := range []http.RoundTripper{server.Client().Transport, NewTransport(h)} {
		req, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/b/k", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := io.ReadAll(resp.Body); err != context.Canceled {
				t.Error(err)
			}
			resp.Body.Close()
		}()
	}
	cancel()
}

// Effects on bodies are not for operations that have none.
func TestSlowEffectsMeetBodies(t *testing.T) {
	for text, ops := range map[string]map[string]bool{
		"bandwidth rate=1KiB/s":   {"GetObject": true, "ListObjectsV2": true, "CopyObject": true, "DeleteObjects": true, "GET": true, "PUT": true, "PutObject": false, "HeadObject": false, "HEAD": false, "DeleteObject": false},
		"slow-body add=1s":        {"GetObject": true, "PutObject": false, "HEAD": false},
		"slow-upload rate=1KiB/s": {"PutObject": true, "UploadPart": true, "DeleteObjects": true, "PUT": true, "POST": true, "GetObject": false, "CopyObject": false, "HEAD": false, "DELETE": false},
	} {
		for op, want := range ops {
			err := Rule{On: Selector{Op: op}, P: 1, Effect: effect(t, text)}.Validate()
			if (err == nil) != want || effect(t, text).Meets(op) != want || !want && !strings.Contains(err.Error(), "on.op: a") {
				t.Errorf("%s on %s: %v", text, op, err)
			}
		}
	}
}
