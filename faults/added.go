package faults

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-sim/squall/sim"
)

// MaxAdded is how many rules can be added to a plan that runs.
const MaxAdded = 100

// ErrFull is the error of [Injector.Add] where there are [MaxAdded] already.
var ErrFull = errors.New("faults: 100 rules were added already, and not removed")

// Added is a rule that [Injector.Add] put before those of the plan.
type Added struct {
	rules   []*rule // one for each phase of the plan; nil where it is not in force
	text    string
	nominal Nominal
	before  uint64        // requests of its phases when it was added
	after   atomic.Uint64 // and 1 more, when it was removed; 0: it is there
}

// additions are the rules that were added, in their order.
type additions struct {
	mu   sync.Mutex // of who changes them
	list atomic.Pointer[[]*Added]
}

// Add puts a rule before those of the plan, and behind those that were added
// before: into the phase of that number, or for a number below 0 into every phase,
// where it is as if the plan had it there. It decides alone ([Rule].Continue is an
// error). Its draws are keyed by id, so that rules added with the same ids
// in another run meet the same requests. The error is the rule's [*InvalidError],
// or [ErrFull]. Add is safe while others decide.
func (in *Injector) Add(id uint64, phase int, r Rule) (*Added, error) {
	var c checker
	if r.Continue {
		c.add("continue", "a fault that is added decides alone", "leave continue out")
	}
	if r.P == 0 && !r.Ramp.Given {
		c.add("p", "a fault of probability 0 never fires", "write a number above 0")
	}
	if err := c.err("rule"); err != nil {
		return nil, err
	}
	a := &Added{rules: make([]*rule, len(in.phases)), text: r.String()}
	var whole time.Duration
	var tokens *expiry
	if r.Effect.Kind == TokenExpired { // one for all phases: it began when it was added
		tokens = newExpiry(0, nil)
		in.signs.Store(true)
	}
	for i, home := range in.phases {
		if phase >= 0 && phase != i {
			continue
		}
		if err := r.ValidateIn(in.ends[i] - home.start); err != nil {
			return nil, err
		}
		out := compile(i, len(in.rules), r)
		out.home, out.expiry, out.alone = home, tokens, in.alone
		out.shape = newShape(r, in.ends[i]-home.start, in.added.Sub(id).Sub(1).Sub(uint64(i)))
		out.chance, out.draws = in.added.Sub(id).Sub(2), in.added.Sub(id).Sub(3)
		a.rules[i] = out
		length := in.ends[i] - home.start
		one := Phase{Label: home.label, For: length, Rules: []Rule{r}}.Nominal()[0]
		whole += length
		a.nominal.P += float64(one.P * length.Seconds())
		a.nominal.Rate += float64(one.Rate * length.Seconds())
		a.nominal.Known = one.Known
	}
	a.nominal.P /= whole.Seconds()
	a.nominal.Rate /= whole.Seconds()
	in.more.mu.Lock()
	defer in.more.mu.Unlock()
	list := in.more.get()
	if len(list) >= MaxAdded {
		return nil, ErrFull
	}
	a.before = a.requests()
	list = append(slices.Clone(list), a)
	in.more.list.Store(&list)
	return a, nil
}

// Remove takes a rule back, and reports whether it was there. Requests that it has
// hit keep their fault.
func (in *Injector) Remove(a *Added) bool {
	in.more.mu.Lock()
	defer in.more.mu.Unlock()
	list := in.more.get()
	i := slices.Index(list, a)
	if i < 0 {
		return false
	}
	list = slices.Delete(slices.Clone(list), i, i+1)
	in.more.list.Store(&list)
	a.after.Store(a.requests() + 1)
	return true
}

// Text returns the rule in one line.
func (a *Added) Text() string { return a.text }

// Counts tells what the rule did in all its phases: Requests are those that came there
// while it was in force, and Nominal is as if it stood alone. Phase, Rule and Label are zero.
func (a *Added) Counts() RuleCount {
	out := RuleCount{Text: a.text, Nominal: a.nominal}
	for _, r := range a.rules {
		if r != nil {
			out.Matched, out.Fired, out.Seen = out.Matched+r.matched.total(), out.Fired+r.fired.total(), out.Seen+r.seen.total()
		}
	}
	if out.Requests = a.after.Load(); out.Requests > 0 {
		out.Requests--
	} else {
		out.Requests = a.requests()
	}
	out.Requests -= a.before
	return out
}

// requests are those that came in the rule's phases so far.
func (a *Added) requests() (n uint64) {
	for _, r := range a.rules {
		if r != nil {
			n += r.home.requests.total()
		}
	}
	return n
}

func (m *additions) get() []*Added {
	if list := m.list.Load(); list != nil {
		return *list
	}
	return nil
}

// decideAdded asks the added rules. It is false where none of them is for the request,
// and the plan is to decide.
func decideAdded(list []*Added, v *Verdict, since time.Duration, r *Request, header http.Header) bool {
	for _, a := range list {
		rule := a.rules[v.Phase]
		if rule == nil || rule.op != "" && rule.op != r.Op || !rule.meets(since, r, header) {
			continue
		}
		rule.matched.add(rule.alone)
		if rule.hits(since, r) {
			rule.fired.add(rule.alone)
			v.Rule, v.rule, v.method = rule.index, rule, r.method()
			v.Add = rule.adds(r, rule)
		}
		return true
	}
	return false
}

// addedStream is the source of the draws of rules that are added.
func addedStream(seed uint64) sim.Stream { return sim.NewStream(seed, "faults added") }
