package s3fake

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// store holds buckets, objects and uploads. With [front] around it, it is the
// [gofakes3.Backend] and [gofakes3.MultipartBackend] of a server.
//
// It stands in for gofakes3's s3mem, which merges the metadata of overwritten
// objects, reads the real clock when it copies, gives multipart objects another
// ETag than it told, and grows without bound.
type store struct {
	now    func() time.Time
	memory int64
	quick  bool // see QuickETags
	past   history
	usual  usual

	mu      sync.RWMutex
	buckets map[string]*bucket
	used    int64
	number  uint64  // of the object that came last
	arrived []entry // live and replaced objects, oldest first: what to evict
	evicted uint64
	objects int // in all buckets

	objectBytes   int64 // of used, by objects; the rest is of parts
	finished      map[gofakes3.UploadID]finished
	finishedOrder []gofakes3.UploadID // oldest first
}

type bucket struct {
	name    string
	created time.Time
	objects map[string]*object
	keys    keyset
	uploads map[gofakes3.UploadID]*upload
	started map[string]uint64 // uploads per key so far, which name the next
}

// entry names an object that may have been replaced since.
type entry struct {
	bucket *bucket
	key    string
	number uint64
}

// front is what gofakes3 sees of a store: what reads, lists and deletes. What
// writes is answered before gofakes3, so the rest of its interfaces is nil, and
// a call of it is a bug that the server tells of.
type front struct {
	*store
	rest
}

type rest struct {
	gofakes3.Backend
	gofakes3.MultipartBackend
}

var errNoBucket = errors.New("s3fake: no such bucket")

func newStore(s *settings) *store {
	return &store{now: s.now, memory: s.memory, quick: s.quick, past: history{keep: s.history}, buckets: make(map[string]*bucket), finished: make(map[gofakes3.UploadID]finished)}
}

// newObject returns an object of now with that metadata; see [metadataOf].
func (s *store) newObject(key string, size int64, meta map[string]string) *object {
	now := s.now()
	o := &object{key: key, size: size, modified: now, quick: s.quick}
	if len(meta) == 0 {
		o.meta = s.usual.at(now)
	} else {
		o.meta = completed(meta, now)
	}
	return o
}

// put stores an object, and evicts others until there is room. s.mu is held.
func (s *store) put(b *bucket, o *object) {
	s.remove(b, o.key)
	s.number++
	o.number = s.number
	b.objects[o.key] = o
	s.objects++
	b.keys.insert(o.key)
	s.used += o.cost()
	s.objectBytes += o.cost()
	s.arrived = append(s.arrived, entry{b, o.key, o.number})
	s.trim(o)
}

// trim evicts the oldest objects but keep until the store fits its bound.
func (s *store) trim(keep *object) {
	for s.used > s.memory && len(s.arrived) > 0 {
		e := s.arrived[0]
		o := e.bucket.objects[e.key]
		if keep != nil && e.number == keep.number { // all the older ones are gone
			break
		}
		s.arrived = s.arrived[1:]
		if o != nil && o.number == e.number {
			s.remove(e.bucket, e.key)
			s.evicted++
		}
	}
	if len(s.arrived) > 2*s.objects+1024 { // mostly objects that were replaced or deleted
		s.arrived = slices.Clone(slices.DeleteFunc(s.arrived, func(e entry) bool {
			o := e.bucket.objects[e.key]
			return o == nil || o.number != e.number
		}))
	}
}

// remove forgets an object. s.mu is held.
func (s *store) remove(b *bucket, key string) {
	o := b.objects[key]
	if o == nil {
		return
	}
	delete(b.objects, key)
	s.objects--
	b.keys.remove(key)
	s.used -= o.cost()
	s.objectBytes -= o.cost()
}

// load stores an object with generated content: one that has always been there,
// unless it is told to be a change.
func (s *store) load(bucketName string, o *object, changes bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return errNoBucket
	}
	if changes {
		s.changes(b, o.key)
	}
	s.put(b, o)
	return nil
}

// has reports whether there is an object of that size.
func (s *store) has(bucketName, key string, size int64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[bucketName]
	return b != nil && b.objects[key] != nil && b.objects[key].size == size
}

// object finds one. s.mu is held.
func (s *store) object(bucketName, key string) (*object, error) {
	b := s.buckets[bucketName]
	if b == nil {
		return nil, gofakes3.BucketNotFound(bucketName)
	}
	o := b.objects[key]
	if o == nil {
		return nil, gofakes3.KeyNotFound(key)
	}
	return o, nil
}

func (s *store) get(bucketName, key string) (*object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.object(bucketName, key)
}

// find returns the object that a path-style request is about; nil if there is
// none.
func (s *store) find(r *http.Request) *object {
	bucketName, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	o, _ := s.get(bucketName, key)
	return o
}

func (s *store) GetObject(bucketName, key string, request *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	o, err := s.get(bucketName, key)
	if err != nil {
		return nil, err
	}
	return o.serve(request, true)
}

func (s *store) HeadObject(bucketName, key string) (*gofakes3.Object, error) {
	o, err := s.get(bucketName, key)
	if err != nil {
		return nil, err
	}
	return o.serve(nil, false)
}

// buffers are for comparing uploads with what they should be.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// receive reads an upload of o.size bytes to its end. As long as they are those
// of Body they are only compared: simulated clients send nothing else.
func (s *store) receive(o *object, input io.Reader) error {
	got, want := buffers.Get().(*[32 << 10]byte), buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(got)
	defer buffers.Put(want)
	expected := Body(o.key, o.size)
	var at int64
	for at < o.size {
		n, err := input.Read(got[:min(int64(len(got)), o.size-at)])
		expected.ReadAt(want[:n], at)
		if !bytes.Equal(got[:n], want[:n]) {
			if err := s.fits(o.size); err != nil {
				return err
			}
			o.body = make([]byte, at, min(o.size, at+1<<20))
			expected.ReadAt(o.body, 0)
			o.body = append(o.body, got[:n]...)
			if err != nil && err != io.EOF {
				return readError(err)
			}
			return receiveRest(o, input)
		}
		at += int64(n)
		if err == io.EOF && at < o.size {
			return gofakes3.ErrIncompleteBody
		}
		if err != nil && err != io.EOF {
			return readError(err)
		}
	}
	return atEnd(input, got[:])
}

// fits refuses content that would take more than half of the memory.
func (s *store) fits(size int64) error {
	if size > s.memory/2 {
		return tooLarge()
	}
	return nil
}

func tooLarge() error { return refused("EntityTooLarge", "") }

// receiveRest appends to o.body up to o.size.
func receiveRest(o *object, input io.Reader) error {
	for int64(len(o.body)) < o.size {
		if len(o.body) == cap(o.body) {
			o.body = slices.Grow(o.body, int(min(int64(len(o.body))+32<<10, o.size-int64(len(o.body)))))
		}
		n, err := input.Read(o.body[len(o.body):min(int64(cap(o.body)), o.size)])
		o.body = o.body[:len(o.body)+n]
		if err == io.EOF && int64(len(o.body)) < o.size {
			return gofakes3.ErrIncompleteBody
		}
		if err != nil && err != io.EOF {
			return readError(err)
		}
	}
	return atEnd(input, make([]byte, 512))
}

// atEnd reads the end of an upload, where its checksums are checked.
func atEnd(input io.Reader, buf []byte) error {
	for {
		n, err := input.Read(buf)
		if n > 0 {
			return gofakes3.ErrIncompleteBody // more than was announced
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return readError(err)
		}
	}
}

// readError is S3's word for an upload that breaks off.
func readError(err error) error {
	if own, ok := err.(*refusal); ok {
		return own
	}
	return gofakes3.ErrIncompleteBody
}

func (s *store) DeleteObject(bucketName, key string) (gofakes3.ObjectDeleteResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return gofakes3.ObjectDeleteResult{}, gofakes3.BucketNotFound(bucketName)
	}
	s.changes(b, key)
	s.remove(b, key)
	return gofakes3.ObjectDeleteResult{}, nil
}

func (s *store) DeleteMulti(bucketName string, keys ...string) (out gofakes3.MultiDeleteResult, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return out, gofakes3.BucketNotFound(bucketName)
	}
	for _, key := range keys {
		s.changes(b, key)
		s.remove(b, key)
		out.Deleted = append(out.Deleted, gofakes3.ObjectID{Key: key})
	}
	return out, nil
}
