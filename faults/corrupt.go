package faults

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// corrupter is the ResponseWriter of a backend whose answers are damaged: one
// bit of the body, the lowest of the byte at a place, is the other one. Of a body
// that ends before the place it is the last byte: where no length is announced, that
// is held back until there is another.
type corrupter struct {
	Wire
	at       int64 // of the byte; that of the last one where the length is announced and smaller
	seen     int64
	matching bool
	wrote    bool
	unsized  bool   // no length was announced
	held     []byte // the last byte so far, one or none
}

// Unwrap lets an http.ResponseController find what the connection can do.
func (c *corrupter) Unwrap() http.ResponseWriter { return c.Wire }

// WriteHeader moves the place into a body whose length it is told, and takes
// away what would give the damage away.
func (c *corrupter) WriteHeader(status int) {
	if !c.wrote && status >= 200 {
		c.wrote = true
		h := c.Header()
		if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil && n > 0 {
			c.at = min(c.at, n-1)
		} else {
			c.unsized = true
		}
		if c.matching {
			hideChecksums(h)
		}
	}
	c.Wire.WriteHeader(status)
}

// Write passes p on, which it does not change.
func (c *corrupter) Write(p []byte) (int, error) {
	if !c.wrote {
		c.WriteHeader(http.StatusOK)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := c.release(); err != nil {
		return 0, err
	}
	n := len(p)
	switch i := c.at - c.seen; {
	case i >= 0 && i < int64(n):
		bad := append([]byte(nil), p...)
		bad[i] ^= 1
		p = bad
	case i >= 0 && c.unsized:
		c.held = append(c.held, p[n-1])
		p = p[:n-1]
	}
	c.seen += int64(n)
	if len(p) == 0 {
		return n, nil
	}
	if m, err := c.Wire.Write(p); err != nil {
		return m, err
	}
	return n, nil
}

// release sends the byte that was held back, as it is.
func (c *corrupter) release() error {
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.Wire.Write(c.held)
	c.held = c.held[:0]
	return err
}

// finish damages the last byte of a body that ended before the place.
func (c *corrupter) finish() {
	if len(c.held) > 0 {
		c.held[0] ^= 1
		c.release() // a client that has gone away needs no answer
	}
}

// Break ends the body, too.
func (c *corrupter) Break(how Kind) {
	if len(c.held) > 0 {
		c.finish()
		http.NewResponseController(c.Wire).Flush()
	}
	c.Wire.Break(how)
}

// WriteContent is Write for content that need not be copied.
func (c *corrupter) WriteContent(content *Content) (int64, error) {
	left := content.size - content.at
	if !c.wrote && c.Header().Get("Content-Type") == "" { // the first bytes are needed, to tell it by
		return content.WriteTo(struct{ io.Writer }{c})
	}
	if !c.wrote {
		c.WriteHeader(http.StatusOK)
	}
	if c.unsized && c.at-c.seen >= left { // the last byte is needed
		return content.WriteTo(struct{ io.Writer }{c})
	}
	if err := c.release(); err != nil {
		return 0, err
	}
	if i := c.at - c.seen; i >= 0 && i < left {
		bad := *content
		bad.damage(content.at + i)
		content.at = content.size
		content = &bad
	}
	n, err := WriteContent(c.Wire, content)
	c.seen += n
	return n, err
}

// hideChecksums takes away what a client could check a body by. An ETag that is
// an MD5 gets the form that those of multipart uploads have, which clients know
// to be no MD5 of the content.
func hideChecksums(h http.Header) {
	for name := range h {
		switch lower := strings.ToLower(name); {
		case strings.HasPrefix(lower, "x-amz-checksum-"), lower == "content-md5", lower == "digest", lower == "content-digest", lower == "repr-digest":
			delete(h, name)
		case lower == "etag" && len(h[name]) > 0 && isMD5(strings.Trim(h[name][0], `"`)):
			h[name] = []string{`"` + strings.Trim(h[name][0], `"`) + `-1"`}
		}
	}
}

func isMD5(s string) bool { return len(s) == 32 && strings.Trim(s, "0123456789abcdefABCDEF") == "" }

func (p *effectParser) parseChecksum(value word) error {
	switch value.text {
	case "kept":
	case "matching":
		p.effect.Matching = true
	default:
		return p.fail(value.at, "no checksum is "+quote(value.text), "write checksum=kept, which goes without saying, or checksum=matching")
	}
	return nil
}
