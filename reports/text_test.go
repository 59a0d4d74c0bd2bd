package reports_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

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
