package reports_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/internal/samples"
)

func jsonOf(t interface{ Fatal(...any) }, run *reports.Run) []byte {
	var b bytes.Buffer
	if err := reports.WriteJSON(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// anyRun draws a run that fits together, with any text and any number in it.
func anyRun(t *rapid.T) *reports.Run {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{`a "quoted" [1, 2] {null}`, "p(99)<20s & more", "\u2028 \\ \x00 \x7f"}))
	buckets := rapid.IntRange(0, 5).Draw(t, "buckets")
	counts := func(label string) []uint64 { return rapid.SliceOfN(rapid.Uint64(), buckets, buckets).Draw(t, label) }
	times := func(label string) []int64 { return rapid.SliceOfN(rapid.Int64(), buckets, buckets).Draw(t, label) }
	share := rapid.Float64Range(0, 1)
	metrics := func() reports.Metrics {
		m := reports.Metrics{
			Calls: rapid.Uint64().Draw(t, "calls"), SuccessRate: share.Draw(t, "rate"),
			Amplification: rapid.Float64Range(0, math.MaxFloat64).Draw(t, "amplification"),
			WorkNS:        rapid.Int64().Draw(t, "work"),
		}
		m.AttemptOutcomes = rapid.SliceOfN(rapid.Uint64(), 0, len(reports.Outcomes)).Draw(t, "outcomes")
		for range rapid.IntRange(0, 2).Draw(t, "ends") {
			m.Ends = append(m.Ends, reports.End{Reason: text.Draw(t, "reason"), Calls: 3})
		}
		return m
	}
	run := &reports.Run{
		Schema: reports.SchemaVersion, Version: text.Draw(t, "version"), Scenario: text.Draw(t, "scenario"),
		About: text.Draw(t, "about"), Seed: rapid.Uint64().Draw(t, "seed"), DurationNS: rapid.Int64Range(0, math.MaxInt64).Draw(t, "duration"),
	}
	phases := rapid.IntRange(0, 3).Draw(t, "phases")
	for i := range phases {
		run.Phases = append(run.Phases, reports.Phase{
			Label: text.Draw(t, "label"), StartNS: int64(i), EndNS: int64(i + 1), Faults: rapid.SliceOfN(text, 1, 3).Draw(t, "faults"),
		})
	}
	for range rapid.IntRange(0, 3).Draw(t, "policies") {
		p := reports.Policy{Name: text.Draw(t, "name"), Total: metrics()}
		for range phases {
			p.Phases = append(p.Phases, metrics())
		}
		p.Ops = append(p.Ops, reports.Op{Op: "GetObject", Metrics: metrics()})
		p.Series = reports.Series{
			BucketNS: 1, Calls: counts("calls"), Succeeded: counts("succeeded"), Rejected: counts("rejected"),
			CallAttempts: counts("attempts"), CallAttemptMax: counts("most"),
			CallP50NS: times("p50"), CallP99NS: times("p99"), CallMaxNS: times("max"),
			Attempts:      [][]uint64{counts("ok"), counts("throttled")},
			BreakerOpenNS: times("open"), BreakerHalfOpenNS: times("half"),
		}
		run.Policies = append(run.Policies, p)
	}
	return run
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := jsonOf(t, anyRun(t))
		back, err := reports.ReadJSON(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		// The first writing may replace invalid UTF-8; from then on nothing moves.
		second := jsonOf(t, back)
		if !bytes.Equal(first, second) {
			t.Fatalf("not the same bytes:\n%s\n%s", first, second)
		}
		again, err := reports.ReadJSON(bytes.NewReader(second))
		if err != nil || !reflect.DeepEqual(back, again) {
			t.Fatalf("not the same run: %v", err)
		}
	})
}

func TestJSONKeepsEveryField(t *testing.T) {
	run := judged()
	back, err := reports.ReadJSON(bytes.NewReader(jsonOf(t, run)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range run.Policies { // [] where there was nil
		p, q := &run.Policies[i], &back.Policies[i]
		p.Ops = q.Ops
		for _, m := range [][2]*reports.Metrics{{&p.Total, &q.Total}, {&p.Phases[0], &q.Phases[0]}, {&p.Phases[1], &q.Phases[1]}, {&p.Phases[2], &q.Phases[2]}} {
			if len(m[0].Ends)+len(m[1].Ends) == 0 {
				m[0].Ends = m[1].Ends
			}
		}
	}
	if !reflect.DeepEqual(run, back) {
		t.Errorf("the run changed:\n%s\n%s", jsonOf(t, run), jsonOf(t, back))
	}
}

func TestJSONLayout(t *testing.T) {
	text := string(jsonOf(t, samples.One()))
	if !strings.HasPrefix(text, "{\n  \"schema_version\": 1,\n") || !strings.HasSuffix(text, "\n}\n") {
		t.Errorf("it begins with %q", text[:40])
	}
	if strings.Contains(text, "null") {
		t.Error("there is a null for a nil slice")
	}
	for i, line := range strings.Split(text, "\n") {
		if key, _, ok := strings.Cut(line, ": ["); ok && strings.Contains(key, "call_p50_ns") {
			if !strings.HasSuffix(line, "],") || strings.Count(line, ", ") < 100 {
				t.Errorf("line %d: the series is not on one line: %.60s", i+1, line)
			}
			return
		}
	}
	t.Error("there is no series call_p50_ns")
}

func TestWriteJSONErrors(t *testing.T) {
	run := samples.One()
	run.Policies[0].Total.Goodput = math.NaN()
	if err := reports.WriteJSON(new(bytes.Buffer), run); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("NaN: %v", err)
	}
	broken := errors.New("broken pipe")
	if err := reports.WriteJSON(failing{broken}, samples.One()); !errors.Is(err, broken) {
		t.Errorf("failing writer: %v", err)
	}
}

func TestReadJSONErrors(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", "not a squall summary: line 1, column 1: unexpected end"},
		{"text", "hello", "not a squall summary: line 1, column 1: invalid character 'h'"},
		{"array", "[]", "not a squall summary: line 1, column 1: json: cannot unmarshal array"},
		{"no version", `{"scenario": "x"}`, "not a squall summary: no schema_version"},
		{"null", `null`, "not a squall summary: no schema_version"},
		{"text version", `{"schema_version": "1"}`, "not a squall summary"},
		{"newer", `{"schema_version": 2, "squall_version": "v9.1.0"}`, "has schema_version 2 (written by squall v9.1.0), this squall reads 1: update squall"},
		{"older", `{"schema_version": 0}`, "has schema_version 0, this squall reads 1: run the scenario again"},
		{"wrong type", "{\"schema_version\": 1,\n \"seed\": \"x\"}", "line 2, column 12: json: cannot unmarshal string"},
		{"negative count", `{"schema_version": 1, "policies": [{"total": {"calls": -1}}]}`, "cannot unmarshal number -1"},
		{"cut", `{"schema_version": 1, "policies": [`, "unexpected end of JSON input"},
		{"trailing", `{"schema_version": 1} {}`, "after top-level value"},
		{"damaged", `{"schema_version": 1, "phases": [{"start_ns": 5, "end_ns": 2}], "policies": [{"series": {"bucket_ns": -1, "calls": [1]}}]}`, "the summary is damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run, err := reports.ReadJSON(strings.NewReader(tt.in))
			if run != nil || err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "reports: ") {
				t.Errorf("got %v, want …%s…", err, tt.want)
			}
		})
	}
	_, err := reports.ReadJSON(strings.NewReader(`{"schema_version": 7}`))
	var schema *reports.SchemaError
	if !errors.As(err, &schema) || schema.Got != 7 {
		t.Errorf("got %#v, want a SchemaError", err)
	}
	if _, err := reports.ReadJSON(strings.NewReader(`{}`)); !errors.Is(err, reports.ErrNotSummary) {
		t.Errorf("got %v, want ErrNotSummary", err)
	}
	if _, err := reports.ReadJSON(strings.NewReader(`{"schema_version": 1, "from_the_future": {"x": [1]}}`)); err != nil {
		t.Errorf("a field of a newer version: %v", err)
	}
	broken := errors.New("disk on fire")
	if _, err := reports.ReadJSON(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("failing reader: %v", err)
	}
}

// failing is a reader and writer that does neither.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestValidateReportsEveryProblem(t *testing.T) {
	for _, run := range []*reports.Run{samples.Burst(), samples.FourDays(), samples.Flapping(), samples.One(), {}} {
		if err := run.Validate(); err != nil {
			t.Errorf("%s: %v", run.Scenario, err)
		}
	}
	run := samples.Burst()
	run.DurationNS = -1
	run.Phases[2].StartNS = 5
	run.Policies[0].Phases = run.Policies[0].Phases[:1]
	run.Policies[0].Phases[0].Goodput = math.Inf(1)
	run.Policies[1].Total.SuccessRate = math.NaN()
	run.Policies[1].Total.Succeeded = run.Policies[1].Total.Calls + 1
	run.Policies[1].Total.AttemptOutcomes = make([]uint64, 99)
	run.Policies[1].Breakers.Count = -1
	run.Policies[2].Series.BucketNS = 0
	run.Policies[2].Series.CallP99NS = nil
	run.Policies[2].Series.Attempts = make([][]uint64, 8)
	err := run.Validate()
	if err == nil {
		t.Fatal("it is valid")
	}
	for _, want := range []string{
		"duration_ns", "phases[2]", "policies[0].phases: 1 entries", "policies[0].phases[0].goodput", "policies[1].total.success_rate",
		"succeeded of", "attempt_outcomes: 99", "policies[1].breakers", "policies[2].series.bucket_ns", "call_p99_ns: 0 entries", "attempts[7]", "attempts: 8 series",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}

func FuzzReadJSON(f *testing.F) {
	f.Add(jsonOf(f, tiny()))
	f.Add([]byte(`{"schema_version": 1, "policies": [{"series": {"calls": [1e3, -0]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := reports.ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		first := jsonOf(t, run)
		back, err := reports.ReadJSON(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if !bytes.Equal(first, jsonOf(t, back)) {
			t.Fatal("not the same bytes")
		}
		if err := reports.Text(new(bytes.Buffer), run, reports.TextOptions{}); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkWriteJSON(b *testing.B) {
	run := samples.FourDays()
	for b.Loop() {
		jsonOf(b, run)
	}
}
