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
	"GetObject":               {"versionId"},
	"HeadObject":              {"versionId"},
	"DeleteObject":            {"versionId"},
	"CreateMultipartUpload":   {"uploads"},
	"UploadPart":              {"uploadId", "partNumber"},
	"CompleteMultipartUpload": {"uploadId"},
	"AbortMultipartUpload":    {"uploadId"},
	"ListParts":               {"uploadId", "part-number-marker", "max-parts"},
	"ListMultipartUploads":    {"uploads", "prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"},
}

// unserved are headers that ask for what is not served, where ignoring them
// would do harm: append to an object, delete under a condition, copy a part.
var unserved = []string{
	"X-Amz-Write-Offset-Bytes", "X-Amz-If-Match-Last-Modified-Time", "X-Amz-If-Match-Size",
	"X-Amz-Copy-Source-Range",
}

// guard returns the request as gofakes3 may have it, or the error to answer
// with. The request itself is not changed.
func (s *Server) guard(r *http.Request) (*http.Request, *faults.S3Code) {
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
	for _, name := range unserved {
		if r.Header[name] != nil {
			return nil, refuse("NotImplemented", "the fake S3 does not implement "+strings.ToLower(name))
		}
	}
	if op == "DeleteObject" && r.Header["If-Match"] != nil {
		return nil, refuse("NotImplemented", "the fake S3 does not implement conditional deletes")
	}
	if slices.Contains(allowed, "uploadId") && uploadID == "" { // gofakes3 would take a part for the whole
		return nil, refuse("NoSuchUpload", "")
	}
	out := shallow(r)
	switch op {
	case "GetObject", "HeadObject":
		if o, _ := s.store.get(bucketName, key); o != nil {
			refusal = checkRead(r.Header, o)
		}
		for _, name := range readConditions {
			delete(out.Header, name)
		}
	case "CopyObject":
		refusal = s.guardCopy(out, bucketName, key)
	case "DeleteObjects":
		refusal = guardDelete(out)
	case "PutObject", "UploadPart":
		refusal = guardUpload(out)
	}
	return out, refusal
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
	return strings.HasPrefix(name, "X-Amz-") || name == "x-id" ||
		name == "AWSAccessKeyId" || name == "Signature" || name == "Expires"
}

// guardDelete reads the list of DeleteObjects: gofakes3 would delete the
// object itself where a version of it is named.
func guardDelete(r *http.Request) *faults.S3Code {
	const most = 1000              // keys; Amazon S3 API reference, DeleteObjects
	const longest = most * 8 << 10 // bytes; a key has 1 KiB, escaped up to six times that
	body, err := io.ReadAll(io.LimitReader(r.Body, longest+1))
	if err != nil {
		return refuse("IncompleteBody", "")
	}
	var list gofakes3.DeleteRequest
	if len(body) > longest || xml.Unmarshal(body, &list) != nil || len(list.Objects) == 0 || len(list.Objects) > most {
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

// headerReplace tells the store which metadata a copy is to have: gofakes3
// merges the source's into the request's whatever the directive says.
const headerReplace = "X-Amz-Squall-Replace"

// guardCopy checks the source of a copy and the conditions on it.
func (s *Server) guardCopy(r *http.Request, bucketName, key string) *faults.S3Code {
	source, version, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Amz-Copy-Source"), "/"), "?")
	if version != "" && version != "versionId=null" {
		return refuse("NotImplemented", "the fake S3 keeps no versions")
	}
	source, err := url.QueryUnescape(source)
	srcBucket, srcKey, ok := strings.Cut(source, "/")
	if err != nil || !ok || srcBucket == "" || srcKey == "" {
		return refuse("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	r.Header["X-Amz-Copy-Source"] = []string{(&url.URL{Path: "/" + srcBucket + "/" + srcKey}).EscapedPath()}
	if strings.Contains(srcKey, "+") { // gofakes3 reads a plus as a blank
		r.Header["X-Amz-Copy-Source"][0] = strings.ReplaceAll(r.Header["X-Amz-Copy-Source"][0], "+", "%2B")
	}
	delete(r.Header, headerReplace)
	switch directive := r.Header.Get("X-Amz-Metadata-Directive"); directive {
	case "", "COPY":
		if srcBucket == bucketName && srcKey == key {
			return refuse("InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
		}
	case "REPLACE":
		var own []string
		for name := range r.Header { // a set: order does not matter
			if kept(name) {
				own = append(own, name)
			}
		}
		r.Header[headerReplace] = []string{strings.Join(own, ",")}
	default:
		return refuse("InvalidArgument", "Unknown metadata directive.")
	}
	if o, _ := s.store.get(srcBucket, srcKey); o != nil {
		return checkCopy(r.Header, o)
	}
	return nil
}

// ownMetadata takes the request's own metadata out of what gofakes3 merged;
// false: the copy is to have the source's.
func ownMetadata(merged map[string]string) (map[string]string, bool) {
	names, ok := merged[headerReplace]
	if !ok {
		return nil, false
	}
	own := make(map[string]string)
	for _, name := range strings.Split(names, ",") {
		if value, ok := merged[name]; ok {
			own[name] = value
		}
	}
	return own, true
}
