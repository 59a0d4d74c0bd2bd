package matrix_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/internal/matrix"
)

// program runs this binary as a client with so many attempts.
func program(t *testing.T, attempts string) matrix.ExecOptions {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no sh")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return matrix.ExecOptions{
		Command: "'" + self + "' " + attempts + " {op} {endpoint} {bucket} {key}",
		Environ: func(string) []string { return append(os.Environ(), "SQUALL_TEST_CLIENT=1") },
		Ops:     []string{"GetObject", "PutObject", "DeleteObject"},
		Jobs:    2,
	}
}

func TestExec(t *testing.T) {
	t.Parallel()
	o := program(t, "3")
	o.Faults = effects(t, "none", "SlowDown", "reset", "lost-ack 503", "truncate at=1000", "503 retry-after=1s")
	var progress int
	o.Progress = func(done, total int) {
		progress++
		if done != progress || total != 18 {
			t.Errorf("%d of %d", done, total)
		}
	}
	m, err := matrix.Exec(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if m.Interrupted || len(m.Cells) != 18 || !m.Clients[0].Program {
		t.Fatalf("%+v", m)
	}
	for _, c := range m.Cells {
		want, truth := "3 7 last: 503 Service Unavailable", ""
		switch {
		case c.Fault == "none":
			want = "1 0 "
		case c.Fault == "reset":
			want = "3 7 last: no answer"
			if c.Op == "GetObject" || c.Op == "DeleteObject" {
				want = "" // net/http tries again by itself, where a connection was used before
			}
		case c.Fault == "truncate at=1000":
			want = "3 7 last: 200 OK"
			if c.Op == "DeleteObject" { // 204 has no body to break off: it is made a 200
				truth = "false failure"
			}
			if c.Op == "PutObject" {
				truth = "false failure"
			}
		case c.Fault == "lost-ack 503" && c.Op != "GetObject":
			truth = "false failure"
		}
		got := c.Attempts
		text := strings.Join([]string{itoa(got.Min), itoa(int64(c.ExitCode)), c.Got}, " ")
		if want != "" && text != want || c.Truth != truth || c.Ended != "exit" || got.Min != got.Max {
			t.Errorf("%s on %s: %q, %s, want %q, %s", c.Fault, c.Op, text, c.Truth, want, truth)
		}
		if hint := map[bool]string{true: "ignored"}[strings.Contains(c.Fault, "retry-after")]; c.Hint != hint {
			t.Errorf("%s on %s: hint %q", c.Fault, c.Op, c.Hint)
		}
		if c.Delay.MaxNS < 0 || c.Delay.MaxNS > int64(10*time.Second) {
			t.Errorf("%s on %s: %+v", c.Fault, c.Op, c.Delay)
		}
	}
	var b bytes.Buffer
	if err := m.Text(&b, matrix.TextOptions{Full: true}); err != nil || !strings.Contains(b.String(), "exit 7: last: 503 Service Unavailable: false failure") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func itoa(n int64) string { return matrix.Range{Min: n, Max: n}.String() }

// TestExecOfHTTP: a plain service; and a program that says nothing and never asks.
func TestExecOfHTTP(t *testing.T) {
	t.Parallel()
	o := program(t, "2")
	o.Command = strings.Replace(o.Command, "{bucket}", "x", 1)
	o.Kind, o.Ops, o.Faults = matrix.HTTP, []string{"GET", "POST"}, effects(t, "none", "429")
	m, err := matrix.Exec(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.Cells {
		want := int64(1)
		if c.Fault == "429" {
			want = 2
		}
		if c.Attempts.Min != want {
			t.Errorf("%+v", c)
		}
	}
	o.Command = "exit 5"
	if m, err = matrix.Exec(context.Background(), o); err != nil || m.Cells[0].ExitCode != 5 || m.Cells[0].Attempts.Max != 0 {
		t.Errorf("%v %+v", err, m)
	}
}

// TestExecKills: what takes too long, with what it has started.
func TestExecKills(t *testing.T) {
	t.Parallel()
	o := program(t, "1")
	o.Faults, o.Ops, o.Timeout = effects(t, "blackhole"), []string{"PutObject"}, 4*time.Second
	m, err := matrix.Exec(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if c := m.Cells[0]; c.Ended != "timeout" || c.Attempts.Max != 1 || c.Got != "killed after 4s" {
		t.Errorf("%+v", c)
	}
	o.Command = "sleep 1000 & echo started >&2; wait"
	if m, err = matrix.Exec(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if c := m.Cells[0]; c.Ended != "timeout" || c.Got != "killed after 4s: started" {
		t.Errorf("%+v", c)
	}
	o.Command, o.Timeout = "sleep 1000 & exit 4", time.Minute // one that leaves something behind
	if m, err = matrix.Exec(context.Background(), o); err != nil || m.Cells[0].ExitCode != 4 {
		t.Errorf("%v %+v", err, m)
	}
	o.Command = "kill -9 $$"
	if m, err = matrix.Exec(context.Background(), o); err != nil || m.Cells[0].ExitCode != 128+9 {
		t.Errorf("%v %+v", err, m)
	}
}

// TestExecStops: when its context ends, programs are killed, and what there is is
// returned.
func TestExecStops(t *testing.T) {
	t.Parallel()
	o := program(t, "1")
	up := filepath.Join(t.TempDir(), "up")
	o.Faults, o.Jobs = effects(t, "none", "SlowDown"), 1
	o.Command = "if [ -e '" + up + "' ]; then sleep 1000; fi; touch '" + up + "'"
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(int, int) { cancel() }
	m, err := matrix.Exec(ctx, o)
	if err != nil || !m.Interrupted || len(m.Cells) != 1 {
		t.Errorf("%v, %+v", err, m)
	}
}

func TestExecRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change       func(*matrix.ExecOptions)
		option, says string
	}{
		{func(o *matrix.ExecOptions) { o.Command = " " }, "command", "there is no command"},
		{func(o *matrix.ExecOptions) { o.Command = "x {opp}" }, "command", "did you mean {op}?"},
		{func(o *matrix.ExecOptions) { o.Command = "x {secret}" }, "command", "there are {op}, {endpoint}, {bucket}, {key}, {source}"},
		{func(o *matrix.ExecOptions) { o.Kind, o.Ops = matrix.HTTP, nil }, "command", "a plain HTTP service has no {bucket}"},
		{func(o *matrix.ExecOptions) { o.Command = "no-such-program {op}" }, "command", "no-such-program: not found"},
		{func(o *matrix.ExecOptions) { o.Command = "/" }, "command", "cannot be run"},
		{func(o *matrix.ExecOptions) { o.Jobs = -1 }, "jobs", "write 1 or more"},
		{func(o *matrix.ExecOptions) { o.Timeout = -1 }, "timeout", "write a positive duration"},
		{func(o *matrix.ExecOptions) { o.Ops = []string{"PutObjekt"} }, "op", "did you mean PutObject?"},
	} {
		o := program(t, "1")
		c.change(&o)
		_, err := matrix.Exec(context.Background(), o)
		var option *matrix.OptionError
		if !errors.As(err, &option) || option.Option != c.option || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %s: %s", err, c.option, c.says)
		}
	}
	o := program(t, "1")
	o.Command, o.Ops, o.Faults = `x=1; exit ${x}; awk '{print $1}'`, []string{"PutObject"}, effects(t, "none")
	if m, err := matrix.Exec(context.Background(), o); err != nil || m.Cells[0].ExitCode != 1 {
		t.Errorf("what sh itself has in braces: %v", err)
	}
}
