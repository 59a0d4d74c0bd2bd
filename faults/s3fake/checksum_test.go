package s3fake

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
)

const (
	crcHeader = "X-Amz-Checksum-Crc32"
	enabled   = "ENABLED"
)

func sumOf(name, body string) string {
	return algorithmOf(name).sum(strings.NewReader(body)).text
}

// gofakes3 forgets checksums, and clients that get none back have nothing to
// check what they read against.
func TestTrapChecksumsAreGivenBack(t *testing.T) {
	c := newClient(t)
	for _, a := range algorithms {
		want := sumOf(a.name, "text")
		put := c.must("PUT", "/data/k", "text", a.header, want)
		get := c.must("GET", "/data/k", "", headerChecksumMode, enabled)
		head := c.must("HEAD", "/data/k", "", headerChecksumMode, "enabled")
		for i, h := range []answer{put, get, head} {
			if h.header.Get(a.header) != want || h.header.Get(headerChecksumType) != "FULL_OBJECT" {
				t.Errorf("%s: answer %d: %v", a.name, i, h.header)
			}
		}
		for _, header := range [][]string{nil, {headerChecksumMode, enabled, "Range", "bytes=1-2"}} {
			if got := c.must("GET", "/data/k", "", header...).header; got[a.header] != nil || got[headerChecksumType] != nil {
				t.Errorf("%s: %v: %v", a.name, header, got)
			}
		}
		c.must("PUT", "/data/copy", "", "X-Amz-Copy-Source", "data/k")
		if got := c.must("HEAD", "/data/copy", "", headerChecksumMode, enabled).header.Get(a.header); got != want {
			t.Errorf("%s: the copy has %q", a.name, got)
		}
	}
	copied := c.must("PUT", "/data/copy", "", "X-Amz-Copy-Source", "data/k", headerChecksumAlgorithm, "crc32c")
	if got := values(copied.body, "ChecksumCRC32C"); fmt.Sprint(got) != "["+sumOf("CRC32C", "text")+"]" {
		t.Errorf("a copy with a checksum of its own: %s", copied.body)
	}
	c.refused(400, "InvalidRequest", "PUT", "/data/copy", "", "X-Amz-Copy-Source", "data/k", headerChecksumAlgorithm, "MD4")
	c.must("PUT", "/data/k", "text")
	if got := c.must("GET", "/data/k", "", headerChecksumMode, enabled).header; got[headerChecksumType] != nil {
		t.Errorf("none was sent: %v", got)
	}
}

func TestTrapHashesOfPayloadsAreChecked(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "precious")
	sum := sha256.Sum256([]byte("text"))
	const header = "X-Amz-Content-Sha256"
	c.must("PUT", "/data/other", "text", header, hex.EncodeToString(sum[:]))
	c.must("PUT", "/data/other", "text", header, "UNSIGNED-PAYLOAD")
	digest := md5.Sum([]byte("text"))
	for _, r := range [][]string{
		{"XAmzContentSHA256Mismatch", header, hex.EncodeToString(sum[:])},
		{"InvalidArgument", header, "STREAM"},
		{"BadDigest", "Content-Md5", base64.StdEncoding.EncodeToString(digest[:])},
		{"InvalidDigest", "Content-Md5", "AAAA"},
		{"InvalidDigest", "Content-Md5", ""},
		{"NotImplemented", "X-Amz-Checksum-Xxhash64", "AAAAAAAAAAA="},
		{"InvalidRequest", "X-Amz-Sdk-Checksum-Algorithm", "CRC32"},
		{"InvalidRequest", "X-Amz-Trailer", "x-amz-checksum-crc32"}, // there is none
		{"InvalidRequest", crcHeader, sumOf("CRC32", "harm"), "X-Amz-Checksum-Sha1", sumOf("SHA1", "harm")},
	} {
		status := 400
		if r[0] == "NotImplemented" {
			status = 501
		}
		id := c.begin("m")
		c.refused(status, r[0], "PUT", "/data/k", "harm", r[1:]...)
		c.refused(status, r[0], "PUT", "/data/m?partNumber=1&uploadId="+id, "harm", r[1:]...)
		c.refused(status, r[0], "POST", "/data?delete", "<Delete><Object><Key>k</Key></Object></Delete>", r[1:]...)
	}
	if a := c.must("GET", "/data/k", ""); a.body != "precious" {
		t.Errorf("%q", a.body)
	}
	if parts := c.must("GET", "/data/m?uploadId="+string(uploadID("data", "m", 1)), ""); values(parts.body, "PartNumber") != nil {
		t.Errorf("%s", parts.body)
	}
}

// The checksum of a multipart object: of its parts' checksums, or of the whole.
func TestTrapMultipartChecksums(t *testing.T) {
	one, two := strings.Repeat("1", minPart), "the end"
	for _, tt := range []struct {
		create []string
		header string // of the parts; "": none is sent
		kind   string
		want   string
	}{
		{nil, crcHeader, "", ""},
		{[]string{headerChecksumAlgorithm, "CRC32"}, crcHeader, "COMPOSITE", compositeCRC32(one, two)},
		{[]string{headerChecksumAlgorithm, "CRC32"}, "", "COMPOSITE", compositeCRC32(one, two)},
		{[]string{headerChecksumAlgorithm, "CRC32", headerChecksumType, "FULL_OBJECT"}, crcHeader, "FULL_OBJECT", sumOf("CRC32", one+two)},
		{[]string{headerChecksumAlgorithm, "crc64nvme"}, "", "FULL_OBJECT", sumOf("CRC64NVME", one+two)},
	} {
		c := newClient(t)
		id := c.begin("big", tt.create...)
		list := "<CompleteMultipartUpload>"
		for i, body := range []string{one, two} {
			var header []string
			sum := ""
			if tt.header != "" {
				header = []string{tt.header, sumOf("CRC32", body)}
				sum = "<ChecksumCRC32>" + header[1] + "</ChecksumCRC32>"
			}
			a := c.must("PUT", fmt.Sprintf("/data/big?partNumber=%d&uploadId=%s", i+1, id), body, header...)
			if tt.header != "" && a.header.Get(tt.header) != header[1] {
				t.Errorf("%v: part %d: %v", tt.create, i, a.header)
			}
			list += fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag>%s</Part>", i+1, a.header.Get("Etag"), sum)
		}
		list += "</CompleteMultipartUpload>"
		if tt.want != "" {
			c.refused(400, "InvalidPart", "POST", "/data/big?uploadId="+id, strings.Replace(list, "</ETag>", "</ETag><ChecksumSHA1>AAAA</ChecksumSHA1>", 1))
			c.refused(400, "BadDigest", "POST", "/data/big?uploadId="+id, list, "X-Amz-Checksum-Crc32c", "AAAAAA==")
			c.refused(400, "InvalidRequest", "POST", "/data/big?uploadId="+id, list, "X-Amz-Mp-Object-Size", "7")
		}
		done := c.must("POST", "/data/big?uploadId="+id, list, "X-Amz-Mp-Object-Size", fmt.Sprint(len(one+two)))
		if tt.want != "" && (!strings.Contains(done.body, ">"+tt.want+"</Checksum") || fmt.Sprint(values(done.body, "ChecksumType")) != "["+tt.kind+"]") {
			t.Errorf("%v: %s, want %s", tt.create, done.body, tt.want)
		}
		head := c.must("HEAD", "/data/big", "", headerChecksumMode, enabled).header
		if head.Get(headerChecksumType) != tt.kind || tt.want != "" && head.Get(crcHeader)+head.Get("X-Amz-Checksum-Crc64nvme") != tt.want {
			t.Errorf("%v: %v, want %s", tt.create, head, tt.want)
		}
	}
	c := newClient(t)
	for _, header := range [][]string{{headerChecksumAlgorithm, "MD4"}, {headerChecksumType, "COMPOSITE"}, {headerChecksumAlgorithm, "SHA1", headerChecksumType, "FULL_OBJECT"},
		{headerChecksumAlgorithm, "CRC64NVME", headerChecksumType, "COMPOSITE"}, {headerChecksumAlgorithm, "CRC32", headerChecksumType, "HALF"}} {
		c.refused(400, "InvalidRequest", "POST", "/data/big?uploads", "", header...)
	}
	id := c.begin("big", headerChecksumAlgorithm, "SHA256")
	c.refused(400, "InvalidRequest", "PUT", "/data/big?partNumber=1&uploadId="+id, two, crcHeader, sumOf("CRC32", two))
}

// compositeCRC32 is written out anew, from the user guide's words.
func compositeCRC32(parts ...string) string {
	var all []byte
	for _, p := range parts {
		n := crc32.ChecksumIEEE([]byte(p))
		all = append(all, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return fmt.Sprintf("%s-%d", sum32(crc32.IEEETable, string(all)), len(parts))
}

func TestTrapPartsAreCopied(t *testing.T) {
	c := newClient(t)
	if err := c.server.Put("data", "source/a b", minPart+100); err != nil {
		t.Fatal(err)
	}
	source := c.must("GET", "/data/source/a%20b", "").body
	id := c.begin("big")
	target := func(number int) string { return fmt.Sprintf("/data/big?partNumber=%d&uploadId=%s", number, id) }
	etags := map[int]string{}
	for number, spec := range []string{1: fmt.Sprintf("bytes=0-%d", minPart-1), 2: fmt.Sprintf("bytes=%d-%d", minPart, minPart+99)} {
		if number == 0 {
			continue
		}
		a := c.must("PUT", target(number), "", "X-Amz-Copy-Source", "/data/source/a%20b", "X-Amz-Copy-Source-Range", spec)
		etags[number] = strings.ReplaceAll(values(a.body, "ETag")[0], "&#34;", `"`)
	}
	if etags[2] != etagOf(source[minPart:]) {
		t.Errorf("%v", etags)
	}
	for _, r := range [][]string{
		{"InvalidArgument", "data/source/a b", fmt.Sprintf("bytes=0-%d", minPart+100)}, {"InvalidArgument", "data/source/a b", "bytes=5-4"},
		{"InvalidArgument", "data/source/a b", "bytes=5-"}, {"InvalidArgument", "data/source/a b", "5-6"}, {"InvalidArgument", "data", "bytes=0-1"},
	} {
		c.refused(400, r[0], "PUT", target(3), "", "X-Amz-Copy-Source", r[1], "X-Amz-Copy-Source-Range", r[2])
	}
	c.refused(404, "NoSuchKey", "PUT", target(3), "", "X-Amz-Copy-Source", "data/none")
	c.refused(412, "PreconditionFailed", "PUT", target(3), "", "X-Amz-Copy-Source", "data/source/a b", "X-Amz-Copy-Source-If-Match", "x")
	c.refused(400, "InvalidArgument", "PUT", target(0), "", "X-Amz-Copy-Source", "data/source/a b")
	c.refused(404, "NoSuchUpload", "PUT", "/data/big?partNumber=1&uploadId=x", "", "X-Amz-Copy-Source", "data/source/a b")
	c.must("POST", "/data/big?uploadId="+id, completion(etags, 1, 2))
	if a := c.must("GET", "/data/big", ""); a.body != source {
		t.Errorf("%d bytes, want %d", len(a.body), len(source))
	}
}

// gofakes3 has no conditions on multipart uploads, and overwrites.
func TestTrapCompletionsAreConditional(t *testing.T) {
	c := newClient(t)
	etag := c.must("PUT", "/data/k", "precious").header.Get("Etag")
	id := c.begin("k")
	etags := map[int]string{1: c.part("k", id, 1, "new")}
	c.refused(412, "PreconditionFailed", "POST", "/data/k?uploadId="+id, completion(etags, 1), "If-None-Match", "*")
	c.refused(412, "PreconditionFailed", "POST", "/data/k?uploadId="+id, completion(etags, 1), "If-Match", "x")
	if a := c.must("GET", "/data/k", ""); a.body != "precious" {
		t.Errorf("%q", a.body)
	}
	c.must("POST", "/data/k?uploadId="+id, completion(etags, 1), "If-Match", etag)
	c.refused(412, "PreconditionFailed", "PUT", "/data/copy", "", "X-Amz-Copy-Source", "data/k", "If-Match", "x", "X-Amz-Metadata-Directive", "COPY", "X-Amz-Copy-Source-If-Match", "x")
	c.refused(412, "PreconditionFailed", "PUT", "/data/k", "", "X-Amz-Copy-Source", "data/k", "X-Amz-Metadata-Directive", "REPLACE", "If-None-Match", "*")
}

// S3 completes an upload once, and says so again to a client whose answer was
// lost; nothing is committed a second time.
func TestCompletionsAreRepeatable(t *testing.T) {
	var log told
	c := newClient(t, log.option())
	id := c.begin("k")
	etags := map[int]string{1: c.part("k", id, 1, "text")}
	first := c.must("POST", "/data/k?uploadId="+id, completion(etags, 1))
	c.must("PUT", "/data/k", "newer")
	log.all = nil
	if again := c.must("POST", "/data/k?uploadId="+id, completion(etags, 1)); again.body != first.body || len(log.all) != 0 || log.repeats != 1 {
		t.Errorf("%s, told %v", again.body, log.all)
	}
	if a := c.must("GET", "/data/k", ""); a.body != "newer" {
		t.Errorf("%q", a.body)
	}
	c.refused(404, "NoSuchUpload", "POST", "/data/other?uploadId="+id, completion(etags, 1))
	for i := range maxFinished { // it is not remembered for ever
		key := fmt.Sprint("many/", i)
		id := c.begin(key)
		c.must("POST", "/data/"+key+"?uploadId="+id, completion(map[int]string{1: c.part(key, id, 1, "x")}, 1))
	}
	c.refused(404, "NoSuchUpload", "POST", "/data/k?uploadId="+id, completion(etags, 1))
	if n := len(c.server.store.finished); n != maxFinished {
		t.Errorf("%d are remembered", n)
	}
}

func TestTags(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/data/k", "text", headerTagging, "b=1&a=%C3%A9%20x&empty")
	a := c.must("GET", "/data/k?tagging", "")
	if got := fmt.Sprint(values(a.body, "Key"), values(a.body, "Value")); got != "[b a empty] [1 é x ]" {
		t.Errorf("%s", a.body)
	}
	if got := c.must("HEAD", "/data/k", "").header.Get(headerTaggingCount); got != "3" {
		t.Errorf("count %q", got)
	}
	c.must("PUT", "/data/copy", "", "X-Amz-Copy-Source", "data/k")
	c.must("PUT", "/data/own", "", "X-Amz-Copy-Source", "data/k", "X-Amz-Tagging-Directive", "REPLACE", headerTagging, "c=2")
	for key, want := range map[string]string{"copy": "[b a empty]", "own": "[c]"} {
		if got := fmt.Sprint(values(c.must("GET", "/data/"+key+"?tagging", "").body, "Key")); got != want {
			t.Errorf("%s: %s", key, got)
		}
	}
	id := c.begin("m", headerTagging, "d=3")
	c.must("POST", "/data/m?uploadId="+id, completion(map[int]string{1: c.part("m", id, 1, "x")}, 1))
	if got := fmt.Sprint(values(c.must("GET", "/data/m?tagging", "").body, "Key")); got != "[d]" {
		t.Errorf("multipart: %s", got)
	}
	c.must("PUT", "/data/k?tagging", "<Tagging><TagSet><Tag><Key>x</Key><Value>y</Value></Tag></TagSet></Tagging>")
	if got := fmt.Sprint(values(c.must("GET", "/data/k?tagging", "").body, "Key")); got != "[x]" {
		t.Errorf("%s", got)
	}
	set := func(keys ...string) string {
		return "<Tagging><TagSet><Tag><Key>" + strings.Join(keys, "</Key><Value/></Tag><Tag><Key>") + "</Key><Value/></Tag></TagSet></Tagging>"
	}
	c.refused(400, "InvalidTag", "PUT", "/data/k?tagging", set("x", "x"))
	c.refused(400, "InvalidTag", "PUT", "/data/k?tagging", set(strings.Repeat("k", 129)))
	c.refused(400, "InvalidTag", "PUT", "/data/k?tagging", set("aws:x"))
	c.refused(400, "BadRequest", "PUT", "/data/k?tagging", set(strings.Split("abcdefghijk", "")...))
	c.refused(400, "MalformedXML", "PUT", "/data/k?tagging", "<Tag")
	c.refused(400, "InvalidTag", "PUT", "/data/k", "harm", headerTagging, "x=1&x=2")
	c.refused(400, "InvalidArgument", "PUT", "/data/k", "harm", headerTagging, "x=%zz")
	c.refused(404, "NoSuchKey", "PUT", "/data/none?tagging", set("x"))
	c.refused(404, "NoSuchKey", "GET", "/data/none?tagging", "")
	if a := c.must("GET", "/data/k", ""); a.body != "text" {
		t.Errorf("%q", a.body)
	}
	c.must("DELETE", "/data/k?tagging", "")
	if a := c.must("GET", "/data/k?tagging", ""); values(a.body, "Key") != nil || c.must("HEAD", "/data/k", "").header[headerTaggingCount] != nil {
		t.Errorf("%s", a.body)
	}
}

func TestTrapMetadataIsAllKept(t *testing.T) {
	c := newClient(t)
	header := []string{"Cache-Control", "max-age=3", "Expires", "Thu, 01 Jan 2026 00:00:00 GMT", "Content-Language", "de", "X-Amz-Meta-A", "1"}
	c.must("PUT", "/data/k", "text", header...)
	c.must("PUT", "/data/copy", "", append([]string{"X-Amz-Copy-Source", "data/k", "X-Amz-Metadata-Directive", "REPLACE"}, header...)...)
	id := c.begin("m", header...)
	c.must("POST", "/data/m?uploadId="+id, completion(map[int]string{1: c.part("m", id, 1, "x")}, 1))
	for _, key := range []string{"k", "copy", "m"} {
		got := c.must("HEAD", "/data/"+key, "").header
		for i := 0; i < len(header); i += 2 {
			if got.Get(header[i]) != header[i+1] {
				t.Errorf("%s: %s is %q", key, header[i], got.Get(header[i]))
			}
		}
	}
	// Only x-amz-meta-* counts for the limit: credentials of a role are longer.
	c.must("PUT", "/data/k", "text", "X-Amz-Security-Token", strings.Repeat("x", 3000), "X-Amz-Meta-A", strings.Repeat("x", maxMetadata-1))
	c.refused(400, "MetadataTooLarge", "PUT", "/data/k", "text", "X-Amz-Meta-A", strings.Repeat("x", maxMetadata))
	c.refused(501, "NotImplemented", "PUT", "/data/k", "text", "X-Amz-Server-Side-Encryption-Customer-Algorithm", "AES256")
}
