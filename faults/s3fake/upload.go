package s3fake

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// incoming is the payload of an upload, out of its framing. Reading it to the
// end checks it against all that its headers and trailers say of it.
type incoming struct {
	size int64 // -1: the client does not say

	body   io.Reader
	md5    hash.Hash
	checks []payloadCheck
	kept   checksum // of the payload, once it has been read
}

// payloadCheck is one way in which a payload may be wrong.
type payloadCheck struct {
	sum    hash.Hash
	verify func(sum []byte) error
}

// receive takes an upload out of its framing. gofakes3 decodes one framing of
// three, of whole objects only, and stores the others as they came; it checks
// Content-MD5 and nothing else. The header is changed to that of the payload.
func receive(r *http.Request) (*incoming, error) {
	in := &incoming{size: r.ContentLength, body: r.Body, md5: md5.New()}
	d, err := in.unframe(r)
	if err != nil {
		return nil, err
	}
	if err := in.checkMD5(r.Header); err != nil {
		return nil, err
	}
	if err := in.checkSHA256(r.Header.Get("X-Amz-Content-Sha256")); err != nil {
		return nil, err
	}
	said, err := announcement(r.Header)
	if err != nil || said.of == nil {
		return in, err
	}
	if said.trailer && d == nil {
		return nil, refused("InvalidRequest", "x-amz-trailer is for bodies in aws-chunked framing.")
	}
	if said.trailer {
		d.trailerName = said.of.header
	}
	in.checks = append(in.checks, payloadCheck{said.of.make(), func(sum []byte) error {
		want := said.text
		if said.trailer {
			want = d.trailer
		}
		in.kept = checksum{said.of, base64.StdEncoding.EncodeToString(sum)}
		if in.kept.text != want {
			return refused("BadDigest", "The "+said.of.name+" you specified did not match the calculated checksum.")
		}
		return nil
	}})
	return in, nil
}

// unframe finds out whether the body is in aws-chunked framing, and reads it.
func (in *incoming) unframe(r *http.Request) (*dechunker, error) {
	chunked := strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-")
	var encodings []string
	for _, one := range strings.Split(strings.Join(r.Header["Content-Encoding"], ","), ",") {
		switch one = strings.TrimSpace(one); one {
		case "":
		case "aws-chunked":
			chunked = true
		default:
			encodings = append(encodings, one)
		}
	}
	if !chunked {
		return nil, nil
	}
	size, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || size < 0 {
		return nil, refused("MissingContentLength", "")
	}
	delete(r.Header, "Content-Encoding")
	if len(encodings) > 0 {
		r.Header["Content-Encoding"] = []string{strings.Join(encodings, ",")}
	}
	d := &dechunker{in: bufio.NewReader(r.Body)}
	in.size, in.body = size, d
	return d, nil
}

func (in *incoming) checkMD5(h http.Header) error {
	given, ok := h["Content-Md5"]
	if !ok || len(given) == 0 {
		return nil
	}
	want, err := base64.StdEncoding.DecodeString(given[0])
	if err != nil || len(want) != md5.Size {
		return refused("InvalidDigest", "")
	}
	in.checks = append(in.checks, payloadCheck{in.md5, func(sum []byte) error {
		if !bytes.Equal(sum, want) {
			return refused("BadDigest", "")
		}
		return nil
	}})
	return nil
}

// checkSHA256 checks the hash that a request is signed with, although its
// signature is not.
func (in *incoming) checkSHA256(text string) error {
	switch {
	case text == "", text == "UNSIGNED-PAYLOAD", strings.HasPrefix(text, "STREAMING-"):
		return nil
	}
	want, err := hex.DecodeString(text)
	if err != nil || len(want) != sha256.Size {
		return refused("InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.")
	}
	in.checks = append(in.checks, payloadCheck{sha256.New(), func(sum []byte) error {
		if !bytes.Equal(sum, want) {
			return refused("XAmzContentSHA256Mismatch", "")
		}
		return nil
	}})
	return nil
}

// Read reads the payload; its end is an error where a check fails.
func (in *incoming) Read(p []byte) (int, error) {
	n, err := in.body.Read(p)
	in.md5.Write(p[:n])
	for _, c := range in.checks {
		if c.sum != in.md5 {
			c.sum.Write(p[:n])
		}
	}
	if err != io.EOF {
		return n, err
	}
	for _, c := range in.checks {
		if err := c.verify(c.sum.Sum(nil)); err != nil {
			return n, err
		}
	}
	return n, io.EOF
}
