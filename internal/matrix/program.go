package matrix

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-sim/squall/internal/nearest"
	"github.com/squall-sim/squall/scenarios"
	"github.com/squall-sim/squall/sim"
)

// ran is how a program ended.
type ran struct {
	code int    // 128 and the signal where one killed it
	said string // the last line of its standard error, short
	late bool   // it was killed, as it took too long
}

// straggle is how long what a program has started may keep its standard error open
// when it has ended.
const straggle = 500 * time.Millisecond

// The exit codes of sh for what it cannot run.
const (
	notExecutable = 126
	notFound      = 127
)

// run runs the program to its end, to the end of its time, or of ctx.
func (o *ExecOptions) run(ctx context.Context, op operation, url string) (ran, error) {
	var said tail
	cmd := exec.Command("sh", "-c", fill(o.Command, op, url))
	cmd.Env = append(o.Environ(url), "SQUALL_OP="+op.name, "SQUALL_KEY="+Key)
	cmd.Stderr = &said
	cmd.WaitDelay = straggle
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return ran{}, &OptionError{"command", "it cannot be run: " + err.Error(), "it is a line for sh"}
	}
	timer, stop := context.WithCancel(ctx)
	defer stop()
	late := make(chan bool, 1)
	go func() { late <- o.Clock.Sleep(timer, o.Timeout) == nil }()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	out := ran{}
	var err error
	select {
	case err = <-done:
	case out.late = <-late: // or ctx has ended
		kill(cmd)
		err = <-done
	}
	killRest(cmd)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return ran{}, fmt.Errorf("matrix: %w", err)
	}
	out.code, out.said = exitCode(cmd.ProcessState), said.line()
	if out.code == notFound || out.code == notExecutable {
		return ran{}, &OptionError{"command", "it cannot be run: " + out.said, "give the program's path, or put it on the PATH"}
	}
	return out, nil
}

// checkShell tells why there is no shell, or nil.
func checkShell() error {
	_, err := exec.LookPath("sh")
	return err
}

// tail keeps the end of what is written to it. What a program has left behind may
// still write.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const most = 4 << 10
	t.b = append(t.b, p[max(0, len(p)-most):]...)
	if over := len(t.b) - most; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

// line is the last line that has something in it.
func (t *tail) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(t.b), "\r", "\n")), "\n")
	return short(lines[len(lines)-1], 100)
}

// placeholders are what a command can have filled in.
var placeholders = []string{"op", "endpoint", "bucket", "key", "source"}

var placeholder = regexp.MustCompile(`(^|[^$])\{([a-zA-Z_]+)\}`)

// checkPlaceholders refuses what looks like a placeholder and is none.
func checkPlaceholders(command string, kind Kind) error {
	known := placeholders
	if kind == HTTP { // an empty word would shift the others
		known = []string{"op", "endpoint", "key"}
	}
	for _, m := range placeholder.FindAllStringSubmatch(command, -1) {
		if slices.Contains(known, m[2]) {
			continue
		}
		hint := "there are {" + strings.Join(known, "}, {") + "}"
		if slices.Contains(placeholders, m[2]) {
			return &OptionError{"command", "a plain HTTP service has no {" + m[2] + "}", hint}
		}
		if near := nearest.Word(m[2], known); near != "" {
			hint = "did you mean {" + near + "}? " + hint
		}
		return &OptionError{"command", "unknown placeholder {" + m[2] + "}", hint}
	}
	return nil
}

// fill puts the values in. None of them has a character that sh would read.
func fill(command string, op operation, url string) string {
	return strings.NewReplacer("{op}", op.name, "{endpoint}", url, "{bucket}", bucketOf(op), "{key}", Key, "{source}", SourceKey).Replace(command)
}

// bucketOf is the bucket that an operation works on: one that is there, but for the
// one that makes it.
func bucketOf(op operation) string {
	if op.name == "CreateBucket" {
		return newBucket
	}
	return Bucket
}

// scenarioFor is a backend with the one fault of a cell, for as long as it takes.
// Load and policies are the program's.
func scenarioFor(kind Kind, p pair) *scenarios.Scenario {
	sc := &scenarios.Scenario{
		Name:    "matrix",
		Backend: scenarios.Backend{Kind: scenarios.Kind(kind), Latency: sim.Dist{Kind: sim.Fixed, Value: time.Millisecond}},
	}
	if kind == S3 {
		sc.Backend.Bucket = Bucket
	}
	for _, ph := range planFor(p.effect, p.op.name).Phases {
		sc.Phases = append(sc.Phases, scenarios.Phase{Label: ph.Label, For: ph.For, Faults: ph.Rules})
	}
	return sc
}
