package httpfake

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/squall-sim/squall/faults"
)

func routed(t testing.TB, opts []Option, list ...Route) *Server {
	t.Helper()
	routes, err := NewRoutes(list...)
	if err != nil {
		t.Fatal(err)
	}
	return New(append(opts, WithRoutes(routes))...)
}

func TestRoutes(t *testing.T) {
	s := routed(t, []Option{WithSize(sized)},
		Route{Path: "/api/*/orders", Method: "POST", Status: 202, Body: `{"id":1}`, Header: http.Header{"location": {"/api/1"}}},
		Route{Path: "/api/**", Method: "GET", Size: 5},
		Route{Path: "/api/**", Method: "DELETE", Body: "gone"},
		Route{Path: "/teapot", Status: 418},
		Route{Path: "/busy", Status: 503, Header: http.Header{"Retry-After": {"3"}}},
		Route{Path: "/page", Status: 500, Body: "<html>", Header: http.Header{"Content-Type": {"text/html"}}},
		Route{Path: "/{a,b}", Status: 204},
		Route{Path: "/empty", Size: -1},
		Route{Path: "/typed", Header: http.Header{"X-A": {"1", "2"}}},
		Route{Path: "/preflight", Method: "OPTIONS", Header: http.Header{"X-A": {"1"}}},
	)
	server := httptest.NewServer(s)
	defer server.Close()
	for name, rt := range map[string]http.RoundTripper{"in process": faults.NewTransport(s), "socket": server.Client().Transport} {
		for _, c := range []struct {
			method, path string
			header       []string
			status       int
			length       int64
			answer       string
			sent         []string
		}{
			{"POST", "/api/v1/orders", nil, 202, 8, `{"id":1}`, []string{"Location", "/api/1", "Content-Type", "application/json"}},
			{"POST", "/api/v1/orders?x=/y", nil, 202, 8, `{"id":1}`, nil},
			{"GET", "/api/v1/orders", []string{HeaderSize, "9"}, 200, 5, "", []string{"Content-Type", "application/octet-stream"}},
			{"HEAD", "/api/v1/orders", nil, 200, 5, "", nil},
			{"PUT", "/api/v1/orders", nil, 204, 0, "", nil}, // no route: as without any
			{"DELETE", "/api/x", nil, 200, 4, "gone", []string{"Content-Type", "text/plain; charset=utf-8"}},
			{"GET", "/teapot", nil, 418, 38, `{"status":418,"error":"I'm a teapot"}` + "\n", []string{"Content-Type", "application/json"}},
			{"PUT", "/teapot", nil, 418, 38, "", nil},
			{"POST", "/busy", nil, 503, -2, "", []string{"Retry-After", "3"}},
			{"GET", "/page", nil, 500, 6, "<html>", []string{"Content-Type", "text/html"}},
			{"GET", "/a", nil, 204, 0, "", nil},
			{"PATCH", "/b", nil, 204, 0, "", nil},
			{"GET", "/c", nil, 200, 20, "", nil},
			{"GET", "/empty", nil, 200, 0, "", nil},
			{"POST", "/empty", nil, 201, 0, "", nil},
			{"GET", "/typed", []string{HeaderSize, "7"}, 200, 7, "", []string{"X-A", "1"}},
			{"POST", "/typed", nil, 201, 0, "", []string{"X-A", "1", "Location", "/typed"}},
			{"OPTIONS", "/typed", nil, 204, 0, "", []string{"X-A", ""}},
			{"OPTIONS", "/preflight", nil, 204, 0, "", []string{"X-A", "1"}},
			{"GET", "/missing", nil, 404, 35, "", nil},
		} {
			resp, got := send(t, rt, c.method, server.URL+c.path, "", c.header...)
			if resp.StatusCode != c.status || c.length > -2 && resp.ContentLength != c.length || c.answer != "" && got != c.answer || c.method == "HEAD" && got != "" {
				t.Errorf("%s: %s %s: %d, %d bytes announced: %q", name, c.method, c.path, resp.StatusCode, resp.ContentLength, got)
			}
			for i := 0; i < len(c.sent); i += 2 {
				if got := resp.Header.Get(c.sent[i]); got != c.sent[i+1] {
					t.Errorf("%s: %s %s: %s is %q", name, c.method, c.path, c.sent[i], got)
				}
			}
		}
	}
}

// What a client in process makes of a route that refuses is what Refusal says.
func TestRefusal(t *testing.T) {
	s := routed(t, nil, Route{Path: "/busy", Status: 503, Header: http.Header{"Retry-After": {"3"}}}, Route{Path: "/page", Status: 500, Body: "text"}, Route{Path: "/fine"})
	rt := faults.NewTransport(s)
	for i, path := range []string{"/busy", "/page", "/fine"} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			resp, body := send(t, rt, method, "http://api.test"+path, "")
			want := s.routes.Refusal(i, method)
			if want == nil {
				if path != "/fine" {
					t.Errorf("%s %s: no refusal", method, path)
				}
				continue
			}
			text, err := io.ReadAll(want.Body)
			if err != nil || want.StatusCode != resp.StatusCode || string(text) != body || want.Header.Get("Retry-After") != resp.Header.Get("Retry-After") || want.Header.Get("Content-Type") != resp.Header.Get("Content-Type") && method != "HEAD" {
				t.Errorf("%s %s: %+v %q, want %+v %q", method, path, resp, body, want, text)
			}
			if n, ok := s.routes.Length(i, method); !ok || n != int64(len(body)) {
				t.Errorf("%s %s: length %d", method, path, n)
			}
		}
	}
}

// Nobody waits for the body of an answer that has none.
func TestLengthOfAnswersWithoutBody(t *testing.T) {
	s := routed(t, nil, Route{Path: "/none", Status: 204}, Route{Path: "/same", Status: 304}, Route{Path: "/fine", Status: 200})
	for i, want := range []bool{true, true, false} {
		if n, ok := s.routes.Length(i, "GET"); ok != want || n != 0 {
			t.Errorf("route %d: length %d, %v", i, n, ok)
		}
	}
}

func TestEcho(t *testing.T) {
	s := routed(t, nil, Route{Path: "/echo/**", Echo: true, Header: http.Header{"X-A": {"1"}}})
	rt := faults.NewTransport(s)
	for _, body := range []string{"", "text é", "\xff\x00"} {
		resp, got := send(t, rt, "POST", "http://api.test/echo/a%20b?x=1&y", body, "X-Mine", "2")
		var e Echo
		if err := json.Unmarshal([]byte(got), &e); err != nil || resp.StatusCode != 201 || resp.Header.Get("X-A") != "1" {
			t.Fatalf("%v: %d %s", err, resp.StatusCode, got)
		}
		if e.Method != "POST" || e.Target != "/echo/a%20b?x=1&y" || e.Headers["X-Mine"][0] != "2" || e.Length != len(body) || e.Host != "api.test" {
			t.Errorf("%s", got)
		}
		if body != "\xff\x00" && e.Body != body || body == "\xff\x00" && e.Base64 != "/wA=" {
			t.Errorf("%q: %s", body, got)
		}
	}
	if resp, got := send(t, rt, "GET", "http://api.test/echo/x", ""); resp.StatusCode != 200 || !strings.Contains(got, `"target":"/echo/x"`) {
		t.Errorf("%d %s", resp.StatusCode, got)
	}
	if resp, _ := send(t, rt, "PUT", "http://api.test/echo/x", strings.Repeat("x", MaxBody+1)); resp.StatusCode != 413 {
		t.Errorf("%d", resp.StatusCode)
	}
	if resp, _ := send(t, rt, "PUT", "http://api.test/echo/x", strings.Repeat("x", MaxBody)); resp.StatusCode != 200 {
		t.Errorf("%d", resp.StatusCode)
	}
}

func TestRouteMistakes(t *testing.T) {
	for field, r := range map[string]Route{
		"path": {Path: "/[a"}, "method": {Method: "get"}, "status": {Status: 199}, "size": {Size: 1, Body: "x"}, "body": {Status: 204, Body: "x"},
		"headers": {Header: http.Header{"content-length": {"3"}}}, "echo": {Echo: true, Size: -1},
	} {
		_, err := NewRoutes(Route{}, r)
		var e *RouteError
		if !errors.As(err, &e) || e.Route != 1 || e.Mistakes[0].Field != field || e.Mistakes[0].Hint == "" || !strings.HasPrefix(err.Error(), "httpfake: route 1: "+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	bad := Route{Path: "api", Status: 600, Size: MaxSize + 1, Body: strings.Repeat("x", MaxBody+1), Header: http.Header{"a b": {""}, "X": {"\r\n"}}}
	if n := len(bad.Mistakes()); n != 7 {
		t.Errorf("%d mistakes: %v", n, bad.Mistakes())
	}
	if i := (*Routes)(nil).Find("GET", "/"); i != -1 {
		t.Errorf("no routes: %d", i)
	}
}

func TestIdempotencyKeys(t *testing.T) {
	var commits, repeated int
	count := func(_ *http.Request, _ faults.Request, again bool) {
		commits++
		if again {
			repeated++
		}
	}
	s := routed(t, []Option{OnCommit(count)},
		Route{Path: "/busy", Status: 503}, Route{Path: "/echo", Echo: true})
	rt := faults.NewTransport(s)
	post := func(path, body string, key ...string) (*http.Response, string) {
		t.Helper()
		return send(t, rt, "POST", "http://api.test"+path, body, key...)
	}
	one, text := post("/echo", "a", HeaderIdempotencyKey, `"k1"`)
	again, same := post("/echo", "a", HeaderIdempotencyKey, "k1")
	if one.StatusCode != 201 || again.StatusCode != 201 || text != same || one.Header.Get(HeaderReplayed) != "" || again.Header.Get(HeaderReplayed) != "true" {
		t.Errorf("%v %q, again %v %q", one, text, again, same)
	}
	for _, r := range [][2]string{{"/echo", "b"}, {"/other", "a"}, {"/echo?x", "a"}} {
		if resp, _ := post(r[0], r[1], HeaderIdempotencyKey, "k1"); resp.StatusCode != 422 {
			t.Errorf("%v: %d", r, resp.StatusCode)
		}
	}
	for range 2 {
		if resp, _ := post("/busy", "", HeaderIdempotencyKey, "k2"); resp.StatusCode != 503 || resp.Header.Get(HeaderReplayed) != "" {
			t.Errorf("%v", resp)
		}
	}
	post("/a", "")
	post("/a", "")
	post("/busy", "")
	send(t, rt, "GET", "http://api.test/a", "", HeaderIdempotencyKey, "k1") // reads need none
	for _, key := range []string{"", `"`, `"k`, strings.Repeat("k", 256)} {
		if resp, _ := post("/a", "", HeaderIdempotencyKey, key); resp.StatusCode != 400 {
			t.Errorf("%q: %d", key, resp.StatusCode)
		}
	}
	if got, want := s.Executions(), (Executions{Keyed: 1, Unkeyed: 2, Replayed: 1, Mismatched: 3}); got != want || commits != 4 || repeated != 1 {
		t.Errorf("%+v, want %+v; %d commits, %d again", got, want, commits, repeated)
	}
}

func TestIdempotencyKeysAreBounded(t *testing.T) {
	var k keys
	for i := range maxKeys + 10 {
		k.once("POST", incoming{key: strconv.Itoa(i)}, func() answer { return plain(201) })
	}
	if len(k.known) != maxKeys || len(k.order) != maxKeys {
		t.Errorf("%d keys, %d in order", len(k.known), len(k.order))
	}
	big := make([]byte, maxKeyMem/4)
	for i := range 6 {
		k.once("POST", incoming{key: string(rune('a' + i))}, func() answer { return plain(200).text("x", big) })
	}
	if k.memory > maxKeyMem || len(k.known) < 4 {
		t.Errorf("%d bytes, %d keys", k.memory, len(k.known))
	}
}

// Of many requests with one key at once, one is carried out.
func TestOneKeyAtOnce(t *testing.T) {
	s := New()
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			req := httptest.NewRequest("POST", "/a", strings.NewReader("x"))
			req.Header.Set(HeaderIdempotencyKey, "k")
			rec := httptest.NewRecorder()
			s.ServeHTTP(rec, req)
			if rec.Code != 201 {
				t.Errorf("%d", rec.Code)
			}
		})
	}
	group.Wait()
	if got := s.Executions(); got != (Executions{Keyed: 1, Replayed: 31}) {
		t.Errorf("%+v", got)
	}
}

// Content of any size is told from other content without being read.
func TestIdempotencyKeysOfGeneratedContent(t *testing.T) {
	rt := faults.NewTransport(New())
	post := func(name string, size int64) *http.Response {
		req, err := http.NewRequest("POST", "http://api.test/orders", faults.NewContent(name, size))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = size
		req.Header.Set(HeaderIdempotencyKey, "k")
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	const huge = 3 << 40 // 3 TiB
	if resp := post("a", huge); resp.StatusCode != 201 || resp.Header.Get(HeaderReplayed) != "" {
		t.Errorf("%+v", resp)
	}
	if resp := post("a", huge); resp.StatusCode != 201 || resp.Header.Get(HeaderReplayed) != "true" {
		t.Errorf("%+v", resp)
	}
	for _, resp := range []*http.Response{post("b", huge), post("a", huge-1)} {
		if resp.StatusCode != 422 {
			t.Errorf("%+v", resp)
		}
	}
}
