package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite golden files with what the command does now")

// TestMain makes this binary the command: scripts and documents run the real
// main, in a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"simulate": main, "client": client})
}

// TestScripts runs testdata/*.txt: sessions with the command.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Condition:           condition,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "await": await},
	})
}

// condition knows what a script may ask for beyond testscript's own: [root].
func condition(name string) (bool, error) {
	if name == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// exits runs a program and demands its exit code: exits 99 simulate run …
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// session is one call of run, with all that it reads and writes.
type session struct {
	stdin      string
	vars       map[string]string
	terminal   bool
	out, err   bytes.Buffer
	onProgress func() // called with every write to a terminal's standard error
}

// env is the session as an environment.
func (s *session) env(args ...string) environment {
	return environment{
		Args:   args,
		Stdin:  strings.NewReader(s.stdin),
		Stdout: &s.out,
		Stderr: s,
		LookupEnv: func(key string) (string, bool) {
			v, ok := s.vars[key]
			return v, ok
		},
		StdoutTerminal: s.terminal,
		StderrTerminal: s.terminal,
		Width:          func() int { return 100 },
		Environ:        os.Environ,
		Signals:        func() (<-chan os.Signal, func()) { return nil, func() {} },
		Now:            func() time.Time { return time.Time{} },
	}
}

// Write is standard error.
func (s *session) Write(p []byte) (int, error) {
	if s.onProgress != nil {
		s.onProgress()
	}
	return s.err.Write(p)
}
