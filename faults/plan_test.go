package faults

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// effect parses a text that a test has right.
func effect(t testing.TB, text string) Effect {
	t.Helper()
	e, err := ParseEffect(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestPlanValidateReportsEveryProblem(t *testing.T) {
	plan := Plan{Phases: []Phase{
		{Label: "steady", For: 0},
		{Label: "burst", For: time.Second, Rules: []Rule{
			{On: Selector{Op: "PutObjekt", Key: "raw/["}, P: 90, Effect: Effect{Kind: S3Error, Code: "SlowDwon"}},
			{On: Selector{Op: "*"}, P: math.NaN()},
			{On: Selector{Op: "PROPFIND", Key: "**/{a,b}/*.json"}, P: -0.1, Effect: Effect{Kind: Status, Status: 503}},
		}},
	}}
	var got *InvalidError
	if !errors.As(plan.Validate(), &got) {
		t.Fatal("no InvalidError")
	}
	want := []string{
		"phases[0].for: a phase of 0s is not possible; write a positive duration, such as 30s",
		`phases[1].faults[0].on.op: unknown operation "PutObjekt"; did you mean PutObject?`,
		`phases[1].faults[0].on.key: "raw/[" is not a glob`,
		"phases[1].faults[0].p: the probability 90 is not between 0 and 1; write a number from 0 to 1, such as 0.9",
		`phases[1].faults[0].effect: unknown S3 error code "SlowDwon"; did you mean SlowDown?`,
		`phases[1].faults[1].on.op: unknown operation "*"; leave op out`,
		"phases[1].faults[1].p: the probability NaN",
		"phases[1].faults[1].effect: no effect",
		"phases[1].faults[2].p: the probability -0.1",
	}
	if len(got.Problems) != len(want) {
		t.Fatalf("%d problems, want %d: %v", len(got.Problems), len(want), got)
	}
	for i, p := range got.Problems {
		if !strings.HasPrefix(p.String(), want[i]) {
			t.Errorf("problem %d: %s, want %s", i, p, want[i])
		}
	}
	if err := (Plan{}).Validate(); err == nil || !strings.Contains(err.Error(), "phases: there are none") {
		t.Errorf("an empty plan: %v", err)
	}
	if _, err := New(plan, 1); !errors.As(err, &got) {
		t.Errorf("New: %v", err)
	}
	many := Plan{Phases: make([]Phase, 1000)}
	if errors.As(many.Validate(), &got); len(got.Problems) != 1000 || len(got.Error()) > 4000 {
		t.Errorf("%d problems in %d bytes", len(got.Problems), len(got.Error()))
	}
}

func TestRuleValidate(t *testing.T) {
	if err := (Rule{P: 1, Effect: effect(t, "503")}).Validate(); err != nil {
		t.Error(err)
	}
	var got *InvalidError
	if !errors.As(Rule{P: 2}.Validate(), &got) || len(got.Problems) != 2 || got.Problems[0].Path != "p" || got.Problems[1].Path != "effect" {
		t.Errorf("%v", got)
	}
}

func TestRuleString(t *testing.T) {
	for want, r := range map[string]Rule{
		"PutObject raw/** p=0.9 SlowDown": {On: Selector{Op: "PutObject", Key: "raw/**"}, P: 0.9, Effect: effect(t, "SlowDown")},
		"outage":                          {P: 1, Effect: effect(t, "outage")},
		"GET p=0 503 retry-after=1s":      {On: Selector{Op: "GET"}, Effect: effect(t, "503 retry-after=1s")},
	} {
		if got := r.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPlanDurationSaturates(t *testing.T) {
	p := Plan{Phases: []Phase{{For: sim.Never - 1}, {For: time.Hour}, {For: -5}}}
	if got := p.Duration(); got != sim.Never {
		t.Error(got)
	}
}

// Compiled globs mean what doublestar says.
func TestGlobsAgreeWithDoublestar(t *testing.T) {
	letters := rapid.SampledFrom([]string{"a", "b", "/", "*", "**", "?", "/**", "[ab]", "{a,b}", `\*`, "raw", ".json", "é"})
	rapid.Check(t, func(t *rapid.T) {
		pattern := strings.Join(rapid.SliceOfN(letters, 0, 5).Draw(t, "pattern"), "")
		key := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "/", "raw", "*", ".json", "é", "c"}), 0, 6).Draw(t, "key"), "")
		if !doublestar.ValidatePattern(pattern) {
			t.Skip()
		}
		want := pattern == "" || doublestar.MatchUnvalidated(pattern, key)
		g := compileGlob(pattern)
		if got := g.match(key); got != want {
			t.Fatalf("%q on %q: %v, want %v (form %d)", pattern, key, got, want, g.form)
		}
	})
}

func TestGlobTable(t *testing.T) {
	for _, c := range []struct {
		pattern, key string
		want         bool
	}{
		{"", "", true}, {"", "any/thing", true}, {"**", "", true}, {"**", "a/b", true},
		{"raw/**", "raw/1/2.json", true}, {"raw/**", "raw", true}, {"raw/**", "rawest", false}, {"raw/**", "", false},
		{"raw/*", "raw/1", true}, {"raw/*", "raw/1/2", false}, {"raw/*", "raw/", true}, {"raw/*", "raw", false},
		{"*.json", "a.json", true}, {"*.json", "a/b.json", false}, {"**/*.json", "a/b.json", true},
		{"a/b", "a/b", true}, {"a/b", "a/bc", false},
	} {
		g := compileGlob(c.pattern)
		if got := g.match(c.key); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.key, got)
		}
	}
}
