package regions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// small is a backend that is slower the more it has to do, under clients that give
// up after 3 s and try again at once: published result R3 with a tenth of the load.
const small = `
scenario: small
backend: {kind: http, latency: 1s, capacity: {slowdown: 100ms}}
load: {model: open, rate: 3/s, arrivals: paced, clients: 1, mix: [{op: GET, key: /}]}
phases:
  - {label: calm, for: 10s}
  - {label: trouble, for: 10s, faults: [{on: {op: GET}, p: 1, effect: "latency add=5s"}]}
  - {label: after, for: 90s}
policies:
  p: {retry: {attempts: 3, attempt_timeout: 3s}}
`

func parse(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("small.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func options(t *testing.T, sc *scenarios.Scenario, x, y string) Options {
	t.Helper()
	o := Options{Policy: "p", Seeds: 1, Below: 0.5, Edge: 0.02, Columns: 5, Seed: 1}
	var err error
	if o.X, err = scenarios.ParseAxis(sc, o.Policy, x); err != nil {
		t.Fatal(err)
	}
	if y == "" {
		return o
	}
	a, err := scenarios.ParseAxis(sc, o.Policy, y)
	if err != nil {
		t.Fatal(err)
	}
	o.Y = &a
	return o
}

func drawn(t *testing.T, x, y string) *Map {
	t.Helper()
	sc := parse(t, small)
	m, err := Draw(context.Background(), sc, options(t, sc, x, y), nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Without chance in it, the model has a fixed point: n requests in flight, each of
// which takes 1 s + 0.1 s · (n - 1) and so is late from n = 21 on. All attempts of
// all calls fail then, so that n = λ·a·(0.9 + 0.1·n): the collapsed state keeps itself up
// where λ·a is at least 21/3 a second, 7 by one attempt, 7/a by a of them; below, it ends.
// The good state, of n = 0.9·λ/(1 - 0.1·λ), ends at λ = 7 for any number of attempts.
func TestEdges(t *testing.T) {
	m := drawn(t, "load.rate=1..9", "policy.retry.attempts=1..4")
	for i, row := range m.Rows {
		attempts := float64(i + 1)
		if len(row.Trigger) != 1 || len(row.Calm) != 1 {
			t.Fatalf("attempts %s: edges %+v with the trigger, %+v without", row.Value, row.Trigger, row.Calm)
		}
		low, high := row.Trigger[0], row.Calm[0]
		t.Logf("attempts %s: with the trigger from %.2f, without from %.2f", row.Value, low.At(), high.At())
		if want := 7 / attempts; low.At() < 0.93*want || low.At() > 1.1*want || !low.Beyond {
			t.Errorf("attempts %s: with the trigger it collapses from %.3f on, want %.3f", row.Value, low.At(), want)
		}
		if high.At() < 6.8 || high.At() > 7.2 || !high.Beyond {
			t.Errorf("attempts %s: without it collapses from %.3f on, want 7", row.Value, high.At())
		}
		for _, e := range []Edge{low, high} {
			if e.Hi-e.Lo > 0.02*8 {
				t.Errorf("attempts %s: the edge %+v is not located", row.Value, e)
			}
		}
		for _, p := range row.Points {
			want := Stable
			switch {
			case p.X >= high.Hi:
				want = Collapsed
			case p.X >= low.Hi:
				want = Bistable
			}
			if p.State != "" && p.State != want {
				t.Errorf("attempts %s at %s: %s, want %s", row.Value, p.Value, p.State, want)
			}
		}
	}
}

// The same map comes of any number of processors, to the byte.
func TestProcessorsDoNotMatter(t *testing.T) {
	alone := func(n int) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		text, err := json.Marshal(drawn(t, "load.rate=2..8:3", "policy.retry.attempts=1,3"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if a, b := alone(1), alone(3); a != b {
		t.Errorf("on one processor\n%s\non three\n%s", a, b)
	}
}

// A list is looked at and nothing in between.
func TestList(t *testing.T) {
	m := drawn(t, "load.rate=2,5,9", "")
	if got := len(m.Rows[0].Points); got != 3 || m.Y != nil {
		t.Errorf("%d points, want 3; y %+v, want none", got, m.Y)
	}
}

// An interrupted map has what was complete, and says so.
func TestInterrupted(t *testing.T) {
	sc := parse(t, small)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	m, err := Draw(ctx, sc, options(t, sc, "load.rate=1..9", "policy.retry.attempts=1..4"), func(done, total int) {
		if done > total {
			t.Errorf("%d of %d runs are done", done, total)
		}
		if done == 10 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || m == nil || !m.Interrupted {
		t.Fatalf("%v with %+v", err, m)
	}
	trials := 0
	for _, row := range m.Rows {
		for _, p := range row.Points {
			for _, trial := range []*Trial{p.Calm, p.Triggered} {
				if trial != nil {
					trials++
				}
			}
		}
	}
	if trials < 10 || trials > 10+runtime.GOMAXPROCS(0) {
		t.Errorf("%d trials are kept after 10 runs", trials)
	}
	var b bytes.Buffer
	if err := m.Text(&b); err != nil || !strings.Contains(b.String(), "interrupted") {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestMistakes(t *testing.T) {
	sc := parse(t, small)
	for _, c := range []struct {
		name, text string
		change     func(*Options)
		want       string
	}{
		{"no seeds", small, func(o *Options) { o.Seeds = 0 }, "0 seeds"},
		{"below nothing", small, func(o *Options) { o.Below = 0 }, "no share of calls"},
		{"below all", small, func(o *Options) { o.Below = 1.5 }, "no share of calls"},
		{"no edge", small, func(o *Options) { o.Edge = 0 }, "no share of the range"},
		{"all seeds", small, func(o *Options) { o.Seeds = 1 << 40 }, "too many"},
		{"all columns", small, func(o *Options) { o.Columns = 1 << 40 }, "too many"},
		{"one column", small, func(o *Options) { o.Columns = 1 }, "1 columns"},
		{"one setting", small, func(o *Options) { o.Y = &o.X }, "both axes"},
		{"one setting by two names", small, func(o *Options) {
			o.X = scenarios.Axis{Path: "phases.trouble.for", Unit: "s", From: 1, To: 2}
			o.Y = &scenarios.Axis{Path: "phases.1.for", Unit: "s", List: []float64{1, 2}}
		}, "both axes"},
		{"another policy", small, func(o *Options) { o.Y = &scenarios.Axis{Path: "policies.q.retry.attempts", List: []float64{1, 2}} }, "of another policy than"},
		{"no trigger", strings.Replace(small, `, faults: [{on: {op: GET}, p: 1, effect: "latency add=5s"}]`, "", 1), nil, "no trigger"},
		{"trouble to the end", small[:strings.Index(small, "  - {label: after")] + small[strings.Index(small, "policies:"):], nil, "trouble in the last phase, trouble"},
		{"no calls", strings.Replace(small, "rate: 3/s, arrivals: paced", "rate: 0.0001/s", 1), func(o *Options) { o.X.Path = "load.clients"; o.X.Unit = "" }, "no calls in the last third"},
	} {
		o := options(t, sc, "load.rate=2..8:2", "")
		if c.change != nil {
			c.change(&o)
		}
		m, err := Draw(context.Background(), parse(t, c.text), o, nil)
		var bad *OptionError
		if m != nil || !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) || bad.Hint == "" {
			t.Errorf("%s: %v, want a word on %q", c.name, err, c.want)
		}
	}
}

// The policy that a group of clients keeps is a setting of the run, whichever is tried.
func TestPolicyOfGroup(t *testing.T) {
	text := strings.Replace(small, "rate: 3/s, arrivals: paced, clients: 1", "arrivals: paced, groups: [{name: a, clients: 1, rate: 1/s}, {name: b, clients: 1, rate: 2/s, policy: q}]", 1)
	text = strings.Replace(text, "policies:", "policies:\n  q: {baseline: true, retry: none}", 1)
	o := options(t, parse(t, small), "load.rate=2..8:2", "")
	o.X = scenarios.Axis{Path: "policies.q.retry.attempts", List: []float64{1, 2}, From: 1, To: 2}
	if _, err := Draw(context.Background(), parse(t, text), o, nil); err != nil {
		t.Error(err)
	}
}

// A setting that does not fit another is told with its place.
func TestPointThatCannotBe(t *testing.T) {
	sc := parse(t, small)
	o := options(t, sc, "load.rate=2..8:2", "")
	o.X.Path = "load.rte"
	_, err := Draw(context.Background(), sc, o, nil)
	var bad *scenarios.SettingError
	if !errors.As(err, &bad) || bad.Path != "load.rte" {
		t.Errorf("%v", err)
	}
}

// Spans are cut at the edges, whichever verdict turns there.
func TestSpans(t *testing.T) {
	bad, good := &Trial{Runs: 1, Collapsed: 1}, &Trial{Runs: 1, Success: 1}
	for _, c := range []struct {
		name             string
		calm, triggered  []*Trial // at 0, 1, 2, …
		want             []reports.Span
		withText, noText string
	}{
		{"all three", []*Trial{good, good, bad}, []*Trial{good, bad, bad}, []reports.Span{{From: 0, To: 0.5, State: 0}, {From: 0.5, To: 1.5, State: 1}, {From: 1.5, To: 2, State: 2}}, "from 0.5 ± 0.5", "from 1.5 ± 0.5"},
		{"downwards", []*Trial{bad, good}, []*Trial{bad, good}, []reports.Span{{From: 0, To: 0.5, State: 2}, {From: 0.5, To: 1, State: 0}}, "up to 0.5 ± 0.5", "up to 0.5 ± 0.5"},
		{"never", []*Trial{good, good}, []*Trial{good, good}, []reports.Span{{From: 0, To: 1, State: 0}}, "never", "never"},
		{"always", []*Trial{bad, bad}, []*Trial{bad, bad}, []reports.Span{{From: 0, To: 1, State: 2}}, "always", "always"},
		{"twice", []*Trial{good, good, good}, []*Trial{good, bad, good}, []reports.Span{{From: 0, To: 0.5, State: 0}, {From: 0.5, To: 1.5, State: 1}, {From: 1.5, To: 2, State: 0}}, "from 0.5 ± 0.5, up to 1.5 ± 0.5", "never"},
		{"a point with one verdict", []*Trial{good, nil, good}, []*Trial{good, good, bad}, []reports.Span{{From: 0, To: 1.5, State: 0}, {From: 1.5, To: 2, State: 1}}, "from 1.5 ± 0.5", "never"},
		{"nothing", []*Trial{nil, nil}, []*Trial{nil, nil}, nil, "?", "?"},
	} {
		var row Row
		for i := range c.calm {
			p := row.point(float64(i), "")
			p.Calm, p.Triggered = c.calm[i], c.triggered[i]
		}
		row.settle()
		if got := row.spans(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if a, b := row.edges(false), row.edges(true); a != c.withText || b != c.noText {
			t.Errorf("%s: %q and %q, want %q and %q", c.name, a, b, c.withText, c.noText)
		}
	}
}

// Published result R3 as a scenario: both edges of the bistable region are those of
// the mean field, 22.3 and 57.7 calls a second, as far as runs of 230 s can tell.
func TestPublishedCollapse(t *testing.T) {
	sc, err := scenarios.Find("published/retry-collapse")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Policy: "published", Seeds: 1, Below: 0.5, Edge: 0.5, Seed: 1}
	if o.X, err = scenarios.ParseAxis(sc, o.Policy, "load.rate=21,25,52,60"); err != nil {
		t.Fatal(err)
	}
	m, err := Draw(context.Background(), sc, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []State{Stable, Bistable, Bistable, Collapsed} {
		if p := m.Rows[0].Points[i]; p.State != want {
			t.Errorf("%s: %s, want %s: %+v and %+v", p.Value, p.State, want, *p.Triggered, *p.Calm)
		}
	}
}

// An axis at which nothing looks is told, and only such a one.
func TestAxesThatChangeNothing(t *testing.T) {
	idle := strings.Replace(small, "after, for: 90s}", "after, for: 30s}", 1) + "  q: {retry: none}\n"
	for _, c := range []struct {
		x, y string
		want []string
	}{
		{"backend.capacity.max_in_flight=1000..2000:2", "", []string{"backend.capacity.max_in_flight changed nothing: the runs of each row"}},
		{"load.rate=2..3:2", "backend.capacity.max_in_flight=1000,2000", []string{"backend.capacity.max_in_flight changed nothing: the runs of all rows"}},
		{"load.rate=2..3:2", "policy.retry.attempts=1,2", nil},
		{"backend.latency.value=1s..1001ms:2", "", nil},
	} {
		sc := parse(t, idle)
		m, err := Draw(context.Background(), sc, options(t, sc, c.x, c.y), nil)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := m.Text(&text); err != nil {
			t.Fatal(err)
		}
		if len(m.Notes) != len(c.want) || strings.Count(text.String(), "note: ") != len(c.want) || len(m.Picture().Notes) != 1+len(c.want) {
			t.Errorf("%s %s: %q\n%s", c.x, c.y, m.Notes, &text)
			continue
		}
		for i := range c.want {
			if !strings.HasPrefix(m.Notes[i], c.want[i]) {
				t.Errorf("%s %s: %q, want %q", c.x, c.y, m.Notes, c.want)
			}
		}
	}
}
