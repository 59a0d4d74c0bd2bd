package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/sim"
)

// Bounds of what ModeAuto plays over the wire: a few seconds of work.
const (
	autoAttempts = 300_000
	autoBytes    = 2 << 30
)

// pickMode resolves ModeAuto by the work that the wire would make.
func pickMode(sc *Scenario, m Mode, policies int) (Mode, error) {
	header := sc.actingHeader()
	switch m {
	case ModeModel:
		if stale := sc.asksForBackend(); stale != "" {
			return "", &OptionError{Message: "what comes of the fault " + quote(stale) + " is a matter of what the backend keeps, and it keeps nothing in the mode model", Hint: "choose http, or auto, which then is http"}
		}
		if header != "" {
			return "", &OptionError{Message: "what comes of the header " + quote(header) + " of the load is up to the backend, which is not asked in the mode model", Hint: "choose http, or auto, which then is http"}
		}
		return m, nil
	case ModeHTTP, ModeLive:
		return m, nil
	case ModeAuto, "":
		if header != "" || sc.asksForBackend() != "" {
			return ModeHTTP, nil
		}
	default:
		return "", &OptionError{Message: fmt.Sprintf("unknown mode %s", quote(string(m))), Hint: "write auto, model, http or live"}
	}
	calls, bytes := sc.estimate()
	if calls*float64(policies) > autoAttempts || bytes*float64(policies) > autoBytes {
		return ModeModel, nil
	}
	return ModeHTTP, nil
}

// asksForBackend returns the text of a fault of which only a backend can tell what
// comes of it; "" if there is none.
func (sc *Scenario) asksForBackend() string {
	for _, ph := range sc.Phases {
		for _, r := range ph.Faults {
			if r.Effect.NeedsBackend() {
				return r.String()
			}
		}
	}
	return ""
}

// ExpectedCalls guesses how many calls a run makes under each policy: of an open load the
// mean, of a replay the number; of a closed load a guess by the medians.
func (sc *Scenario) ExpectedCalls() float64 {
	calls, _ := sc.estimate()
	return calls
}

// estimate guesses the calls of a run and the bytes that they move.
func (sc *Scenario) estimate() (calls, bytes float64) {
	switch sc.Load.Model {
	case ModelReplay:
		for _, r := range sc.Load.Records {
			bytes += float64(r.Size)
		}
		return float64(len(sc.Load.Records)), bytes
	case ModelClosed:
		cycle := typical(sc.Backend.Latency)
		if sc.Backend.Network != nil {
			cycle += 2 * typical(*sc.Backend.Network)
		}
		if sc.Load.Think != nil {
			cycle += typical(*sc.Load.Think)
		}
		calls = float64(sc.Load.Clients) * sc.length().Seconds() / max(cycle.Seconds(), 1e-6)
	default:
		calls = sc.openCalls(sc.rateIn)
	}
	return calls, calls * sc.meanSize()
}

// length is how long the phases take together.
func (sc *Scenario) length() (total time.Duration) {
	for _, p := range sc.Phases {
		total += p.For
	}
	return total
}

// typical returns the median of a distribution.
func typical(d sim.Dist) time.Duration {
	s, err := d.Sampler()
	if err != nil {
		return 0
	}
	return s.Sample(0.5)
}

// record puts together what the fleets did.
func record(sc *Scenario, o Options, mode Mode, policies []Policy, configs []*fleet.Config, results []*fleet.Result, cut bool) *reports.Run {
	run := &reports.Run{
		Schema: reports.SchemaVersion, Version: o.Version,
		Scenario: sc.Name, About: sc.About, Hash: sc.Hash(), Seed: o.Seed, Mode: string(mode),
		DurationNS: int64(configs[0].Duration()), Interrupted: cut,
		Phases: fleet.Phases(configs[0]), Policies: []reports.Policy{},
		Thresholds: []reports.Threshold{}, Warnings: []reports.Warning{},
	}
	for i, p := range policies {
		if results[i] == nil {
			continue // interrupted before it began
		}
		rec := results[i].Report()
		rec.Baseline, rec.Settings = p.Baseline, p.Settings()
		run.Policies = append(run.Policies, rec)
		for j, t := range sc.Thresholds {
			if !t.Binds(p) {
				continue
			}
			if _, known := results[i].Measure(t.Metric, measure.All()); !known {
				run.Warnings = append(run.Warnings, unmeasured(t, p.Name))
				continue
			}
			run.Thresholds = append(run.Thresholds, sc.judge(j, p.Name, results[i]))
		}
	}
	run.Warnings = append(run.Warnings, unjudged(sc, policies)...)
	run.Warnings = append(run.Warnings, unfired(run)...)
	run.Warnings = append(run.Warnings, idleLimits(run)...)
	run.Warnings = append(run.Warnings, cautions(run)...)
	run.Warnings = append(run.Warnings, unchanged(sc)...)
	run.Warnings = append(run.Warnings, cutTrace(sc)...)
	run.Warnings = append(run.Warnings, liveCautions(run)...)
	run.Warnings = append(run.Warnings, untrue(sc, run)...)
	return run
}

// Settings describes the policy in one line.
func (p *Policy) Settings() string {
	s := p.Retry.String()
	if p.Breaker == nil {
		return s
	}
	s += fmt.Sprintf("; breaker: %v, ", p.Breaker.Config)
	if p.Breaker.Scope == ScopeShared {
		return s + fmt.Sprintf("per client, compared every %v", p.Breaker.SyncEvery)
	}
	return s + "per " + string(p.Breaker.Scope)
}

// phaseIndex returns the index of the phase with the label, -1 for none.
func (sc *Scenario) phaseIndex(label string) int {
	for i, p := range sc.Phases {
		if label != "" && p.Label == label {
			return i
		}
	}
	return -1
}

// unjudged warns of thresholds that bind none of the policies that were chosen:
// that they were not missed says nothing.
func unjudged(sc *Scenario, policies []Policy) []reports.Warning {
	n := 0
	for _, t := range sc.Thresholds {
		if !slices.ContainsFunc(policies, t.Binds) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []reports.Warning{{
		Code:    "thresholds-not-judged",
		Message: fmt.Sprintf("%d of %d thresholds bind none of the policies that were run, and were not judged", n, len(sc.Thresholds)),
	}}
}

// unfired warns of every fault rule that no attempt of any policy met: what
// the scenario claims to try was not tried.
func unfired(run *reports.Run) []reports.Warning {
	var out []reports.Warning
	if len(run.Policies) == 0 || run.Interrupted {
		return nil
	}
	for i, rule := range run.Policies[0].Faults {
		var matched, fired uint64
		for _, p := range run.Policies {
			matched, fired = matched+p.Faults[i].Matched, fired+p.Faults[i].Fired
		}
		if fired > 0 {
			continue
		}
		why := "no request matched it"
		if matched > 0 {
			why = fmt.Sprintf("%d attempts matched it, but its probability hit none", matched)
		}
		out = append(out, reports.Warning{
			Code: "fault-never-fired", Fails: true,
			Message: fmt.Sprintf("the fault %q of phase %s never fired: %s", rule.Rule, rule.Phase, why),
		})
	}
	return out
}

// cautions are what a reader should know before trusting a policy's numbers.
func cautions(run *reports.Run) []reports.Warning {
	var out []reports.Warning
	for _, p := range run.Policies {
		if p.Total.Calls == 0 {
			out = append(out, reports.Warning{Code: "no-calls", Policy: p.Name, Fails: true, Message: "no call was made: the load is empty"})
		}
		if n := p.Total.Unfinished; n > 0 && !run.Interrupted {
			out = append(out, reports.Warning{Code: "unfinished-calls", Policy: p.Name, Message: strings.TrimSpace(fmt.Sprintf(
				"%d calls never got an answer and were given up when the run ended: they count as failed; an attempt_timeout would end them", n))})
		}
		if n, calls := p.Breakers.Count, p.Total.Calls; p.Breakers.Scope == fleet.PerKey.String() && calls > 10 && 2*uint64(n) > calls {
			out = append(out, reports.Warning{Code: "breaker-per-call", Policy: p.Name, Message: fmt.Sprintf(
				"there are %d breakers for %d calls: with scope key, hardly a call finds one that another has told of a failure; give calls fewer keys", n, calls)})
		}
		if n := p.Total.Dropped; n > 0 {
			out = append(out, reports.Warning{Code: "dropped-arrivals", Policy: p.Name, Message: fmt.Sprintf(
				"%d arrivals were dropped, as max_in_flight calls were in flight: they count in no other number", n)})
		}
	}
	return out
}

// cutTrace warns of a trace that goes on when the last phase is over: nobody makes those calls,
// and they are in no number.
func cutTrace(sc *Scenario) []reports.Warning {
	rows, length := sc.Load.Records, sc.length()
	left, _ := slices.BinarySearchFunc(rows, length, func(row TraceRow, end time.Duration) int { return cmp.Compare(sc.Load.due(row), end) })
	if left == len(rows) {
		return nil
	}
	return []reports.Warning{{Code: "trace-cut", Message: fmt.Sprintf(
		"%d of the trace's %d calls were not made: the phases are over after %s, and the trace after %s; make them longer",
		len(rows)-left, len(rows), reports.FormatExact(length), reports.FormatExact(sc.Load.due(rows[len(rows)-1])))}}
}
