package faults

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry/retryhttp"
)

// leaky is a backend that does its work and says so in every way that it can.
func leaky(did *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		did.Add(n + 1)
		w.Header().Set("Etag", `"leak"`)
		w.Header().Set("Content-Length", "7000")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, "leak")
		flush(w)
		WriteContent(w, NewContent("leak", 6996))
	}
}

// An acknowledgement that is lost: the backend has worked, its answer does not
// leak, and model, process and socket see the same error.
func TestLostAcks(t *testing.T) {
	for _, text := range []string{"lost-ack", "lost-ack SlowDown retry-after=2s", "lost-ack 500", "lost-ack 429 amz-retry-after=20ms", "lost-ack reset", "lost-ack close"} {
		for name, start := range map[string]func(*httptest.Server){"http": plainly, "tls": overTLS} {
			var did atomic.Int64
			in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
			h := NewHandler(in, leaky(&did), WithNow(func() time.Duration { return 0 }))
			server := httptest.NewUnstartedServer(h)
			server.Config.ErrorLog = quietLog()
			start(server)
			for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
				want := in.Decide(0, Request{Method: method})
				if !want.Served() || want.Hangs() || want.Effect().Answers() {
					t.Errorf("%s: %+v", text, want)
				}
				if _, fixed := want.After(); fixed {
					t.Errorf("%s has a time of its own", text)
				}
				for where, rt := range map[string]http.RoundTripper{"socket": server.Client().Transport, "memory": NewTransport(h)} {
					body := strings.Repeat("x", 1<<20)
					req, err := http.NewRequest(method, server.URL+"/b/k", strings.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					req.GetBody = nil // or net/http's own client tries again
					before := did.Load()
					got, text := lostFacts(t, rt, req)
					if got != factsOf(t, want.Err()) || strings.Contains(text, "leak") {
						t.Errorf("%v %s, %s %s: %+v %s\nwant %+v", want.Effect(), method, name, where, got, text, factsOf(t, want.Err()))
					}
					if n := did.Load() - before; n != int64(len(body))+1 {
						t.Errorf("%v %s, %s %s: the backend did %d", want.Effect(), method, name, where, n)
					}
				}
			}
			server.Close()
		}
	}
}

// lostFacts are what a client can tell of the error, and all that it was sent.
func lostFacts(t *testing.T, rt http.RoundTripper, req *http.Request) (errorFacts, string) {
	t.Helper()
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return factsOf(t, &url.Error{Op: "Get", Err: err}), err.Error()
	}
	var sent strings.Builder
	resp.Header.Write(&sent)
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	resp.Body = bodyOf(all)
	return factsOf(t, retryhttp.FromResponse(resp)), sent.String() + string(all)
}

// Where nothing comes in the answer's place the client waits until it has had
// enough, on a socket and in process, and the backend has worked.
func TestLostAckThatNeverComes(t *testing.T) {
	var did atomic.Int64
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "lost-ack timeout")}}})
	h := NewHandler(in, leaky(&did))
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewServer(NewHandler(in, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaky(&did)(w, r)
		cancel() // the client has had enough once the work is done
	})))
	req, err := http.NewRequestWithContext(ctx, "PUT", server.URL+"/b/k", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client().Do(req); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	server.Close() // waits for the handler
	ex := NewTransport(h).Exchange(request(t, "PUT", "/b/k", "body"))
	if !ex.Hang || ex.Resp != nil || ex.Err != nil || !ex.Verdict.Hangs() || !ex.Verdict.Served() || ex.Verdict.Err() != nil {
		t.Errorf("%+v", ex)
	}
	if did.Load() != 10 {
		t.Errorf("the backend did %d", did.Load())
	}
}

// A read whose answer is lost was answered from what the other effects of the request
// say; what they would do to the answer itself is lost with it.
func TestStaleReadsWhoseAnswerIsLost(t *testing.T) {
	var back time.Duration
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{
		{P: 1, Continue: true, Effect: effect(t, "stale by=30s")}, {P: 1, Continue: true, Effect: effect(t, "slow-body add=9s")},
		{P: 1, Continue: true, Effect: effect(t, "stale by=5s")}, {P: 1, Effect: effect(t, "lost-ack 500")}}})
	h := NewHandler(in, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { back, _ = AsOf(r.Context()) }), WithNow(func() time.Duration { return 0 }))
	ex := NewTransport(h).Exchange(request(t, "GET", "/b/k", ""))
	if back != 35*time.Second || ex.Delay != 0 || ex.Resp == nil || ex.Resp.StatusCode != 500 {
		t.Errorf("%v back, %+v", back, ex)
	}
}
