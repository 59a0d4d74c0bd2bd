package s3fake

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

// Epoch is the time of a server without [WithNow]: 2025-01-01 00:00:00 UTC.
var Epoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// DefaultMemory is how much a server without [WithMemory] keeps: 256 MiB.
const DefaultMemory = 256 << 20

// BugCode is the error code of an answer to a request that made the fake
// itself fail. No service has it.
const BugCode = "SquallFakeBug"

// Option sets up a [Server].
type Option func(*settings)

type settings struct {
	history time.Duration // see WithHistory
	now     func() time.Time
	memory  int64
	quick   bool
	buckets []string
	onBug   func(*faults.PanicError)
	// onCommit may be nil.
	onCommit func(r *http.Request, what faults.Request, again bool)
}

// WithNow is the server's time: for LastModified, dates and conditions. It must
// be safe for concurrent use. Without it time stands still at [Epoch].
func WithNow(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// WithMemory bounds the bytes that objects may take: their content, unless it
// is that of [Body], their metadata, and a few hundred bytes each. Beyond, the
// oldest objects are dropped, as if they had been deleted; [Server.Ensure]
// brings them back. Uploads that would take more than half of it are refused
// with EntityTooLarge. Values below 1 MiB are 1 MiB.
func WithMemory(bytes int64) Option {
	return func(s *settings) { s.memory = max(bytes, 1<<20) }
}

// QuickETags gives objects with the content of [Body] an ETag that is a
// function of key and size, where it is otherwise the MD5 of the content. S3's
// own ETags are no MD5 either where objects are encrypted with KMS keys. It
// spares simulations the hashing of everything that they move: uploads of Body
// through a faults.Transport then cost the same whatever their size.
func QuickETags() Option { return func(s *settings) { s.quick = true } }

// WithBuckets makes buckets that are there from the start.
func WithBuckets(names ...string) Option {
	return func(s *settings) { s.buckets = append(s.buckets, names...) }
}

// OnBug is told of every panic below the server; it must be safe for
// concurrent use.
func OnBug(f func(*faults.PanicError)) Option { return func(s *settings) { s.onBug = f } }

// OnCommit tells f of every request that changed the store, and what it did: Op,
// Bucket and Key, which is empty for the many keys of DeleteObjects; whose
// request it was (Client, Call, Attempt), as far as it says. It is told when the change is
// done and before the client is answered, so that it is told of changes whose answer
// is lost, too. A write that leaves things as they were, such as the deletion of what is
// not there, was carried out and counts. again is set for a request that was answered with
// success as what it asks for had been done before, by a request that it repeats. f runs on the
// request's goroutine, and must be safe for concurrent use.
func OnCommit(f func(r *http.Request, what faults.Request, again bool)) Option {
	return func(s *settings) { s.onCommit = f }
}

// Server is a fake S3: an [http.Handler] for requests in path style, and in the
// style of [faults.PathStyle]. It is safe for concurrent use.
type Server struct {
	settings
	store *store
	inner http.Handler // gofakes3
	count atomic.Uint64
	bugs  atomic.Uint64
}

// New returns a server. It panics if a name of [WithBuckets] is not a valid
// bucket name, which is a mistake in the program.
func New(opts ...Option) *Server {
	s := &Server{settings: settings{memory: DefaultMemory, now: func() time.Time { return Epoch }}}
	for _, opt := range opts {
		opt(&s.settings)
	}
	s.store = newStore(&s.settings)
	for _, name := range s.buckets {
		if err := s.CreateBucket(name); err != nil {
			panic(err)
		}
	}
	s.inner = s.front()
	return s
}

// source is gofakes3's view of the time.
type source func() time.Time

func (s source) Now() time.Time                  { return s().UTC() }
func (s source) Since(t time.Time) time.Duration { return s().Sub(t) }

// bug counts a failure of the fake itself and returns the answer to it.
func (s *Server) bug(value any) faults.S3Code {
	p := &faults.PanicError{Value: value, Stack: debug.Stack()}
	s.bugs.Add(1)
	if s.onBug != nil {
		s.onBug(p)
	}
	return faults.S3Code{Code: BugCode, Status: http.StatusInternalServerError, Message: p.Error()}
}

// Bugs returns how many requests made the fake itself fail.
func (s *Server) Bugs() uint64 { return s.bugs.Load() }

// ServeHTTP answers a request as S3 would.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if back, ok := faults.AsOf(r.Context()); ok && s.history > 0 && s.stale(w, r, back) {
		return
	}
	r = faults.PathStyle(r)
	who, ok := faults.Identify(r)
	if !ok {
		who.Call, who.Attempt = s.count.Add(1)-1, 1
	}
	out := &reply{ResponseWriter: w, server: s, r: r, who: who}
	defer func() {
		switch v := recover(); {
		case v == nil:
		case v == http.ErrAbortHandler:
			panic(v)
		default:
			out.refuse(s.bug(v))
		}
	}()
	if s.quick && s.quickPut(out, r) {
		return
	}
	request, refusal := s.guard(r)
	switch {
	case refusal == nil && own[request.op] != nil:
		if err := own[request.op](s, out, request); err != nil {
			out.refuse(s.codeOf(err))
		}
	case refusal == nil:
		out.reads = request.op == "GetObject" || request.op == "HeadObject"
		out.asked = strings.EqualFold(request.Header.Get(headerChecksumMode), "ENABLED")
		out.section = request.section
		s.inner.ServeHTTP(out, request.Request)
		out.finish()
	case refusal.Status == http.StatusNotModified:
		out.notModified(s.store.find(r))
	default:
		out.refuse(*refusal)
	}
}

// An Error is a mistake in the use of a [Server] in Go.
type Error struct {
	Code    string // S3's error code
	Message string
	Err     error // the cause; may be nil
}

// Error returns the message.
func (e *Error) Error() string { return "s3fake: " + e.Message }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// CreateBucket makes a bucket without going over the wire. One that is there
// stays as it is. The error is an *[Error].
func (s *Server) CreateBucket(name string) error {
	if !faults.IsBucketName(name) {
		return &Error{Code: "InvalidBucketName", Message: fmt.Sprintf("%q is not a bucket name: 3 to 63 of a-z, 0-9, dots and hyphens", name)}
	}
	if err := s.store.CreateBucket(name); err != nil && !gofakes3.HasErrorCode(err, "BucketAlreadyOwnedByYou") {
		return &Error{Code: "InternalError", Message: "bucket " + strconv.Quote(name) + " cannot be made", Err: err}
	}
	return nil
}

// Put makes an object of that size without going over the wire, with the
// content of [Body]; it replaces one of the same key. The bucket is made if
// there is none. The error is an *[Error].
func (s *Server) Put(bucket, key string, size int64) error { return s.load(bucket, key, size, true) }

// Ensure is Put for an object that may be there: one of the same key and size
// stays as it is.
func (s *Server) Ensure(bucket, key string, size int64) error {
	return s.load(bucket, key, size, false)
}

// Body is the content of the objects that Put and Ensure make, and of uploads
// that take no memory: a pure function of key and size.
func Body(key string, size int64) *faults.Content { return faults.NewContent(key, size) }

// maxObject is the size of the greatest object that S3 keeps: 5 TiB.
const maxObject = 5 << 40

func (s *Server) load(bucket, key string, size int64, replace bool) error {
	if key == "" || len(key) > gofakes3.KeySizeLimit {
		return &Error{Code: "KeyTooLongError", Message: fmt.Sprintf("a key has 1 to %d bytes, this one %d", gofakes3.KeySizeLimit, len(key))}
	}
	if size < 0 || size > maxObject {
		return &Error{Code: "EntityTooLarge", Message: fmt.Sprintf("an object of %d bytes is not possible", size)}
	}
	if !replace && s.store.has(bucket, key, size) {
		return nil
	}
	o := s.store.newObject(key, size, nil)
	err := s.store.load(bucket, o, false)
	if err == errNoBucket {
		if err = s.CreateBucket(bucket); err == nil {
			err = s.store.load(bucket, o, false)
		}
	}
	return err
}

// Usage is what a server keeps.
type Usage struct {
	Objects int
	Uploads int   // multipart uploads that are neither completed nor aborted
	Bytes   int64 // of memory, as [WithMemory] counts it
	Evicted uint64
}

// Usage returns what the server keeps now.
func (s *Server) Usage() Usage { return s.store.usage() }
