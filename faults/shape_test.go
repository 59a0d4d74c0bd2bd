package faults

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// inForceNaively is when a rule is in force, word for word: it walks through the
// spells from the beginning of the window.
func inForceNaively(r Rule, shapes sim.Stream, t time.Duration, req Request) bool {
	if t < r.From || r.Until > 0 && t >= r.Until {
		return false
	}
	t -= r.From
	if r.Flap != (Flap{}) {
		down := true
		for at := time.Duration(0); at <= t; {
			if down = !down; down {
				at += r.Flap.Down
			} else {
				at += r.Flap.Up
			}
		}
		if !down {
			return false
		}
	}
	if r.Bursts != (Bursts{}) {
		draws := shapes.Sub(1)
		bad := draws.Float64(0, 0, 0) < float64(r.Bursts.Bad)/(float64(r.Bursts.Good)+float64(r.Bursts.Bad))
		lengths := draws.Sub(1)
		for n, at := uint64(0), time.Duration(0); ; n++ {
			mean := r.Bursts.Good
			if bad {
				mean = r.Bursts.Bad
			}
			s, _ := sim.Dist{Kind: sim.Exponential, Mean: mean}.Sampler()
			if at += max(1, s.Sample(lengths.Float64(n, 0, 0))); t < at {
				break
			}
			bad = !bad
		}
		if !bad {
			return false
		}
	}
	if o := r.Rolling; o != (Rolling{}) {
		node := int(shapes.Sub(2).Float64(req.Client, req.Call, uint64(req.Attempt)) * float64(o.Nodes))
		if o.ByClient {
			node = int(req.Client) % o.Nodes
		}
		start := time.Duration(0)
		for range node {
			start += o.Down + o.Gap
		}
		if t < start || t >= start+o.Down {
			return false
		}
	}
	return true
}

// A rule is in force when the documentation says so, in whatever order the times
// are asked for, and hits with the probability of that moment.
func TestShapesAreTheirDocumentation(t *testing.T) {
	broken := effect(t, "503")
	rapid.Check(t, func(t *rapid.T) {
		length := 10 * time.Second
		spell := func(label string) time.Duration {
			return time.Duration(rapid.Int64Range(int64(MinSpell), int64(2*time.Second)).Draw(t, label))
		}
		r := Rule{P: rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "p"), Effect: broken}
		some := func(label string) bool { return rapid.Bool().Draw(t, label) }
		if some("window") {
			r.From, r.Until = 2*time.Second, 9*time.Second
		}
		if some("flap") {
			r.Flap = Flap{spell("up"), spell("down")}
		}
		if some("bursts") {
			r.Bursts = Bursts{spell("good"), spell("bad")}
		}
		if some("rolling") {
			r.Rolling = Rolling{rapid.IntRange(1, 3).Draw(t, "nodes"), time.Second, time.Duration(rapid.IntRange(0, 2).Draw(t, "gap")) * time.Second / 2, some("by client")}
		}
		if some("ramp") {
			r.Ramp = RampTo(rapid.SampledFrom([]float64{0, 0.7, 1}).Draw(t, "to"))
		}
		seed := rapid.Uint64().Draw(t, "seed")
		before := Phase{For: 3 * time.Second}
		in, err := New(Plan{Phases: []Phase{before, {For: length, Rules: []Rule{r}}}}, seed)
		if err != nil {
			t.Fatal(err)
		}
		shapes := sim.NewStream(seed, "faults shapes").Sub(1).Sub(0)
		chance := sim.NewStream(seed, "faults").Sub(1).Sub(0)
		for i := range 50 {
			at := time.Duration(rapid.Int64Range(0, int64(12*time.Second)).Draw(t, "at"))
			req := put("k", uint64(i))
			req.Client = rapid.Uint64Range(0, 5).Draw(t, "client")
			matched := in.Counts()[0].Matched
			v := in.Decide(before.For+at, req)
			want := inForceNaively(r, shapes, at, req)
			if (in.Counts()[0].Matched > matched) != want {
				t.Fatalf("%v at %v: for it %v, want %v", r, at, !want, want)
			}
			p := r.P
			if r.Ramp.Given {
				window := length
				if r.Until > 0 {
					window = r.Until - r.From
				}
				p += (r.Ramp.To - r.P) * math.Min(1, math.Max(0, float64(at-r.From)/float64(window)))
			}
			if u := chance.Float64(req.Client, req.Call, 1); math.Abs(u-p) > 1e-9 && (v.Rule == 0) != (want && u < p) {
				t.Fatalf("%v at %v: hit %v, with a draw of %v under %v", r, at, v.Rule == 0, u, p)
			}
		}
	})
}

// The shares and the lengths of bursts are those of the theory: a process with
// two states and exponential sojourns is in the bad one for Bad/(Good+Bad) of the
// time, and its correlation falls with exp(-t(1/Good+1/Bad)).
func TestBurstsKeepTheirShares(t *testing.T) {
	for _, b := range []Bursts{{20 * time.Second, 2 * time.Second}, {time.Second, time.Second}, {time.Second, 9 * time.Second}} {
		const step, n = 500 * time.Millisecond, 400_000
		bad, both, first := 0, 0, 0
		x := newBursts(b, sim.NewStream(7, "test"))
		was := false
		for i := range n {
			now := x.bad(time.Duration(i) * step)
			if now {
				bad++
				if was {
					both++
				}
			}
			was = now
		}
		for seed := range uint64(10_000) {
			if newBursts(b, sim.NewStream(seed, "test")).bad(0) {
				first++
			}
		}
		want := b.Bad.Seconds() / (b.Good + b.Bad).Seconds()
		rate := 1/b.Good.Seconds() + 1/b.Bad.Seconds()
		sigma := math.Sqrt(want * (1 - want) * 2 / rate / (n * step.Seconds())) // of the share, with its correlation
		if got := float64(bad) / n; math.Abs(got-want) > 5*sigma {
			t.Errorf("%v: bad for %.4f of the time, want %.4f ± %.4f", b, got, want, sigma)
		}
		stay := want + (1-want)*math.Exp(-step.Seconds()*rate) // bad again after a step
		if got := float64(both) / float64(bad); math.Abs(got-stay) > 0.02 {
			t.Errorf("%v: bad again after %v in %.4f, want %.4f", b, step, got, stay)
		}
		if got := float64(first) / 10_000; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/10_000) {
			t.Errorf("%v: begins bad in %.4f, want %.4f", b, got, want)
		}
	}
}

// The same time gives the same answer, whatever was asked before, also at the
// very ends of spells and far beyond the phase.
func TestBurstsArePure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Bursts{time.Duration(rapid.Int64Range(1, 50).Draw(t, "good")), time.Duration(rapid.Int64Range(1, 50).Draw(t, "bad"))}
		draws := sim.NewStream(rapid.Uint64().Draw(t, "seed"), "test")
		walked := newBursts(b, draws)
		for range 30 {
			at := time.Duration(rapid.Int64Range(0, 3000).Draw(t, "at"))
			if got, want := walked.bad(at), newBursts(b, draws).bad(at); got != want {
				t.Fatalf("%v at %d: %v, asked afresh %v", b, at, got, want)
			}
		}
	})
	far := newBursts(Bursts{time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)}, sim.NewStream(1, "test"))
	for _, at := range []time.Duration{math.MaxInt64, 0, math.MaxInt64 - 1} {
		far.bad(at)
	}
}
