package scenarios

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/reports"
)

const limitedText = `scenario: limited
backend:
  kind: http
  latency: 20ms
  quotas:
    - {on: {op: GET}, per: client, rate: 1/s}
    - {on: {op: PUT}, rate: 1000/s}
    - {on: {op: GET, key: "/never/**"}, rate: 1/s}
load: {model: open, rate: 50/s, clients: 2, mix: [{op: GET, key: "/a/{call}"}, {op: PUT, key: "/a/{call}"}]}
phases: [{label: all, for: 10s}]
policies: {one: {retry: none}, two: {retry: {attempts: 2, base: 10ms}}}
`

// Half of one worker is one worker: a phase that changes nothing is told of, and is no
// mistake, as other numbers of workers may be played (simulate map).
func TestPhasesThatChangeNothingAreTold(t *testing.T) {
	const text = `scenario: small
backend: {kind: http, latency: 1ms, capacity: {nodes: 4, workers: 1, queue: 10}}
load: {model: open, rate: 50/s, mix: [{op: GET, key: /a}]}
phases:
  - {label: half, for: 1s, capacity: {workers: 50%}}
  - {label: all, for: 1s, capacity: {workers: 100%}}
  - {label: one, for: 1s, capacity: {workers: 1}}
  - {label: none, for: 1s, capacity: {workers: 0}}
policies: {one: {retry: none}}
`
	sc, err := Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	run, err := Run(context.Background(), sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range run.Warnings {
		if w.Code == "workers-unchanged" && !w.Fails {
			got = append(got, w.Message)
		}
	}
	want := []string{"the phase half has as many workers as ever: of 1 at each node 50 % are 1, as a share is rounded and at least one"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Calls of a trace that come when the last phase is over are told; speed counts.
func TestTraceThatIsCutIsTold(t *testing.T) {
	for speed, want := range map[string]string{
		"1":   "2 of the trace's 4 calls were not made: the phases are over after 3s, and the trace after 10s; make them longer",
		"2":   "1 of the trace's 4 calls were not made: the phases are over after 3s, and the trace after 5s; make them longer",
		"3.5": "",
	} {
		sc, err := Parse("x.yaml", []byte("scenario: x\nbackend: {kind: http, latency: 1ms}\nload: {model: replay, trace: t.csv, speed: "+speed+"}\n"+
			"phases: [{label: a, for: 1s}, {label: b, for: 2s}]\npolicies: {one: {retry: none}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []time.Duration{0, 2 * time.Second, 3 * time.Second, 10 * time.Second} {
			sc.Load.Records = append(sc.Load.Records, TraceRow{At: at, Client: "a", Op: "GET", Key: "/a"})
		}
		run, err := Run(context.Background(), sc, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, w := range run.Warnings {
			if w.Code == "trace-cut" && !w.Fails {
				got = w.Message
			}
		}
		if got != want {
			t.Errorf("speed %s: %q, want %q", speed, got, want)
		}
	}
}

// A quota that refused nothing is told, and fails nothing; one that refused is
// counted, the same in both modes.
func TestQuotasAreTold(t *testing.T) {
	sc, err := Parse("x.yaml", []byte(limitedText))
	if err != nil {
		t.Fatal(err)
	}
	var first [][]reports.Limit
	for _, mode := range []Mode{ModeModel, ModeHTTP} {
		run, err := Run(context.Background(), sc, Options{Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range run.Warnings {
			got = append(got, w.Code+": "+w.Message)
		}
		want := []string{
			`quota-never-refused: the quota "PUT 1000/s: 429" never refused anything: it was enough for all 485 attempts`,
			`quota-never-refused: the quota "GET /never/** 1/s: 429" never refused anything: no attempt was one that it is for`,
		}
		if len(got) != 2 || cut(got[0]) != cut(want[0]) || got[1] != want[1] || run.Failed() {
			t.Errorf("%s: got %q", mode, got)
		}
		var all [][]reports.Limit
		for _, p := range run.Policies {
			l := p.Limits[0]
			if len(p.Limits) != 3 || l.Kind != reports.LimitQuota || l.Limit != "GET 1/s per client: 429" || l.Refused == 0 || l.Refused != p.Total.AttemptOutcomes[reports.OutcomeThrottled] {
				t.Errorf("%s, %s: %+v", mode, p.Name, p.Limits)
			}
			// 2 clients, 10 s, a burst of 1 each.
			if let := l.Asked - l.Refused; let > 22 || let < 18 {
				t.Errorf("%s, %s: let %d through", mode, p.Name, let)
			}
			all = append(all, p.Limits)
		}
		if first != nil && !reflect.DeepEqual(first, all) {
			t.Errorf("model %+v\nhttp  %+v", first, all)
		}
		first = all
	}
}

// cut drops the number at the end.
func cut(s string) string {
	i := strings.Index(s, "for all ")
	return s[:max(i, 0)]
}

func TestPrefixesAreTold(t *testing.T) {
	text := strings.NewReplacer("kind: http", "kind: s3\n  prefixes: true", "GET", "GetObject", "PUT", "PutObject", `"/`, `"`).Replace(limitedText)
	sc, err := Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	run, err := Run(context.Background(), sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	last := run.Warnings[len(run.Warnings)-1]
	if last.Code != "prefixes-never-refused" || last.Fails {
		t.Errorf("%+v", run.Warnings)
	}
	p := run.Policies[0]
	if want := []reports.Partition{{Count: 1}}; !reflect.DeepEqual(p.Partitions, want) || len(p.Limits) != 5 || p.Limits[3].Kind != reports.LimitPrefix {
		t.Errorf("%+v %+v", p.Partitions, p.Limits)
	}
}
