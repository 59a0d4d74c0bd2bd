package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"time"
)

// Transport carries requests to an [http.Handler] in process, without sockets
// or goroutines, and as a connection would: the handler sees what a server
// sees, the client gets what a client gets. In particular answers to HEAD have
// no body, bodies are as long as their Content-Length says or break off with
// [io.ErrUnexpectedEOF], and every answer has a Date.
//
// It is an [http.RoundTripper]; simulations on virtual time use Exchange,
// which does not wait. It is safe for concurrent use if the handler is.
type Transport struct {
	handler http.Handler
	options
	dates dates
}

// NewTransport returns a transport to h. [WithClock] and [WithDate] set it up.
func NewTransport(h http.Handler, opts ...Option) *Transport {
	return &Transport{handler: h, options: newOptions(opts)}
}

// Exchange is what became of a request, with the time it takes told rather
// than taken.
type Exchange struct {
	// Resp is nil if Err is set. With Hang it is nil too, or an answer whose body
	// stops: reading on blocks until the request's context ends.
	Resp *http.Response
	// Err is why there is no answer: a *net.OpError for a connection that was
	// reset or refused, io.EOF and what else net/http's transport returns for one
	// that was closed without an answer, a
	// *PanicError for a fault of the handler's, a *RequestError for a request
	// that cannot be sent.
	Err     error
	Delay   time.Duration // extra time that the handler asked for
	Late    time.Duration // of Delay, what passes after the headers have come
	After   time.Duration // (Fixed) the answer comes exactly that long after the request
	Fixed   bool
	Hang    bool    // no answer ever comes, or never its end
	Verdict Verdict // what the handler of NewHandler decided; Rule is -1 for other handlers
}

// PanicError is a panic of the handler: a bug of the fake, not a fault of its.
type PanicError struct {
	Value any    // what was thrown
	Stack []byte // where
}

// Error returns the value; the stack is for logs.
func (e *PanicError) Error() string { return fmt.Sprintf("faults: the handler panicked: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// RequestError is a request that cannot be sent as it is.
type RequestError struct{ Message string }

// Error returns what is wrong.
func (e *RequestError) Error() string { return "faults: " + e.Message }

// errClosed is the end of a connection whose server gave up on the request:
// the handler panicked with http.ErrAbortHandler before it sent anything.
var errClosed = &net.OpError{Op: "read", Net: "tcp", Err: io.EOF}

// RoundTrip is Exchange on the transport's clock: it sleeps through delays, of
// which those of the body come when it is read, and hangs until the request's context ends.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		closeBody(req)
		return nil, context.Cause(ctx)
	}
	start := t.clock.Now()
	ex := t.Exchange(req)
	if ex.Hang && ex.Resp != nil {
		context.AfterFunc(ctx, ex.Verdict.End)
	} else {
		defer ex.Verdict.End()
	}
	if ex.Hang && ex.Resp == nil {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	wait := ex.Delay
	if ex.Late > 0 && ex.Resp != nil && ex.Resp.Body != http.NoBody {
		ex.Resp.Body = &lateBody{ReadCloser: ex.Resp.Body, ctx: ctx, clock: t.clock, wait: ex.Late}
		wait -= ex.Late
	}
	if ex.Fixed {
		wait = ex.After - t.clock.Now().Sub(start)
	}
	if wait > 0 {
		if err := t.clock.Sleep(ctx, wait); err != nil {
			if ex.Resp != nil {
				ex.Resp.Body.Close()
			}
			return nil, context.Cause(ctx)
		}
	}
	return ex.Resp, ex.Err
}

// lateBody is a body that takes its time after the headers: all of it before the
// first byte.
type lateBody struct {
	io.ReadCloser
	ctx   context.Context
	clock Clock
	wait  time.Duration
}

func (b *lateBody) Read(p []byte) (int, error) {
	if b.wait > 0 {
		if err := b.clock.Sleep(b.ctx, b.wait); err != nil {
			return 0, context.Cause(b.ctx)
		}
		b.wait = 0
	}
	return b.ReadCloser.Read(p)
}

// Exchange hands the request to the handler and returns at once what became of
// it. It closes the request's body. The request's context only carries values.
func (t *Transport) Exchange(req *http.Request) Exchange {
	defer closeBody(req)
	p := new(passage)
	if err := p.serverRequest(req); err != nil {
		return Exchange{Err: err, Verdict: Verdict{Rule: -1}}
	}
	rec := &p.recorder
	rec.head = req.Method == http.MethodHead
	rec.reads = rec.head || req.Method == http.MethodGet
	rec.ex.Verdict.Rule = -1
	fault := serve(t.handler, rec, &p.sent)
	if p.body.err != nil && fault == nil {
		fault = p.body.err // the client gave up in the middle of its own request
	}
	ex := &rec.ex
	switch {
	case ex.Hang && !rec.flushed || ex.Err != nil:
	case fault != nil && !(errors.Is(fault, errClosed) && rec.sent()):
		ex.Err = fault
	default:
		if fault != nil {
			rec.broken = io.ErrUnexpectedEOF
		}
		ex.Resp = rec.respond(req, t.dates.text(t.date()))
	}
	return *ex
}

// serve runs the handler and turns panics into errors.
func serve(h http.Handler, rec *recorder, r *http.Request) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler {
			err = errClosed
			return
		}
		err = &PanicError{Value: v, Stack: debug.Stack()}
	}()
	h.ServeHTTP(rec, r)
	return nil
}

// passage is what one exchange needs, in one piece of memory: both ends of it live
// as long as somebody holds one of them. It is never used again, as a handler may keep
// its request, and a client its response.
type passage struct {
	recorder
	sent   http.Request // as the server sees it
	url    url.URL
	body   requestBody
	length [1]string // its Content-Length
}

// serverRequest sets p.sent to req as a server sees it. req is not changed.
func (p *passage) serverRequest(req *http.Request) error {
	if req.URL == nil || req.URL.Opaque != "" {
		return &RequestError{"the request has no URL with a path"}
	}
	r := &p.sent
	*r = *req
	r.Method = req.Method
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	r.RequestURI = target(req.URL)
	if r.RequestURI == "" {
		r.RequestURI = "/"
	}
	r.URL = &p.url
	*r.URL = url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery, ForceQuery: req.URL.ForceQuery}
	if r.URL.Path == "" {
		r.URL.Path = "/"
	}
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	r.RemoteAddr = "127.0.0.1:1"
	r.Close, r.Response, r.GetBody, r.Cancel = false, nil, nil, nil
	r.Header = make(http.Header, len(req.Header)+1)
	for name, values := range req.Header {
		r.Header[name] = values
	}
	return p.serverBody(req)
}

// serverBody gives p.sent the body of req with the length that net/http's client
// would announce.
func (p *passage) serverBody(req *http.Request) error {
	r := &p.sent
	delete(r.Header, "Content-Length") // the length is ContentLength's to say
	if req.Body == nil || req.Body == http.NoBody {
		if req.ContentLength > 0 {
			return &RequestError{"ContentLength is " + strconv.FormatInt(req.ContentLength, 10) + " but there is no body"}
		}
		r.Body, r.ContentLength = http.NoBody, 0
		if r.Method == http.MethodPut || r.Method == http.MethodPost || r.Method == http.MethodPatch {
			r.Header["Content-Length"] = p.announce("0")
		}
		return nil
	}
	p.body.body, p.body.left = req.Body, req.ContentLength
	if req.ContentLength > 0 {
		r.Header["Content-Length"] = p.announce(strconv.FormatInt(req.ContentLength, 10))
	} else { // 0 with a body is how net/http's clients say that they do not know
		r.ContentLength, p.body.left = -1, -1
		r.TransferEncoding = []string{"chunked"}
	}
	r.Body = &p.body
	return nil
}

func (p *passage) announce(length string) []string {
	p.length[0] = length
	return p.length[:]
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// requestBody holds a request's body to its announced length.
type requestBody struct {
	body io.Reader
	left int64 // -1: not announced
	err  error // what the client gets for a body that is not what it said
	done bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	switch {
	case b.err != nil:
		return 0, io.ErrUnexpectedEOF // what the server gets
	case b.done:
		return 0, io.EOF
	case b.left == 0:
		return 0, b.end()
	case b.left > 0 && int64(len(p)) > b.left:
		p = p[:b.left]
	}
	n, err := b.body.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	if err == nil {
		return n, nil
	}
	if err != io.EOF {
		b.err = err
		return n, io.ErrUnexpectedEOF
	}
	if b.left > 0 {
		b.err = &RequestError{"the body is " + strconv.FormatInt(b.left, 10) + " bytes shorter than ContentLength says"}
		return n, io.ErrUnexpectedEOF
	}
	b.done = true
	return n, io.EOF
}

// end makes sure that a body stops where it said.
func (b *requestBody) end() error {
	var one [1]byte
	if n, _ := io.ReadFull(b.body, one[:]); n > 0 {
		b.err = &RequestError{"the body is longer than ContentLength says"}
		return io.ErrUnexpectedEOF
	}
	b.done = true
	return io.EOF
}

// skip drops generated content without generating it; false if it is not that,
// or not of the announced length.
func (b *requestBody) skip() bool {
	c, ok := b.body.(*Content)
	if !ok || b.err != nil || int64(c.Len()) != b.left {
		return false
	}
	c.at, b.left, b.done = c.size, 0, true
	return true
}

// Close lets a server close the body; the client's is closed by Exchange.
func (b *requestBody) Close() error { return nil }
