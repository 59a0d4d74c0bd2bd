package verify

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

func parse(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// plain is a scenario in which nothing depends on time but the change of phases.
const plain = `scenario: plain
backend: {kind: s3, latency: {dist: exponential, mean: 10ms, max: 100ms}}
load: {model: open, rate: 40/s, clients: 5, mix: [{op: PutObject, key: "{client}/{call}", size: 1KiB}, {op: GetObject, key: "{client}", size: 1KiB}]}
phases: [{label: calm, for: 4s}, {label: bad, for: 6s, faults: [{on: {op: PutObject}, p: 0.4, effect: SlowDown}, {p: 0.4, effect: reset}]}]
policies: {p: {retry: {attempts: 3, base: 10ms}}}
`

// changed is a scenario with a text replaced.
func changed(text, old, new string) string { return strings.Replace(text, old, new, 1) }

func verified(t *testing.T, text string, o Options) *Report {
	t.Helper()
	o.Seed = 5
	r, err := Run(context.Background(), parse(t, text), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func failed(r *Report) (names []string) {
	for _, p := range r.Policies {
		for _, c := range p.Checks {
			if !c.Passed {
				names = append(names, c.Name+": "+c.Text)
			}
		}
	}
	return names
}

func TestPlainScenarioAgreesCallByCall(t *testing.T) {
	t.Parallel()
	sc := changed(plain, "rate: 40/s, clients: 5,", "groups: [{name: a, clients: 2, rate: 9/s}, {name: b, clients: 3, rate: 31/s}],")
	sc = changed(sc, "{label: calm, for: 4s", "{label: calm, for: 4s, rate: 2x")
	r := verified(t, sc, Options{Speed: 10})
	p := r.Policies[0]
	if r.Failed() || p.Law != LawExact || len(p.Modes) != 3 || p.Pairs.Alike != p.Pairs.Compared || p.Pairs.Compared < 100 {
		t.Errorf("%v, %+v", failed(r), p)
	}
	var b strings.Builder
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil || back.Policies[0].Pairs.Compared != p.Pairs.Compared {
		t.Errorf("%v, %+v", err, back)
	}
}

// A transport that repeats requests by itself is found out on the wire.
func TestReplaysAreFoundOut(t *testing.T) {
	t.Parallel()
	r := verified(t, changed(plain, "{on: {op: PutObject}, p: 0.4, effect: SlowDown}, ", ""), Options{Speed: 10, Replays: true})
	if bad := failed(r); len(bad) == 0 || !strings.HasPrefix(bad[0], "wire: ") || !strings.Contains(bad[0], "the transport repeated") {
		t.Errorf("%v", bad)
	}
}

// Where a breaker decides by time, results are held to be similar, and what was seen
// is told although it is no law.
func TestBreakerIsHeldToBeSimilar(t *testing.T) {
	t.Parallel()
	r := verified(t, changed(plain, "base: 10ms}", "base: 10ms}, breaker: {failures: 3, open_for: 1s}"), Options{Speed: 5})
	p := r.Policies[0]
	if p.Law != LawSimilar || strings.Join(p.Why, ", ") != "the breaker" {
		t.Errorf("law %s, %v", p.Law, p.Why)
	}
	var names []string
	for _, c := range p.Checks {
		names = append(names, c.Name)
		if c.Tolerance < 0 || !c.Passed && c.Value <= c.Tolerance {
			t.Errorf("%+v", c)
		}
	}
	want := "simulated, wire, calls, machine, success rate, attempts per call, outcomes, "
	if p.Pairs.Alike == p.Pairs.Compared { // more than is asked for, and proof enough
		want = "simulated, wire, calls, call by call"
	}
	if got := strings.Join(names, ", "); !strings.HasPrefix(got, want) {
		t.Errorf("checks %s", got)
	}
	var b strings.Builder
	if err := r.Text(&b, 80); err != nil || !strings.Contains(b.String(), "as they depend on time by the breaker") || !strings.Contains(b.String(), " call by call: ") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// The mode model cannot play what is for a backend to say; http and live can.
func TestWithoutModel(t *testing.T) {
	t.Parallel()
	r := verified(t, changed(plain, "{p: 0.4, effect: reset}", "{on: {op: GetObject}, p: 0.4, effect: stale by=1h}"), Options{Speed: 10})
	p := r.Policies[0]
	if len(p.Modes) != 2 || p.Modes[0].Mode != "http" || len(p.Why) != 1 || p.Law != LawSimilar {
		t.Errorf("%v, %+v", failed(r), p)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := Run(ctx, parse(t, changed(plain, "for: 6s", "for: 600s")), Options{Progress: func(done, _ time.Duration) {
		if done > 0 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || r == nil || !r.Interrupted || len(r.Policies[0].Checks) > 0 || len(r.Policies[0].Modes) != 3 {
		t.Fatalf("%v, %+v", err, r)
	}
	var b strings.Builder
	if err := r.Text(&b, 0); err != nil || !strings.Contains(b.String(), "interrupted: ") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		changed(plain, "rate: 40/s", "rate: 999999/s"):                     "verify keeps each of them",
		changed(plain, "phases: [", "phases: [{label: long, for: 240h}, "): "verify keeps each of them",
	} {
		var bad *scenarios.OptionError
		if _, err := Run(context.Background(), parse(t, text), Options{}); !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	var bad *scenarios.Problems
	sc := parse(t, changed(plain, "backend: {", "backend: {network: {dist: fixed, value: 1ms}, "))
	if _, err := Run(context.Background(), sc, Options{}); !errors.As(err, &bad) || bad.List[0].Path != "backend.network" {
		t.Errorf("%v", err)
	}
}

func TestTiming(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{"", "", ""},
		{"attempts: 3", "attempts: 3, attempt_timeout: 1s, limit: 1h", "the policy's limit, attempt_timeout"},
		{"rate: 40/s, clients: 5", "groups: [{name: a, clients: 2, rate: 9/s, mix: [{op: DeleteObject, key: a}]}, {name: b, clients: 3, rate: 31/s}]", "reads of objects while others are deleted"},
		{"{attempts: 3, base: 10ms}", "aws-standard-2.1", "the budget, quota or pace of the policy"},
		{"kind: s3,", "kind: s3, capacity: {workers: 3},", "the backend's capacity"},
		{"model: open, rate: 40/s", "model: closed", "the closed load, whose clients wait for answers"},
		{"clients: 5", "clients: 5, max_in_flight: 3", "max_in_flight"},
		{"mix: [", `mix: [{op: DeleteObject, key: "{client}"}, `, "reads of objects while others are deleted"},
		{"p: 0.4, effect: SlowDown", "p: 0.4, from: 1s, effect: SlowDown", "the fault PutObject from=1s p=0.4 SlowDown"},
		{"p: 0.4, effect: SlowDown", "p: 0.4, first: {attempts: 3, per: all}, effect: SlowDown", "the fault PutObject first=3/all p=0.4 SlowDown"},
		{"p: 0.4, effect: SlowDown", "p: 0.4, first: 1, effect: SlowDown", ""},
		{"p: 0.4, effect: SlowDown", "p: 0.4, at_most: 1, effect: SlowDown", "the fault PutObject p=0.4 at-most=1 SlowDown"},
	} {
		sc := parse(t, strings.Replace(plain, test.old, test.new, 1))
		if got := strings.Join(timing(sc, sc.Policies[0]), ", "); got != test.want {
			t.Errorf("%s: %s, want %s", test.new, got, test.want)
		}
	}
}

func TestSpeedFor(t *testing.T) {
	for _, test := range []struct {
		old, new string
		policies int
		want     float64
	}{
		{"", "", 1, 1},                       // it is short
		{"for: 6s", "for: 10m", 1, 20},       // 40 s at 15 times; 1,000 a second at 25
		{"for: 6s", "for: 100h", 1, 20},      // by its rate
		{"rate: 40/s", "rate: 2000/s", 1, 1}, // never below
	} {
		sc := parse(t, strings.Replace(plain, test.old, test.new, 1))
		if got := SpeedFor(sc, test.policies); got != test.want {
			t.Errorf("%s: %v, want %v", test.new, got, test.want)
		}
	}
}

// Without slack the distance is that of the definition, and slack only makes it smaller.
func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sample := func(name string) (out []time.Duration) {
			for _, x := range rapid.SliceOfN(rapid.IntRange(0, 12), 1, 20).Draw(t, name) {
				out = append(out, time.Duration(x))
			}
			return out
		}
		a, b, slack := sample("a"), sample("b"), time.Duration(rapid.IntRange(0, 5).Draw(t, "slack"))
		share := func(s []time.Duration, at time.Duration) float64 {
			n := 0
			for _, d := range s {
				if d <= at {
					n++
				}
			}
			return float64(n) / float64(len(s))
		}
		want := 0.0
		for at := time.Duration(-6); at < 20; at++ {
			want = max(want, share(a, at)-share(b, at+slack), share(b, at)-share(a, at+slack))
		}
		if got := Distance(a, b, slack); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
		if got := Distance(b, a, slack); got != want {
			t.Fatalf("not symmetric: %v and %v", got, want)
		}
	})
	if one, none := Distance(nil, []time.Duration{1}, time.Hour), Distance(nil, nil, 0); one != 1 || none != 0 {
		t.Errorf("of empty samples %v and %v", one, none)
	}
}

// The bound of chance is that of the tables: 1.95 for a thousandth, with n = m = 100.
func TestChance(t *testing.T) {
	if got := chanceOf(100, 100); got < 0.2756 || got > 0.2758 {
		t.Errorf("%v", got)
	}
}

func TestPairs(t *testing.T) {
	made := func(ok bool, reason string, attempts ...fleet.AttemptRecord) *call {
		return &call{CallRecord: fleet.CallRecord{OK: ok, Reason: reason}, attempts: attempts}
	}
	at := func(sent time.Duration, outcome int) fleet.AttemptRecord {
		return fleet.AttemptRecord{Sent: sent, Outcome: outcome}
	}
	good, bad := at(5, reports.OutcomeOK), at(5, reports.OutcomeThrottled)
	for i, test := range []struct {
		a, b *call
		want bool
	}{
		{made(true, "", good), made(true, "", good), true},
		{made(true, "", bad, good), made(true, "", good), false},
		{made(false, "attempts exhausted", bad), made(false, "rejected", bad), false},
		{made(true, "", good), made(true, "", bad), false},
	} {
		if got := alike(test.a, test.b); got != test.want {
			t.Errorf("%d: %v", i, got)
		}
	}
	for i, test := range []struct {
		a, b, ended time.Duration
		want        bool
	}{{50, 60, 99, false}, {95, 105, 110, true}, {85, 91, 100, true}, {85, 89, 99, false}, {100, 104, 200, false}, {105, 99, 99, true}} {
		got := near([]time.Duration{100}, made(true, "", at(test.a, 0)), made(true, "", fleet.AttemptRecord{Sent: test.b, Ended: test.ended}))
		if got != test.want {
			t.Errorf("near %d: %v", i, got)
		}
	}
}

// A closed load makes as many calls as there is time for: only those that both have made are
// held against each other.
func TestClosedLoad(t *testing.T) {
	t.Parallel()
	sc := changed(plain, "model: open, rate: 40/s, clients: 5", "model: closed, clients: 5, think: {dist: fixed, value: 100ms}")
	p := verified(t, sc, Options{Speed: 5}).Policies[0]
	simulated, live := p.Modes[1].Calls, p.Modes[2].Calls
	if both := p.Pairs.Compared + p.Pairs.Aside; both == 0 || both > min(simulated, live) || p.Law != LawSimilar {
		t.Errorf("%d and %d calls, %+v", simulated, live, p.Pairs)
	}
}
