package fleet

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
	"github.com/squall-sim/squall/faults/s3fake"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// httpWire sends each attempt as a real request through the fault handler into
// the fake backend, in process, and judges the real response.
type httpWire struct {
	run       *run
	transport *faults.Transport
	store     *s3fake.Server // nil for a plain HTTP backend
	commits   uint64         // changes that the backend made for the request under way
}

func newHTTPWire(r *run) (wire, error) {
	w := &httpWire{run: r}
	now := func() time.Time { return epoch.Add(r.loop.Now()) }
	opts := []faults.Option{faults.WithNow(r.loop.Now), faults.WithDate(now), faults.WithLimiter(r.limiter, nil, nil)}
	var backend http.Handler
	if r.cfg.Backend.Kind == S3 {
		store := s3fake.New(s3fake.WithNow(now), s3fake.QuickETags(), s3fake.OnCommit(w.committed), s3fake.WithHistory(r.cfg.Plan.History()))
		if err := store.CreateBucket(r.cfg.Backend.Bucket); err != nil {
			return nil, fmt.Errorf("fleet: bucket %s: %w", r.cfg.Backend.Bucket, err)
		}
		w.store, backend = store, store
	} else {
		backend = httpfake.New(httpfake.WithRoutes(r.routing.table), httpfake.OnCommit(w.committed))
		opts = append(opts, faults.PlainHTTP())
	}
	w.transport = faults.NewTransport(faults.NewHandler(r.injector, w.withRoom(backend), opts...), faults.WithDate(now))
	return w, nil
}

// committed is told of every change that the backend makes.
func (w *httpWire) committed(_ *http.Request, _ faults.Request, again bool) {
	if !again {
		w.commits++
	}
}

// withRoom keeps from the backend what it has no room for, so that it does not
// change anything.
func (w *httpWire) withRoom(backend http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if w.run.hasRoom() {
			backend.ServeHTTP(rw, req)
			return
		}
		who, _ := faults.RequestFrom(req.Context())
		w.run.full.Write(rw, req, who)
	})
}

// send makes the request and reads the response to its end, as a client does.
func (w *httpWire) send(c *call, who faults.Request) answer {
	req, err := w.request(c, who)
	if err != nil {
		w.run.err = fmt.Errorf("fleet: %s %s: %w", who.Op, who.Key, err)
		return answer{hang: true}
	}
	w.commits = 0
	ex := w.transport.Exchange(req)
	a := verdictAnswer(who, ex.Verdict)
	a.commits = w.commits
	if a.hang {
		return a
	}
	a.err = w.receive(ex, who.Method)
	return a
}

// receive turns what came back into the client's error, nil for success.
func (w *httpWire) receive(ex faults.Exchange, method string) error {
	if ex.Err != nil {
		return &url.Error{Op: method, URL: "", Err: ex.Err} // as an http.Client has it, but for the URL
	}
	refused := retryhttp.FromResponse
	if w.store != nil {
		refused = retryhttp.FromS3Response
	}
	if err := refused(ex.Resp); err != nil {
		return err
	}
	defer ex.Resp.Body.Close()
	if n, err := io.Copy(io.Discard, ex.Resp.Body); err != nil {
		return &retryhttp.TruncatedError{Status: ex.Resp.StatusCode, Got: n, Want: ex.Resp.ContentLength, Err: err}
	}
	return nil
}

func (w *httpWire) request(c *call, who faults.Request) (*http.Request, error) {
	u := &url.URL{Scheme: "http", Host: "squall.invalid"}
	var err error
	if w.store != nil {
		err = w.s3Target(u, c, who)
	} else {
		err = plainTarget(u, who)
	}
	if err != nil {
		return nil, err
	}
	req := &http.Request{
		Method: who.Method, URL: u, Host: u.Host, Header: w.run.header(c, &who),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if who.Op != "CopyObject" && (who.Method == http.MethodPut || who.Method == http.MethodPost || who.Method == http.MethodPatch) && c.size > 0 {
		req.ContentLength = c.size
		req.Body = s3fake.Body(who.Key, c.size)
	}
	return req.WithContext(faults.WithRequest(context.Background(), who)), nil
}

// s3Target sets the path-style URL. A read finds its object: it is there
// before the request is sent, put there without the wire.
func (w *httpWire) s3Target(u *url.URL, c *call, who faults.Request) error {
	u.Path = "/" + who.Bucket
	switch who.Op {
	case "ListBuckets":
		u.Path = "/"
		return nil
	case "HeadBucket":
		return nil
	case "ListObjects":
		u.RawQuery = url.Values{"prefix": {who.Key}}.Encode()
		return nil
	case "ListObjectsV2":
		u.RawQuery = url.Values{"list-type": {"2"}, "prefix": {who.Key}}.Encode()
		return nil
	}
	u.Path += "/" + who.Key
	switch who.Op {
	case "GetObject", "HeadObject":
		return w.store.Ensure(who.Bucket, who.Key, c.size)
	case "CopyObject":
		return w.store.Ensure(who.Bucket, copySource+who.Key, c.size)
	}
	return nil
}

// copySource is where the object that a copy makes comes from: before the key.
const copySource = "source/"

// plainTarget reads the key as a request's target: a path, and perhaps a query.
func plainTarget(u *url.URL, who faults.Request) error {
	t, err := url.ParseRequestURI(who.Key)
	if err != nil {
		return err
	}
	u.Path, u.RawPath, u.RawQuery = t.Path, t.RawPath, t.RawQuery
	return nil
}
