package measure

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// However many samples there are, whenever they are looked at and in how many parts they
// came: they are those of a histogram that had each of them at once.
func TestDurationsAreThoseOfAHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.SampledFrom([]int{0, 2, 3}).Draw(t, "digits")
		kept := digits
		if digits == 0 {
			kept = 3
		}
		want := hdrhistogram.New(1, histTop, kept)
		var sum time.Duration
		least, most := time.Duration(0), time.Duration(0)
		n := 0
		part := func(name string) *Durations {
			d := &Durations{Digits: digits}
			spread := rapid.Int64Range(1, int64(30*time.Hour)).Draw(t, "spread of "+name)
			size := rapid.SampledFrom([]int{0, 1, 15, 16, 17, 64, 1000, 1023, 1024, 1025, 1100, 3000}).Draw(t, "size of "+name)
			x := rapid.Uint64().Draw(t, "seed of "+name) | 1
			for range size {
				x ^= x << 13
				x ^= x >> 7
				x ^= x << 17
				one := time.Duration(x % uint64(spread))
				if n == 0 || one < least {
					least = one
				}
				most = max(most, one)
				sum += one
				n++
				d.Add(one)
				if err := want.RecordValue(min(int64(one/histUnit), histTop)); err != nil {
					t.Fatal(err)
				}
				if x%512 == 0 {
					d.Quantile(50)
				}
			}
			return d
		}
		got := part("the first")
		for range rapid.IntRange(0, 2).Draw(t, "others") {
			got.Merge(part("another"))
		}
		rep := got.Report()
		if rep.Count != uint64(n) || n > 0 && (rep.MinNS != int64(least) || rep.MaxNS != int64(most)) {
			t.Fatalf("%+v, want %d from %v to %v", rep, n, least, most)
		}
		if mean := float64(sum) / float64(max(n, 1)); n > 0 && (float64(rep.MeanNS) < mean*(1-1e-9)-1 || float64(rep.MeanNS) > mean*(1+1e-9)+1) {
			t.Fatalf("mean %d, want %v", rep.MeanNS, mean)
		}
		for _, q := range []float64{0, 1, 50, 90, 99, 99.9} {
			w := min(max(time.Duration(want.ValueAtPercentile(q))*histUnit, least), most)
			if d := got.Quantile(q); d != w {
				t.Fatalf("quantile %v is %v, want %v", q, d, w)
			}
		}
	})
}

func BenchmarkDurations(b *testing.B) {
	var d Durations
	x := uint64(88172645463325252)
	b.ReportAllocs()
	for b.Loop() {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		d.Add(time.Duration(x >> 30))
	}
}
