package faults

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// bare is the error below an http.Client's own.
func bare(t *testing.T, err error) string {
	t.Helper()
	var outer *url.Error
	if !errors.As(err, &outer) {
		t.Fatalf("%v is not of an http.Client", err)
	}
	return outer.Err.Error()
}

// What a connection that breaks before the headers gives is what net/http's own
// transport says of a real one: to the letter, and through TLS, and after an
// upload that the server has read.
func TestBrokenAnswersOnRealSockets(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"http": plainly, "tls": overTLS, "http2": overHTTP2} {
		for _, c := range []struct {
			text, want string
			class, aws retry.Class
		}{
			{"close", "EOF", retry.Transient, retry.Transient},
			{"garbage", `net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x00\xff\xfe\x1b][garbage~\x7f"`, retry.Unknown, retry.Transient},
			{"half-headers", "net/http: HTTP/1.x transport connection broken: unexpected EOF", retry.Transient, retry.Transient},
		} {
			server, in := serve1(t, c.text, start)
			memory := &http.Client{Transport: NewTransport(NewHandler(in, noBackend(t)))}
			for _, method := range []string{"GET", "HEAD", "PUT"} {
				build := func() *http.Request {
					req, err := http.NewRequest(method, server.URL+"/b/k", nil)
					if method == "PUT" {
						req, err = http.NewRequest(method, server.URL+"/b/k", strings.NewReader(strings.Repeat("x", 4<<20)))
					}
					if err != nil {
						t.Fatal(err)
					}
					return req
				}
				_, err := server.Client().Do(build())
				if err == nil {
					t.Fatalf("%s %s %s: answered", name, method, c.text)
				}
				if name == "http2" {
					continue // its streams have errors of their own
				}
				_, inProcess := memory.Do(build())
				if got, also := bare(t, err), bare(t, inProcess); got != c.want || also != c.want {
					t.Errorf("%s %s %s: %s, in process %s", name, method, c.text, got, also)
				}
				for _, err := range []error{err, inProcess, in.Decide(0, Request{Op: method}).Err()} {
					if f := factsOf(t, err); f.class != c.class || f.aws != c.aws || f.eof != (c.text == "close") || f.half != (c.text == "half-headers") {
						t.Errorf("%s %s %s: %+v", name, method, c.text, f)
					}
				}
			}
		}
	}
}

// What comes over the connection is the fault's bytes and FIN, not RST: a read
// that ended in a reset would return its error.
func TestBrokenAnswersEndInFIN(t *testing.T) {
	for text, kind := range map[string]Kind{"close": Close, "garbage": Garbage, "half-headers": HalfHeaders} {
		server, _ := serve1(t, text, plainly)
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
		got, err := io.ReadAll(conn)
		if err != nil || string(got) != brokenBytes(kind) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
		conn.Close()
	}
}

// The connection breaks when its effect says, on the clock of the handler.
func TestBrokenAnswersTakeTheirTime(t *testing.T) {
	for _, text := range []string{"close after=4s", "garbage after=4s", "half-headers after=4s"} {
		clock := &held{wake: make(chan struct{}), asleep: make(chan struct{})}
		server, _ := serve1(t, text, plainly, WithClock(clock), WithNow(func() time.Duration { return 0 }))
		done := make(chan error, 1)
		go func() {
			_, err := server.Client().Get(server.URL + "/b/k")
			done <- err
		}()
		<-clock.asleep
		close(clock.wake)
		if err := <-done; err == nil || len(clock.asked) != 1 || clock.asked[0] != 4*time.Second {
			t.Errorf("%s: %v after %v", text, err, clock.asked)
		}
	}
}
