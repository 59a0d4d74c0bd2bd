package logs

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// parseOne parses one line as the scanner does.
func parseOne(f Format, line string, keepQuery bool) (Entry, outcome) {
	s := Scanner{p: parser{keepQuery: keepQuery}}
	o := s.p.parse(f, []byte(line))
	if o.reason != Taken {
		return Entry{}, o
	}
	return s.Entry(), o
}

const stamp = "[17/May/2015:10:05:03 +0000]"

func TestHTTPLine(t *testing.T) {
	at := time.Date(2015, 5, 17, 10, 5, 3, 0, time.UTC)
	for _, tc := range []struct {
		name, line string
		want       Entry
	}{
		{"common", `1.2.3.4 - - ` + stamp + ` "GET /a/b.png HTTP/1.1" 200 203023`,
			Entry{at, "1.2.3.4", "GET", "/a/b.png", 203023, 200, 0}},
		{"combined", `1.2.3.4 - - ` + stamp + ` "GET /a HTTP/1.1" 200 7 "http://x/" "Mozilla/5.0 (X; \"y\")"`,
			Entry{at, "1.2.3.4", "GET", "/a", 7, 200, 0}},
		{"fields after combined", `1.2.3.4 - - ` + stamp + ` "GET /a HTTP/1.1" 200 7 "-" "-" "10.0.0.1" 0.003 rt=4`,
			Entry{at, "1.2.3.4", "GET", "/a", 7, 200, 0}},
		{"user agent cut off", `1.2.3.4 - - ` + stamp + ` "GET /a HTTP/1.1" 200 7 "-" "Mozilla/5.0 (`,
			Entry{at, "1.2.3.4", "GET", "/a", 7, 200, 0}},
		{"vhost_combined", `www.example.org:443 1.2.3.4 - - ` + stamp + ` "GET /a HTTP/1.1" 200 7 "-" "-"`,
			Entry{at, "1.2.3.4", "GET", "/a", 7, 200, 0}},
		{"user with a space", `1.2.3.4 - Ada King ` + stamp + ` "GET /a HTTP/1.1" 200 7`,
			Entry{at, "1.2.3.4", "GET", "/a", 7, 200, 0}},
		{"user with brackets", `1.2.3.4 - [x] ` + stamp + ` "GET /a HTTP/1.1" 200 7`,
			Entry{at, "1.2.3.4", "GET", "/a", 7, 200, 0}},
		{"IPv6", `2001:db8::7 - - ` + stamp + ` "GET /a HTTP/2.0" 200 7`,
			Entry{at, "2001:db8::7", "GET", "/a", 7, 200, 0}},
		{"IPv6 that ends in digits, user with a space", `2001:db8::7:80 - Ada King ` + stamp + ` "GET /a HTTP/2.0" 200 7`,
			Entry{at, "2001:db8::7:80", "GET", "/a", 7, 200, 0}},
		{"host name and socket", `unix: - - ` + stamp + ` "GET /a HTTP/3.0" 200 7`,
			Entry{at, "unix:", "GET", "/a", 7, 200, 0}},
		{"zone east", `h - - [17/May/2015:12:35:03 +0230] "GET /a HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a", 7, 200, 0}},
		{"zone west", `h - - [17/May/2015:02:05:03 -0800] "GET /a HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a", 7, 200, 0}},
		{"month in capitals", `h - - [17/MAY/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a", 7, 200, 0}},
		{"query dropped", `h - - ` + stamp + ` "GET /a?b=c?d HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a", 7, 200, 0}},
		{"absolute form", `h - - ` + stamp + ` "GET http://h:80/a?b HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a", 7, 200, 0}},
		{"absolute form without a path", `h - - ` + stamp + ` "GET http://h HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/", 7, 200, 0}},
		{"absolute form with a query only", `h - - ` + stamp + ` "GET http://h?a=/b HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/", 7, 200, 0}},
		{"HTTP/0.9", `h - - ` + stamp + ` "GET /a" 200 7`, Entry{at, "h", "GET", "/a", 7, 200, 0}},
		{"lower case method", `h - - ` + stamp + ` "get /a HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a", 7, 200, 0}},
		{"spaces in the path", `h - - ` + stamp + ` "GET /a b c HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a%20b%20c", 7, 200, 0}},
		{"nginx escapes", `h - - ` + stamp + ` "GET /a\x22b\x5Cc HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a%22b%5Cc", 7, 200, 0}},
		{"Apache escapes", `h - - ` + stamp + ` "GET /a\"b\\c\xe2\x82\xac\td HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a%22b%5Cc%E2%82%AC%09d", 7, 200, 0}},
		{"unknown escapes stay", `h - - ` + stamp + ` "GET /a\qb\xZZ HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/a%5Cqb%5CxZZ", 7, 200, 0}},
		{"quotes not escaped", `h - - ` + stamp + ` "GET /a"b" c HTTP/1.1" 200 7 "-" "-"`, Entry{at, "h", "GET", "/a%22b%22%20c", 7, 200, 0}},
		{"braces and a lone percent", `h - - ` + stamp + ` "GET /{client}/100%/%41 HTTP/1.1" 200 7`, Entry{at, "h", "GET", "/%7Bclient%7D/100%25/%41", 7, 200, 0}},
		{"HEAD has no size", `h - - ` + stamp + ` "HEAD /a HTTP/1.1" 200 7`, Entry{at, "h", "HEAD", "/a", 0, 200, 0}},
		{"size of a write is not known", `h - - ` + stamp + ` "PUT /a HTTP/1.1" 201 77`, Entry{at, "h", "PUT", "/a", 0, 201, 0}},
		{"no size", `h - - ` + stamp + ` "GET /a HTTP/1.1" 304 -`, Entry{at, "h", "GET", "/a", 0, 304, 0}},
		{"nginx's own status", `h - - ` + stamp + ` "GET /a HTTP/1.1" 499 0`, Entry{at, "h", "GET", "/a", 0, 499, 0}},
		{"no status", `h - - ` + stamp + ` "GET /a HTTP/1.1" - 7`, Entry{at, "h", "GET", "/a", 7, 0, 0}},
		{"leap second", `h - - [31/Dec/2016:23:59:60 +0000] "GET /a HTTP/1.1" 200 7`, Entry{time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC), "h", "GET", "/a", 7, 200, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, o := parseOne(HTTP, tc.line, false)
			if o.reason != Taken {
				t.Fatalf("skipped as %v %s at %d: %s", o.reason, o.detail, o.column, o.wrong)
			}
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
			if _, err := url.ParseRequestURI(got.Key); err != nil {
				t.Errorf("the key cannot be sent: %v", err)
			}
		})
	}
}

func TestHTTPKeepQuery(t *testing.T) {
	for line, want := range map[string]string{
		`h - - ` + stamp + ` "GET /a?b=c?d HTTP/1.1" 200 7`:      "/a?b=c?d",
		`h - - ` + stamp + ` "GET http://h?b=/c HTTP/1.1" 200 7`: "/?b=/c",
	} {
		if got, o := parseOne(HTTP, line, true); o.reason != Taken || got.Key != want {
			t.Errorf("%s\ngot %q (%v), want %q", line, got.Key, o.reason, want)
		}
	}
}

func TestHTTPSkips(t *testing.T) {
	for _, tc := range []struct {
		request string
		reason  Reason
		detail  string
	}{
		{"-", NoRequest, ""},
		{"", NoRequest, ""},
		{`\x16\x03\x01\x02\x00`, NotHTTP, ""},
		{`\x03 /`, NotHTTP, ""},
		{"GET", NotHTTP, ""},
		{"GET a HTTP/1.1", NotHTTP, ""},
		{"GET  HTTP/1.1", NotHTTP, ""},
		{"CONNECT example.org:443 HTTP/1.1", NotReplayable, "CONNECT"},
		{"PRI * HTTP/2.0", NotReplayable, "PRI"},
		{"M-SEARCH * HTTP/1.1", NotReplayable, "M-SEARCH"},
		{"propfind /a HTTP/1.1", NotReplayable, "PROPFIND"},
		{"OPTIONS * HTTP/1.1", NotReplayable, "OPTIONS *"},
		{"SSTP_DUPLEX_POST /x HTTP/1.1", NotHTTP, ""},
	} {
		_, o := parseOne(HTTP, `h - - `+stamp+` "`+tc.request+`" 400 0 "-" "-"`, false)
		if o.reason != tc.reason || o.detail != tc.detail {
			t.Errorf("%q: %v %q, want %v %q", tc.request, o.reason, o.detail, tc.reason, tc.detail)
		}
	}
}

func TestHTTPBroken(t *testing.T) {
	for _, tc := range []struct {
		line   string
		column int
		wrong  string
	}{
		{`h - - "GET / HTTP/1.1" 200 7`, 29, "no time"},
		{`h - - [17/05/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 7`, 7, "not a time"},
		{`h - - [31/Feb/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 7`, 7, "not a time"},
		{`h - - [17/May/2015:24:05:03 +0000] "GET / HTTP/1.1" 200 7`, 7, "not a time"},
		{`h - - [17/May/2015:10:05:03]`, 7, "not a time"},
		{`h - - [17/May/2015:10:05:03 +0000`, 7, "not a time"},
		{`h - ` + stamp + ` "GET / HTTP/1.1" 200 7`, 1, "client, identity and user"},
		{stamp + ` "GET / HTTP/1.1" 200 7`, 1, "client, identity and user"},
		{`h - - ` + stamp, 35, "must be in quotes"},
		{`h - - ` + stamp + ` GET / 200 7`, 36, "must be in quotes"},
		{`h - - ` + stamp + ` "GET / HTTP/1.1 200 7`, 37, "no closing quote"},
		{`h - - ` + stamp + ` "GET / HTTP/1.1" 20 7`, 52, "three digits"},
		{`h - - ` + stamp + ` "GET / HTTP/1.1" OK 7`, 52, "three digits"},
		{`h - - ` + stamp + ` "GET / HTTP/1.1"`, 52, "three digits"},
		{`h - - ` + stamp + ` "GET / HTTP/1.1" 200`, 56, "size"},
		{`h - - ` + stamp + ` "GET / HTTP/1.1" 200 7k`, 57, "size"},
		{`h - - ` + stamp + ` "GET / HTTP/1.1" 200 -7`, 57, "size"},
		{`h - - ` + stamp + ` "GET / HTTP/1.1" 200 99999999999999999999`, 57, "size"},
	} {
		_, o := parseOne(HTTP, tc.line, false)
		if o.reason != Malformed || o.column != tc.column || !strings.Contains(o.wrong, tc.wrong) {
			t.Errorf("%s\ngot %v at %d: %s\nwant %d: %s", tc.line, o.reason, o.column, o.wrong, tc.column, tc.wrong)
		}
	}
}

// s3Line returns a record with the given operation, key, request, status and
// numbers.
func s3Line(op, key, request, rest string) string {
	return "f00d bkt " + stamp + " 192.0.2.3 arn:aws:iam::1:user/x 3E57 " + op + " " + key + " " + request + " " + rest + ` 41 28 "-" "Boto3" -`
}

func TestS3Line(t *testing.T) {
	at := time.Date(2015, 5, 17, 10, 5, 3, 0, time.UTC)
	const ip = "192.0.2.3"
	get := `"GET /bkt/k HTTP/1.1"`
	for _, tc := range []struct {
		name, line string
		want       Entry
	}{
		{"put", s3Line("REST.PUT.OBJECT", "a/b.json", `"PUT /a/b.json HTTP/1.1"`, "200 - - 4406583"), Entry{at, ip, "PutObject", "a/b.json", 4406583, 200, 0}},
		{"form upload", s3Line("REST.POST.OBJECT", "a", `"POST / HTTP/1.1"`, "204 - - 12"), Entry{at, ip, "PutObject", "a", 12, 204, 0}},
		{"get", s3Line("REST.GET.OBJECT", "k", get, "200 - 100 100"), Entry{at, ip, "GetObject", "k", 100, 200, 0}},
		{"range", s3Line("REST.GET.OBJECT", "k", get, "206 - 10 100"), Entry{at, ip, "GetObject", "k", 10, 206, 0}},
		{"not modified", s3Line("REST.GET.OBJECT", "k", get, "304 - - 100"), Entry{at, ip, "GetObject", "k", 100, 304, 0}},
		{"the body of an error is not the object's", s3Line("REST.GET.OBJECT", "k", get, "503 SlowDown 325 -"), Entry{at, ip, "GetObject", "k", 0, 503, 0}},
		{"website", s3Line("WEBSITE.GET.OBJECT", "index.html", get, "200 - 9 9"), Entry{at, ip, "GetObject", "index.html", 9, 200, 0}},
		{"head", s3Line("REST.HEAD.OBJECT", "k", get, "200 - - 100"), Entry{at, ip, "HeadObject", "k", 100, 200, 0}},
		{"delete", s3Line("REST.DELETE.OBJECT", "k", get, "204 - - 100"), Entry{at, ip, "DeleteObject", "k", 0, 204, 0}},
		{"copy", s3Line("REST.COPY.OBJECT", "k", get, "200 - 234 65957"), Entry{at, ip, "CopyObject", "k", 65957, 200, 0}},
		{"list", s3Line("REST.GET.BUCKET", "-", get, "200 - 7000 -"), Entry{at, ip, "ListObjectsV2", "", 7000, 200, 0}},
		{"batch delete", s3Line("REST.POST.MULTI_OBJECT_DELETE", "-", get, "200 - 400 -"), Entry{at, ip, "DeleteObjects", "", 0, 200, 0}},
		{"multipart: create", s3Line("REST.POST.UPLOADS", "k", get, "200 - 370 -"), Entry{at, ip, "CreateMultipartUpload", "k", 0, 200, 0}},
		{"multipart: part", s3Line("REST.PUT.PART", "k", get, "200 - - 5242880"), Entry{at, ip, "UploadPart", "k", 5242880, 200, 0}},
		{"multipart: complete", s3Line("REST.POST.UPLOAD", "k", get, "200 - 370 9000000"), Entry{at, ip, "CompleteMultipartUpload", "k", 0, 200, 0}},
		{"multipart: abort", s3Line("REST.DELETE.UPLOAD", "k", get, "204 - - -"), Entry{at, ip, "AbortMultipartUpload", "k", 0, 204, 0}},
		{"key encoded twice", s3Line("REST.GET.OBJECT", "a%252Bb%2520c/%25C3%25A9", get, "200 - 1 1"), Entry{at, ip, "GetObject", "a+b c/é", 1, 200, 0}},
		{"key encoded twice as a form", s3Line("REST.GET.OBJECT", "a%2Bb", get, "200 - 1 1"), Entry{at, ip, "GetObject", "a b", 1, 200, 0}},
		{"key encoded once, as imitators do", s3Line("REST.GET.OBJECT", "100%25", get, "200 - 1 1"), Entry{at, ip, "GetObject", "100%", 1, 200, 0}},
		{"key not encoded", s3Line("REST.GET.OBJECT", "100%", get, "200 - 1 1"), Entry{at, ip, "GetObject", "100%", 1, 200, 0}},
		{"key with a leading slash", s3Line("REST.GET.OBJECT", "/photos/p.jpg", get, "200 - 1 1"), Entry{at, ip, "GetObject", "/photos/p.jpg", 1, 200, 0}},
		{"an object called -", s3Line("REST.GET.OBJECT", "-", get, "200 - 1 1"), Entry{at, ip, "GetObject", "-", 1, 200, 0}},
		{"quotes in the request", s3Line("REST.GET.OBJECT", "k", `"GET /k?q="x" y" HTTP/1.1"`, "200 - 1 1"), Entry{at, ip, "GetObject", "k", 1, 200, 0}},
		{"backslash before the quote", s3Line("REST.GET.OBJECT", "k", `"GET /k\"`, "200 - 1 1"), Entry{at, ip, "GetObject", "k", 1, 200, 0}},
		{"no request", s3Line("REST.GET.OBJECT", "k", `-`, "200 - 1 1"), Entry{at, ip, "GetObject", "k", 1, 200, 0}},
		{"no address: the requester", strings.Replace(s3Line("REST.GET.OBJECT", "k", get, "200 - 1 1"), ip, "-", 1), Entry{at, "arn:aws:iam::1:user/x", "GetObject", "k", 1, 200, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, o := parseOne(S3, tc.line, false)
			if o.reason != Taken {
				t.Fatalf("skipped as %v %s at %d: %s", o.reason, o.detail, o.column, o.wrong)
			}
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func TestS3Skips(t *testing.T) {
	for op, want := range map[string]Reason{
		"REST.GET.VERSIONING":    NotReplayable,
		"REST.PUT.ACL":           NotReplayable,
		"SOAP.CreateBucket":      NotReplayable,
		"REST.COPY.OBJECT_GET":   SecondRecord,
		"REST.COPY.PART_GET":     SecondRecord,
		"BATCH.DELETE.OBJECT":    SecondRecord,
		"S3.EXPIRE.OBJECT":       ServersOwn,
		"S3.CREATE.DELETEMARKER": ServersOwn,
	} {
		_, o := parseOne(S3, s3Line(op, "k", "-", "- - - -"), false)
		if o.reason != want || o.detail != op {
			t.Errorf("%s: %v %q, want %v", op, o.reason, o.detail, want)
		}
	}
}

func TestS3Broken(t *testing.T) {
	full := s3Line("REST.GET.OBJECT", "k", `"GET /k HTTP/1.1"`, "200 - 10 100")
	for _, tc := range []struct {
		line   string
		column int
		wrong  string
	}{
		{"f00d", 1, "owner and bucket"},
		{"f00d bkt 192.0.2.3", 19, "no time"},
		{"f00d bkt x " + stamp, 10, "third field"},
		{"f00d " + stamp, 34, "no time"},
		{strings.Replace(full, "May", "Mai", 1), 10, "not a time"},
		{strings.Replace(full, "REST.GET.OBJECT", "RESTGETOBJECT", 1), 76, "not an operation"},
		{strings.Replace(full, `"GET /k HTTP/1.1"`, "GET", 1), 94, "must be in quotes"},
		{full[:110] + " OK - 10 100", 111, "three digits"},
		{strings.Replace(full, "- 10 100", "- x 100", 1), 118, "bytes sent"},
		{strings.Replace(full, "- 10 100", "- 10 x", 1), 121, "object size"},
		{full[:117], 118, "bytes sent"},
		{full[:40], 41, "not an operation"},
	} {
		_, o := parseOne(S3, tc.line, false)
		if o.reason != Malformed || o.column != tc.column || !strings.Contains(o.wrong, tc.wrong) {
			t.Errorf("%s\ngot %v at %d: %s\nwant %d: %s", tc.line, o.reason, o.column, o.wrong, tc.column, tc.wrong)
		}
	}
}

func TestOpsAreComplete(t *testing.T) {
	for _, op := range S3Ops() {
		if op == "" || strings.Contains(op, ".") {
			t.Errorf("%q is not an operation of the API", op)
		}
	}
	if got := len(S3Ops()); got != 18 {
		t.Errorf("%d operations: %v", got, S3Ops())
	}
	HTTPOps()[0] = "changed"
	if HTTPOps()[0] != "GET" {
		t.Error("the caller can change the table")
	}
}

func TestStampRemembersOnlyWhatIsRight(t *testing.T) {
	var c stampClock
	for range 2 {
		if _, ok := c.parse([]byte("99/May/2015:10:05:03 +0000")); ok {
			t.Error("99 May was taken")
		}
	}
	var zero [stampLen]byte
	if _, ok := c.parse(zero[:]); ok {
		t.Error("a stamp of zero bytes was taken")
	}
}
