package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page is written on all runs, which takes minutes. A few of them, played here,
// must give its numbers: else it tells of another version.
func TestPageIsOfToday(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "studies", "aws-retry-2.1.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, c := range []struct {
		table, column string
		v             variation
		cell          func(outcome) string
	}{
		{"success", "2s", variation{"aws-retry-outage", set("phases.outage.for", "2s"), 1, 0}, format(success, 1, "%")},
		{"attempts for each call", "5s", variation{"aws-retry-outage", set("phases.outage.for", "5s"), 1, 0}, format(amplification, 2, "")},
	} {
		got, err := playAll([]variation{c.v}, 5)
		if err != nil {
			t.Fatal(err)
		}
		for j, p := range policies {
			if want := cell(t, page, c.table, c.column, p.name); want != c.cell(got[0][j]) {
				t.Errorf("%s, %s, %s: the page has %s, today's runs give %s: go run ./internal/studies/awsretry", c.table, c.column, p.name, want, c.cell(got[0][j]))
			}
		}
	}
}

// cell finds a cell of the page's table with that head.
func cell(t *testing.T, page, table, column, row string) string {
	t.Helper()
	_, text, found := strings.Cut(page, "| "+table+" | ")
	if !found {
		t.Fatalf("the page has no table %q", table)
	}
	head, rows, _ := strings.Cut(text, "\n")
	for i, name := range strings.Split(head, " | ") {
		if strings.TrimSuffix(name, " |") != column {
			continue
		}
		_, line, _ := strings.Cut(rows, "| "+row+" | ")
		line, _, _ = strings.Cut(line, "\n")
		return strings.TrimSuffix(strings.Split(line, " | ")[i], " |")
	}
	t.Fatalf("table %q has no column %q", table, column)
	return ""
}

// Every variation that the study plays is a scenario without mistakes, with each of
// its policies.
func TestVariations(t *testing.T) {
	for _, v := range []variation{
		{"aws-retry-outage", set("phases.outage.for", "120s", "phases.outage.faults.0.p", "0.05", "load.clients", "2"), 1, 0},
		{"aws-retry-outage", set("phases.outage.faults.0.effect", "SlowDown"), 1, 0},
		{"aws-retry-outage", set("phases.outage.faults.0.effect", "blackhole"), 1, patience},
		{"aws-retry-overload", set("load.rate", "72/s", "load.clients", "2", "phases.recovery.for", "30m"), 2, 0},
	} {
		sc, err := v.make()
		if err != nil {
			t.Error(err)
			continue
		}
		if len(sc.Policies) != len(policies) || sc.Phases[v.phase].Label == "steady" {
			t.Errorf("%s: %d policies, phase %s", v.scenario, len(sc.Policies), sc.Phases[v.phase].Label)
		}
		for _, p := range sc.Policies {
			if waits := v.scenario == "aws-retry-overload" || v.timeout > 0; (p.Retry.AttemptTimeout > 0) != waits || p.Retry.Attempts < 1 {
				t.Errorf("%s: policy %s: %v", v.scenario, p.Name, p.Retry)
			}
		}
	}
}
