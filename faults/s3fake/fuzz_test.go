package s3fake

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/squall-sim/squall/faults"
)

// state is all that a store keeps, but for what it remembers to answer a
// repeated request alike.
func (s *Server) state() string {
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	var lines []string
	for name, b := range s.store.buckets { // sorted below
		lines = append(lines, "bucket "+name)
		for key, o := range b.objects {
			_, etag := o.sum()
			lines = append(lines, fmt.Sprintf("%s/%q %d %s %v %v %d", name, key, o.size, etag, o.meta, o.tagList(), o.number))
		}
		for id, u := range b.uploads {
			lines = append(lines, fmt.Sprintf("%s/%q upload %s", name, u.key, id))
			for _, p := range u.parts {
				lines = append(lines, fmt.Sprintf("%s part %d %s", id, p.number, p.etag))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(append(lines, fmt.Sprintf("%d %d %d", s.store.used, s.store.objects, s.store.number)), "\n")
}

// seeds are requests to begin with: method, target, headers as lines, body.
func seeds() [][4]string {
	id := string(uploadID("data", "m", 1))
	list := completion(map[int]string{1: etagOf("part")}, 1)
	return [][4]string{
		{"PUT", "/data/k?uploads&uploadId=1", "", "x"}, {"GET", "/data/k", "Range: bytes=1-", ""}, {"HEAD", "/data/k", "If-None-Match: *", ""},
		{"POST", "/data?delete", "", "<Delete><Quiet>true</Quiet><Object><Key>k</Key></Object></Delete>"}, {"POST", "/data?delete", "", "<Delete><Object><Key>k"},
		{"PUT", "/data/k", "Content-Encoding: aws-chunked\nX-Amz-Decoded-Content-Length: 3", "3;chunk-signature=x\r\nabc\r\n0\r\n\r\n"},
		{"PUT", "/data/k", "X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\nX-Amz-Decoded-Content-Length: 3\nX-Amz-Trailer: x-amz-checksum-crc32", "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n"},
		{"PUT", "/data/k", "X-Amz-Checksum-Crc32: NSRBwg==\nX-Amz-Tagging: a=b&c\nX-Amz-Meta-A: b", "abc"}, {"PUT", "/data/k", "Content-Md5: AAAA", "abc"},
		{"PUT", "/data/c", "X-Amz-Copy-Source: /data/k\nX-Amz-Metadata-Directive: REPLACE\nX-Amz-Checksum-Algorithm: SHA1", ""},
		{"PUT", "/data/m?partNumber=2&uploadId=" + id, "X-Amz-Copy-Source: data/k\nX-Amz-Copy-Source-Range: bytes=0-3", ""},
		{"PUT", "/data/m?partNumber=1&uploadId=" + id, "", "new"}, {"POST", "/data/m?uploadId=" + id, "If-None-Match: *\nX-Amz-Mp-Object-Size: 4", list},
		{"GET", "/data/m?uploadId=" + id + "&max-parts=0&part-number-marker=-1", "", ""}, {"DELETE", "/data/m?uploadId=" + id, "", ""}, {"POST", "/data/k?uploads", "X-Amz-Checksum-Type: FULL_OBJECT", ""},
		{"GET", "/data?list-type=2&continuation-token=%00&max-keys=-1&encoding-type=url", "", ""}, {"GET", "/data?uploads&max-uploads=-1&upload-id-marker=" + id, "", ""},
		{"PUT", "/data/k?tagging", "", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"}, {"GET", "/data/k?tagging", "", ""}, {"DELETE", "/data/k?tagging", "", ""},
		{"GET", "/data/k?X-Amz-Signature=0&x-amz-checksum-mode=ENABLED&response-content-type=a", "", ""}, {"GET", "/k", "Host: data.localhost:80", ""}, {"GET", "/data/k?partNumber=1", "", ""},
		{"DELETE", "/data", "", ""}, {"PUT", "/other", "X-Amz-Acl: private", "<CreateBucketConfiguration/>"}, {"GET", "/data/k?versionId=null", "", ""}, {"OPTIONS", "*", "", ""},
	}
}

// FuzzHandler: whatever the request, the fake does not fail, answers, and
// changes nothing where it says that it refused.
func FuzzHandler(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s[0], s[1], s[2], []byte(s[3]))
	}
	f.Fuzz(func(t *testing.T, method, target, header string, body []byte) {
		req := fuzzed(method, target, header, body)
		if req == nil {
			t.Skip()
		}
		var bug *faults.PanicError
		c := newClient(t, OnBug(func(p *faults.PanicError) { bug = p }))
		c.must("PUT", "/data/k", "precious", "X-Amz-Meta-A", "b")
		c.part("m", c.begin("m"), 1, "part")
		before := c.server.state()
		ex := faults.NewTransport(c.server).Exchange(req)
		if bug != nil {
			t.Fatalf("a bug: %v\n%s", bug.Value, bug.Stack)
		}
		if ex.Resp == nil {
			t.Fatalf("no answer: %v", ex.Err)
		}
		answer, err := io.ReadAll(ex.Resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if ex.Resp.StatusCode >= 500 && ex.Resp.StatusCode != 501 {
			t.Fatalf("%s %s", ex.Resp.Status, answer)
		}
		changes := faults.Writes(method) && ex.Resp.StatusCode < 400
		if after := c.server.state(); after != before && !changes {
			t.Fatalf("%s, but\n%s\nis now\n%s", ex.Resp.Status, before, after)
		}
	})
}

// fuzzed makes a request that net/http would let through; nil: it would not.
func fuzzed(method, target, header string, body []byte) *http.Request {
	u, err := url.ParseRequestURI(target)
	if err != nil || u.Opaque != "" {
		return nil
	}
	req, err := http.NewRequest(method, "http://s3.test/", strings.NewReader(string(body)))
	if err != nil {
		return nil
	}
	u.Scheme, u.Host = "http", "s3.test"
	req.URL = u
	for _, line := range strings.Split(header, "\n") {
		name, value, ok := strings.Cut(line, ": ")
		if !ok || name == "" {
			continue
		}
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	return req
}
