package scenarios

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/internal/fleet"
)

// A fault of which only a backend can tell what comes of it is for the mode http:
// auto takes it, and model says why it cannot.
func TestStaleFaultsNeedABackend(t *testing.T) {
	sc, err := Parse("stale.yaml", []byte(strings.Replace(sound, "{op: PutObject}, p: 0.9, effect: SlowDown", "{op: GetObject}, p: 0.9, effect: stale by=30s", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := pickMode(sc, ModeAuto, 1_000_000); err != nil || m != ModeHTTP {
		t.Errorf("auto is %s, %v", m, err)
	}
	var bad *OptionError
	if _, err := pickMode(sc, ModeModel, 1); !errors.As(err, &bad) || !strings.Contains(err.Error(), "stale by=30s") {
		t.Errorf("model: %v", err)
	}
}

// A law of the simulator that was broken comes with what makes the run again.
func TestInternalErrorsSayHowToComeAgain(t *testing.T) {
	sc, err := Parse("sound.yaml", []byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	found := &fleet.BrokenError{Law: "time goes on", Got: "it went back"}
	record, err := Run(context.Background(), sc, Options{Seed: 7, Mode: ModeModel, Policies: []string{"shipped"}, Play: func(context.Context, *fleet.Config, func(time.Duration)) (*fleet.Result, error) {
		return nil, found
	}})
	var internal *InternalError
	if record != nil || !errors.As(err, &internal) || !errors.Is(err, found) {
		t.Fatalf("%v, %v", record, err)
	}
	if got := internal.Flags(); got != "--policy shipped --seed 7 --mode model" {
		t.Error(got)
	}
	if got := err.Error(); got != "scenarios: fleet: internal error: time goes on, but it went back" {
		t.Error(got)
	}
}
