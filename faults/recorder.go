package faults

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/squall-sim/squall/sim"
)

// recorder is the server's side of an exchange: it keeps what a connection
// would have sent, by the rules of net/http's server.
type recorder struct {
	ex      Exchange
	header  http.Header // the handler's; nil: nobody has asked for it
	frozen  http.Header // as it was sent
	status  int         // 0: not sent
	body    []byte
	content *Content // what comes after body
	length  int64    // announced; -1: not
	head    bool
	reads   bool // the request is a GET or HEAD
	flushed bool
	broken  error // what the body ends with, where the connection ends before it; nil: io.EOF
	final   bool  // the handler is done with the header map when it sends it
	nils    bool  // a header is nil, which is a handler's way to have no Date

	response http.Response
	arrives  responseBody
	bytes    bytes.Reader
	values   values // of headers of our own
}

var _ Wire = (*recorder)(nil)

func (r *recorder) After(d time.Duration)   { r.ex.After, r.ex.Fixed = max(0, d), true }
func (r *recorder) Refuse()                 { r.ex.Err = errRefused }
func (r *recorder) Hang()                   { r.ex.Hang = true }
func (r *recorder) decided(verdict Verdict) { r.ex.Verdict = verdict }

// Header makes room for what a backend sends, which is more where it sends an object.
func (r *recorder) Header() http.Header {
	if r.header == nil {
		room := 8
		if r.reads {
			room = 12
		}
		r.header = make(http.Header, room)
	}
	return r.header
}

// own announces an answer of ours: its headers are few, and stay as they are.
func (r *recorder) own() {
	r.final = true
	if r.header == nil {
		r.header = make(http.Header, 8)
	}
}

// Delay counts d, and apart what of it passes after the headers were sent.
func (r *recorder) Delay(d time.Duration) {
	d = max(0, d)
	r.ex.Delay = sim.Add(r.ex.Delay, d)
	if r.flushed {
		r.ex.Late = sim.Add(r.ex.Late, d)
	}
}

// Reset breaks the answer off where it was flushed to, or comes in its place.
func (r *recorder) Reset() {
	if r.flushed {
		r.broken = errReset
		return
	}
	r.ex.Err = errReset
}

// Break comes in place of the answer, or where it was flushed to.
func (r *recorder) Break(how Kind) {
	if how == MalformedChunk && r.flushed {
		r.broken = errMalformedChunk
		return
	}
	r.ex.Err = brokenErr(how)
}

// Flush sends what there is.
func (r *recorder) Flush() {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	r.flushed = true
}

// WriteHeader fixes status and headers; later calls do nothing.
func (r *recorder) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic("faults: invalid status " + strconv.Itoa(status)) // as net/http's server does
	}
	if r.status != 0 || status < 200 { // informational: not an answer yet
		return
	}
	r.status, r.length = status, -1
	if r.frozen = r.header; !r.final {
		r.frozen = make(http.Header, len(r.header)+3)
		for name, values := range r.header { // into a map: order does not matter
			r.frozen[http.CanonicalHeaderKey(name)] = values // as net/http's client reads them
			r.nils = r.nils || values == nil
		}
	}
	if s := header(r.frozen, "Content-Length"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			delete(r.frozen, "Content-Length")
			r.flushed = true // net/http's server gives up on the length, too
			return
		}
		r.length = n
	}
}

// Write takes bytes of the body, up to the announced length.
func (r *recorder) Write(p []byte) (int, error) {
	if err := r.accept(int64(len(p))); err != nil {
		return 0, err
	}
	if r.content != nil { // more after it: it cannot stay what it is
		b, _ := io.ReadAll(r.content) // generated: it cannot fail
		r.body, r.content = append(r.body, b...), nil
	}
	if r.body == nil && !r.head && r.length > int64(len(p)) && r.length <= 1<<20 {
		r.body = make([]byte, 0, r.length)
	}
	r.body = append(r.body, p...)
	return len(p), nil
}

// writeOwn is Write for bytes that nobody else has.
func (r *recorder) writeOwn(p []byte) {
	if r.body != nil || r.content != nil {
		r.Write(p)
	} else if r.accept(int64(len(p))) == nil {
		r.body = p
	}
}

// WriteContent takes content as it is.
func (r *recorder) WriteContent(c *Content) (int64, error) {
	n := c.size - c.at
	h := r.header
	if r.status != 0 {
		h = r.frozen
	}
	if _, typed := h["Content-Type"]; r.content != nil || !typed { // without, the first bytes are needed
		return c.WriteTo(struct{ io.Writer }{r})
	}
	if err := r.accept(n); err != nil {
		return 0, err
	}
	r.content = c
	return n, nil
}

// accept checks that n more bytes may come.
func (r *recorder) accept(n int64) error {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if !bodyAllowed(r.status) {
		return http.ErrBodyNotAllowed
	}
	if r.length >= 0 && n > r.length-r.written() {
		return http.ErrContentLength
	}
	return nil
}

// written is how much of the body there is.
func (r *recorder) written() int64 {
	n := int64(len(r.body))
	if r.content != nil {
		n += r.content.size - r.content.at
	}
	return n
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// buffered is how much net/http's server holds back before it sends headers.
const buffered = 2048

// sent reports whether anything has left the server.
func (r *recorder) sent() bool { return r.flushed || r.written() > buffered }

// respond is the client's side.
func (r *recorder) respond(req *http.Request, date string) *http.Response {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	resp := &r.response
	*resp = http.Response{
		StatusCode: r.status, Status: statusLine(r.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.frozen, Request: req, Body: http.NoBody,
	}
	r.complete(resp, date)
	if r.head || !bodyAllowed(r.status) {
		return resp
	}
	if r.broken == nil && r.length >= 0 && r.written() < r.length {
		r.broken = io.ErrUnexpectedEOF
	}
	if r.written() == 0 && r.broken == nil {
		return resp
	}
	b := &r.arrives
	b.broken, b.next = r.broken, r.content
	if r.ex.Hang {
		b.stalled = req.Context()
	}
	r.bytes.Reset(r.body)
	if b.first = &r.bytes; len(r.body) == 0 && r.content != nil {
		b.next = nil
		b.first = r.content
	}
	resp.Body = b
	return resp
}

// complete adds what a server adds: the type, the length, the date.
func (r *recorder) complete(resp *http.Response, date string) {
	h := resp.Header
	if _, set := h["Date"]; !set {
		h["Date"] = r.values.of(date)
	}
	if bodyAllowed(r.status) {
		if _, set := h["Content-Type"]; !set && len(r.body) > 0 && header(h, "Content-Encoding") == "" {
			h["Content-Type"] = []string{http.DetectContentType(r.body)}
		}
	} else {
		delete(h, "Content-Length")
		if r.status == http.StatusNotModified {
			delete(h, "Content-Type")
		}
	}
	resp.ContentLength = r.length
	switch {
	case !bodyAllowed(r.status):
		resp.ContentLength = 0
		if r.head {
			resp.ContentLength = -1 // as net/http's client has it
		}
	case r.length >= 0:
	case r.head && (r.written() == 0 || r.sent()): // the length of what is not sent is unknown
	case !r.sent():
		resp.ContentLength = r.written()
		h["Content-Length"] = r.values.of(strconv.FormatInt(r.written(), 10))
	default:
		resp.TransferEncoding = []string{"chunked"}
	}
	if r.nils {
		for name, values := range h { // what is deleted: order does not matter
			if values == nil {
				delete(h, name)
			}
		}
	}
	if header(h, "Connection") == "close" { // the client's transport takes it off
		resp.Close = true
		delete(h, "Connection")
	}
}

// statusLines are those of the statuses that have a name.
var statusLines = sync.OnceValue(func() *[600]string {
	var lines [600]string
	for status := range lines {
		if text := http.StatusText(status); text != "" {
			lines[status] = strconv.Itoa(status) + " " + text
		}
	}
	return &lines
})

// statusLine writes the status as net/http's server does.
func statusLine(status int) string {
	if lines := statusLines(); status < len(lines) && lines[status] != "" {
		return lines[status]
	}
	text := http.StatusText(status)
	if text == "" {
		text = "status code " + strconv.Itoa(status)
	}
	return strconv.Itoa(status) + " " + text
}

// responseBody is what arrived of a body.
type responseBody struct {
	first  contents
	next   *Content // after it; nil: nothing
	broken error    // what it ends with, where the connection ended before it did; nil: io.EOF
	// stalled is the context of a request whose body never ends; nil: it does.
	stalled context.Context
	closed  bool
}

// contents are a *bytes.Reader or a *Content.
type contents interface {
	io.Reader
	io.WriterTo
}

func (b *responseBody) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.first.Read(p)
	if err == io.EOF {
		if b.next != nil {
			b.first, b.next = b.next, nil
			return b.Read(p)
		}
		if end := b.end(); end != nil {
			err = end
		}
	}
	return n, err
}

// end is what comes after the last byte: nil for an ordinary end.
func (b *responseBody) end() error {
	if b.stalled != nil {
		<-b.stalled.Done()
		return context.Cause(b.stalled)
	}
	return b.broken
}

// WriteTo spares copies of the body.
func (b *responseBody) WriteTo(w io.Writer) (int64, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.first.WriteTo(w)
	if err == nil && b.next != nil {
		b.first, b.next = b.next, nil
		var m int64
		m, err = b.first.WriteTo(w)
		n += m
	}
	if err == nil {
		err = b.end()
	}
	return n, err
}

func (b *responseBody) Close() error {
	b.closed = true
	return nil
}

// header is http.Header.Get for a name that is known to be canonical.
func header(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
