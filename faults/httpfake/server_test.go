package httpfake

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/squall-sim/squall/faults"
)

func sized(path string) int64 {
	switch path {
	case "/missing":
		return -1
	case "/big":
		return 100_000
	case "/empty":
		return 0
	}
	return 20
}

func send(t testing.TB, rt http.RoundTripper, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

// The service answers alike in process and over a socket.
func TestServer(t *testing.T) {
	content := func(path string, size int64) string {
		b, err := io.ReadAll(faults.NewContent(path, size))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	s := New(WithSize(sized))
	server := httptest.NewServer(s)
	defer server.Close()
	for name, rt := range map[string]http.RoundTripper{"in process": faults.NewTransport(s), "socket": server.Client().Transport} {
		for _, c := range []struct {
			method, path, body string
			header             []string
			status             int
			length             int64
			answer             string
		}{
			{"GET", "/a", "", nil, 200, 20, content("/a", 20)},
			{"GET", "/a?page=2", "", nil, 200, 20, content("/a", 20)},
			{"GET", "/b", "", nil, 200, 20, content("/b", 20)},
			{"GET", "/big", "", nil, 200, 100_000, content("/big", 100_000)},
			{"GET", "/empty", "", nil, 200, 0, ""},
			{"GET", "/a", "", []string{HeaderSize, "3"}, 200, 3, content("/a", 3)},
			{"GET", "/a", "", []string{HeaderSize, "-1"}, 400, 37, ""},
			{"GET", "/a", "", []string{HeaderSize, "9999999999999"}, 400, 37, ""},
			{"GET", "/a", "", []string{HeaderSize, "many"}, 400, 37, ""},
			{"GET", "/missing", "", nil, 404, 35, `{"status":404,"error":"Not Found"}` + "\n"},
			{"HEAD", "/a", "", nil, 200, 20, ""},
			{"HEAD", "/big", "", nil, 200, 100_000, ""},
			{"HEAD", "/missing", "", nil, 404, 35, ""},
			{"PUT", "/a", "text", nil, 204, 0, ""},
			{"POST", "/a", strings.Repeat("x", 100_000), nil, 201, 0, ""},
			{"PATCH", "/a", "text", nil, 200, 12, "{\"ok\":true}\n"},
			{"DELETE", "/a", "", nil, 204, 0, ""},
			{"DELETE", "/missing", "", nil, 404, 35, ""},
			{"OPTIONS", "/a", "", nil, 204, 0, ""},
			{"PROPFIND", "/a", "", nil, 405, 44, ""},
		} {
			resp, got := send(t, rt, c.method, server.URL+c.path, c.body, c.header...)
			if resp.StatusCode != c.status || resp.ContentLength != c.length || c.answer != "" && got != c.answer || c.method == "HEAD" && got != "" {
				t.Errorf("%s: %s %s: %d, %d bytes announced, %d sent", name, c.method, c.path, resp.StatusCode, resp.ContentLength, len(got))
			}
			if c.status == 405 || c.method == "OPTIONS" {
				if allow := resp.Header.Get("Allow"); allow != "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT" {
					t.Errorf("%s: Allow: %s", name, allow)
				}
			}
		}
	}
	if s.Requests("GET") != 20 || s.Requests("HEAD") != 6 || s.Requests("PROPFIND") != 0 || s.Total() != 38 {
		t.Errorf("%d GET, %d HEAD, %d in all", s.Requests("GET"), s.Requests("HEAD"), s.Total())
	}
}

type failing struct{ n int }

func (f *failing) Read(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, errors.New("broken")
	}
	return copy(p, "x"), nil
}

func TestHalfABodyIsRefused(t *testing.T) {
	req := httptest.NewRequest("PUT", "/a", &failing{3})
	rec := httptest.NewRecorder()
	New().ServeHTTP(rec, req)
	if rec.Code != 400 {
		t.Errorf("%d", rec.Code)
	}
}

func TestWithoutOptions(t *testing.T) {
	resp, _ := send(t, faults.NewTransport(New()), "GET", "http://api.test/a", "")
	if resp.ContentLength != 1<<10 {
		t.Errorf("%d", resp.ContentLength)
	}
}

// What is carried out is told, before the answer; reads and refusals are not.
func TestOnCommit(t *testing.T) {
	var got []faults.Request
	s := New(WithSize(sized), OnCommit(func(_ *http.Request, what faults.Request, _ bool) { got = append(got, what) }))
	rt := faults.NewTransport(s)
	for _, tt := range []struct {
		method, target string
		want           bool
	}{
		{"POST", "/a?b=c", true}, {"PUT", "/a", true}, {"PATCH", "/a", true}, {"DELETE", "/a", true},
		{"DELETE", "/missing", false}, {"GET", "/a", false}, {"HEAD", "/a", false}, {"OPTIONS", "/a", false}, {"PROPFIND", "/a", false},
	} {
		got = nil
		send(t, rt, tt.method, "http://web"+tt.target, "", faults.HeaderClient, "3", faults.HeaderCall, "5", faults.HeaderAttempt, "2")
		want := faults.Request{Op: tt.method, Method: tt.method, Key: tt.target, Client: 3, Call: 5, Attempt: 2}
		if tt.want != (len(got) == 1) || tt.want && got[0] != want {
			t.Errorf("%s %s: told %+v, want %+v: %v", tt.method, tt.target, got, want, tt.want)
		}
	}
	req, _ := http.NewRequest("POST", "http://web/a", io.NopCloser(&broken{}))
	req.ContentLength = 10
	got = nil
	if rt.Exchange(req); len(got) != 0 {
		t.Errorf("a request that broke off was told: %+v", got)
	}
}

// broken is a body that breaks off.
type broken struct{}

func (*broken) Read([]byte) (int, error) { return 0, errors.New("gone") }
