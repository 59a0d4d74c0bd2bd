package matrix

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
	"github.com/squall-sim/squall/faults/s3fake"
)

// The names that operations work on.
const (
	Bucket = "squall" // of S3, which is there
	Key    = "object" // of the object; for an HTTP service the path is "/object"
	// SourceKey is what CopyObject copies from.
	SourceKey = "object-source"
)

// objectSize is the size of the objects that are there from the start: longer
// than what net/http's server holds back, so that an answer is on its way before
// it ends.
const objectSize = 4096

// asker sends requests to a backend, past all faults.
type asker interface {
	// ask returns the answer with its whole body. The path begins with a slash.
	ask(r request) (reply, error)
}

// request is one request in plain data.
type request struct {
	method, path, query string
	header              http.Header
	body                []byte // nil: none
}

// reply is one answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// http makes the request that a client sends to a backend at base.
func (r request) http(ctx context.Context, base string) (*http.Request, error) {
	target := base + (&url.URL{Path: r.path}).EscapedPath()
	if r.query != "" {
		target += "?" + r.query
	}
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, err
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	return req, nil
}

// read reads an answer to its end.
func read(resp *http.Response) (reply, error) {
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	return reply{status: resp.StatusCode, header: resp.Header, body: body}, err
}

// bench is a backend of one cell's own, in process.
type bench struct {
	kind    Kind
	store   *s3fake.Server
	service *httpfake.Server
	direct  *faults.Transport
}

func newBench(kind Kind, c *clock) (*bench, error) {
	b := &bench{kind: kind}
	if kind == S3 {
		b.store = s3fake.New(s3fake.WithNow(c.Now))
		if err := b.store.CreateBucket(Bucket); err != nil {
			return nil, err
		}
	} else {
		b.service = httpfake.New(httpfake.WithSize(func(string) int64 { return objectSize }))
	}
	b.direct = faults.NewTransport(b.backend(), faults.WithDate(c.Now))
	return b, nil
}

func (b *bench) backend() http.Handler {
	if b.store != nil {
		return b.store
	}
	return b.service
}

// ask goes past the faults, and takes no time.
func (b *bench) ask(r request) (reply, error) {
	req, err := r.http(context.Background(), "http://squall.invalid")
	if err != nil {
		return reply{}, err
	}
	ex := b.direct.Exchange(req)
	if ex.Err != nil {
		return reply{}, ex.Err
	}
	return read(ex.Resp)
}

// serviceTime is how long the backend takes for a request, in virtual time.
const serviceTime = 10 * time.Millisecond

// transport is the way to the backend through the faults.
func (b *bench) transport(in *faults.Injector, c *clock) *faults.Transport {
	opts := []faults.Option{faults.WithClock(c)}
	if b.kind == HTTP {
		opts = append(opts, faults.PlainHTTP())
	}
	inner := faults.NewHandler(in, b.backend(), opts...)
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wire, ok := w.(faults.Wire); ok {
			wire.Delay(serviceTime)
		}
		inner.ServeHTTP(w, r)
	})
	return faults.NewTransport(slow, opts...)
}

// expect sends a request that has to succeed.
func expect(a asker, r request) (reply, error) {
	got, err := a.ask(r)
	if err == nil && got.status >= 300 {
		err = fmt.Errorf("%s %s was answered with %d", r.method, r.path, got.status)
	}
	if err != nil {
		return reply{}, fmt.Errorf("matrix: preparing the backend: %w", err)
	}
	return got, nil
}
