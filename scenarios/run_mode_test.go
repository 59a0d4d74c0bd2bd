package scenarios

import (
	"errors"
	"strings"
	"testing"
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
