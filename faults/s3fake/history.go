package s3fake

import (
	"net/http"
	"sort"
	"time"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

// maxChanges bounds how many changes a store remembers.
const maxChanges = 1 << 17

// WithHistory makes the server remember what changed within that time, so that
// reads and lists can be answered with what there was before (see [faults.AsOf]).
// Without it, or with 0, they are answered with what there is. It remembers the
// last 131072 changes at most, and replaced objects of half the size that
// [WithMemory] allows, besides those that are there; reads from before that see the oldest
// state that is known. Objects of [Server.Put] and [Server.Ensure] count as having
// been there always.
func WithHistory(back time.Duration) Option {
	return func(s *settings) { s.history = max(0, back) }
}

// change is what a key held until something changed it.
type change struct {
	at     time.Time
	bucket *bucket
	key    string
	before *object // nil: nothing
}

// history is what changed, the oldest first.
type history struct {
	keep    time.Duration // 0: nothing
	changes []change
	bytes   int64 // of the objects in it
}

// changes remembers what a key holds, before that changes. s.mu is held.
func (s *store) changes(b *bucket, key string) {
	h := &s.past
	if h.keep == 0 {
		return
	}
	now, before := s.now(), b.objects[key]
	h.changes = append(h.changes, change{now, b, key, before})
	h.bytes += before.bytes()
	old := 0
	for old < len(h.changes) && (h.changes[old].at.Before(now.Add(-h.keep)) || len(h.changes)-old > maxChanges || h.bytes > s.memory/2) {
		h.bytes -= h.changes[old].before.bytes()
		old++
	}
	clear(h.changes[:old]) // or the array keeps what is forgotten
	h.changes = h.changes[old:]
}

// bytes is what an object in the history takes; nil takes nothing.
func (o *object) bytes() int64 {
	if o == nil {
		return 0
	}
	return o.cost()
}

// since returns the changes after a time.
func (h *history) since(at time.Time) []change {
	return h.changes[sort.Search(len(h.changes), func(i int) bool { return h.changes[i].at.After(at) }):]
}

// asOf returns a store with the buckets as they were: of one bucket the object of
// a key, or with key "" all objects. Nobody may change it.
func (s *store) asOf(at time.Time, bucketName, key string) *store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	old := &store{now: s.now, memory: s.memory, quick: s.quick, buckets: make(map[string]*bucket, len(s.buckets))}
	for name, b := range s.buckets { // into a map: order does not matter
		old.buckets[name] = &bucket{name: name, created: b.created, objects: make(map[string]*object)}
	}
	from, to := s.buckets[bucketName], old.buckets[bucketName]
	if from == nil {
		return old
	}
	if key != "" {
		to.hold(key, from.objects[key])
	} else {
		for key, o := range from.objects { // into a map: order does not matter
			to.objects[key] = o
		}
	}
	changes := s.past.since(at)
	for i := len(changes) - 1; i >= 0; i-- { // the last one first: the oldest has the last word
		if c := changes[i]; c.bucket == from && (key == "" || c.key == key) {
			to.hold(c.key, c.before)
		}
	}
	for key := range to.objects { // into a sorted set
		to.keys.insert(key)
	}
	return old
}

func (b *bucket) hold(key string, o *object) {
	if o == nil {
		delete(b.objects, key)
		return
	}
	b.objects[key] = o
}

// stale answers a read as it would have been answered that long ago; false for
// what is no read.
func (s *Server) stale(w http.ResponseWriter, r *http.Request, back time.Duration) bool {
	plain := faults.PathStyle(r)
	op, bucketName, key := faults.OperationOf(plain.Method, plain.URL, plain.Header)
	switch op {
	case "GetObject", "HeadObject":
	case "ListObjects", "ListObjectsV2":
		key = ""
	default:
		return false
	}
	then := &Server{settings: s.settings, store: s.store.asOf(s.now().Add(-back), bucketName, key)}
	then.settings.history = 0
	then.inner = then.front()
	then.ServeHTTP(w, r)
	s.bugs.Add(then.bugs.Load())
	return true
}

// front is gofakes3 before the server's store.
func (s *Server) front() http.Handler {
	return gofakes3.New(front{store: s.store},
		gofakes3.WithTimeSource(source(s.now)),
		gofakes3.WithTimeSkewLimit(0), // clients sign with the real time, the server's is virtual
		gofakes3.WithoutVersioning(),
		gofakes3.WithUnimplementedPageError(),
	).Server()
}
