package fleet

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

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
	request   *http.Request  // of the attempt under way: nobody keeps it
	who       faults.Request // whose it is
	ensure    func(key string, size int64) error
	commits   uint64 // changes that the backend made for the request under way
	repeats   bool   // it had made them before
}

func newHTTPWire(r *run) (wire, error) {
	w := &httpWire{run: r}
	w.request = (&http.Request{URL: &url.URL{Scheme: "http", Host: "squall.invalid"}}).WithContext(faults.WithRequestAt(context.Background(), &w.who))
	w.ensure = w.ensureObject
	opts := []faults.Option{faults.WithNow(r.loop.Now), faults.WithDate(r.now), faults.WithLimiter(r.limiter, nil, nil)}
	var backend http.Handler
	if r.cfg.Backend.Kind == S3 {
		store := s3fake.New(s3fake.WithNow(r.now), s3fake.QuickETags(), s3fake.OnCommit(w.committed), s3fake.WithHistory(r.cfg.Plan.History()))
		if err := store.CreateBucket(r.cfg.Backend.Bucket); err != nil {
			return nil, fmt.Errorf("fleet: bucket %s: %w", r.cfg.Backend.Bucket, err)
		}
		w.store, backend = store, store
	} else {
		backend = httpfake.New(httpfake.WithRoutes(r.routing.table), httpfake.OnCommit(w.committed))
		opts = append(opts, faults.PlainHTTP())
	}
	w.transport = faults.NewTransport(faults.NewHandler(r.injector, w.withRoom(backend), opts...), faults.WithDate(r.now))
	return w, nil
}

// committed is told of every change that the backend makes.
func (w *httpWire) committed(_ *http.Request, _ faults.Request, again bool) {
	if again {
		w.repeats = true
		return
	}
	w.commits++
}

// withRoom keeps from the backend what it has no room for, so that it does not
// change anything.
func (w *httpWire) withRoom(backend http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		who, _ := faults.RequestFrom(req.Context())
		if w.run.hasRoom(who.Client, who.Call, who.Attempt) {
			backend.ServeHTTP(rw, req)
			return
		}
		w.run.full.Write(rw, req, who)
	})
}

// send makes the request and reads the response to its end, as a client does.
func (w *httpWire) send(c *call, who *faults.Request) answer {
	w.who = *who
	if err := w.run.httpRequest(w.request, c, who, w.ensure); err != nil {
		w.run.err = fmt.Errorf("fleet: %s %s: %w", who.Op, who.Key, err)
		return answer{hang: true}
	}
	w.commits, w.repeats = 0, false
	ex := w.transport.Exchange(w.request)
	a := answer{commits: w.commits, repeats: w.repeats}
	a.judged(who, &ex.Verdict)
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
	return Received(w.run.cfg.Backend.Kind, ex.Resp)
}

// Received is what a client makes of an answer of that kind of backend: nil for a
// success. It reads the body to its end and closes it.
func Received(kind Kind, resp *http.Response) error {
	refused := retryhttp.FromResponse
	if kind == S3 {
		refused = retryhttp.FromS3Response
	}
	if err := refused(resp); err != nil {
		return err
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); err != nil {
		return &retryhttp.TruncatedError{Status: resp.StatusCode, Got: n, Want: resp.ContentLength, Err: err}
	}
	return nil
}

// ensureObject puts an object there that a read is to find.
func (w *httpWire) ensureObject(key string, size int64) error {
	return w.store.Ensure(w.run.cfg.Backend.Bucket, key, size)
}
