package faults

import (
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/squall-sim/squall/sim"
)

// Injector is a compiled [Plan]: it decides what happens to each request. It
// is safe for concurrent use, and never allocates while deciding.
type Injector struct {
	ends   []time.Duration // when each phase ends; the last is never reached
	phases []phase
	rules  []*rule // all of them, in the order of the plan
}

// phase is a compiled [Phase].
type phase struct {
	label string
	byOp  map[string][]*rule // for the operations that rules name: all that may match it
	rest  []*rule            // for every other operation
}

// rule is a compiled [Rule]. Draws of one rule never shift those of another.
type rule struct {
	phase, index int
	text         string
	op           string
	key          glob
	p            float64
	chance       sim.Stream
	verdict      Verdict // what a hit gives, but for the extra latency
	latency      sim.Sampler
	draws        sim.Stream // of latency
	answer       *answer    // of effects that answer
	errs         errorTable
	selective    bool // not for requests that cannot have the effect

	matched, fired atomic.Uint64
}

// New compiles a plan. Draws are keyed by seed, the numbers of phase and rule,
// and the request's client, call and attempt. The error is the plan's
// [*InvalidError].
func New(plan Plan, seed uint64) (*Injector, error) {
	if err := plan.Validate(); err != nil {
		return nil, err
	}
	in := &Injector{}
	chance, latency := sim.NewStream(seed, "faults"), sim.NewStream(seed, "faults latency")
	end := time.Duration(0)
	for i, ph := range plan.Phases {
		end = sim.Add(end, ph.For)
		in.ends = append(in.ends, end)
		rules := make([]*rule, len(ph.Rules))
		for j, r := range ph.Rules {
			rules[j] = compile(i, j, r)
			rules[j].chance = chance.Sub(uint64(i)).Sub(uint64(j))
			rules[j].draws = latency.Sub(uint64(i)).Sub(uint64(j))
		}
		in.rules = append(in.rules, rules...)
		in.phases = append(in.phases, newPhase(ph.Label, rules))
	}
	return in, nil
}

func compile(phase, index int, r Rule) *rule {
	out := &rule{phase: phase, index: index, text: r.String(), op: r.On.Op, key: compileGlob(r.On.Key), p: r.P, selective: r.Effect.Selective()}
	out.verdict = Verdict{Phase: phase, Rule: index, Effect: r.Effect, rule: out}
	if r.Effect.Add != "" {
		d, _ := sim.ParseDist(r.Effect.Add) // validated
		out.latency, _ = d.Sampler()
	}
	if r.Effect.answers() {
		out.answer = newAnswer(r.Effect)
	}
	out.errs = newErrorTable(r.Effect, out.answer)
	return out
}

// newPhase sorts the rules by operation, so that a request is only held
// against those that may match it.
func newPhase(label string, rules []*rule) phase {
	ph := phase{label: label}
	for _, r := range rules {
		if r.op == "" {
			ph.rest = append(ph.rest, r)
		}
	}
	for _, r := range rules {
		if _, done := ph.byOp[r.op]; done || r.op == "" {
			continue
		}
		if ph.byOp == nil {
			ph.byOp = make(map[string][]*rule)
		}
		for _, other := range rules {
			if other.op == "" || other.op == r.op {
				ph.byOp[r.op] = append(ph.byOp[r.op], other)
			}
		}
	}
	return ph
}

// Decide tells what happens to a request that reaches the backend at the given
// time of the plan; a time before 0 is 0. The first rule of the phase whose
// selector matches, and whose effect the request can have ([Effect.Meets]),
// decides: its draw says whether its effect comes or nothing
// does, and no later rule is asked. Decide is a pure function of the plan, the
// seed and its arguments, but for the counters.
func (in *Injector) Decide(at time.Duration, r Request) Verdict {
	n := in.PhaseAt(at)
	ph := &in.phases[n]
	rules := ph.rest
	if ph.byOp != nil {
		if named, ok := ph.byOp[r.Op]; ok {
			rules = named
		}
	}
	for _, rule := range rules {
		if !rule.key.match(r.path()) || rule.selective && !rule.verdict.Effect.meets(r.Op, r.method()) {
			continue
		}
		rule.matched.Add(1)
		attempt := uint64(r.Attempt)
		if rule.p < 1 && rule.chance.Float64(r.Client, r.Call, attempt) >= rule.p {
			break
		}
		rule.fired.Add(1)
		v := rule.verdict
		v.method = r.method()
		v.Add = rule.adds(&r)
		return v
	}
	return Verdict{Phase: n, Rule: -1}
}

// method is the request's, or that of its operation.
func (r *Request) method() string {
	if r.Method == "" {
		return Method(r.Op)
	}
	return r.Method
}

// path is what globs are held against: the key, and of an HTTP request's
// target the part before the query.
func (r *Request) path() string {
	if len(r.Key) > 0 && r.Key[0] == '/' && r.Op == r.Method {
		if i := strings.IndexByte(r.Key, '?'); i >= 0 {
			return r.Key[:i]
		}
	}
	return r.Key
}

// PhaseAt returns the number of the phase in force at that time of the plan.
// The last one stays in force after its end.
func (in *Injector) PhaseAt(at time.Duration) int {
	last := len(in.ends) - 1
	if last < 8 {
		for i := 0; i < last; i++ {
			if at < in.ends[i] {
				return i
			}
		}
		return last
	}
	return sort.Search(last, func(i int) bool { return at < in.ends[i] })
}

// RuleCount tells what one rule did.
type RuleCount struct {
	Phase, Rule int    // numbers in the plan, from 0
	Label       string // of the phase
	Text        string // the rule in one line
	Matched     uint64 // requests that its selector chose
	Fired       uint64 // of those, the ones that its draw hit
}

// Counts returns the counters of every rule, in the order of the plan.
func (in *Injector) Counts() []RuleCount {
	counts := make([]RuleCount, len(in.rules))
	for i, r := range in.rules {
		counts[i] = RuleCount{
			Phase: r.phase, Rule: r.index, Label: in.phases[r.phase].label, Text: r.text,
			Matched: r.matched.Load(), Fired: r.fired.Load(),
		}
	}
	return counts
}
