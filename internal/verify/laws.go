package verify

import (
	"slices"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/scenarios"
)

// timing lists what of a scenario under a policy depends on when things happen, or in
// which order: with it, a run in real time may make other attempts than the
// simulation. It is empty where every attempt is a matter of keyed draws alone. (That
// a phase ends while an attempt is on its way is looked at call by call.)
func timing(sc *scenarios.Scenario, p scenarios.Policy) []string {
	var why []string
	if p.Breaker != nil {
		why = append(why, "the breaker")
	}
	r := p.Retry
	for _, one := range []struct {
		is   bool
		text string
	}{
		{r.Stateful(), "the budget, quota or pace of the policy"},
		{r.Limit > 0, "the policy's limit"},
		{r.AttemptTimeout > 0, "attempt_timeout"},
		{sc.Backend.Capacity != nil, "the backend's capacity"},
		{len(sc.Backend.Quotas) > 0, "quotas"},
		{sc.Backend.Prefixes != nil, "the rates of partitioned prefixes"},
		{sc.Load.Model == scenarios.ModelClosed, "the closed load, whose clients wait for answers"},
		{sc.Load.MaxInFlight > 0, "max_in_flight"},
		{deletesWhatIsRead(sc), "reads of objects while others are deleted"},
	} {
		if one.is {
			why = append(why, one.text)
		}
	}
	for _, ph := range sc.Phases {
		for _, f := range ph.Faults {
			if timed(f) {
				why = append(why, "the fault "+f.String())
			}
		}
	}
	return why
}

// timed tells whether what a fault does to a request depends on when it comes, or on
// those before it.
func timed(r faults.Rule) bool {
	shaped := r.From > 0 || r.Until > 0 || r.Flap != (faults.Flap{}) || r.Bursts != (faults.Bursts{}) || r.Rolling != (faults.Rolling{}) || r.Ramp.Given
	counts := r.Every.N > 1 && r.Every.Per != faults.ByCall || r.First.N > 0 && r.First.Per != faults.ByCall
	return shaped || counts || r.AtMost > 0 || r.Effect.Expires() || r.Effect.NeedsBackend()
}

// deletesWhatIsRead tells whether a load of S3 has both: a read finds its object in a
// simulated run, as nothing comes between.
func deletesWhatIsRead(sc *scenarios.Scenario) bool {
	if sc.Backend.Kind != scenarios.KindS3 {
		return false
	}
	var ops []string
	mixes := [][]scenarios.MixItem{sc.Load.Mix}
	for _, g := range sc.Load.Groups {
		mixes = append(mixes, g.Mix)
	}
	for _, m := range slices.Concat(mixes...) {
		ops = append(ops, m.Op)
	}
	for _, r := range sc.Load.Records {
		ops = append(ops, r.Op)
	}
	reads := slices.ContainsFunc(ops, func(op string) bool { return op == "GetObject" || op == "HeadObject" || op == "CopyObject" })
	return reads && slices.Contains(ops, "DeleteObject")
}

// edges are the ends of those phases that are followed by one with other faults.
func edges(plan faults.Plan) (out []time.Duration) {
	var at time.Duration
	for i := range len(plan.Phases) - 1 {
		at += plan.Phases[i].For
		if faultsOf(plan.Phases[i]) != faultsOf(plan.Phases[i+1]) {
			out = append(out, at)
		}
	}
	return out
}

func faultsOf(ph faults.Phase) (text string) {
	for _, r := range ph.Rules {
		text += r.String() + "\n"
	}
	return text
}
