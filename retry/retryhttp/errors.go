package retryhttp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/squall-sim/squall/retry"
)

// MethodError is the cause of a call that ended with retry.NotIdempotent: its
// request may have taken effect, and nobody said that it may be made twice.
type MethodError struct {
	Method string // such as "POST"
}

// Error says what would let the request be retried.
func (e *MethodError) Error() string {
	return fmt.Sprintf("retryhttp: %s is not idempotent; an Idempotency-Key header or MarkIdempotent would say that it may be made twice", e.Method)
}

// BodyError is the cause of a call that ended with retry.NotIdempotent: its
// request has a body that cannot be sent again.
type BodyError struct {
	Size  int64 // of the body in bytes; -1: not known
	Limit int64 // how much of a body is kept, in bytes
	Err   error // GetBody's error; nil: there is no GetBody
}

// Error says what would let the request be retried.
func (e *BodyError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("retryhttp: the request's body cannot be sent again: GetBody: %v", e.Err)
	}
	size := "more than"
	if e.Size >= 0 {
		size = fmt.Sprintf("%d bytes, more than", e.Size)
	}
	return fmt.Sprintf("retryhttp: the request's body cannot be sent again: it is %s the %d bytes that are kept, and has no GetBody", size, e.Limit)
}

// Unwrap returns GetBody's error.
func (e *BodyError) Unwrap() error { return e.Err }

// sourceError is an error of the caller's own body. Whatever it is, it is no
// fault of the backend's, and the body will not read any better a second time.
type sourceError struct{ err error }

func (e *sourceError) Error() string {
	return "retryhttp: reading the request's body: " + e.err.Error()
}
func (e *sourceError) Unwrap() error           { return e.err }
func (e *sourceError) RetryClass() retry.Class { return retry.Fatal }

// TruncatedError is an answer whose body broke off. See [WithFullBody].
type TruncatedError struct {
	Status int
	Got    int64 // bytes that came
	Want   int64 // Content-Length; -1: not known
	Err    error // what reading ended with; io.ErrUnexpectedEOF if with nothing
}

// Error says how much of the body came.
func (e *TruncatedError) Error() string {
	if e.Want >= 0 {
		return fmt.Sprintf("retryhttp: the body of a %d broke off after %d of %d bytes: %v", e.Status, e.Got, e.Want, e.Err)
	}
	return fmt.Sprintf("retryhttp: the body of a %d broke off after %d bytes: %v", e.Status, e.Got, e.Err)
}

// Unwrap returns what reading ended with.
func (e *TruncatedError) Unwrap() error { return e.Err }

// RetryClass is Transient: the next answer may come whole. A body that took
// too long is a timeout to package retry all the same.
func (e *TruncatedError) RetryClass() retry.Class { return retry.Transient }

// AmbiguousError is a 412 to a conditional write after an earlier attempt of
// the same call that may have taken effect: either somebody else was first, or
// the condition failed because of the call's own write. To tell, ask with HEAD
// for the object's ETag, or better for a mark of the writer's own in its
// metadata: if they are those of what was sent, the write has happened.
//
// It is never retried.
type AmbiguousError struct {
	Method      string
	URL         string // without its query, which may hold a signature
	IfMatch     string // the request's condition
	IfNoneMatch string
	Earlier     error // what the earlier attempt ended with
	Err         error // the 412, a [*StatusError]
}

// Error says what happened and how to find out.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("retryhttp: %s %s failed its condition after an earlier attempt that may have taken effect (%v): compare the ETag of a HEAD with what was sent: %v",
		e.Method, e.URL, e.Earlier, e.Err)
}

// Unwrap returns the 412.
func (e *AmbiguousError) Unwrap() error { return e.Err }

// RetryClass says that the same request would fail the same way.
func (e *AmbiguousError) RetryClass() retry.Class { return retry.Fatal }

// Ambiguous is for conditional writes that do not go through a [Transport]:
// given the error of an attempt and that of an earlier attempt of the same
// call, which may have taken effect, it returns an [*AmbiguousError] if the
// first is a 412. Otherwise, and if earlier is nil, it returns err.
func Ambiguous(err, earlier error) error {
	if earlier == nil || statusOf(err) != http.StatusPreconditionFailed || neverSent(earlier) {
		return err
	}
	a := &AmbiguousError{Earlier: earlier, Err: err}
	var status *StatusError
	if errors.As(err, &status) {
		a.Method = status.Method
	}
	return a
}

// lostRace returns the error of a 412 that the call may have caused itself, or
// nil.
func (c *call) lostRace(err error) error {
	match, none := c.req.Header.Get("If-Match"), c.req.Header.Get("If-None-Match")
	if c.earlier == nil || match == "" && none == "" || statusOf(err) != http.StatusPreconditionFailed {
		return nil
	}
	switch c.req.Method {
	case "", http.MethodGet, http.MethodHead:
		return nil // a condition on reading; nothing was written
	}
	return &AmbiguousError{
		Method: method(c.req), URL: withoutQuery(c.req.URL), IfMatch: match, IfNoneMatch: none,
		Earlier: c.earlier, Err: err,
	}
}

func withoutQuery(u *url.URL) string {
	bare := *u
	bare.RawQuery, bare.Fragment = "", ""
	return bare.Redacted()
}

func statusOf(err error) int {
	var e interface{ HTTPStatusCode() int }
	if errors.As(err, &e) {
		return e.HTTPStatusCode()
	}
	return 0
}

// onceError is an attempt's error that must not lead to another attempt.
type onceError struct{ err, cause error }

func (e *onceError) Error() string    { return e.err.Error() }
func (e *onceError) Unwrap() error    { return e.err }
func (e *onceError) Idempotent() bool { return false }

// closed makes a bare io.EOF, which net/http's transport returns for a
// connection that was closed before the answer, an error of the connection:
// anywhere else io.EOF is the ordinary end of something, and no reason to retry.
func closed(err error) error {
	if err == io.EOF {
		return &net.OpError{Op: "read", Net: "tcp", Err: err}
	}
	return err
}

// eof is what reading ended with, where that was too soon.
func eof(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
