package s3fake

import (
	"encoding/base64"
	"encoding/xml"
	"net/url"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// The lists of keys are our own: gofakes3 ignores encoding-type, without which
// keys that XML cannot hold are lost, and leaves out a number of keys of 0.

// listing is the answer of both versions.
type listing struct {
	XMLName xml.Name `xml:"ListBucketResult"`
	Xmlns   string   `xml:"xmlns,attr"`
	Name    string
	Prefix  string

	// Version 1.
	Marker     *string
	NextMarker string `xml:",omitempty"`

	// Version 2.
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	KeyCount              *int

	MaxKeys        int64
	Delimiter      string `xml:",omitempty"`
	EncodingType   string `xml:",omitempty"`
	IsTruncated    bool
	Contents       []listed
	CommonPrefixes []gofakes3.CommonPrefix
}

type listed struct {
	Key               string
	LastModified      gofakes3.ContentTime
	ETag              string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
	Size              int64
	StorageClass      string
}

func (s *Server) listObjects(w *reply, r *request) error {
	q := r.URL.Query()
	encode, kind, err := encoding(q)
	if err != nil {
		return err
	}
	limit, err := limitOf(q, "max-keys")
	if err != nil {
		return err
	}
	out := listing{Xmlns: xmlns, Name: r.bucket, Prefix: encode(q.Get("prefix")), Delimiter: encode(q.Get("delimiter")), MaxKeys: limit, EncodingType: kind}
	after := q.Get("marker")
	if r.op == "ListObjectsV2" {
		token, err := base64.URLEncoding.DecodeString(q.Get("continuation-token"))
		if err != nil {
			return refused("InvalidArgument", "The continuation token provided is incorrect")
		}
		if after = string(token); after == "" {
			after = q.Get("start-after")
		}
		out.StartAfter, out.ContinuationToken = encode(q.Get("start-after")), q.Get("continuation-token")
	}
	page, err := s.store.page(r.bucket, q.Get("prefix"), q.Get("delimiter"), after, int(limit))
	if err != nil {
		return err
	}
	out.IsTruncated, out.Contents = page.more, page.contents
	for i := range out.Contents {
		out.Contents[i].Key = encode(out.Contents[i].Key)
	}
	for _, group := range page.groups {
		out.CommonPrefixes = append(out.CommonPrefixes, gofakes3.CommonPrefix{Prefix: encode(group)})
	}
	if r.op == "ListObjectsV2" {
		n := len(page.contents) + len(page.groups)
		out.KeyCount = &n
		if page.more {
			out.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(page.last))
		}
		return w.sendXML(out)
	}
	marker := encode(after)
	out.Marker = &marker
	if page.more && q.Get("delimiter") != "" { // without one, the last key is where to go on
		out.NextMarker = encode(page.last)
	}
	return w.sendXML(out)
}

// page is a part of a list.
type page struct {
	contents []listed
	groups   []string
	last     string // entry
	more     bool
}

// page lists keys in their order; keys that share a prefix up to the delimiter
// are one entry. It goes from entry to entry, not from key to key, so a prefix over a
// million keys costs no more than one key.
func (s *store) page(bucketName, prefix, delimiter, after string, limit int) (out page, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[bucketName]
	if b == nil {
		return out, gofakes3.BucketNotFound(bucketName)
	}
	if limit == 0 {
		return out, nil
	}
	b.walk(&gofakes3.Prefix{Prefix: prefix, Delimiter: delimiter}, after, func(entry string, group bool) bool {
		if len(out.contents)+len(out.groups) == limit {
			out.more = true
			return false
		}
		out.last = entry
		if group {
			out.groups = append(out.groups, entry)
			return true
		}
		o := b.objects[entry]
		_, etag := o.sum()
		one := listed{Key: o.key, LastModified: gofakes3.NewContentTime(o.modified), ETag: etag, Size: o.size, StorageClass: "STANDARD"}
		if o.checksum.of != nil {
			one.ChecksumAlgorithm, one.ChecksumType = o.checksum.of.name, o.checksum.kind()
		}
		out.contents = append(out.contents, one)
		return true
	})
	return out, nil
}

// maxPage is the greatest and usual number of entries of a list.
const maxPage = 1000

func limitOf(q url.Values, name string) (int64, error) {
	text := q.Get(name)
	if text == "" {
		return maxPage, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, refused("InvalidArgument", "Argument "+name+" must be an integer between 0 and 2147483647")
	}
	return min(n, maxPage), nil
}

// encoding reads encoding-type. Blanks are %20, which all clients read right; S3's
// plus is a plus to some.
func encoding(q url.Values) (encode func(string) string, kind string, err error) {
	switch kind = q.Get("encoding-type"); kind {
	case "":
		return func(s string) string { return s }, "", nil
	case "url":
		plain := strings.NewReplacer("+", "%20", "%2F", "/")
		return func(s string) string { return plain.Replace(url.QueryEscape(s)) }, kind, nil
	}
	return nil, "", refused("InvalidArgument", "Invalid Encoding Method specified in Request")
}

// listUploads is ListMultipartUploads.
func (s *Server) listUploads(w *reply, r *request) error {
	q := r.URL.Query()
	encode, kind, err := encoding(q)
	if err != nil {
		return err
	}
	limit, err := limitOf(q, "max-uploads")
	if err != nil {
		return err
	}
	if limit == 0 {
		limit = maxPage
	}
	var marker *gofakes3.UploadListMarker
	if key := q.Get("key-marker"); key != "" {
		marker = &gofakes3.UploadListMarker{Object: key, UploadID: gofakes3.UploadID(q.Get("upload-id-marker"))}
	}
	list, err := s.store.ListMultipartUploads(r.bucket, marker, gofakes3.Prefix{Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter")}, limit)
	if err != nil {
		return err
	}
	for _, field := range []*string{&list.KeyMarker, &list.NextKeyMarker, &list.Prefix, &list.Delimiter} {
		*field = encode(*field)
	}
	for i := range list.Uploads {
		list.Uploads[i].Key = encode(list.Uploads[i].Key)
	}
	for i := range list.CommonPrefixes {
		list.CommonPrefixes[i].Prefix = encode(list.CommonPrefixes[i].Prefix)
	}
	return w.sendXML(struct {
		XMLName xml.Name `xml:"ListMultipartUploadsResult"`
		Xmlns   string   `xml:"xmlns,attr"`
		*gofakes3.ListMultipartUploadsResult
		EncodingType string `xml:",omitempty"`
	}{Xmlns: xmlns, ListMultipartUploadsResult: list, EncodingType: kind})
}
