package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/squall-sim/squall/scenarios"
)

func helpTopics(cmds []*cobra.Command) [][]string {
	var topics [][]string
	for _, c := range cmds {
		topics = append(topics, []string{c.Name()})
	}
	return topics
}

// TestHelp demands of every command what somebody new to it needs: what it does
// in one line, examples, and a word on every flag.
func TestHelp(t *testing.T) {
	var s session
	root := newRoot(s.env())
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%s: no short help or no example", cmd.CommandPath())
		}
		if cmd != root && cmd.RunE == nil {
			t.Errorf("%s: does nothing", cmd.CommandPath())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: nothing on the flag --%s", cmd.CommandPath(), f.Name)
			}
		})
	}
}

// TestExamples runs the examples of every command's help that are for a shell
// such as the test's, in a directory with what they name.
func TestExamples(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	copyFile(t, filepath.Join("testdata", "access.log"), filepath.Join(dir, "access.log"))
	if err := os.Mkdir(filepath.Join(dir, "scenarios"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mine.yaml", "scenarios/first.yaml", "scenarios/second.yaml"} {
		text, _ := scenarios.Source("s3-throttle-burst")
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	writeTestProgram(t, dir)
	var s session
	root := newRoot(s.env())
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Name() == "completion" {
			continue // for other shells, or it writes to the user's home
		}
		for _, line := range strings.Split(cmd.Example, "\n") {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "simulate ") {
				continue
			}
			switch {
			case strings.HasPrefix(line, "simulate import "):
				line += " --force" // several write the same file
			case strings.HasPrefix(line, "simulate run ") && !strings.Contains(line, "--mode"):
				line += " --mode model" // other tests run the scenarios as they come
			case strings.HasPrefix(line, "simulate verify "):
				line = strings.Replace(line, "--speed 1", "--speed 60", 1) // as fast as life is minutes
			}
			runLine(t, dir, "the help of "+cmd.CommandPath(), line, 0)
		}
	}
}
