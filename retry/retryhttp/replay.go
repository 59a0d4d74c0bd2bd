package retryhttp

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// replay hands a request's body to one attempt after another. With GetBody
// each gets a body of its own. Without, what an attempt reads is kept, up to a
// bound, for the next to read again before it goes on with the rest: a body
// that streams goes on streaming, and an attempt that never came to read it
// costs nothing.
//
// An attempt's reader can outlive the attempt, since net/http may still be
// writing when RoundTrip returns. That is why the source is read under a lock,
// and closed only when nobody has a reader any longer.
type replay struct {
	get    func() (io.ReadCloser, error)
	src    io.ReadCloser // nil: there is no body
	size   int64         // declared; -1: not known
	limit  int64
	broken error // GetBody's

	mu    sync.Mutex
	kept  []byte
	end   error        // the source's last word
	begun atomic.Bool  // somebody has read
	over  atomic.Bool  // more was read than is kept
	users atomic.Int32 // readers not closed yet, and the call itself
	shut  sync.Once
}

// bodiless is the replay of all requests without a body: nothing in it changes.
var bodiless replay

func newReplay(req *http.Request, limit int64) *replay {
	if req.Body == nil || req.Body == http.NoBody {
		return &bodiless
	}
	r := &replay{limit: limit, size: req.ContentLength, src: req.Body, get: req.GetBody}
	if r.size == 0 {
		r.size = -1 // net/http's way to say that it is not known
	}
	r.users.Store(1)
	return r
}

// attach gives the n-th attempt's request its body.
func (r *replay) attach(req *http.Request, n int) error {
	switch {
	case r.src == nil:
		return nil
	case r.get == nil:
		req.Body = r.reader()
		req.GetBody = func() (io.ReadCloser, error) {
			if !r.rewindable() {
				return nil, r.problem()
			}
			return r.reader(), nil
		}
		return nil
	case n == 1:
		r.begun.Store(true) // the transport below closes it from now on
		return nil
	}
	body, err := r.get()
	if err != nil {
		r.broken = err
		return r.problem()
	}
	req.Body = body
	return nil
}

// rewindable reports whether a further attempt could send the whole body.
func (r *replay) rewindable() bool { return r.src == nil || r.get != nil || !r.over.Load() }

// problem is why it could not.
func (r *replay) problem() *BodyError {
	return &BodyError{Size: r.size, Limit: r.limit, Err: r.broken}
}

// finish ends the call's own hold on the body.
func (r *replay) finish() {
	switch {
	case r.src == nil:
	case r.get == nil:
		r.leave()
	case !r.begun.Load(): // no attempt was made
		r.src.Close()
	}
}

func (r *replay) leave() {
	if r.users.Add(-1) <= 0 {
		r.shut.Do(func() { r.src.Close() })
	}
}

func (r *replay) reader() io.ReadCloser {
	r.users.Add(1)
	return &replayReader{r: r}
}

// replayReader is one attempt's view of the body.
type replayReader struct {
	r      *replay
	at     int64 // how much this view has read
	ahead  bool  // it has read past what is kept
	closed atomic.Bool
}

func (v *replayReader) Read(p []byte) (int, error) {
	if v.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	if len(p) == 0 {
		return 0, nil
	}
	r := v.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun.Store(true)
	if !v.ahead && r.over.Load() {
		return 0, r.problem() // another view has gone past what is kept
	}
	if rest := r.kept[min(v.at, int64(len(r.kept))):]; !v.ahead && len(rest) > 0 {
		n := copy(p, rest)
		v.at += int64(n)
		return n, nil
	}
	if r.end != nil {
		return 0, r.end
	}
	n, err := r.src.Read(p)
	v.at += int64(n)
	v.keep(p[:n])
	if err != nil {
		if err != io.EOF {
			err = &sourceError{err}
		}
		r.end = err
	}
	return n, err
}

// keep adds to what is kept, or gives it up.
func (v *replayReader) keep(p []byte) {
	r := v.r
	switch {
	case v.ahead || len(p) == 0:
	case r.size > r.limit || int64(len(r.kept))+int64(len(p)) > r.limit:
		v.ahead, r.kept = true, nil
		r.over.Store(true)
	default:
		r.kept = append(r.kept, p...)
	}
}

func (v *replayReader) Close() error {
	if !v.closed.Swap(true) {
		v.r.leave()
	}
	return nil
}
