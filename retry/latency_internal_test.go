package retry

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
	"time"
)

// The window's quantiles are those of the last latencies, sorted anew.
func TestLatencies(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	l := newLatencies()
	var all []time.Duration
	for i := range 2000 {
		d := time.Duration(rnd.Int64N(int64(1 + i%97*10)))
		l.observe(d)
		all = append(all, d)
		last := append([]time.Duration(nil), all[max(0, len(all)-latencyWindow):]...)
		sort.Slice(last, func(i, j int) bool { return last[i] < last[j] })
		for _, q := range []float64{0, 0.01, 0.5, 0.95, 0.999, 1} {
			got, ok := l.quantile(q)
			if ok != (len(all) >= latencyFew) {
				t.Fatalf("%d latencies: known %v", len(all), ok)
			}
			want := last[min(len(last)-1, max(0, int(math.Ceil(q*float64(len(last))))-1))]
			if ok && got != want {
				t.Fatalf("after %d, quantile %v is %v, want %v", i+1, q, got, want)
			}
		}
	}
	l.observe(-time.Second) // a clock that went back
	if got, _ := l.quantile(0); got != 0 {
		t.Errorf("a negative latency is kept as %v", got)
	}
}

// Hedging does not feed on itself: with hedges cutting off what is slow, the
// share of attempts that outlast the delay stays at what was asked for, in
// different latency distributions.
func TestLatenciesAreNotBiasedByHedges(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for name, draw := range map[string]func() float64{
		"exponential": rnd.ExpFloat64,
		"lognormal":   func() float64 { return math.Exp(rnd.NormFloat64()) },
		"bimodal": func() float64 {
			if rnd.IntN(20) == 0 {
				return 100 + rnd.Float64()
			}
			return 1 + rnd.Float64()
		},
	} {
		l := newLatencies()
		hedged, calls := 0, 0
		for range 40_000 {
			first, second := time.Duration(draw()*1e6), time.Duration(draw()*1e6)
			delay, ok := l.quantile(0.9)
			calls++
			if ok && first > delay {
				hedged++
				first = min(first, delay+second) // when the hedge wins, the first has run at least so long
			}
			l.observe(first)
		}
		if share := float64(hedged) / float64(calls); share < 0.08 || share > 0.13 {
			t.Errorf("%s: %.1f %% are hedged, want about 10 %%", name, share*100)
		}
	}
}

func BenchmarkLatencies(b *testing.B) {
	l := newLatencies()
	rnd := rand.New(rand.NewPCG(5, 6))
	b.ReportAllocs()
	for b.Loop() {
		l.observe(time.Duration(rnd.Uint64N(1 << 30)))
		l.quantile(0.95)
	}
}
