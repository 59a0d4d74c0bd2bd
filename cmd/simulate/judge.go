package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/squall-sim/squall/internal/live"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// The words of --thresholds.
const (
	thresholdsAuto  = "auto"
	thresholdsJudge = "judge"
	thresholdsSkip  = "skip"
)

// side is the server's side of what a program did: the form of exec's --out file.
type side struct {
	Version    string              `json:"squall_version"`
	Command    []string            `json:"command"`
	ExitCode   int                 `json:"command_exit_code"`
	Passed     bool                `json:"passed"` // no threshold was missed, and every fault whose turn it was has fired
	State      live.State          `json:"state"`
	Thresholds []reports.Threshold `json:"thresholds"`
	NotJudged  []leftOut           `json:"thresholds_not_judged"`
	Calls      []live.Call         `json:"last_calls"` // oldest first
}

// leftOut is a threshold that was not judged.
type leftOut struct {
	Threshold string `json:"threshold"`
	Why       string `json:"why"`
}

// lastCalls is how many calls the --out file has.
const lastCalls = 1000

// sideOf judges what a program did, as the flag asks for. The backend has stopped.
func (o *execOptions) sideOf(b *backend, argv []string, code int) *side {
	s := &side{
		Version: thisBuild().Version, Command: argv, ExitCode: code, State: b.State(),
		Thresholds: []reports.Threshold{}, NotJudged: []leftOut{}, Calls: b.Calls(lastCalls, nil),
	}
	why := ""
	switch {
	case o.thresholds == thresholdsSkip:
		why = "as asked for by --thresholds skip"
	case o.thresholds == thresholdsAuto && b.builtIn:
		why = "those of a built-in scenario are about its own load; --thresholds judge holds a program to them"
	}
	if why != "" {
		for _, t := range b.scenario.Thresholds {
			s.NotJudged = append(s.NotJudged, leftOut{t.String(), why})
		}
	} else {
		judged, left := b.Judge(filepath.Base(argv[0]))
		s.Thresholds = append(s.Thresholds, judged...)
		for _, l := range left {
			s.NotJudged = append(s.NotJudged, leftOut{l.Threshold.String(), l.Why})
		}
	}
	s.Passed = len(s.State.Idle()) == 0
	for i := range s.Thresholds {
		s.Passed = s.Passed && s.Thresholds[i].Passed
	}
	return s
}

// tell writes the server's side for people, but for the verdict.
func (s *side) tell(w io.Writer) {
	writeSide(w, s.State)
	for i := range s.Thresholds {
		if t := &s.Thresholds[i]; t.Passed {
			fmt.Fprintf(w, "threshold held: %s\n", t.Held())
		}
	}
	for i, l := range s.NotJudged {
		if i == 0 || l.Why != s.NotJudged[i-1].Why {
			fmt.Fprintf(w, "thresholds not judged, %s:\n", l.Why)
		}
		fmt.Fprintf(w, "  %s\n", l.Threshold)
	}
}

// verdict tells what makes the program fail, if anything does: missed thresholds,
// and faults that never fired, as what the scenario is to prove was not tried. The
// scenario has so many phases.
func (s *side) verdict(env environment, phases int) error {
	if s.Passed {
		return nil
	}
	for i := range s.Thresholds {
		if t := &s.Thresholds[i]; !t.Passed {
			fmt.Fprintf(env.Stderr, "simulate: %s\n", t.Miss())
		}
	}
	return tellIdle(env, s.State, phases)
}

// write writes the file of --out, whole.
func (s *side) write(path string) error {
	err := reports.WriteFile(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	})
	if err != nil {
		return wrong("--out FILE writes elsewhere", err)
	}
	return nil
}

// checkOutFile finds out before a program runs what would keep its --out file from
// being written.
func checkOutFile(path string) error {
	const hint = "--out FILE writes elsewhere"
	switch info, err := os.Stat(path); {
	case err != nil: // most likely it is not there
	case info.IsDir():
		return wrong(hint, fmt.Errorf("%s cannot be written: it is a directory", path))
	case !info.Mode().IsRegular():
		return nil // a device or a pipe needs no file beside it
	}
	if err := probe(filepath.Dir(path)); err != nil {
		return wrong(hint, fmt.Errorf("%s cannot be written: %w", path, cause(err)))
	}
	return nil
}

// isBuiltIn tells whether an argument names a scenario that is built in.
func isBuiltIn(arg string) bool {
	_, ok := scenarios.Source(arg)
	return ok
}
