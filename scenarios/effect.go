package scenarios

import (
	"errors"

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
	if err != nil {
		d.wrong(n, p, err.Error(), "")
	}
	return out
}

// rule checks one fault of a phase.
func (c *checker) rule(p *path, r faults.Rule) {
	if op := r.On.Op; op != "" && c.ops != nil && !c.ops[op] {
		c.report(p.key("on").key("op"), "no call of the load is a "+quote(op)+", so the fault would never fire", didYouMean(op, c.opNames()))
	}
	if r.P == 0 {
		c.report(p.key("p"), "a fault of probability 0 never fires", "write a number above 0, or leave the fault out")
	}
}

var _ = errors.As
