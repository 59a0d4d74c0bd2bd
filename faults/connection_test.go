package faults

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
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
