package faults

import "math/bits"

// Hits are the faults that hit one request: of a [Verdict] what its end is told to. The
// zero value is those of a request that nothing hit.
type Hits struct {
	rule   *rule
	before uint64 // see Verdict; and turned
}

// turned in Hits.before: the backend's limits turned the request away. It is the bit
// that no rule has.
const turned = 1 << MaxContinued

// Hits returns the faults that hit the request.
func (v Verdict) Hits() Hits {
	h := Hits{v.rule, v.before}
	if v.refusal != nil {
		h.before |= turned
	}
	return h
}

// End is [Verdict.End].
func (h Hits) End() { h.each((*rule).end) }

// Seen tells that what the faults did reached a client that still waited for it; they
// count it ([RuleCount].Seen). It is to be called at most once for each verdict, by
// whoever knows what came of the request. Of a request that the backend's limits turned
// away, only the faults that made it late count.
func (h Hits) Seen() {
	if h.rule != nil && h.before == 0 { // as most are
		h.rule.seen.add(h.rule.alone)
		return
	}
	h.each(func(r *rule) {
		if h.before&turned == 0 || r.effect.Kind == Latency {
			r.seen.add(r.alone)
		}
	})
}

// each gives what to all rules that hit.
func (h Hits) each(what func(*rule)) {
	if h.rule == nil {
		return
	}
	what(h.rule)
	for set := h.before &^ turned; set != 0; set &= set - 1 {
		what(h.rule.home.continued[bits.TrailingZeros64(set)])
	}
}

// end gives the request's place under the fault to another.
func (r *rule) end() {
	if r.atMost > 0 {
		r.active.Add(-1)
	}
}
