package faults

import "sync/atomic"

// tally counts: what several goroutines count in one word, and what one that is alone
// counts in another, which spares it the price of an atomic addition.
type tally struct {
	shared atomic.Uint64
	own    uint64
}

func (t *tally) add(alone bool) {
	if alone {
		t.own++
		return
	}
	t.shared.Add(1)
}

func (t *tally) total() uint64 { return t.shared.Load() + t.own }

// Alone tells the injector that one goroutine at a time uses it, as in a simulation, and
// makes what it counts cheaper. It is to be called before the first use; after it, the
// injector and the [Hits] of its verdicts are not safe for concurrent use.
func (in *Injector) Alone() {
	in.alone = true
	for _, r := range in.rules {
		r.alone = true
	}
}

// RuleCount tells what one rule did.
type RuleCount struct {
	Phase, Rule int    // numbers in the plan, from 0
	Label       string // of the phase
	Text        string // the rule in one line
	Matched     uint64 // requests that it was for
	Fired       uint64 // of those, the ones that it hit
	Seen        uint64 // of those, the ones whose client still waited for what came of it; as far as [Hits.Seen] was told
	// Requests are all that came in its phase.
	Requests uint64
	Nominal  Nominal // what was to be expected
}

// Share is Fired over Requests; 0 without requests.
func (c RuleCount) Share() float64 { return float64(c.Fired) / float64(max(1, c.Requests)) }

// Counts returns the counters of every rule, in the order of the plan.
func (in *Injector) Counts() []RuleCount {
	counts, nominal := make([]RuleCount, len(in.rules)), in.nominal()
	for i, r := range in.rules {
		counts[i] = RuleCount{
			Phase: r.phase, Rule: r.index, Label: r.home.label, Text: r.text,
			Matched: r.matched.total(), Fired: r.fired.total(), Seen: r.seen.total(), Requests: r.home.requests.total(), Nominal: nominal[i],
		}
	}
	return counts
}
