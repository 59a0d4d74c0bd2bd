package retryhttp

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/squall-sim/squall/retry"
)

// DefaultBodyBuffer is how much of a request's body is kept for a further
// attempt where the request has no GetBody, in bytes. See [WithBodyBuffer].
const DefaultBodyBuffer = 1 << 20

// Transport is an http.RoundTripper that makes further attempts by the policy
// of a retry.Retrier. See the package's comment for what it retries. It keeps
// nothing between requests, starts no goroutine, and is safe for concurrent
// use. Make one with [New].
type Transport struct {
	next        http.RoundTripper
	retrier     *retry.Retrier
	clock       retry.Clock
	policy      retry.Policy
	bodyBuffer  int64
	fullBody    int64
	header      string
	idempotency func(*http.Request) (idempotent, known bool)
	errors      bool
	s3          bool
}

// Option changes what a [Transport] does.
type Option func(*Transport)

// WithBodyBuffer sets how much of a request's body is kept for a further
// attempt where the request has no GetBody, in bytes: [DefaultBodyBuffer]
// without this option. The body is kept while it is sent, not read in advance.
// One that turns out longer is sent once; the call then ends with
// retry.NotIdempotent, and its cause is a [*BodyError]. 0 or less keeps none.
func WithBodyBuffer(n int64) Option { return func(t *Transport) { t.bodyBuffer = max(n, 0) } }

// WithFullBody makes an attempt include the body of its answer: a body of at
// most limit bytes is read to its end and checked against Content-Length before
// RoundTrip returns, so that one that breaks off is a failed attempt (a
// [*TruncatedError]) and not the caller's problem. Longer bodies are handed on
// as they come, with what was read of them in front. So are event streams. 0
// or less reads none.
func WithFullBody(limit int64) Option { return func(t *Transport) { t.fullBody = max(limit, 0) } }

// WithErrors makes RoundTrip return a *retry.Error for a call that ended with
// an answer of 400 or more, instead of the answer. Its body is closed; the
// [*StatusError] inside has what it said.
func WithErrors() Option { return func(t *Transport) { t.errors = true } }

// WithAttemptHeader adds a header to every attempt that says which it is, as
// in "attempt=2; max=5", the form of the AWS SDKs' Amz-Sdk-Request. A signature
// that covers it has to be made below this transport.
func WithAttemptHeader(name string) Option {
	return func(t *Transport) { t.header = http.CanonicalHeaderKey(name) }
}

// WithIdempotency asks f, before anything but [MarkIdempotent], whether a
// request may be made twice; known false leaves the question to its method and
// headers. It must be safe for concurrent use.
func WithIdempotency(f func(*http.Request) (idempotent, known bool)) Option {
	return func(t *Transport) { t.idempotency = f }
}

// WithS3 looks for S3's errors in answers of 200: an answer that says it is
// XML, to a request that writes or lists, is held back until its first element
// is there. If that is <Error>, the answer becomes one with the code's own
// status. Whitespace that S3 sends to keep the connection alive is waited
// through, 64 KiB of it at most. An object's own content is never looked at.
func WithS3() Option { return func(t *Transport) { t.s3 = true } }

// New returns a transport that makes attempts through next, or through
// http.DefaultTransport if that is nil, by r's policy. It panics if r is nil.
func New(next http.RoundTripper, r *retry.Retrier, opts ...Option) *Transport {
	if r == nil {
		panic("retryhttp: New needs a retrier")
	}
	if next == nil {
		next = http.DefaultTransport
	}
	t := &Transport{next: next, retrier: r, clock: r.Clock(), policy: r.Policy(), bodyBuffer: DefaultBodyBuffer}
	for _, opt := range opts {
		opt(t)
	}
	return t
}

// RoundTrip implements http.RoundTripper. It returns:
//
//   - the answer, where an attempt succeeded, which is any status below 400;
//   - the last answer, of 400 or more and with its body whole, where the call
//     ended with one, unless [WithErrors] is set; [Outcome] has the reason;
//   - a *retry.Error in every other case. http.Client wraps it in a *url.Error;
//     errors.Is and errors.As reach it and all that is in it.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	c := &call{t: t, req: req, ctx: req.Context(), body: newReplay(req, t.bodyBuffer)}
	if t.policy.Limit > 0 {
		c.start = t.clock.Now()
	}
	defer c.body.finish() // when an attempt panics, too
	resp, err := retry.Do(c.ctx, t.retrier, c.attempt)
	if err == nil {
		return resp, nil
	}
	return c.ended(err)
}

// CloseIdleConnections closes those of the transport below, which is how
// http.Client.CloseIdleConnections gets there.
func (t *Transport) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

// call is one RoundTrip on its way.
type call struct {
	t       *Transport
	req     *http.Request
	ctx     context.Context // the caller's
	body    *replay
	start   time.Time // set if the policy has a Limit
	n       int       // attempts made
	held    *http.Response
	earlier error // what the last attempt that may have taken effect ended with
}

// attempt is the operation that retry.Do repeats. bound ends when the
// attempt's time is up, and when attempt returns: the answer's body needs a
// context of its own.
func (c *call) attempt(bound context.Context) (*http.Response, error) {
	c.n++
	idempotent := c.t.idempotent(c.req)
	ctx, release := c.window(bound)
	var conn connecting
	sending := ctx
	if !idempotent {
		sending = conn.watch(ctx)
	}
	req, err := c.request(sending)
	if err != nil {
		release()
		return nil, &onceError{err: retry.Retryable(err), cause: err}
	}
	c.drop()
	stop := c.follow(bound, release)
	resp, err := c.t.next.RoundTrip(req)
	if err == nil {
		resp, err = c.answer(resp, release)
	} else {
		release()
		err = closed(err)
	}
	stop()
	if err == nil {
		return resp, nil
	}
	return nil, c.failed(err, idempotent, &conn)
}

// window returns the context that the attempt and the reading of its answer
// live in. It ends with the caller's, by release, or when the attempt's time is
// up. Where the policy sets no time it is the one that retry.Do gave.
func (c *call) window(bound context.Context) (context.Context, context.CancelFunc) {
	p := &c.t.policy
	d := p.AttemptTimeout
	if p.Limit > 0 {
		if left := max(1, p.Limit-c.t.clock.Now().Sub(c.start)); d == 0 || left < d {
			d = left
		}
	}
	if d == 0 {
		return bound, func() {}
	}
	return c.t.clock.WithTimeout(valued{c.ctx, bound}, d)
}

// valued is a context with the values of another: of the attempt, which says
// how deep calls are nested, while it ends with the caller's.
type valued struct {
	context.Context
	values context.Context
}

func (v valued) Value(key any) any { return v.values.Value(key) }

// AfterFunc is what package context looks for before it starts a goroutine.
func (v valued) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(v.Context, f) }

// follow releases the attempt when bound ends, until stop is called. Both end
// at the same instant, but only bound tells retry.Do that it was for lack of
// time.
func (c *call) follow(bound context.Context, release context.CancelFunc) (stop func() bool) {
	if c.t.policy.AttemptTimeout == 0 && c.t.policy.Limit == 0 {
		return func() bool { return true }
	}
	return context.AfterFunc(bound, release)
}

// request is the attempt's own copy: what a transport below does to headers or
// the URL must neither reach the caller nor the next attempt. It copies less
// than Request.Clone does.
func (c *call) request(ctx context.Context) (*http.Request, error) {
	req := c.req.WithContext(ctx)
	req.Header = c.req.Header.Clone()
	if c.req.URL != nil {
		u := *c.req.URL
		req.URL = &u
	}
	if err := c.body.attach(req, c.n); err != nil {
		return nil, err
	}
	if h := c.t.header; h != "" {
		if req.Header == nil {
			req.Header = http.Header{}
		}
		req.Header[h] = []string{"attempt=" + strconv.Itoa(c.n) + "; max=" + strconv.Itoa(c.t.policy.Attempts)}
	}
	return req, nil
}

// failed makes of an attempt's error what retry.Do decides on.
func (c *call) failed(err error, idempotent bool, conn *connecting) error {
	if conn.never() || neverSent(err) {
		if c.body.rewindable() {
			return err
		}
		return &onceError{err: err, cause: c.body.problem()}
	}
	if lost := c.lostRace(err); lost != nil {
		return lost
	}
	if mayHaveHappened(err, c.t.retrier) {
		c.earlier = err
	}
	switch {
	case !idempotent:
		return &onceError{err: err, cause: &MethodError{Method: method(c.req)}}
	case !c.body.rewindable():
		return &onceError{err: err, cause: c.body.problem()}
	}
	return err
}

// drop lets go of the last attempt's answer.
func (c *call) drop() {
	if c.held != nil {
		c.held.Body.Close()
		c.held = nil
	}
}

// ended is what RoundTrip returns for a call that retry.Do has ended.
func (c *call) ended(err error) (*http.Response, error) {
	var e *retry.Error
	if !errors.As(err, &e) { // Do returns nothing else
		c.drop()
		return nil, err
	}
	var once *onceError
	if e.Reason == retry.NotIdempotent && errors.As(e.Err, &once) {
		e.Cause = once.cause
	}
	if c.held == nil || c.t.errors || e.Reason == retry.Cancelled || e.Reason == retry.Rejected {
		c.drop()
		return nil, e
	}
	resp := c.held
	if resp.Request == nil {
		resp.Request = c.req
	}
	resp.Request = resp.Request.WithContext(context.WithValue(resp.Request.Context(), outcomeKey{}, e))
	return resp, nil
}

type outcomeKey struct{}

// Outcome returns why resp, of 400 or more, was the last attempt's answer: the
// reason, the attempts and the time, as [WithErrors] would have returned them.
// It is nil for an answer that is a success, and for one that did not come
// through a [Transport].
func Outcome(resp *http.Response) *retry.Error {
	if resp == nil || resp.Request == nil {
		return nil
	}
	e, _ := resp.Request.Context().Value(outcomeKey{}).(*retry.Error)
	return e
}
