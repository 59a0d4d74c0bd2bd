package faults

import (
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/squall-sim/squall/internal/nearest"
	"github.com/squall-sim/squall/sim"
)

// Plan is what goes wrong over a run: phases one after another, the first at
// its start. The rules of the last phase stay in force after its end.
type Plan struct {
	Phases []Phase `yaml:"phases"` // at least one
}

// Phase is a stretch of the run under the same rules.
type Phase struct {
	Label string        `yaml:"label"` // for reports; may be empty
	For   time.Duration `yaml:"for"`   // positive
	// Rules are tried in order: the first whose selector matches a request
	// decides, with its probability, and no later one is asked.
	Rules []Rule `yaml:"faults"`
}

// Rule is one fault: where, how often, and what. Note that a zero P makes a
// rule that never fires.
type Rule struct {
	On     Selector `yaml:"on"`
	P      float64  `yaml:"p"` // probability that a matching request is hit: 0 to 1
	Effect Effect   `yaml:"effect"`
}

// Selector chooses requests. The zero value chooses all.
type Selector struct {
	// Op is the operation, one of [Operations] or an HTTP method; "": any.
	Op string `yaml:"op"`
	// Key is a glob for the object's key, for the prefix that a list asks for,
	// or for the path of an HTTP request (without its query). * and ? stop at
	// slashes, ** as a whole segment does not; {a,b} and [a-z] choose. "": any.
	// Source of the syntax: github.com/bmatcuk/doublestar/v4.
	Key string `yaml:"key"`
}

// String returns the rule in one line, such as
// "PutObject raw/** p=0.9 SlowDown". Parts that choose everything are left
// out.
func (r Rule) String() string {
	var parts []string
	if r.On.Op != "" {
		parts = append(parts, r.On.Op)
	}
	if r.On.Key != "" {
		parts = append(parts, r.On.Key)
	}
	if r.P != 1 {
		parts = append(parts, "p="+strconv.FormatFloat(r.P, 'g', -1, 64))
	}
	return strings.Join(append(parts, r.Effect.String()), " ")
}

// Duration returns the time that the phases take together, at most
// [sim.Never].
func (p Plan) Duration() time.Duration {
	var d time.Duration
	for _, ph := range p.Phases {
		d = sim.Add(d, max(0, ph.For))
	}
	return d
}

// Validate returns nil, or an [*InvalidError] that holds every problem, with
// paths such as "phases[1].faults[0].p".
func (p Plan) Validate() error {
	var c checker
	if len(p.Phases) == 0 {
		c.add("phases", "there are none", "write at least one phase")
	}
	for i, ph := range p.Phases {
		c.phase("phases["+strconv.Itoa(i)+"]", ph)
	}
	return c.err("plan")
}

// Validate returns nil, or an [*InvalidError] that holds every problem of the
// rule, with paths such as "on.key".
func (r Rule) Validate() error {
	var c checker
	c.rule("", r)
	return c.err("rule")
}

func (c *checker) phase(path string, ph Phase) {
	if ph.For <= 0 {
		c.add(path+".for", "a phase of "+ph.For.String()+" is not possible", "write a positive duration, such as 30s")
	}
	for i, r := range ph.Rules {
		c.rule(path+".faults["+strconv.Itoa(i)+"].", r)
	}
}

// rule checks r; path ends in a dot where it is not empty.
func (c *checker) rule(path string, r Rule) {
	if op := r.On.Op; op != "" && !known(op) {
		c.add(path+"on.op", "unknown operation "+quote(op), opHint(op))
	}
	if r.On.Key != "" && !doublestar.ValidatePattern(r.On.Key) {
		c.add(path+"on.key", quote(r.On.Key)+" is not a glob", "close its brackets, write \\[ for a bracket itself, and end it with no backslash")
	}
	if !(r.P >= 0 && r.P <= 1) {
		hint := "write a number from 0 to 1"
		if r.P > 1 && r.P <= 100 {
			hint += ", such as " + strconv.FormatFloat(r.P/100, 'g', -1, 64)
		}
		c.add(path+"p", "the probability "+strconv.FormatFloat(r.P, 'g', -1, 64)+" is not between 0 and 1", hint)
	}
	if op := r.On.Op; op != "" && !r.Effect.Meets(op) {
		message, hint := r.Effect.mismatch(op)
		c.add(path+"on.op", message, hint)
	}
	c.effect(path+"effect", r.Effect)
}

// known reports whether some backend has the operation: S3's, or any method.
func known(op string) bool {
	if _, ok := Operation(op); ok {
		return true
	}
	for i := 0; i < len(op); i++ {
		if op[i] < 'A' || op[i] > 'Z' {
			return false
		}
	}
	return op != ""
}

func opHint(op string) string {
	if op == "*" {
		return "leave op out for every operation"
	}
	names := append([]string{"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"}, opNames()...)
	hint := "write an S3 operation such as PutObject, or an HTTP method such as GET"
	if near := nearest.Word(op, names); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return hint
}

// Problem is one thing wrong with a plan, a rule or an effect.
type Problem struct {
	Path    string // the place: "phases[1].faults[0].p"
	Message string // what is wrong
	Hint    string // what would be right; may be empty
}

// String returns "path: message; hint".
func (p Problem) String() string {
	s := p.Message
	if p.Path != "" {
		s = p.Path + ": " + s
	}
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

// InvalidError is what Validate returns: everything that is wrong, in the
// order of the data.
type InvalidError struct {
	What     string    // "plan", "rule" or "effect"
	Problems []Problem // at least one
}

// Error returns all problems in one line, or as many as are readable.
func (e *InvalidError) Error() string {
	const most = 20
	text := make([]string, 0, most)
	for i, p := range e.Problems {
		if i == most {
			text = append(text, "and "+strconv.Itoa(len(e.Problems)-most)+" more problems")
			break
		}
		text = append(text, p.String())
	}
	return "faults: invalid " + e.What + ": " + strings.Join(text, "; ")
}

// checker collects problems.
type checker struct{ problems []Problem }

func (c *checker) add(path, message, hint string) {
	c.problems = append(c.problems, Problem{Path: path, Message: message, Hint: hint})
}

// addIf adds a problem unless its message is empty.
func (c *checker) addIf(path string, message, hint string) {
	if message != "" {
		c.add(path, message, hint)
	}
}

func (c *checker) err(what string) error {
	if len(c.problems) == 0 {
		return nil
	}
	return &InvalidError{What: what, Problems: c.problems}
}
