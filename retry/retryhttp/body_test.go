package retryhttp_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

func TestRequestBodies(t *testing.T) {
	for _, c := range []struct {
		name   string
		get    func() (io.ReadCloser, error)
		bodies []string
		closes int
	}{
		{"kept while sent", nil, []string{"hello", "hello", "hello"}, 1},
		{"GetBody", func() (io.ReadCloser, error) { return stream("again"), nil }, []string{"hello", "again", "again"}, 1},
	} {
		s := &script{steps: []step{answers(503, ""), fails(errReset), answers(200, "")}}
		r, _ := retrier(t, plain())
		src := stream("hello")
		req := request(t, "PUT", "http://x/", src)
		req.GetBody = c.get
		if _, err := retryhttp.New(s, r).RoundTrip(req); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if strings.Join(s.bodies, " ") != strings.Join(c.bodies, " ") || src.closes() != c.closes {
			t.Errorf("%s: sent %q, closed %d times", c.name, s.bodies, src.closes())
		}
	}
}

func TestGetBodyFails(t *testing.T) {
	s := &script{steps: []step{fails(errReset)}}
	r, _ := retrier(t, plain())
	req := request(t, "PUT", "http://x/", stream("x"))
	req.GetBody = func() (io.ReadCloser, error) { return nil, io.ErrClosedPipe }
	_, err := retryhttp.New(s, r).RoundTrip(req)
	var b *retryhttp.BodyError
	if !errors.Is(err, retry.NotIdempotent) || !errors.As(err, &b) || !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// A body that fails to read is no fault of the backend's, whatever its error.
func TestSourceFails(t *testing.T) {
	s := &script{steps: []step{answers(200, "")}}
	r, _ := retrier(t, plain())
	_, err := retryhttp.New(s, r).RoundTrip(request(t, "PUT", "http://x/", failing{io.ErrUnexpectedEOF}))
	if !errors.Is(err, retry.NotRetryable) || !errors.Is(err, io.ErrUnexpectedEOF) || s.attempts() != 0 {
		t.Error(err)
	}
}

func TestFullBody(t *testing.T) {
	for _, c := range []struct {
		name   string
		body   io.Reader
		length int64
		want   error
		whole  string
	}{
		{"whole", strings.NewReader("0123456789"), 10, nil, "0123456789"},
		{"of unknown length", strings.NewReader("0123456789"), -1, nil, "0123456789"},
		{"too long to read", strings.NewReader("0123456789abc"), 13, nil, "0123456789abc"},
		{"longer than it said", strings.NewReader("0123456789abc"), -1, nil, "0123456789abc"},
		{"broken off", strings.NewReader("01234"), 10, io.ErrUnexpectedEOF, ""},
		{"reset", io.MultiReader(strings.NewReader("01234"), failing{errReset}), -1, errReset, ""},
	} {
		r, _ := retrier(t, retry.None())
		tr := retryhttp.New(memory(func(*http.Request) (*http.Response, error) {
			resp := reply(200, "")
			resp.Body, resp.ContentLength = io.NopCloser(c.body), c.length
			return resp, nil
		}), r, retryhttp.WithFullBody(10))
		resp, err := tr.RoundTrip(request(t, "GET", "http://x/", nil))
		var cut *retryhttp.TruncatedError
		switch {
		case c.want != nil:
			if !errors.Is(err, c.want) || !errors.As(err, &cut) || cut.Got != 5 || !errors.Is(err, retry.Exhausted) || cut.Error() == "" {
				t.Errorf("%s: %v", c.name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		default:
			if got := text(t, resp); got != c.whole {
				t.Errorf("%s: %q", c.name, got)
			}
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	resp := reply(200, "")
	next := memory(func(*http.Request) (*http.Response, error) { return resp, nil })
	req := request(b, "GET", "http://x/", nil)
	req.Header.Set("Accept", "*/*")
	r := retry.Must(retry.New(retry.S3()))
	for name, tr := range map[string]http.RoundTripper{"bare": next, "retried": retryhttp.New(next, r)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tr.RoundTrip(req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
