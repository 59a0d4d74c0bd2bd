package scenarios

import (
	"math"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/retry"
)

// policies reads the map of names to policies, in the file's order.
func (d *decoder) policies(n ast.Node, p *path, sc *Scenario) {
	d.entries(n, p, func(name string, keyNode, v ast.Node, p *path) {
		if _, null := v.(*ast.NullNode); null {
			d.wrong(keyNode, p, "no value", "write the policy's settings, such as {retry: s3}")
			v = nil
		}
		pol := Policy{Name: name, Retry: retry.Policy{Attempts: 1}}
		if v != nil {
			d.policy(v, p, &pol)
		}
		sc.Policies = append(sc.Policies, pol)
	})
}

func (d *decoder) policy(n ast.Node, p *path, pol *Policy) {
	found := false
	d.object(n, p, []string{"baseline", "retry", "breaker"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "baseline":
			pol.Baseline = d.boolean(v, p)
		case "retry":
			found = true
			pol.Retry = d.retry(v, p)
		case "breaker":
			pol.Breaker = d.breaker(v, p)
		}
	})
	if at := p.key("retry"); !found && !d.bad[at.String()] && isMap(n) {
		d.report(d.locate(at), at, "the policy does not say how to retry", "write retry: s3, retry: none, or settings such as retry: {attempts: 3, base: 100ms}")
	}
}

// retry reads "s3" or a map: a preset, or a single attempt without one, and
// what is set otherwise.
func (d *decoder) retry(n ast.Node, p *path) retry.Policy {
	if !isMap(n) {
		s, ok := d.scalar(n, p, "the name of a preset or a map of settings", "write retry: s3, or retry: {attempts: 3, base: 100ms}")
		if !ok {
			return retry.Policy{Attempts: 1}
		}
		return d.preset(n, p, s)
	}
	out := retry.Policy{Attempts: 1}
	var set []setting // in the file's order, but after the preset
	known := []string{
		"preset", "attempts", "backoff", "schedule", "immediate", "base", "multiplier", "cap", "throttle_base", "jitter",
		"attempt_timeout", "limit", "hint", "max_hint", "classifier", "quota",
	}
	d.object(n, p, known, func(key string, v ast.Node, p *path) {
		if key == "preset" {
			s, ok := d.scalar(v, p, "the name of a preset", "")
			if ok {
				out = d.preset(v, p, s)
			}
			return
		}
		set = append(set, setting{key, v, p})
	})
	for _, one := range set {
		d.retrySetting(&out, one.key, one.value, one.at)
	}
	d.refuseInert(out, set)
	return out
}

func (d *decoder) preset(n ast.Node, p *path, name string) retry.Policy {
	out, ok := retry.Preset(name)
	if !ok {
		d.wrong(n, p, "unknown preset "+quote(name), didYouMean(name, retry.Presets()))
		return retry.Policy{Attempts: 1}
	}
	return out
}

func (d *decoder) retrySetting(out *retry.Policy, key string, v ast.Node, p *path) {
	switch key {
	case "attempts":
		out.Attempts = d.integer(v, p, 1, math.MaxInt32)
	case "backoff":
		name := d.choice(v, p, "backoff", retry.BackoffKinds())
		if name != "" {
			_ = out.Backoff.Kind.UnmarshalText([]byte(name)) // choice has looked
		}
	case "schedule":
		out.Backoff.Schedule = d.schedule(v, p, out.Backoff.Schedule)
	case "immediate":
		out.Backoff.Immediate = d.boolean(v, p)
	case "base":
		out.Backoff.Base = d.duration(v, p)
	case "multiplier":
		out.Backoff.Multiplier = d.number(v, p)
	case "cap":
		out.Backoff.Cap = d.duration(v, p)
	case "throttle_base":
		out.Backoff.ThrottleBase = d.duration(v, p)
	case "jitter":
		out.Jitter = d.jitter(v, p, out.Jitter)
	case "attempt_timeout":
		out.AttemptTimeout = d.duration(v, p)
	case "limit":
		out.Limit = d.duration(v, p)
	case "hint":
		name := d.choice(v, p, "hint", retry.HintModes())
		if name != "" && out.Hint.Mode.UnmarshalText([]byte(name)) == nil {
			out.Hint.Trim, out.Hint.Reset = false, false // they belong to the preset's mode
			if out.Hint.Mode == retry.HintNone {
				out.Hint.Max = 0 // there is none to wait for
			}
		}
	case "max_hint":
		out.Hint.Max = d.duration(v, p)
	case "classifier":
		out.Classifier = d.choice(v, p, "classifier", retry.Classifiers())
	case "quota":
		if out.Quota = d.quota(v, p, out.Quota); out.Quota != (retry.Quota{}) {
			out.Budget = retry.BudgetPlan{} // a policy has one of them
		}
	}
}

// schedule reads "1s 5s 30s".
func (d *decoder) schedule(n ast.Node, p *path, old retry.Schedule) retry.Schedule {
	const want = "write up to 16 durations, such as schedule: 1s 5s 30s"
	text, ok := d.scalar(n, p, "a list of durations", want)
	if !ok {
		return old
	}
	var out retry.Schedule
	if err := out.UnmarshalText([]byte(text)); err != nil || out.Len() == 0 {
		d.wrong(n, p, quote(text)+" is not a list of durations", want)
		return old
	}
	return out
}

// jitter reads "full" or {kind: additive, amount: 1s}. Without a kind it changes
// the preset's.
func (d *decoder) jitter(n ast.Node, p *path, j retry.Jitter) retry.Jitter {
	kind := func(n ast.Node, p *path) {
		name := d.choice(n, p, "jitter", retry.JitterKinds())
		if name != "" && j.Kind.UnmarshalText([]byte(name)) == nil {
			j = retry.Jitter{Kind: j.Kind}
		}
	}
	if !isMap(n) {
		kind(n, p)
		return j
	}
	var set []setting
	d.object(n, p, []string{"kind", "amount", "proportion"}, func(key string, v ast.Node, p *path) {
		if key == "kind" {
			kind(v, p)
			return
		}
		set = append(set, setting{key, v, p})
	})
	for _, one := range set {
		switch one.key {
		case "amount":
			j.Amount = d.duration(one.value, one.at)
		case "proportion":
			j.Proportion = d.number(one.value, one.at)
		}
	}
	for _, one := range set {
		if message, hint := inert(retry.Policy{Jitter: j}, one.key); message != "" {
			d.wrong(one.value, one.at, message, hint)
		}
	}
	return j
}

// quota reads "none" or a map of tokens; what it leaves out stays the preset's.
func (d *decoder) quota(n ast.Node, p *path, q retry.Quota) retry.Quota {
	if !isMap(n) {
		if d.choice(n, p, "quota", []string{"none"}) == "none" {
			return retry.Quota{}
		}
		return q
	}
	into := map[string]*int{
		"capacity": &q.Capacity, "cost": &q.Cost, "throttle_cost": &q.ThrottleCost, "timeout_cost": &q.TimeoutCost, "reward": &q.Reward,
	}
	known := []string{"capacity", "cost", "throttle_cost", "timeout_cost", "reward", "reward_all"}
	d.object(n, p, known, func(key string, v ast.Node, p *path) {
		if key == "reward_all" {
			q.RewardAll = d.boolean(v, p)
			return
		}
		*into[key] = d.integer(v, p, 0, math.MaxInt32)
	})
	return q
}
