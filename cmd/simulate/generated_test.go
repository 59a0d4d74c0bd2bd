package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommandReference keeps docs/commands.md, the help of all commands, as the
// program prints it. go test ./cmd/simulate -run TestCommandReference -update
// rewrites it.
func TestCommandReference(t *testing.T) {
	var b strings.Builder
	b.WriteString("# The command\n\nThis page is what `simulate help` prints, command by command. A test keeps it so.\n")
	var s session
	cmds := newRoot(s.env()).Commands()
	for _, args := range append([][]string{{}}, helpTopics(cmds)...) {
		var s session
		if code := run(context.Background(), s.env(append([]string{"help"}, args...)...)); code != exitOK {
			t.Fatalf("help %v: exit code %d\n%s", args, code, s.err.String())
		}
		fmt.Fprintf(&b, "\n## %s\n\n```text\n%s```\n", strings.Join(append([]string{"simulate"}, args...), " "), s.out.String())
	}
	page := filepath.Join(root, "docs", "commands.md")
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != b.String() {
		t.Errorf("docs/commands.md is not what the program prints; go test ./cmd/simulate -run TestCommandReference -update rewrites it")
	}
}

// TestFigures keeps the figures of the documents as the program draws them. go
// test ./cmd/simulate -run=TestFigures -update draws them anew.
func TestFigures(t *testing.T) {
	t.Parallel()
	for _, f := range []struct {
		page, file string
		args       []string
	}{
		{"s3-throttle-burst-load.svg", "load.svg", []string{"run", "--quiet", "s3-throttle-burst"}},
		{"brownout-map.svg", "map.svg", []string{"map", "--quiet", "brownout", "--policy", "eager", "--x", "backend.capacity.workers=4..32",
			"--y", "policy.retry.attempts=1,3,5", "--seeds", "1", "--columns", "5"}},
	} {
		t.Run(f.page, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			var s session
			if code := run(context.Background(), s.env(append(f.args, "--out", out)...)); code != exitOK {
				t.Fatalf("exit code %d\n%s", code, s.err.String())
			}
			got, err := os.ReadFile(filepath.Join(out, f.file))
			if err != nil {
				t.Fatal(err)
			}
			page := filepath.Join(root, "docs", "images", f.page)
			if *update {
				if err := os.WriteFile(page, got, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what the program draws; go test ./cmd/simulate -run=TestFigures -update draws it anew", page)
			}
		})
	}
}
