package matrix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// Options say what [Play] plays. The zero value of each but Policies is right.
type Options struct {
	// Kind is the sort of backend; "": S3.
	Kind Kind
	// Policies are the clients; at least one, with names of their own.
	Policies []retry.Policy
	// Faults are the effects to meet; nil: [Faults] of the kind. An effect that an
	// operation cannot meet gives no cell.
	Faults []faults.Effect
	// Ops are the operations; nil: [UsualOperations].
	Ops []string
	// AttemptTimeout, above 0, takes the place of the policies' own.
	AttemptTimeout time.Duration
	// Stream leaves the bodies of answers to the caller, as retryhttp's Transport
	// does without WithFullBody: one that breaks off is then not retried.
	Stream bool
	// Idempotent marks every request as one that may be made twice, also POST and
	// PATCH, which the Transport does not retry otherwise.
	Idempotent bool
	// ClassifyS3 asks [retryhttp.ClassifyS3] before the policy's own table.
	ClassifyS3 bool
	// Version is noted in the result.
	Version string
	// Progress is told how many cells are done, of how many; nil: nobody is.
	Progress func(done, total int)
}

// job is one cell to fill in.
type job struct {
	policy retry.Policy
	effect faults.Effect // None: no fault
	op     operation
}

// Play fills in the cells of built-in clients: the policies behind retryhttp's
// Transport, in process and in virtual time. It is a pure function of the options.
// When ctx ends, it returns what there is, marked as interrupted. The error is an
// [*OptionError].
func Play(ctx context.Context, o Options) (*Matrix, error) {
	jobs, err := o.jobs()
	if err != nil {
		return nil, err
	}
	m := &Matrix{SchemaVersion: SchemaVersion, Version: o.Version, Kind: o.Kind, Cells: []Cell{}}
	for _, p := range o.Policies {
		if o.AttemptTimeout > 0 {
			p.AttemptTimeout = o.AttemptTimeout
		}
		m.Clients = append(m.Clients, Client{Name: p.Name, About: p.String(), Attempts: maxAttempts(p)})
	}
	for i, j := range jobs {
		if ctx.Err() != nil {
			m.Interrupted = true
			break
		}
		cell, err := o.cell(j)
		if err != nil {
			return nil, fmt.Errorf("%w (%s on %s)", err, cell.Fault, cell.Op)
		}
		m.Cells = append(m.Cells, cell)
		if o.Progress != nil {
			o.Progress(i+1, len(jobs))
		}
	}
	return m, nil
}

// The draws of jitter that a cell is played with: the lowest, the middle one,
// which the cell tells of, and the highest.
const (
	lowest  = 0
	middle  = 0.5
	highest = 1 - 0x1p-53
)

func (o *Options) cell(j job) (Cell, error) {
	cell := Cell{Client: j.policy.Name, Fault: effectName(j.effect), Op: j.op.name, Delay: noDelay}
	mid, err := o.play(j, middle)
	if err != nil {
		return cell, err
	}
	cell.Ended, cell.Got, cell.Truth = mid.ended, mid.got, mid.truth
	cell.Attempts, cell.TookNS = Range{mid.attempts, mid.attempts}, Range{int64(mid.took), int64(mid.took)}
	switch {
	case mid.ended == endedHanging && mid.attempts == 1: // the attempt never ended
	case !mid.failed:
		cell.Breaker = "success"
	default:
		cell.Class = mid.class.String()
		cell.Breaker = fleet.BreakerOutcome(mid.class).String()
	}
	low, high := mid.first, mid.first
	for _, u := range []float64{lowest, highest} {
		one, err := o.play(j, u)
		if err != nil {
			return cell, err
		}
		cell.Attempts.add(one.attempts)
		cell.TookNS.add(int64(one.took))
		if one.came {
			low, high = min(low, one.first), max(high, one.first)
		}
	}
	if mid.came {
		cell.Delay = delayOf(low, high)
	}
	if e, hints := withoutHints(j.effect); hints {
		without := j
		without.effect = e
		plain, err := o.play(without, middle)
		if err != nil {
			return cell, err
		}
		switch {
		case plain.first != mid.first || plain.ended != mid.ended:
			cell.Hint = "heard"
		case mid.came:
			cell.Hint = "ignored"
		}
	}
	return cell, nil
}

// withoutHints is the effect without the server's word on when to come back, and
// whether there was one.
func withoutHints(e faults.Effect) (faults.Effect, bool) {
	hints := e.RetryAfter.Given || e.AmzRetryAfter.Given
	e.RetryAfter, e.AmzRetryAfter = faults.Wait{}, faults.Wait{}
	return e, hints
}

// played is one call and what came of it.
type played struct {
	attempts int64 // requests that were sent
	failed   bool  // the first of them did
	class    retry.Class
	came     bool          // a second attempt was made, or would have been
	first    time.Duration // the wait before it
	ended    string
	took     time.Duration
	got      string
	truth    string
}

// errStuck ends a call that waits for what never comes, errEndless one that does
// not end by itself.
var (
	errStuck   = errors.New("matrix: the call waits for ever")
	errEndless = errors.New("matrix: the call makes attempts for ever")
)

// mostAttempts bounds the attempts of a policy that has no bound.
const mostAttempts = 1000

// constant is a draw that is always the same.
type constant float64

func (c constant) Draw(int) float64 { return float64(c) }

// play makes one call in a world of its own.
func (o *Options) play(j job, u float64) (played, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	c := newClock(func() { cancel(errStuck) })
	b, err := newBench(o.Kind, c)
	if err != nil {
		return played{}, err
	}
	r, err := j.op.prepare(b)
	if err != nil {
		return played{}, err
	}
	var want reply
	if j.op.done == nil {
		if want, err = b.ask(r); err != nil {
			return played{}, err
		}
	}
	in, err := faults.New(planFor(j.effect, j.op.name), 0)
	if err != nil {
		return played{}, err
	}
	out := played{ended: endedWell}
	w := &wire{next: b.transport(in, c), clock: c, endless: func() { cancel(errEndless) }}
	client, err := o.client(j.policy, w, c, constant(u), out.see)
	if err != nil {
		return played{}, err
	}
	if o.Idempotent {
		ctx = retryhttp.MarkIdempotent(ctx, true)
	}
	req, err := r.http(ctx, "http://squall.invalid")
	if err != nil {
		return played{}, err
	}
	told := out.call(ctx, client, req)
	out.attempts, out.took = int64(w.sent), c.Now().Sub(epoch)
	out.truth, err = judge(j.op, b, told, want)
	return out, err
}

// planFor is the one fault of a cell, for as long as it takes.
func planFor(e faults.Effect, op string) faults.Plan {
	ph := faults.Phase{Label: "fault", For: time.Hour} // and after it, as it is the last
	if e.Kind != faults.None {
		ph.Rules = []faults.Rule{{On: faults.Selector{Op: op}, P: 1, Effect: e}}
	}
	return faults.Plan{Phases: []faults.Phase{ph}}
}

// client is the production code, as a service would wire it.
func (o *Options) client(p retry.Policy, next http.RoundTripper, c *clock, chance retry.Chance, see retry.Observer) (http.RoundTripper, error) {
	opts := []retry.Option{retry.WithClock(c), retry.WithChance(chance), retry.WithObserver(see)}
	if o.ClassifyS3 {
		opts = append(opts, retry.WithClassifier(retryhttp.ClassifyS3))
	}
	retrier, err := retry.New(p, opts...)
	if err != nil {
		return nil, err
	}
	var how []retryhttp.Option
	if o.Kind == S3 {
		how = append(how, retryhttp.WithS3())
	}
	if !o.Stream {
		how = append(how, retryhttp.WithFullBody(1<<20))
	}
	return retryhttp.New(next, retrier, how...), nil
}

// see is told of every decision.
func (p *played) see(_ context.Context, e retry.Event) {
	if e.Err == nil || p.failed {
		return
	}
	p.failed, p.class = true, e.Class
	p.first, p.came = e.Decision.After, e.Decision.Retry
}

// told is what the caller knows after its call.
type told struct {
	nothing bool // it still waits
	success bool
	reply   reply
}

// call makes the call and reads its answer to the end, as a caller does.
func (p *played) call(ctx context.Context, client http.RoundTripper, req *http.Request) told {
	resp, err := client.RoundTrip(req)
	var t told
	switch {
	case err != nil:
		p.ended, p.got = reasonOf(err), describe(err)
	case resp.StatusCode >= 400:
		outcome := retryhttp.Outcome(resp)
		p.ended, p.got = reasonOf(outcome), describe(outcome)
		resp.Body.Close()
	default:
		if t.reply, err = read(resp); err != nil {
			p.ended, p.got = endedBroken, describe(&retryhttp.TruncatedError{Status: resp.StatusCode, Err: err})
			break
		}
		t.success, p.got = true, fmt.Sprint(resp.StatusCode)
	}
	switch context.Cause(ctx) {
	case errStuck:
		p.ended, p.got, t.nothing = endedHanging, "nothing, ever", true
	case errEndless:
		p.ended, p.got, t.nothing = endedHanging, fmt.Sprintf("nothing in %d attempts", mostAttempts), true
	}
	return t
}

// judge compares what the caller was told with what happened.
func judge(op operation, a asker, t told, want reply) (string, error) {
	if t.nothing {
		return "", nil
	}
	if op.done == nil {
		same := bytes.Equal(t.reply.body, want.body)
		if len(want.body) == 0 { // an answer to HEAD; others may come in chunks
			same = same && t.reply.header.Get("Content-Length") == want.header.Get("Content-Length")
		}
		if t.success && !same {
			return falseSuccess, nil
		}
		return "", nil
	}
	n, err := op.done(a)
	if err != nil {
		return "", err
	}
	return truthOf(t.success, n), nil
}

// truthOf compares what the caller was told with how often it has happened.
func truthOf(success bool, happened int64) string {
	switch {
	case success && happened == 0:
		return falseSuccess
	case !success && happened > 0:
		return falseFailure
	case happened > 1:
		return fmt.Sprintf("done %d times", happened)
	}
	return ""
}

// wire counts requests on their way to the backend.
type wire struct {
	next    *faults.Transport
	clock   *clock
	sent    int
	endless func()
}

// RoundTrip lets time pass where the transport waits.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if w.sent == mostAttempts {
		w.endless()
		return nil, errEndless
	}
	w.sent++
	return w.next.RoundTrip(req.WithContext(waiting{req.Context(), w.clock}))
}
