package retryhttp

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
)

// answer judges a response: it returns it, or the error that it amounts to. A
// response that is an error is kept, with its body whole, for the case that it
// was the last.
func (c *call) answer(resp *http.Response, release context.CancelFunc) (*http.Response, error) {
	if resp.Body == nil { // transports must not, some do
		resp.Body = http.NoBody
	}
	if resp.StatusCode >= 400 {
		return nil, c.refused(resp, release)
	}
	if c.t.s3 && mayHideError(c.req, resp) {
		hidden, err := peekError(resp)
		if err != nil {
			resp.Body.Close()
			release()
			return nil, err
		}
		if hidden {
			return nil, c.refused(resp, release)
		}
	}
	if c.t.fullBody > 0 && hasBody(c.req, resp) && resp.ContentLength <= c.t.fullBody {
		if err := readWhole(resp, c.t.fullBody); err != nil {
			resp.Body.Close()
			release()
			return nil, err
		}
	}
	if c.t.policy.AttemptTimeout > 0 || c.t.policy.Limit > 0 {
		resp.Body = released(resp.Body, release)
	}
	return resp, nil
}

// refused keeps resp and returns the error in it. As much of the body as an
// error can be long is read: if that was all, the connection is free for the
// next attempt, and the body is in memory should the caller get to see it.
func (c *call) refused(resp *http.Response, release context.CancelFunc) error {
	var head []byte
	var err error
	body := resp.Body
	if body != http.NoBody {
		head, err = io.ReadAll(io.LimitReader(body, maxBody))
	}
	switch {
	case err == nil && len(head) == 0:
		body.Close()
		release()
		resp.Body = http.NoBody
	case err != nil || len(head) < maxBody:
		body.Close()
		release()
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head), ending{err}))
	default:
		resp.Body = released(spliced{io.MultiReader(bytes.NewReader(head), body), body}, release)
	}
	req := resp.Request
	if req == nil {
		req = c.req
	}
	refusal := errorOf(resp, req, head, c.t.clock.Now())
	if resp.StatusCode < 400 { // an error in an answer of 200
		hiddenError(refusal)
		resp.StatusCode, resp.Status = refusal.Status, statusLine(refusal.Status)
	}
	c.held = resp
	return refusal
}

// readWhole reads the body of at most limit bytes to its end. What is longer
// is left to the caller.
func readWhole(resp *http.Response, limit int64) error {
	want := resp.ContentLength
	var buf bytes.Buffer
	if want > 0 {
		buf.Grow(int(min(want, 1<<20)) + bytes.MinRead) // the header's word, up to a point
	}
	got, err := io.Copy(&buf, io.LimitReader(resp.Body, addOne(limit)))
	switch {
	case err != nil, want >= 0 && got < want:
		return &TruncatedError{Status: resp.StatusCode, Got: got, Want: want, Err: eof(err)}
	case got > limit:
		resp.Body = spliced{io.MultiReader(&buf, resp.Body), resp.Body}
		return nil
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(&buf)
	return nil
}

func addOne(n int64) int64 {
	if n == math.MaxInt64 {
		return n
	}
	return n + 1
}

// hasBody reports whether resp has a body that ends.
func hasBody(req *http.Request, resp *http.Response) bool {
	switch {
	case req.Method == http.MethodHead, resp.Body == http.NoBody, resp.StatusCode < 200,
		resp.StatusCode == http.StatusNoContent, resp.StatusCode == http.StatusNotModified:
		return false
	}
	return !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
}

// spliced is a body that was partly read already.
type spliced struct {
	io.Reader
	io.Closer
}

// ending ends a body the way it ended when it was read.
type ending struct{ err error }

func (e ending) Read([]byte) (int, error) {
	if e.err == nil {
		return 0, io.EOF
	}
	return 0, e.err
}

// released returns body so that its end, or Close, ends the attempt that it
// belongs to, with its timer. A connection that was upgraded stays one that
// can be written to.
func released(body io.ReadCloser, release context.CancelFunc) io.ReadCloser {
	b := &releasing{body: body, release: release}
	if w, ok := body.(io.Writer); ok {
		return struct {
			io.ReadCloser
			io.Writer
		}{b, w}
	}
	return b
}

type releasing struct {
	body    io.ReadCloser
	release context.CancelFunc
	once    sync.Once
}

func (b *releasing) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err != nil {
		b.once.Do(b.release)
	}
	return n, err
}

func (b *releasing) Close() error {
	err := b.body.Close()
	b.once.Do(b.release)
	return err
}
