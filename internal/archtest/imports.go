package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// Layer says which packages of the module a package may import.
type Layer struct {
	Package string   // path below the module
	Imports []string // patterns; of the package and of its tests
	Tests   []string // patterns; of its tests only
	Why     string
}

// Home says where a third-party module may be imported.
type Home struct {
	Module string
	In     []string // patterns of packages, with their tests
	Tests  []string // patterns of packages whose tests may
	Never  []string // patterns of packages that may not, whatever the others say
	Why    string
}

// Core is a part of the module that others import on their own.
type Core struct {
	Packages []string // patterns
	Except   []string // patterns of packages that are not part of it
	Modules  []string // third-party modules that it may need, directly or not
	Why      string
}

// CheckLayers checks the imports between the module's packages. A package that
// is in no layer, and a layer without its package, are violations too.
func (m *Module) CheckLayers(layers []Layer) []Violation {
	var out []Violation
	for _, p := range m.Packages {
		i := slices.IndexFunc(layers, func(l Layer) bool { return l.Package == p.Path })
		if i < 0 {
			out = append(out, Violation{p.Path, "has no place in the table of layers", "what a package may import is decided when it is made"})
			continue
		}
		out = append(out, m.checkLayer(p, layers[i])...)
	}
	for _, l := range layers {
		if m.find(l.Package) == nil {
			out = append(out, Violation{l.Package, "is in the table of layers but not in the module", staleWhy})
		}
	}
	return out
}

// staleWhy is why rules about nothing are violations.
const staleWhy = "a rule about what is not there checks nothing"

// checkLayer checks one package.
func (m *Module) checkLayer(p *Package, l Layer) []Violation {
	var out []Violation
	for _, f := range p.Files {
		for _, spec := range f.AST.Imports {
			path := importPath(spec)
			if !m.owns(path) {
				continue
			}
			path = m.relative(path)
			own := f.Test && path == p.Path // an external test
			if own || matches(path, l.Imports) || f.Test && matches(path, l.Tests) {
				continue
			}
			out = append(out, Violation{m.at(f, spec), fmt.Sprintf("%s may not import %s", p.Path, path), l.Why})
		}
	}
	return out
}

// CheckHomes checks the imports of third-party modules. A module that has no
// home, and a home of nothing, are violations too.
func (m *Module) CheckHomes(homes []Home) []Violation {
	var out []Violation
	for _, p := range m.Packages {
		for _, f := range p.Files {
			for _, spec := range f.AST.Imports {
				path := importPath(spec)
				if isStandard(path) || m.owns(path) {
					continue
				}
				if v, bad := checkHome(p.Path, f.Test, path, homes); bad {
					v.Where = m.at(f, spec)
					out = append(out, v)
				}
			}
		}
	}
	return append(out, m.staleHomes(homes)...)
}

// checkHome checks one import of a third-party package.
func checkHome(in string, test bool, path string, homes []Home) (Violation, bool) {
	for _, h := range homes {
		if path != h.Module && !strings.HasPrefix(path, h.Module+"/") {
			continue
		}
		allowed := matches(in, h.In) || test && matches(in, h.Tests)
		if allowed && !matches(in, h.Never) {
			return Violation{}, false
		}
		return Violation{What: fmt.Sprintf("%s may not import %s", in, path), Why: h.Why}, true
	}
	return Violation{
		What: fmt.Sprintf("%s imports %s, whose module has no home", in, path),
		Why:  "each third-party module has one home, so that it can be replaced in one place",
	}, true
}

// staleHomes returns the homes of modules that are not required, or in packages
// that are not there.
func (m *Module) staleHomes(homes []Home) []Violation {
	var out []Violation
	for _, h := range homes {
		if !slices.Contains(m.Requires, h.Module) {
			out = append(out, Violation{h.Module, "has a home but is not in go.mod", staleWhy})
		}
		for _, pattern := range slices.Concat(h.In, h.Tests, h.Never) {
			if !slices.ContainsFunc(m.Packages, func(p *Package) bool { return matches(p.Path, []string{pattern}) }) {
				out = append(out, Violation{h.Module, "names " + pattern + ", where there is no package", staleWhy})
			}
		}
	}
	return out
}

// CheckCores checks all that the cores need to be built, directly or not.
func (m *Module) CheckCores(cores []Core) []Violation {
	var out []Violation
	for _, c := range cores {
		found := false
		for _, p := range m.Packages {
			if !matches(p.Path, c.Packages) || matches(p.Path, c.Except) {
				continue
			}
			found = true
			for _, dep := range p.Deps {
				if !isStandard(dep) && !m.inCore(dep, c) {
					out = append(out, Violation{p.Path, "needs " + dep, c.Why})
				}
			}
		}
		if !found {
			out = append(out, Violation{strings.Join(c.Packages, ", "), "is a core without a package", staleWhy})
		}
	}
	return out
}

// inCore tells whether a dependency is of the core or of a module it may need.
func (m *Module) inCore(dep string, c Core) bool {
	if m.owns(dep) {
		dep = m.relative(dep)
		return matches(dep, c.Packages) && !matches(dep, c.Except)
	}
	return slices.ContainsFunc(c.Modules, func(module string) bool {
		return dep == module || strings.HasPrefix(dep, module+"/")
	})
}
