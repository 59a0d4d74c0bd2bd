package s3fake

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
)

// roundTrip does everything once.
func roundTrip(c *client) {
	t := c.t
	t.Helper()
	const text = "some json"
	put := c.must("PUT", "/data/raw/a%20b%2B1.json", text, "Content-Type", "application/json", "X-Amz-Meta-Origin", "test", "X-Amz-Date", "20250304T050607Z")
	if put.header.Get("Etag") != etagOf(text) {
		t.Errorf("ETag %s", put.header.Get("Etag"))
	}
	get := c.must("GET", "/data/raw/a%20b%2B1.json", "")
	want := map[string]string{
		"Etag": etagOf(text), "Content-Type": "application/json", "X-Amz-Meta-Origin": "test", "Content-Length": "9",
		"Last-Modified": "Tue, 04 Mar 2025 05:06:07 GMT", "Accept-Ranges": "bytes", "Server": "AmazonS3",
		"X-Amz-Date": "", "Access-Control-Allow-Origin": "",
	}
	for name, value := range want {
		if got := get.header.Get(name); got != value {
			t.Errorf("GET: %s is %q, want %q", name, got, value)
		}
	}
	if get.body != text {
		t.Errorf("GET: %q", get.body)
	}
	head := c.must("HEAD", "/data/raw/a%20b%2B1.json", "")
	for name, value := range want {
		if got := head.header.Get(name); got != value {
			t.Errorf("HEAD: %s is %q, want %q", name, got, value)
		}
	}
	for spec, part := range map[string]string{"bytes=5-8": "json", "bytes=5-": "json", "bytes=-4": "json", "bytes=-400": text, "bytes=0-0": "s", "bytes=5-999": "json"} {
		a := c.must("GET", "/data/raw/a%20b%2B1.json", "", "Range", spec)
		if a.status != 206 || a.body != part || !strings.HasSuffix(a.header.Get("Content-Range"), "/9") {
			t.Errorf("%s: %d %q %s", spec, a.status, a.body, a.header.Get("Content-Range"))
		}
	}
	c.refused(416, "InvalidRange", "GET", "/data/raw/a%20b%2B1.json", "", "Range", "bytes=9-")
	c.must("PUT", "/data/raw/copy", "", "X-Amz-Copy-Source", "/data/raw/a%20b%2B1.json")
	if a := c.must("GET", "/data/raw/copy", ""); a.body != text || a.header.Get("X-Amz-Meta-Origin") != "test" {
		t.Errorf("the copy: %+v", a)
	}
	list := c.must("GET", "/data?list-type=2&prefix=raw/", "")
	if keys := values(list.body, "Key"); fmt.Sprint(keys) != "[raw/a b+1.json raw/copy]" || list.header.Get("Content-Type") != "application/xml" {
		t.Errorf("list: %v %s", keys, list.header)
	}
	if a := c.must("DELETE", "/data/raw/copy", ""); a.status != 204 || a.header.Get("X-Amz-Delete-Marker") != "" {
		t.Errorf("DELETE: %+v", a)
	}
	c.refused(404, "NoSuchKey", "GET", "/data/raw/copy", "")
	c.refused(404, "", "HEAD", "/data/raw/copy", "")
	c.must("DELETE", "/data/raw/copy", "")
	c.refused(404, "NoSuchBucket", "GET", "/nobody/raw/copy", "")
	c.refused(404, "NoSuchBucket", "PUT", "/nobody/raw/copy", "x")
}

func TestRoundTripInProcess(t *testing.T) { roundTrip(newClient(t)) }

func TestRoundTripOverASocket(t *testing.T) {
	c := newClient(t)
	server := httptest.NewServer(c.server)
	defer server.Close()
	c.base, c.rt = server.URL, server.Client().Transport
	roundTrip(c)
}

func TestBuckets(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/second", "")
	c.refused(409, "BucketAlreadyOwnedByYou", "PUT", "/second", "")
	c.refused(400, "InvalidBucketName", "PUT", "/No_Bucket", "")
	if a := c.must("GET", "/", ""); fmt.Sprint(values(a.body, "Name")) != "[data second]" {
		t.Errorf("%s", a.body)
	}
	c.must("HEAD", "/second", "")
	c.refused(404, "", "HEAD", "/third", "")
	c.must("GET", "/second?location", "")
	c.must("PUT", "/second/k", "x")
	c.refused(409, "BucketNotEmpty", "DELETE", "/second", "")
	c.must("DELETE", "/second/k", "")
	c.must("DELETE", "/second", "")
	c.refused(404, "NoSuchBucket", "DELETE", "/second", "")
	c.refused(405, "MethodNotAllowed", "POST", "/", "x")
	c.refused(405, "MethodNotAllowed", "OPTIONS", "/data/k", "")
}

func TestListing(t *testing.T) {
	c := newClient(t)
	for _, key := range []string{"a/1", "a/2", "a/3", "b", "c/1", "c/2/x", "d"} {
		c.must("PUT", "/data/"+key, key)
	}
	for _, version := range []struct{ query, next, mark string }{{"list-type=2&", "NextContinuationToken", "continuation-token"}, {"", "NextMarker", "marker"}} {
		for _, size := range []int{1, 2, 3, 100} {
			var keys, groups []string
			after := ""
			for pages := 0; pages < 20; pages++ {
				q := fmt.Sprintf("/data?%smax-keys=%d&delimiter=/", version.query, size)
				if after != "" {
					q += "&" + version.mark + "=" + url.QueryEscape(after)
				}
				a := c.must("GET", q, "")
				keys, groups = append(keys, values(a.body, "Key")...), append(groups, prefixes(a.body)...)
				if fmt.Sprint(values(a.body, "IsTruncated")) == "[false]" {
					break
				}
				after = values(a.body, version.next)[0]
			}
			if fmt.Sprint(keys, groups) != "[b d] [a/ c/]" {
				t.Errorf("%s size %d: %v %v", version.query, size, keys, groups)
			}
		}
	}
	for q, want := range map[string]string{
		"/data?prefix=c/":                                  "[c/1 c/2/x] []",
		"/data?prefix=c/&delimiter=/":                      "[c/1] [c/2/]",
		"/data?prefix=z":                                   "[] []",
		"/data?max-keys=0":                                 "[] []",
		"/data?marker=a/2":                                 "[a/3 b c/1 c/2/x d] []",
		"/data?marker=a/2&delimiter=/":                     "[b d] [a/ c/]",
		"/data?list-type=2&start-after=c":                  "[c/1 c/2/x d] []",
		"/data?list-type=2&delimiter=/2/":                  "[a/1 a/2 a/3 b c/1 d] [c/2/]",
		"/data?list-type=2&prefix=a/&start-after=zzzzzzzz": "[] []",
	} {
		a := c.must("GET", q, "")
		if got := fmt.Sprint(orNone(values(a.body, "Key")), orNone(prefixes(a.body))); got != want {
			t.Errorf("%s: %s, want %s", q, got, want)
		}
	}
	c.refused(400, "InvalidArgument", "GET", "/data?max-keys=many", "")
	c.refused(400, "InvalidArgument", "GET", "/data?list-type=2&continuation-token=!!", "")
}

// TestMetadataNamesAreLowerCase: that is how S3 sends them. Most clients do not care, but
// botocore hands on the case that came.
func TestMetadataNamesAreLowerCase(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "text", "X-Amz-Meta-Made-By", "test")
	for _, method := range []string{"GET", "HEAD"} {
		rec := httptest.NewRecorder()
		c.server.ServeHTTP(rec, httptest.NewRequest(method, "/data/k", nil))
		if got := rec.Header()["x-amz-meta-made-by"]; !slices.Equal(got, []string{"test"}) || rec.Header()["X-Amz-Meta-Made-By"] != nil {
			t.Errorf("%s: %v", method, rec.Header())
		}
		if got := c.must(method, "/data/k", "").header.Get("X-Amz-Meta-Made-By"); got != "test" { // as net/http's client would have it
			t.Errorf("%s in process: %q", method, got)
		}
	}
}

// TestKeyCount: botocore's callers read KeyCount of every list of version 2, the empty
// one too.
func TestKeyCount(t *testing.T) {
	c := newClient(t)
	for i, q := range []string{"/data?list-type=2", "/data?list-type=2&prefix=k", "/data?list-type=2&prefix=k&max-keys=2", "/data?list-type=2&prefix=x"} {
		for key := range i {
			c.must("PUT", fmt.Sprintf("/data/k%d", key), "text")
		}
		a := c.must("GET", q, "")
		got, keys := values(a.body, "KeyCount"), values(a.body, "Key")
		if len(got) != 1 || got[0] != strconv.Itoa(len(keys)) || !strings.HasSuffix(a.body, "</ListBucketResult>") {
			t.Errorf("%s: KeyCount is %v, with the keys %v: %s", q, got, keys, a.body)
		}
	}
	if a := c.must("GET", "/data", ""); strings.Contains(a.body, "KeyCount") {
		t.Errorf("a list of version 1 has no KeyCount: %s", a.body)
	}
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// prefixes reads the common prefixes of a listing.
func prefixes(body string) (list []string) {
	for _, group := range values(body, "CommonPrefixes") {
		list = append(list, values(group, "Prefix")...)
	}
	return list
}

func TestDeleteObjects(t *testing.T) {
	c := newClient(t)
	for _, key := range []string{"a", "b&c", "d"} {
		c.must("PUT", "/data/"+url.PathEscape(key), "x")
	}
	a := c.must("POST", "/data?delete", "<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object><Object><Key>nothing</Key></Object></Delete>")
	if got := fmt.Sprint(values(a.body, "Key")); got != "[a b&amp;c nothing]" {
		t.Errorf("%s", a.body)
	}
	if u := c.server.Usage(); u.Objects != 1 {
		t.Errorf("%+v", u)
	}
	c.refused(400, "MalformedXML", "POST", "/data?delete", "<Delete>")
	c.refused(400, "MalformedXML", "POST", "/data?delete", "<Delete></Delete>")
	c.refused(400, "MalformedXML", "POST", "/data?delete", "<Delete>"+strings.Repeat("<Object><Key>d</Key></Object>", 1001)+"</Delete>")
	c.refused(404, "NoSuchBucket", "POST", "/nobody?delete", "<Delete><Object><Key>a</Key></Object></Delete>")
	c.must("HEAD", "/data/d", "")
}

// The same requests give the same bytes: headers, ids, dates and bodies.
func TestSameRequestsSameBytes(t *testing.T) {
	play := func() string {
		now := date
		c := newClient(t, WithNow(func() time.Time { now = now.Add(time.Second); return now }))
		var log bytes.Buffer
		for i := range 3 {
			for _, r := range []struct{ method, target, body string }{
				{"PUT", "/data/k%d", "one"}, {"PUT", "/data/k%d", "two"}, {"GET", "/data/k%d", ""}, {"HEAD", "/data/k%d", ""}, {"GET", "/data?list-type=2&x-id=%d", ""},
				{"GET", "/data/none%d", ""}, {"PUT", "/data/k%d?tagging", "x"}, {"POST", "/data/m%d?uploads", ""}, {"GET", "/?x-id=%d", ""}, {"DELETE", "/data/k%d", ""},
			} {
				a := c.do(r.method, fmt.Sprintf(r.target, i), r.body)
				fmt.Fprintln(&log, r.method, a.status)
				a.header.Write(&log)
				fmt.Fprintln(&log, a.body)
			}
		}
		return log.String()
	}
	if one, two := play(), play(); one != two || len(one) < 1000 {
		t.Errorf("not the same:\n%s\n%s", one, two)
	}
}

// What the ids say does not depend on what other clients do.
func TestIDsAreTheCallers(t *testing.T) {
	c := newClient(t)
	who := faults.Request{Client: 4, Call: 2, Attempt: 1}
	want, _ := faults.RequestIDs(who)
	for range 2 {
		req, err := http.NewRequest("GET", "http://s3.test/data/none", nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := c.send(req.WithContext(faults.WithRequest(req.Context(), who))); a.header.Get("X-Amz-Request-Id") != want {
			t.Errorf("%v", a.header)
		}
		c.do("GET", "/data/other", "")
	}
}

func TestLoading(t *testing.T) {
	c := newClient(t)
	for _, size := range []int64{0, 1, 7, 4096, 100_001} {
		key := fmt.Sprintf("loaded/%d.bin", size)
		if err := c.server.Put("data", key, size); err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(Body(key, size))
		if err != nil || int64(len(want)) != size {
			t.Fatal(len(want), err)
		}
		a := c.must("GET", "/data/"+key, "")
		if a.body != string(want) || a.header.Get("Etag") != etagOf(string(want)) {
			t.Errorf("%d bytes: ETag %s", size, a.header.Get("Etag"))
		}
		if size > 7 {
			if a := c.must("GET", "/data/"+key, "", "Range", "bytes=3-10"); a.body != string(want[3:11]) {
				t.Errorf("%d bytes: the range differs", size)
			}
		}
		c.must("PUT", "/data/"+key, "mine")
		if err := c.server.Ensure("data", key, 4); err != nil {
			t.Fatal(err)
		}
		if a := c.must("GET", "/data/"+key, ""); a.body != "mine" {
			t.Errorf("Ensure replaced an object of the right size")
		}
		if err := c.server.Ensure("data", key, size); err != nil {
			t.Fatal(err)
		}
		if a := c.must("GET", "/data/"+key, ""); a.body != string(want) {
			t.Errorf("Ensure left an object of another size")
		}
	}
	if err := c.server.Ensure("fresh", "k", 1); err != nil { // makes the bucket
		t.Error(err)
	}
	c.must("GET", "/fresh/k", "")
	for _, bad := range []error{c.server.Put("data", "", 1), c.server.Put("data", strings.Repeat("k", 1025), 1), c.server.Put("data", "k", -1),
		c.server.Put("data", "k", 1<<60), c.server.Put("X", "k", 1), c.server.CreateBucket("no")} {
		if e, ok := bad.(*Error); !ok || e.Code == "" || !strings.HasPrefix(bad.Error(), "s3fake: ") {
			t.Errorf("%v", bad)
		}
	}
}

// Uploads with the content of Body take no memory for it; others do.
func TestMemoryIsBounded(t *testing.T) {
	c := newClient(t, WithMemory(1<<20))
	body, err := io.ReadAll(Body("same", 100_000))
	if err != nil {
		t.Fatal(err)
	}
	c.must("PUT", "/data/same", string(body))
	if u := c.server.Usage(); u.Bytes > 1000 {
		t.Errorf("%+v", u)
	}
	if a := c.must("GET", "/data/same", ""); a.body != string(body) || a.header.Get("Etag") != etagOf(string(body)) {
		t.Error("the content differs")
	}
	body[99_999] ^= 1 // different in its last byte
	c.must("PUT", "/data/same", string(body))
	if a := c.must("GET", "/data/same", ""); a.body != string(body) {
		t.Error("the content differs")
	}
	for i := range 40 {
		c.must("PUT", "/data/fresh", "again and again")
		c.must("PUT", fmt.Sprintf("/data/k%d", i), strings.Repeat("x", 50_000))
		c.must("GET", "/data/fresh", "") // its first version is long gone
	}
	if u := c.server.Usage(); u.Bytes > 1<<20 {
		t.Errorf("%+v", u)
	}
	for range 3 {
		c.must("PUT", "/data/fresh", strings.Repeat("y", 500_000)) // its own older versions are the oldest
	}
	u := c.server.Usage()
	if u.Bytes > 1<<20 || u.Evicted == 0 || u.Objects < 10 {
		t.Errorf("%+v", u)
	}
	c.refused(404, "NoSuchKey", "GET", "/data/k0", "") // the oldest went
	c.must("GET", "/data/k39", "")
	if err := c.server.Ensure("data", "k0", 50_000); err != nil {
		t.Fatal(err)
	}
	c.must("GET", "/data/k0", "")
	for range 5000 { // the same key over and over leaves nothing behind
		c.must("PUT", "/data/again", "x")
	}
	if n := len(c.server.store.arrived); n > 2000 {
		t.Errorf("%d entries for %d objects", n, c.server.Usage().Objects)
	}
	for key := range 20 {
		c.must("DELETE", fmt.Sprintf("/data/k%d", key), "")
	}
}

func TestConcurrentUse(t *testing.T) {
	c := newClient(t)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 60 {
				key, text := fmt.Sprintf("/data/%d/%d", g%4, i%7), fmt.Sprint(g, i)
				switch i % 6 {
				case 0, 1:
					c.do("PUT", key, text)
				case 2:
					c.do("GET", key, "")
				case 3:
					c.do("GET", "/data?delimiter=/", "")
				case 4:
					c.do("HEAD", key, "")
				default:
					c.do("DELETE", key, "")
				}
			}
		})
	}
	wg.Wait()
	if c.server.Bugs() != 0 {
		t.Errorf("%d bugs", c.server.Bugs())
	}
}
