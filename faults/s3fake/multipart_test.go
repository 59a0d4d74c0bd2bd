package s3fake

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// begin starts an upload and returns its id.
func (c *client) begin(key string, header ...string) string {
	c.t.Helper()
	return values(c.must("POST", "/data/"+key+"?uploads", "", header...).body, "UploadId")[0]
}

func (c *client) part(key, id string, number int, body string) string {
	c.t.Helper()
	return c.must("PUT", fmt.Sprintf("/data/%s?partNumber=%d&uploadId=%s", key, number, id), body).header.Get("Etag")
}

func completion(etags map[int]string, numbers ...int) string {
	var b strings.Builder
	b.WriteString("<CompleteMultipartUpload>")
	for _, n := range numbers {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", n, etags[n])
	}
	return b.String() + "</CompleteMultipartUpload>"
}

// The ETag of a multipart object is the same wherever it is told.
func TestTrapMultipartETagsAreOne(t *testing.T) {
	c := newClient(t)
	id := c.begin("big", "X-Amz-Meta-Origin", "test", "Content-Type", "text/big")
	one, two := strings.Repeat("1", minPart), "the end"
	etags := map[int]string{1: c.part("big", id, 1, "overwritten"), 7: c.part("big", id, 7, two)}
	etags[1] = c.part("big", id, 1, one)
	if etags[7] != etagOf(two) {
		t.Errorf("ETag of a part: %s", etags[7])
	}
	parts := c.must("GET", "/data/big?uploadId="+id, "")
	if got := fmt.Sprint(values(parts.body, "PartNumber"), values(parts.body, "Size")); got != fmt.Sprintf("[1 7] [%d 7]", minPart) {
		t.Errorf("parts: %s", got)
	}
	page := c.must("GET", "/data/big?max-parts=1&uploadId="+id, "")
	if got := fmt.Sprint(values(page.body, "PartNumber"), values(page.body, "IsTruncated"), values(page.body, "NextPartNumberMarker")); got != "[1] [true] [1]" {
		t.Errorf("a page: %s", got)
	}
	if page = c.must("GET", "/data/big?max-parts=1&part-number-marker=1&uploadId="+id, ""); fmt.Sprint(values(page.body, "PartNumber")) != "[7]" {
		t.Errorf("the next page: %s", page.body)
	}
	done := c.must("POST", "/data/big?uploadId="+id, completion(etags, 1, 7))
	all := md5.New()
	for _, text := range []string{one, two} {
		sum := md5.Sum([]byte(text))
		all.Write(sum[:])
	}
	want := `"` + hex.EncodeToString(all.Sum(nil)) + `-2"`
	if got := strings.ReplaceAll(values(done.body, "ETag")[0], "&#34;", `"`); got != want {
		t.Errorf("complete: ETag %s, want %s", got, want)
	}
	get := c.must("GET", "/data/big", "")
	if get.body != one+two || get.header.Get("X-Amz-Meta-Origin") != "test" || get.header.Get("Content-Type") != "text/big" {
		t.Errorf("%d bytes, %v", len(get.body), get.header)
	}
	list := c.must("GET", "/data", "")
	for name, got := range map[string]string{
		"GET": get.header.Get("Etag"), "HEAD": c.must("HEAD", "/data/big", "").header.Get("Etag"),
		"list": strings.ReplaceAll(values(list.body, "ETag")[0], "&#34;", `"`),
	} {
		if got != want {
			t.Errorf("%s: ETag %s, want %s", name, got, want)
		}
	}
	if _, leaks := get.header[headerETag]; leaks {
		t.Error("our own header leaks")
	}
	c.must("GET", "/data/big", "", "If-Match", want)
	c.must("PUT", "/data/copy", "", "X-Amz-Copy-Source", "data/big")
	if got := c.must("HEAD", "/data/copy", "").header.Get("Etag"); got != etagOf(one+two) {
		t.Errorf("a copy is of one part: %s", got)
	}
	if again := c.must("POST", "/data/big?uploadId="+id, completion(etags, 1, 7)); again.body != done.body {
		t.Errorf("completed twice: %s", again.body)
	}
	c.refused(404, "NoSuchUpload", "POST", "/data/big?uploadId="+id, completion(etags, 7))
	if u := c.server.Usage(); u.Uploads != 0 {
		t.Errorf("%+v", u)
	}
}

func TestTrapSmallPartsAreRefused(t *testing.T) {
	c := newClient(t)
	id := c.begin("k")
	etags := map[int]string{1: c.part("k", id, 1, "small"), 2: c.part("k", id, 2, "last")}
	c.refused(400, "EntityTooSmall", "POST", "/data/k?uploadId="+id, completion(etags, 1, 2))
	c.refused(400, "InvalidPartOrder", "POST", "/data/k?uploadId="+id, completion(etags, 2, 1))
	c.refused(400, "InvalidPart", "POST", "/data/k?uploadId="+id, completion(etags, 1, 3))
	c.refused(400, "InvalidPart", "POST", "/data/k?uploadId="+id, completion(map[int]string{1: etags[2]}, 1))
	c.refused(400, "MalformedXML", "POST", "/data/k?uploadId="+id, "<CompleteMultipartUpload></CompleteMultipartUpload>")
	c.refused(400, "MalformedXML", "POST", "/data/k?uploadId="+id, "nonsense")
	c.refused(404, "NoSuchKey", "GET", "/data/k", "")
	c.refused(404, "NoSuchUpload", "POST", "/data/other?uploadId="+id, completion(etags, 1))
	c.refused(400, "InvalidArgument", "PUT", "/data/k?partNumber=0&uploadId="+id, "x")
	c.refused(400, "InvalidArgument", "PUT", "/data/k?partNumber=10001&uploadId="+id, "x")
	c.must("POST", "/data/k?uploadId="+id, completion(etags, 2)) // one part alone is the last
	if a := c.must("GET", "/data/k", ""); a.body != "last" {
		t.Errorf("%q", a.body)
	}
}

func TestUploadsAreListedAndAborted(t *testing.T) {
	c := newClient(t)
	var ids []string
	for _, key := range []string{"b", "a/1", "a/2", "b", "c"} {
		ids = append(ids, c.begin(key))
	}
	a := c.must("GET", "/data?uploads", "")
	if got := fmt.Sprint(values(a.body, "Key")); got != "[a/1 a/2 b b c]" {
		t.Errorf("%s", got)
	}
	if got := values(a.body, "UploadId"); got[2] != ids[0] || got[3] != ids[3] {
		t.Errorf("the uploads of one key are not by age: %v", got)
	}
	a = c.must("GET", "/data?uploads&delimiter=/", "")
	if got := fmt.Sprint(values(a.body, "Key"), prefixes(a.body)); got != "[b b c] [a/]" {
		t.Errorf("%s", got)
	}
	a = c.must("GET", "/data?uploads&max-uploads=2&prefix=a/", "")
	if got := fmt.Sprint(values(a.body, "Key"), values(a.body, "IsTruncated")); got != "[a/1 a/2] [false]" {
		t.Errorf("%s", got)
	}
	var seen []string
	query := "/data?uploads&max-uploads=1"
	for range 10 {
		a = c.must("GET", query, "")
		seen = append(seen, values(a.body, "UploadId")...)
		if values(a.body, "IsTruncated")[0] == "false" {
			break
		}
		query = "/data?uploads&max-uploads=1&key-marker=" + values(a.body, "NextKeyMarker")[0] + "&upload-id-marker=" + values(a.body, "NextUploadIdMarker")[0]
	}
	if fmt.Sprint(seen) != fmt.Sprint([]string{ids[1], ids[2], ids[0], ids[3], ids[4]}) {
		t.Errorf("page by page: %v of %v", seen, ids)
	}
	c.refused(409, "BucketNotEmpty", "DELETE", "/data", "")
	c.part("b", ids[0], 1, "text")
	used := c.server.Usage().Bytes
	c.must("DELETE", "/data/b?uploadId="+ids[0], "")
	c.refused(404, "NoSuchUpload", "DELETE", "/data/b?uploadId="+ids[0], "")
	if u := c.server.Usage(); u.Uploads != 4 || u.Bytes != used-4 {
		t.Errorf("%+v", u)
	}
}

func TestPartsAreBoundedToo(t *testing.T) {
	c := newClient(t, WithMemory(1<<20))
	c.must("PUT", "/data/k", strings.Repeat("x", 200_000))
	id := c.begin("big")
	c.part("big", id, 1, strings.Repeat("1", 500_000))
	c.part("big", id, 2, strings.Repeat("2", 500_000)) // the object makes room
	c.refused(404, "NoSuchKey", "GET", "/data/k", "")
	c.refused(400, "EntityTooLarge", "PUT", "/data/big?partNumber=3&uploadId="+id, strings.Repeat("3", 500_000))
	c.refused(400, "EntityTooLarge", "PUT", "/data/k", strings.Repeat("3", 600_000))
	if u := c.server.Usage(); u.Bytes > 1<<20 {
		t.Errorf("%+v", u)
	}
}

// chunk frames a body as the AWS SDKs do.
func chunk(body string, size int, signed bool, trailers ...string) string {
	var b strings.Builder
	signature := ""
	if signed {
		signature = ";chunk-signature=" + strings.Repeat("0", 64)
	}
	for piece := range slices.Chunk([]byte(body), size) {
		fmt.Fprintf(&b, "%x%s\r\n%s\r\n", len(piece), signature, piece)
	}
	b.WriteString("0" + signature + "\r\n")
	for _, trailer := range trailers {
		b.WriteString(trailer + "\r\n")
	}
	return b.String() + "\r\n"
}

func sum32(table *crc32.Table, body string) string {
	var raw [4]byte
	binary.BigEndian.PutUint32(raw[:], crc32.Checksum([]byte(body), table))
	return base64.StdEncoding.EncodeToString(raw[:])
}

func TestTrapChunkedUploadsAreDecoded(t *testing.T) {
	c := newClient(t)
	text := strings.Repeat("some text ", 300)
	length := fmt.Sprint(len(text))
	for name, r := range map[string]struct {
		body   string
		header []string
	}{
		"signed": {chunk(text, 1000, true), []string{"X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}},
		"unsigned with trailer": {chunk(text, 64, false, "x-amz-checksum-crc32:"+sum32(crc32.IEEETable, text)),
			[]string{"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Trailer", "x-amz-checksum-crc32"}},
		"signed with trailers": {chunk(text, 5000, true, "x-amz-checksum-crc32c:"+sum32(castagnoli, text), "x-amz-trailer-signature:0"),
			[]string{"X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "X-Amz-Trailer", "x-amz-checksum-crc32c"}},
		"by encoding":         {chunk(text, 1, false), []string{"Content-Encoding", "aws-chunked,gzip"}},
		"without a last line": {strings.TrimSuffix(chunk(text, 7, false), "\r\n"), []string{"Content-Encoding", "aws-chunked"}},
	} {
		header := append([]string{"X-Amz-Decoded-Content-Length", length}, r.header...)
		a := c.do("PUT", "/data/k", r.body, header...)
		if a.status != 200 || a.header.Get("Etag") != etagOf(text) {
			t.Errorf("%s: %d %s %s", name, a.status, a.code, a.header.Get("Etag"))
		}
		get := c.must("GET", "/data/k", "")
		if get.body != text {
			t.Errorf("%s: %d bytes came back", name, len(get.body))
		}
		want := ""
		if name == "by encoding" {
			want = "gzip"
		}
		if got := get.header.Get("Content-Encoding"); got != want {
			t.Errorf("%s: Content-Encoding %q", name, got)
		}
		id := c.begin("m")
		if a := c.do("PUT", "/data/m?partNumber=1&uploadId="+id, r.body, header...); a.status != 200 || a.header.Get("Etag") != etagOf(text) {
			t.Errorf("%s as a part: %d %s %s", name, a.status, a.code, a.header.Get("Etag"))
		}
	}
	chunked := []string{"Content-Encoding", "aws-chunked", "X-Amz-Decoded-Content-Length", length}
	for name, body := range map[string]string{
		"not framed": text, "cut": chunk(text, 100, false)[:500], "too short": chunk(text[1:], 100, false), "too long": chunk(text+"x", 100, false),
		"bad size": "zz\r\n\r\n", "negative": "-1\r\n\r\n", "no end of a chunk": "1\r\nab\r\n0\r\n\r\n", "huge line": strings.Repeat("1", 10_000),
	} {
		c.must("PUT", "/data/k", "precious")
		if a := c.do("PUT", "/data/k", body, chunked...); a.status != 400 || a.code != "IncompleteBody" {
			t.Errorf("%s: %d %s", name, a.status, a.code)
		}
		if a := c.must("GET", "/data/k", ""); a.body != "precious" {
			t.Errorf("%s: changed the object", name)
		}
	}
	c.refused(411, "MissingContentLength", "PUT", "/data/k", chunk(text, 100, false), "Content-Encoding", "aws-chunked")
	c.refused(400, "BadDigest", "PUT", "/data/k", chunk(text, 64, false, "x-amz-checksum-crc32:AAAAAA=="), append(chunked, "X-Amz-Trailer", "x-amz-checksum-crc32")...)
	c.refused(400, "BadDigest", "PUT", "/data/k", chunk(text, 64, false), append(chunked, "X-Amz-Trailer", "x-amz-checksum-crc32")...)
}

func TestChecksumsAreChecked(t *testing.T) {
	c := newClient(t)
	const text = "some text"
	var nvmeSum [8]byte
	binary.BigEndian.PutUint64(nvmeSum[:], crc64.Checksum([]byte(text), nvme))
	sha := sha256.Sum256([]byte(text))
	for header, sum := range map[string]string{
		"x-amz-checksum-crc32": sum32(crc32.IEEETable, text), "x-amz-checksum-crc32c": sum32(castagnoli, text),
		"x-amz-checksum-crc64nvme": base64.StdEncoding.EncodeToString(nvmeSum[:]), "x-amz-checksum-sha256": base64.StdEncoding.EncodeToString(sha[:]),
	} {
		id := c.begin("m")
		c.must("PUT", "/data/k", text, header, sum)
		c.refused(400, "BadDigest", "PUT", "/data/k", "other", header, sum)
		c.refused(400, "BadDigest", "PUT", "/data/m?partNumber=1&uploadId="+id, "other", header, sum)
		c.refused(400, "InvalidRequest", "PUT", "/data/k", text, header, "AAAA")
		c.refused(400, "BadDigest", "POST", "/data?delete", "<Delete><Object><Key>k</Key></Object></Delete>", header, sum)
	}
	// The check value of CRC-64/NVME, from its specification.
	if got := crc64.Checksum([]byte("123456789"), nvme); got != 0xae8b14860a799888 {
		t.Errorf("CRC-64/NVME of the check string: %x", got)
	}
}

func TestKeysetIsASortedSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set keyset
		model := map[string]bool{}
		n := rapid.IntRange(0, 4000).Draw(t, "n")
		spread := rapid.IntRange(1, 3000).Draw(t, "spread")
		step := rapid.IntRange(1, 9973).Draw(t, "step")
		for i := range n {
			key := fmt.Sprintf("%06d", i*step%spread)
			if i%5 == 4 {
				set.remove(key)
				delete(model, key)
			} else {
				set.insert(key)
				model[key] = true
			}
		}
		want := make([]string, 0, len(model))
		for key := range model {
			want = append(want, key)
		}
		slices.Sort(want)
		from := fmt.Sprintf("%06d", rapid.IntRange(0, spread).Draw(t, "from"))
		i, _ := slices.BinarySearch(want, from)
		at := set.seek(from)
		for _, key := range want[i:] {
			if got, ok := at.next(); !ok || got != key {
				t.Fatalf("%q (%v), want %q", got, ok, key)
			}
		}
		if got, ok := at.next(); ok {
			t.Fatalf("%q after the end", got)
		}
		for _, b := range set.blocks {
			if len(b) == 0 || len(b) > 2*blockSize {
				t.Fatalf("a block of %d", len(b))
			}
		}
	})
}
