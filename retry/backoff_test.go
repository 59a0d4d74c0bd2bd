package retry_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

const (
	ms        = time.Millisecond
	almostOne = 1 - 1.0/(1<<53)
	forever   = time.Duration(math.MaxInt64)
)

// delays is one row of a schedule: the delays after attempts 1, 2, 3, …
type delays []time.Duration

func (want delays) check(t *testing.T, p retry.Policy, class retry.Class, u float64) {
	t.Helper()
	var prev time.Duration
	for i, d := range want {
		got := p.Delay(i+1, prev, class, u)
		if got != d {
			t.Errorf("%v: delay after attempt %d with u=%v is %v, want %v", p.Jitter.Kind, i+1, u, got, d)
		}
		prev = got
	}
}

func TestDelayTable(t *testing.T) {
	second := func(j retry.Jitter) retry.Policy {
		return retry.Policy{Backoff: retry.Backoff{Base: time.Second, Cap: 10 * time.Second}, Jitter: j}
	}
	s := time.Second
	for _, c := range []struct {
		jitter         retry.Jitter
		low, mid, high delays // u = 0, 1/2, 1
	}{
		{retry.Jitter{},
			delays{s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s},
			delays{s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s},
			delays{s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s}},
		{retry.Jitter{Kind: retry.JitterFull},
			delays{0, 0, 0, 0, 0, 0},
			delays{s / 2, s, 2 * s, 4 * s, 5 * s, 5 * s},
			delays{s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s}},
		{retry.Jitter{Kind: retry.JitterEqual},
			delays{s / 2, s, 2 * s, 4 * s, 5 * s, 5 * s},
			delays{750 * ms, 1500 * ms, 3 * s, 6 * s, 7500 * ms, 7500 * ms},
			delays{s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s}},
		{retry.Jitter{Kind: retry.JitterDecorrelated},
			delays{s, s, s, s, s, s},
			delays{2 * s, 3500 * ms, 5500 * ms, 5500 * ms, 5500 * ms, 5500 * ms},
			delays{3 * s, 9 * s, 10 * s, 10 * s, 10 * s, 10 * s}},
		{retry.Jitter{Kind: retry.JitterAdditive, Amount: s},
			delays{s, 2 * s, 4 * s, 8 * s, 9 * s, 9 * s},
			delays{1500 * ms, 2500 * ms, 4500 * ms, 8500 * ms, 9500 * ms, 9500 * ms},
			delays{2 * s, 3 * s, 5 * s, 9 * s, 10 * s, 10 * s}},
		{retry.Jitter{Kind: retry.JitterAdditiveClipped, Amount: 4 * s},
			delays{s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s},
			delays{3 * s, 4 * s, 6 * s, 10 * s, 10 * s, 10 * s},
			delays{5 * s, 6 * s, 8 * s, 10 * s, 10 * s, 10 * s}},
		{retry.Jitter{Kind: retry.JitterProportion, Proportion: 0.25},
			delays{750 * ms, 1500 * ms, 3 * s, 6 * s, 6 * s, 6 * s},
			delays{s, 2 * s, 4 * s, 8 * s, 8 * s, 8 * s},
			delays{1250 * ms, 2500 * ms, 5 * s, 10 * s, 10 * s, 10 * s}},
	} {
		p := second(c.jitter)
		c.low.check(t, p, retry.Transient, 0)
		c.mid.check(t, p, retry.Transient, 0.5)
		c.high.check(t, p, retry.Transient, 1)
	}
}

func TestDelayOfSeed(t *testing.T) {
	// 5 attempts of min(1s·2^n + U(0, 1s), 30s); 3 of min(0.5s·2^n + U(0, 0.5s), 10s).
	s := time.Second
	delays{s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s}.check(t, retry.S3(), retry.Transient, 0)
	delays{1250 * ms, 2250 * ms, 4250 * ms, 8250 * ms, 16250 * ms, 30 * s}.check(t, retry.S3(), retry.Throttle, 0.25)
	delays{2 * s, 3 * s, 5 * s, 9 * s, 17 * s, 30 * s}.check(t, retry.S3(), retry.Timeout, 1)
	delays{500 * ms, s, 2 * s, 4 * s, 8 * s, 10 * s}.check(t, retry.API(), retry.Transient, 0)
	delays{750 * ms, 1250 * ms, 2250 * ms, 4250 * ms, 8250 * ms, 10 * s}.check(t, retry.API(), retry.Throttle, 0.5)
	delays{0, 0, 0}.check(t, retry.None(), retry.Transient, 0.5)
}

func TestDelayFields(t *testing.T) {
	p := retry.Policy{Backoff: retry.Backoff{Base: 50 * ms, Multiplier: 1, ThrottleBase: time.Second}}
	delays{50 * ms, 50 * ms, 50 * ms}.check(t, p, retry.Timeout, 0)
	delays{time.Second, time.Second}.check(t, p, retry.Throttle, 0)
	p.Backoff.Multiplier = 1.5
	delays{50 * ms, 75 * ms, 112500 * time.Microsecond}.check(t, p, retry.Transient, 0)
	p.Backoff.Cap = 500 * ms // a throttle base above the cap is cut, not refused
	delays{500 * ms, 500 * ms}.check(t, p, retry.Throttle, 0)
}

func TestDelayCapKeepsJitter(t *testing.T) {
	// At the cap, every kind but those that say otherwise spreads its delays.
	constant := map[string]bool{"none": true, "additive-clipped": true, "proportion-clipped": true, "full-below-cap": true}
	for name, kind := range kinds() {
		p := retry.Policy{
			Backoff: retry.Backoff{Base: time.Second, Cap: 30 * time.Second},
			Jitter:  retry.Jitter{Kind: kind, Amount: 2 * time.Second, Proportion: 0.1},
		}
		low, high := p.Delay(1000, 30*time.Second, retry.Transient, 0), p.Delay(1000, 30*time.Second, retry.Transient, almostOne)
		spread := high > low
		if spread == constant[name] {
			t.Errorf("%s at the cap: %v to %v", name, low, high)
		}
		if spread && high < 30*time.Second-time.Microsecond {
			t.Errorf("%s: the top of the range is %v, want the cap", name, high)
		}
	}
}

func TestDelayBounds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	attempts := []int{math.MinInt, -1, 0, 1, 2, 3, 10, 62, 63, 64, 65, 1023, 1024, 1025, 1e6, math.MaxInt}
	draws := []float64{0, 0.5, almostOne, 1, 2, -1, math.NaN(), math.Inf(1), math.Inf(-1)}
	for range 2000 {
		p := anyPolicy(rnd)
		for _, n := range attempts {
			u := draws[rnd.IntN(len(draws))]
			prev := time.Duration(rnd.Uint64() >> rnd.IntN(64))
			d := p.Delay(n, prev, retry.Class(rnd.IntN(5)), u)
			if d < 0 || p.Backoff.Cap > 0 && d > most(p) {
				t.Fatalf("%v: Delay(%d, %v, _, %v) = %v", p, n, prev, u, d)
			}
		}
	}
}

func TestDelayGrowsWithTheDraw(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		p, n, prev := anyPolicy(rnd), 1+rnd.IntN(80), time.Duration(rnd.Int64N(int64(time.Hour)))
		a, b := rnd.Float64(), rnd.Float64()
		if p.Delay(n, prev, retry.Transient, min(a, b)) > p.Delay(n, prev, retry.Transient, max(a, b)) {
			t.Fatalf("%v: attempt %d: the delay falls as the draw grows", p, n)
		}
		switch p.Jitter.Kind {
		case retry.JitterDecorrelated, retry.JitterFullBelowCap: // depends on prev; has a step at the cap
			continue
		case retry.JitterProportion, retry.JitterProportionClipped, retry.JitterProportionPastCap: // round
			continue
		}
		if p.Backoff.Kind == retry.BackoffSchedule {
			continue
		}
		if p.Delay(n, prev, retry.Transient, a) > p.Delay(n+1, prev, retry.Transient, a) {
			t.Fatalf("%v: the delay after attempt %d is longer than the next", p, n)
		}
	}
}

func TestDelayUncapped(t *testing.T) {
	p := retry.Policy{Backoff: retry.Backoff{Base: time.Second}}
	if got := p.Delay(34, 0, retry.Transient, 0); got != time.Second<<33 {
		t.Errorf("2^33 s is %v", got)
	}
	for _, n := range []int{35, 64, 1000, 1e6} {
		if got := p.Delay(n, 0, retry.Transient, 0); got != forever {
			t.Errorf("attempt %d: %v, want the longest duration", n, got)
		}
	}
	p.Backoff = retry.Backoff{Base: forever, Cap: forever, Multiplier: math.MaxFloat64}
	if got := p.Delay(1e6, 0, retry.Transient, 0); got != forever {
		t.Errorf("got %v", got)
	}
}

// TestJitterIsUniform draws from each kind's range and compares with the
// uniform distribution: Kolmogorov and Smirnov's D for n = 10⁴ stays below
// 1.95/√n with probability 0.999; the seed is fixed, so the test is, too.
func TestJitterIsUniform(t *testing.T) {
	const n = 10_000
	for name, kind := range kinds() {
		if kind == retry.JitterNone {
			continue
		}
		p := retry.Policy{
			Backoff: retry.Backoff{Base: time.Second, Cap: time.Hour},
			Jitter:  retry.Jitter{Kind: kind, Amount: 2 * time.Second, Proportion: 0.25},
		}
		rnd := rand.New(rand.NewPCG(5, uint64(kind)))
		low, high := p.Delay(3, 4*time.Second, retry.Transient, 0), p.Delay(3, 4*time.Second, retry.Transient, 1)
		bins := make([]int, 100)
		var sum float64
		for range n {
			x := float64(p.Delay(3, 4*time.Second, retry.Transient, rnd.Float64())-low) / float64(high-low)
			bins[min(99, int(x*100))]++
			sum += x
		}
		below, worst := 0, 0.0
		for i, count := range bins {
			below += count
			worst = max(worst, math.Abs(float64(below)/n-float64(i+1)/100))
		}
		if bound := 1.95 / math.Sqrt(n); worst > bound {
			t.Errorf("%s is not uniform: D = %.4f, want at most %.4f", name, worst, bound)
		}
		if mean := sum / n; math.Abs(mean-0.5) > 4/math.Sqrt(12*n) {
			t.Errorf("%s: mean %.4f of the range, want 0.5", name, mean)
		}
	}
}

func FuzzDelay(f *testing.F) {
	f.Add(1, int64(time.Second), int64(30*time.Second), 2.0, uint8(0), uint8(5), int64(time.Second), 0.5, int64(0), 0.5)
	f.Add(1_000_000, int64(1), int64(0), 1e308, uint8(4), uint8(4), int64(math.MaxInt64), 1.0, int64(math.MaxInt64), 1.0)
	f.Fuzz(func(t *testing.T, n int, base, limit int64, m float64, formula, kind uint8, amount int64, proportion float64, prev int64, u float64) {
		p := retry.Policy{
			Attempts: 2,
			Backoff:  retry.Backoff{Kind: retry.BackoffKind(formula), Base: time.Duration(base), Cap: time.Duration(limit), Multiplier: m},
			Jitter:   retry.Jitter{Kind: retry.JitterKind(kind), Amount: time.Duration(amount), Proportion: proportion},
		}
		d := p.Delay(n, time.Duration(prev), retry.Transient, u)
		if p.Jitter.Kind == retry.JitterProportionPastCap && p.Validate() != nil {
			p.Backoff.Cap = forever // only a valid proportion says how far past
		}
		if d < 0 || limit > 0 && d > most(p) { // holds for invalid policies, too
			t.Fatalf("%v: %v", p, d)
		}
	})
}

// most is the longest delay there can be.
func most(p retry.Policy) time.Duration {
	if p.Jitter.Kind != retry.JitterProportionPastCap {
		return p.Backoff.Cap
	}
	factor := 1 + max(p.Jitter.Proportion, p.Jitter.Above)
	if ns := float64(p.Backoff.Cap) * factor * (1 + 1e-9); ns < math.MaxInt64 {
		return time.Duration(ns) + 1
	}
	return forever
}

func kinds() map[string]retry.JitterKind {
	m := map[string]retry.JitterKind{}
	for i, name := range retry.JitterKinds() {
		m[name] = retry.JitterKind(i)
	}
	return m
}

// anyPolicy returns a valid policy, now and then an extreme one.
func anyPolicy(rnd *rand.Rand) retry.Policy {
	length := func() time.Duration { return time.Duration(rnd.Int64() >> (1 + rnd.IntN(60))) }
	p := retry.Policy{
		Attempts: 1 + rnd.IntN(8),
		Backoff:  retry.Backoff{Base: length(), ThrottleBase: length()},
		Jitter: retry.Jitter{
			Kind: retry.JitterKind(rnd.IntN(len(retry.JitterKinds()))), Amount: 1 + length(), Proportion: 1 - rnd.Float64(),
		},
	}
	if rnd.IntN(2) == 0 {
		p.Backoff.Kind = retry.BackoffKind(rnd.IntN(len(retry.BackoffKinds())))
	}
	if p.Backoff.Kind == retry.BackoffSchedule {
		list := make([]time.Duration, 1+rnd.IntN(retry.MostDelays))
		for i := range list {
			list[i] = length()
		}
		p.Backoff.Schedule = retry.Delays(list...)
	}
	if rnd.IntN(4) == 0 {
		p.Jitter.Above = rnd.Float64()
	}
	p.Backoff.Immediate = rnd.IntN(8) == 0
	if rnd.IntN(4) > 0 {
		p.Backoff.Cap = max(1, p.Backoff.Base, p.Jitter.Amount) + length()/2
		if p.Backoff.Cap < 0 {
			p.Backoff.Cap = forever
		}
	}
	if rnd.IntN(3) > 0 {
		p.Backoff.Multiplier = 1 + rnd.ExpFloat64()
	}
	return p
}
