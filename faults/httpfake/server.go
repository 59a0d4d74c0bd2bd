package httpfake

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/squall-sim/squall/faults"
)

// MaxSize bounds what [HeaderSize] can ask for: 5 TiB, which is S3's greatest
// object.
const MaxSize = 5 << 40

// HeaderSize is a request header that says how many bytes the answer has, for
// clients that know better than [WithSize]. Values below 0 or above [MaxSize]
// are answered with 400.
const HeaderSize = "X-Squall-Size"

// Server is a generic web service. It knows the methods GET, HEAD, POST, PUT,
// PATCH, DELETE and OPTIONS; others get 405. It is safe for concurrent use.
type Server struct {
	size   func(path string) (int64, bool)
	routes *Routes
	keys   keys
	commit func(r *http.Request, what faults.Request, again bool) // never nil
	counts [len(methods)]atomic.Uint64
}

// methods are those that the service knows, sorted as in Allow.
var methods = [...]string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// Option sets up a [Server].
type Option func(*Server)

// WithSize tells how many bytes the resource at a path has; a size below 0
// means that there is none, which is answered with 404. Without it every
// resource has 1 KiB. size must be safe for concurrent use.
func WithSize(size func(path string) int64) Option {
	return func(s *Server) {
		s.size = func(path string) (int64, bool) {
			n := size(path)
			return n, n >= 0
		}
	}
}

// WithRoutes has requests answered by the first route that fits; those without
// one are answered as if there were no routes. A route knows better than
// [HeaderSize], which knows better than [WithSize].
func WithRoutes(routes *Routes) Option { return func(s *Server) { s.routes = routes } }

// OnCommit tells f of every request that the service carried out to change
// something (PUT, POST, PATCH, DELETE), and whose it was (Client, Call, Attempt) as far as
// it says; Op is the method and Key the target. It is told before the client is
// answered, so that it is told of changes whose answer is lost, too. f runs on the
// request's goroutine, and must be safe for concurrent use. again is set for a
// request that was answered as what it asks for had been done before, by a request that it repeats.
func OnCommit(f func(r *http.Request, what faults.Request, again bool)) Option {
	return func(s *Server) {
		s.commit = func(r *http.Request, what faults.Request, again bool) {
			what.Op, what.Method, what.Key = r.Method, r.Method, r.URL.RequestURI()
			f(r, what, again)
		}
	}
}

// New returns a service.
func New(opts ...Option) *Server {
	s := &Server{
		size:   func(string) (int64, bool) { return 1 << 10, true },
		commit: func(*http.Request, faults.Request, bool) {},
	}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// ServeHTTP answers: GET with 200 and the resource's content, HEAD with its
// headers, PUT and DELETE with 204, POST with 201, PATCH with 200 and a line of JSON,
// OPTIONS with 204 and Allow; a route says otherwise. Request bodies are read and dropped; one that
// breaks off is answered with 400, since nobody may take half of it for done.
//
// A write with an [HeaderIdempotencyKey] is carried out once: when the key comes again,
// so does the first answer, and nothing is done. The same key for another request is answered with 422.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.count(r.Method) {
		w.Header().Set("Allow", strings.Join(methods[:], ", "))
		fail(w, r, http.StatusMethodNotAllowed)
		return
	}
	in, status := s.read(r)
	if status != 0 {
		fail(w, r, status)
		return
	}
	var a answer
	if in.key == "" {
		a = s.answer(r, in)
		s.keys.unkeyed(a.carriedOut(r.Method))
	} else {
		var again bool
		if a, again = s.keys.once(r.Method, in, func() answer { return s.answer(r, in) }); again {
			s.committed(r, true)
		}
	}
	a.send(w, r)
}

// Requests returns how many requests of a method were answered; faults in
// front of the service keep requests from it.
func (s *Server) Requests(method string) uint64 {
	for i := range methods {
		if methods[i] == method {
			return s.counts[i].Load()
		}
	}
	return 0
}

// Total returns how many requests were answered, of all methods.
func (s *Server) Total() uint64 {
	var n uint64
	for i := range s.counts {
		n += s.counts[i].Load()
	}
	return n
}

func (s *Server) count(method string) bool {
	for i := range methods {
		if methods[i] == method {
			s.counts[i].Add(1)
			return true
		}
	}
	return false
}

func (s *Server) sizeOf(r *http.Request) (int64, int) {
	if v := r.Header[HeaderSize]; len(v) > 0 {
		n, err := strconv.ParseInt(v[0], 10, 64)
		if err != nil || n < 0 || n > MaxSize {
			return 0, http.StatusBadRequest
		}
		return n, http.StatusOK
	}
	n, ok := s.size(r.URL.Path)
	if !ok {
		return 0, http.StatusNotFound
	}
	return n, http.StatusOK
}

// drain reads a body to its end.
func drain(r *http.Request, to io.Writer) error {
	if r.Body == nil || r.Body == http.NoBody || to == io.Discard && faults.BodyContent(r) != nil {
		return nil
	}
	_, err := io.Copy(to, r.Body)
	return err
}

// fail answers with an error.
func fail(w http.ResponseWriter, r *http.Request, status int) { faults.WriteHTTPError(w, r, status) }
