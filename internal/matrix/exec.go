package matrix

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/live"
)

// The defaults of [ExecOptions].
const (
	DefaultJobs    = 8
	DefaultTimeout = time.Minute
)

// programName is the client of a matrix of [Exec].
const programName = "program"

// ExecOptions say what [Exec] runs. Command must be set.
type ExecOptions struct {
	// Kind, Faults, Ops, Version and Progress are those of [Options]. Progress is
	// called by one goroutine at a time.
	Kind     Kind
	Faults   []faults.Effect
	Ops      []string
	Version  string
	Progress func(done, total int)
	// Command is a line for the shell (sh), in which {op}, {endpoint}, {bucket},
	// {key} and {source} stand for the operation, the URL of the backend, and what
	// to work on; on kind HTTP there is neither {bucket} nor {source}, and the path
	// is /{key}. The object {key} is there for operations that read or delete it,
	// and {key}-other for DeleteObjects too; {source} for CopyObject.
	Command string
	// Environ gives the environment of a program for a backend at that URL.
	Environ func(url string) []string
	// Jobs is how many programs run at once; 0: DefaultJobs.
	Jobs int
	// Timeout is how long one may take before it is killed; 0: DefaultTimeout.
	Timeout time.Duration
	// Clock is the time that everything takes; nil: the system's.
	Clock faults.Clock
}

// Exec fills in the cells of a program: each runs it once, in real time, against
// a backend on a socket of loopback of its own, whose fault meets all requests of the
// operation. The server counts the attempts and measures the waits between them. On
// kind HTTP nothing tells of false successes, as the service keeps nothing.
//
// When ctx ends, programs that run are killed, and what there is by then is returned,
// marked as interrupted. The error is an [*OptionError], or why there was no backend.
func Exec(ctx context.Context, o ExecOptions) (*Matrix, error) {
	pairs, err := choose(&o.Kind, o.Faults, o.Ops)
	if err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	m := &Matrix{SchemaVersion: SchemaVersion, Version: o.Version, Kind: o.Kind, Cells: []Cell{}}
	m.Clients = []Client{{Name: programName, About: programName + ": " + o.Command, Program: true}}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cells := make([]*Cell, len(pairs))
	work := make(chan int)
	var mu sync.Mutex
	var running sync.WaitGroup
	done := 0
	for range min(o.Jobs, len(pairs)) {
		running.Go(func() {
			for i := range work {
				cell, err := o.cell(inner, pairs[i])
				mu.Lock()
				switch {
				case inner.Err() != nil: // killed, or one that was about to be
				case err != nil:
					cancel(err)
				default:
					cells[i] = cell
					done++
					if o.Progress != nil {
						o.Progress(done, len(pairs))
					}
				}
				mu.Unlock()
			}
		})
	}
	for i := range pairs {
		select {
		case work <- i:
		case <-inner.Done():
		}
	}
	close(work)
	running.Wait()
	if cause := context.Cause(inner); cause != nil && ctx.Err() == nil {
		return nil, cause
	}
	for _, c := range cells {
		if c == nil {
			m.Interrupted = true
			continue
		}
		m.Cells = append(m.Cells, *c)
	}
	return m, nil
}

// check checks the options of programs, and fills in what they leave open.
func (o *ExecOptions) check() error {
	if strings.TrimSpace(o.Command) == "" {
		return &OptionError{"command", "there is no command", "write one such as './client {op} {endpoint} {bucket} {key}'"}
	}
	if err := checkPlaceholders(o.Command, o.Kind); err != nil {
		return err
	}
	if err := checkShell(); err != nil {
		return &OptionError{"command", "there is no shell to run it: " + err.Error(), "put sh on the PATH"}
	}
	if o.Jobs < 0 {
		return &OptionError{"jobs", fmt.Sprintf("%d programs at once are not possible", o.Jobs), "write 1 or more"}
	}
	if o.Timeout < 0 {
		return &OptionError{"timeout", fmt.Sprintf("a timeout of %v is not possible", o.Timeout), "write a positive duration, such as 30s"}
	}
	if o.Jobs == 0 {
		o.Jobs = DefaultJobs
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Clock == nil {
		o.Clock = faults.SystemClock()
	}
	if o.Environ == nil {
		o.Environ = func(string) []string { return nil }
	}
	return nil
}

// cell runs the program once.
func (o *ExecOptions) cell(ctx context.Context, p pair) (_ *Cell, err error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var seen log
	s, err := live.Start(scenarioFor(o.Kind, p), live.Options{Seen: seen.add, Clock: o.Clock})
	if err != nil {
		return nil, fmt.Errorf("matrix: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close(0)) }()
	a := newSocketAsker(s.URL())
	defer a.close()
	if err := p.op.seed(a); err != nil {
		return nil, err
	}
	began := o.Clock.Now()
	out, err := o.run(ctx, p.op, s.URL())
	if err != nil {
		return nil, err
	}
	ended := o.Clock.Now()
	c := &Cell{Client: programName, Fault: effectName(p.effect), Op: p.op.name, Got: out.said, ExitCode: out.code, Ended: endedExit}
	c.TookNS = Range{int64(ended.Sub(began)), int64(ended.Sub(began))}
	if out.late {
		c.Ended, c.ExitCode = endedLate, 0
		c.Got = strings.TrimSuffix("killed after "+o.Timeout.String()+": "+out.said, ": ")
	}
	truth := int64(-1)
	if p.op.done != nil && o.Kind == S3 {
		if truth, err = p.op.done(a); err != nil {
			return nil, err
		}
	}
	a.close()
	if err := s.Close(0); err != nil { // requests that hung have ended, and are in the log
		return nil, err
	}
	c.measure(seen.of(p.op.name, began, ended), p.effect)
	if truth >= 0 && c.Attempts.Max > 0 && !out.late {
		c.Truth = truthOf(out.code == 0, truth)
	}
	return c, nil
}

// measure fills in what the server saw.
func (c *Cell) measure(seen []live.Seen, e faults.Effect) {
	n := int64(len(seen))
	c.Attempts, c.Delay = Range{n, n}, noDelay
	if n < 2 {
		return
	}
	wait := max(0, seen[1].Arrived.Sub(seen[0].Ended))
	c.Delay = delayOf(wait, wait)
	hint := max(e.RetryAfter.For, e.AmzRetryAfter.For)
	switch _, hints := withoutHints(e); {
	case !hints:
	case wait >= hint:
		c.Hint = "heard" // or so it seems: it waited for that long
	default:
		c.Hint = "ignored"
	}
}

// log keeps what a server has seen.
type log struct {
	mu   sync.Mutex
	seen []live.Seen
}

func (l *log) add(s live.Seen) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, s)
}

// of are the requests of an operation that arrived in that time, in order.
func (l *log) of(op string, began, ended time.Time) []live.Seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []live.Seen
	for _, s := range l.seen {
		if s.Op == op && !s.Arrived.Before(began) && !s.Arrived.After(ended) {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b live.Seen) int { return a.Arrived.Compare(b.Arrived) })
	return list
}

// socketAsker asks a backend on a socket. What it asks for is never what the fault
// is on.
type socketAsker struct {
	base      string
	transport *http.Transport
}

func newSocketAsker(base string) *socketAsker {
	return &socketAsker{base: base, transport: &http.Transport{DisableCompression: true}}
}

func (a *socketAsker) ask(r request) (reply, error) {
	req, err := r.http(context.Background(), a.base)
	if err != nil {
		return reply{}, err
	}
	resp, err := a.transport.RoundTrip(req)
	if err != nil {
		return reply{}, fmt.Errorf("matrix: asking the backend: %w", err)
	}
	return read(resp)
}

func (a *socketAsker) close() { a.transport.CloseIdleConnections() }
