package httpfake

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/squall-sim/squall/faults"
)

// incoming is a request that was read to its end.
type incoming struct {
	route *Route // nil: none fits
	body  []byte // what is to be echoed
	key   string // of idempotency; "": none
	print fingerprint
}

// read reads a request; a status tells what is wrong with it.
func (s *Server) read(r *http.Request) (in incoming, status int) {
	if i := s.routes.Find(r.Method, faults.PathOf(r.URL)); i >= 0 {
		in.route = &s.routes.list[i]
	}
	to := io.Discard
	var echo bytes.Buffer
	if in.route != nil && in.route.Echo {
		to = &bounded{&echo}
	}
	if values := r.Header[HeaderIdempotencyKey]; len(values) > 0 && faults.Writes(r.Method) {
		key, ok := parseKey(values)
		if !ok {
			return in, http.StatusBadRequest
		}
		in.key = key
		h := newPrint(r)
		if c := faults.BodyContent(r); c != nil { // of any size, and not to be read for that
			id := c.Identity()
			h.Write(id[:])
		} else {
			to = io.MultiWriter(to, h)
		}
		defer func() { h.Sum(in.print[:0]) }()
	}
	switch err := drain(r, to); {
	case errors.Is(err, errTooLong):
		return in, http.StatusRequestEntityTooLarge
	case err != nil:
		return in, http.StatusBadRequest
	}
	in.body = echo.Bytes()
	return in, 0
}

// answer carries a request out.
func (s *Server) answer(r *http.Request, in incoming) answer {
	a := s.routed(r, in)
	if a.carriedOut(r.Method) {
		s.committed(r, false)
	}
	return a
}

// carriedOut reports whether a request with that answer has changed something.
func (a *answer) carriedOut(method string) bool { return a.status < 400 && faults.Writes(method) }

// routed is the answer to a request.
func (s *Server) routed(r *http.Request, in incoming) answer {
	route := in.route
	if route == nil {
		return s.unrouted(r)
	}
	if route.Status >= 400 && !route.Echo {
		a := route.refusal()
		if route.Size > 0 {
			a.name, a.size = r.URL.Path, route.Size
		}
		return a
	}
	own := route.Echo || route.Body != "" || route.Size != 0
	a := s.unrouted(r)
	if own {
		a = plain(a.status)
	}
	a.header = merge(a.header, route.Header)
	switch {
	case route.Status != 0:
		a.status = route.Status
	case own && (a.status == http.StatusNoContent || a.status >= 400): // which a body is at odds with, or the lack of a resource
		a.status = http.StatusOK
	}
	switch {
	case route.Echo:
		return a.text("application/json", echoOf(r, in.body))
	case route.Body != "":
		return a.text(typeOf(route.Body), []byte(route.Body))
	case route.Size > 0:
		a.name, a.size = r.URL.Path, route.Size
	}
	if bodiless(a.status) {
		a.body, a.size = nil, -1
	}
	return a
}

// merge puts a route's headers over those that an answer has anyway.
func merge(h, over http.Header) http.Header {
	if len(over) == 0 {
		return h
	}
	if len(h) == 0 {
		return over
	}
	h = h.Clone()
	for name, values := range over { // into a map: order does not matter
		h[name] = values
	}
	return h
}

// unrouted is the answer without a route.
func (s *Server) unrouted(r *http.Request) answer {
	switch r.Method {
	case http.MethodOptions:
		return plain(http.StatusNoContent).with("Allow", strings.Join(methods[:], ", "))
	case http.MethodPut:
		return plain(http.StatusNoContent)
	case http.MethodPost:
		return plain(http.StatusCreated).with("Location", r.URL.EscapedPath())
	case http.MethodPatch:
		return plain(http.StatusOK).text("application/json", []byte("{\"ok\":true}\n"))
	}
	size, status := s.sizeOf(r)
	switch {
	case status != http.StatusOK:
		return plain(status).text("application/json", faults.HTTPErrorBody(status))
	case r.Method == http.MethodDelete:
		return plain(http.StatusNoContent)
	}
	return answer{status: http.StatusOK, name: r.URL.Path, size: size}
}

// committed tells that the request has done its work, or that an earlier one had.
func (s *Server) committed(r *http.Request, again bool) {
	who, _ := faults.Identify(r)
	s.commit(r, who, again)
}
