package faults

import (
	"io"
	"net/http"
	"strconv"
)

// cut lets next answer, sends the effect's number of bytes of the body, and then
// ends or stops the connection. It does not return on a real one.
func cut(w Wire, r *http.Request, next http.Handler, e Effect) {
	c := &cutter{w: w, at: e.At, left: e.At, chunked: e.Kind == MalformedChunk}
	next.ServeHTTP(c, r)
	drain(r) // a connection that is closed with bytes unread sends RST
	c.fill()
	c.Flush()
	switch {
	case e.Kind == Stall:
		w.Hang()
	case e.Kind == MalformedChunk && r.ProtoAtLeast(1, 1): // HTTP/1.0 has no chunks
		w.Break(e.Kind)
	case e.ByReset:
		w.Reset()
	default:
		panic(http.ErrAbortHandler) // FIN, with less than was announced
	}
}

// bodyErr is what reading a body that breaks off ends with.
func (e Effect) bodyErr() error {
	switch {
	case e.ByReset:
		return errReset
	case e.Kind == MalformedChunk:
		return errMalformedChunk
	}
	return io.ErrUnexpectedEOF
}

// cutter is the ResponseWriter of a backend whose answer is cut: it announces
// more than it sends, or no length.
type cutter struct {
	w        Wire
	at, left int64 // bytes of the body that come, and that are still to come
	wrote    bool  // the headers
	chunked  bool  // no length is announced
}

func (c *cutter) Header() http.Header { return c.w.Header() }

// WriteHeader announces a body that is longer than what comes of it.
func (c *cutter) WriteHeader(status int) {
	if c.wrote || status < 200 {
		c.w.WriteHeader(status)
		return
	}
	c.wrote = true
	if !bodyAllowed(status) {
		status = http.StatusOK
	}
	h := c.w.Header()
	if c.chunked {
		delete(h, "Content-Length")
	} else if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err != nil || n <= c.at {
		h.Set("Content-Length", strconv.FormatInt(c.at+1, 10))
	}
	if _, set := h["Content-Type"]; !set {
		h.Set("Content-Type", "application/octet-stream")
	}
	c.w.WriteHeader(status)
}

// Write sends as much as is still to come, and takes the rest.
func (c *cutter) Write(p []byte) (int, error) {
	c.begin()
	n := min(int64(len(p)), c.left)
	c.left -= n
	if n > 0 {
		if _, err := c.w.Write(p[:n]); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// WriteContent is Write for content that need not be copied.
func (c *cutter) WriteContent(content *Content) (int64, error) {
	c.begin()
	whole := content.size - content.at
	if whole < c.left { // as bytes, so that what fills it up need not be
		n, err := content.WriteTo(struct{ io.Writer }{c.w})
		c.left -= n
		return n, err
	}
	n := c.left
	c.left = 0
	if n > 0 {
		if _, err := WriteContent(c.w, content.Section(content.at, n)); err != nil {
			return 0, err
		}
	}
	content.at = content.size
	return whole, nil
}

// Flush sends what there is.
func (c *cutter) Flush() {
	c.begin()
	http.NewResponseController(c.w).Flush() // a connection that is gone needs none
}

func (c *cutter) begin() {
	if !c.wrote {
		c.WriteHeader(http.StatusOK)
	}
}

// fill lengthens a body that ended before it could be cut.
func (c *cutter) fill() {
	c.begin()
	if c.left > 0 {
		WriteContent(c.w, NewContent("filling", c.left)) // as above
		c.left = 0
	}
}
