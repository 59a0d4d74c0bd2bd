package fleet

import (
	"context"
	"errors"
	"slices"
	"sort"
	"syscall"
	"time"

	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// recorder gathers what a fleet does as it happens: its memory grows with the
// number of phases, operations and buckets, not with that of calls.
type recorder struct {
	cells    []cell // by phase, then group, then operation
	groups   int
	ops      int
	edges    []time.Duration // end of each phase
	series   series
	recovery measure.Recovery
	phase    int // the one that cellNow was asked for last
	judged   judgement
}

// judgement is the outcome of an error that was met before: in the mode Model they are
// few.
type judgement struct {
	err     *retryhttp.StatusError
	outcome int
}

// fineCells is how many cells get histograms of three digits; above, two are
// kept, for an eighth of the memory.
const fineCells = 256

func newRecorder(cfg *Config, run time.Duration) recorder {
	r := recorder{ops: len(opNames(cfg.Load.allOps())), groups: len(cfg.Load.groupNames()), recovery: measure.NewRecovery(run), series: newSeries(bucketWidth(run, shortestFault(cfg)))}
	var end time.Duration
	for _, p := range cfg.Plan.Phases {
		end += p.For
		r.edges = append(r.edges, end)
	}
	r.cells = make([]cell, len(r.edges)*r.groups*r.ops)
	digits := 3
	if len(r.cells) > fineCells {
		digits = 2
	}
	for i := range r.cells {
		c := &r.cells[i]
		c.call.Digits, c.attempt.Digits, c.delay.Digits = digits, digits, digits
	}
	return r
}

// shortestFault returns the length of the shortest phase with faults or a surge; 0 if
// there is none.
func shortestFault(cfg *Config) time.Duration {
	var least time.Duration
	for i, p := range cfg.Plan.Phases {
		_, surge := cfg.inPhase(i)
		if (surge || len(p.Rules) > 0) && (least == 0 || p.For < least) {
			least = p.For
		}
	}
	return least
}

// phaseAt returns the phase in force at t: the last one has no end.
func (r *recorder) phaseAt(t time.Duration) int {
	i := sort.Search(len(r.edges), func(i int) bool { return r.edges[i] > t })
	return min(i, len(r.edges)-1)
}

func (r *recorder) cell(start time.Duration, group, op int) *cell {
	return &r.cells[(r.phaseAt(start)*r.groups+group)*r.ops+op]
}

// cellNow is cell for times that hardly ever leave the phase of the one before.
func (r *recorder) cellNow(now time.Duration, group, op int) *cell {
	over, early := now >= r.edges[r.phase], r.phase > 0 && now < r.edges[r.phase-1]
	if early || over && r.phase < len(r.edges)-1 {
		r.phase = r.phaseAt(now)
	}
	return &r.cells[(r.phase*r.groups+group)*r.ops+op]
}

// attempt books the end of the attempt under way.
func (r *recorder) attempt(c *call, now time.Duration, outcome int) {
	c.cell.outcomes[outcome]++
	c.cell.attempt.Add(now - c.sent)
	r.series.attempt(c.sent, outcome)
	c.run.watchAttempt(c, now, outcome)
}

// ended books the end of a call.
func (r *recorder) ended(c *call, now time.Duration, ok bool, reason int) {
	took := now - c.start
	c.cell.ended(int(c.attempts), took)
	c.book(ok)
	b := r.series.call(c.start)
	b.calls++
	b.attempts += uint64(c.attempts)
	b.attemptMax = max(b.attemptMax, uint64(c.attempts))
	b.duration.Add(took)
	if reason != reasonRestarted { // what is lost with its client says nothing of how others fare
		r.recovery.Call(c.start, ok)
	}
	c.run.watchCall(c, now, ok, reason)
	if ok {
		c.cell.succeeded++
		b.succeeded++
		return
	}
	c.cell.ends[reason]++
}

// rejected books a call that a breaker ends.
func (r *recorder) rejected(c *call) {
	c.cell.rejected++
	r.series.call(c.start).rejected++
}

// settle makes the record ready to be read by several goroutines.
func (r *recorder) settle() {
	for i := range r.cells {
		c := &r.cells[i]
		c.call.Settle()
		c.attempt.Settle()
		c.delay.Settle()
	}
	for i := range r.series.calls {
		r.series.calls[i].duration.Settle()
	}
}

// phaseSpread adds the stretch [from, to) to the phases that it covers.
func (r *recorder) phaseSpread(from, to time.Duration, phase []time.Duration) {
	for i := r.phaseAt(from); from < to; i++ {
		end := to
		if i < len(r.edges)-1 {
			end = min(to, r.edges[i])
		}
		phase[i] += end - from
		from = end
	}
}

// outcome is the function of that name, which is not asked again for the error that was
// met last.
func (r *recorder) outcome(err error) int {
	status, ok := err.(*retryhttp.StatusError)
	if !ok {
		return outcome(err)
	}
	if r.judged.err != status {
		r.judged = judgement{status, outcome(err)}
	}
	return r.judged.outcome
}

// outcome names what became of an attempt, from its error alone, so that both
// wires are judged alike.
func outcome(err error) int {
	if err == nil {
		return reports.OutcomeOK
	}
	// The default table, whatever the policy's: policies are compared by it.
	switch class, _ := retry.Classify("", err); class {
	case retry.Throttle:
		return reports.OutcomeThrottled
	case retry.Timeout:
		return reports.OutcomeTimeout
	}
	var status interface{ HTTPStatusCode() int }
	if errors.As(err, &status) {
		if status.HTTPStatusCode() >= 500 {
			return reports.OutcomeServerError
		}
		return reports.OutcomeClientError
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT) {
		return reports.OutcomeTimeout
	}
	return reports.OutcomeConnection
}

// merged is the cells of one phase in one.
func (r *recorder) merged(i int) *cell {
	sum := &cell{}
	n := r.groups * r.ops
	for j := range n {
		sum.merge(&r.cells[i*n+j])
	}
	return sum
}

// total merges the cells that keep returns true for. It looks at all of them:
// for one phase of many there is phase.
func (r *recorder) total(keep func(phase, op int) bool) *cell {
	return r.choose(func(phase, _, op int) bool { return keep(phase, op) })
}

// choose is total, by group as well.
func (r *recorder) choose(keep func(phase, group, op int) bool) *cell {
	sum := &cell{}
	for i := range r.cells {
		if keep(i/(r.groups*r.ops), i/r.ops%r.groups, i%r.ops) {
			sum.merge(&r.cells[i])
		}
	}
	return sum
}

// Phases describes the plan's phases for the record.
func Phases(cfg *Config) []reports.Phase {
	out := make([]reports.Phase, 0, len(cfg.Plan.Phases))
	var at time.Duration
	for i, p := range cfg.Plan.Phases {
		rec := reports.Phase{Label: p.Label, StartNS: int64(at), EndNS: int64(at + p.For)}
		for _, rule := range p.Rules {
			rec.Faults = append(rec.Faults, rule.String())
		}
		rec.Load, rec.Surge = cfg.inPhase(i)
		out = append(out, rec)
		at += p.For
	}
	return slices.Clip(out)
}
