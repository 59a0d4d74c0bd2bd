package fleet

import (
	"slices"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
)

// close ends what has not ended when the run does, and returns when that was: when the last
// call has ended, or the time for it has.
func (o *oracle) close() time.Duration {
	end := o.Duration()
	for _, e := range o.errands {
		if !e.over {
			end = o.Duration() + o.Drain
		}
		end = max(end, e.ended)
	}
	for _, e := range o.errands {
		if e.over {
			continue
		}
		e.ended, e.reason = end, endName(reasonUnfinished)
		if n := len(e.tries); n > 0 && e.tries[n-1].ended == 0 {
			e.tries[n-1].ended = end
		}
	}
	return end
}

// trail is what the calls did.
func (o *oracle) trail() (out trail) {
	ops := o.Load.allOps()
	for _, e := range o.errands {
		first := 0
		if g := e.from.group; len(o.Load.Groups) > 0 && o.Load.Groups[g].Mix != nil {
			first = len(o.Load.Mix)
			for _, before := range o.Load.Groups[:g] {
				first += len(before.Mix)
			}
		}
		op := first + slices.IndexFunc(ops[first:], func(op Op) bool { return op.Name == e.op })
		out.calls = append(out.calls, CallRecord{
			Client: e.from.number, Call: e.number, Op: op, Start: e.at, Ended: e.ended, Attempts: len(e.tries), OK: e.ok, Reason: e.reason,
		})
		for _, a := range e.tries {
			out.attempts = append(out.attempts, AttemptRecord{
				Client: e.from.number, Call: e.number, Number: a.number, Sent: a.sent, Ended: a.ended, Outcome: a.outcome,
			})
		}
	}
	return out
}

// report makes the record of what was seen until the end.
func (o *oracle) report(end time.Duration) reports.Policy {
	all := func(arrival) bool { return true }
	out := reports.Policy{
		Name: o.Policy.Name, Total: o.metrics(o.Duration(), all), Phases: []reports.Metrics{}, Ops: []reports.Op{},
		Faults: (&Result{run: &run{cfg: o.Config, injector: o.injector}}).faults(),
		Limits: limitsOf(o.backend.limiter),
	}
	if b := &o.Backend; o.backend.asked > 0 && (b.MaxInFlight > 0 || b.Workers > 0 && b.Queue >= 0 || b.Order.Drops(b.Queue)) {
		out.Limits = append(out.Limits, reports.Limit{Kind: reports.LimitCapacity, Asked: o.backend.asked, Refused: o.backend.refused})
	}
	for i, p := range o.Plan.Phases {
		out.Phases = append(out.Phases, o.metrics(p.For, func(a arrival) bool { return o.phaseAt(a.at) == i }))
	}
	for _, name := range opNames(o.Load.allOps()) {
		out.Ops = append(out.Ops, reports.Op{Op: name, Metrics: o.metrics(o.Duration(), func(a arrival) bool { return a.op == name })})
	}
	for i, g := range o.Load.Groups {
		one := reports.Group{Group: g.Name, Clients: g.Clients, Metrics: o.metrics(o.Duration(), func(a arrival) bool { return a.group == i })}
		if g.Policy != nil {
			one.Policy = g.Policy.Name
		}
		out.Groups = append(out.Groups, one)
	}
	recovery := measure.NewRecovery(o.Duration())
	for _, e := range o.errands {
		if !e.isRestarted {
			recovery.Call(e.at, e.ok)
		}
		for len(out.AttemptsPerCall) <= len(e.tries) {
			out.AttemptsPerCall = append(out.AttemptsPerCall, 0)
		}
		out.AttemptsPerCall[len(e.tries)]++
	}
	out.Recovery = recovery.Report(Phases(o.Config))
	out.Breakers = o.breakers(end)
	return out
}

// metrics are those of the calls that are chosen.
func (o *oracle) metrics(span time.Duration, choose func(arrival) bool) reports.Metrics {
	m := reports.Metrics{AttemptOutcomes: make([]uint64, len(reports.Outcomes)), Ends: []reports.End{}}
	ends := map[string]uint64{}
	var call, attempt, delay measure.Durations
	for _, a := range o.dropped {
		if choose(a) {
			m.Dropped++
		}
	}
	for _, e := range o.errands {
		if !choose(e.arrival) {
			continue
		}
		m.Calls++
		m.RejectedByBreaker += uint64(e.refusals)
		call.Add(e.ended - e.at)
		for _, d := range e.delays {
			delay.Add(d)
		}
		commits, useful := uint64(0), time.Duration(0)
		lie := false
		for _, a := range e.tries {
			m.Attempts++
			m.AttemptOutcomes[a.outcome]++
			m.WorkNS += int64(a.visit.work)
			attempt.Add(a.ended - a.sent)
			if a.visit.commits {
				commits++
			}
			useful, lie = a.visit.work, a.visit.verdict.Corrupts() && !faults.Writes(e.op) && a.visit.download > 0
		}
		if e.item.Headers != nil {
			commits = min(commits, 1) // its key tells the backend what it has done
		}
		if faults.Writes(e.op) {
			m.Truth.Writes++
		}
		m.Truth.Duplicates += max(commits, 1) - 1
		if e.ok {
			m.Succeeded++
			m.WastedWorkNS -= int64(useful)
			if lie || faults.Writes(e.op) && commits == 0 {
				m.Truth.FalseSuccesses++
			}
			continue
		}
		m.Failed++
		ends[e.reason]++
		if e.overBudget {
			m.DeniedByBudget++
		}
		if e.reason == endName(reasonUnfinished) {
			m.Unfinished++
		}
		if commits > 0 {
			m.Truth.FalseFailures++
		}
	}
	m.WastedWorkNS += m.WorkNS
	for i := range reasonUnfinished + 1 {
		if name := endName(i); ends[name] > 0 {
			m.Ends = append(m.Ends, reports.End{Reason: name, Calls: ends[name]})
			delete(ends, name)
		}
	}
	m.SuccessRate, m.Amplification, m.Goodput = ratio(float64(m.Succeeded), float64(m.Calls)), ratio(float64(m.Attempts), float64(m.Calls)), float64(m.Succeeded)/span.Seconds()
	m.CallDuration, m.AttemptDuration, m.RetryDelay = call.Report(), attempt.Report(), delay.Report()
	return m
}

// stretch is a time that a breaker was open, or half-open.
type stretch struct {
	from, to time.Duration
	open     bool
}

// before is what the breaker told of the run.
func (g *watched) before(end time.Duration) []breaker.Event {
	return slices.DeleteFunc(slices.Clone(g.events), func(e breaker.Event) bool { return e.Time.Sub(epoch) > end })
}

// stretches are those of the policy's breakers.
func (o *oracle) stretches(end time.Duration) (out []stretch) {
	for _, g := range o.guards {
		if !g.tried {
			continue
		}
		events := g.before(end)
		for i, e := range events {
			from, to := e.Time.Sub(epoch), min(end, g.until)
			if i+1 < len(events) {
				to = events[i+1].Time.Sub(epoch)
			}
			probing := from // when it no longer refuses everybody
			if e.To == breaker.Open {
				probing = min(to, e.RetryAt.Sub(epoch))
				out = append(out, stretch{from, probing, true})
			}
			if e.To != breaker.Closed && probing < to {
				out = append(out, stretch{probing, to, false})
			}
		}
	}
	return out
}

// breakers is what the policy's breakers did.
func (o *oracle) breakers(end time.Duration) (out reports.Breakers) {
	if o.Policy.Breaker == nil {
		return out
	}
	out.Scope, out.Count = o.Policy.Scope.String(), o.most
	for _, g := range o.guards {
		if !g.tried {
			continue
		}
		out.Transitions += uint64(len(g.before(end)))
	}
	for _, s := range o.stretches(end) {
		if s.open {
			out.OpenNS += int64(s.to - s.from)
		} else {
			out.HalfOpenNS += int64(s.to - s.from)
		}
	}
	return out
}

// series are the record's, of as many buckets of the same width.
func (o *oracle) series(width time.Duration, n int, end time.Duration) reports.Series {
	out := reports.Series{
		BucketNS: int64(width), Calls: make([]uint64, n), Succeeded: make([]uint64, n), Rejected: make([]uint64, n),
		CallAttempts: make([]uint64, n), CallAttemptMax: make([]uint64, n),
		CallP50NS: make([]int64, n), CallP99NS: make([]int64, n), CallMaxNS: make([]int64, n),
		BreakerOpenNS: make([]int64, n), BreakerHalfOpenNS: make([]int64, n),
	}
	for range reports.Outcomes {
		out.Attempts = append(out.Attempts, make([]uint64, n))
	}
	took := make([]measure.Durations, n)
	for _, e := range o.errands {
		i := e.at / width
		out.Calls[i]++
		if e.ok {
			out.Succeeded[i]++
		}
		if e.byItsGuard {
			out.Rejected[i]++
		}
		out.CallAttempts[i] += uint64(len(e.tries))
		out.CallAttemptMax[i] = max(out.CallAttemptMax[i], uint64(len(e.tries)))
		took[i].Add(e.ended - e.at)
		for _, a := range e.tries {
			out.Attempts[a.outcome][a.sent/width]++
		}
	}
	for i := range took {
		took[i].Digits = 2
		q := took[i].Quantiles(50, 99)
		out.CallP50NS[i], out.CallP99NS[i], out.CallMaxNS[i] = int64(q[0]), int64(q[1]), int64(took[i].Max())
	}
	for _, s := range o.stretches(end) {
		row := out.BreakerHalfOpenNS
		if s.open {
			row = out.BreakerOpenNS
		}
		for i := range row {
			row[i] += int64(max(0, min(s.to, time.Duration(i+1)*width)-max(s.from, time.Duration(i)*width)))
		}
	}
	return out
}
