package s3fake

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

// served lists the operations that are served with the query parameters that
// they may have. gofakes3 takes a request with a subresource that it does not
// know for one without, and then PUT ?tagging replaces the object and DELETE
// ?lifecycle deletes the bucket.
var served = map[string][]string{
	"ListBuckets":             nil,
	"CreateBucket":            nil,
	"HeadBucket":              nil,
	"DeleteBucket":            nil,
	"GetBucketLocation":       {"location"},
	"GetBucketVersioning":     {"versioning"},
	"ListObjects":             {"prefix", "delimiter", "marker", "max-keys", "encoding-type"},
	"ListObjectsV2":           {"list-type", "prefix", "delimiter", "continuation-token", "start-after", "max-keys", "fetch-owner", "encoding-type"},
	"DeleteObjects":           {"delete"},
	"PutObject":               nil,
	"CopyObject":              nil,
	"GetObjectTagging":        {"tagging"},
	"PutObjectTagging":        {"tagging"},
	"DeleteObjectTagging":     {"tagging"},
	"GetObject":               {"versionId", "partNumber"},
	"HeadObject":              {"versionId", "partNumber"},
	"DeleteObject":            {"versionId"},
	"CreateMultipartUpload":   {"uploads"},
	"UploadPart":              {"uploadId", "partNumber"},
	"UploadPartCopy":          {"uploadId", "partNumber"},
	"CompleteMultipartUpload": {"uploadId"},
	"AbortMultipartUpload":    {"uploadId"},
	"ListParts":               {"uploadId", "part-number-marker", "max-parts"},
	"ListMultipartUploads":    {"uploads", "prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"},
}

// unserved are headers that ask for what is not served, where ignoring them
// would do harm: append to an object, delete under a condition, encrypt with a
// key without which nobody may read, forbid to delete.
var unserved = []string{
	"X-Amz-Write-Offset-Bytes", "X-Amz-If-Match-Last-Modified-Time", "X-Amz-If-Match-Size",
	"X-Amz-Server-Side-Encryption-Customer-Algorithm", "X-Amz-Copy-Source-Server-Side-Encryption-Customer-Algorithm",
	"X-Amz-Bucket-Object-Lock-Enabled", "X-Amz-Object-Lock-Mode", "X-Amz-Object-Lock-Legal-Hold",
}

// guard returns the request as it may be served, or the error to answer with.
// The request itself is not changed.
func (s *Server) guard(r *http.Request) (*request, *faults.S3Code) {
	op, bucketName, key := faults.OperationOf(r.Method, r.URL, r.Header)
	if op == "" {
		return nil, refuse("MethodNotAllowed", "")
	}
	allowed, ok := served[op]
	if !ok {
		return nil, refuse("NotImplemented", "the fake S3 does not implement "+op)
	}
	uploadID, refusal := checkQuery(r.URL.RawQuery, allowed)
	if refusal != nil {
		return nil, refusal
	}
	own := !settled(op, r)
	if own {
		r = shallow(r)
	}
	if refusal = hoist(r); refusal != nil {
		return nil, refusal
	}
	for _, name := range unserved {
		if r.Header[name] != nil {
			return nil, refuse("NotImplemented", "the fake S3 does not implement "+strings.ToLower(name))
		}
	}
	switch {
	case op == "DeleteObject" && r.Header["If-Match"] != nil:
		return nil, refuse("NotImplemented", "the fake S3 does not implement conditional deletes")
	case op == "CopyObject" && r.Header["X-Amz-Copy-Source-Range"] != nil: // S3 copies all of it
		return nil, refuse("NotImplemented", "the fake S3 does not implement x-amz-copy-source-range outside of UploadPartCopy")
	case slices.Contains(allowed, "uploadId") && uploadID == "": // gofakes3 would take a part for the whole
		return nil, refuse("NoSuchUpload", "")
	}
	out := &request{Request: r, op: op, bucket: bucketName, key: key, uploadID: gofakes3.UploadID(uploadID)}
	switch op {
	case "GetObject", "HeadObject":
		if o, _ := s.store.get(bucketName, key); o != nil {
			refusal = checkRead(r.Header, o)
			if refusal == nil && r.URL.RawQuery != "" && r.URL.Query().Has("partNumber") {
				refusal = guardPart(out, o)
			}
		}
		if own {
			for _, name := range readConditions {
				delete(out.Header, name)
			}
		}
	case "DeleteObjects":
		refusal = s.guardDelete(out)
	}
	return out, refusal
}

// settled reports whether the request is a read that gofakes3 may get as it is, so that
// nothing is copied: most are.
func settled(op string, r *http.Request) bool {
	return (op == "GetObject" || op == "HeadObject") && r.URL.RawQuery == "" && r.Body != nil &&
		r.ContentLength <= 0 && r.Header["Content-Length"] == nil &&
		!slices.ContainsFunc(readConditions, func(name string) bool { return r.Header[name] != nil })
}

// shallow copies a request as far as the guard changes it, and gives it the
// Content-Length header that gofakes3 reads.
func shallow(r *http.Request) *http.Request {
	out := new(http.Request)
	*out = *r
	out.Header = make(http.Header, len(r.Header)+1)
	for name, values := range r.Header {
		out.Header[name] = values
	}
	if r.ContentLength > 0 || r.ContentLength == 0 && (r.Method == http.MethodPut || r.Method == http.MethodPost) {
		out.Header["Content-Length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	} else {
		delete(out.Header, "Content-Length")
	}
	if out.Body == nil {
		out.Body = http.NoBody
	}
	return out
}

// refuse makes an error of S3's table, with a message of our own if it is not
// empty.
func refuse(code, message string) *faults.S3Code {
	c, ok := faults.LookupS3Code(code)
	if !ok {
		panic("s3fake: no such code: " + code)
	}
	if message != "" {
		c.Message = message
	}
	return &c
}

// checkQuery refuses parameters that the operation does not have.
func checkQuery(query string, allowed []string) (uploadID string, refusal *faults.S3Code) {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil || strings.Contains(pair, ";") { // gofakes3 would not see it
			return "", refuse("InvalidURI", "")
		}
		switch {
		case name == "versionId" && slices.Contains(allowed, name):
			if value != "" && value != "null" {
				return "", refuse("NotImplemented", "the fake S3 keeps no versions")
			}
		case slices.Contains(allowed, name):
			if name == "uploadId" && uploadID == "" {
				uploadID = value
			}
		case signed(name):
		case strings.HasPrefix(name, "response-") && slices.Contains(allowed, "versionId"): // of GetObject
		default:
			return "", refuse("NotImplemented", "the fake S3 does not implement ?"+name+" here")
		}
	}
	return uploadID, nil
}

// signed reports whether a parameter belongs to a presigned URL, or is the
// name of the operation that the AWS SDKs add.
func signed(name string) bool {
	return isAmz(name) || name == "x-id" || name == "AWSAccessKeyId" || name == "Signature" || name == "Expires"
}

func isAmz(name string) bool {
	const prefix = "x-amz-"
	return len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// hoist makes headers of the parameters of a presigned URL that stand for some:
// gofakes3 does not know them, and what a signer promised would not be held.
func hoist(r *http.Request) *faults.S3Code {
	if r.URL.RawQuery == "" {
		return nil
	}
	for name, values := range r.URL.Query() { // into a map, or an error that does not tell which: order does not matter
		if !isAmz(name) || len(values) == 0 {
			continue
		}
		switch name = http.CanonicalHeaderKey(name); name {
		case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signedheaders", "X-Amz-Signature", "X-Amz-Security-Token":
			continue
		case "X-Amz-Copy-Source": // then it is another operation, for whose faults it is too late
			return refuse("NotImplemented", "the fake S3 implements x-amz-copy-source as a header only")
		}
		if r.Header[name] == nil {
			r.Header[name] = values[:1]
		}
	}
	return nil
}

// guardDelete reads the list of DeleteObjects: gofakes3 would delete the
// object itself where a version of it is named, and does not check checksums.
func (s *Server) guardDelete(r *request) *faults.S3Code {
	const most = 1000 // keys; Amazon S3 API reference, DeleteObjects
	body, err := r.document()
	if err != nil {
		code := s.codeOf(err)
		return &code
	}
	var list gofakes3.DeleteRequest
	if xml.Unmarshal(body, &list) != nil || len(list.Objects) == 0 || len(list.Objects) > most {
		return refuse("MalformedXML", "")
	}
	for _, o := range list.Objects {
		if o.VersionID != "" && o.VersionID != "null" {
			return refuse("NotImplemented", "the fake S3 keeps no versions")
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}
