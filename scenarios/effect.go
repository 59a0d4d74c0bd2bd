package scenarios

import (
	"errors"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/faults"
)

// effect reads what a fault does, as text: "SlowDown", "429 retry-after=2s".
func (d *decoder) effect(n ast.Node, p *path) faults.Effect {
	s, ok := d.scalar(n, p, "an effect", "write one such as SlowDown, 503, outage, or latency add=2s")
	if !ok {
		return faults.Effect{}
	}
	out, err := faults.ParseEffect(s)
	var bad *faults.EffectError
	if errors.As(err, &bad) {
		message, hint := bad.Message, bad.Hint
		if hint == "" {
			message, hint = split(message)
		}
		d.report(d.within(n, s, bad.Offset), p, message, hint)
	}
	return out
}

// rule asks the faults package for what is wrong with one fault of a phase, and
// adds what only the scenario knows.
func (c *checker) rule(p *path, r faults.Rule, phase time.Duration) {
	var wrong *faults.InvalidError
	if err := r.ValidateIn(phase); errors.As(err, &wrong) {
		for _, one := range wrong.Problems {
			c.report(p.fields(one.Path), one.Message, one.Hint)
		}
	} else if err != nil {
		c.told(p, err.Error())
	} else if op := r.On.Op; op != "" && c.ops != nil && !c.ops[op] {
		c.report(p.key("on").key("op"), "no call of the load is a "+quote(op)+", so the fault would never fire", didYouMean(op, c.opNames()))
	}
	if r.P == 0 {
		c.report(p.key("p"), "a fault of probability 0 never fires", "write a number above 0, or leave the fault out")
	}
}

// reached reports fault j of a phase if one before it decides for all of its
// requests: the first fault that is for a request does, whether it hits or not,
// unless it continues. decided are the numbers of those that leave none of what
// their selectors choose.
func (c *checker) reached(p *path, j int, rules []faults.Rule, decided []int) []int {
	r := rules[j]
	for _, i := range decided {
		if rules[i].On.Covers(r.On) {
			c.report(p.at(j), "the fault would never fire, as "+p.at(i).String()+" decides for every request that this one is for",
				"put the one with the narrower on first, or tell them apart by it")
			return decided
		}
	}
	if r.Always() && !r.Continue {
		decided = append(decided, j)
	}
	return decided
}
