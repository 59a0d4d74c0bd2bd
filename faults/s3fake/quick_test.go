package s3fake

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// putContent uploads the content of that name.
func (c *client) putContent(key, name string, size int64, header ...string) answer {
	c.t.Helper()
	req, err := http.NewRequest("PUT", "http://s3.test/data/"+key, Body(name, size))
	if err != nil {
		c.t.Fatal(err)
	}
	req.ContentLength = size
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return c.send(req)
}

// Generated content of any size moves through the transport without being
// made, and is what it would have been.
func TestQuickETags(t *testing.T) {
	c := newClient(t, QuickETags())
	const huge = 3 << 40 // 3 TiB
	a := c.putContent("huge", "huge", huge, "Content-Type", "text/huge")
	if a.status != 200 || len(a.header.Get("Etag")) != 34 || a.header.Get("X-Amz-Request-Id") == "" || a.header.Get("Server") != "AmazonS3" {
		t.Errorf("%+v", a)
	}
	head := c.must("HEAD", "/data/huge", "")
	if head.header.Get("Etag") != a.header.Get("Etag") || head.header.Get("Content-Length") != fmt.Sprint(int64(huge)) || head.header.Get("Content-Type") != "text/huge" {
		t.Errorf("%+v", head)
	}
	req, err := http.NewRequest("GET", "http://s3.test/data/huge", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Body); n != huge || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	want := make([]byte, 8)
	if _, err := Body("huge", huge).ReadAt(want, huge-8); err != io.EOF {
		t.Fatal(err)
	}
	if a := c.must("GET", "/data/huge", "", "Range", "bytes=-8"); a.body != string(want) {
		t.Errorf("%q, want %q", a.body, want)
	}
}

// What is not plainly the content of its key goes the long way.
func TestQuickETagsAreForPlainUploads(t *testing.T) {
	c := newClient(t, QuickETags())
	mine, err := io.ReadAll(Body("other", 100))
	if err != nil {
		t.Fatal(err)
	}
	if a := c.putContent("k", "other", 100); a.header.Get("Etag") != etagOf(string(mine)) {
		t.Errorf("%+v", a)
	}
	if a := c.must("GET", "/data/k", ""); a.body != string(mine) {
		t.Error("not what was sent")
	}
	if a := c.putContent("k", "k", 100, "If-None-Match", "*"); a.code != "PreconditionFailed" {
		t.Errorf("%+v", a)
	}
	if a := c.putContent("k", "k", 100, "X-Amz-Meta-Origin", "test"); a.status != 200 || c.must("HEAD", "/data/k", "").header.Get("X-Amz-Meta-Origin") != "test" {
		t.Errorf("%+v", a)
	}
	if a := c.putContent("k", "k", 100, "X-Amz-Checksum-Crc32", "AAAAAA=="); a.code != "BadDigest" {
		t.Errorf("%+v", a)
	}
	if a := c.putContent("k", "k", 100, "X-Amz-Object-Lock-Mode", "COMPLIANCE"); a.code != "NotImplemented" {
		t.Errorf("%+v", a)
	}
	c.server.store.buckets["gone"] = c.server.store.buckets["data"]
	delete(c.server.store.buckets, "data")
	if a := c.putContent("k", "k", 100); a.code != "NoSuchBucket" {
		t.Errorf("%+v", a)
	}
}

// Objects of one second share their metadata, and those of another have their own.
func TestUsualMetadata(t *testing.T) {
	now := Epoch
	c := newClient(t, QuickETags(), WithNow(func() time.Time { return now }))
	for i, want := range []string{"Wed, 01 Jan 2025 00:00:00 GMT", "Wed, 01 Jan 2025 00:00:00 GMT", "Wed, 01 Jan 2025 00:00:01 GMT"} {
		key := fmt.Sprint(i)
		c.putContent(key, key, 10)
		if h := c.must("HEAD", "/data/"+key, "").header; h.Get("Last-Modified") != want || h.Get("Content-Type") != "binary/octet-stream" {
			t.Errorf("%d: %v", i, h)
		}
		now = now.Add(700 * time.Millisecond)
	}
	c.putContent("typed", "typed", 10, "Content-Type", "text/plain")
	if h := c.must("HEAD", "/data/2", "").header; h.Get("Content-Type") != "binary/octet-stream" {
		t.Errorf("%v", h)
	}
}

// The guard changes no request: it copies what it has to change, and no more.
func TestGuardCopies(t *testing.T) {
	s := New(WithBuckets("data"))
	for _, c := range []struct {
		method, name, value string
		same                bool
	}{
		{"GET", "Range", "bytes=0-1", true},
		{"HEAD", "X-Amz-Date", "20250101T000000Z", true},
		{"GET", "If-None-Match", "\"a\"", false},
		{"GET", "Content-Length", "7", false},
		{"DELETE", "X-Amz-Date", "20250101T000000Z", false},
	} {
		req := httptest.NewRequest(c.method, "/data/k", nil)
		req.Header.Set(c.name, c.value)
		got, refusal := s.guard(req)
		if refusal != nil || (got.Request == req) != c.same || req.Header.Get(c.name) != c.value {
			t.Errorf("%+v: %v, %v", c, got, refusal)
		}
	}
}

// A copy of generated content is it, and takes no more room than it: also a copy of a copy,
// whatever has become of the original.
func TestCopiesOfGeneratedContent(t *testing.T) {
	c := newClient(t, QuickETags())
	const huge = 3 << 40 // 3 TiB
	c.putContent("huge", "huge", huge)
	tag := c.must("HEAD", "/data/huge", "").header.Get("Etag")
	want := c.must("GET", "/data/huge", "", "Range", "bytes=1000000-1000099").body
	c.must("PUT", "/data/copy", "", "X-Amz-Copy-Source", "data/huge")
	c.putContent("huge", "huge", 7)
	c.must("PUT", "/data/again", "", "X-Amz-Copy-Source", "data/copy")
	c.must("PUT", "/data/huge", "", "X-Amz-Copy-Source", "data/again") // and back
	for _, key := range []string{"copy", "again", "huge"} {
		if a := c.must("GET", "/data/"+key, "", "Range", "bytes=1000000-1000099"); a.body != want || len(want) != 100 || a.header.Get("Etag") != tag {
			t.Errorf("%s: %d bytes, %s, want %s", key, len(a.body), a.header.Get("Etag"), tag)
		}
	}
}

// Conditions and metadata do not need the content: an upload of any size need not be read for
// them.
func TestQuickUploadsWithConditions(t *testing.T) {
	c := newClient(t, QuickETags())
	const huge = 3 << 40 // 3 TiB
	first := c.putContent("k", "k", huge, "If-None-Match", "*", "X-Amz-Meta-Origin", "test")
	if first.status != 200 || len(first.header.Get("Etag")) != 34 {
		t.Fatalf("%+v", first)
	}
	if a := c.putContent("k", "k", huge, "If-None-Match", "*"); a.code != "PreconditionFailed" {
		t.Errorf("%+v", a)
	}
	if a := c.putContent("k", "k", huge, "If-Match", first.header.Get("Etag")); a.status != 200 || a.header.Get("Etag") != first.header.Get("Etag") {
		t.Errorf("%+v", a)
	}
	if h := c.must("HEAD", "/data/k", "").header; h.Get("Content-Length") != fmt.Sprint(int64(huge)) {
		t.Errorf("%v", h)
	}
}
