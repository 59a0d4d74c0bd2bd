package scenarios

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/retry"
)

// waiting are the settings of a retry policy that say how long to wait for a second attempt.
var waiting = []string{"backoff", "schedule", "immediate", "base", "multiplier", "cap", "throttle_base", "jitter"}

// inert tells why nobody looks at a setting of a policy that has it; "": somebody does.
func inert(p retry.Policy, key string) (message, hint string) {
	kind := p.Backoff.Kind
	switch key {
	case "schedule":
		if kind != retry.BackoffSchedule && p.Backoff.Schedule.Len() > 0 {
			return "these delays mean nothing to a backoff of kind " + kind.String(), "write backoff: schedule as well, or leave them out"
		}
	case "base", "throttle_base":
		value := p.Backoff.Base
		if key == "throttle_base" {
			value = p.Backoff.ThrottleBase
		}
		if kind == retry.BackoffSchedule && value != 0 {
			return "it means nothing to a backoff of kind schedule, which has its delays", "leave it out"
		}
	case "multiplier":
		if p.Backoff.Multiplier != 0 && kind != retry.BackoffExponential && kind != retry.BackoffExponentialMinusOne {
			return "it means nothing to a backoff of kind " + kind.String(), "leave it out, or the backoff, which is exponential then"
		}
	case "max_hint":
		if p.Hint.Max != 0 && p.Hint.Mode == retry.HintNone {
			return "the policy heeds no hint", "write which, such as hint: retry-after, as well, or leave it out"
		}
	case "amount":
		if p.Jitter.Amount != 0 && !slices.Contains(jittersByAmount, p.Jitter.Kind) {
			return "it means nothing to jitter of kind " + p.Jitter.Kind.String(), "leave it out, or write kind: additive"
		}
	case "proportion":
		if p.Jitter.Proportion != 0 && !slices.Contains(jittersByProportion, p.Jitter.Kind) {
			return "it means nothing to jitter of kind " + p.Jitter.Kind.String(), "leave it out, or write kind: proportion"
		}
	}
	return "", ""
}

// The kinds of jitter that look at its amount, and at its proportion.
var (
	jittersByAmount     = []retry.JitterKind{retry.JitterAdditive, retry.JitterAdditiveClipped, retry.JitterPlusMinus}
	jittersByProportion = []retry.JitterKind{retry.JitterProportion, retry.JitterProportionClipped, retry.JitterProportionPastCap}
)

// heeded returns p with the base's settings where nobody looks at its own: a file cannot say
// them, and they change nothing.
func heeded(p, base retry.Policy) retry.Policy {
	out := p
	for key, restore := range map[string]func(){
		"schedule":      func() { out.Backoff.Schedule = base.Backoff.Schedule },
		"base":          func() { out.Backoff.Base = base.Backoff.Base },
		"throttle_base": func() { out.Backoff.ThrottleBase = base.Backoff.ThrottleBase },
		"multiplier":    func() { out.Backoff.Multiplier = base.Backoff.Multiplier },
		"max_hint":      func() { out.Hint.Max = 0 },
		"amount":        func() { out.Jitter.Amount = 0 },
		"proportion":    func() { out.Jitter.Proportion = 0 },
	} {
		if message, _ := inert(p, key); message != "" {
			restore()
		}
	}
	return out
}

// setting is a value of a policy that the file has.
type setting struct {
	key   string
	value ast.Node
	at    *path
}

// refuseInert reports the settings of the file at which nobody looks: with them a policy
// would seem to be another than it is.
func (d *decoder) refuseInert(pol retry.Policy, written []setting) {
	counted := slices.ContainsFunc(written, func(s setting) bool { return s.key == "attempts" })
	for _, s := range written {
		if d.bad[s.at.String()] {
			continue
		}
		if pol.Attempts == 1 && !counted && slices.Contains(waiting, s.key) {
			d.wrong(s.value, s.at, "there is one attempt, so nobody waits", "write how many there are, such as attempts: 3, as well")
			return // one is enough: the others are of the same mistake
		}
		if message, hint := inert(pol, s.key); message != "" {
			d.wrong(s.value, s.at, message, hint)
		}
	}
}
