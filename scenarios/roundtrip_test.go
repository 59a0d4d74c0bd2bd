package scenarios

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

func duration(t *rapid.T, name string, least, most time.Duration) time.Duration {
	d := time.Duration(rapid.Int64Range(int64(least), int64(most)).Draw(t, name))
	if rapid.Bool().Draw(t, name+" round") {
		d = max(least, d.Round(time.Second))
	}
	return min(d, most)
}

func drawDist(t *rapid.T, name string) sim.Dist {
	d := sim.Dist{Kind: rapid.SampledFrom(sim.Kinds()).Draw(t, name)}
	some := func() time.Duration { return duration(t, name, 1, time.Hour) }
	switch d.Kind {
	case sim.Fixed:
		d.Value = some()
	case sim.Uniform:
		d.Lower = some()
		d.Upper = d.Lower + some()
	case sim.Lognormal:
		d.Median, d.Sigma = some(), rapid.Float64Range(0, 5).Draw(t, "sigma")
	case sim.Exponential:
		d.Mean = some()
	case sim.Pareto:
		d.Min, d.Alpha = some(), rapid.Float64Range(0.1, 5).Draw(t, "alpha")
	case sim.Empirical:
		d.Percentiles = []sim.Percentile{{P: 0, Value: 1}, {P: 99.9, Value: 1 + some()}, {P: 100, Value: 1 + time.Hour}}
	}
	if _, may, _ := sim.Fields(d.Kind); len(may) > 0 && rapid.Bool().Draw(t, "max?") {
		d.Max = max(d.Min, d.Median, d.Mean) + some()
	}
	return d
}

// label draws what a phase or policy may be called.
func label(t *rapid.T, i int) string {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab9-_.'#&*!|>%@` é\\~?")), 0, 12, -1).Draw(t, "label")
	return fmt.Sprintf("x%s%d", text, i)
}

func drawPhases(t *rapid.T, model Model, ops []string) (phases []Phase) {
	effects := []string{"SlowDown", "503", "429 retry-after=2s", "outage", "reset", "blackhole", "latency add=2s", "stale by=30s", "clock-skew by=-20m0s", "token-expired after=2s", "reject-early 503 after=1s", "headers drop=Etag set=\"A: 'b\"", "307 header=Location:http://x/", "503 body=\"a # b: c\"", "429 retry-after-date=2s", "corrupt at=5 checksum=matching", "delete-errors SlowDown share=0.5 keys=\"a 'b\"", "bandwidth rate=64KiB/s", "slow-upload rate=1B/s", "slow-body add=2s", "lost-ack", "lost-ack 503 retry-after=2s", "lost-ack timeout",
		"latency add=lognormal(median=2s,sigma=0.5)", "InternalError after=5ms", "close", "garbage after=1s", "half-headers", "truncate at=1000", "truncate at=0 end=reset", "stall at=1073741824", "malformed-chunk", "error-in-200 SlowDown spaces=7"}
	for i := range rapid.IntRange(1, 3).Draw(t, "phases") {
		ph := Phase{Label: label(t, i), For: duration(t, "for", MinPhase, 24*time.Hour)}
		if model == ModelOpen && rapid.Bool().Draw(t, "rate?") {
			ph.Rate = rapid.SampledFrom([]*PhaseRate{{}, {Rate: 160}, {Rate: 1.0 / 3}, {Times: 0.5}, {Times: 1e-9}, {Times: 0.1}}).Draw(t, "rate")
		}
		if rapid.IntRange(0, 3).Draw(t, "lives?") == 0 {
			ph.Offline = rapid.SampledFrom([]float64{0, 1, 0.3, 1e-9}).Draw(t, "offline")
			if i > 0 {
				ph.Restart = rapid.SampledFrom([]float64{0, 1, 0.3}).Draw(t, "restart")
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "faults") {
			effect, err := faults.ParseEffect(rapid.SampledFrom(effects).Draw(t, "effect"))
			if err != nil {
				t.Fatal(err)
			}
			r := faults.Rule{P: rapid.Float64Range(1e-9, 1).Draw(t, "p"), Effect: effect}
			if rapid.Bool().Draw(t, "certain") {
				r.P = 1
			}
			if len(ops) > 0 && rapid.Bool().Draw(t, "on op") {
				r.On.Op = rapid.SampledFrom(ops).Draw(t, "on")
			}
			if r.On.Op != "" && !r.Effect.Meets(r.On.Op) {
				r.On.Op = ""
			}
			if rapid.Bool().Draw(t, "on key") {
				r.On.Key = rapid.SampledFrom([]string{"raw/**", "{a,b}/*.json", "[a-z]?"}).Draw(t, "glob")
			}
			drawMore(t, &r, ph.For)
			if !slices.ContainsFunc(ph.Faults, func(before faults.Rule) bool { // which would decide for all of r's requests
				return before.Always() && !before.Continue && before.On.Covers(r.On)
			}) {
				ph.Faults = append(ph.Faults, r)
			}
		}
		phases = append(phases, ph)
	}
	return phases
}

// drawMore draws the rest of a fault in a phase of that length.
func drawMore(t *rapid.T, r *faults.Rule, phase time.Duration) {
	some := func(label string) bool { return rapid.IntRange(0, 4).Draw(t, label) == 0 }
	if some("headers?") {
		r.On.Headers = []faults.HeaderMatch{{Name: "X-Tenant", Value: "blue*"}, {Name: "user-agent", Value: `a "b": {c}`}}
	}
	if some("clients?") {
		r.On.Clients = []faults.Range{{From: 0, To: 0}, {From: 3, To: 9}}[:rapid.IntRange(1, 2).Draw(t, "clients")]
	}
	if some("attempts?") {
		r.On.Attempts = []faults.Range{{From: 1, To: 2}, {From: 4, To: faults.NoEnd}}[rapid.IntRange(0, 1).Draw(t, "attempts"):]
	}
	if some("from?") {
		r.From = phase / 4
	}
	if some("until?") {
		r.Until = phase/4 + phase/2
	}
	if phase > time.Minute && some("flap?") {
		r.Flap = faults.Flap{Up: 5 * time.Second, Down: 1500 * time.Millisecond}
	}
	if some("bursts?") {
		r.Bursts = faults.Bursts{Good: time.Minute, Bad: time.Second}
	}
	if phase > time.Minute && some("rolling?") {
		r.Rolling = faults.Rolling{Nodes: 4, Down: time.Second, Gap: rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(t, "gap"), ByClient: rapid.Bool().Draw(t, "by client")}
	}
	by := rapid.SampledFrom([]faults.By{faults.ByAll, faults.ByKey, faults.ByClient, faults.ByCall})
	if some("every?") {
		r.Every = faults.Every{N: rapid.IntRange(1, faults.MaxCount).Draw(t, "every"), Per: by.Draw(t, "per")}
	}
	if some("first?") {
		r.First = faults.First{N: rapid.IntRange(1, faults.MaxCount).Draw(t, "first"), Per: by.Draw(t, "per")}
		r.First.Calls = r.First.Per != faults.ByCall && rapid.Bool().Draw(t, "calls")
	}
	if some("ramp?") {
		r.Ramp = faults.RampTo(rapid.Float64Range(0, 1).Draw(t, "to"))
	}
	if some("at most?") {
		r.AtMost = rapid.IntRange(1, faults.MaxCount).Draw(t, "at most")
	}
	r.Continue = r.Effect.Modifies() && rapid.Bool().Draw(t, "continue")
}

func drawRetry(t *rapid.T) retry.Policy {
	p := retry.Policy{Attempts: 1}
	if name := rapid.SampledFrom(append(retry.Presets(), "")).Draw(t, "preset"); name != "" {
		p, _ = retry.Preset(name)
	}
	change := func(name string) bool { return rapid.IntRange(0, 2).Draw(t, name) == 0 }
	if change("attempts?") {
		p.Attempts = rapid.IntRange(1, math.MaxInt32).Draw(t, "attempts")
	}
	if change("backoff?") {
		p.Backoff.Base = duration(t, "base", 0, time.Minute)
		p.Backoff.Cap = rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "cap")
		p.Backoff.Multiplier = rapid.SampledFrom([]float64{0, 1, 1.5, 2, 1e9}).Draw(t, "multiplier")
		p.Backoff.ThrottleBase = duration(t, "throttle_base", 0, time.Minute)
	}
	if change("kind of backoff?") {
		p.Backoff.Kind = retry.BackoffKind(rapid.IntRange(0, len(retry.BackoffKinds())-1).Draw(t, "backoff"))
		p.Backoff.Immediate = rapid.Bool().Draw(t, "immediate")
		if p.Backoff.Kind == retry.BackoffSchedule {
			p.Backoff.Schedule = rapid.SampledFrom([]retry.Schedule{retry.Delays(0), retry.Delays(1, time.Second, time.Hour)}).Draw(t, "schedule")
		}
	}
	if change("jitter?") {
		p.Jitter = rapid.SampledFrom([]retry.Jitter{
			{}, {Kind: retry.JitterFull}, {Kind: retry.JitterEqual}, {Kind: retry.JitterAdditive, Amount: time.Second},
			{Kind: retry.JitterProportion, Proportion: 0.3}, {Kind: retry.JitterProportion, Proportion: 1e-9},
		}).Draw(t, "jitter")
		if p.Backoff.Cap > 0 {
			p.Backoff.Cap = max(p.Backoff.Cap, p.Jitter.Amount)
		}
	}
	if change("bounds?") {
		p.AttemptTimeout, p.Limit = duration(t, "attempt_timeout", 0, time.Hour), duration(t, "limit", 0, time.Hour)
	}
	if change("hint?") {
		p.Hint = retry.Hint{Mode: rapid.SampledFrom([]retry.HintMode{retry.HintNone, retry.HintRetryAfter, retry.HintAmz}).Draw(t, "hint"), Max: duration(t, "max_hint", 0, time.Hour)}
	}
	if change("classifier?") {
		p.Classifier = rapid.SampledFrom(retry.Classifiers()).Draw(t, "classifier")
	}
	if change("quota?") {
		p.Quota = rapid.SampledFrom([]retry.Quota{{}, {Capacity: 100, Cost: 5}, {Capacity: 9, Cost: 1, ThrottleCost: 2, TimeoutCost: 3, Reward: 4}}).Draw(t, "quota")
		if p.Quota != (retry.Quota{}) {
			p.Budget = retry.BudgetPlan{}
		}
	}
	base, _ := retry.Preset(p.Name)
	return heeded(p, base) // a file says nothing else
}

func drawScenario(t *rapid.T) *Scenario {
	sc := &Scenario{
		Name:  rapid.StringMatching(`[a-zA-Z0-9][a-zA-Z0-9._-]{0,20}`).Draw(t, "name"),
		About: rapid.SampledFrom([]string{"", "one line", "two\n\nlines: a \"b\" # c", "'é'", "- x", "yes"}).Draw(t, "about"),
	}
	sc.Backend = Backend{Kind: rapid.SampledFrom([]Kind{KindS3, KindHTTP}).Draw(t, "kind"), Latency: drawDist(t, "latency")}
	if rapid.Bool().Draw(t, "network?") {
		network := drawDist(t, "network")
		sc.Backend.Network = &network
	}
	if sc.Backend.Kind == KindS3 {
		sc.Backend.Bucket = rapid.SampledFrom([]string{DefaultBucket, "my-bucket.1"}).Draw(t, "bucket")
	}
	if sc.Backend.Kind == KindHTTP {
		sc.Backend.Routes = drawRoutes(t)
	}
	if rapid.Bool().Draw(t, "capacity?") {
		sc.Backend.Capacity = drawCapacity(t, sc.Backend.Kind)
	}
	sc.Load = drawLoad(t, sc.Backend.Kind)
	var ops []string
	for m := range sc.Load.items() {
		ops = append(ops, m.Op)
	}
	for range rapid.IntRange(0, 2).Draw(t, "quotas") {
		sc.Backend.Quotas = append(sc.Backend.Quotas, drawQuota(t, sc.Backend.Kind, ops))
	}
	if sc.Backend.Kind == KindS3 && rapid.Bool().Draw(t, "prefixes?") {
		p := faults.DefaultPrefixes()
		if rapid.Bool().Draw(t, "other prefixes") {
			p = faults.Prefixes{Writes: drawExactRate(t), Reads: drawExactRate(t), SplitAfter: duration(t, "split_after", 1, 999*time.Hour)}
		}
		sc.Backend.Prefixes = &p
	}
	sc.Phases = drawPhases(t, sc.Load.Model, ops)
	drawGroupRates(t, sc)
	drawPhaseCapacities(t, sc)
	for i := range rapid.IntRange(1, 3).Draw(t, "policies") {
		p := Policy{Name: label(t, i), Baseline: rapid.Bool().Draw(t, "baseline"), Retry: drawRetry(t)}
		if rapid.Bool().Draw(t, "breaker?") {
			p.Breaker = &Breaker{Config: drawBreaker(t), Scope: rapid.SampledFrom(Scopes()).Draw(t, "scope")}
			if p.Breaker.Scope == ScopeShared {
				least := MinSync + time.Duration(float64(sc.Load.Clients)*float64(sc.length())/maxComparisons)
				p.Breaker.SyncEvery = duration(t, "sync_every", least, least+time.Hour)
			}
		}
		sc.Policies = append(sc.Policies, p)
	}
	for i := range sc.Load.Groups {
		if rapid.Bool().Draw(t, "own policy?") {
			sc.Load.Groups[i].Policy = sc.Policies[0].Name
		}
	}
	drawThresholds(t, sc, ops)
	return sc
}

func drawBreaker(t *rapid.T) breaker.Config {
	window := func() breaker.Window {
		if rapid.Bool().Draw(t, "calls?") {
			return breaker.Window{Calls: rapid.IntRange(9, 1000).Draw(t, "calls")}
		}
		return breaker.Window{Span: duration(t, "span", 10, time.Hour)}
	}
	share := rapid.Float64Range(1e-9, 1)
	c := breaker.Config{
		Failures: rapid.IntRange(1, 99).Draw(t, "failures"), OpenFor: duration(t, "open_for", 1, time.Hour),
		Probes: rapid.IntRange(1, 9).Draw(t, "probes"), Shadow: rapid.Bool().Draw(t, "shadow"),
		MaxHint: duration(t, "max_hint", 0, time.Hour), ProbeLease: duration(t, "probe_lease", 0, time.Hour),
		OpenJitter: rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(t, "open_jitter"),
	}
	c.Successes = rapid.IntRange(0, c.Probes).Draw(t, "successes")
	if rapid.Bool().Draw(t, "grows?") {
		c.OpenMultiplier, c.OpenMax = rapid.Float64Range(1.001, 1e9).Draw(t, "open_multiplier"), c.OpenFor+duration(t, "open_max", 0, time.Hour)
	}
	if rapid.Bool().Draw(t, "failure_count?") {
		c.FailureCount = breaker.FailureCount{Failures: rapid.IntRange(1, 9).Draw(t, "k"), Window: window()}
	}
	if rapid.Bool().Draw(t, "failure_rate?") {
		c.FailureRate = breaker.FailureRate{Rate: share.Draw(t, "rate"), MinCalls: rapid.IntRange(0, 9).Draw(t, "min_calls"), Window: window()}
	}
	if rapid.Bool().Draw(t, "slow_rate?") {
		c.SlowRate = breaker.SlowRate{After: duration(t, "after", 1, time.Hour), Rate: share.Draw(t, "slow"), Window: window()}
		c.Failures = rapid.IntRange(0, 99).Draw(t, "failures or none")
	}
	return c
}

func drawThresholds(t *rapid.T, sc *Scenario, ops []string) {
	var labels, names []string
	for _, ph := range sc.Phases {
		labels = append(labels, ph.Label)
	}
	for _, p := range sc.Policies {
		names = append(names, p.Name)
	}
	if len(ops) == 0 {
		ops = []string{"GetObject"}
	}
	seen := map[string]bool{}
	for range rapid.IntRange(0, 3).Draw(t, "thresholds") {
		th := drawThreshold(t, labels, ops, names)
		if seen[th.Selector()] {
			continue
		}
		seen[th.Selector()] = true
		if th.Filter.Policy == "" && !slices.ContainsFunc(sc.Policies, th.Binds) {
			sc.Policies[0].Baseline = false // a threshold must bind somebody
		}
		th.Text = th.Expr()
		sc.Thresholds = append(sc.Thresholds, th)
		if rapid.Bool().Draw(t, "twice") {
			sc.Thresholds = append(sc.Thresholds, th)
		}
	}
}

func TestParseReadsBackWhatWritePrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := drawScenario(t)
		var buf bytes.Buffer
		if err := Write(&buf, sc); err != nil {
			t.Fatalf("not valid: %v", err)
		}
		back, err := Parse("x.yaml", buf.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, buf.Bytes())
		}
		back.origin = origin{}
		if !reflect.DeepEqual(sc, back) {
			t.Fatalf("%s\nwrote %+v\n read %+v", buf.Bytes(), sc, back)
		}
		var again bytes.Buffer
		if err := Write(&again, back); err != nil || !bytes.Equal(buf.Bytes(), again.Bytes()) {
			t.Fatalf("written twice, not the same: %v", err)
		}
	})
}

func TestLibraryReadsBackWhatWritePrints(t *testing.T) {
	for _, name := range libraryNames() {
		sc, err := Builtin(name)
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		if err := Write(&buf, sc); err != nil {
			t.Fatal(err)
		}
		back, err := Parse(name, buf.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, buf.Bytes())
		}
		back.origin, sc.origin = origin{}, origin{}
		if !reflect.DeepEqual(sc, back) {
			t.Errorf("%s:\n%s", name, buf.Bytes())
		}
	}
}
