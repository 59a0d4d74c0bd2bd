package s3fake

import (
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// The handlers of multipart uploads; what they change is in multipart.go.

func (s *Server) createUpload(w *reply, r *request) error {
	o, err := s.incomingObject(r, 0)
	if err != nil {
		return err
	}
	u := &upload{key: r.key, meta: o.meta, tags: o.tagList()}
	if name := r.Header.Get(headerChecksumAlgorithm); name != "" {
		if u.algorithm = algorithmOf(name); u.algorithm == nil {
			return refused("InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
		}
		u.whole = u.algorithm.name == "CRC64NVME" // of which there is no other sort
	}
	switch kind := strings.ToUpper(r.Header.Get(headerChecksumType)); {
	case kind == "":
	case kind != "FULL_OBJECT" && kind != "COMPOSITE" || u.algorithm == nil:
		return refused("InvalidRequest", "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case kind == "FULL_OBJECT" && !u.algorithm.whole, kind == "COMPOSITE" && u.whole:
		return refused("InvalidRequest", "The "+kind+" checksum type cannot be used with the "+strings.ToLower(u.algorithm.name)+" checksum algorithm.")
	default:
		u.whole = kind == "FULL_OBJECT"
	}
	if err := s.store.begin(r.bucket, u); err != nil {
		return err
	}
	if u.algorithm != nil {
		h := w.Header()
		h.Set(headerChecksumAlgorithm, u.algorithm.name)
		h.Set(headerChecksumType, checksumKinds[u.whole])
	}
	return w.sendXML(struct {
		XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
		Xmlns    string   `xml:"xmlns,attr"`
		Bucket   string
		Key      string
		UploadID gofakes3.UploadID `xml:"UploadId"`
	}{Xmlns: xmlns, Bucket: r.bucket, Key: r.key, UploadID: u.id})
}

var checksumKinds = map[bool]string{true: "FULL_OBJECT", false: "COMPOSITE"}

func (s *Server) uploadPart(w *reply, r *request) error {
	number, err := r.partNumber()
	if err != nil {
		return err
	}
	in, err := receive(r.Request)
	if err != nil {
		return err
	}
	if in.size < 0 {
		return refused("MissingContentLength", "")
	}
	u, err := s.store.uploadOf(r)
	if err != nil {
		return err
	}
	if err := s.store.fits(in.size); err != nil {
		return err
	}
	o := &object{size: in.size, body: []byte{}}
	if err := receiveRest(o, in); err != nil {
		return err
	}
	p := &part{number: number, body: o.body, hash: in.md5.Sum(nil), checksum: in.kept}
	if err := p.sum(u.algorithm); err != nil {
		return err
	}
	if err := s.store.addPart(r, p); err != nil {
		return err
	}
	w.Header()["Etag"] = []string{p.etag}
	p.checksum.set(func(name, value string) {
		if name != headerChecksumType { // S3 does not say it of parts
			w.Header().Set(name, value)
		}
	})
	w.begin(http.StatusOK)
	return nil
}

// sum gives a part the checksum of its upload, which S3 makes itself where a
// client leaves it out.
func (p *part) sum(a *algorithm) error {
	switch {
	case a == nil || p.checksum.of == a:
	case p.checksum.of == nil:
		p.checksum = a.sum(bytes.NewReader(p.body))
	default:
		return refused("InvalidRequest", fmt.Sprintf("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
			strings.ToLower(a.name), strings.ToLower(p.checksum.of.name)))
	}
	return nil
}

func (s *Server) uploadPartCopy(w *reply, r *request) error {
	number, err := r.partNumber()
	if err != nil {
		return err
	}
	u, err := s.store.uploadOf(r)
	if err != nil {
		return err
	}
	_, from, err := s.copySource(r)
	if err != nil {
		return err
	}
	start, length, err := copyRange(r.Header.Get("X-Amz-Copy-Source-Range"), from.size)
	if err != nil {
		return err
	}
	if err := s.store.fits(length); err != nil {
		return err
	}
	body := make([]byte, length)
	io.ReadFull(from.part(start, length), body) // of memory or generated: it cannot fail
	sum := md5.Sum(body)
	p := &part{number: number, body: body, hash: sum[:]}
	if err := p.sum(u.algorithm); err != nil {
		return err
	}
	if err := s.store.addPart(r, p); err != nil {
		return err
	}
	out := struct {
		XMLName      xml.Name `xml:"CopyPartResult"`
		LastModified gofakes3.ContentTime
		ETag         string
		checksumXML
	}{LastModified: gofakes3.NewContentTime(p.modified), ETag: p.etag, checksumXML: p.checksum.xml()}
	out.ChecksumType = ""
	return w.sendXML(out)
}

// copyRange reads the range of a part that is copied: "bytes=first-last", both
// of them within the source.
func copyRange(text string, size int64) (start, length int64, err error) {
	if text == "" {
		return 0, size, nil
	}
	spec, ok := strings.CutPrefix(text, "bytes=")
	first, last, both := strings.Cut(spec, "-")
	a, err1 := strconv.ParseUint(first, 10, 63)
	b, err2 := strconv.ParseUint(last, 10, 63)
	if !ok || !both || err1 != nil || err2 != nil || a > b {
		return 0, 0, refused("InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	}
	if int64(b) >= size {
		return 0, 0, refused("InvalidArgument", fmt.Sprintf("Range specified is not valid for source object of size: %d", size))
	}
	return int64(a), int64(b-a) + 1, nil
}

// partList is the body of CompleteMultipartUpload.
type partList struct {
	XMLName xml.Name        `xml:"CompleteMultipartUpload"`
	Parts   []completedPart `xml:"Part"`
}

type completedPart struct {
	PartNumber int
	ETag       string
	checksumXML
}

func (s *Server) completeUpload(w *reply, r *request) error {
	said := objectChecksum(r.Header)
	var in partList
	if err := r.readXML(&in); err != nil {
		return err
	}
	if len(in.Parts) == 0 || len(in.Parts) > gofakes3.MaxUploadPartNumber {
		return refused("MalformedXML", "")
	}
	done, again, err := s.store.complete(r, &in, said)
	if err != nil {
		return err
	}
	w.again = again
	return w.sendXML(struct {
		XMLName  xml.Name `xml:"CompleteMultipartUploadResult"`
		Xmlns    string   `xml:"xmlns,attr"`
		Location string
		Bucket   string
		Key      string
		ETag     string
		checksumXML
	}{Xmlns: xmlns, Location: r.location(), Bucket: r.bucket, Key: r.key, ETag: done.etag, checksumXML: done.checksum.xml()})
}
