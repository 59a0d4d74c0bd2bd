package scenarios

import "github.com/goccy/go-yaml/ast"

// locate gives the place in the file that a path means. For what the file does
// not have, such as a missing key, it is the nearest thing around it.
func (d *decoder) locate(p *path) position {
	_, place, _ := d.find(p)
	return place
}

// find gives the node at a path, or nil, the place to point at, and the place
// of the key that names it.
func (d *decoder) find(p *path) (n ast.Node, place, name position) {
	if p == nil {
		if d.root == nil {
			return nil, position{1, 1}, position{1, 1}
		}
		return d.root, at(d.root), at(d.root)
	}
	parent, parentPlace, parentName := d.find(p.parent)
	if p.index == keyItself {
		return nil, parentName, parentName
	}
	switch v := parent.(type) {
	case nil:
		return nil, parentPlace, parentName
	case *ast.MappingNode:
		if p.index >= 0 { // a map that we read as a list
			if p.index < len(v.Values) {
				return v.Values[p.index].Value, at(v.Values[p.index]), at(v.Values[p.index])
			}
			break
		}
		if entry := entryOf(v, p); entry != nil {
			if _, null := entry.Value.(*ast.NullNode); null || entry.Value == nil {
				return nil, at(entry.Key), at(entry.Key)
			}
			return entry.Value, at(entry.Value), at(entry.Key)
		}
	case *ast.SequenceNode:
		if p.index >= 0 && p.index < len(v.Values) {
			return v.Values[p.index], at(v.Values[p.index]), at(v.Values[p.index])
		}
	default: // a short form: one scalar stands for what would be below it
		return nil, parentPlace, parentPlace
	}
	return nil, parentName, parentName
}

// entryOf finds the entry of a map that a path names.
func entryOf(m *ast.MappingNode, p *path) *ast.MappingValueNode {
	for _, entry := range m.Values {
		if entry.Key.GetToken().Value == p.name {
			return entry
		}
	}
	if p.parent == nil || p.parent.parent != nil || p.parent.name != "thresholds" {
		return nil
	}
	for _, entry := range m.Values { // our form of the key is not the file's
		if selects(entry.Key.GetToken().Value, p.name) {
			return entry
		}
	}
	return nil
}

// selects reports whether a key of the thresholds, which may have blanks, means
// the metric with that filter.
func selects(key, selector string) bool {
	t, err := parseSelector(key)
	return err == nil && t.Selector() == selector
}
