package s3fake

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
)

// client speaks to a server through the transport in process.
type client struct {
	t      testing.TB
	server *Server
	rt     http.RoundTripper
	base   string
}

var date = time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)

func newClient(t testing.TB, opts ...Option) *client {
	t.Helper()
	s := New(append([]Option{WithBuckets("data"), WithNow(func() time.Time { return date })}, opts...)...)
	return &client{t, s, faults.NewTransport(s, faults.WithDate(func() time.Time { return date })), "http://s3.test"}
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
	code   string // of an error
	text   string // its message
}

func (c *client) do(method, target, body string, header ...string) answer {
	c.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, c.base+target, r)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return c.send(req)
}

func (c *client) send(req *http.Request) answer {
	c.t.Helper()
	resp, err := c.rt.RoundTrip(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(got)}
	if a.status >= 400 && req.Method != http.MethodHead {
		var e struct {
			XMLName                                    xml.Name `xml:"Error"`
			Code, Message, Resource, RequestId, HostId string
		}
		if err := xml.Unmarshal(got, &e); err != nil {
			c.t.Fatalf("%s %s: %d without an error: %s", req.Method, req.URL, a.status, got)
		}
		if e.RequestId == "" || e.RequestId != resp.Header.Get("X-Amz-Request-Id") || e.HostId != resp.Header.Get("X-Amz-Id-2") || e.Resource != req.URL.Path {
			c.t.Errorf("%s %s: ids or resource of %s", req.Method, req.URL, got)
		}
		if resp.Header.Get("Content-Type") != "application/xml" {
			c.t.Errorf("%s %s: an error of type %s", req.Method, req.URL, resp.Header.Get("Content-Type"))
		}
		a.code, a.text = e.Code, e.Message
	}
	return a
}

// must is do for what has to go well.
func (c *client) must(method, target, body string, header ...string) answer {
	c.t.Helper()
	a := c.do(method, target, body, header...)
	if a.status >= 300 {
		c.t.Fatalf("%s %s: %d %s", method, target, a.status, a.body)
	}
	return a
}

// refused checks the error of a request and that the object is still there.
func (c *client) refused(status int, code, method, target, body string, header ...string) {
	c.t.Helper()
	a := c.do(method, target, body, header...)
	if a.status != status || method != http.MethodHead && a.code != code {
		c.t.Errorf("%s %s: %d %s (%s), want %d %s", method, target, a.status, a.code, a.text, status, code)
	}
}

func etagOf(body string) string {
	sum := md5.Sum([]byte(body))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// values reads all elements of a name out of XML.
func values(body, name string) (list []string) {
	for _, part := range strings.Split(body, "<"+name+">")[1:] {
		value, _, _ := strings.Cut(part, "</"+name+">")
		list = append(list, value)
	}
	return list
}
