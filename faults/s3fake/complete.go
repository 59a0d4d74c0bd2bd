package s3fake

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// finished is what is left of an upload that was completed. S3 answers a
// request to complete it once more as it did the first, which a client makes
// whose answer was lost, although the API reference speaks of NoSuchUpload.
// Source: minio/minio#13318 and adobe/S3Mock#2586, which tried it.
type finished struct {
	target   string // bucket and key
	parts    string // as they were listed
	etag     string
	checksum checksum
}

// maxFinished bounds how many of them are known; S3 forgets them too.
const maxFinished = 1024

// complete makes an object of the parts of an upload; again is set where that
// was done before. The content is put together without the lock: other clients
// do not wait for it.
func (s *store) complete(r *request, in *partList, said checksum) (done finished, again bool, err error) {
	for {
		u, parts, done, err := s.completable(r, in)
		if err != nil || done.etag != "" {
			return done, true, err
		}
		o := s.assemble(u, parts)
		if err := check(r.Header, said, o); err != nil {
			return finished{}, false, err
		}
		ok, err := s.finish(r, in, u, parts, o)
		if err != nil || ok {
			return finished{etag: o.etag, checksum: o.checksum}, false, err
		}
	}
}

// completable finds an upload and its parts, or that it was completed.
func (s *store) completable(r *request, in *partList) (*upload, []*part, finished, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if done, ok := s.finished[r.uploadID]; ok && done.target == r.bucket+"/"+r.key && done.parts == in.text() && s.buckets[r.bucket] != nil {
		return nil, nil, done, nil
	}
	b, u, err := s.upload(r.bucket, r.key, r.uploadID)
	if err != nil {
		return nil, nil, finished{}, err
	}
	if err := checkPut(r.conditions(), b.objects[r.key], r.key); err != nil {
		return nil, nil, finished{}, err
	}
	parts, err := u.chosen(in)
	return u, parts, finished{}, err
}

// text is the same for the same parts.
func (in *partList) text() string {
	var b strings.Builder
	for _, p := range in.Parts {
		fmt.Fprintf(&b, "%d %s\n", p.PartNumber, strings.Trim(p.ETag, `"`))
	}
	return b.String()
}

// chosen returns the parts that a request to complete names, checked.
func (u *upload) chosen(in *partList) ([]*part, error) {
	parts := make([]*part, 0, len(in.Parts))
	for i, want := range in.Parts {
		if i > 0 && want.PartNumber <= in.Parts[i-1].PartNumber {
			return nil, gofakes3.ErrInvalidPartOrder
		}
		j, found := slices.BinarySearchFunc(u.parts, want.PartNumber, comparePart)
		if !found || !want.names(u.parts[j]) {
			return nil, gofakes3.ErrInvalidPart
		}
		parts = append(parts, u.parts[j])
	}
	for _, p := range parts[:len(parts)-1] {
		if len(p.body) < minPart {
			return nil, refused("EntityTooSmall", "")
		}
	}
	return parts, nil
}

// names reports whether a part is the one that is meant.
func (want *completedPart) names(p *part) bool {
	if strings.Trim(want.ETag, `"`) != strings.Trim(p.etag, `"`) {
		return false
	}
	for _, a := range algorithms {
		if text := *want.field(a); text != "" && (p.checksum.of != a || p.checksum.text != text) {
			return false
		}
	}
	return true
}

// assemble puts an object together.
func (s *store) assemble(u *upload, parts []*part) *object {
	size := 0
	for _, p := range parts {
		size += len(p.body)
	}
	body := bytes.NewBuffer(make([]byte, 0, size))
	hash := md5.New()
	for _, p := range parts {
		body.Write(p.body)
		hash.Write(p.hash)
	}
	o := s.newObject(u.key, int64(size), u.meta)
	o.setTags(u.tags)
	for _, p := range parts {
		o.parts = append(o.parts, int64(len(p.body)))
	}
	o.body, o.hash = body.Bytes(), hash.Sum(nil)
	o.etag = strings.TrimSuffix(quotedHex(o.hash), `"`) + "-" + strconv.Itoa(len(parts)) + `"`
	switch {
	case u.algorithm == nil:
	case u.whole:
		o.checksum = u.algorithm.sum(o.content())
	default:
		o.checksum = compose(u.algorithm, parts)
	}
	return o
}

// objectChecksum is the checksum of the whole object that a request to complete
// has. It is no word about the body of the request, so it is taken away.
func objectChecksum(h http.Header) (said checksum) {
	for _, a := range algorithms {
		if text := h.Get(a.header); text != "" {
			said = checksum{a, text}
		}
	}
	hideChecksum(h)
	return said
}

// check holds what the client says of the object against it.
func check(h http.Header, said checksum, o *object) error {
	if size := h.Get("X-Amz-Mp-Object-Size"); size != "" && size != strconv.FormatInt(o.size, 10) {
		return refused("InvalidRequest", fmt.Sprintf("The provided 'x-amz-mp-object-size' header value %s does not match what was computed: %d", size, o.size))
	}
	if said.of == nil {
		return nil
	}
	is := o.checksum
	if is.of != said.of {
		is = said.of.sum(o.content())
	}
	if text, _, _ := strings.Cut(is.text, "-"); said.text != is.text && said.text != text {
		return refused("BadDigest", "The "+said.of.name+" you specified did not match the calculated checksum.")
	}
	return nil
}

// finish commits an object in the place of its upload. It returns false where
// the parts have changed since they were read.
func (s *store) finish(r *request, in *partList, u *upload, parts []*part, o *object) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, now, err := s.upload(r.bucket, r.key, r.uploadID)
	if err != nil {
		return false, err
	}
	if chosen, err := u.chosen(in); now != u || err != nil || !slices.Equal(chosen, parts) {
		return false, err
	}
	if err := checkPut(r.conditions(), b.objects[r.key], r.key); err != nil {
		return false, err
	}
	s.end(b, u)
	s.changes(b, o.key)
	s.put(b, o)
	if len(s.finishedOrder) >= maxFinished {
		delete(s.finished, s.finishedOrder[0])
		s.finishedOrder = s.finishedOrder[1:]
	}
	s.finished[u.id] = finished{target: r.bucket + "/" + r.key, parts: in.text(), etag: o.etag, checksum: o.checksum}
	s.finishedOrder = append(s.finishedOrder, u.id)
	return true, nil
}
