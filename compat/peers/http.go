package peers

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// transports returns the libraries that retry HTTP, for GETs whose answer is 503
// n times before it is 200. The backend is in memory: what is measured is the
// library, and net/http's Client around it, which "net/http alone" is.
func transports(n failures) []Entry {
	run := func(f func(rt http.RoundTripper) (client, error)) func(b *testing.B) {
		return func(b *testing.B) {
			o := &op{failures: int(n)}
			get, err := f(&memory{o: o})
			if err != nil {
				b.Fatal(err)
			}
			measure(b, o, func() (int, error) { return get() })
		}
	}
	entries := []Entry{
		{"squall", run(squallHTTP)},
		{"failsafe-go v0.9.8 failsafehttp", run(failsafeHTTP)},
		{"go-retryablehttp v0.7.8", run(retryableHTTP)},
	}
	if n == succeed {
		entries = append(entries, Entry{"net/http alone", run(plainHTTP)})
	}
	return entries
}

// client makes one GET and returns what measure demands.
type client func() (int, error)

const target = "http://backend.test/"

// memory answers 503 for as long as its op fails.
type memory struct{ o *op }

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	resp := &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: req,
	}
	if _, err := m.o.call(); err != nil {
		resp.StatusCode = http.StatusServiceUnavailable
	}
	return resp, nil
}

var errStatus = errors.New("peers: not 200")

// answered reads an answer to its end.
func answered(resp *http.Response, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, errStatus
	}
	return 42, err
}

// getter is a client that makes a request anew for each call, as a service does.
func getter(c *http.Client) (client, error) {
	return func() (int, error) { return answered(c.Get(target)) }, nil
}

func plainHTTP(rt http.RoundTripper) (client, error) { return getter(&http.Client{Transport: rt}) }

func squallHTTP(rt http.RoundTripper) (client, error) {
	r, err := retry.New(retry.Policy{Attempts: attempts})
	if err != nil {
		return nil, err
	}
	return getter(&http.Client{Transport: retryhttp.New(rt, r)})
}

func failsafeHTTP(rt http.RoundTripper) (client, error) {
	policy := retrypolicy.NewBuilder[*http.Response]().WithMaxAttempts(attempts).
		HandleIf(func(resp *http.Response, err error) bool { return err != nil || resp.StatusCode >= 500 }).Build()
	return getter(&http.Client{Transport: failsafehttp.NewRoundTripper(rt, policy)})
}

func retryableHTTP(rt http.RoundTripper) (client, error) {
	c := retryablehttp.NewClient()
	c.HTTPClient, c.Logger, c.RetryMax = &http.Client{Transport: rt}, nil, attempts-1
	c.Backoff = func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 }
	return func() (int, error) { return answered(c.Get(target)) }, nil
}
