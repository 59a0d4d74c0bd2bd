package s3fake

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

// minPart is the least size of a part that is not the last: 5 MiB. Source:
// Amazon S3 user guide, "Multipart upload limits".
const minPart = 5 << 20

// upload is a multipart upload in progress.
type upload struct {
	id      gofakes3.UploadID
	key     string
	number  uint64 // of the key's uploads, from 1
	meta    map[string]string
	started time.Time
	parts   []*part // sorted by number
}

type part struct {
	number   int
	body     []byte
	hash     []byte
	etag     string
	modified time.Time
}

// CreateMultipartUpload names uploads by bucket, key and how many uploads that
// key had before, so that names do not depend on what other clients do.
func (s *store) CreateMultipartUpload(bucketName, key string, meta map[string]string) (gofakes3.UploadID, error) {
	if len(key) > gofakes3.KeySizeLimit {
		return "", gofakes3.ResourceError(gofakes3.ErrKeyTooLong, key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return "", gofakes3.BucketNotFound(bucketName)
	}
	b.started[key]++
	u := &upload{key: key, number: b.started[key], meta: meta, started: s.now()}
	u.id = uploadID(bucketName, key, u.number)
	b.uploads[u.id] = u
	return u.id, nil
}

// uploadID looks as S3's do: letters and digits that mean nothing.
func uploadID(bucketName, key string, number uint64) gofakes3.UploadID {
	var raw [24]byte
	c := faults.NewContent("upload\x00"+bucketName+"\x00"+key+"\x00"+strconv.FormatUint(number, 10), int64(len(raw)))
	io.ReadFull(c, raw[:]) // generated: it cannot fail
	return gofakes3.UploadID(hex.EncodeToString(raw[:]))
}

// upload finds one. s.mu is held.
func (s *store) upload(bucketName, key string, id gofakes3.UploadID) (*bucket, *upload, error) {
	b := s.buckets[bucketName]
	if b == nil {
		return nil, nil, gofakes3.BucketNotFound(bucketName)
	}
	u := b.uploads[id]
	if u == nil || u.key != key {
		return nil, nil, gofakes3.ErrNoSuchUpload
	}
	return b, u, nil
}

func (s *store) UploadPart(bucketName, key string, id gofakes3.UploadID, number int, size int64, input io.Reader) (string, error) {
	s.mu.RLock()
	_, _, err := s.upload(bucketName, key, id)
	s.mu.RUnlock()
	if err != nil {
		return "", err
	}
	if err := s.fits(size); err != nil {
		return "", err
	}
	o := &object{size: size, body: []byte{}}
	if err := receiveRest(o, input); err != nil {
		return "", err
	}
	hash := md5.Sum(o.body)
	p := &part{number: number, body: o.body, hash: hash[:], etag: `"` + hex.EncodeToString(hash[:]) + `"`, modified: s.now()}

	s.mu.Lock()
	defer s.mu.Unlock()
	b, u, err := s.upload(bucketName, key, id) // it may have ended meanwhile
	if err != nil {
		return "", err
	}
	i, replaces := slices.BinarySearchFunc(u.parts, number, comparePart)
	if replaces {
		s.used -= int64(len(u.parts[i].body))
		u.parts[i] = p
	} else {
		u.parts = slices.Insert(u.parts, i, p)
	}
	s.used += int64(len(p.body))
	s.trim(nil)
	if s.used > s.memory {
		s.end(b, u)
		return "", gofakes3.ErrorMessage("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	return p.etag, nil
}

func comparePart(p *part, number int) int { return p.number - number }

// AbortMultipartUpload forgets an upload and its parts.
func (s *store) AbortMultipartUpload(bucketName, key string, id gofakes3.UploadID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, u, err := s.upload(bucketName, key, id)
	if err != nil {
		return err
	}
	s.end(b, u)
	return nil
}

// end forgets an upload. s.mu is held.
func (s *store) end(b *bucket, u *upload) {
	delete(b.uploads, u.id)
	for _, p := range u.parts {
		s.used -= int64(len(p.body))
	}
}

func (s *store) CompleteMultipartUpload(bucketName, key string, id gofakes3.UploadID, in *gofakes3.CompleteMultipartUploadRequest) (gofakes3.VersionID, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, u, err := s.upload(bucketName, key, id)
	if err != nil {
		return "", "", err
	}
	parts, err := u.chosen(in)
	if err != nil {
		return "", "", err
	}
	var body bytes.Buffer
	hash := md5.New()
	for _, p := range parts {
		body.Write(p.body)
		hash.Write(p.hash)
	}
	o := s.newObject(key, int64(body.Len()), u.meta)
	o.body = body.Bytes()
	if o.body == nil {
		o.body = []byte{}
	}
	o.hash = hash.Sum(nil)
	o.etag = `"` + hex.EncodeToString(o.hash) + "-" + strconv.Itoa(len(parts)) + `"`
	s.end(b, u)
	s.put(b, o)
	return "", o.etag, nil
}

// chosen returns the parts that a request to complete names, checked.
func (u *upload) chosen(in *gofakes3.CompleteMultipartUploadRequest) ([]*part, error) {
	if len(in.Parts) == 0 {
		return nil, gofakes3.ErrorMessage(gofakes3.ErrMalformedXML, "The XML you provided was not well-formed or did not validate against our published schema")
	}
	parts := make([]*part, 0, len(in.Parts))
	for i, want := range in.Parts {
		if i > 0 && want.PartNumber <= in.Parts[i-1].PartNumber {
			return nil, gofakes3.ErrInvalidPartOrder
		}
		j, found := slices.BinarySearchFunc(u.parts, want.PartNumber, comparePart)
		if !found || strings.Trim(want.ETag, `"`) != strings.Trim(u.parts[j].etag, `"`) {
			return nil, gofakes3.ErrInvalidPart
		}
		parts = append(parts, u.parts[j])
	}
	for _, p := range parts[:len(parts)-1] {
		if len(p.body) < minPart {
			return nil, gofakes3.ErrorMessage("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
		}
	}
	return parts, nil
}

// multipart reports whether the object came in parts.
func (o *object) multipart() bool {
	_, etag := o.sum()
	return strings.Contains(etag, "-")
}

func (s *store) ListParts(bucketName, key string, id gofakes3.UploadID, marker int, limit int64) (*gofakes3.ListMultipartUploadPartsResult, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, u, err := s.upload(bucketName, key, id)
	if err != nil {
		return nil, err
	}
	out := &gofakes3.ListMultipartUploadPartsResult{
		Bucket: bucketName, Key: key, UploadID: id, StorageClass: gofakes3.StorageStandard,
		PartNumberMarker: marker, MaxParts: limit,
	}
	for _, p := range u.parts {
		if p.number <= marker {
			continue
		}
		if int64(len(out.Parts)) == limit {
			out.IsTruncated = true
			break
		}
		out.NextPartNumberMarker = p.number
		out.Parts = append(out.Parts, gofakes3.ListMultipartUploadPartItem{
			PartNumber: p.number, LastModified: gofakes3.NewContentTime(p.modified), ETag: p.etag, Size: int64(len(p.body)),
		})
	}
	return out, nil
}

// ListMultipartUploads lists uploads by key, then by age.
func (s *store) ListMultipartUploads(bucketName string, marker *gofakes3.UploadListMarker, prefix gofakes3.Prefix, limit int64) (*gofakes3.ListMultipartUploadsResult, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[bucketName]
	if b == nil {
		return nil, gofakes3.BucketNotFound(bucketName)
	}
	out := &gofakes3.ListMultipartUploadsResult{Bucket: bucketName, Delimiter: prefix.Delimiter, Prefix: prefix.Prefix, MaxUploads: limit}
	after := func(*upload) bool { return true }
	if marker != nil {
		out.KeyMarker, out.UploadIDMarker = marker.Object, marker.UploadID
		last := b.uploads[marker.UploadID]
		after = func(u *upload) bool {
			return u.key > marker.Object || u.key == marker.Object && last != nil && last.key == u.key && u.number > last.number
		}
	}
	group := ""
	for _, u := range b.sortedUploads() {
		if !strings.HasPrefix(u.key, prefix.Prefix) || !after(u) {
			continue
		}
		g, grouped := groupOf(u.key, prefix.Prefix, prefix.Delimiter)
		if grouped && g == group {
			continue
		}
		if int64(len(out.Uploads)+len(out.CommonPrefixes)) == limit {
			out.IsTruncated = true
			break
		}
		out.NextKeyMarker, out.NextUploadIDMarker = u.key, u.id
		if grouped {
			group = g
			out.CommonPrefixes = append(out.CommonPrefixes, gofakes3.CommonPrefix{Prefix: g})
			continue
		}
		out.Uploads = append(out.Uploads, gofakes3.ListMultipartUploadItem{
			Key: u.key, UploadID: u.id, StorageClass: gofakes3.StorageStandard, Initiated: gofakes3.NewContentTime(u.started),
		})
	}
	return out, nil
}

func (b *bucket) sortedUploads() []*upload {
	list := make([]*upload, 0, len(b.uploads))
	for _, u := range b.uploads { // sorted below
		list = append(list, u)
	}
	slices.SortFunc(list, func(x, y *upload) int {
		if c := strings.Compare(x.key, y.key); c != 0 {
			return c
		}
		return int(int64(x.number) - int64(y.number))
	})
	return list
}
