package s3fake

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

// One test for each trap of gofakes3 v1.2.0. Each fails against gofakes3 with
// its own s3mem.

func TestTrapErrorsHaveTheirStatusAndIDs(t *testing.T) {
	c := newClient(t) // the client checks ids, resource and type of every error
	c.refused(405, "MethodNotAllowed", "POST", "/data/k", "x")
	c.refused(404, "NoSuchUpload", "PUT", "/data/k?uploadId=x&partNumber=1", "x")
	a := c.do("GET", "/data/none", "")
	if a.text != "The specified key does not exist." {
		t.Errorf("message %q", a.text)
	}
}

// gofakes3 says only the status in answers to HEAD.
func TestTrapHeadHasTheStatusOfItsError(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "text")
	c.refused(404, "", "HEAD", "/data/none", "")
	c.refused(416, "", "HEAD", "/data/k", "", "Range", "bytes=9-")
	c.refused(501, "", "HEAD", "/data/k", "", "Range", "bytes=0-1,2-3")
	if a := c.must("HEAD", "/data/k", "", "Range", "bytes=1-2"); a.status != 206 || a.header.Get("Content-Length") != "2" {
		t.Errorf("%+v", a)
	}
}

func TestTrapListsHaveTheirContentType(t *testing.T) {
	c := newClient(t)
	for _, target := range []string{"/", "/data", "/data?location", "/data?uploads"} {
		if a := c.must("GET", target, ""); a.header.Get("Content-Type") != "application/xml" {
			t.Errorf("%s: %s", target, a.header.Get("Content-Type"))
		}
	}
}

// gofakes3 writes an error into an object that it has begun to send.
func TestTrapErrorsAreNotSplicedIntoObjects(t *testing.T) {
	c := newClient(t)
	c.server.inner = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5000")
		w.Write(make([]byte, 3000))
		w.WriteHeader(500)
		io.WriteString(w, "<Error>")
	})
	req, err := http.NewRequest("GET", "http://s3.test/data/k", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(string(body), "<Error>") {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestTrapSubresourcesAreRefusedAndChangeNothing(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "precious")
	c.must("PUT", "/empty", "")
	for _, o := range faults.Operations() {
		if _, ok := served[o.Name]; ok {
			continue
		}
		target := "/"
		if o.Bucket {
			target = "/empty"
		}
		if o.Key {
			target = "/data/k"
		}
		query := o.Query
		if strings.HasPrefix(query, "uploadId") {
			query = "uploadId=x&partNumber=1"
		}
		c.refused(501, "NotImplemented", o.Method, target+"?"+query, "harm", "X-Amz-Copy-Source", "/data/k")
	}
	for _, r := range [][2]string{
		{"PUT", "/data/k?acl"}, {"PUT", "/data/k?unknown"}, {"PUT", "/data/k?%61cl"}, {"PUT", "/data/k?partNumber=1"},
		{"GET", "/data/k?acl"}, {"GET", "/data/k?attributes"}, {"GET", "/data/k?torrent"},
		{"DELETE", "/empty?lifecycle"}, {"DELETE", "/empty?policy"}, {"DELETE", "/empty?website"},
		{"PUT", "/empty?policy"}, {"PUT", "/fresh?policy"}, {"GET", "/data?versions"}, {"GET", "/data?notification"},
	} {
		c.refused(501, "NotImplemented", r[0], r[1], "harm")
	}
	c.refused(400, "InvalidURI", "PUT", "/data/k?a;tagging", "harm") // gofakes3 does not see past it
	for _, header := range []string{"X-Amz-Write-Offset-Bytes", "X-Amz-If-Match-Size"} {
		c.refused(501, "NotImplemented", "PUT", "/data/k", "harm", header, "3")
	}
	c.refused(501, "NotImplemented", "DELETE", "/data/k", "", "If-Match", `"x"`)
	if a := c.must("GET", "/data/k?x-id=GetObject&X-Amz-Signature=0&response-content-type=text/x", ""); a.body != "precious" || a.header.Get("Content-Type") != "text/x" {
		t.Errorf("%+v", a)
	}
	c.must("HEAD", "/empty", "")
	c.refused(404, "", "HEAD", "/fresh", "")
}

func TestTrapPartsWithoutAnUploadAreNotObjects(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "precious")
	c.refused(404, "NoSuchUpload", "PUT", "/data/k?uploadId=&partNumber=1", "harm")
	c.refused(404, "NoSuchUpload", "DELETE", "/data/k?uploadId", "")
	c.refused(404, "NoSuchUpload", "GET", "/data/k?uploadId=", "")
	if a := c.must("GET", "/data/k", ""); a.body != "precious" {
		t.Errorf("%q", a.body)
	}
}

func TestTrapVersionsAreRefused(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "precious")
	c.refused(501, "NotImplemented", "PUT", "/data?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	if a := c.must("GET", "/data?versioning", ""); strings.Contains(a.body, "Enabled") {
		t.Error(a.body)
	}
	for _, method := range []string{"GET", "HEAD", "DELETE"} { // HEAD ignores the version, upstream
		c.refused(501, "NotImplemented", method, "/data/k?versionId=3", "")
	}
	c.refused(501, "NotImplemented", "POST", "/data?delete", "<Delete><Object><Key>k</Key><VersionId>3</VersionId></Object></Delete>")
	c.refused(501, "NotImplemented", "PUT", "/data/copy", "", "X-Amz-Copy-Source", "/data/k?versionId=3")
	c.must("GET", "/data/k?versionId=null", "")
	c.must("HEAD", "/data/k", "")
}

// s3mem panics on reads after the current version of an object is deleted, and
// the client sees a broken connection: as if a fault had been put in.
func TestTrapPanicsAreBugsNotFaults(t *testing.T) {
	var told *faults.PanicError
	c := newClient(t, OnBug(func(p *faults.PanicError) { told = p }))
	c.server.inner = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("nil deref") })
	c.refused(500, BugCode, "GET", "/data/k", "")
	c.refused(500, "", "HEAD", "/data/k", "")
	if c.server.Bugs() != 2 || told == nil || told.Value != "nil deref" || len(told.Stack) == 0 {
		t.Errorf("%d bugs, %v", c.server.Bugs(), told)
	}
	c.server.inner = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		io.WriteString(w, "<Error><Code>InternalError</Code></Error>") // an error that gofakes3 does not know
	})
	c.refused(500, BugCode, "GET", "/data/k", "")
}

func TestTrapConditionsHold(t *testing.T) {
	c := newClient(t)
	etag := c.must("PUT", "/data/k", "text").header.Get("Etag")
	before, after := date.Add(-time.Hour).Format(http.TimeFormat), date.Add(time.Hour).Format(http.TimeFormat)
	now := date.Format(http.TimeFormat)
	for _, r := range []struct {
		header []string
		status int
	}{
		{[]string{"If-Match", etag}, 200}, {[]string{"If-Match", strings.Trim(etag, `"`)}, 200}, {[]string{"If-Match", "*"}, 200},
		{[]string{"If-Match", `"x", ` + etag}, 200}, {[]string{"If-Match", `"x"`}, 412},
		{[]string{"If-None-Match", etag}, 304}, {[]string{"If-None-Match", `"x"`}, 200}, {[]string{"If-None-Match", "*"}, 304},
		{[]string{"If-Modified-Since", before}, 200}, {[]string{"If-Modified-Since", now}, 304}, {[]string{"If-Modified-Since", after}, 304},
		{[]string{"If-Unmodified-Since", before}, 412}, {[]string{"If-Unmodified-Since", now}, 200}, {[]string{"If-Modified-Since", "soon"}, 200},
		{[]string{"If-Match", etag, "If-Unmodified-Since", before}, 200}, // the ETag goes before the date
		{[]string{"If-None-Match", etag, "If-Modified-Since", before}, 304},
		{[]string{"If-None-Match", `"x"`, "If-Modified-Since", after}, 200},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			a := c.do(method, "/data/k", "", r.header...)
			if a.status != r.status || r.status == 412 && method == "GET" && a.code != "PreconditionFailed" {
				t.Errorf("%s %v: %d %s", method, r.header, a.status, a.code)
			}
			if r.status == 304 && (a.body != "" || a.header.Get("Etag") != etag || a.header.Get("Last-Modified") != now) {
				t.Errorf("%s %v: %+v", method, r.header, a)
			}
		}
		copied := []string{"X-Amz-Copy-Source", "/data/k"}
		for i, h := range r.header {
			if i%2 == 0 {
				h = "X-Amz-Copy-Source-" + h
			}
			copied = append(copied, h)
		}
		want := r.status
		if want == 304 {
			want = 412
		}
		if a := c.do("PUT", "/data/copy", "", copied...); a.status != want {
			t.Errorf("copy %v: %d %s, want %d", r.header, a.status, a.code, want)
		}
	}
	c.refused(404, "NoSuchKey", "GET", "/data/none", "", "If-Match", `"x"`)
	c.refused(412, "PreconditionFailed", "PUT", "/data/k", "new", "If-None-Match", "*")
	c.refused(412, "PreconditionFailed", "PUT", "/data/k", "new", "If-Match", `"x"`)
	c.refused(404, "NoSuchKey", "PUT", "/data/none", "new", "If-Match", `"x"`)
	c.must("PUT", "/data/k", "new", "If-Match", etag)
	c.must("PUT", "/data/none", "new", "If-None-Match", "*")
}

func TestTrapMetadataIsNotMerged(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "one", "X-Amz-Meta-Old", "1", "Content-Type", "text/old")
	c.must("PUT", "/data/k", "two", "X-Amz-Meta-New", "2")
	h := c.must("GET", "/data/k", "").header
	if h.Get("X-Amz-Meta-Old") != "" || h.Get("X-Amz-Meta-New") != "2" || h.Get("Content-Type") != "binary/octet-stream" {
		t.Errorf("%v", h)
	}
	c.must("PUT", "/data/kept", "", "X-Amz-Copy-Source", "data/k", "X-Amz-Meta-Ignored", "3")
	if h := c.must("HEAD", "/data/kept", "").header; h.Get("X-Amz-Meta-New") != "2" || h.Get("X-Amz-Meta-Ignored") != "" {
		t.Errorf("copied: %v", h)
	}
	c.must("PUT", "/data/k", "", "X-Amz-Copy-Source", "data/k", "X-Amz-Metadata-Directive", "REPLACE", "X-Amz-Meta-Fresh", "4")
	if h := c.must("HEAD", "/data/k", "").header; h.Get("X-Amz-Meta-New") != "" || h.Get("X-Amz-Meta-Fresh") != "4" || h.Get("Content-Length") != "3" {
		t.Errorf("replaced: %v", h)
	}
	c.refused(400, "InvalidRequest", "PUT", "/data/k", "", "X-Amz-Copy-Source", "data/k")
	c.refused(400, "InvalidArgument", "PUT", "/data/k", "", "X-Amz-Copy-Source", "data/k", "X-Amz-Metadata-Directive", "MERGE")
	c.refused(400, "InvalidArgument", "PUT", "/data/k", "", "X-Amz-Copy-Source", "data")
	c.refused(400, "InvalidArgument", "PUT", "/data/k", "", "X-Amz-Copy-Source", "data/%zz")
	c.refused(404, "NoSuchKey", "PUT", "/data/k", "", "X-Amz-Copy-Source", "data/none")
	c.refused(404, "NoSuchBucket", "PUT", "/data/k", "", "X-Amz-Copy-Source", "nobody/k")
}

// gofakes3's copies have the real time.
func TestTrapCopiesHaveTheServersTime(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "x")
	a := c.must("PUT", "/data/copy", "", "X-Amz-Copy-Source", "data/k")
	if got := values(a.body, "LastModified"); fmt.Sprint(got) != "[2025-03-04T05:06:07Z]" || values(a.body, "ETag") == nil {
		t.Errorf("%s", a.body)
	}
}

func TestTrapSkewedClocksAreServed(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "x", "X-Amz-Date", "19990101T000000Z")
}

// gofakes3 reads the length from the header map, where not every front has it.
func TestTrapTheLengthIsTheRequests(t *testing.T) {
	c := newClient(t)
	req, err := http.NewRequest("PUT", "http://s3.test/data/k", strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	rec := &plainRecorder{header: http.Header{}}
	c.server.ServeHTTP(rec, req)
	if rec.status != 200 {
		t.Errorf("%d", rec.status)
	}
	if a := c.must("GET", "/data/k", ""); a.body != "text" {
		t.Errorf("%q", a.body)
	}
	req, err = http.NewRequest("PUT", "http://s3.test/data/unknown", struct{ io.Reader }{strings.NewReader("text")})
	if err != nil {
		t.Fatal(err)
	}
	if a := c.send(req); a.status != 411 || a.code != "MissingContentLength" {
		t.Errorf("%d %s", a.status, a.code)
	}
}

// plainRecorder is a ResponseWriter and nothing else.
type plainRecorder struct {
	header http.Header
	status int
}

func (r *plainRecorder) Header() http.Header         { return r.header }
func (r *plainRecorder) WriteHeader(status int)      { r.status = status }
func (r *plainRecorder) Write(p []byte) (int, error) { return len(p), nil }

func TestTrapListsOfBucketsAreSorted(t *testing.T) {
	c := newClient(t)
	for i := range 20 {
		c.must("PUT", fmt.Sprintf("/bucket-%02d", 19-i), "")
	}
	names := values(c.must("GET", "/", "").body, "Name")
	for i := 1; i < len(names); i++ {
		if names[i-1] >= names[i] {
			t.Fatalf("%v", names)
		}
	}
}

func TestTrapUploadsThatBreakOffChangeNothing(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "precious")
	err := c.server.store.receive(&object{key: "k", size: 10}, strings.NewReader("short"))
	if !gofakes3.HasErrorCode(err, gofakes3.ErrIncompleteBody) {
		t.Errorf("%v", err)
	}
	if err := c.server.store.receive(&object{key: "k", size: 3}, strings.NewReader("longer")); !gofakes3.HasErrorCode(err, gofakes3.ErrIncompleteBody) {
		t.Errorf("%v", err)
	}
	c.refused(400, "BadDigest", "PUT", "/data/k", "harm", "Content-Md5", "1B2M2Y8AsgTpgAmY7PhCfg==")
	c.refused(400, "InvalidDigest", "PUT", "/data/k", "harm", "Content-Md5", "x")
	if a := c.must("GET", "/data/k", ""); a.body != "precious" {
		t.Errorf("%q", a.body)
	}
}
