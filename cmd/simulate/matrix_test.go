package main

import (
	"context"
	"strings"
	"testing"
)

// TestMatrixOnATerminal: a bar while it is made, and a table that fits.
func TestMatrixOnATerminal(t *testing.T) {
	t.Parallel()
	s := session{terminal: true}
	env := s.env("matrix", "--fault", "503 retry-after=3s", "--fault", "lost-ack reset", "--op", "GetObject,PutObject,CreateMultipartUpload")
	env.Width = func() int { return 60 }
	if code := run(context.Background(), env); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, s.err.String())
	}
	if bar := s.err.String(); !strings.Contains(bar, "matrix") || !strings.HasSuffix(bar, "\r") {
		t.Errorf("no bar, or one that is left: %q", bar)
	}
	if out := s.out.String(); !strings.Contains(out, "\n503 retry-after=3s\n") || !strings.Contains(out, "\nnot shown, for want of room: breaker, hint, delay\n") {
		t.Errorf("not for a terminal of 60 columns:\n%s", out)
	}
	s = session{terminal: true}
	if code := run(context.Background(), s.env("matrix", "--quiet", "--fault", "503")); code != exitOK || s.out.Len()+s.err.Len() > 0 {
		t.Errorf("quiet: exit code %d\n%s%s", code, s.out.String(), s.err.String())
	}
}

// TestMatrixIsInterrupted: what there is by then is told.
func TestMatrixIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	s := session{terminal: true, onProgress: cancel}
	if code := run(ctx, s.env("matrix")); code != exitInterrupted || !strings.Contains(s.out.String(), "interrupted: cells are missing") {
		t.Errorf("exit code %d\n%s%s", code, s.out.String(), s.err.String())
	}
}
