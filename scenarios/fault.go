package scenarios

import (
	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/faults"
)

// ParseFault reads one fault as a phase of a scenario has it, in YAML or JSON:
// {on: {op: PutObject}, p: 0.5, effect: SlowDown}. name is what problems call the
// file. What the fault asks for is not checked; see faults.Rule.Validate. The error
// is a *Problems.
func ParseFault(name string, data []byte) (faults.Rule, error) {
	t, s, problem := normalize(name, data)
	var root ast.Node
	if problem == nil {
		root, problem = parseYAML(t, s)
	}
	if problem == nil && root == nil {
		p := t.problem(position{1, 1}, "", "there is no fault", "write one, such as {p: 0.5, effect: SlowDown}")
		problem = &p
	}
	if problem != nil {
		return faults.Rule{}, &Problems{List: []Problem{*problem}}
	}
	d := &decoder{text: t, root: root, bad: make(map[string]bool), broken: make(map[string]bool)}
	r := d.rule(root, nil)
	return r, asError(d.list)
}
