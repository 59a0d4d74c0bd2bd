package faults

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry/retryhttp"
)

// Headers are missing or others, on a socket and in process alike, whatever the
// backend answers; the body is its own.
func TestChangedHeaders(t *testing.T) {
	for name, backend := range handlers {
		if strings.HasPrefix(name, "abort") || name == "bad length" || name == "echo" {
			continue // broken by themselves, or telling of the connection
		}
		for _, text := range []string{"headers drop=Content-Type", "headers drop=Date,Etag,X-Absent set=Etag:odd", "headers drop=Content-Length", `headers set="Content-Type: a b" set=X-Late:2`} {
			in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
			h := NewHandler(in, backend)
			server := serveHandler(t, h)
			wire := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
			for _, method := range []string{"GET", "HEAD", "PUT"} {
				build := func() *http.Request {
					req, err := http.NewRequest(method, server.URL+"/b/k", nil)
					if err != nil {
						t.Fatal(err)
					}
					return req
				}
				want, got := observe(wire, build()), observe(NewTransport(h), build())
				plain := observe(NewTransport(backend), build())
				want.close, got.close = false, false
				want.header = strings.ReplaceAll(want.header, "Connection: close\r\n", "")
				if got != want || want.failed || want.body != plain.body && name != "too long" { // without its length all of it comes
					t.Errorf("%s, %s of %s:\n got %#v\nwant %#v", text, method, name, got, want)
				}
				e := in.Counts()[0]
				for _, line := range headerList(effect(t, text).Set) {
					if name == "not modified" && line[0] == "Content-Type" {
						continue // net/http's server takes it off
					}
					if !strings.Contains(want.header, line[0]+": "+line[1]) {
						t.Errorf("%s, %s of %s: %+v (%+v)", text, method, name, want, e)
					}
				}
				for _, gone := range strings.Split(effect(t, text).Drop, ",") {
					if gone != "" && gone != "Etag" && strings.Contains(want.header, gone+":") {
						t.Errorf("%s, %s of %s: %s is there", text, method, name, gone)
					}
				}
			}
		}
	}
}

// Statuses with headers and bodies of their own, and those of successes: the
// backend does nothing.
func TestStatusesWithHeadersAndBodies(t *testing.T) {
	for text, want := range map[string]struct {
		status             int
		kind, name, header string
		body               string
	}{
		"200":                               {status: 200},
		"204 header=X-A:1":                  {status: 204, name: "X-A", header: "1"},
		"304 header=Etag:x":                 {status: 304, name: "Etag", header: "x"},
		"307 header=Location:/elsewhere":    {status: 307, name: "Location", header: "/elsewhere"},
		`200 body="a b"`:                    {status: 200, kind: "text/plain; charset=utf-8", body: "a b"},
		`503 body=""`:                       {status: 503},
		"503 header=Content-Type:text/html": {503, "text/html", "X-Absent", "", `{"status":503,"error":"Service Unavailable"}` + "\n"},
		`502 header=Content-Type:text/html body="<html>ü</html>"`: {status: 502, kind: "text/html", body: "<html>ü</html>"},
	} {
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
		h := NewHandler(in, noBackend(t), WithNow(func() time.Duration { return 0 }))
		server := serveHandler(t, h)
		for where, rt := range map[string]http.RoundTripper{"socket": server.Client().Transport, "memory": NewTransport(h)} {
			for _, method := range []string{"GET", "HEAD", "PUT"} {
				req, err := http.NewRequest(method, server.URL+"/b/k", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := rt.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if method != "HEAD" && resp.Header.Get("Content-Type") != want.kind {
					t.Errorf("%s %s, %s: type %q, want %q", method, text, where, resp.Header.Get("Content-Type"), want.kind)
				}
				if err != nil || resp.StatusCode != want.status || want.name != "" && resp.Header.Get(want.name) != want.header || method == "GET" && string(body) != want.body {
					t.Errorf("%s %s, %s: %s %v %q %v", method, text, where, resp.Status, resp.Header, body, err)
				}
			}
		}
		v := in.Decide(0, Request{Op: "GetObject"})
		if v.Served() || !v.Effect().Answers() || (v.Err() == nil) != (want.status < 400) || v.Effect().HTTPStatus() != want.status {
			t.Errorf("%s: %+v, %v", text, v, v.Err())
		}
	}
}

// A Retry-After that is a date is counted from the answer's own Date, by the
// server's clock, whatever that says.
func TestRetryAfterDate(t *testing.T) {
	server := time.Date(2031, 2, 3, 4, 5, 6, 987654321, time.UTC)
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "SlowDown retry-after-date=90s")}}})
	h := NewHandler(in, noBackend(t), WithNow(func() time.Duration { return 0 }), WithDate(func() time.Time { return server }))
	socket := serveHandler(t, h)
	for _, rt := range []http.RoundTripper{socket.Client().Transport, NewTransport(h)} {
		req, err := http.NewRequest("GET", socket.URL+"/b/k", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Header.Get("Date") != "Mon, 03 Feb 2031 04:05:06 GMT" || resp.Header.Get("Retry-After") != "Mon, 03 Feb 2031 04:06:36 GMT" {
			t.Errorf("%v", resp.Header)
		}
		var e *retryhttp.StatusError
		if err := retryhttp.FromResponse(resp); !errors.As(err, &e) {
			t.Fatal(err)
		}
		if d, ok := e.RetryAfter(); !ok || d != 90*time.Second {
			t.Errorf("%v %v", d, ok)
		}
	}
	if CheckRefusal(effect(t, "503 retry-after-date=1s")) == nil || CheckRefusal(effect(t, "200")) == nil {
		t.Error("a backend without room cannot answer so")
	}
}

// A success that the backend did not give is not its content.
func TestStatusesThatAreNoErrorsLie(t *testing.T) {
	for text, lies := range map[string]bool{"200": true, `206 body="x"`: true, "307 header=Location:/x": true, "400": false, "lost-ack 500": false, "headers drop=Etag": false} {
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
		if v := in.Decide(0, Request{Op: "GetObject"}); v.Corrupts() != lies || lies && v.Err() != nil {
			t.Errorf("%s: %v, %v", text, v.Corrupts(), v.Err())
		}
	}
}
