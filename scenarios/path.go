package scenarios

import (
	"strconv"
	"strings"
)

// path is a place in a scenario as a chain from leaf to root: making one costs
// no text, which is written only for a problem. nil is the whole scenario.
type path struct {
	parent *path
	name   string // of a field or map entry; unused in a list
	index  int    // in a list, or one of the two below
}

const (
	named     = -1 // a field or map entry
	keyItself = -2 // not the value below parent, but the key that names it
)

// key is the field or map entry of p with that name.
func (p *path) key(name string) *path { return &path{parent: p, name: name, index: named} }

// itself is the key that names p, where the key is the mistake.
func (p *path) itself() *path { return &path{parent: p, index: keyItself} }

// at is the i-th item of the list p, from 0.
func (p *path) at(i int) *path { return &path{parent: p, index: i} }

// String writes the path as a person would: phases[1].for.
func (p *path) String() string {
	if p == nil {
		return ""
	}
	parent := p.parent.String()
	switch {
	case p.index == keyItself:
		return parent
	case p.index >= 0:
		return parent + "[" + strconv.Itoa(p.index) + "]"
	case !plainKey(p.name):
		return parent + "[" + quote(p.name) + "]"
	case parent == "":
		return p.name
	}
	return parent + "." + p.name
}

// plainKey reports whether a map's key reads well after a dot.
func plainKey(name string) bool {
	const longest = 60
	return name != "" && len(name) <= longest && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}) < 0
}

// fields makes a path below p from the text that another package labels its
// problems with: "rules[2].on.key".
func (p *path) fields(label string) *path {
	for _, part := range strings.FieldsFunc(label, func(r rune) bool { return r == '.' || r == '[' }) {
		inner, isIndex := strings.CutSuffix(part, "]")
		if i, err := strconv.Atoi(inner); isIndex && err == nil && i >= 0 {
			p = p.at(i)
		} else {
			p = p.key(inner)
		}
	}
	return p
}
