package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInterruptedReading: the first Ctrl-C ends a command that waits for its
// standard input, and leaves nothing behind.
func TestInterruptedReading(t *testing.T) {
	t.Parallel()
	line := `127.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 10` + "\n"
	for _, args := range [][]string{
		{"check", "-"},
		{"run", "-", "--out", "out"},
		{"import", "-", "-o", "mine.yaml"},
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for i, arg := range args {
				if arg == "out" || arg == "mine.yaml" {
					args[i] = filepath.Join(dir, arg)
				}
			}
			ctx, cancel := context.WithCancel(context.Background())
			in, typed := io.Pipe()
			defer in.Close()
			go func() {
				_, _ = io.WriteString(typed, line) // returns when the command has read it
				cancel()                           // and now waits for more
			}()
			var s session
			env := s.env(args...)
			env.Stdin = in
			if code := run(ctx, env); code != exitInterrupted {
				t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, s.err.String())
			}
			if !strings.Contains(s.err.String(), "interrupted") {
				t.Errorf("standard error does not tell of the interruption:\n%s", s.err.String())
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// TestInterruptedImport: a signal that comes after the log was read ends the
// import all the same.
func TestInterruptedImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	var s session
	env := s.env("import", "-", "-o", filepath.Join(dir, "mine.yaml"))
	env.Stdin = &cancelAtEnd{strings.NewReader(`127.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 10` + "\n"), cancel}
	if code := run(ctx, env); code != exitInterrupted {
		t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, s.err.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// cancelAtEnd calls off what goes on when its reader has come to its end.
type cancelAtEnd struct {
	io.Reader
	cancel func()
}

func (r *cancelAtEnd) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		r.cancel()
	}
	return n, err
}

// TestBrokenPipe: who ends the table early, as with head, keeps the files.
func TestBrokenPipe(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	gone, pipe := io.Pipe()
	gone.Close()
	s := session{stdin: `scenario: small
backend: {kind: http, latency: {dist: fixed, value: 10ms}}
load: {model: open, rate: 10/s, mix: [{op: GET, key: /}]}
phases: [{label: all, for: 1s}]
policies: {only: {retry: none}}
`}
	env := s.env("run", "-", "--out", out)
	env.Stdout = pipe
	if code := run(context.Background(), env); code != exitError {
		t.Errorf("exit code %d, want %d\n%s", code, exitError, s.err.String())
	}
	for _, a := range artifacts(nil, false) {
		if _, err := os.Stat(filepath.Join(out, a.name)); err != nil {
			t.Error(err)
		}
	}
}
