package matrix

import (
	"slices"
	"strings"

	"github.com/squall-sim/squall/faults"
)

// group are operations that came to the same.
type group struct {
	name  string
	ops   []string
	texts []string
}

// addTo adds an operation to the group of its like, or makes one.
func addTo(groups []group, op string, texts []string, alone bool) []group {
	for i := range groups {
		if !alone && slices.Equal(groups[i].texts, texts) {
			groups[i].ops = append(groups[i].ops, op)
			return groups
		}
	}
	return append(groups, group{ops: []string{op}, texts: texts})
}

// named gives each group the shortest name that says what is in it, and takes
// those apart that have none. The greatest is last, as what is left.
func named(groups []group, all []string) []group {
	rest := -1
	for i := range groups {
		if n := len(groups[i].ops); n > 1 && (rest < 0 || n > len(groups[rest].ops)) {
			rest = i
		}
	}
	var out []group
	for i, g := range groups {
		if i == rest {
			continue
		}
		if name := methodsOf(g.ops, all); name != "" {
			g.name = name
			out = append(out, g)
			continue
		}
		for _, op := range g.ops {
			out = append(out, group{name: op, texts: g.texts})
		}
	}
	if rest >= 0 {
		g := groups[rest]
		g.name = "others"
		if len(g.ops) == len(all) {
			g.name = "all"
		}
		out = append(out, g)
	}
	return out
}

// methodsOf names operations by their HTTP methods, where they are all that have
// those; else it is "".
func methodsOf(ops, all []string) string {
	if len(ops) < 2 {
		return strings.Join(ops, "")
	}
	var methods []string
	for _, op := range ops {
		if m := faults.Method(op); !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	for _, op := range all {
		if slices.Contains(methods, faults.Method(op)) && !slices.Contains(ops, op) {
			return ""
		}
	}
	return strings.Join(methods, ", ")
}
