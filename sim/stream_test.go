package sim_test

import (
	"fmt"
	"math"
	"math/bits"
	"testing"

	"github.com/squall-sim/squall/sim"
)

// A way in which a run draws: the i-th draw of some row of keys. The hash must
// be good for all of these, for keys are counters.
type row struct {
	name string
	draw func(i uint64) uint64
}

func rows() []row {
	s := sim.NewStream(7, "rows")
	spread := func(i uint64) uint64 { return s.Uint64(i, i, i) }
	return []row{
		{"client", func(i uint64) uint64 { return s.Uint64(i, 0, 0) }},
		{"call", func(i uint64) uint64 { return s.Uint64(3, i, 0) }},
		{"attempt", func(i uint64) uint64 { return s.Uint64(3, 5, i) }},
		{"client, call, attempt", func(i uint64) uint64 { return s.Uint64(i>>10, i>>3&127, i&7) }},
		{"the same key thrice", spread},
		{"high bits", func(i uint64) uint64 { return s.Uint64(i<<40, i<<30, i<<20) }},
		{"gray code", func(i uint64) uint64 { return s.Uint64(i^i>>1, 0, 1) }},
		{"negative", func(i uint64) uint64 { return s.Uint64(-i, ^i, 0) }},
		{"seeds", func(i uint64) uint64 { return sim.NewStream(i, "rows").Uint64(0, 0, 0) }},
		{"names", func(i uint64) uint64 { return sim.NewStream(7, fmt.Sprint(i)).Uint64(0, 0, 0) }},
		{"sub-streams", func(i uint64) uint64 { return s.Sub(i).Uint64(0, 0, 0) }},
		{"zero stream", func(i uint64) uint64 { return sim.Stream{}.Uint64(i, 0, 0) }},
	}
}

// sigmas returns how many standard deviations a chi-square value lies from
// what it should be (Wilson and Hilferty, 1931).
func sigmas(chi2 float64, freedom int) float64 {
	k := float64(freedom)
	return (math.Cbrt(chi2/k) - (1 - 2/(9*k))) / math.Sqrt(2/(9*k))
}

// chiSquare returns it for equally likely cells.
func chiSquare(counts []int, n int) float64 {
	want, sum := float64(n)/float64(len(counts)), 0.0
	for _, c := range counts {
		sum += (float64(c) - want) * (float64(c) - want) / want
	}
	return sum
}

// bound is how many standard deviations the tests of this file let pass. They
// look at some hundred values, so the greatest is near 3.3; the hash is fixed,
// so the tests give the same on every run.
const bound = 4.5

func TestDrawsAreUniform(t *testing.T) {
	const n = 1 << 18
	for _, r := range rows() {
		for _, shift := range []int{0, 11, 24, 32, 44, 56} {
			counts := make([]int, 256)
			for i := range uint64(n) {
				counts[r.draw(i)>>shift&255]++
			}
			if z := sigmas(chiSquare(counts, n), 255); math.Abs(z) > bound {
				t.Errorf("%s: bits %d to %d are %.1f sigma from uniform", r.name, shift, shift+7, z)
			}
		}
	}
}

// Neighbours (client 1 and 2, attempt 1 and 2, seed 7 and 8) must have nothing
// to do with each other: no correlation, and all pairs of sixteenths equally
// likely.
func TestNeighboursAreIndependent(t *testing.T) {
	const n = 1 << 18
	unit := func(x uint64) float64 { return float64(x>>11) * 0x1p-53 }
	for _, r := range rows() {
		for _, lag := range []uint64{1, 2, 8, 256} {
			counts, sum := make([]int, 256), 0.0
			for i := range uint64(n) {
				x, y := r.draw(i), r.draw(i+lag)
				counts[x>>60<<4|y>>60]++
				sum += (unit(x) - 0.5) * (unit(y) - 0.5)
			}
			if z := sum * 12 / math.Sqrt(n); math.Abs(z) > bound {
				t.Errorf("%s: lag %d: correlation is %.1f sigma from 0", r.name, lag, z)
			}
			// Pairs overlap, which widens the distribution a little.
			if z := sigmas(chiSquare(counts, n), 255); math.Abs(z) > bound {
				t.Errorf("%s: lag %d: pairs are %.1f sigma from uniform", r.name, lag, z)
			}
		}
	}
}

// flips calls f with, for each bit of the three keys, the changes that flipping
// it makes to n draws.
func flips(n uint64, f func(bit int, changes []uint64)) {
	s := sim.NewStream(11, "flips")
	for bit := range 192 {
		changes := make([]uint64, n)
		word, mask := bit/64, uint64(1)<<(bit%64)
		for i := range n {
			k := [3]uint64{i & 31, i >> 5 & 31, i >> 10} // counters, as in use
			// Make room for the bit, so that no pair of keys comes twice.
			k[word] = k[word]&^(mask-1)<<1 | k[word]&(mask-1)
			changes[i] = s.Uint64(k[0], k[1], k[2])
			k[word] |= mask
			changes[i] ^= s.Uint64(k[0], k[1], k[2])
		}
		f(bit, changes)
	}
}

// The strict avalanche criterion (Webster and Tavares, CRYPTO '85): each bit of
// the keys flips each bit of the draw half of the time.
func TestDrawsAvalanche(t *testing.T) {
	const n = 1 << 13
	worst := 0.0
	flips(n, func(bit int, changes []uint64) {
		var counts [64]int
		for _, c := range changes {
			for ; c != 0; c &= c - 1 {
				counts[bits.TrailingZeros64(c)]++
			}
		}
		for out, count := range counts {
			z := (float64(count) - n/2) / math.Sqrt(n/4)
			if worst = max(worst, math.Abs(z)); math.Abs(z) > 6 { // of 12,288 values
				t.Errorf("key bit %d flips bit %d in %d of %d draws: %.1f sigma", bit, out, count, n, z)
			}
		}
	})
	t.Logf("the worst of 12,288 is %.2f sigma", worst)
}

// The bit independence criterion (same paper): two bits of the draw flip
// independently of each other.
func TestBitsFlipIndependently(t *testing.T) {
	const n = 1 << 11
	worst := 0.0
	flips(n, func(bit int, changes []uint64) {
		var flipped [64][n / 64]uint64 // per bit of the draw, a bit per sample
		for i, c := range changes {
			for out := range 64 {
				flipped[out][i/64] |= c >> out & 1 << (i % 64)
			}
		}
		for j := range 64 {
			for k := range j {
				differ := 0
				for w := range flipped[j] {
					differ += bits.OnesCount64(flipped[j][w] ^ flipped[k][w])
				}
				z := (float64(differ) - n/2) / math.Sqrt(n/4)
				if worst = max(worst, math.Abs(z)); math.Abs(z) > 6.5 { // of 387,072 values
					t.Errorf("key bit %d: bits %d and %d of the draw flip together: %.1f sigma", bit, j, k, z)
				}
			}
		}
	})
	t.Logf("the worst of 387,072 is %.2f sigma", worst)
}

func TestDrawsDoNotCollide(t *testing.T) {
	s := sim.NewStream(3, "collisions")
	seen := make(map[uint64]string, 1<<20)
	note := func(x uint64, key string) {
		if other, ok := seen[x]; ok {
			t.Fatalf("%s and %s draw the same", key, other)
		}
		seen[x] = key
	}
	for a := range uint64(64) {
		for b := range uint64(64) {
			for c := range uint64(64) {
				note(s.Uint64(a, b, c), fmt.Sprint(a, b, c))
			}
		}
	}
	for i := range 192 { // keys with one and two bits
		for j := range i + 1 {
			var k [3]uint64
			k[i/64] |= 1 << (i % 64)
			k[j/64] |= 1 << (j % 64)
			if k[0] < 64 && k[1] < 64 && k[2] < 64 {
				continue // above
			}
			note(s.Uint64(k[0], k[1], k[2]), fmt.Sprint(k))
		}
	}
}

func TestStreamsDiffer(t *testing.T) {
	names := []string{"", "\x00", "\x00\x00", "a", "a\x00", "b", "ab", "ba", "abcdefgh", "abcdefgh\x00", "abcdefghi", "ihgfedcba"}
	seen := map[sim.Stream]string{{}: "the zero stream"}
	note := func(s sim.Stream, what string) {
		if other, ok := seen[s]; ok {
			t.Errorf("%s equals %s", what, other)
		}
		seen[s] = what
	}
	for seed := range uint64(50) {
		for _, name := range names {
			s := sim.NewStream(seed, name)
			what := fmt.Sprintf("%d %q", seed, name)
			note(s, what)
			for k := range uint64(5) {
				note(s.Sub(k), what+fmt.Sprintf(" sub %d", k))
			}
			note(s.Sub(0).Sub(1), what+" sub 0 sub 1")
		}
	}
	if a, b := sim.NewStream(1, "x"), sim.NewStream(1, "x"); a != b {
		t.Error("the same stream differs from itself")
	}
}

func TestFloat64CoversItsRange(t *testing.T) {
	s := sim.NewStream(1, "range")
	least, most, sum := 1.0, 0.0, 0.0
	const n = 1 << 18
	for i := range uint64(n) {
		u := s.Float64(i, 0, 0)
		if !(u >= 0 && u < 1) || u*0x1p53 != math.Trunc(u*0x1p53) {
			t.Fatalf("draw %d is %v, not a multiple of 2⁻⁵³ in [0, 1)", i, u)
		}
		if want := float64(s.Uint64(i, 0, 0)>>11) / (1 << 53); u != want {
			t.Fatalf("draw %d is %v, its bits say %v", i, u, want)
		}
		least, most, sum = min(least, u), max(most, u), sum+u
	}
	if least > 20.0/n || most < 1-20.0/n {
		t.Errorf("draws lie in [%v, %v]", least, most)
	}
	if z := (sum/n - 0.5) * math.Sqrt(12*n); math.Abs(z) > bound {
		t.Errorf("the mean is %.1f sigma from ½", z)
	}
}

// The tests of this file must see a bad hash: they are given two.
func TestTheTestsSeeABadHash(t *testing.T) {
	const n = 1 << 18
	counts, sum := make([]int, 256), 0.0
	for i := range uint64(n) {
		x := i * 0x9e3779b97f4a7c15 // Weyl sequence: too even
		counts[x>>56]++
		sum += (float64(x)*0x1p-64 - 0.5) * (float64(x+0x9e3779b97f4a7c15)*0x1p-64 - 0.5)
	}
	if z := sigmas(chiSquare(counts, n), 255); z > -bound {
		t.Errorf("a Weyl sequence is %.1f sigma from uniform, not far too even", z)
	}
	if z := sum * 12 / math.Sqrt(n); math.Abs(z) < bound {
		t.Errorf("neighbours of a Weyl sequence correlate by %.1f sigma only", z)
	}
}
