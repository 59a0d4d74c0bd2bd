package s3fake

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

// own are the operations that gofakes3 has no part in: those that it does not
// have, those that take payloads or make objects, where what it leaves out
// (framing, checksums, conditions, metadata) would be stored wrong, and lists.
var own = map[string]func(*Server, *reply, *request) error{
	"ListObjects":             (*Server).listObjects,
	"ListObjectsV2":           (*Server).listObjects,
	"ListMultipartUploads":    (*Server).listUploads,
	"PutObject":               (*Server).putObject,
	"CopyObject":              (*Server).copyObject,
	"CreateMultipartUpload":   (*Server).createUpload,
	"UploadPart":              (*Server).uploadPart,
	"UploadPartCopy":          (*Server).uploadPartCopy,
	"CompleteMultipartUpload": (*Server).completeUpload,
	"GetObjectTagging":        (*Server).getTagging,
	"PutObjectTagging":        (*Server).putTagging,
	"DeleteObjectTagging":     (*Server).deleteTagging,
}

// request is a request that the guard let through. Its header may be changed.
type request struct {
	*http.Request
	op, bucket, key string
	uploadID        gofakes3.UploadID
	section         *section // nil: the whole object, or what Range says
}

const xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"

// refusal is an error that says what the answer is.
type refusal struct{ faults.S3Code }

func (r *refusal) Error() string { return "s3fake: " + r.Code + ": " + r.Message }

func refused(code, message string) error { return &refusal{*refuse(code, message)} }

// codeOf is the answer to an error of the store's or of a handler's.
func (s *Server) codeOf(err error) faults.S3Code {
	var own *refusal
	if errors.As(err, &own) {
		return own.S3Code
	}
	var coded gofakes3.Error
	if errors.As(err, &coded) {
		if c, ok := faults.LookupS3Code(string(coded.ErrorCode())); ok {
			return c
		}
	}
	return s.bug(err)
}

// maxXML bounds the documents that requests send: 10 000 parts with their
// checksums, or 1000 keys of 1 KiB that are escaped up to six times that.
const maxXML = 8 << 20

// document reads the body of a request that is a document.
func (r *request) document() ([]byte, error) {
	in, err := receive(r.Request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(in, maxXML+1))
	switch {
	case err != nil:
		return nil, readError(err)
	case len(body) > maxXML:
		return nil, refused("MaxMessageLengthExceeded", "")
	}
	return body, nil
}

func (r *request) readXML(into any) error {
	body, err := r.document()
	if err != nil {
		return err
	}
	if xml.Unmarshal(body, into) != nil {
		return refused("MalformedXML", "")
	}
	return nil
}

// partNumber is the number of the part that a request is about.
func (r *request) partNumber() (int, error) {
	n, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	if err != nil || n < 1 || n > gofakes3.MaxUploadPartNumber {
		return 0, refused("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	return n, nil
}

// conditions are those of a request that makes an object.
func (r *request) conditions() *gofakes3.PutConditions {
	var c gofakes3.PutConditions
	if v := r.Header.Get("If-Match"); v != "" {
		c.IfMatch = &v
	}
	if v := r.Header.Get("If-None-Match"); v != "" {
		c.IfNoneMatch = &v
	}
	return &c
}

// sendXML answers with a document.
func (w *reply) sendXML(v any) error {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(v); err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/xml"}
	h["Content-Length"] = []string{strconv.Itoa(b.Len())}
	w.begin(http.StatusOK)
	w.ResponseWriter.Write(b.Bytes()) // a client that has gone away needs no answer
	return nil
}

// location is where an object is.
func (r *request) location() string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host, Path: "/" + r.bucket + "/" + r.key}).String()
}
