package faults

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// word for word what the documentation promises, one byte at a time.
func slowContent(name string, size int64) []byte {
	c := NewContent(name, size)
	out := make([]byte, size)
	for i := range out {
		c.fill(out[i:i+1], int64(i))
	}
	return out
}

func TestContentReadsAsAFile(t *testing.T) {
	for _, size := range []int64{0, 1, 7, 8, 9, 4096, 70_001} {
		want := slowContent("raw/1.json", size)
		if err := iotest.TestReader(NewContent("raw/1.json", size), want); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		var all bytes.Buffer
		c := NewContent("raw/1.json", size)
		c.Seek(size/3, io.SeekStart)
		if n, err := c.WriteTo(&all); err != nil || n != size-size/3 || !bytes.Equal(all.Bytes(), want[size/3:]) || c.Len() != 0 {
			t.Errorf("%d bytes: wrote %d, %v", size, n, err)
		}
		if n, err := io.Copy(io.Discard, NewContent("x", size)); n != size || err != nil {
			t.Errorf("%d bytes: discarded %d, %v", size, n, err)
		}
	}
	if c := NewContent("x", -5); c.Size() != 0 {
		t.Error("a negative size")
	}
	c := NewContent("x", 100_000)
	if n, err := c.WriteTo(&stingy{40_000}); n != 40_000 || err == nil || c.Len() != 60_000 {
		t.Errorf("%d, %v, %d left", n, err, c.Len())
	}
}

func TestSections(t *testing.T) {
	whole := slowContent("x", 100)
	c := NewContent("x", 100)
	for _, r := range [][4]int64{{0, 100, 0, 100}, {10, 20, 10, 30}, {90, 50, 90, 100}, {-5, 10, 0, 10}, {200, 5, 100, 100}, {3, -1, 3, 3}} {
		s := c.Section(r[0], r[1])
		if err := iotest.TestReader(s, whole[r[2]:r[3]]); err != nil {
			t.Errorf("%v: %v", r, err)
		}
		inner, err := io.ReadAll(c.Section(r[0], r[1]).Section(1, 5))
		if want := whole[min(r[2]+1, r[3]):min(r[2]+6, r[3])]; err != nil || !bytes.Equal(inner, want) {
			t.Errorf("a section of %v: %v", r, err)
		}
	}
	if !NewContent("x", 5).Is("x", 5) || NewContent("x", 5).Is("x", 6) || NewContent("y", 5).Is("x", 5) || c.Section(0, 5).Is("x", 5) {
		t.Error("Is is wrong")
	}
}

// stingy takes so many bytes and no more.
type stingy struct{ left int }

func (s *stingy) Write(p []byte) (int, error) {
	n := min(len(p), s.left)
	if s.left -= n; n < len(p) {
		return n, errors.New("full")
	}
	return n, nil
}

func TestContentsDifferByNameAndSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		m, n := rapid.Int64Range(64, 200).Draw(t, "m"), rapid.Int64Range(64, 200).Draw(t, "n")
		same := 0
		x, y := slowContent(a, m), slowContent(b, n)
		for i := range min(m, n) {
			if x[i] == y[i] {
				same++
			}
		}
		if equal := a == b && m == n; equal && !bytes.Equal(x, y) || !equal && same > 20 {
			t.Fatalf("%d of %d bytes are the same", same, min(m, n))
		}
	})
}

// The bytes are fixed for good: they are in people's checksums.
func TestContentIsFixed(t *testing.T) {
	got := slowContent("raw/1.json", 16)
	const want = "Z\xcc\xff\x19vp<%o\xb6\x06\x8e\x82lfr"
	if g := string(got); g != want {
		t.Errorf("%q", g)
	}
}
