package s3fake

import (
	"cmp"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

func (s *Server) putObject(w *reply, r *request) error {
	in, err := receive(r.Request)
	if err != nil {
		return err
	}
	if in.size < 0 {
		return refused("MissingContentLength", "")
	}
	o, err := s.incomingObject(r, in.size)
	if err != nil {
		return err
	}
	if !s.isKnown(r, in) {
		if err := s.store.receive(o, in); err != nil {
			return err
		}
		o.hash, o.checksum = in.md5.Sum(nil), in.kept
	}
	if err := s.store.commit(r.bucket, o, r.conditions()); err != nil {
		return err
	}
	w.tell(o)
	w.begin(http.StatusOK)
	return nil
}

// isKnown reports whether an upload is the generated content of its key, of which nothing is
// to be checked: it may have any size, and need not be read.
func (s *Server) isKnown(r *request, in *incoming) bool {
	c := faults.BodyContent(r.Request)
	return s.quick && c != nil && len(in.checks) == 0 && c.Is(r.key, in.size)
}

// incomingObject is the object that a request makes, with its metadata and
// tags, and yet without content. A bucket that is not there is told before the
// payload is read.
func (s *Server) incomingObject(r *request, size int64) (*object, error) {
	if len(r.key) > gofakes3.KeySizeLimit {
		return nil, refused("KeyTooLongError", "")
	}
	if there, _ := s.store.BucketExists(r.bucket); !there {
		return nil, refused("NoSuchBucket", "")
	}
	meta, err := metadataOf(r.Header)
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(r.Header)
	if err != nil {
		return nil, err
	}
	o := s.store.newObject(r.key, size, meta)
	o.setTags(tags)
	return o, nil
}

// tell sets what an answer to an upload says of the object.
func (w *reply) tell(o *object) {
	_, etag := o.sum()
	h := w.Header()
	h["Etag"] = []string{etag}
	o.checksum.set(h.Set)
}

// commit stores a new object, if the conditions on the one that it replaces
// hold.
func (s *store) commit(bucketName string, o *object, conditions *gofakes3.PutConditions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return gofakes3.BucketNotFound(bucketName)
	}
	if err := checkPut(conditions, b.objects[o.key], o.key); err != nil {
		return err
	}
	s.changes(b, o.key)
	s.put(b, o)
	return nil
}

// copySource finds the source of a copy, if the conditions on it hold.
func (s *Server) copySource(r *request) (bucketName string, o *object, err error) {
	source, version, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Amz-Copy-Source"), "/"), "?")
	if version != "" && version != "versionId=null" {
		return "", nil, refused("NotImplemented", "the fake S3 keeps no versions")
	}
	source, err = url.PathUnescape(source)
	bucketName, key, ok := strings.Cut(strings.TrimPrefix(source, "/"), "/")
	if err != nil || !ok || bucketName == "" || key == "" {
		return "", nil, refused("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	if o, err = s.store.get(bucketName, key); err != nil {
		return "", nil, err
	}
	if code := checkCopy(r.Header, o); code != nil {
		return "", nil, &refusal{*code}
	}
	return bucketName, o, nil
}

// copied is what gofakes3's answer to a copy lacks.
type copied struct {
	gofakes3.CopyObjectResult
	checksumXML
}

func (s *Server) copyObject(w *reply, r *request) error {
	bucketName, from, err := s.copySource(r)
	if err != nil {
		return err
	}
	o, err := s.incomingObject(r, from.size)
	if err != nil {
		return err
	}
	switch r.Header.Get("X-Amz-Metadata-Directive") {
	case "", "COPY":
		if bucketName == r.bucket && from.key == r.key {
			return refused("InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
		}
		own := o
		o = s.store.newObject(r.key, from.size, from.meta)
		o.setTags(own.tagList())
	case "REPLACE":
	default:
		return refused("InvalidArgument", "Unknown metadata directive.")
	}
	switch r.Header.Get("X-Amz-Tagging-Directive") {
	case "", "COPY":
		o.tags.Store(from.tags.Load())
	case "REPLACE":
	default:
		return refused("InvalidArgument", "Unknown tagging directive.")
	}
	if err := o.copyFrom(from, r.Header.Get(headerChecksumAlgorithm)); err != nil {
		return err
	}
	if err := s.store.commit(r.bucket, o, r.conditions()); err != nil {
		return err
	}
	_, etag := o.sum()
	out := copied{gofakes3.CopyObjectResult{ETag: etag, LastModified: gofakes3.NewContentTime(o.modified)}, o.checksum.xml()}
	return w.sendXML(out)
}

// copyFrom gives o the content of another object: as one part, whatever the
// source was.
func (o *object) copyFrom(from *object, algorithmName string) error {
	if o.body = from.body; o.body == nil {
		o.origin = cmp.Or(from.origin, from.key)
	}
	if !from.multipart() {
		o.hash, _ = from.sum()
	}
	o.checksum = from.checksum
	a := from.checksum.of
	if algorithmName != "" {
		if a = algorithmOf(algorithmName); a == nil {
			return refused("InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
		}
	}
	if a != nil && (a != from.checksum.of || from.checksum.kind() != "FULL_OBJECT") {
		o.checksum = a.sum(o.content())
	}
	return nil
}

// quickPut stores an upload that is generated content without reading it. It
// does only what a plain PutObject needs; false: it is to go the long way, by the guard.
func (s *Server) quickPut(out *reply, r *http.Request) bool {
	c := faults.BodyContent(r)
	if c == nil || r.URL.RawQuery != "" {
		return false
	}
	op, bucketName, key := faults.OperationOf(r.Method, r.URL, r.Header)
	if op != "PutObject" || len(key) > gofakes3.KeySizeLimit || !c.Is(key, r.ContentLength) {
		return false
	}
	for name := range r.Header { // any that forbids it will do: order does not matter
		if strings.HasPrefix(name, "If-") || strings.HasPrefix(name, metaPrefix) || strings.HasPrefix(name, "X-Amz-Checksum-") ||
			name == headerTagging || name == "Content-Md5" || name == "X-Amz-Content-Sha256" || name == "X-Amz-Trailer" || slices.Contains(unserved, name) {
			return false
		}
	}
	meta, err := metadataOf(r.Header)
	if err != nil {
		return false
	}
	o := s.store.newObject(key, c.Size(), meta)
	if s.store.load(bucketName, o, true) != nil {
		return false
	}
	_, etag := o.sum()
	out.Header()["Etag"] = []string{etag}
	out.begin(http.StatusOK)
	return true
}

// quotedHex is a hash as an ETag.
func quotedHex(sum []byte) string { return `"` + hex.EncodeToString(sum) + `"` }
