package fleet

import (
	"slices"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
)

// Result is what one fleet did, with its histograms still open to any
// percentile. It is read-only.
type Result struct {
	run      *run
	end      time.Duration
	breakers reports.Breakers
	recovery []reports.Recovery
	witness  *Witness // of a live fleet; nil: it was simulated
}

func (r *run) result(end time.Duration) *Result {
	r.recorder.settle()
	return &Result{
		run: r, end: end,
		breakers: r.breakers.end(end),
		recovery: r.recorder.recovery.Report(Phases(r.cfg)),
	}
}

// Report returns the record of the policy's run. Settings and the baseline
// mark are the caller's to fill in.
func (r *Result) Report() reports.Policy {
	cfg, rec := r.run.cfg, &r.run.recorder
	all := rec.total(func(int, int) bool { return true })
	out := reports.Policy{
		Name:            cfg.Policy.Name,
		Total:           all.report(r.played(0, r.run.duration)),
		Phases:          []reports.Metrics{},
		Ops:             []reports.Op{},
		Faults:          r.faults(),
		Limits:          r.limits(),
		Partitions:      r.partitions(),
		Breakers:        r.breakers,
		Recovery:        r.recovery,
		AttemptsPerCall: append([]uint64{}, all.counts...),
		Series:          rec.series.report(r.run.duration),
	}
	if r.witness != nil {
		out.Live = &r.witness.Live
	}
	var start time.Duration
	for i, p := range cfg.Plan.Phases {
		one := rec.merged(i)
		out.Phases = append(out.Phases, one.report(r.played(start, p.For)))
		start += p.For
	}
	for i, name := range r.run.mix.names {
		one := rec.total(func(_, o int) bool { return o == i })
		out.Ops = append(out.Ops, reports.Op{Op: name, Metrics: one.report(r.played(0, r.run.duration))})
	}
	for i, g := range cfg.Load.Groups {
		one := rec.choose(func(_, g, _ int) bool { return g == i })
		rec := reports.Group{Group: g.Name, Clients: g.Clients, Metrics: one.report(r.played(0, r.run.duration))}
		if g.Policy != nil {
			rec.Policy = g.Policy.Name
		}
		out.Groups = append(out.Groups, rec)
	}
	return out
}

// played returns how much of the stretch of that length was played: all of it,
// unless the run was interrupted.
func (r *Result) played(start, length time.Duration) time.Duration {
	return min(max(r.end-start, 0), length)
}

func (r *Result) faults() []reports.FaultRule {
	if r.witness != nil {
		return r.witness.Faults
	}
	out := []reports.FaultRule{}
	for _, c := range r.run.injector.Counts() {
		f := reports.FaultRule{
			Phase: r.run.cfg.Plan.Phases[c.Phase].Label, Rule: c.Text, Matched: c.Matched, Fired: c.Fired, Seen: c.Seen,
			Share: c.Share(), NominalP: c.Nominal.P,
		}
		if c.Nominal.Known {
			f.NominalShare = &c.Nominal.Rate
		}
		out = append(out, f)
	}
	return out
}

func (r *Result) limits() (out []reports.Limit) {
	if r.witness != nil {
		out = slices.Clone(r.witness.Limits)
	} else {
		out = limitsOf(r.run.limiter)
	}
	if text := r.run.room(); text != "" {
		out = append(out, reports.Limit{Kind: reports.LimitCapacity, Limit: text, Asked: r.run.entered + r.run.turnedAway, Refused: r.run.turnedAway})
	}
	return out
}

func limitsOf(l *faults.Limiter) (out []reports.Limit) {
	for _, c := range l.Counts() {
		kind := reports.LimitQuota
		if c.Prefix {
			kind = reports.LimitPrefix
		}
		out = append(out, reports.Limit{Kind: kind, Limit: c.Text, Asked: c.Asked, Refused: c.Refused, Shared: c.Shared})
	}
	return out
}

func (r *Result) partitions() (out []reports.Partition) {
	if r.witness != nil {
		return r.witness.Partitions
	}
	if r.run.cfg.Backend.Limits.Prefixes == nil {
		return nil
	}
	out = append(out, reports.Partition{Count: 1})
	for _, s := range r.run.limiter.Splits() {
		out = append(out, reports.Partition{AtNS: int64(s.At), Count: s.Count, Key: s.Key})
	}
	return out
}

// Sample is one metric over a chosen set of calls.
type Sample = measure.Sample

// Measure returns the metric with the given name (the names of a scenario's
// thresholds) over the calls that are chosen. Durations are in seconds. ok is
// false for a name it does not know, and of a live fleet for wasted_work.
func (r *Result) Measure(metric string, of measure.Choice) (s Sample, ok bool) {
	rec, names, groups := &r.run.recorder, r.run.mix.names, r.run.cfg.Load.groupNames()
	c := rec.choose(func(p, g, o int) bool {
		return (of.Phase < 0 || p == of.Phase) && (of.Group == "" || groups[g] == of.Group) && (of.Op == "" || names[o] == of.Op)
	})
	span := r.run.duration
	if of.Phase >= 0 {
		span = r.run.cfg.Plan.Phases[of.Phase].For
	}
	if r.witness != nil && metric == "wasted_work" {
		return Sample{}, false // a backend on a socket does not tell
	}
	s, ok = c.measure(metric, span)
	if !ok {
		s, ok = r.measureRun(metric, of.Phase)
	}
	s.Span = span
	return s, ok
}

// measure answers the metrics that a cell holds.
func (c *cell) measure(metric string, span time.Duration) (Sample, bool) {
	switch metric {
	case "call_duration":
		return c.call.Sample(), true
	case "attempt_duration":
		return c.attempt.Sample(), true
	case "retry_delay":
		return c.delay.Sample(), true
	case "attempts_per_call":
		return measure.Numbers(c.counts, c.attempts, c.attemptMin, c.attemptMax), true
	case "calls":
		return Sample{Count: c.calls + c.dropped, Value: float64(c.calls)}, true
	case "success_rate":
		return Sample{Count: c.calls, Value: ratio(float64(c.succeeded), float64(c.calls))}, true
	case "goodput":
		return Sample{Count: c.calls, Value: ratio(float64(c.succeeded), span.Seconds())}, true
	case "amplification":
		return Sample{Count: c.calls, Value: ratio(float64(c.attempts), float64(c.calls))}, true
	case "wasted_work":
		return Sample{Count: c.attempts, Value: ratio(float64(c.work-c.useful), float64(c.work))}, true
	case "false_failures":
		return Sample{Count: c.truth.writes, Value: float64(c.truth.failures)}, true
	case "false_successes":
		return Sample{Count: c.calls, Value: float64(c.truth.successes)}, true
	case "duplicates":
		return Sample{Count: c.truth.writes, Value: float64(c.truth.duplicates)}, true
	case "dropped":
		return Sample{Count: c.calls + c.dropped, Value: float64(c.dropped)}, true
	case "rejected_by_breaker":
		return Sample{Count: c.calls, Value: float64(c.rejected)}, true
	case "denied_by_budget":
		return Sample{Count: c.calls, Value: float64(c.denied)}, true
	}
	return Sample{}, false
}

// measureRun answers the metrics that belong to the whole fleet, not to calls.
func (r *Result) measureRun(metric string, phase int) (Sample, bool) {
	b := &r.run.breakers
	switch metric {
	case "leaked_uploads":
		return Sample{}, true // no simulated client begins an upload
	case "breaker_transitions":
		return Sample{Count: uint64(b.most), Value: float64(sum(b.transitions, phase))}, true
	case "breaker_open_time":
		open := sum(b.open, phase).Seconds()
		return Sample{Count: uint64(b.most), Value: open}, true
	case "time_to_recover":
		label := ""
		if phase >= 0 {
			label = r.run.cfg.Plan.Phases[phase].Label
		}
		return measure.Recoveries(r.recovery, label), true
	}
	return Sample{}, false
}

func sum[T uint64 | time.Duration](byPhase []T, phase int) T {
	if phase >= 0 {
		return byPhase[phase]
	}
	var total T
	for _, n := range byPhase {
		total += n
	}
	return total
}
