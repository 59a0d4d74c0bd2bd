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

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// A truncated answer is the same over a socket and in process, whatever the
// backend answers: as many bytes as the effect says, fewer than were announced, or
// in chunks of which one is none, and net/http's own error.
func TestTruncatedAnswersOnRealSockets(t *testing.T) {
	for name, backend := range handlers {
		if strings.HasPrefix(name, "abort") {
			continue // the backend breaks off by itself
		}
		for text, at := range map[string]int{"truncate at=0": 0, "truncate at=3": 3, "truncate at=5000": 5000,
			"malformed-chunk": 0, "malformed-chunk at=3": 3, "malformed-chunk at=5000": 5000} {
			broken, chunked := io.ErrUnexpectedEOF.Error(), strings.HasPrefix(text, "malformed-chunk")
			if chunked {
				broken = "invalid byte in chunk length"
			}
			in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
			h := NewHandler(in, backend)
			server := httptest.NewUnstartedServer(h)
			server.Config.ErrorLog = quietLog()
			server.Start()
			wire := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				build := func() *http.Request {
					req, err := http.NewRequest(method, server.URL+"/b/k", strings.NewReader("some text"))
					if err != nil {
						t.Fatal(err)
					}
					return req
				}
				want, got := observe(wire, build()), observe(NewTransport(h), build())
				want.close, got.close = false, false // asked for by the client, here
				want.header, got.header = strings.ReplaceAll(want.header, "Connection: close\r\n", ""), strings.ReplaceAll(got.header, "Connection: close\r\n", "")
				if name == "echo" { // it tells what it was sent
					want.body, got.body = "", ""
				}
				if got != want || want.failed || want.broken != broken || (want.length <= int64(at)) != chunked || (want.encoding == "chunked") != chunked || name != "echo" && len(want.body) != at {
					t.Errorf("%s %s of %s:\n got %+v\nwant %+v", text, method, name, got, want)
				}
			}
			server.Close()
		}
	}
}

// end reads the answer to its end, as a client does.
func end(rt http.RoundTripper, req *http.Request) (int64, error) {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return io.Copy(io.Discard, resp.Body)
}

// The model's error of a truncated answer is of the kind and class of the one
// that comes off a socket, and retryhttp hands it to the policy.
func TestTruncationIsSeenByTheClassifier(t *testing.T) {
	for text, reset := range map[string]bool{"truncate at=1000": false, "truncate at=1000 end=fin": false, "truncate at=1000 end=reset": true, "malformed-chunk at=1000": false} {
		chunked, bare := strings.HasPrefix(text, "malformed-chunk"), retry.Transient
		if chunked {
			bare = retry.Unknown // net/http's error is of no type
		}
		for name, start := range map[string]func(*httptest.Server){"http": plainly, "tls": overTLS} {
			server, in := serve1(t, text, start)
			once, err := retry.New(retry.None())
			if err != nil {
				t.Fatal(err)
			}
			memory := NewTransport(NewHandler(in, handlers["echo"]))
			for where, rt := range map[string]http.RoundTripper{name: server.Client().Transport, "memory": memory} {
				req, err := http.NewRequest("GET", server.URL+"/b/k", nil)
				if err != nil {
					t.Fatal(err)
				}
				n, plain := end(rt, req)
				_, full := retryhttp.New(rt, once, retryhttp.WithFullBody(1<<20)).RoundTrip(req)
				var cut *retryhttp.TruncatedError
				if n != 1000 || !errors.As(full, &cut) || cut.Got != 1000 || cut.Status != 200 {
					t.Errorf("%s %s: %d bytes, %v, %v", text, where, n, plain, full)
				}
				if f := factsOf(t, plain); f.half == (reset || chunked) || f.resetting != reset || f.class != bare {
					t.Errorf("%s %s: %v is %+v", text, where, plain, f)
				}
				for _, err := range []error{cut, in.Decide(0, Request{Op: "GET"}).Err()} {
					f := factsOf(t, err)
					if f.half == (reset || chunked) || f.resetting != reset || f.class != retry.Transient || f.aws != retry.Transient {
						t.Errorf("%s %s: %v is %+v", text, where, err, f)
					}
				}
				if model := in.Decide(0, Request{Op: "GET"}); !model.Served() || chunked && errors.Unwrap(model.Err()).Error() != plain.Error() {
					t.Errorf("%s %s: the model says %v, the wire %v", text, where, model.Err(), plain)
				}
			}
		}
	}
}

// A stalled answer gives its bytes, and then nothing until the client goes.
func TestStallsHoldUntilTheClientGoes(t *testing.T) {
	left := make(chan struct{}, 1)
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "stall at=7")}}})
	h := NewHandler(in, handlers["2048 bytes"])
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { left <- struct{}{} }()
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, rt := range []http.RoundTripper{server.Client().Transport, NewTransport(h)} {
		for _, method := range []string{"GET", "PUT"} {
			ctx, cancel := context.WithCancel(context.Background())
			req, err := http.NewRequestWithContext(ctx, method, server.URL+"/b/k", strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(resp.Body, make([]byte, 7)); err != nil || resp.ContentLength != 8 {
				t.Errorf("%d bytes, %v", resp.ContentLength, err)
			}
			cancel()
			if n, err := io.ReadAll(resp.Body); len(n) != 0 || !errors.Is(err, context.Canceled) {
				t.Errorf("%d bytes more, %v", len(n), err)
			}
			resp.Body.Close()
			if rt == server.Client().Transport {
				<-left // the server lets go of it
			}
		}
	}
	ex := NewTransport(h).Exchange(request(t, "GET", "/b/k", ""))
	if !ex.Hang || ex.Resp == nil || !ex.Verdict.Hangs() || !ex.Verdict.Served() || ex.Verdict.Err() != nil {
		t.Errorf("%+v", ex)
	}
}

// Content is cut without being made, and what is too short is lengthened so.
func TestCutContentTakesNoMemory(t *testing.T) {
	for _, size := range []int64{0, 10, MaxAt + 1, 1 << 50} {
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: Effect{Kind: Truncate, At: MaxAt}}}})
		ex := NewTransport(NewHandler(in, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			WriteContent(w, NewContent("k", size))
		}))).Exchange(request(t, "GET", "/b/k", ""))
		if size > 10 {
			head := make([]byte, 100)
			want := make([]byte, 100)
			io.ReadFull(ex.Resp.Body, head)
			io.ReadFull(NewContent("k", size), want)
			if string(head) != string(want) {
				t.Errorf("%d: other content", size)
			}
			continue
		}
		if n, err := io.Copy(io.Discard, ex.Resp.Body); n != MaxAt || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
}

// HEAD has no body to cut: rules that cut one are not for it, and a rule that
// names it is wrong.
func TestHeadIsNotCut(t *testing.T) {
	for _, text := range []string{"truncate at=10", "stall at=10", "malformed-chunk"} {
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}, {P: 1, Effect: effect(t, "reset")}}})
		if ex := NewTransport(NewHandler(in, handlers["text"])).Exchange(request(t, "HEAD", "/b/k", "")); !errors.Is(ex.Err, syscall.ECONNRESET) {
			t.Errorf("%s: %+v", text, ex)
		}
		if c := in.Counts(); c[0].Matched != 0 || c[1].Fired != 1 {
			t.Errorf("%s: %+v", text, c)
		}
		for _, op := range []string{"HeadObject", "HeadBucket", "HEAD"} {
			err := Rule{On: Selector{Op: op}, P: 1, Effect: effect(t, text)}.Validate()
			if err == nil || !strings.Contains(err.Error(), "on.op: an answer to "+op+" has no body to ") {
				t.Errorf("%s: %v", op, err)
			}
		}
	}
}
