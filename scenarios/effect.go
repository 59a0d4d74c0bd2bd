package scenarios

import (
	"errors"
	"slices"
	"strconv"
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
// adds what only the scenario knows. It reports whether the fault has no mistake of
// its own.
func (c *checker) rule(p *path, r faults.Rule, phase time.Duration) bool {
	var wrong *faults.InvalidError
	sound := !c.broken[p.String()]
	err := r.ValidateIn(phase)
	if errors.As(err, &wrong) {
		for _, one := range wrong.Problems {
			c.report(p.fields(one.Path), one.Message, one.Hint)
		}
	} else if err != nil {
		c.told(p, err.Error())
	} else {
		c.chosen(p.key("on"), r.On)
	}
	if r.P == 0 && !(r.Ramp.Given && r.Ramp.To > 0) {
		c.report(p.key("p"), "a fault of probability 0 never fires", "write a number above 0, or leave the fault out")
	}
	return sound && err == nil
}

// chosen reports a selector that no call of the load can meet.
func (c *checker) chosen(p *path, on faults.Selector) {
	c.served(p.key("op"), on.Op, "the fault would never fire")
	if c.ops == nil {
		return
	}
	if op := on.Op; op != "" && !c.ops[op] {
		c.report(p.key("op"), "no call of the load is a "+quote(op)+", so the fault would never fire", didYouMean(op, c.opNames()))
	}
	if on.Method != "" && on.Op == "" {
		var methods []string
		for op := range c.ops {
			methods = append(methods, faults.Method(op))
		}
		slices.Sort(methods)
		if methods = slices.Compact(methods); !slices.Contains(methods, on.Method) {
			c.report(p.key("method"), "no call of the load is a "+quote(on.Method)+", so the fault would never fire", didYouMean(on.Method, methods))
		}
	}
	switch b := c.sc.Backend; {
	case on.Bucket == "":
	case b.Kind == KindHTTP:
		c.report(p.key("bucket"), "an http backend has no bucket, so the fault would never fire", "leave it out")
	case b.Bucket != "" && !fits(on.Bucket, b.Bucket):
		c.report(p.key("bucket"), "the backend's bucket is "+quote(b.Bucket)+", so the fault would never fire", "write that, or leave it out")
	}
	if n := c.sc.Load.Clients; n > 0 && c.sc.Load.Model != ModelReplay && len(on.Clients) > 0 &&
		!slices.ContainsFunc(on.Clients, func(r faults.Range) bool { return r.From < uint64(n) }) {
		c.report(p.key("client"), "the load has no such client, so the fault would never fire", "write numbers from 0 to "+strconv.Itoa(n-1))
	}
}

// fits reports whether a glob that can be read fits a text.
func fits(pattern, text string) bool {
	g, ok := faults.ParseGlob(pattern)
	return ok && g.Match(text)
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
