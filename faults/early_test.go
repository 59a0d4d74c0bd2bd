package faults

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry/retryhttp"
)

// A request that is rejected early is answered before its body was sent, no 100
// comes where one is waited for, and the connection ends.
func TestRejectedEarly(t *testing.T) {
	for text, code := range map[string]string{"reject-early AccessDenied": "AccessDenied", "reject-early 503 after=0s": ""} {
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
		h := NewHandler(in, noBackend(t), WithNow(func() time.Duration { return 0 }))
		server := serveHandler(t, h)
		for _, expect := range []string{"", "Expect: 100-continue\r\n"} {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n%s\r\n", expect)
			resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: "PUT"})
			if err != nil {
				t.Fatalf("%s %q: %v", text, expect, err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != effect(t, text).HTTPStatus() || !resp.Close || !strings.Contains(string(body), code) {
				t.Errorf("%s %q: %s, close %v, %q, %v", text, expect, resp.Status, resp.Close, body, err)
			}
			conn.Close()
		}
		req := request(t, "PUT", "/b/k", "")
		body := NewContent("k", 1<<40)
		req.Body, req.ContentLength = body, body.Size()
		ex := NewTransport(h).Exchange(req)
		if ex.Resp == nil || !ex.Resp.Close || body.Len() != 1<<40 {
			t.Errorf("%s: %+v, %d bytes are unread", text, ex, body.Len())
		}
		v := in.Decide(0, Request{Op: "PutObject"})
		if got, want := factsOf(t, retryhttp.FromResponse(ex.Resp)), factsOf(t, v.Err()); got != want || v.Served() || !v.Effect().Answers() {
			t.Errorf("%s: the wire says %+v, the model %+v", text, got, want)
		}
		if v := in.Decide(0, Request{Op: "GetObject"}); v.Rule != -1 {
			t.Errorf("%+v", v)
		}
	}
}

// Clocks that are apart: the answer tells what the client said and what the server
// thinks, in its body and its Date.
func TestClockSkew(t *testing.T) {
	date := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	for text, want := range map[string][2]string{
		"clock-skew":        {"Tue, 04 Mar 2025 05:26:07 GMT", "2025-03-04T05:26:07Z"},
		"clock-skew by=-1h": {"Tue, 04 Mar 2025 04:06:07 GMT", "2025-03-04T04:06:07Z"},
	} {
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
		h := NewHandler(in, noBackend(t), WithNow(func() time.Duration { return 0 }), WithDate(func() time.Time { return date }))
		server := serveHandler(t, h)
		for _, rt := range []http.RoundTripper{server.Client().Transport, NewTransport(h)} {
			for said, header := range map[string]string{"20250304T050607Z": "X-Amz-Date", "Tue, 04 Mar 2025 05:06:00 GMT": "Date", "20250304T050608Z": ""} {
				req, err := http.NewRequest("GET", server.URL+"/b/k?X-Amz-Date="+said[:min(16, len(said))], nil)
				if header == "Date" {
					req, err = http.NewRequest("GET", server.URL+"/b/k", nil)
				}
				if err != nil {
					t.Fatal(err)
				}
				if header != "" {
					req.Header.Set(header, said)
				}
				resp, err := rt.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				for _, part := range []string{"<Code>RequestTimeTooSkewed</Code>", "<RequestTime>" + said + "</RequestTime>", "<ServerTime>" + want[1] + "</ServerTime>", "<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>"} {
					if !strings.Contains(string(body), part) {
						t.Errorf("%s: no %s in %s", text, part, body)
					}
				}
				if resp.StatusCode != 403 || resp.Header.Get("Date") != want[0] {
					t.Errorf("%s: %s, %v", text, resp.Status, resp.Header)
				}
			}
		}
	}
}
