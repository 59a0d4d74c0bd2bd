package s3fake

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

// guardUpload takes an upload out of its framing and checks its checksum.
// gofakes3 decodes one of the framings, of whole objects only, and stores the
// others as they came.
func guardUpload(r *http.Request) *faults.S3Code {
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
	sum, want := announced(r.Header)
	if !chunked {
		if sum != nil && want != "" {
			r.Body = &checked{body: r.Body, sum: sum, want: func() string { return want }}
		}
		return nil
	}
	size, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || size < 0 {
		return refuse("MissingContentLength", "")
	}
	d := &dechunker{in: bufio.NewReader(r.Body)}
	r.Body = io.NopCloser(d)
	if sum != nil {
		r.Body = &checked{body: r.Body, sum: sum, want: func() string {
			if want != "" {
				return want
			}
			return d.trailer
		}}
		d.trailerName = strings.ToLower(r.Header.Get("X-Amz-Trailer"))
	}
	r.ContentLength = size
	r.Header["Content-Length"] = []string{strconv.FormatInt(size, 10)}
	delete(r.Header, "X-Amz-Content-Sha256") // or gofakes3 decodes once more
	delete(r.Header, "Content-Encoding")
	if len(encodings) > 0 {
		r.Header["Content-Encoding"] = []string{strings.Join(encodings, ",")}
	}
	return nil
}

// quickPut stores an upload that is generated content without reading it. It
// does only what a plain PutObject needs; false: gofakes3 is to do it.
func (s *Server) quickPut(out *reply, r *http.Request) bool {
	c := faults.BodyContent(r)
	if c == nil || r.Method != http.MethodPut {
		return false
	}
	op, bucketName, key := faults.OperationOf(r.Method, r.URL, r.Header)
	if op != "PutObject" || len(key) > gofakes3.KeySizeLimit || !c.Is(key, r.ContentLength) {
		return false
	}
	meta := make(map[string]string)
	for name, values := range r.Header { // any that forbids it will do: order does not matter
		if strings.HasPrefix(name, "If-") || strings.HasPrefix(name, "X-Amz-Meta-") ||
			strings.HasPrefix(name, "X-Amz-Checksum-") || name == "Content-Md5" {
			return false
		}
		if kept(name) && len(values) > 0 {
			meta[name] = values[0]
		}
	}
	o := s.store.newObject(key, c.Size(), meta)
	if s.store.load(bucketName, o) != nil {
		return false
	}
	_, etag := o.sum()
	out.Header()["Etag"] = []string{etag}
	out.begin(http.StatusOK)
	return true
}

// checksums are the algorithms of x-amz-checksum-*.
var checksums = []struct {
	header string
	make   func() hash.Hash
}{
	{"X-Amz-Checksum-Crc32", func() hash.Hash { return crc32.NewIEEE() }},
	{"X-Amz-Checksum-Crc32c", func() hash.Hash { return crc32.New(castagnoli) }},
	{"X-Amz-Checksum-Crc64nvme", func() hash.Hash { return crc64.New(nvme) }},
	{"X-Amz-Checksum-Sha1", sha1.New},
	{"X-Amz-Checksum-Sha256", sha256.New},
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5) // CRC-64/NVME, reflected (NVM Express base specification 2.0)
)

// announced finds the checksum that an upload says it has, in its headers or
// (want is "") in a trailer to come.
func announced(h http.Header) (sum hash.Hash, want string) {
	trailer := h.Get("X-Amz-Trailer")
	for _, c := range checksums {
		if v := h.Get(c.header); v != "" || strings.EqualFold(trailer, c.header) {
			return c.make(), v
		}
	}
	return nil, ""
}

// checked fails at the end of a body that does not have its checksum.
type checked struct {
	body io.ReadCloser
	sum  hash.Hash
	want func() string // known at the end of the body
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.body.Read(p)
	c.sum.Write(p[:n])
	if err == io.EOF {
		if base64.StdEncoding.EncodeToString(c.sum.Sum(nil)) != c.want() {
			return n, gofakes3.ErrBadDigest
		}
	}
	return n, err
}

func (c *checked) Close() error { return c.body.Close() }

// dechunker reads aws-chunked framing: chunks of "size[;chunk-signature=…]\r\n
// data \r\n", a last one of size 0, and trailers. Signatures are not checked.
// Source: Amazon S3 API reference, "Signature Version 4: transferring payload
// in multiple chunks", with and without trailing headers.
type dechunker struct {
	in          *bufio.Reader
	left        int64 // of the chunk
	started     bool
	err         error
	trailerName string // lower case; "" if none is expected
	trailer     string // its value
}

var errFraming = errors.New("s3fake: the body is not in aws-chunked framing")

func (d *dechunker) Read(p []byte) (int, error) {
	if d.left == 0 && d.err == nil {
		d.err = d.next()
	}
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.in.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	if err != nil {
		d.err = io.ErrUnexpectedEOF // before the last chunk
		if n > 0 {
			return n, nil
		}
		return 0, d.err
	}
	return n, nil
}

// next reads the header of a chunk, and after the last one the trailers.
func (d *dechunker) next() error {
	if d.started {
		if line, err := d.line(); err != nil || len(line) > 0 {
			return errFraming
		}
	}
	d.started = true
	line, err := d.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(string(line), ";")
	d.left, err = strconv.ParseInt(strings.TrimSpace(size), 16, 64)
	if err != nil || d.left < 0 {
		return errFraming
	}
	if d.left > 0 {
		return nil
	}
	for {
		line, err := d.line()
		if err == io.ErrUnexpectedEOF && len(line) == 0 || err == nil && len(line) == 0 {
			return io.EOF // the empty line at the very end is often missing
		}
		if err != nil {
			return err
		}
		if name, value, ok := strings.Cut(string(line), ":"); ok && d.trailerName != "" && strings.EqualFold(strings.TrimSpace(name), d.trailerName) {
			d.trailer = strings.TrimSpace(value)
		}
	}
}

// line reads a line of at most 4 KiB without its end.
func (d *dechunker) line() ([]byte, error) {
	line, err := d.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return nil, errFraming
	}
	line = bytes.TrimRight(line, "\r\n")
	if err != nil {
		return line, io.ErrUnexpectedEOF
	}
	return line, nil
}
