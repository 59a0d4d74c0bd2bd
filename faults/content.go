package faults

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"net/http"
	"sync"
)

// Content is a body that is a pure function of a name and a size: what the
// fakes answer with and what simulated clients upload. It takes no memory, and
// two Contents of equal name and size are equal byte for byte; others differ in
// almost every byte.
//
// It reads as a file does, from offset 0. The zero value is empty. It is not
// safe for concurrent use, but for ReadAt.
type Content struct {
	seed uint64
	base int64 // where a section starts within the whole
	size int64
	at   int64
	bad  int64 // 1 + where in the whole a bit is the other one; 0: nowhere
}

// ContentWriter is a ResponseWriter that takes Content without copying it. That
// of a [Transport] does: its client reads the content as it is made, and an
// answer of a terabyte takes no memory.
type ContentWriter interface {
	// WriteContent is Write for what is left of c, which the writer keeps.
	WriteContent(c *Content) (int64, error)
}

// WriteContent writes what is left of c to w, as Content if w can take it.
func WriteContent(w http.ResponseWriter, c *Content) (int64, error) {
	if cw, ok := w.(ContentWriter); ok {
		return cw.WriteContent(c)
	}
	return c.WriteTo(w)
}

// BodyContent returns the Content that the body of a request through a
// [Transport] is, if nothing of it was read yet and it is as long as announced;
// otherwise nil. A handler that knows what it would read need not read it.
func BodyContent(r *http.Request) *Content {
	b, ok := r.Body.(*requestBody)
	if !ok || b.err != nil {
		return nil
	}
	c, ok := b.body.(*Content)
	if !ok || c.at != 0 || c.size != b.left {
		return nil
	}
	return c
}

// NewContent returns the content of that name and size. A size below 0 is 0.
func NewContent(name string, size int64) *Content {
	size = max(0, size)
	return &Content{seed: mix(hashString(name) + mix(uint64(size))), size: size}
}

// Section returns the n bytes from offset on, as far as there are any, as a
// Content of its own.
func (c *Content) Section(offset, n int64) *Content {
	offset = min(max(0, offset), c.size)
	return &Content{seed: c.seed, base: c.base + offset, size: min(max(0, n), c.size-offset), bad: c.bad}
}

// Is reports whether the whole of c is the content of that name and size.
func (c *Content) Is(name string, size int64) bool {
	whole := NewContent(name, size)
	whole.at = c.at
	return *c == *whole
}

// Identity tells contents apart: it is the same of two that have the same bytes because they
// have the same name, size and section, however far each has been read.
func (c *Content) Identity() [32]byte {
	var id [32]byte
	for i, v := range []uint64{c.seed, uint64(c.base), uint64(c.size), uint64(c.bad)} {
		binary.LittleEndian.PutUint64(id[8*i:], v)
	}
	return id
}

// damage makes the lowest bit of the byte at offset the other one.
func (c *Content) damage(offset int64) { c.bad = c.base + offset + 1 }

// Size returns the whole size in bytes.
func (c *Content) Size() int64 { return c.size }

// Len returns how much is left to read, at most the greatest int.
func (c *Content) Len() int { return int(min(c.size-c.at, int64(^uint(0)>>1))) }

// Read reads the next bytes; at the end the error is io.EOF.
func (c *Content) Read(p []byte) (int, error) {
	n, err := c.ReadAt(p, c.at)
	c.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// ReadAt reads the bytes from offset on.
func (c *Content) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, errors.New("faults: read at a negative offset")
	}
	if offset >= c.size {
		return 0, io.EOF
	}
	var err error
	if left := c.size - offset; int64(len(p)) >= left {
		p, err = p[:left], io.EOF
	}
	c.fill(p, c.base+offset)
	if i := c.bad - 1 - c.base - offset; c.bad > 0 && i >= 0 && i < int64(len(p)) {
		p[i] ^= 1
	}
	return len(p), err
}

// Close does nothing: a Content is an [io.ReadCloser], so that it can be the
// Body of a request. (Set ContentLength to its Size.)
func (c *Content) Close() error { return nil }

// Seek sets the offset of the next Read.
func (c *Content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.size
	default:
		return 0, errors.New("faults: seek from nowhere")
	}
	if offset < 0 {
		return 0, errors.New("faults: seek to a negative offset")
	}
	c.at = min(offset, c.size)
	return c.at, nil
}

var contentBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// WriteTo writes what is left.
func (c *Content) WriteTo(w io.Writer) (int64, error) {
	if c.at >= c.size {
		return 0, nil
	}
	if w == io.Discard {
		n := c.size - c.at
		c.at = c.size
		return n, nil
	}
	buf := contentBuffers.Get().(*[32 << 10]byte)
	defer contentBuffers.Put(buf)
	var written int64
	for c.at < c.size {
		n, _ := c.Read(buf[:])
		m, err := w.Write(buf[:n])
		written += int64(m)
		if err != nil {
			c.at -= int64(n - m)
			return written, err
		}
	}
	return written, nil
}

// fill writes the bytes of the whole from offset on: byte i is byte i mod 8 of word i/8.
func (c *Content) fill(p []byte, offset int64) {
	word := uint64(offset / 8)
	if skip := int(offset % 8); skip > 0 {
		var one [8]byte
		binary.LittleEndian.PutUint64(one[:], c.word(word))
		n := copy(p, one[skip:])
		p, word = p[n:], word+1
	}
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, c.word(word))
		p, word = p[8:], word+1
	}
	if len(p) > 0 {
		var one [8]byte
		binary.LittleEndian.PutUint64(one[:], c.word(word))
		copy(p, one[:])
	}
}

func (c *Content) word(i uint64) uint64 { return mix(c.seed + i*0x9e3779b97f4a7c15) }

// mix spreads a number over 64 bits: one multiplication of wyhash's kind.
func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0x2d358dccaa6c78a5, x^0x8bb84b93962eacc9)
	return hi ^ lo
}
