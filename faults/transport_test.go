package faults

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTransportKeepsRequestAndHeaderApart(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Mine", "changed")
		r.URL.Path = "/changed"
		w.Header().Set("X-Mine", "mine")
	})
	req := request(t, "PUT", "/a", "body")
	before := req.Header.Clone()
	ex := NewTransport(h).Exchange(req)
	if req.URL.Path != "/a" || len(req.Header) != len(before) || ex.Resp.Request != req || ex.Resp.Header.Get("X-Mine") != "mine" {
		t.Errorf("%v %v", req, ex.Resp)
	}
}

// closer tells whether it was closed.
type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func TestTransportHoldsBodiesToTheirLength(t *testing.T) {
	drained := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(400)
		}
	})
	for _, c := range []struct {
		body   string
		length int64
		fails  bool
	}{{"12345", 5, false}, {"12345", 7, true}, {"12345", 3, true}} {
		body := &closer{Reader: strings.NewReader(c.body)}
		req := request(t, "PUT", "/a", "")
		req.Body, req.ContentLength = body, c.length
		ex := NewTransport(drained).Exchange(req)
		var bad *RequestError
		if errors.As(ex.Err, &bad) != c.fails || (ex.Err == nil) != !c.fails || !body.closed {
			t.Errorf("%+v: %v, closed %v", c, ex.Err, body.closed)
		}
	}
	broken := errors.New("disk on fire")
	req := request(t, "PUT", "/a", "")
	req.Body, req.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("1"), failing{broken})), 5
	if ex := NewTransport(drained).Exchange(req); !errors.Is(ex.Err, broken) {
		t.Errorf("%v", ex.Err)
	}
	for _, bad := range []*http.Request{{Method: "GET"}, {Method: "PUT", URL: request(t, "PUT", "/a", "").URL, ContentLength: 5}} {
		var e *RequestError
		if ex := NewTransport(drained).Exchange(bad); !errors.As(ex.Err, &e) {
			t.Errorf("%+v: %v", bad, ex.Err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestPanicsOfTheHandlerAreNoFaults(t *testing.T) {
	cause := errors.New("index out of range")
	for _, value := range []any{cause, "boom"} {
		ex := NewTransport(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "partial")
			panic(value)
		})).Exchange(request(t, "GET", "/", ""))
		var p *PanicError
		if !errors.As(ex.Err, &p) || p.Value != value || !strings.Contains(string(p.Stack), "transport_test") || ex.Resp != nil {
			t.Errorf("%v: %v", value, ex.Err)
		}
		if value == any(cause) && !errors.Is(ex.Err, cause) {
			t.Error("the cause is lost")
		}
	}
	ex := NewTransport(handlers["abort"]).Exchange(request(t, "GET", "/", ""))
	var broken *net.OpError
	if !errors.As(ex.Err, &broken) || !errors.Is(ex.Err, io.EOF) {
		t.Errorf("an aborted connection: %v", ex.Err)
	}
}

// manual is a clock that jumps.
type manual struct {
	now   time.Time
	slept []time.Duration
}

func (m *manual) Now() time.Time { return m.now }

func (m *manual) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.slept = append(m.slept, d)
	m.now = m.now.Add(d)
	return nil
}

func TestRoundTripTakesTheTime(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration
		err  bool
	}{
		{"latency add=2s", 2 * time.Second, false}, {"503", 0, false}, {"503 after=3s", 3 * time.Second, false},
		{"reset after=4s", 4 * time.Second, true}, {"outage", RefusedAfter, true},
	} {
		clock := &manual{now: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)}
		start := clock.now
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, c.text)}}})
		tr := NewTransport(NewHandler(in, http.NotFoundHandler(), WithClock(clock)), WithClock(clock))
		_, err := tr.RoundTrip(request(t, "GET", "/b/k", ""))
		if got := clock.now.Sub(start); got != c.want || (err != nil) != c.err {
			t.Errorf("%s: %v, %v", c.text, got, err)
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		gone := errors.New("gone")
		cancel(gone)
		if _, err := tr.RoundTrip(request(t, "GET", "/b/k", "").WithContext(ctx)); !errors.Is(err, gone) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "blackhole")}}})
	ctx, cancel := context.WithCancel(context.Background())
	hang := NewTransport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer cancel()
		NewHandler(in, noBackend(t)).ServeHTTP(w, r)
	}))
	if _, err := hang.RoundTrip(request(t, "PUT", "/b/k", "body").WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("a black hole: %v", err)
	}
}

func TestLatencyReachesTheBackendAndDelaysTheAnswer(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "latency add=exponential(mean=1s)")}}})
	tr := NewTransport(NewHandler(in, handlers["echo"], WithNow(func() time.Duration { return 0 })))
	for call := range uint64(5) {
		who := put("raw/1", call)
		req := request(t, "PUT", "/data/raw/1", "body")
		ex := tr.Exchange(req.WithContext(WithRequest(req.Context(), who)))
		want := in.Decide(0, who)
		if ex.Err != nil || ex.Resp.StatusCode != 200 || ex.Delay != want.Add || ex.Delay == 0 || ex.Fixed || !ex.Verdict.Served() {
			t.Errorf("%+v, want %v", ex, want.Add)
		}
	}
}

// A client that is still sending may lose its answer, so uploads are read
// before they are refused.
func TestUploadsAreReadBeforeTheyAreRefused(t *testing.T) {
	for _, text := range []string{"SlowDown", "503 after=1s", "blackhole"} {
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
		body := strings.NewReader(strings.Repeat("x", 100_000))
		NewTransport(NewHandler(in, noBackend(t))).Exchange(request(t, "PUT", "/b/k", "")) // without a body, too
		req := request(t, "PUT", "/b/k", "")
		req.Body, req.ContentLength = io.NopCloser(body), 100_000
		if ex := NewTransport(NewHandler(in, noBackend(t))).Exchange(req); body.Len() != 0 || ex.Err != nil {
			t.Errorf("%s: %d bytes are left, %v", text, body.Len(), ex.Err)
		}
		generated := request(t, "PUT", "/b/k", "")
		generated.Body, generated.ContentLength = NewContent("k", 1<<50), 1<<50 // dropped without being made
		if ex := NewTransport(NewHandler(in, noBackend(t))).Exchange(generated); ex.Err != nil {
			t.Errorf("%s: %v", text, ex.Err)
		}
	}
}

func TestBodyContent(t *testing.T) {
	for name, c := range map[string]struct {
		body   io.ReadCloser
		length int64
		read   int64
		want   bool
	}{
		"content":  {NewContent("k", 100), 100, 0, true},
		"short":    {NewContent("k", 100), 101, 0, false},
		"long":     {NewContent("k", 100), 99, 0, false},
		"unknown":  {NewContent("k", 100), -1, 0, false},
		"begun":    {NewContent("k", 100), 100, 1, false},
		"other":    {io.NopCloser(strings.NewReader("x")), 1, 0, false},
		"no body":  {http.NoBody, 0, 0, false},
		"all read": {NewContent("k", 100), 100, 100, false},
	} {
		req := request(t, "PUT", "/b/k", "")
		req.Body, req.ContentLength = c.body, c.length
		NewTransport(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			io.CopyN(io.Discard, r.Body, c.read)
			if got := BodyContent(r) != nil; got != c.want {
				t.Errorf("%s: %v", name, got)
			}
		})).Exchange(req)
	}
}

// Requests that do not say whose they are are numbered.
func TestNamelessRequestsMeetTheirOwnDraws(t *testing.T) {
	in := newInjector(t, 4, Phase{For: time.Second, Rules: []Rule{{P: 0.5, Effect: effect(t, "503")}}})
	tr := NewTransport(NewHandler(in, handlers["nothing"], WithNow(func() time.Duration { return 0 })))
	for call := range uint64(100) {
		ex := tr.Exchange(request(t, "GET", "/b/k", ""))
		want := in.Decide(0, Request{Op: "GetObject", Method: "GET", Key: "k", Call: call, Attempt: 1})
		if ex.Verdict.Rule != want.Rule {
			t.Fatalf("call %d: %+v", call, ex.Verdict)
		}
	}
}

func FuzzTransport(f *testing.F) {
	f.Add("PUT", "/b/k?x", "body", 3, 200, "5")
	f.Fuzz(func(t *testing.T, method, target, body string, cut, status int, length string) {
		req, err := http.NewRequest(method, "http://h/"+target, strings.NewReader(body))
		if err != nil {
			t.Skip()
		}
		ex := NewTransport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, io.LimitReader(r.Body, int64(cut)))
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			if status >= 100 && status <= 999 {
				w.WriteHeader(status)
			}
			io.WriteString(w, body)
		})).Exchange(req)
		if (ex.Resp == nil) == (ex.Err == nil) {
			t.Fatalf("%+v", ex)
		}
		if ex.Resp == nil {
			return
		}
		got, err := io.ReadAll(ex.Resp.Body)
		if err == nil && ex.Resp.ContentLength >= 0 && method != "HEAD" && int64(len(got)) != ex.Resp.ContentLength {
			t.Fatalf("%d bytes, announced %d", len(got), ex.Resp.ContentLength)
		}
		if method == "HEAD" && len(got) > 0 {
			t.Fatal("HEAD has a body")
		}
	})
}
