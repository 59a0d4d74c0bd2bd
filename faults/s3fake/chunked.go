package s3fake

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// dechunker reads aws-chunked framing: chunks of "size[;chunk-signature=…]\r\n
// data \r\n", a last one of size 0, and trailers. Signatures are not checked.
// Source: Amazon S3 API reference, "Signature Version 4: transferring payload
// in multiple chunks", with and without trailing headers.
type dechunker struct {
	in          *bufio.Reader
	left        int64 // of the chunk
	started     bool
	err         error
	trailerName string // of the checksum; "" if none is expected
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
