package faults

import (
	"math"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

func newInjector(t testing.TB, seed uint64, phases ...Phase) *Injector {
	t.Helper()
	in, err := New(Plan{Phases: phases}, seed)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func put(key string, call uint64) Request {
	return Request{Op: "PutObject", Method: "PUT", Bucket: "data", Key: key, Client: 3, Call: call, Attempt: 1}
}

// decideNaively is the rule of the documentation, word for word.
func decideNaively(p Plan, seed uint64, at time.Duration, r Request) (phase, rule int, add time.Duration) {
	end := time.Duration(0)
	for phase = range p.Phases {
		end += p.Phases[phase].For
		if at < end {
			break
		}
	}
	for i, candidate := range p.Phases[phase].Rules {
		g := compileGlob(candidate.On.Key)
		if candidate.On.Op != "" && candidate.On.Op != r.Op || !g.match(r.Key) || !candidate.Effect.Meets(r.Op) {
			continue
		}
		u := sim.NewStream(seed, "faults").Sub(uint64(phase)).Sub(uint64(i)).Float64(r.Client, r.Call, uint64(r.Attempt))
		if u >= candidate.P {
			return phase, -1, 0
		}
		if candidate.Effect.Rate > 0 {
			size := r.Download
			if candidate.Effect.Kind == SlowUpload {
				size = r.Upload
			}
			add = time.Duration(size * 1e9 / candidate.Effect.Rate)
		}
		if candidate.Effect.Add != "" {
			d, _ := sim.ParseDist(candidate.Effect.Add)
			s, _ := d.Sampler()
			add = s.Sample(sim.NewStream(seed, "faults latency").Sub(uint64(phase)).Sub(uint64(i)).Float64(r.Client, r.Call, uint64(r.Attempt)))
		}
		return phase, i, add
	}
	return phase, -1, 0
}

func TestDecideIsItsDocumentation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.Custom(func(t *rapid.T) Rule {
			out := Rule{
				On: Selector{
					Op:  rapid.SampledFrom([]string{"", "PutObject", "GetObject", "HeadObject"}).Draw(t, "op"),
					Key: rapid.SampledFrom([]string{"", "raw/**", "*.json", "a", "x?"}).Draw(t, "key"),
				},
				P:      rapid.SampledFrom([]float64{0, 0.3, 0.9, 1}).Draw(t, "p"),
				Effect: anyEffect(t),
			}
			if !out.Effect.Meets(out.On.Op) {
				out.On.Op = "" // no operation of this test answers so
			}
			return out
		})
		plan := Plan{Phases: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Phase {
			return Phase{For: time.Duration(rapid.IntRange(1, 5).Draw(t, "for")), Rules: rapid.SliceOfN(rule, 0, 4).Draw(t, "rules")}
		}), 1, 12).Draw(t, "phases")}
		seed := rapid.Uint64().Draw(t, "seed")
		in, err := New(plan, seed)
		if err != nil {
			t.Fatal(err)
		}
		var fired, matched uint64
		for i := range 50 {
			at := time.Duration(rapid.IntRange(-3, 70).Draw(t, "at"))
			r := Request{
				Op:     rapid.SampledFrom([]string{"PutObject", "GetObject", "DeleteObject", "HeadObject", ""}).Draw(t, "request op"),
				Key:    rapid.SampledFrom([]string{"", "raw/1", "a", "b.json", "xy"}).Draw(t, "request key"),
				Client: rapid.Uint64Range(0, 5).Draw(t, "client"), Call: uint64(i), Attempt: rapid.IntRange(1, 4).Draw(t, "attempt"),
				Upload: rapid.Int64Range(0, 1<<30).Draw(t, "upload"), Download: rapid.Int64Range(0, 1<<30).Draw(t, "download"),
			}
			v := in.Decide(at, r)
			phase, n, add := decideNaively(plan, seed, at, r)
			if v.Phase != phase || v.Rule != n || v.Add != add {
				t.Fatalf("%v %+v: %+v, want phase %d rule %d add %v", at, r, v, phase, n, add)
			}
			if n >= 0 {
				fired++
				if v.Effect() != plan.Phases[phase].Rules[n].Effect {
					t.Fatalf("effect %v", v.Effect())
				}
			} else if v.Effect() != (Effect{}) || v.Err() != nil || !v.Served() || v.Hangs() {
				t.Fatalf("nothing goes wrong, but %+v", v)
			}
		}
		var all uint64
		for _, c := range in.Counts() {
			matched, all = matched+c.Matched, all+c.Fired
			if c.Fired > c.Matched {
				t.Fatalf("%+v", c)
			}
		}
		if all != fired || matched > 50 {
			t.Fatalf("counted %d fired, %d matched; saw %d", all, matched, fired)
		}
	})
}

func TestFirstMatchWins(t *testing.T) {
	in := newInjector(t, 1, Phase{Label: "burst", For: time.Second, Rules: []Rule{
		{On: Selector{Key: "raw/**"}, P: 0, Effect: effect(t, "SlowDown")},
		{On: Selector{Op: "PutObject"}, P: 1, Effect: effect(t, "503")},
		{P: 1, Effect: effect(t, "outage")},
	}})
	for key, want := range map[string]int{"raw/1": -1, "other": 1} { // a rule that matches but does not fire still decides
		if v := in.Decide(0, put(key, 1)); v.Rule != want {
			t.Errorf("%s: rule %d, want %d", key, v.Rule, want)
		}
	}
	if v := in.Decide(0, Request{Op: "GetObject", Key: "other"}); v.Rule != 2 {
		t.Errorf("rule %d", v.Rule)
	}
	counts := in.Counts()
	for i, want := range []RuleCount{
		{0, 0, "burst", "raw/** p=0 SlowDown", 1, 0, 0, 3, Nominal{0, 0, true}},
		{0, 1, "burst", "PutObject 503", 1, 1, 0, 3, Nominal{1, 1, true}},
		{0, 2, "burst", "outage", 1, 1, 0, 3, Nominal{1, 1, true}},
	} {
		if counts[i] != want {
			t.Errorf("%+v, want %+v", counts[i], want)
		}
	}
}

func TestPhasesFollowEachOtherAndTheLastStays(t *testing.T) {
	for _, n := range []int{1, 3, 40} { // few phases are searched in line, many by halves
		var phases []Phase
		for i := range n {
			phases = append(phases, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, strconv.Itoa(500+i))}}})
		}
		in := newInjector(t, 1, phases...)
		for i := range n {
			for _, at := range []time.Duration{0, time.Second - 1} {
				at += time.Duration(i) * time.Second
				if v := in.Decide(at, put("k", 1)); v.Phase != i || v.Effect().Status != 500+i {
					t.Errorf("%v: phase %d", at, v.Phase)
				}
			}
		}
		for _, at := range []time.Duration{time.Duration(n) * time.Second, math.MaxInt64} {
			if v := in.Decide(at, put("k", 1)); v.Phase != n-1 {
				t.Errorf("%v: phase %d", at, v.Phase)
			}
		}
		if v := in.Decide(math.MinInt64, put("k", 1)); v.Phase != 0 {
			t.Errorf("before the start: phase %d", v.Phase)
		}
	}
}

// The probability is kept, and draws of seeds, rules, clients, calls and
// attempts are independent.
func TestProbabilityIsKept(t *testing.T) {
	const n, p = 100_000, 0.3
	seen := map[string]int{}
	for seed := range uint64(2) {
		in := newInjector(t, seed,
			Phase{For: time.Second, Rules: []Rule{{P: p, Effect: effect(t, "503")}}},
			Phase{For: time.Second, Rules: []Rule{{P: p, Effect: effect(t, "503")}}})
		for phase := range 2 {
			for _, attempt := range []int{1, 2} {
				fired, both, before := 0, 0, false
				for call := range uint64(n) {
					r := put("k", call/100)
					r.Client, r.Attempt = call%100, attempt
					hit := in.Decide(time.Duration(phase)*time.Second, r).Rule == 0
					if hit {
						fired++
						if before {
							both++
						}
					}
					before = hit
				}
				sigma := math.Sqrt(n * p * (1 - p))
				if math.Abs(float64(fired)-n*p) > 5*sigma || math.Abs(float64(both)-n*p*p) > 5*sigma {
					t.Errorf("seed %d phase %d attempt %d: %d fired, %d twice in a row", seed, phase, attempt, fired, both)
				}
				seen[strconv.Itoa(fired)+"/"+strconv.Itoa(both)]++
			}
		}
	}
	if len(seen) < 7 { // of 8 combinations; equal counts of two are a rare chance
		t.Errorf("draws repeat: %v", seen)
	}
}

// Adding a rule at the end, or a phase, shifts nobody's draws.
func TestDrawsAreKeyed(t *testing.T) {
	rule := Rule{On: Selector{Op: "PutObject"}, P: 0.5, Effect: effect(t, "latency add=exponential(mean=1s)")}
	one := newInjector(t, 9, Phase{For: time.Second, Rules: []Rule{rule}})
	two := newInjector(t, 9, Phase{For: time.Second, Rules: []Rule{rule, {P: 0.5, Effect: effect(t, "503")}}}, Phase{For: time.Second})
	for call := range uint64(1000) {
		two.Decide(0, Request{Op: "GetObject", Call: call}) // draws in between
		a, b := one.Decide(0, put("k", call)), two.Decide(0, put("k", call))
		if a.Rule != b.Rule || a.Add != b.Add {
			t.Fatalf("call %d: %+v and %+v", call, a, b)
		}
	}
}

func TestDecideIsSafeForConcurrentUse(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 0.5, Effect: effect(t, "SlowDown")}}})
	want := make([]bool, 1000)
	for i := range want {
		want[i] = in.Decide(0, put("k", uint64(i))).Rule == 0
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range want {
				if got := in.Decide(0, put("k", uint64(i))).Rule == 0; got != want[i] {
					t.Errorf("call %d: %v", i, got)
				}
			}
		})
	}
	wg.Wait()
	if c := in.Counts()[0]; c.Matched != 5000 {
		t.Errorf("%+v", c)
	}
}

func TestKeysOfHTTPRequestsAreMatchedWithoutTheirQuery(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{On: Selector{Op: "GET", Key: "/v1/stations"}, P: 1, Effect: effect(t, "503")}}})
	for key, want := range map[string]int{"/v1/stations": 0, "/v1/stations?page=2": 0, "/v1/stations/2": -1} {
		if v := in.Decide(0, Request{Op: "GET", Method: "GET", Key: key}); v.Rule != want {
			t.Errorf("%s: rule %d", key, v.Rule)
		}
	}
}

func TestDecideDoesNotAllocate(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{
		{On: Selector{Op: "GetObject", Key: "**/x/*.json"}, P: 0.5, Effect: effect(t, "InternalError")},
		{On: Selector{Op: "PutObject", Key: "raw/**"}, P: 0.5, Effect: effect(t, "SlowDown")},
		{P: 1, Effect: effect(t, "latency add=lognormal(median=2s,sigma=0.5)")},
	}})
	var sink error
	var call uint64
	for name, r := range map[string]Request{"put": put("raw/1", 0), "get": {Op: "GetObject", Key: "a/x/y.json"}, "other": {Op: "DeleteObject"}} {
		if n := testing.AllocsPerRun(1000, func() {
			call++
			r.Call = call
			sink = in.Decide(0, r).Err()
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	_ = sink
}
