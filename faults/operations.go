package faults

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Op is one operation of S3 and the shape of its requests, path-style:
// /bucket/key.
type Op struct {
	Name   string // as in the API reference and in the logs of SDKs: "PutObject"
	Method string // HTTP method
	// Bucket and Key say whether the path names one.
	Bucket, Key bool
	// Query is a query parameter that marks the operation, such as "uploads" or
	// "list-type=2"; "" where it has none.
	Query string
	// Header is a request header that marks the operation; "" where it has none.
	Header string
}

// operations lists what [OperationOf] tells apart. Among those with the same
// method and path, the ones that a query or header marks come first: the first
// that fits a request is the request's operation.
var operations = []Op{
	{"UploadPartCopy", "PUT", true, true, "uploadId", "X-Amz-Copy-Source"},
	{"UploadPart", "PUT", true, true, "uploadId", ""},
	{"PutObjectTagging", "PUT", true, true, "tagging", ""},
	{"PutObjectAcl", "PUT", true, true, "acl", ""},
	{"PutObjectRetention", "PUT", true, true, "retention", ""},
	{"PutObjectLegalHold", "PUT", true, true, "legal-hold", ""},
	{"CopyObject", "PUT", true, true, "", "X-Amz-Copy-Source"},
	{"PutObject", "PUT", true, true, "", ""},

	{"ListParts", "GET", true, true, "uploadId", ""},
	{"GetObjectTagging", "GET", true, true, "tagging", ""},
	{"GetObjectAcl", "GET", true, true, "acl", ""},
	{"GetObjectAttributes", "GET", true, true, "attributes", ""},
	{"GetObjectRetention", "GET", true, true, "retention", ""},
	{"GetObjectLegalHold", "GET", true, true, "legal-hold", ""},
	{"GetObjectTorrent", "GET", true, true, "torrent", ""},
	{"GetObject", "GET", true, true, "", ""},

	{"HeadObject", "HEAD", true, true, "", ""},

	{"AbortMultipartUpload", "DELETE", true, true, "uploadId", ""},
	{"DeleteObjectTagging", "DELETE", true, true, "tagging", ""},
	{"DeleteObject", "DELETE", true, true, "", ""},

	{"CreateMultipartUpload", "POST", true, true, "uploads", ""},
	{"CompleteMultipartUpload", "POST", true, true, "uploadId", ""},
	{"RestoreObject", "POST", true, true, "restore", ""},
	{"SelectObjectContent", "POST", true, true, "select", ""},

	{"ListMultipartUploads", "GET", true, false, "uploads", ""},
	{"GetBucketLocation", "GET", true, false, "location", ""},
	{"GetBucketVersioning", "GET", true, false, "versioning", ""},
	{"ListObjectVersions", "GET", true, false, "versions", ""},
	{"GetBucketAcl", "GET", true, false, "acl", ""},
	{"GetBucketPolicy", "GET", true, false, "policy", ""},
	{"GetBucketTagging", "GET", true, false, "tagging", ""},
	{"GetBucketCors", "GET", true, false, "cors", ""},
	{"GetBucketEncryption", "GET", true, false, "encryption", ""},
	{"GetBucketLifecycleConfiguration", "GET", true, false, "lifecycle", ""},
	{"ListObjectsV2", "GET", true, false, "list-type=2", ""},
	{"ListObjects", "GET", true, false, "", ""},

	{"PutBucketVersioning", "PUT", true, false, "versioning", ""},
	{"PutBucketAcl", "PUT", true, false, "acl", ""},
	{"PutBucketPolicy", "PUT", true, false, "policy", ""},
	{"PutBucketTagging", "PUT", true, false, "tagging", ""},
	{"PutBucketCors", "PUT", true, false, "cors", ""},
	{"PutBucketEncryption", "PUT", true, false, "encryption", ""},
	{"PutBucketLifecycleConfiguration", "PUT", true, false, "lifecycle", ""},
	{"CreateBucket", "PUT", true, false, "", ""},

	{"DeleteBucketPolicy", "DELETE", true, false, "policy", ""},
	{"DeleteBucketTagging", "DELETE", true, false, "tagging", ""},
	{"DeleteBucketCors", "DELETE", true, false, "cors", ""},
	{"DeleteBucketEncryption", "DELETE", true, false, "encryption", ""},
	{"DeleteBucketLifecycle", "DELETE", true, false, "lifecycle", ""},
	{"DeleteBucket", "DELETE", true, false, "", ""},

	{"HeadBucket", "HEAD", true, false, "", ""},
	{"DeleteObjects", "POST", true, false, "delete", ""},
	{"PostObject", "POST", true, false, "", ""},
	{"ListBuckets", "GET", false, false, "", ""},
}

// byName and byShape index operations.
var (
	byName  = make(map[string]*Op, len(operations))
	byShape [shapes][]*Op
)

func init() {
	for i := range operations {
		o := &operations[i]
		byName[o.Name] = o
		s := shapeOf(o.Method, o.Bucket, o.Key)
		byShape[s] = append(byShape[s], o)
	}
}

// shapes is the number of (method, path) shapes; the last is any other method.
const shapes = 6 * 3

// shapeOf numbers a method and a sort of path.
func shapeOf(method string, bucket, key bool) int {
	level := 0
	if bucket {
		level = 1
		if key {
			level = 2
		}
	}
	m := methodIndex(method)
	if m < 0 || m > 4 {
		m = 5
	}
	return m*3 + level
}

// methods are those that clients use; the first five are S3's.
var methods = [...]string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch, http.MethodOptions}

// methodIndex is the place of a method in methods; -1: it is not there. It is asked for
// every fault that hits.
func methodIndex(method string) int {
	switch method {
	case http.MethodGet:
		return 0
	case http.MethodHead:
		return 1
	case http.MethodPut:
		return 2
	case http.MethodPost:
		return 3
	case http.MethodDelete:
		return 4
	case http.MethodPatch:
		return 5
	case http.MethodOptions:
		return 6
	}
	return -1
}

// Operation finds an operation of S3 by its name.
func Operation(name string) (Op, bool) {
	if o, ok := byName[name]; ok {
		return *o, true
	}
	return Op{}, false
}

// Operations lists the operations of S3 that are told apart.
func Operations() []Op { return slices.Clone(operations) }

func opNames() []string {
	names := make([]string, len(operations))
	for i, o := range operations {
		names[i] = o.Name
	}
	return names
}

// Method returns the HTTP method of an operation: that of S3's table, or the
// name itself, as the operations of a plain HTTP backend are its methods.
func Method(op string) string {
	if o, ok := byName[op]; ok {
		return o.Method
	}
	return op
}

// Writes reports whether an operation, of S3 or an HTTP method, is there to
// change what the backend keeps: an upload, a copy, a deletion, each step of a
// multipart upload. Nobody expects a change of the others.
func Writes(op string) bool {
	switch Method(op) {
	case http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete:
		return op != "SelectObjectContent" // a POST that reads
	}
	return false
}

// IsBucketName reports whether a bucket of S3 can have that name: 3 to 63 lower-case letters,
// digits, dots and hyphens, beginning and ending with a letter or digit, without two dots in a
// row, and no IPv4 address (Amazon S3 user guide, "General purpose bucket naming rules"; its
// reserved prefixes and suffixes are allowed here).
func IsBucketName(name string) bool {
	if len(name) < 3 || len(name) > 63 || strings.Contains(name, "..") {
		return false
	}
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		if inside := i > 0 && i < len(name)-1; !letter && !(inside && (r == '-' || r == '.')) {
			return false
		}
	}
	ip, err := netip.ParseAddr(name)
	return err != nil || !ip.Is4()
}

// OperationOf tells which operation of S3 a path-style request is, and on what:
// key is the object's, or the prefix that a list asks for. op is "" for a
// request that is none of [Operations].
func OperationOf(method string, u *url.URL, h http.Header) (op, bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	for _, o := range byShape[shapeOf(method, bucket != "", key != "")] {
		if o.Method != method || o.Header != "" && h[o.Header] == nil || o.Query != "" && !marks(u.RawQuery, o.Query) {
			continue
		}
		if o.Name == "ListObjectsV2" || o.Name == "ListObjects" {
			key = parameter(u.RawQuery, "prefix")
		}
		return o.Name, bucket, key
	}
	return "", bucket, key
}

// marks reports whether the raw query has the parameter, which is a name or
// name=value.
func marks(query, mark string) bool {
	for query != "" {
		var part string
		part, query, _ = strings.Cut(query, "&")
		if part == mark {
			return true
		}
		if name, _, ok := strings.Cut(part, "="); ok && name == mark {
			return true
		}
	}
	return false
}

// parameter returns the first value of a query parameter; "" without.
func parameter(query, name string) string {
	for query != "" {
		var part string
		part, query, _ = strings.Cut(query, "&")
		if n, value, _ := strings.Cut(part, "="); n == name {
			if v, err := url.QueryUnescape(value); err == nil {
				return v
			}
		}
	}
	return ""
}
