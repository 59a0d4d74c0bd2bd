package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

func fixed(d time.Duration) sim.Dist { return sim.Dist{Kind: sim.Fixed, Value: d} }

func effect(t testing.TB, text string) faults.Effect {
	t.Helper()
	e, err := faults.ParseEffect(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// steady is a fleet that the tests bend: 50 calls a second of one operation
// for a minute, 20 ms each, no faults.
func steady(attempts int) *Config {
	p := retry.None()
	p.Attempts = attempts
	p.Backoff = retry.Backoff{Base: 100 * time.Millisecond, Multiplier: 2, Cap: time.Second}
	p.Jitter = retry.Jitter{Kind: retry.JitterFull}
	return &Config{
		Seed:    1,
		Backend: Backend{Kind: S3, Bucket: "squall", Latency: fixed(20 * time.Millisecond)},
		Load: Load{
			Model: Open, Rate: 50, Clients: 5,
			Mix: []Op{{Name: "PutObject", Key: "raw/{client}/{call}.json", Size: 512, Weight: 1}},
		},
		Plan:   faults.Plan{Phases: []faults.Phase{{Label: "steady", For: time.Minute}}},
		Policy: Policy{Name: "p", Retry: p},
	}
}

func withFault(t testing.TB, c *Config, p float64, text string) *Config {
	c.Plan.Phases[0].Rules = []faults.Rule{{P: p, Effect: effect(t, text)}}
	return c
}

func play(t testing.TB, c *Config) reports.Policy {
	t.Helper()
	res, err := Run(context.Background(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec := res.Report()
	checkLaws(t, rec)
	return rec
}

// checkLaws holds what must be true of every run.
func checkLaws(t testing.TB, p reports.Policy) {
	t.Helper()
	check := func(what string, a, b uint64) {
		if a != b {
			t.Errorf("%s: %d and %d differ", what, a, b)
		}
	}
	sets := append([]reports.Metrics{p.Total}, p.Phases...)
	for _, o := range p.Ops {
		sets = append(sets, o.Metrics)
	}
	for _, m := range sets {
		check("calls = succeeded + failed", m.Calls, m.Succeeded+m.Failed)
		check("calls = samples of call_duration", m.Calls, m.CallDuration.Count)
		var outcomes, ends uint64
		for _, n := range m.AttemptOutcomes {
			outcomes += n
		}
		for _, e := range m.Ends {
			ends += e.Calls
		}
		check("attempts = sum of outcomes", m.Attempts, outcomes)
		check("attempts = samples of attempt_duration", m.Attempts, m.AttemptDuration.Count)
		check("failed = sum of ends", m.Failed, ends)
		if m.WastedWorkNS < 0 || m.WastedWorkNS > m.WorkNS {
			t.Errorf("wasted work %d of %d", m.WastedWorkNS, m.WorkNS)
		}
	}
	var calls, attempts, rejected uint64
	for i := range p.Series.Calls {
		calls += p.Series.Calls[i]
		rejected += p.Series.Rejected[i]
		attempts += p.Series.CallAttempts[i]
	}
	check("calls in series", p.Total.Calls, calls)
	check("calls in series that a breaker ended", p.Total.RejectedByBreaker, rejected)
	check("attempts in series by call", p.Total.Attempts, attempts)
	attempts = 0
	for _, row := range p.Series.Attempts {
		check("length of series", uint64(len(row)), uint64(len(p.Series.Calls)))
		for _, n := range row {
			attempts += n
		}
	}
	check("attempts in series by sending", p.Total.Attempts, attempts)
	calls = 0
	for _, n := range p.AttemptsPerCall {
		calls += n
	}
	check("calls by attempts", p.Total.Calls, calls)
	var open int64
	for _, d := range p.Series.BreakerOpenNS {
		open += d
	}
	check("breaker open time in series", uint64(p.Breakers.OpenNS), uint64(open))
}

func TestHealthyBackend(t *testing.T) {
	rec := play(t, steady(5))
	m := rec.Total
	if m.SuccessRate != 1 || m.Amplification != 1 {
		t.Errorf("success rate %v, amplification %v; want 1 and 1", m.SuccessRate, m.Amplification)
	}
	if m.CallDuration.MinNS != int64(20*time.Millisecond) || m.CallDuration.P99NS != int64(20*time.Millisecond) {
		t.Errorf("call duration %+v, want 20ms throughout", m.CallDuration)
	}
	// 3,000 Poisson arrivals: five standard deviations are 274.
	if math.Abs(float64(m.Calls)-3000) > 274 {
		t.Errorf("%d calls, want about 3000", m.Calls)
	}
	if m.WorkNS != int64(m.Calls)*int64(20*time.Millisecond) || m.WastedWorkNS != 0 {
		t.Errorf("work %d, wasted %d", m.WorkNS, m.WastedWorkNS)
	}
}

// With independent failures of probability p and n attempts a call succeeds
// with 1 - pⁿ and makes (1 - pⁿ)/(1 - p) attempts.
func TestIndependentFailuresFollowTheFormula(t *testing.T) {
	const p, n = 0.5, 4
	c := withFault(t, steady(n), p, "SlowDown")
	c.Load.Rate = 500
	rec := play(t, c)
	calls := float64(rec.Total.Calls)
	success := 1 - math.Pow(p, n)
	if sd := math.Sqrt(success * (1 - success) / calls); math.Abs(rec.Total.SuccessRate-success) > 5*sd {
		t.Errorf("success rate %v, want %v ± %v", rec.Total.SuccessRate, success, 5*sd)
	}
	attempts := success / (1 - p)
	if sd := math.Sqrt(1.5 / calls); math.Abs(rec.Total.Amplification-attempts) > 5*sd { // the variance of min(geometric, 4) is 1.11
		t.Errorf("amplification %v, want %v ± %v", rec.Total.Amplification, attempts, 5*sd)
	}
	for k := 1; k < n; k++ { // and the number of attempts is geometric
		want := calls * math.Pow(p, float64(k))
		if got := float64(rec.AttemptsPerCall[k]); math.Abs(got-want) > 5*math.Sqrt(want) {
			t.Errorf("%v calls of %d attempts, want %v", got, k, want)
		}
	}
}

func TestBlackHole(t *testing.T) {
	t.Run("attempt timeout ends it", func(t *testing.T) {
		c := withFault(t, steady(2), 1, "blackhole")
		c.Policy.Retry.AttemptTimeout = time.Second
		rec := play(t, c)
		if rec.Total.AttemptOutcomes[reports.OutcomeTimeout] != rec.Total.Attempts || rec.Total.Attempts != 2*rec.Total.Calls {
			t.Errorf("outcomes %v of %d attempts of %d calls, want two time-outs a call",
				rec.Total.AttemptOutcomes, rec.Total.Attempts, rec.Total.Calls)
		}
		if rec.Total.AttemptDuration.MaxNS != int64(time.Second) {
			t.Errorf("attempts of %+v, want 1s", rec.Total.AttemptDuration)
		}
	})
	t.Run("without one the calls are given up at the end", func(t *testing.T) {
		c := withFault(t, steady(2), 1, "blackhole")
		c.Drain = time.Minute
		rec := play(t, c)
		if rec.Total.Unfinished != rec.Total.Calls || rec.Total.Attempts != rec.Total.Calls {
			t.Errorf("%d of %d calls unfinished", rec.Total.Unfinished, rec.Total.Calls)
		}
	})
}

func TestCapacity(t *testing.T) {
	// One worker of 20 ms serves 50 a second; at 100 a second half is too much.
	c := steady(1)
	c.Load.Rate, c.Backend.Workers, c.Backend.Queue = 100, 1, 10
	rec := play(t, c)
	if got := rec.Total.SuccessRate; math.Abs(got-0.5) > 0.03 {
		t.Errorf("success rate %v, want about 0.5", got)
	}
	if most := int64(11 * 20 * time.Millisecond); rec.Total.CallDuration.MaxNS > most {
		t.Errorf("longest call %v, want at most a full queue", time.Duration(rec.Total.CallDuration.MaxNS))
	}
	// Work for clients that have gone is still done, and is wasted.
	c = steady(1)
	c.Load.Rate, c.Backend.Workers, c.Backend.Queue = 100, 1, -1
	c.Policy.Retry.AttemptTimeout = 100 * time.Millisecond
	rec = play(t, c)
	if wasted := float64(rec.Total.WastedWorkNS) / float64(rec.Total.WorkNS); wasted < 0.8 {
		t.Errorf("wasted %.2f of the work, want nearly all: the queue only holds the dead", wasted)
	}
}

func TestClosedLoad(t *testing.T) {
	c := steady(1)
	think := fixed(80 * time.Millisecond)
	c.Load = Load{Model: Closed, Clients: 3, Think: &think, Mix: c.Load.Mix}
	rec := play(t, c)
	if want := uint64(3 * 600); rec.Total.Calls != want { // a call every 100 ms
		t.Errorf("%d calls, want %d", rec.Total.Calls, want)
	}
}

func TestReplay(t *testing.T) {
	c := steady(1)
	c.Load = Load{Model: Replay, Clients: 2, Mix: []Op{{Name: "GetObject", Weight: 1}}, Trace: []Arrival{
		{At: time.Second, Client: 0, Key: "a", Size: 10}, {At: time.Second, Client: 1, Key: "b", Size: 20},
		{At: 59 * time.Second, Client: 0, Key: "a", Size: 10}, {At: 61 * time.Second, Client: 0, Key: "late", Size: 1},
	}}
	for _, mode := range []Mode{Model, HTTP} {
		c.Mode = mode
		rec := play(t, c)
		if rec.Total.Calls != 3 || rec.Total.Succeeded != 3 {
			t.Errorf("%v: %d calls, %d succeeded; want the 3 that start within the run", mode, rec.Total.Calls, rec.Total.Succeeded)
		}
	}
}

func TestMaxInFlightDrops(t *testing.T) {
	c := withFault(t, steady(1), 1, "latency add=10s")
	c.Load.MaxInFlight = 7
	rec := play(t, c)
	if rec.Total.Dropped == 0 || rec.Total.Calls > 7*6 {
		t.Errorf("%d calls, %d dropped", rec.Total.Calls, rec.Total.Dropped)
	}
}

func TestCancelledRunKeepsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := steady(1)
	c.Load.Rate = 1000
	res, err := Run(ctx, c, func(time.Duration) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
	rec := res.Report()
	checkLaws(t, rec)
	if rec.Total.Calls == 0 || rec.Total.Calls > 10_000 {
		t.Errorf("%d calls, want some but not all", rec.Total.Calls)
	}
	if rec.Total.Goodput < 500 { // of the time that was played, not of the whole plan
		t.Errorf("goodput %v, want about 1000", rec.Total.Goodput)
	}
}

// drawConfig draws a small fleet with faults of every kind.
func drawConfig(t *rapid.T) *Config {
	c := steady(rapid.IntRange(1, 6).Draw(t, "attempts"))
	c.Seed = rapid.Uint64().Draw(t, "seed")
	c.Load.Rate = rapid.SampledFrom([]float64{1, 20, 100}).Draw(t, "rate")
	c.Load.Clients = rapid.IntRange(1, 8).Draw(t, "clients")
	c.Load.Mix = append(c.Load.Mix,
		Op{Name: "CopyObject", Key: "raw/{client}.json", Size: 100, Weight: 0.2},
		Op{Name: "ListObjectsV2", Key: "raw/", Weight: 0.1}, Op{Name: "ListObjects", Weight: 0.1},
		Op{Name: "HeadBucket", Weight: 0.1}, Op{Name: "ListBuckets", Weight: 0.1},
		Op{Name: "GetObject", Key: "raw/{client}.json", Size: 100, Weight: 1},
		Op{Name: "HeadObject", Key: "raw/{client}.json", Size: 100, Weight: 1},
		Op{Name: "DeleteObject", Key: "raw/{client}.json", Weight: 0.2})
	c.Policy.Retry.Classifier = rapid.SampledFrom([]string{"", "aws"}).Draw(t, "classifier")
	c.Policy.Retry.AttemptTimeout = rapid.SampledFrom([]time.Duration{0, 15 * time.Millisecond, time.Second}).Draw(t, "timeout")
	if rapid.Bool().Draw(t, "breaker") {
		c.Policy.Breaker = &breaker.Config{Failures: rapid.IntRange(1, 4).Draw(t, "failures"), OpenFor: 2 * time.Second}
		c.Policy.Scope = rapid.SampledFrom([]Scope{PerOperation, PerClient, Shared, InStep, PerKey}).Draw(t, "scope")
		c.Policy.SyncEvery = 500 * time.Millisecond
	}
	if rapid.Bool().Draw(t, "network") {
		network := rapid.SampledFrom([]sim.Dist{fixed(0), fixed(10 * time.Millisecond), {Kind: sim.Exponential, Mean: 200 * time.Millisecond}}).Draw(t, "way")
		c.Backend.Network = &network
	}
	if rapid.Bool().Draw(t, "capacity") {
		c.Backend.Workers, c.Backend.Queue = 1, rapid.IntRange(-1, 3).Draw(t, "queue")
	}
	effects := []string{"SlowDown", "InternalError", "AccessDenied", "503", "429 retry-after=2s", "latency add=1s", "reset", "outage", "blackhole", "RequestTimeout",
		"close", "garbage", "half-headers after=3ms", "truncate at=0", "truncate at=5000 end=reset", "stall at=10", "malformed-chunk at=7", "malformed-chunk", "token-expired", "clock-skew", "error-in-200 SlowDown spaces=99",
		"lost-ack", "lost-ack SlowDown", "lost-ack reset", "lost-ack timeout", "slow-upload rate=1KiB/s", "corrupt at=3"}
	rules := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) faults.Rule {
		out := faults.Rule{
			On:     faults.Selector{Op: rapid.SampledFrom([]string{"", "PutObject", "HeadObject"}).Draw(t, "op")},
			P:      rapid.Float64Range(0, 1).Draw(t, "p"),
			Effect: effect(&testing.T{}, rapid.SampledFrom(effects).Draw(t, "effect")),
		}
		if !out.Effect.Meets(out.On.Op) {
			out.On.Op = ""
		}
		return drawMore(t, out)
	}), 0, 4).Draw(t, "rules")
	c.Plan.Phases = []faults.Phase{
		{Label: "a", For: 2 * time.Second}, {Label: "b", For: 3 * time.Second, Rules: rules}, {Label: "c", For: 2 * time.Second},
	}
	c.Drain = 30 * time.Second
	if rapid.IntRange(0, 3).Draw(t, "lives?") == 0 {
		share := rapid.SampledFrom([]float64{0, 0.5, 1})
		for range c.Plan.Phases {
			c.Load.Lives = append(c.Load.Lives, Lives{Restart: share.Draw(t, "restart"), Offline: share.Draw(t, "offline")})
		}
	}
	return c
}

// Whatever the scenario, the laws hold, the run repeats to the byte, and the
// real wire makes the same attempts with the same outcomes as the model.
func TestModelAndHTTPAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawConfig(rt)
		var records [3]string
		for i, mode := range []Mode{Model, Model, HTTP} {
			c.Mode = mode
			data, err := json.MarshalIndent(play(t, c), "", " ")
			if err != nil {
				rt.Fatal(err)
			}
			records[i] = string(data)
		}
		if diff := firstDifference(records[0], records[1]); diff != "" {
			rt.Fatalf("two runs of one configuration differ: %s", diff)
		}
		if diff := firstDifference(records[0], records[2]); diff != "" {
			rt.Fatalf("model and http differ: %s", diff)
		}
	})
}

// firstDifference returns the first lines in which two records differ.
func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return fmt.Sprintf("line %d: %s and %s", i+1, as[i], bs[i])
		}
	}
	if len(as) != len(bs) {
		return fmt.Sprintf("%d and %d lines", len(as), len(bs))
	}
	return ""
}

// Every preset plays: its attempts stay within its number, and the same load
// is met by all of them.
func TestEveryPresetPlays(t *testing.T) {
	var calls uint64
	for _, name := range retry.Presets() {
		t.Run(name, func(t *testing.T) {
			c := withFault(t, steady(1), 0.5, "SlowDown")
			c.Policy.Retry, _ = retry.Preset(name)
			c.Plan.Phases = append(c.Plan.Phases, faults.Phase{Label: "after", For: time.Minute})
			rec := play(t, c)
			if most := c.Policy.Retry.Attempts; uint64(len(rec.AttemptsPerCall)) > uint64(most)+1 {
				t.Errorf("a call of %d attempts, the policy has %d", len(rec.AttemptsPerCall)-1, most)
			}
			if calls == 0 {
				calls = rec.Total.Calls
			}
			if rec.Total.Calls != calls {
				t.Errorf("%d calls, other presets met %d", rec.Total.Calls, calls)
			}
		})
	}
}

// The adaptive limiter sends less than the same retries without it once the
// backend throttles.
func TestPaceHoldsAttemptsBack(t *testing.T) {
	attempts := func(pace bool) uint64 {
		c := withFault(t, steady(1), 0.9, "SlowDown")
		c.Load.Rate, c.Load.Clients = 500, 1
		c.Policy.Retry = retry.AWSAdaptive()
		if !pace {
			c.Policy.Retry.Pace = retry.Pace{}
		}
		rec := play(t, c)
		return rec.Total.Attempts
	}
	if with, without := attempts(true), attempts(false); with*2 > without {
		t.Errorf("%d attempts with the limiter, %d without", with, without)
	}
}
