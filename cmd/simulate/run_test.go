package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
	"github.com/squall-sim/squall/scenarios"
)

// long is a scenario that takes a moment, so that it can be interrupted.
const long = `scenario: long
backend: {kind: http, latency: {dist: lognormal, median: 10ms, sigma: 0.5}}
load: {model: open, rate: 500/s, clients: 10, mix: [{op: GET, key: /}]}
phases: [{label: all, for: 2h}]
policies:
  first: {retry: api}
  second: {retry: none}
`

// TestInterrupt ends a run by its context, as the first Ctrl-C does: what was
// seen by then is printed and written, marked, and the exit code is 130.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := filepath.Join(t.TempDir(), "out")
	s := session{stdin: long, terminal: true, onProgress: cancel}
	code := run(ctx, s.env("run", "-", "--mode", "model", "--out", out))
	if code != exitInterrupted {
		t.Fatalf("exit code %d, want %d\n%s", code, exitInterrupted, s.err.String())
	}
	if !strings.Contains(s.err.String(), "simulate: long was interrupted; what was seen by then is in "+out) {
		t.Errorf("standard error does not tell of the interruption:\n%s", s.err.String())
	}
	if !strings.Contains(s.out.String(), "interrupted") {
		t.Errorf("the table does not tell of the interruption:\n%s", s.out.String())
	}
	f, err := os.Open(filepath.Join(out, summaryName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	record, err := reports.ReadJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	if !record.Interrupted || len(record.Policies) == 0 {
		t.Errorf("interrupted %v with %d policies, want a marked record of what was seen", record.Interrupted, len(record.Policies))
	}
	for _, name := range figures.Names {
		if _, err := os.Stat(filepath.Join(out, name+".svg")); err != nil {
			t.Error(err)
		}
	}
}

// TestInterruptedBefore ends the context before the run: nothing is simulated.
func TestInterruptedBefore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := filepath.Join(t.TempDir(), "out")
	s := session{stdin: long}
	if code := run(ctx, s.env("run", "-", "--out", out)); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, s.err.String())
	}
	if s.out.Len() > 0 {
		t.Errorf("standard output: %s", s.out.String())
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("an output directory was made")
	}
}

// TestColor: colours only for people who want them.
func TestColor(t *testing.T) {
	t.Parallel()
	const small = `scenario: small
backend: {kind: http, latency: {dist: fixed, value: 10ms}}
load: {model: open, rate: 10/s, mix: [{op: GET, key: /}]}
phases: [{label: all, for: 1s}]
policies: {only: {retry: none}}
`
	for _, test := range []struct {
		name     string
		terminal bool
		vars     map[string]string
		want     bool
	}{
		{"terminal", true, nil, true},
		{"pipe", false, nil, false},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "1"}, false},
		{"empty NO_COLOR", true, map[string]string{"NO_COLOR": ""}, true},
		{"dumb terminal", true, map[string]string{"TERM": "dumb"}, false},
	} {
		s := session{stdin: small, terminal: test.terminal, vars: test.vars}
		if code := run(context.Background(), s.env("run", "-", "--out", t.TempDir())); code != exitOK {
			t.Fatalf("%s: exit code %d\n%s", test.name, code, s.err.String())
		}
		if got := bytes.Contains(s.out.Bytes(), []byte("\x1b[")); got != test.want {
			t.Errorf("%s: colours %v, want %v", test.name, got, test.want)
		}
	}
}

// TestReproducible runs the main scenario in processes of their own, with
// different numbers of processors: the same bytes.
func TestReproducible(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runs := []struct{ name, procs string }{{"first", "GOMAXPROCS=4"}, {"alone", "GOMAXPROCS=1"}}
	for _, r := range runs {
		cmd := exec.Command("simulate", "run", "--quiet", "--seed", "7", "--mode", "http", "s3-throttle-burst", "--out", r.name)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), r.procs)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", r.name, err, out)
		}
	}
	for _, a := range artifacts(nil, false) {
		want, err := os.ReadFile(filepath.Join(dir, runs[0].name, a.name))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs[1:] {
			got, err := os.ReadFile(filepath.Join(dir, r.name, a.name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s of run %s (%s) differs from that of the first", a.name, r.name, r.procs)
			}
		}
	}
}

// TestModesAgree: with the same seed, outcomes without bytes and real requests
// come to the same record, to the byte, for every built-in scenario.
func TestModesAgree(t *testing.T) {
	t.Parallel()
	for _, entry := range scenarios.List() {
		t.Run(entry.Name, func(t *testing.T) {
			t.Parallel()
			sc, err := scenarios.Builtin(entry.Name)
			if err != nil {
				t.Fatal(err)
			}
			play := func(mode scenarios.Mode) *reports.Run {
				record, err := scenarios.Run(context.Background(), sc, scenarios.Options{Seed: 7, Mode: mode})
				if err != nil {
					t.Fatal(err)
				}
				return record
			}
			model, http := play(scenarios.ModeModel), play(scenarios.ModeHTTP)
			for i, p := range model.Policies {
				if p.Total.Attempts == 0 {
					t.Errorf("%s: no attempts, so the comparison proves nothing", p.Name)
				}
				for j := range p.Phases {
					compareModes(t, p.Name+", "+model.Phases[j].Label, p.Phases[j], http.Policies[i].Phases[j])
				}
			}
			http.Mode = model.Mode
			if one, other := recordText(t, model), recordText(t, http); one != other {
				for i, line := range strings.Split(one, "\n") {
					if !strings.HasPrefix(other, line+"\n") {
						t.Fatalf("the records differ in line %d: model %.200s, http %.200s", i+1, line, other)
					}
					other = other[len(line)+1:]
				}
			}
		})
	}
}

// recordText is a record as it is written.
func recordText(t *testing.T, run *reports.Run) string {
	t.Helper()
	var b strings.Builder
	if err := reports.WriteJSON(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func compareModes(t *testing.T, what string, model, http reports.Metrics) {
	t.Helper()
	if model.Calls != http.Calls || model.Attempts != http.Attempts || model.Succeeded != http.Succeeded {
		t.Errorf("%s: model made %d attempts for %d calls, %d good; http %d for %d, %d good",
			what, model.Attempts, model.Calls, model.Succeeded, http.Attempts, http.Calls, http.Succeeded)
	}
	if !slices.Equal(model.AttemptOutcomes, http.AttemptOutcomes) {
		t.Errorf("%s: outcomes of attempts: model %v, http %v", what, model.AttemptOutcomes, http.AttemptOutcomes)
	}
}
