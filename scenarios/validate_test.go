package scenarios

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/retry"
)

var nan = math.NaN()

// build gives a valid scenario as code would make one.
func build(t *testing.T) *Scenario {
	t.Helper()
	sc, err := Parse("sound.yaml", []byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	sc.origin = origin{}
	return sc
}

// unsound are changes to a valid scenario that no file can say, but code can.
var unsound = []struct {
	name   string
	change func(*Scenario)
	want   []string // the beginning of each problem
}{
	{"zero", func(sc *Scenario) { *sc = Scenario{} }, []string{
		"scenario: the scenario has no name", "backend: there is no backend", "phases: there is no phase",
	}},
	{"no load", func(sc *Scenario) { sc.Load = Load{} }, []string{"load: there is no load"}},
	{"no policies", func(sc *Scenario) { sc.Policies, sc.Thresholds = nil, nil }, []string{"policies: there is no policy"}},
	{"more phases and policies than memory holds", func(sc *Scenario) {
		sc.Phases = make([]Phase, maxPhases+1)
		sc.Policies = make([]Policy, maxPolicies+1)
	}, []string{"phases: there are 200001 phases; write at most 200000", "policies: there are 1001 policies; write at most 1000"}},
	{"more items than are told apart", func(sc *Scenario) {
		sc.Load.Mix = slices.Repeat(sc.Load.Mix[:1], maxMix+1)
	}, []string{"load.mix: there are 10001 items; write at most 10000"}},
	{"NaN everywhere", func(sc *Scenario) {
		sc.Backend.Latency.Sigma = nan
		sc.Load.Rate = Rate(nan)
		sc.Load.Mix[0].Weight = nan
		sc.Phases[1].Faults[0].P = nan
		sc.Policies[0].Retry.Backoff.Multiplier = nan
		sc.Thresholds[0].Value = nan
	}, []string{
		"backend.latency.sigma:", "load.rate:", "load.mix[0].weight:", "phases[1].faults[0].p:",
		"policies.shipped.retry.multiplier:", "thresholds.success_rate[0]:",
	}},
	{"infinities", func(sc *Scenario) {
		sc.Load.Rate = Rate(math.Inf(1))
		sc.Load.Mix[0].Weight = math.Inf(1)
	}, []string{"load.rate:", "load.mix[0].weight:"}},
	{"weights that overflow", func(sc *Scenario) {
		sc.Load.Mix[0].Weight, sc.Load.Mix[1].Weight = math.MaxFloat64, math.MaxFloat64
	}, []string{"load.mix: the weights add up"}},
	{"negative numbers", func(sc *Scenario) {
		sc.Backend.Capacity = &Capacity{Workers: -1, Queue: -2}
		sc.Load.MaxInFlight = -1
		sc.Load.Clients = -1
		sc.Load.Mix[0].Size = -1
		sc.Phases[0].For = -time.Second
		sc.Policies[0].Retry.Attempts = -1
		sc.Policies[0].Breaker.Probes = -1
	}, []string{
		"backend.capacity.workers:", "backend.capacity.queue:", "load.max_in_flight:", "load.clients:", "load.mix[0].size:",
		"phases[0].for:", "policies.shipped.retry.attempts:", "policies.shipped.breaker.probes:",
	}},
	{"durations that overflow", func(sc *Scenario) {
		sc.Phases[0].For, sc.Phases[1].For = math.MaxInt64, math.MaxInt64
	}, []string{"phases[0].for: the run grows longer"}},
	{"missing defaults", func(sc *Scenario) {
		sc.Load.Arrivals, sc.Load.Clients, sc.Backend.Bucket, sc.Policies[0].Breaker.Scope = "", 0, "", ""
	}, []string{"load.arrivals:", "load.clients:", "backend.bucket:", "policies.shipped.breaker.scope:"}},
	{"unknown kinds", func(sc *Scenario) { sc.Backend.Kind, sc.Load.Model = "gcs", "bursty" }, []string{"backend.kind:", "load.model:"}},
	{"no effect", func(sc *Scenario) { sc.Phases[1].Faults[0].Effect = faults.Effect{} }, []string{"phases[1].faults[0].effect: no effect"}},
	{"text that no file can hold", func(sc *Scenario) {
		sc.About, sc.Phases[0].Label, sc.Policies[1].Name = "\xff", "a\x00", " b"
	}, []string{"about:", "phases[0].label:", `policies[" b"]:`}},
	{"policies of one name", func(sc *Scenario) { sc.Policies[1].Name = "shipped" }, []string{"policies.shipped: two policies have this name"}},
	{"retry settings", func(sc *Scenario) {
		sc.Policies[0].Retry.Hint.Mode, sc.Policies[0].Retry.Classifier = 99, "x"
		sc.Policies[0].Retry.Jitter = retry.Jitter{Kind: retry.JitterAdditive}
	}, []string{"policies.shipped.retry.hint:", "policies.shipped.retry.classifier:", "policies.shipped.retry.jitter.amount:"}},
	{"rows", func(sc *Scenario) {
		sc.Load = Load{Model: ModelReplay, Speed: 1, Records: []TraceRow{{At: 2, Client: "a", Op: "GetObject"}, {At: 1, Client: "a", Op: "GET"}, {At: 3, Op: "GetObject"}, {At: 3, Client: "a", Op: "GetObject", Size: -1}}}
		sc.Phases, sc.Thresholds = sc.Phases[:1], nil
	}, []string{"load.records[1]: the row at 1ns comes after", "load.records[1]: unknown operation", "load.records[2]: the row has no client", "load.records[3]: the size -1"}},
	{"rates of groups", func(sc *Scenario) {
		sc.Load.Groups, sc.Load.Rate, sc.Load.Clients = []Group{{Name: "a", Clients: 1, Rate: 2}, {Name: "b", Clients: 1, Rate: 1}}, 3, 2
		sc.Phases[0].GroupRates = []GroupRate{{"a", PhaseRate{Times: 1}}, {"a", PhaseRate{Times: 2}}, {"b", PhaseRate{Times: 1, Rate: 1}}}
		sc.Phases[1].GroupRates, sc.Phases[1].Rate = []GroupRate{{"a", PhaseRate{}}}, &PhaseRate{}
	}, []string{`phases[0].rate.a: the group "a" has two rates`, "phases[0].rate.b: the phase has a rate and a multiple", "phases[1].rate: the phase has a rate, and rates of groups"}},
	{"thresholds apart", func(sc *Scenario) { sc.Thresholds = append(sc.Thresholds, sc.Thresholds[0]) }, []string{"thresholds.success_rate[1]: the thresholds of success_rate are apart"}},
	{"threshold that cannot be written", func(sc *Scenario) {
		sc.Thresholds[0].Percentile = 5
		sc.Thresholds[1].Filter.Phase = "a,b"
	}, []string{"thresholds.success_rate[0]:", "call_duration{phase:a,b}"}},
	{"threshold with another text", func(sc *Scenario) { sc.Thresholds[0].Text = "value>0.5" }, []string{"thresholds.success_rate[0]: the text"}},
}

func TestValidateOfPlainData(t *testing.T) {
	for _, tt := range unsound {
		sc := build(t)
		if err := sc.Validate(); err != nil {
			t.Fatalf("before the change: %v", err)
		}
		tt.change(sc)
		err := sc.Validate()
		var problems *Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: got %v", tt.name, err)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got\n%v\nwant %s in it", tt.name, err, want)
			}
		}
		if len(problems.List) > len(tt.want)+1 {
			t.Errorf("%s: more problems than mistakes:\n%v", tt.name, err)
		}
		if err := Write(discard{}, sc); !errors.As(err, &problems) {
			t.Errorf("%s: written, although not valid", tt.name)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// A program finds single problems by type, and their parts by name.
func TestProblemsForPrograms(t *testing.T) {
	_, err := Parse("x.yaml", []byte(strings.Replace(sound, "60s", "60", 1)))
	var one Problem
	if !errors.As(err, &one) {
		t.Fatal(err)
	}
	if one.File != "x.yaml" || one.Line != 15 || one.Column != 26 || one.Path != "phases[0].for" || one.Hint == "" {
		t.Errorf("got %+v", one)
	}
}
