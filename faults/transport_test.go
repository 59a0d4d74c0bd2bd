package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// handlers are ways to answer, good and bad.
var handlers = map[string]http.HandlerFunc{
	"nothing":        func(http.ResponseWriter, *http.Request) {},
	"text":           func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") },
	"html":           func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>hello</html>") },
	"status only":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
	"strange status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(599) },
	"no content": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/x")
		w.WriteHeader(204)
		w.Write([]byte("x"))
	},
	"not modified": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", `"x"`)
		w.Header().Set("Content-Type", "text/x")
		w.WriteHeader(304)
	},
	"late header": func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("x"))
		w.Header().Set("X-Late", "1")
		w.Header().Set("Content-Type", "text/late")
	},
	"two statuses": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); w.WriteHeader(200) },
	"early hints":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(201) },
	"length": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5")
		io.WriteString(w, "hello")
	},
	"too long": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5")
		io.WriteString(w, "hello")
		io.WriteString(w, " world")
	},
	"too short": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "hello")
	},
	"bad length": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "many")
		io.WriteString(w, "hello")
	},
	"big":        func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 10_000)) },
	"2048 bytes": func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 2048)) },
	"2049 bytes": func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 2049)) },
	"flushed":    func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a"); flush(w); io.WriteString(w, "b") },
	"abort":      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"abort late": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a"); panic(http.ErrAbortHandler) },
	"abort after all": func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "a")
		flush(w)
		panic(http.ErrAbortHandler)
	},
	"no date": func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		io.WriteString(w, "x")
	},
	"close": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") },
	"encoded": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "x")
		io.WriteString(w, "<html>")
	},
	"echo": func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %q %q %d %v %q %v", r.Method, r.RequestURI, r.URL, r.Host, r.Proto, r.ContentLength, r.TransferEncoding, body, err)
		w.Header().Set("X-Url", fmt.Sprint(r.URL.Scheme, r.URL.Host, r.URL.Path, r.URL.RawPath, r.URL.RawQuery))
		names := []string{}
		for name := range r.Header {
			if name != "User-Agent" && name != "Accept-Encoding" { // net/http's client adds them
				names = append(names, name+"="+strings.Join(r.Header[name], ","))
			}
		}
		slices.Sort(names)
		fmt.Fprint(w, names)
	},
	"echo unread": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.ContentLength) },
}

// content writes generated content.
func content(w http.ResponseWriter, kind, length string, n int64) {
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	if length != "" {
		w.Header().Set("Content-Length", length)
	}
	WriteContent(w, NewContent("x", n))
}

func flush(w http.ResponseWriter) { http.NewResponseController(w).Flush() }

// outcome is what a client sees.
type outcome struct {
	failed   bool
	status   string
	header   string
	length   int64
	encoding string
	body     string
	broken   string
	close    bool
}

func observe(rt http.RoundTripper, req *http.Request) (o outcome) {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return outcome{failed: true}
	}
	defer resp.Body.Close()
	if date := resp.Header.Get("Date"); date != "" {
		resp.Header.Set("Date", "set")
	}
	var header bytes.Buffer
	resp.Header.Write(&header)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		o.broken = err.Error()
	}
	o.status, o.header, o.length, o.body, o.close = resp.Status, header.String(), resp.ContentLength, string(body), resp.Close
	o.encoding = strings.Join(resp.TransferEncoding, ",")
	return o
}

// Through a Transport a client sees what it sees over a socket, and a handler
// too: net/http's own server and client are the judges.
func TestTransportIsAConnection(t *testing.T) {
	bodies := map[string]func() io.Reader{
		"none":    func() io.Reader { return nil },
		"NoBody":  func() io.Reader { return http.NoBody },
		"text":    func() io.Reader { return strings.NewReader("some text") },
		"unknown": func() io.Reader { return struct{ io.Reader }{strings.NewReader("some text")} },
	}
	for name, h := range handlers {
		server := httptest.NewUnstartedServer(h)
		server.Config.ErrorLog = nil
		server.Config.ErrorLog = quietLog()
		server.Start()
		wire := &http.Transport{DisableCompression: true, DisableKeepAlives: false}
		for _, method := range []string{"GET", "HEAD", "PUT", "POST", "DELETE"} {
			if name == "bad length" && method == "HEAD" {
				continue // net/http's server sends what its client then refuses
			}
			for kind, body := range bodies {
				for _, target := range []string{"/a%2Fb/c d?q=1&r=%20", ""} {
					build := func() *http.Request {
						req, err := http.NewRequest(method, server.URL+strings.ReplaceAll(target, " ", "%20"), body())
						if err != nil {
							t.Fatal(err)
						}
						req.Header.Set("X-Test", "1")
						req.Header.Set("Content-Length", "77") // not this header's to say
						return req
					}
					wire.CloseIdleConnections() // or a bad answer spoils the next request
					want, got := observe(wire, build()), observe(NewTransport(h), build())
					if got != want {
						t.Errorf("%s: %s %q with body %s:\n got %+v\nwant %+v", name, method, target, kind, got, want)
					}
				}
			}
		}
		wire.CloseIdleConnections()
		server.Close()
	}
}

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
