package retryhttp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/squall-sim/squall/retry"
)

type idempotentKey struct{}

// MarkIdempotent returns a context that says whether the requests made with it
// may be made twice. It goes before the request's method and headers: a POST
// that the service deduplicates is idempotent, a PUT that appends is not.
func MarkIdempotent(ctx context.Context, idempotent bool) context.Context {
	return context.WithValue(ctx, idempotentKey{}, idempotent)
}

// Idempotent reports whether a request may be made twice, by what it says
// itself: an Idempotency-Key (or X-Idempotency-Key) header, or a method that
// RFC 9110, section 9.2.2, calls idempotent: GET, HEAD, OPTIONS, TRACE, PUT and
// DELETE. As in net/http, a key without values says so, too, and is not sent.
func Idempotent(req *http.Request) bool {
	for _, key := range [...]string{"Idempotency-Key", "X-Idempotency-Key"} {
		if _, ok := req.Header[key]; ok {
			return true
		}
	}
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

func (t *Transport) idempotent(req *http.Request) bool {
	if marked, ok := req.Context().Value(idempotentKey{}).(bool); ok {
		return marked
	}
	if t.idempotency != nil {
		if idempotent, known := t.idempotency(req); known {
			return idempotent
		}
	}
	return Idempotent(req)
}

// connecting watches whether an attempt ever had a connection. What it takes
// for proof is that net/http asked for one and got none: a transport that
// knows no traces proves nothing.
type connecting struct {
	asked, got atomic.Bool
}

func (c *connecting) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	})
}

func (c *connecting) never() bool { return c.asked.Load() && !c.got.Load() }

// neverSent reports whether err says that there was no connection to send
// anything on.
func neverSent(err error) bool {
	var rejected interface{ Rejected() bool }
	if errors.As(err, &rejected) && rejected.Rejected() {
		return true
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// mayHaveHappened reports whether the attempt that ended with err may have
// taken effect. An answer below 500 says that it did not; so does throttling,
// which turns requests away at the door.
func mayHaveHappened(err error, r *retry.Retrier) bool {
	var status *StatusError
	if !errors.As(err, &status) {
		return true
	}
	return status.Status >= 500 && r.Classify(err) != retry.Throttle
}

func method(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}
