package reports_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/internal/samples"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to write it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (run with -update if that is meant)\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}

func textOf(t *testing.T, run *reports.Run, opt reports.TextOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := reports.Text(&b, run, opt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// judged is the burst with verdicts and warnings.
func judged() *reports.Run {
	run := samples.Burst()
	run.Thresholds = []reports.Threshold{
		{Metric: "success_rate", Expr: "value>0.99", Policy: "shipped", Expected: "value > 0.99", Actual: "0.843", Value: 0.843, File: "scenario.yaml", Line: 29, Column: 19},
		{Metric: "call_duration{phase:burst}", Expr: "p(99)<20s", Policy: "shipped", Expected: "p(99) < 20s", Actual: "31.2s", Value: 31.2, File: "scenario.yaml", Line: 31, Column: 5},
		{Metric: "amplification{phase:burst}", Expr: "value<3", Policy: "shipped", Expected: "value < 3", Actual: "1.31", Value: 1.31, Passed: true, File: "scenario.yaml", Line: 32, Column: 5},
		{Metric: "attempt_duration{op:HeadObject}", Expr: "max<1s", Policy: "shipped", Expected: "max < 1s", Reason: "no samples", File: "scenario.yaml", Line: 33, Column: 5},
	}
	run.Warnings = []reports.Warning{
		{Code: "few-samples", Policy: "none", Message: "p99.9 of 200 calls is the slowest one: ask for more calls or for a lower quantile"},
		{Code: "fault-never-fired", Policy: "shipped", Message: `the fault "HeadObject p=1 SlowDown" of phase burst never fired: no attempt matched it`, Fails: true},
	}
	return run
}

func TestText(t *testing.T) {
	for _, tt := range []struct {
		name string
		run  *reports.Run
		opt  reports.TextOptions
	}{
		{"burst.txt", judged(), reports.TextOptions{}},
		{"burst-80.txt", judged(), reports.TextOptions{Width: 80}},
		{"burst-color.txt", judged(), reports.TextOptions{Color: true}},
		{"four-days.txt", samples.FourDays(), reports.TextOptions{}},
		{"flapping.txt", samples.Flapping(), reports.TextOptions{MaxPhases: 5}},
		{"one.txt", samples.One(), reports.TextOptions{}},
		{"empty.txt", &reports.Run{}, reports.TextOptions{}},
	} {
		t.Run(tt.name, func(t *testing.T) { golden(t, tt.name, textOf(t, tt.run, tt.opt)) })
	}
}

func TestTextExtremes(t *testing.T) {
	crowd := samples.Burst()
	for i := range 40 {
		p := crowd.Policies[i%3]
		p.Name = fmt.Sprintf("policy-%02d", i)
		crowd.Policies = append(crowd.Policies, p)
	}
	var spec []any
	for i := range 200 {
		spec = append(spec, fmt.Sprintf("phase-%d", i), time.Second, strings.Repeat("SlowDown", i%2))
	}
	phases := samples.Burst()
	phases.Phases = samples.Phases(spec...)
	for i := range phases.Policies {
		for len(phases.Policies[i].Phases) < 200 {
			phases.Policies[i].Phases = append(phases.Policies[i].Phases, phases.Policies[i].Total)
		}
	}
	huge := samples.Burst()
	for i := range huge.Policies {
		m := &huge.Policies[i].Total
		m.Calls, m.Attempts, m.RejectedByBreaker, m.Dropped, m.DeniedByBudget = math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64
		m.CallDuration.MaxNS, m.CallDuration.P50NS = math.MaxInt64, math.MinInt64
		m.Goodput, m.Amplification = math.MaxFloat64, math.MaxFloat64
	}
	broken := samples.Burst()
	broken.DurationNS = -1
	broken.Policies[0].Total.SuccessRate, broken.Policies[0].Total.Goodput = math.NaN(), math.Inf(1)
	broken.Policies[0].Total.Amplification = math.NaN()
	broken.Policies[1].Phases = nil
	broken.Policies[2].Total.AttemptOutcomes = make([]uint64, 50)
	hostile := samples.Burst()
	hostile.Scenario, hostile.About = "\x1b[31mred\x1b[0m\nline", "\xff\xfe\x00"
	hostile.Policies[0].Name, hostile.Phases[0].Label = strings.Repeat("名前", 60), "a\tb\r\nc\x07"
	silent := &reports.Run{
		Scenario: "silent", Phases: samples.Phases("a", time.Second, ""),
		Policies: []reports.Policy{{Name: "p", Phases: make([]reports.Metrics, 1)}},
	}
	for name, run := range map[string]*reports.Run{
		"crowd": crowd, "phases": phases, "huge": huge, "broken": broken, "hostile": hostile, "silent": silent, "empty": {},
	} {
		for _, width := range []int{0, 60, 80, 1} {
			got := string(textOf(t, run, reports.TextOptions{Width: width}))
			for _, bad := range []string{"NaN", "Inf", "\x1b", "\x00", "\r", "\t", "%!"} {
				if strings.Contains(got, bad) {
					t.Errorf("%s at %d: has %q:\n%s", name, width, bad, got)
				}
			}
			if !utf8.ValidString(got) || !strings.HasSuffix(got, "\n") {
				t.Errorf("%s at %d: not whole lines of text", name, width)
			}
		}
	}
	if got := string(textOf(t, phases, reports.TextOptions{})); !strings.Contains(got, "… 184 more") || strings.Count(got, "\n") > 120 {
		t.Errorf("200 phases take %d lines", strings.Count(got, "\n"))
	}
	if got := string(textOf(t, phases, reports.TextOptions{MaxPhases: -1})); strings.Contains(got, " more\n") && !strings.Contains(got, "phase-199") {
		t.Error("phases are left out though none should be")
	}
}

// A usual run fits the width it is given, whatever it is.
func TestTextKeepsToItsWidth(t *testing.T) {
	run := samples.Burst()
	for _, width := range []int{80, 90, 100, 120, 160} {
		for _, color := range []bool{false, true} {
			for _, line := range strings.Split(string(textOf(t, run, reports.TextOptions{Width: width, Color: color})), "\n") {
				if n := text.StringWidthWithoutEscSequences(line); n > width {
					t.Errorf("width %d: a line of %d: %s", width, n, line)
				}
			}
		}
	}
}

// Colours are added to the text, they do not change it.
func TestTextColorsOnlyAdd(t *testing.T) {
	plain := string(textOf(t, judged(), reports.TextOptions{}))
	colored := string(textOf(t, judged(), reports.TextOptions{Color: true}))
	if got := regexp.MustCompile("\x1b\\[[0-9]+m").ReplaceAllString(colored, ""); got != plain {
		t.Errorf("without its colours it is\n%s\nnot\n%s", got, plain)
	}
}

func TestTextFailingWriter(t *testing.T) {
	broken := errors.New("broken pipe")
	if err := reports.Text(failing{broken}, samples.Burst(), reports.TextOptions{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// On a terminal of 80 columns the widest usual table, with a breaker that rejects
// and a budget that denies, is not broken by the terminal.
func TestWideTableFitsTheTerminal(t *testing.T) {
	run := judged()
	for i := range run.Policies {
		p := &run.Policies[i]
		p.Total.RejectedByBreaker, p.Total.DeniedByBudget = 13_634, 14_167
		for j := range p.Phases {
			p.Phases[j].RejectedByBreaker, p.Phases[j].DeniedByBudget = 13_634, 14_167
		}
	}
	out := string(textOf(t, run, reports.TextOptions{Width: 80}))
	head, _, _ := strings.Cut(out, "thresholds:") // a verdict is one line, for grep
	for _, line := range strings.Split(head, "\n") {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, phase := range []string{"steady", "recovery", "burst !"} {
		if !strings.Contains(out, "  "+phase) {
			t.Errorf("phase %s is shortened:\n%s", phase, out)
		}
	}
}

// Faults that clients no longer waited for are told, and only those.
func TestTextTellsOfUnseenFaults(t *testing.T) {
	run := samples.Burst()
	f := &run.Policies[0].Faults[0]
	f.Matched, f.Fired, f.Seen = 2000, 1500, 1400
	var b strings.Builder
	if err := reports.Text(&b, run, reports.TextOptions{Width: 1000}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "hit 1,500 of 2,000 attempts") || strings.Count(text, ", 1,400 seen in time (") != 1 || strings.Count(text, "seen in time") != 1 {
		t.Error(text)
	}
}

// Of several faults in a phase each has a line, above the table and below it.
func TestTextTellsFaultsApart(t *testing.T) {
	run := samples.Burst()
	run.Phases[1].Faults = []string{"GET p=0.5 503", "PUT p=0.5 latency add=lognormal(median=2s,sigma=0.5) and more words of it to fill a line"}
	p := &run.Policies[0]
	p.Faults = nil
	for _, rule := range run.Phases[1].Faults {
		p.Faults = append(p.Faults, reports.FaultRule{Phase: "burst", Rule: rule, Matched: 20, Fired: 10, Seen: 10})
	}
	got := string(textOf(t, run, reports.TextOptions{Width: 80}))
	for _, want := range []string{`
faults in burst, 30s from 1m:
  GET p=0.5 503
  PUT p=0.5 latency add=lognormal(median=2s,sigma=0.5) and more words of it to
    fill a line

`, `
  faults        burst: hit 10 of 20 attempts (GET p=0.5 503)
                burst: hit 10 of 20 attempts (PUT p=0.5 latency
                  add=lognormal(median=2s,sigma=0.5) and more words of it to
                  fill a line)
`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	for range 5 {
		p.Faults = append(p.Faults, p.Faults[0])
	}
	if got := string(textOf(t, run, reports.TextOptions{Width: 80})); strings.Count(got, "(GET p=0.5 503)\n") != 5 || !strings.Contains(got, "\n                1 more\n") {
		t.Error(got)
	}
}

// A surge is told as faults are, and a lower rate without the mark of trouble.
func TestTextTellsOfSurges(t *testing.T) {
	run := samples.Burst()
	faulted := string(textOf(t, run, reports.TextOptions{}))
	if strings.Contains(faulted, "surge") {
		t.Fatal("a surge in the sample")
	}
	run.Phases[0].Load = []string{"rate 20/s"}
	run.Phases[2].Load, run.Phases[2].Surge = []string{"rate 160/s"}, true
	got := string(textOf(t, run, reports.TextOptions{}))
	for _, want := range []string{"load in " + run.Phases[0].Label, ": rate 20/s", "load in " + run.Phases[2].Label, ": rate 160/s", run.Phases[2].Label + " !", "!: with faults or another load"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	run.Phases[1].Faults = nil
	if got := string(textOf(t, run, reports.TextOptions{})); !strings.Contains(got, "!: with another load") || strings.Contains(got, run.Phases[0].Label+" !") {
		t.Errorf("got\n%s", got)
	}
}

// Groups of clients have a line each, where there are some.
func TestTextTellsOfGroups(t *testing.T) {
	run := samples.Burst()
	if strings.Contains(string(textOf(t, run, reports.TextOptions{})), "  groups") {
		t.Fatal("groups where there are none")
	}
	run.Policies[0].Groups = []reports.Group{{Group: "web", Metrics: run.Policies[0].Total}, {Group: "batch"}}
	got := string(textOf(t, run, reports.TextOptions{Width: 200}))
	if !strings.Contains(got, "  groups        web: ") || !strings.Contains(got, "\n                batch: no calls\n") {
		t.Errorf("got\n%s", got)
	}
}
