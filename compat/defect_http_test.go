package compat

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// answering is a transport that gives one answer to every request, or fails,
// and keeps the times and the bodies that it still waits for to be closed.
type answering struct {
	status  int
	headers string // "Name: value"
	err     error
	asked   []time.Time
	open    int
}

func (a *answering) RoundTrip(req *http.Request) (*http.Response, error) {
	a.asked = append(a.asked, time.Now())
	if a.err != nil {
		return nil, a.err
	}
	a.open++
	h := http.Header{}
	if name, value, ok := strings.Cut(a.headers, ": "); ok {
		h.Set(name, value)
	}
	return &http.Response{
		StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: req,
		Body: &closing{strings.NewReader("what happened"), a},
	}, nil
}

type closing struct {
	io.Reader
	a *answering
}

func (c *closing) Close() error { c.a.open--; return nil }

// first is the delay after the first attempt; 0 if there was only one.
func (a *answering) first() time.Duration {
	if len(a.asked) < 2 {
		return 0
	}
	return a.asked[1].Sub(a.asked[0])
}

// The clients that are compared: each makes three attempts.
func viaRetryable(rt http.RoundTripper) *http.Client {
	c := retryablehttp.NewClient()
	c.HTTPClient, c.Logger, c.RetryMax = &http.Client{Transport: rt}, nil, 2
	return c.StandardClient()
}

func viaFailsafe(rt http.RoundTripper) *http.Client {
	p := failsafehttp.NewRetryPolicyBuilder().WithMaxAttempts(3).Build()
	return &http.Client{Transport: failsafehttp.NewRoundTripper(rt, p)}
}

func viaSquall(rt http.RoundTripper) *http.Client {
	p := retry.API()
	p.Hint.Max = time.Minute
	return &http.Client{Transport: retryhttp.New(rt, retry.Must(retry.New(p)))}
}

// send makes one request over a, in a bubble, and closes what it returns. open
// is how many answers are not closed after that.
func send(t *testing.T, via func(http.RoundTripper) *http.Client, a *answering, method string) (err error, open int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		req, bad := http.NewRequestWithContext(t.Context(), method, "http://backend.test/", http.NoBody)
		if bad != nil {
			t.Fatal(bad)
		}
		var resp *http.Response
		if resp, err = via(a).Do(req); err == nil {
			resp.Body.Close()
		}
		open = a.open
	})
	return err, open
}

// A POST that the server may have carried out is sent again.
func TestDefect_retryablehttp_postIsRetried(t *testing.T) { postIsRetried(t, viaRetryable) }

// A POST that the server may have carried out is sent again.
func TestDefect_failsafehttp_postIsRetried(t *testing.T) { postIsRetried(t, viaFailsafe) }

func postIsRetried(t *testing.T, via func(http.RoundTripper) *http.Client) {
	theirs, ours := &answering{status: 502}, &answering{status: 502}
	send(t, via, theirs, http.MethodPost)
	if len(theirs.asked) != 3 {
		t.Errorf("did not reproduce: %d attempts", len(theirs.asked))
	}
	if send(t, viaSquall, ours, http.MethodPost); len(ours.asked) != 1 {
		t.Errorf("squall: %d attempts", len(ours.asked))
	}
}

// Retry-After goes past RetryWaitMax: an hour is slept.
func TestDefect_retryablehttp_retryAfterHasNoMaximum(t *testing.T) { hourIsSlept(t, viaRetryable) }

// Retry-After has no maximum: an hour is slept.
func TestDefect_failsafehttp_retryAfterHasNoMaximum(t *testing.T) { hourIsSlept(t, viaFailsafe) }

func hourIsSlept(t *testing.T, via func(http.RoundTripper) *http.Client) {
	theirs, ours := &answering{status: 503, headers: "Retry-After: 3600"}, &answering{status: 503, headers: "Retry-After: 3600"}
	if send(t, via, theirs, http.MethodGet); theirs.first() != time.Hour {
		t.Errorf("did not reproduce: the delay is %v", theirs.first())
	}
	if send(t, viaSquall, ours, http.MethodGet); len(ours.asked) != 1 {
		t.Errorf("squall: %d attempts, the first delay is %v", len(ours.asked), ours.first())
	}
}

// A date, and seconds with a fraction, are no Retry-After: the client comes back
// at once.
func TestDefect_failsafehttp_datesAndFractionsIgnored(t *testing.T) {
	date := "Sat, 01 Jan 2000 00:00:30 GMT" // every bubble begins 30 s before
	for header, want := range map[string]time.Duration{"Retry-After: " + date: 30 * time.Second, "Retry-After: 2.5": 2500 * time.Millisecond} {
		theirs, ours := &answering{status: 503, headers: header}, &answering{status: 503, headers: header}
		if send(t, viaFailsafe, theirs, http.MethodGet); theirs.first() >= time.Second {
			t.Errorf("did not reproduce: %q makes a delay of %v", header, theirs.first())
		}
		if send(t, viaSquall, ours, http.MethodGet); ours.first() < want {
			t.Errorf("squall: %q makes a delay of %v", header, ours.first())
		}
	}
}

// Seconds with a fraction are no Retry-After.
func TestDefect_retryablehttp_fractionsIgnored(t *testing.T) {
	theirs, ours := &answering{status: 503, headers: "Retry-After: 2.5"}, &answering{status: 503, headers: "Retry-After: 2.5"}
	if send(t, viaRetryable, theirs, http.MethodGet); theirs.first() != time.Second {
		t.Errorf("did not reproduce: the delay is %v", theirs.first())
	}
	if send(t, viaSquall, ours, http.MethodGet); ours.first() < 2500*time.Millisecond {
		t.Errorf("squall: the delay is %v", ours.first())
	}
}

// Answers that are retried are never closed, and their connections are lost.
func TestDefect_failsafehttp_answersAreNotClosed(t *testing.T) {
	if _, open := send(t, viaFailsafe, &answering{status: 503}, http.MethodGet); open < 2 {
		t.Errorf("did not reproduce: %d answers are open", open)
	}
	if _, open := send(t, viaSquall, &answering{status: 503}, http.MethodGet); open != 0 {
		t.Errorf("squall: %d answers are open", open)
	}
}

// In the end the last answer is thrown away for an error that does not have it.
func TestDefect_retryablehttp_discardsTheLastAnswer(t *testing.T) {
	err, _ := send(t, viaRetryable, &answering{status: 503}, http.MethodGet)
	if err == nil || strings.Contains(err.Error(), "503") {
		t.Errorf("did not reproduce: %v", err)
	}
	if err, _ = send(t, viaSquall, &answering{status: 503}, http.MethodGet); err != nil {
		t.Errorf("squall: %v", err)
	}
}

// Sleeps to the deadline, and the last error is lost.
func TestDefect_retryablehttp_losesLastErrorAtDeadline(t *testing.T) {
	sleptToDeadline(t, underDeadline(t, func(ctx context.Context) error {
		c := retryablehttp.NewClient()
		c.HTTPClient, c.Logger = &http.Client{Transport: &answering{err: errDown}}, nil
		c.Backoff = func(time.Duration, time.Duration, int, *http.Response) time.Duration { return long }
		req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, "http://backend.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(req)
		return err
	}), false)
}

// There is no jitter: clients that failed together come back together.
func TestDefect_retryablehttp_noJitter(t *testing.T) {
	c := retryablehttp.NewClient()
	for n := range 10 {
		first := c.Backoff(c.RetryWaitMin, c.RetryWaitMax, n, nil)
		for range 100 {
			if d := c.Backoff(c.RetryWaitMin, c.RetryWaitMax, n, nil); d != first {
				t.Fatalf("did not reproduce: %v and %v", first, d)
			}
		}
	}
	spreadsAtTheCap(t, retry.Jitter{Kind: retry.JitterFull})
}

// All of a body that streams is read into memory before it is sent.
func TestDefect_retryablehttp_buffersTheWholeBody(t *testing.T) { buffersAll(t, viaRetryable) }

// All of a body that streams is read into memory before it is sent.
func TestDefect_failsafehttp_buffersTheWholeBody(t *testing.T) { buffersAll(t, viaFailsafe) }

// buffersAll sends a body whose end can only come once the server has asked: a
// client that wants all of it before it sends anything gets the error.
func buffersAll(t *testing.T, via func(http.RoundTripper) *http.Client) {
	for _, c := range []struct {
		name   string
		via    func(http.RoundTripper) *http.Client
		readBy string
	}{{"theirs", via, "the client"}, {"squall", viaSquall, "the server"}} {
		body := &watched{}
		server := roundTripper(func(req *http.Request) (*http.Response, error) {
			body.server = true
			io.Copy(io.Discard, req.Body)
			req.Body.Close()
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
		})
		req, err := http.NewRequest(http.MethodPut, "http://backend.test/", body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.via(server).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if body.readBy != c.readBy {
			t.Errorf("%s: the body was read by %s first", c.name, body.readBy)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// watched is a body that tells who read it first.
type watched struct {
	server bool // the request has got to the server
	readBy string
}

func (w *watched) Read([]byte) (int, error) {
	if w.readBy == "" {
		w.readBy = map[bool]string{true: "the server", false: "the client"}[w.server]
	}
	return 0, io.EOF
}
