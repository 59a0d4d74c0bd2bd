package faults

import (
	"strconv"
	"strings"
	"time"

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
	// Rules are tried in order: the first that is for a request decides, with its
	// probability, and no later one is asked, unless it says Continue.
	Rules []Rule `yaml:"faults"`
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

func (c *checker) phase(path string, ph Phase) {
	if ph.For <= 0 {
		c.add(path+".for", "a phase of "+ph.For.String()+" is not possible", "write a positive duration, such as 30s")
	}
	if len(ph.Rules) > MaxRules {
		c.add(path+".faults", "there are "+strconv.Itoa(len(ph.Rules))+" faults in one phase", "write at most "+strconv.Itoa(MaxRules))
		return
	}
	continued := 0
	for i, r := range ph.Rules {
		c.rule(path+".faults["+strconv.Itoa(i)+"].", r, max(0, ph.For))
		if r.Continue {
			continued++
		}
	}
	if continued > MaxContinued {
		c.add(path+".faults", strconv.Itoa(continued)+" faults of the phase continue", "write at most "+strconv.Itoa(MaxContinued))
	}
}

// known reports whether some backend has the operation: S3's, or any method.
func known(op string) bool {
	if _, ok := Operation(op); ok {
		return true
	}
	return isMethod(op)
}

// isMethod reports whether the name could be that of an HTTP method.
func isMethod(name string) bool {
	for i := 0; i < len(name); i++ {
		if name[i] < 'A' || name[i] > 'Z' {
			return false
		}
	}
	return name != ""
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
