package sim

import "math/bits"

// Stream is a named source of chance. Its draws are not taken in turn: each is
// a fixed function of the stream and of up to three keys, such as client, call
// and attempt. So two policies under one seed meet the same chance, a new
// consumer shifts nobody's draws, and there is no state to keep.
//
// A Stream is a small value, safe for concurrent use, and == tells streams
// apart. The zero value is a valid stream, though one without a name.
type Stream struct {
	k0, k1 uint64
}

// NewStream returns the stream of the given seed and name. Streams that differ
// in either are independent.
func NewStream(seed uint64, name string) Stream {
	// The name goes in eight bytes at a time, its length last, so that no name
	// is another one padded.
	s := Stream{seed, uint64(0)}.Sub(0)
	var word uint64
	for i := range len(name) {
		word |= uint64(name[i]) << (8 * (i % 8))
		if i%8 == 7 {
			s, word = s.Sub(word), 0
		}
	}
	return s.Sub(word).Sub(uint64(len(name)))
}

// Fixed odd constants without structure: the first digits of the fractional
// parts of √2, √3, √5, √7 and √11, as used by SHA-2 (FIPS 180-4) for √2 to √11.
const (
	salt0 = 0x6a09e667f3bcc909
	salt1 = 0xbb67ae8584caa73b
	salt2 = 0x3c6ef372fe94f82b
	salt3 = 0xa54ff53a5f1d36f1
	salt4 = 0x510e527fade682d1
)

// Uint64 returns the draw of the keys a, b and c: 64 bits, each value equally
// likely. Use zero for keys that are not needed.
func (s Stream) Uint64(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a^s.k0^salt0, b^s.k1^salt1)
	hi, lo = bits.Mul64(hi^c^salt2, lo^s.k0^salt3)
	hi, lo = bits.Mul64(hi^lo^salt4, salt1)
	return hi ^ lo
}

// Float64 returns the draw of the keys a, b and c as a number in [0, 1): a
// multiple of 2⁻⁵³.
func (s Stream) Float64(a, b, c uint64) float64 {
	return float64(float64(s.Uint64(a, b, c)>>11) * 0x1p-53)
}

// Sub returns stream number k below s, independent of s and of its other
// sub-streams.
func (s Stream) Sub(k uint64) Stream {
	return Stream{s.Uint64(k, salt2, salt3), s.Uint64(k, salt3, salt4)}
}
