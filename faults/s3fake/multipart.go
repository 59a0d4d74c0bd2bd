package s3fake

import (
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
	id        gofakes3.UploadID
	key       string
	number    uint64 // of the key's uploads, from 1
	meta      map[string]string
	tags      []tag
	started   time.Time
	algorithm *algorithm // of the checksums that the client asked for; nil: none
	whole     bool       // the object's checksum is that of its content, not of its parts' checksums
	parts     []*part    // sorted by number
}

type part struct {
	number   int
	body     []byte
	hash     []byte
	etag     string
	checksum checksum
	modified time.Time
}

// begin starts an upload. Uploads are named by bucket, key and how many uploads
// that key had before, so that names do not depend on what other clients do.
func (s *store) begin(bucketName string, u *upload) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return gofakes3.BucketNotFound(bucketName)
	}
	b.started[u.key]++
	u.number, u.started = b.started[u.key], s.now()
	u.id = uploadID(bucketName, u.key, u.number)
	b.uploads[u.id] = u
	return nil
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

// uploadOf finds the upload that a request is about.
func (s *store) uploadOf(r *request) (*upload, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, u, err := s.upload(r.bucket, r.key, r.uploadID)
	return u, err
}

// addPart stores a part, in place of one of the same number.
func (s *store) addPart(r *request, p *part) error {
	p.etag, p.modified = quotedHex(p.hash), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	_, u, err := s.upload(r.bucket, r.key, r.uploadID) // it may have ended meanwhile
	if err != nil {
		return err
	}
	i, replaces := slices.BinarySearchFunc(u.parts, p.number, comparePart)
	more := int64(len(p.body))
	if replaces {
		more -= int64(len(u.parts[i].body))
	}
	if s.used-s.objectBytes+more > s.memory { // with no object left there would be no room
		return tooLarge()
	}
	s.used += more
	if replaces {
		u.parts[i] = p
	} else {
		u.parts = slices.Insert(u.parts, i, p)
	}
	s.trim(nil)
	return nil
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
