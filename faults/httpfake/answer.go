package httpfake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/squall-sim/squall/faults"
)

// answer is what a request is answered with: body, or content of a name and a
// size, or neither. It does not change.
type answer struct {
	status int
	header http.Header // canonical names; nil: none
	body   []byte
	name   string
	size   int64 // of content; -1: none
}

// plain is an answer without a body.
func plain(status int) answer { return answer{status: status, size: -1} }

// with sets a header.
func (a answer) with(name, value string) answer {
	h := a.header.Clone()
	if h == nil {
		h = make(http.Header, 1)
	}
	h[name] = []string{value}
	a.header = h
	return a
}

// text gives an answer a body.
func (a answer) text(kind string, body []byte) answer {
	a.body, a.size = body, -1
	if a.header["Content-Type"] == nil {
		return a.with("Content-Type", kind)
	}
	return a
}

// length of what an answer sends; -1: an answer of its status has none.
func (a *answer) length() int64 {
	switch {
	case a.size >= 0:
		return a.size
	case bodiless(a.status):
		return -1
	}
	return int64(len(a.body))
}

func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, values := range a.header { // into a map: order does not matter
		h[name] = values
	}
	if n := a.length(); n >= 0 {
		h["Content-Length"] = []string{strconv.FormatInt(n, 10)}
	}
	if _, set := h["Content-Type"]; !set && a.size >= 0 {
		h["Content-Type"] = []string{"application/octet-stream"}
	}
	w.WriteHeader(a.status)
	switch {
	case r.Method == http.MethodHead:
	case a.size > 0:
		faults.WriteContent(w, faults.NewContent(a.name, a.size)) // a client that has gone away needs no answer
	case len(a.body) > 0:
		w.Write(a.body)
	}
}

// response is the answer as a client has it, without content.
func (a *answer) response(method string) *http.Response {
	resp := &http.Response{StatusCode: a.status, Header: a.header.Clone(), Request: &http.Request{Method: method}, ContentLength: -1, Body: http.NoBody}
	if resp.Header == nil {
		resp.Header = make(http.Header)
	}
	if method != http.MethodHead {
		resp.Body = io.NopCloser(bytes.NewReader(a.body))
	}
	return resp
}

// refusal is a route's answer of 400 or more, without content.
func (r *Route) refusal() answer {
	a := plain(r.Status)
	a.header = r.Header
	switch {
	case r.Body != "":
		return a.text(typeOf(r.Body), []byte(r.Body))
	case r.Size == 0:
		return a.text("application/json", faults.HTTPErrorBody(r.Status))
	}
	return a
}

// typeOf is the type of a route's body.
func typeOf(body string) string {
	if json.Valid([]byte(body)) {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}
