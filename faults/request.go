package faults

import (
	"context"
	"net/http"
	"strconv"
	"strings"
)

// Request is what a fault rule sees of a request: what it asks for, and whose
// it is. Draws are keyed by (Client, Call, Attempt), so the same request meets
// the same faults in every run and in every order.
type Request struct {
	Op      string // S3 operation, or HTTP method for a plain HTTP backend
	Method  string // HTTP method; it decides whether an error has a body. "": that of Op
	Bucket  string
	Key     string // object key, prefix of a list, or path of an HTTP request
	Client  uint64 // who calls
	Call    uint64 // the client's call number
	Attempt int    // of that call, from 1
	// Upload and Download are the bytes of the request's body and of the answer's
	// to it, where they are known beforehand. Simulations, which send no bytes,
	// tell by them what a Bandwidth or a SlowUpload takes.
	Upload, Download int64

	// Credential is what the request is signed with, where the injector asks for it
	// (a TokenExpired); "": nothing.
	Credential string

	// Unnamed is set where nobody said which client calls: Client then only keys
	// draws, and rules for clients are not for the request.
	Unnamed bool
}

type requestKey struct{}

// WithRequest returns a context that tells [NewHandler] whose request it
// carries: Client, Call, Attempt and Unnamed of r, and the sizes. What the request asks for is read
// from the request itself.
func WithRequest(ctx context.Context, r Request) context.Context {
	return WithRequestAt(ctx, &r)
}

// WithRequestAt is WithRequest for a loop that sends one request after the other, and
// needs only one context for all: it tells of what *r is when it is asked. *r must not
// change while a request with the context is under way.
func WithRequestAt(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestFrom returns the Request of [WithRequest].
func RequestFrom(ctx context.Context) (Request, bool) {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return *r, true
	}
	return Request{}, false
}

// Headers that identify a request from outside the process. HeaderClient and
// HeaderCall are decimal numbers, HeaderAttempt counts from 1. Requests of the
// AWS SDKs need none of them: Amz-Sdk-Invocation-Id (constant over the attempts
// of a call) stands for the call, Amz-Sdk-Request has the attempt.
const (
	HeaderClient  = "X-Squall-Client"
	HeaderCall    = "X-Squall-Call"
	HeaderAttempt = "X-Squall-Attempt"
)

// Identify returns whose request it is (Client, Call, Attempt), as
// [WithRequest] or the headers say; false if nothing does.
func Identify(req *http.Request) (Request, bool) {
	var r Request
	ok := r.identify(req)
	return r, ok
}

// identify fills in whose request it is; false if the request does not say.
func (r *Request) identify(req *http.Request) bool {
	if id, ok := RequestFrom(req.Context()); ok {
		r.Client, r.Call, r.Attempt, r.Unnamed = id.Client, id.Call, id.Attempt, id.Unnamed
		r.Upload, r.Download = id.Upload, id.Download
		return true
	}
	if call := req.Header[HeaderCall]; len(call) > 0 {
		r.Call, _ = strconv.ParseUint(call[0], 10, 64)
		r.Client, _ = strconv.ParseUint(req.Header.Get(HeaderClient), 10, 64)
		r.Attempt = atLeastOne(req.Header.Get(HeaderAttempt))
		return true
	}
	if id := req.Header["Amz-Sdk-Invocation-Id"]; len(id) > 0 && id[0] != "" {
		r.Call, r.Unnamed = hashString(id[0]), true
		r.Attempt = 1
		for _, field := range strings.Split(req.Header.Get("Amz-Sdk-Request"), ";") {
			if n, ok := strings.CutPrefix(strings.TrimSpace(field), "attempt="); ok {
				r.Attempt = atLeastOne(n)
			}
		}
		return true
	}
	return false
}

func atLeastOne(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 1
	}
	return max(1, n)
}

// hashString is FNV-1a, 64 bits: a fixed function, unlike hash/maphash.
func hashString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
