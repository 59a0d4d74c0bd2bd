package fleet

import (
	"net/http"
	"net/url"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/s3fake"
)

// httpRequest makes req the request of an attempt to the backend at req.URL. What a
// read is to find is put there by ensure, without the wire.
func (r *run) httpRequest(req *http.Request, c *call, who *faults.Request, ensure func(key string, size int64) error) error {
	u := req.URL
	u.Path, u.RawPath, u.RawQuery = "", "", ""
	var err error
	if r.cfg.Backend.Kind == S3 {
		err = s3Target(u, c, who, ensure)
	} else {
		err = plainTarget(u, who)
	}
	if err != nil {
		return err
	}
	req.Method, req.Host, req.Header = who.Method, u.Host, r.header(c, who)
	req.Proto, req.ProtoMajor, req.ProtoMinor = "HTTP/1.1", 1, 1
	req.Body, req.ContentLength = nil, 0
	if who.Op != "CopyObject" && (who.Method == http.MethodPut || who.Method == http.MethodPost || who.Method == http.MethodPatch) && c.size() > 0 {
		req.ContentLength = c.size()
		req.Body = s3fake.Body(who.Key, c.size())
	}
	return nil
}

// s3Target sets the path-style URL. A read finds its object: it is there
// before the request is sent.
func s3Target(u *url.URL, c *call, who *faults.Request, ensure func(key string, size int64) error) error {
	switch who.Op {
	case "ListBuckets":
		u.Path = "/"
		return nil
	case "ListObjects":
		u.RawQuery = url.Values{"prefix": {who.Key}}.Encode()
	case "ListObjectsV2":
		u.RawQuery = url.Values{"list-type": {"2"}, "prefix": {who.Key}}.Encode()
	case "HeadBucket":
	default:
		u.Path = "/" + who.Bucket + "/" + who.Key
	}
	if u.Path == "" {
		u.Path = "/" + who.Bucket
	}
	switch who.Op {
	case "GetObject", "HeadObject":
		return ensure(who.Key, c.size())
	case "CopyObject":
		return ensure(copySource+who.Key, c.size())
	}
	return nil
}

// copySource is where the object that a copy makes comes from: before the key.
const copySource = "source/"

// plainTarget reads the key as a request's target: a path, and perhaps a query.
func plainTarget(u *url.URL, who *faults.Request) error {
	t, err := url.ParseRequestURI(who.Key)
	if err != nil {
		return err
	}
	u.Path, u.RawPath, u.RawQuery = t.Path, t.RawPath, t.RawQuery
	return nil
}
