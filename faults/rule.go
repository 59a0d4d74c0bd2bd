package faults

import (
	"strconv"
	"time"
)

// Rule is one fault: for which requests, when, how often, and what. A rule is
// for a request if its selector chooses it, if all of its shapes over time (From,
// Until, Flap, Bursts, Rolling) say that it is in force, and if Every and First,
// which count the requests that are left, leave it. A rule that is for a request
// decides: P says whether Effect comes or nothing does. Note that a zero P makes
// a rule that never fires. [ParseRule] and [Rule.String] are its text form.
type Rule struct {
	On Selector `yaml:"on"`

	// From and Until are times since the phase began, between which the rule is in
	// force. Until 0: to the end.
	From  time.Duration `yaml:"from"`
	Until time.Duration `yaml:"until"`
	// Flap, Bursts and Rolling take turns in that window, from its beginning on.
	Flap    Flap    `yaml:"flap"`
	Bursts  Bursts  `yaml:"bursts"`
	Rolling Rolling `yaml:"rolling"`

	Every Every `yaml:"every"`
	First First `yaml:"first"` // of those that Every leaves

	// P is the probability that a request that the rule is for is hit: 0 to 1.
	P float64 `yaml:"p"`
	// Ramp makes P the probability at the beginning of the window (of the phase,
	// without From and Until), from where it goes in a straight line.
	Ramp Ramp `yaml:"ramp"`
	// AtMost bounds the requests that are under this fault at once: as long as so
	// many are, no other is hit. 0: unbounded.
	AtMost int `yaml:"at_most"`
	// Continue lets the rules behind this one be asked as well, whether it hits or
	// not: effects add up, in the order of the rules. Only for effects that modify
	// ([Effect.Modifies]).
	Continue bool   `yaml:"continue"`
	Effect   Effect `yaml:"effect"`
}

// Bounds of a phase.
const (
	MaxRules     = 1000 // of a phase
	MaxContinued = 63   // of those, the ones that say Continue
)

// Always reports whether the rule is for every request that its selector
// chooses, at any time.
func (r Rule) Always() bool {
	return !r.timed() && r.Every.N <= 1 && r.First.N == 0 && !r.Effect.Expires() && (r.On.Op != "" || !r.Effect.Selective())
}

// Keyed reports whether the rule looks at keys.
func (r Rule) Keyed() bool {
	return r.On.Key != "" || r.Every.Per == ByKey || r.First.Per == ByKey
}

// timed reports whether the rule is in force at times, or for a part of the
// backend.
func (r Rule) timed() bool {
	return r.From > 0 || r.Until > 0 || r.Flap != (Flap{}) || r.Bursts != (Bursts{}) || r.Rolling != (Rolling{})
}

// Validate returns nil, or an [*InvalidError] that holds every problem of the
// rule, with paths such as "on.key", but for those that depend on its phase.
func (r Rule) Validate() error { return r.ValidateIn(0) }

// ValidateIn is Validate for a rule in a phase of that length: its shapes have to
// fit. 0: the length is not known.
func (r Rule) ValidateIn(phase time.Duration) error {
	var c checker
	c.rule("", r, phase)
	return c.err("rule")
}

// rule checks r; path ends in a dot where it is not empty. length is that of the
// phase, 0 where it is not known.
func (c *checker) rule(path string, r Rule, length time.Duration) {
	c.selector(path+"on.", r.On)
	c.shape(path, r, length)
	c.counting(path, r)
	c.probability(path+"p", r.P)
	if r.Ramp.Given {
		c.probability(path+"p", r.Ramp.To)
	} else if r.Ramp.To != 0 {
		c.add(path+"p", "the ramp to "+formatFloat(r.Ramp.To)+" is not given", "use RampTo")
	}
	if op := r.On.Op; op != "" && !r.Effect.Meets(op) {
		message, hint := r.Effect.mismatch(op)
		c.add(path+"on.op", message, hint)
	}
	c.effect(path+"effect", r.Effect)
	if r.Continue && r.Effect.Kind != None && !r.Effect.Modifies() {
		c.add(path+"continue", r.Effect.name()+" leaves nothing for the faults behind it", "only effects that modify the backend's answer continue, such as latency")
	}
}

func (c *checker) probability(path string, p float64) {
	if p >= 0 && p <= 1 {
		return
	}
	hint := "write a number from 0 to 1"
	if p > 1 && p <= 100 {
		hint += ", such as " + formatFloat(p/100)
	}
	c.add(path, "the probability "+formatFloat(p)+" is not between 0 and 1", hint)
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
