package reports_test

import (
	"strings"
	"testing"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/internal/samples"
)

// What callers were told wrongly has a line, by operation, where there is any.
func TestTextTellsTheTruth(t *testing.T) {
	run := samples.Burst()
	if text := string(textOf(t, run, reports.TextOptions{})); strings.Contains(text, "ground truth") {
		t.Errorf("nothing was untrue:\n%s", text)
	}
	run.Policies[0].Ops = []reports.Op{
		{Op: "POST", Metrics: reports.Metrics{Truth: reports.Truth{Writes: 2000, FalseFailures: 1, FalseSuccesses: 2, Duplicates: 1200}}},
		{Op: "GET"},
		{Op: "PUT", Metrics: reports.Metrics{Truth: reports.Truth{Writes: 20, Duplicates: 1}}},
	}
	const want = "  ground truth  POST: 1 false failure, 2 false successes, 1,200 duplicates; PUT: 1 duplicate\n"
	if text := string(textOf(t, run, reports.TextOptions{})); !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// More false failures than failures are a damaged record.
func TestValidateTruth(t *testing.T) {
	for _, m := range []reports.Metrics{
		{Calls: 3, Failed: 1, Succeeded: 2, Truth: reports.Truth{Writes: 3, FalseFailures: 2}},
		{Calls: 3, Failed: 1, Succeeded: 2, Truth: reports.Truth{Writes: 3, FalseSuccesses: 3}},
		{Calls: 3, Failed: 1, Succeeded: 2, Truth: reports.Truth{Writes: 4}},
	} {
		run := &reports.Run{Policies: []reports.Policy{{Total: m}}}
		if err := run.Validate(); err == nil || !strings.Contains(err.Error(), "policies[0].total.truth: ") {
			t.Errorf("%+v: %v", m.Truth, err)
		}
	}
}
