package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMapIsInterrupted: what there is by then is told and written, whole, and the bar
// does not stay.
func TestMapIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := filepath.Join(t.TempDir(), "out")
	s := session{terminal: true, onProgress: cancel}
	code := run(ctx, s.env("map", "brownout", "--x", "load.rate=80..120", "--seeds", "1", "--out", out))
	if code != exitInterrupted || !strings.Contains(s.err.String(), "simulate: the map was interrupted; what there was by then is in "+out) {
		t.Fatalf("exit code %d\n%s", code, s.err.String())
	}
	if bar, _, _ := strings.Cut(s.err.String(), "simulate:"); !strings.Contains(bar, "map") || !strings.HasSuffix(bar, "\r") {
		t.Errorf("no bar, or one that is left: %q", bar)
	}
	for name, want := range map[string]string{"map.json": `"interrupted": true`, "map.svg": "</svg>"} {
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %v, without %q:\n%s", name, err, want, data)
		}
	}
	if !strings.Contains(s.out.String(), "interrupted: this is what there was by then") {
		t.Errorf("the table does not tell:\n%s", s.out.String())
	}
}

// TestMapInterruptedBefore: nothing is written.
func TestMapInterruptedBefore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := filepath.Join(t.TempDir(), "out")
	var s session
	if code := run(ctx, s.env("map", "brownout", "--x", "load.rate=80..120", "--out", out)); code != exitInterrupted {
		t.Errorf("exit code %d\n%s%s", code, s.out.String(), s.err.String())
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("%s is there: %v", out, err)
	}
}
