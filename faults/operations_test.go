package faults

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Every operation of the table is what its own description makes it.
func TestOperationsTellThemselves(t *testing.T) {
	for _, o := range Operations() {
		u := &url.URL{Path: "/"}
		wantBucket, wantKey := "", ""
		if o.Bucket {
			u.Path, wantBucket = "/data", "data"
		}
		if o.Key {
			u.Path, wantKey = "/data/raw/1 2.json", "raw/1 2.json"
		}
		u.RawQuery = o.Query
		if o.Name == "UploadPart" || o.Name == "ListParts" || o.Name == "CompleteMultipartUpload" {
			u.RawQuery = "partNumber=1&uploadId=abc"
		}
		h := http.Header{}
		if o.Header != "" {
			h.Set(o.Header, "data/other")
		}
		op, bucket, key := OperationOf(o.Method, u, h)
		if op != o.Name || bucket != wantBucket || key != wantKey {
			t.Errorf("%s %s: %s of %q %q, want %s", o.Method, u, op, bucket, key, o.Name)
		}
		if found, ok := Operation(o.Name); !ok || found != o || Method(o.Name) != o.Method {
			t.Errorf("%s: %+v", o.Name, found)
		}
	}
}

func TestOperationOf(t *testing.T) {
	for _, c := range []struct {
		method, url, op, bucket, key string
	}{
		{"GET", "/", "ListBuckets", "", ""},
		{"GET", "/b", "ListObjects", "b", ""},
		{"GET", "/b/", "ListObjects", "b", ""},
		{"GET", "/b?prefix=raw/&delimiter=/", "ListObjects", "b", "raw/"},
		{"GET", "/b?list-type=2&prefix=raw%2F2024", "ListObjectsV2", "b", "raw/2024"},
		{"GET", "/b?prefix=%zz", "ListObjects", "b", ""},
		{"GET", "/b?list-type=1", "ListObjects", "b", ""},
		{"GET", "/b/k?partNumber=3", "GetObject", "b", "k"},
		{"GET", "/b/k?uploadId=x", "ListParts", "b", "k"},
		{"GET", "/b/k%2Fl%20m", "GetObject", "b", "k/l m"},
		{"GET", "/b/a//b", "GetObject", "b", "a//b"},
		{"PUT", "/b/k?x-id=PutObject", "PutObject", "b", "k"},
		{"PUT", "/b/k?tagging", "PutObjectTagging", "b", "k"},
		{"PUT", "/b/k?tagging=", "PutObjectTagging", "b", "k"},
		{"PUT", "/b?policy", "PutBucketPolicy", "b", ""},
		{"DELETE", "/b?lifecycle", "DeleteBucketLifecycle", "b", ""},
		{"DELETE", "/b/k?versionId=1", "DeleteObject", "b", "k"},
		{"POST", "/b?delete", "DeleteObjects", "b", ""},
		{"POST", "/b/k?uploads", "CreateMultipartUpload", "b", "k"},
		{"POST", "/b/k", "", "b", "k"},
		{"POST", "/", "", "", ""},
		{"OPTIONS", "/b/k", "", "b", "k"},
		{"get", "/b/k", "", "b", "k"},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		op, bucket, key := OperationOf(c.method, u, nil)
		if op != c.op || bucket != c.bucket || key != c.key {
			t.Errorf("%s %s: %q %q %q", c.method, c.url, op, bucket, key)
		}
	}
	if m := Method("GET"); m != "GET" {
		t.Error(m)
	}
}

func FuzzOperationOf(f *testing.F) {
	f.Add("GET", "/b/k?uploadId=1")
	f.Add("PUT", "//?&&=")
	f.Fuzz(func(t *testing.T, method, target string) {
		u, err := url.Parse(target)
		if err != nil {
			t.Skip()
		}
		op, _, _ := OperationOf(method, u, nil)
		if o, ok := Operation(op); op != "" && (!ok || o.Method != method) {
			t.Fatalf("%s %s is %q", method, target, op)
		}
	})
}

// What changes the backend is told from what reads it.
func TestWrites(t *testing.T) {
	for op, want := range map[string]bool{
		"PutObject": true, "CopyObject": true, "DeleteObject": true, "DeleteObjects": true, "CreateMultipartUpload": true,
		"UploadPart": true, "CompleteMultipartUpload": true, "AbortMultipartUpload": true, "CreateBucket": true,
		"POST": true, "PUT": true, "PATCH": true, "DELETE": true,
		"GetObject": false, "HeadObject": false, "ListObjectsV2": false, "ListBuckets": false, "SelectObjectContent": false,
		"GET": false, "HEAD": false, "OPTIONS": false, "PROPFIND": false, "": false,
	} {
		if got := Writes(op); got != want {
			t.Errorf("Writes(%q) is %v", op, got)
		}
	}
}

func TestIsBucketName(t *testing.T) {
	for name, want := range map[string]bool{
		"data": true, "my-bucket.1": true, "a.b": true, "0-0": true, strings.Repeat("a", 63): true, "1.2.3": true, "1.2.3.256": true,
		"": false, "ab": false, strings.Repeat("a", 64): false, "Data": false, "-ab": false, "ab-": false, ".ab": false, "a..b": false, "a_b": false, "1.2.3.4": false, "é-a": false,
	} {
		if got := IsBucketName(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
