package sim

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"testing"
	"time"
)

// golden holds a hash of the bits of thousands of results per function. They
// were computed on amd64 and are the same everywhere: a machine or compiler
// that rounds otherwise fails here. A change of the code that changes one of
// these changes every published run: it needs a line in the changelog.
var golden = map[string]uint64{
	"log":                  0x9b33f2f7f3f29875,
	"exp":                  0x0c73a36d9715541b,
	"normal quantile":      0x3d8a3d2939a811f1,
	"stream":               0x603a2165e064a116,
	"fixed":                0x58ae7b958789fc15,
	"uniform":              0xc5603c5a13e06064,
	"lognormal":            0xe07194da1dbe09d2,
	"lognormal, wide":      0xc899dcd23a53faf9,
	"exponential":          0x151f366ff4109136,
	"exponential, limited": 0xc579b0156bceb0b0,
	"pareto":               0x461783974b481ea4,
	"pareto, heavy":        0x6bb07d33e2b00036,
	"empirical":            0x498f6783ac7dc1c2,
	"poisson":              0x53b7a02914aebce1,
	"poisson, dense":       0x68b86e00c36d4ead,
	"paced":                0x2ae0fa63c54dde88,
	"varying poisson":      0x4770d89e36226102,
	"varying paced":        0x87474184cd737cc2,
}

// hashOf hashes n words, the least significant byte first.
func hashOf(n uint64, word func(i uint64) uint64) uint64 {
	h := fnv.New64a()
	for i := range n {
		h.Write(binary.LittleEndian.AppendUint64(nil, word(i)))
	}
	return h.Sum64()
}

func TestBitsAreTheSameEverywhere(t *testing.T) {
	const n = 5000
	check := func(name string, word func(i uint64) uint64) {
		t.Helper()
		if got := hashOf(n, word); got != golden[name] {
			t.Errorf("%s: %#016x, want %#016x", name, got, golden[name])
		}
	}
	s := NewStream(1, "golden")
	draw := func(i uint64) float64 { return s.Float64(i, 0, 0) }
	check("log", func(i uint64) uint64 {
		return math.Float64bits(log(exp((draw(i)-0.5)*1400) + draw(i)))
	})
	check("exp", func(i uint64) uint64 { return math.Float64bits(exp((draw(i) - 0.5) * 1400)) })
	check("normal quantile", func(i uint64) uint64 {
		p := draw(i)
		if i%2 == 0 { // the tails
			p = exp(-37 * p)
		}
		return math.Float64bits(NormalQuantile(p))
	})
	check("stream", func(i uint64) uint64 { return NewStream(i, "golden").Sub(i%3).Uint64(i, 2*i, 3*i) })
	for _, d := range []struct {
		name string
		dist Dist
	}{
		{"fixed", Dist{Kind: Fixed, Value: time.Second}},
		{"uniform", Dist{Kind: Uniform, Lower: time.Millisecond, Upper: time.Hour}},
		{"lognormal", Dist{Kind: Lognormal, Median: 30 * time.Millisecond, Sigma: 0.6, Max: 5 * time.Second}},
		{"lognormal, wide", Dist{Kind: Lognormal, Median: time.Second, Sigma: 5}},
		{"exponential", Dist{Kind: Exponential, Mean: time.Hour}},
		{"exponential, limited", Dist{Kind: Exponential, Mean: time.Second, Max: 2 * time.Second}},
		{"pareto", Dist{Kind: Pareto, Min: time.Second, Alpha: 1.5}},
		{"pareto, heavy", Dist{Kind: Pareto, Min: time.Millisecond, Alpha: 0.3}},
		{"empirical", Dist{Kind: Empirical, Percentiles: []Percentile{{0, time.Millisecond}, {50, 30 * time.Millisecond}, {99.9, 2 * time.Second}, {100, 5 * time.Second}}}},
	} {
		sampler, err := d.dist.Sampler()
		if err != nil {
			t.Fatal(err)
		}
		check(d.name, func(i uint64) uint64 { return uint64(sampler.Sample(draw(i))) })
	}
	for _, a := range []struct {
		name     string
		arrivals Arrivals
	}{
		{"poisson", NewPoisson(7, s)}, {"poisson, dense", NewPoisson(3e8, s)}, {"paced", NewPaced(0.7)},
		{"varying poisson", NewVaryingPoisson(goldenSteps(), s)}, {"varying paced", NewVaryingPaced(goldenSteps())},
	} {
		at := time.Duration(0)
		check(a.name, func(i uint64) uint64 {
			at, _ = a.arrivals.Next(at, i)
			return uint64(at)
		})
	}
}

// goldenSteps are rates that floating point has to round.
func goldenSteps() (steps []RateStep) {
	for i := range 300 {
		steps = append(steps, RateStep{From: time.Duration(i) * 7919 * time.Millisecond, Rate: float64(i%7) / 3})
	}
	return steps
}

// A whole run is the same everywhere: every event of a station under Poisson
// load whose callers give up or come back.
func TestARunIsTheSameEverywhere(t *testing.T) {
	loop := NewLoop()
	station := NewStation(loop, 4, 10)
	arrivals := NewPoisson(5, NewStream(1, "arrivals"))
	work, err := Dist{Kind: Lognormal, Median: 700 * time.Millisecond, Sigma: 1}.Sampler()
	if err != nil {
		t.Fatal(err)
	}
	draws, h := NewStream(1, "work"), fnv.New64a()
	note := func(now time.Duration, data uint64) {
		h.Write(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(now)), data))
	}
	done := ActorFunc(note)
	var enter, arrive ActorFunc
	enter = func(now time.Duration, data uint64) { // 3 times at most
		note(now, data)
		job, try := data>>2, data&3
		if !station.Enter(work.Sample(draws.Float64(job, try, 0)), done, data) && try < 2 {
			loop.After(time.Second<<try, enter, data+1)
		}
	}
	arrive = func(now time.Duration, i uint64) {
		enter(now, i<<2)
		at, _ := arrivals.Next(now, i+1)
		loop.At(at, arrive, i+1)
	}
	loop.At(0, arrive, 0)
	loop.Run(time.Hour)
	note(station.BusyTime(), station.Refused())
	note(station.QueueTime(), loop.Events())
	if got, want := h.Sum64(), uint64(0xf46a4aa77360f52f); got != want {
		t.Errorf("the run hashes to %#016x, want %#016x: %d events, %d refused", got, want, loop.Events(), station.Refused())
	}
}
