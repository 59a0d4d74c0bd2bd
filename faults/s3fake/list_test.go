package s3fake

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// gofakes3 ignores encoding-type: XML cannot hold every key, and the control
// characters of some became U+FFFD.
func TestTrapListsAreEncoded(t *testing.T) {
	c := newClient(t)
	keys := []string{"a b+c/\x01", "a/%41", "é&<"}
	for _, key := range keys {
		c.must("PUT", "/data/"+url.PathEscape(key), "x")
	}
	c.must("POST", "/data/"+url.PathEscape(keys[0])+"?uploads", "")
	decoded := func(list []string) (out []string) {
		for _, s := range list {
			plain, err := url.QueryUnescape(s)
			if err != nil || strings.Contains(s, "+") {
				t.Errorf("%q: %v", s, err)
			}
			out = append(out, plain)
		}
		return out
	}
	for _, query := range []string{"list-type=2&", ""} {
		a := c.must("GET", "/data?"+query+"encoding-type=url", "")
		if got := decoded(values(a.body, "Key")); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", keys) || fmt.Sprint(values(a.body, "EncodingType")) != "[url]" {
			t.Errorf("%s: %q", query, got)
		}
		a = c.must("GET", "/data?"+query+"encoding-type=url&delimiter=/&prefix=a%20&max-keys=1", "")
		if got := decoded(prefixes(a.body)); len(got) != 1 || got[0] != "a b+c/" || values(a.body, "Prefix")[0] != "a%20" {
			t.Errorf("%s: %s", query, a.body)
		}
		c.refused(400, "InvalidArgument", "GET", "/data?"+query+"encoding-type=base64", "")
		c.refused(400, "InvalidArgument", "GET", "/data?"+query+"max-keys=-1", "")
		c.refused(404, "NoSuchBucket", "GET", "/nobody?"+query, "")
	}
	a := c.must("GET", "/data?uploads&encoding-type=url", "")
	if got := decoded(values(a.body, "Key")); len(got) != 1 || got[0] != keys[0] || values(a.body, "EncodingType") == nil {
		t.Errorf("uploads: %s", a.body)
	}
	c.refused(400, "InvalidArgument", "GET", "/data?uploads&encoding-type=x", "")
	c.refused(400, "InvalidArgument", "GET", "/data?uploads&max-uploads=x", "")
	if a := c.must("GET", "/data", ""); strings.Contains(a.body, "EncodingType") || !strings.Contains(a.body, "<StorageClass>STANDARD<") {
		t.Errorf("%s", a.body)
	}
}

// Pages of version 2 over keys of any sort, by continuation token.
func TestPagesCoverAllKeys(t *testing.T) {
	c := newClient(t)
	for i := range 25 {
		if err := c.server.Put("data", fmt.Sprintf("k %02d", i), 1); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	token := ""
	for range 10 {
		q := "/data?list-type=2&max-keys=7&encoding-type=url"
		if token != "" {
			q += "&continuation-token=" + url.QueryEscape(token)
		}
		a := c.must("GET", q, "")
		all = append(all, values(a.body, "Key")...)
		if values(a.body, "IsTruncated")[0] == "false" {
			if values(a.body, "NextContinuationToken") != nil {
				t.Error(a.body)
			}
			break
		}
		token = values(a.body, "NextContinuationToken")[0]
	}
	if len(all) != 25 || all[0] != "k%2000" || all[24] != "k%2024" {
		t.Errorf("%q", all)
	}
}

func TestDeleteObjectsOfAThousandKeys(t *testing.T) {
	c := newClient(t)
	var list strings.Builder
	for i := range 1000 {
		key := fmt.Sprint("k", i)
		if err := c.server.Put("data", key, 1); err != nil {
			t.Fatal(err)
		}
		list.WriteString("<Object><Key>" + key + "</Key></Object>")
	}
	a := c.must("POST", "/data?delete", "<Delete><Quiet>true</Quiet>"+list.String()+"</Delete>")
	if strings.Contains(a.body, "<Deleted>") || c.server.Usage().Objects != 0 {
		t.Errorf("%d left, %.200s", c.server.Usage().Objects, a.body)
	}
	if a := c.must("POST", "/data?delete", "<Delete>"+list.String()+"</Delete>"); len(values(a.body, "Key")) != 1000 {
		t.Errorf("%.200s", a.body)
	}
}

// What a presigned URL says in place of headers holds.
func TestTrapPresignedURLsAreHeldTo(t *testing.T) {
	c := newClient(t)
	const signature = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=20250101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
	c.must("PUT", "/data/k?"+signature+"&x-amz-meta-a=b&x-amz-tagging=x%3Dy&x-amz-checksum-crc32="+url.QueryEscape(sumOf("CRC32", "text")), "text")
	a := c.must("GET", "/data/k?"+signature+"&x-amz-checksum-mode=ENABLED", "")
	if a.body != "text" || a.header.Get("X-Amz-Checksum-Crc32") == "" || a.header.Get(headerTaggingCount) != "1" {
		t.Errorf("%v", a.header)
	}
	c.refused(400, "BadDigest", "PUT", "/data/k?"+signature+"&X-Amz-Checksum-Crc32=AAAAAA%3D%3D", "harm")
	c.refused(400, "XAmzContentSHA256Mismatch", "PUT", "/data/k?"+signature+"&X-Amz-Content-Sha256="+strings.Repeat("0", 64), "harm")
	c.refused(501, "NotImplemented", "PUT", "/data/k?"+signature+"&x-amz-copy-source=data%2Fk", "harm")
	c.refused(501, "NotImplemented", "PUT", "/data/k?"+signature+"&x-amz-write-offset-bytes=4", "harm")
	if a := c.must("GET", "/data/k", ""); a.body != "text" {
		t.Errorf("%q", a.body)
	}
}

// Clients that are told of localhost put the bucket into the name.
func TestTrapBucketsInTheHost(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/a%2Fb", "text")
	for base, target := range map[string]string{
		"http://data.localhost:4566": "/a%2Fb", "http://data.s3.localhost": "/a/b?x-id=GetObject", "http://data.s3.eu-west-1.amazonaws.com": "/a/b",
		"http://s3.localhost:1": "/data/a/b", "http://localhost": "/data/a/b", "http://127.0.0.1:1": "/data/a/b",
	} {
		c.base = base
		if a := c.must("GET", target, ""); a.body != "text" {
			t.Errorf("%s: %q", base, a.body)
		}
	}
	c.base = "http://data.localhost"
	if a := c.must("GET", "/?list-type=2", ""); fmt.Sprint(values(a.body, "Key")) != "[a/b]" {
		t.Errorf("%s", a.body)
	}
	c.must("HEAD", "/", "")
	c.must("DELETE", "/a/b", "")
	c.must("DELETE", "/", "")
	c.must("PUT", "/", "")
}
