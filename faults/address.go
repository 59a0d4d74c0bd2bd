package faults

import (
	"net/http"
	"net/url"
	"strings"
)

// PathStyle returns an S3 request in path style, /bucket/key: the request itself if it
// is, else a copy. A client that is told of a name, not an address, puts the bucket
// into it: Host is bucket.localhost or bucket.s3.localhost (which resolve to loopback, RFC
// 6761, section 6.3), or a name of Amazon's.
func PathStyle(r *http.Request) *http.Request {
	host, port, _ := strings.Cut(r.Host, ":")
	bucket, base := hostBucket(host)
	if bucket == "" {
		return r
	}
	out := new(http.Request)
	*out = *r
	out.URL = new(url.URL)
	*out.URL = *r.URL
	out.URL.Path = "/" + bucket + r.URL.Path
	if r.URL.RawPath != "" {
		out.URL.RawPath = "/" + bucket + r.URL.RawPath
	}
	if strings.HasPrefix(r.RequestURI, "/") {
		out.RequestURI = "/" + bucket + r.RequestURI
	}
	if out.Host = base; port != "" {
		out.Host += ":" + port
	}
	return out
}

// hostBucket splits the name of a bucket off a host; "" if there is none.
func hostBucket(host string) (bucket, base string) {
	bucket, local := strings.CutSuffix(host, ".localhost")
	base = "localhost"
	if !local {
		i := strings.LastIndex(host, ".s3.")
		if i < 0 || !strings.HasSuffix(host, ".amazonaws.com") {
			return "", ""
		}
		bucket, base = host[:i], host[i+1:]
	} else if inner, ok := strings.CutSuffix(bucket, ".s3"); ok {
		bucket, base = inner, "s3.localhost"
	}
	if len(bucket) < 3 || len(bucket) > 63 { // s3.localhost is a host, as no bucket has so short a name
		return "", ""
	}
	return bucket, base
}
