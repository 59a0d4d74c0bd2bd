package faults

import (
	"math/bits"
	"net/http"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-sim/squall/sim"
)

// Injector is a compiled [Plan]: it decides what happens to each request. It
// is safe for concurrent use, and does not allocate while deciding, but for what
// rules with Every and First have to remember of new keys, clients and calls.
type Injector struct {
	ends   []time.Duration // when each phase ends; the last is never reached
	phases []*phase
	rules  []*rule // all of them, in the order of the plan

	nominal func() []Nominal // of the rules

	added sim.Stream   // draws of the rules that are added
	seen  *credentials // where the plan has a TokenExpired; else nil
	signs atomic.Bool  // whether credentials are asked for
	more  additions
	alone bool // one goroutine uses it
}

// phase is a compiled [Phase].
type phase struct {
	label     string
	start     time.Duration
	byOp      map[string][]*rule // for the operations that rules name: all that may match it
	rest      []*rule            // for every other operation
	continued []*rule            // those with Continue; a rule's bit is its place
	requests  tally
}

// rule is a compiled [Rule]. Draws of one rule never shift those of another.
type rule struct {
	phase, index int
	home         *phase
	text         string
	op           string
	on           selector
	shape        shape
	counting     *counting // nil: every request
	chance       sim.Stream
	effect       Effect
	plain        bool // all requests of its operation meet it
	slows        bool // its effect takes time that depends on the request
	corrupts     bool // see Verdict.Corrupts, of the rule alone
	served       bool // the backend sees the requests that it hits
	hangs        bool // they are never answered
	fixed        bool // their answer comes, or they break, that long after they came
	after        time.Duration
	latency      sim.Sampler
	draws        sim.Stream // of latency, or of keys
	keys         glob       // of a DeleteErrors
	answer       *answer    // of effects that answer
	expiry       *expiry    // of a TokenExpired
	errs         errorTable
	selective    bool // not for requests that cannot have the effect
	continues    bool
	alone        bool   // see Injector.Alone
	bit          uint64 // of those that continue
	atMost       int64

	matched, fired, seen tally
	active               atomic.Int64 // requests under the fault, where atMost counts
}

// New compiles a plan. Draws are keyed by seed, the numbers of phase and rule,
// and the request's client, call and attempt. The error is the plan's
// [*InvalidError].
func New(plan Plan, seed uint64) (*Injector, error) {
	if err := plan.Validate(); err != nil {
		return nil, err
	}
	in := &Injector{nominal: sync.OnceValue(plan.nominal), added: addedStream(seed)}
	chance, latency, shapes := sim.NewStream(seed, "faults"), sim.NewStream(seed, "faults latency"), sim.NewStream(seed, "faults shapes")
	if plan.expires() {
		in.seen = &credentials{since: make(map[uint64]int)}
		in.signs.Store(true)
	}
	end := time.Duration(0)
	for i, ph := range plan.Phases {
		home := &phase{label: ph.Label, start: end}
		end = sim.Add(end, ph.For)
		in.ends = append(in.ends, end)
		rules := make([]*rule, len(ph.Rules))
		for j, r := range ph.Rules {
			rules[j] = compile(i, j, r)
			rules[j].home = home
			if r.Effect.Kind == TokenExpired {
				rules[j].expiry = newExpiry(i, in.seen)
			}
			rules[j].shape = newShape(r, ph.For, shapes.Sub(uint64(i)).Sub(uint64(j)))
			rules[j].chance = chance.Sub(uint64(i)).Sub(uint64(j))
			rules[j].draws = latency.Sub(uint64(i)).Sub(uint64(j))
		}
		in.rules = append(in.rules, rules...)
		home.sort(rules)
		in.phases = append(in.phases, home)
	}
	return in, nil
}

func compile(phase, index int, r Rule) *rule {
	out := &rule{
		phase: phase, index: index, text: r.String(), op: r.On.Op, on: compileSelector(r.On), counting: newCounting(r),
		selective: r.Effect.Selective(), continues: r.Continue, atMost: int64(r.AtMost),
	}
	e := &r.Effect
	out.effect = *e
	out.served, out.hangs = servers.has(e.Kind), e.met() == Blackhole || e.Kind == Stall
	out.corrupts = e.Kind == Corrupt || e.Kind == Status && e.Status < 400
	switch {
	case e.After.Given:
		out.fixed, out.after = true, e.After.For
	case e.Kind == Outage:
		out.fixed, out.after = true, RefusedAfter
	}
	if r.Effect.Add != "" {
		d, _ := sim.ParseDist(r.Effect.Add) // validated
		out.latency, _ = d.Sampler()
	}
	if r.Effect.answers() {
		out.answer = newAnswer(r.Effect)
	}
	out.keys = compileGlob(r.Effect.Keys)
	out.errs = newErrorTable(r.Effect, out.answer)
	out.plain = r.On.Key == "" && !out.on.more && !out.selective && !r.timed() && out.counting == nil && !e.Expires()
	out.slows = out.latency != nil || kinds(SlowUpload, Bandwidth, SlowBody).has(e.Kind)
	return out
}

// sort sorts the rules by operation, so that a request is only held against
// those that may match it.
func (ph *phase) sort(rules []*rule) {
	for _, r := range rules {
		if r.continues {
			r.bit = 1 << len(ph.continued)
			ph.continued = append(ph.continued, r)
		}
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
}

// Decide tells what happens to a request that reaches the backend at the given
// time of the plan; a time before 0 is 0. The first rule of the phase that is for
// the request ([Rule]), and whose effect the request can have ([Effect.Meets]),
// decides: its draw says whether its effect comes or nothing does, and no later
// rule is asked, unless the rule says Continue. Rules of [Injector.Add] come first. Decide is a pure function of the
// plan, the seed and its arguments, but for the counters, for rules with Every or
// First, which count requests, and for those with AtMost: whoever decides by such
// a plan has to call [Verdict.End] when a request has ended.
func (in *Injector) Decide(at time.Duration, r Request) Verdict { return in.DecideWith(at, r, nil) }

// DecideWith is Decide for a request with these headers, for rules that ask for
// headers, with canonical names. Without headers such rules are for no request.
func (in *Injector) DecideWith(at time.Duration, r Request, header http.Header) (v Verdict) {
	in.DecideInto(&v, at, &r, header)
	return v
}

// DecideInto is DecideWith with a request that is not copied, and a verdict in memory of
// the caller's, for who decides millions of times a second. It keeps neither.
func (in *Injector) DecideInto(v *Verdict, at time.Duration, r *Request, header http.Header) {
	n := in.PhaseAt(at)
	ph := in.phases[n]
	*v = Verdict{Phase: n, Rule: -1}
	ph.requests.add(in.alone)
	rules := ph.rest
	if ph.byOp != nil {
		if named, ok := ph.byOp[r.Op]; ok {
			rules = named
		}
	}
	since := max(at-ph.start, 0)
	if in.seen != nil {
		in.seen.note(n, r.Credential)
	}
	if list := in.more.get(); len(list) > 0 && decideAdded(list, v, since, r, header) {
		return
	}
	var last *rule
	var before uint64
	for _, rule := range rules {
		if !rule.plain && !rule.meets(since, r, header) {
			continue
		}
		rule.matched.add(in.alone)
		if rule.hits(since, r) {
			rule.fired.add(in.alone)
			if last != nil {
				before |= last.bit
			}
			last = rule
		}
		if !rule.continues {
			break
		}
	}
	if last == nil {
		return
	}
	v.Rule, v.rule, v.method, v.before = last.index, last, r.method(), before
	if last.slows {
		v.extend(last, r)
	}
	for set := before; set != 0; set &= set - 1 {
		v.extend(ph.continued[bits.TrailingZeros64(set)], r)
	}
}

// meets reports whether the rule is for the request.
func (r *rule) meets(since time.Duration, req *Request, header http.Header) bool {
	return r.on.chooses(req, header) &&
		(!r.selective || r.effect.meets(req.Op, req.method())) &&
		(!r.shape.shaped || r.shape.holds(since, req)) &&
		(r.expiry == nil || r.expiry.holds(req)) &&
		(r.counting == nil || r.counting.leaves(req))
}

// hits draws whether a request that the rule is for is hit, and takes a place
// under the fault where those are bounded.
func (r *rule) hits(since time.Duration, req *Request) bool {
	if p := r.shape.chance(since); p < 1 && r.chance.Float64(req.Client, req.Call, uint64(req.Attempt)) >= p {
		return false
	}
	if r.atMost > 0 && r.active.Add(1) > r.atMost {
		r.active.Add(-1)
		return false
	}
	return true
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

// Forgets reports whether what happens to a request does not depend on those before it, and
// is as quickly told whatever the order of times in which they come: no rule counts requests
// of more than one call, has a bound to how many are under it, comes in bursts, or knows
// credentials, and none was added.
func (in *Injector) Forgets() bool {
	if in.seen != nil || len(in.more.get()) > 0 {
		return false
	}
	for _, r := range in.rules {
		if r.atMost > 0 || r.shape.bursts != nil || !r.counting.forgets() {
			return false
		}
	}
	return true
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
