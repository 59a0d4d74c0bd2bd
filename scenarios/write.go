package scenarios

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/squall-sim/squall/retry"
)

// Write prints a scenario as a file that Parse reads back as an equal one,
// without what is at its default. A Scenario that is not valid is an error, the
// *Problems of Validate, and nothing is written.
//
// The trace's Records are not part of the file: write them with a TraceWriter
// to the path in Load.Trace. Settings are written as differences from the
// preset that Retry.Name names; another Retry.Name is lost.
func Write(w io.Writer, sc *Scenario) error {
	if err := sc.Validate(); err != nil {
		return err
	}
	out := &writer{w: bufio.NewWriter(w)}
	out.line(0, "scenario: "+yamlText(sc.Name))
	if sc.About != "" {
		out.line(0, "about: "+yamlText(sc.About))
	}
	out.backend(sc.Backend)
	if !sc.ServedOnly() {
		out.load(sc)
	}
	out.phases(sc.Phases)
	if !sc.ServedOnly() {
		out.policies(sc.Policies)
	}
	out.thresholds(sc.Thresholds)
	if err := out.w.Flush(); err != nil {
		return fmt.Errorf("scenarios: write: %w", err)
	}
	return nil
}

// Hash is the SHA-256 of the scenario's text and of its trace's, hexadecimal:
// two runs with the same hash, seed and version give the same record. Line ends
// and a byte order mark do not count, so that a checkout on another system has
// the same hash. A scenario built in Go has the hash of what Write and
// TraceWriter print; one changed after it was read keeps that of its file.
func (sc *Scenario) Hash() string {
	if sc.origin.hash != "" {
		return sc.origin.hash
	}
	sum := sha256.New()
	if err := Write(sum, sc); err != nil {
		return "" // not valid, so it cannot run either
	}
	if len(sc.Load.Records) > 0 {
		sum.Write([]byte{0})
		t := NewTraceWriter(sum)
		for _, row := range sc.Load.Records {
			if t.Write(row) != nil {
				return ""
			}
		}
		if t.Flush() != nil {
			return ""
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// writer prints YAML by hand: people read it, and an encoder would not know
// what belongs on one line.
type writer struct{ w *bufio.Writer }

func (o *writer) line(indent int, text string) {
	o.w.WriteString(strings.Repeat("  ", indent))
	o.w.WriteString(text)
	o.w.WriteByte('\n')
}

// flow collects the entries of a map on one line.
type flow []string

func (f *flow) add(key, value string) { *f = append(*f, key+": "+value) }

// when adds an entry if it is not at its default.
func (f *flow) when(set bool, key, value string) {
	if set {
		f.add(key, value)
	}
}

func (f flow) String() string { return "{" + strings.Join(f, ", ") + "}" }

func (o *writer) load(sc *Scenario) {
	l := sc.Load
	o.line(0, "load:")
	o.line(1, "model: "+string(l.Model))
	switch l.Model {
	case ModelOpen:
		if len(l.Groups) == 0 {
			o.line(1, "rate: "+l.Rate.String())
		}
		if l.Arrivals != Poisson {
			o.line(1, "arrivals: "+string(l.Arrivals))
		}
		if len(l.Groups) == 0 {
			o.line(1, "clients: "+strconv.Itoa(l.Clients))
		}
	case ModelClosed:
		if len(l.Groups) == 0 {
			o.line(1, "clients: "+strconv.Itoa(l.Clients))
		}
		if l.Start != nil {
			o.line(1, "start: "+startText(*l.Start))
		}
		if l.Think != nil {
			o.line(1, "think: "+distText(*l.Think))
		}
	case ModelReplay:
		o.line(1, "trace: "+yamlText(l.Trace))
		if l.Speed != 1 {
			o.line(1, "speed: "+floatText(l.Speed))
		}
	}
	if l.MaxInFlight > 0 {
		o.line(1, "max_in_flight: "+strconv.Itoa(l.MaxInFlight))
	}
	o.groups(sc.Backend.Kind, l.Groups)
	o.mix(1, sc.Backend.Kind, l.Mix)
}

func (o *writer) mix(indent int, kind Kind, items []MixItem) {
	if len(items) == 0 {
		return
	}
	o.line(indent, "mix:")
	for _, m := range items {
		var f flow
		f.add("op", m.Op)
		f.when(m.Key != "", "key", yamlText(m.Key))
		op, _ := findOperation(kind, m.Op)
		f.when(op.body != noBody, "size", m.Size.String())
		f.when(m.Weight != 1, "weight", floatText(m.Weight))
		f.when(len(m.Headers) > 0, "headers", headersText(m.Headers))
		o.line(indent+1, "- "+f.String())
	}
}

func (o *writer) phases(phases []Phase) {
	o.line(0, "phases:")
	for _, ph := range phases {
		var f flow
		f.add("label", yamlText(ph.Label))
		f.add("for", durationText(ph.For))
		if ph.Rate != nil {
			f.add("rate", ph.Rate.String())
		}
		f.when(len(ph.GroupRates) > 0, "rate", groupRatesText(ph.GroupRates))
		f.when(ph.Restart != 0, "restart", floatText(ph.Restart))
		f.when(ph.Offline != 0, "offline", floatText(ph.Offline))
		if ph.Capacity != nil {
			f.add("capacity", ph.Capacity.text())
		}
		if len(ph.Faults) == 0 {
			o.line(1, "- "+f.String())
			continue
		}
		o.line(1, "- "+f[0])
		for _, entry := range f[1:] {
			o.line(2, entry)
		}
		o.line(2, "faults:")
		for _, r := range ph.Faults {
			o.line(3, "- "+ruleText(r))
		}
	}
}

func (o *writer) policies(policies []Policy) {
	o.line(0, "policies:")
	for _, p := range policies {
		o.line(1, yamlText(p.Name)+":")
		if p.Baseline {
			o.line(2, "baseline: true")
		}
		o.line(2, "retry: "+retryText(p.Retry))
		if b := p.Breaker; b != nil {
			o.line(2, "breaker: "+breakerText(*b))
		}
	}
}

// retryText prints what differs from the preset, or from a single attempt, and that somebody
// looks at.
func retryText(p retry.Policy) string {
	base, isPreset := retry.Preset(p.Name)
	if !isPreset {
		base = retry.Policy{Attempts: 1}
	}
	p = heeded(p, base)
	p.Name = base.Name
	if p == base && isPreset {
		return yamlText(p.Name)
	}
	var f flow
	f.when(isPreset, "preset", yamlText(p.Name))
	f.when(p.Attempts != base.Attempts || p.Attempts == 1, "attempts", strconv.Itoa(p.Attempts))
	duration := func(key string, d, base time.Duration) { f.when(d != base, key, durationText(d)) }
	f.when(p.Backoff.Kind != base.Backoff.Kind, "backoff", p.Backoff.Kind.String())
	f.when(p.Backoff.Schedule != base.Backoff.Schedule, "schedule", yamlText(p.Backoff.Schedule.String()))
	f.when(p.Backoff.Immediate != base.Backoff.Immediate, "immediate", strconv.FormatBool(p.Backoff.Immediate))
	duration("base", p.Backoff.Base, base.Backoff.Base)
	f.when(p.Backoff.Multiplier != base.Backoff.Multiplier, "multiplier", floatText(p.Backoff.Multiplier))
	duration("cap", p.Backoff.Cap, base.Backoff.Cap)
	duration("throttle_base", p.Backoff.ThrottleBase, base.Backoff.ThrottleBase)
	f.when(p.Jitter != base.Jitter, "jitter", jitterText(p.Jitter))
	duration("attempt_timeout", p.AttemptTimeout, base.AttemptTimeout)
	duration("limit", p.Limit, base.Limit)
	f.when(p.Hint.Mode != base.Hint.Mode, "hint", p.Hint.Mode.String())
	duration("max_hint", p.Hint.Max, base.Hint.Max)
	f.when(p.Classifier != base.Classifier, "classifier", yamlText(p.Classifier))
	f.when(p.Quota != base.Quota, "quota", quotaText(p.Quota, base.Quota))
	return f.String()
}

func jitterText(j retry.Jitter) string {
	if j.Amount == 0 && j.Proportion == 0 {
		return j.Kind.String()
	}
	f := flow{"kind: " + j.Kind.String()}
	f.when(j.Amount != 0, "amount", durationText(j.Amount))
	f.when(j.Proportion != 0, "proportion", floatText(j.Proportion))
	return f.String()
}

func quotaText(q, base retry.Quota) string {
	if q == (retry.Quota{}) {
		return "none"
	}
	var f flow
	f.add("capacity", strconv.Itoa(q.Capacity))
	f.add("cost", strconv.Itoa(q.Cost))
	f.add("throttle_cost", strconv.Itoa(q.ThrottleCost))
	f.add("timeout_cost", strconv.Itoa(q.TimeoutCost))
	f.add("reward", strconv.Itoa(q.Reward))
	f.when(q.RewardAll != base.RewardAll, "reward_all", strconv.FormatBool(q.RewardAll))
	return f.String()
}

func (o *writer) thresholds(list []Threshold) {
	if len(list) == 0 {
		return
	}
	o.line(0, "thresholds:")
	for i := 0; i < len(list); {
		selector := list[i].Selector()
		var exprs []string
		for ; i < len(list) && list[i].Selector() == selector; i++ {
			text := list[i].Text
			if text == "" {
				text = list[i].Expr()
			}
			exprs = append(exprs, strconv.Quote(text))
		}
		o.line(1, yamlText(selector)+": ["+strings.Join(exprs, ", ")+"]")
	}
}
