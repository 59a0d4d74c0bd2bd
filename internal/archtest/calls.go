package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

// Ban is a set of functions that may not be used, be it as a call or as a
// value.
type Ban struct {
	Package string   // import path, of the standard library
	Names   []string // the functions; empty: everything in the package
	Except  []string // where Names is empty: what may be used
	Tests   bool     // test files are bound by it too
	Why     string
}

// Exemption lets one file use what is banned.
type Exemption struct {
	File     string   // path below the module
	Packages []string // import paths whose bans do not bind it
	Why      string
}

// CheckBans checks that what is banned is used in exempted files only. An
// exemption that is not made use of is a violation too.
func (m *Module) CheckBans(bans []Ban, exempt []Exemption) []Violation {
	var out []Violation
	used := make(map[string]bool) // "file package" of exemptions
	for _, p := range m.Packages {
		for _, f := range p.Files {
			for _, u := range m.banned(f, bans) {
				if exempts(exempt, f.Path, u.ban.Package) {
					used[f.Path+" "+u.ban.Package] = true
					continue
				}
				out = append(out, Violation{m.at(f, u.node), "uses " + u.name, u.ban.Why})
			}
		}
	}
	for _, e := range exempt {
		for _, pkg := range e.Packages {
			if !used[e.File+" "+pkg] {
				out = append(out, Violation{e.File, "is exempt from the ban on " + pkg + " but does not use it", staleWhy})
			}
		}
	}
	return out
}

func exempts(exempt []Exemption, file, pkg string) bool {
	return slices.ContainsFunc(exempt, func(e Exemption) bool {
		return e.File == file && slices.Contains(e.Packages, pkg)
	})
}

// use is one use of something banned.
type use struct {
	node ast.Node
	name string
	ban  *Ban
}

// banned returns the uses of banned functions in a file.
func (m *Module) banned(f *File, bans []Ban) []use {
	var out []use
	for _, spec := range f.AST.Imports {
		if spec.Name == nil || spec.Name.Name != "." {
			continue
		}
		if ban := findBan(bans, f, importPath(spec), ""); ban != nil {
			out = append(out, use{spec, "a dot import of " + ban.Package, ban})
		}
	}
	packages := m.packageNames(f)
	ast.Inspect(f.AST, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok {
			if pkg := packages[id]; pkg != "" {
				if ban := findBan(bans, f, pkg, sel.Sel.Name); ban != nil {
					out = append(out, use{sel, path.Base(strings.TrimSuffix(pkg, "/v2")) + "." + sel.Sel.Name, ban})
				}
			}
		}
		return true
	})
	return out
}

// findBan returns the ban on a name of a package; with an empty name, any ban
// on the package.
func findBan(bans []Ban, f *File, pkg, name string) *Ban {
	for i := range bans {
		b := &bans[i]
		if b.Package != pkg || f.Test && !b.Tests {
			continue
		}
		switch {
		case name == "":
			return b
		case len(b.Names) > 0 && slices.Contains(b.Names, name):
			return b
		case len(b.Names) == 0 && !slices.Contains(b.Except, name):
			return b
		}
	}
	return nil
}

// packageNames returns which identifiers of a file stand for which imported
// packages. The type checker resolves them, so that a variable with a package's
// name is not taken for it; it gets empty packages, as nothing else is asked of
// it.
func (m *Module) packageNames(f *File) map[*ast.Ident]string {
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	conf := types.Config{
		Importer:         emptyPackages{},
		Error:            func(error) {}, // everything in the empty packages is missing
		IgnoreFuncBodies: false,
	}
	// The error is the first of those that are passed over.
	_, _ = conf.Check(f.Path, m.Fset, []*ast.File{f.AST}, info)
	names := make(map[*ast.Ident]string)
	for id, object := range info.Uses {
		if pkg, ok := object.(*types.PkgName); ok {
			names[id] = pkg.Imported().Path()
		}
	}
	return names
}

// emptyPackages imports any package as one with nothing in it.
type emptyPackages struct{}

// Import returns an empty package, named as packages of that path usually are.
func (emptyPackages) Import(importPath string) (*types.Package, error) {
	if importPath == "unsafe" {
		return types.Unsafe, nil
	}
	dir, name := path.Split(importPath)
	if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
		name = path.Base(dir)
	}
	if !token.IsIdentifier(name) {
		name = "unnamed" // files that use such a package under its own name ask for another one
	}
	pkg := types.NewPackage(importPath, name)
	pkg.MarkComplete()
	return pkg, nil
}

// CheckBanNames checks that what the bans name is there, so that a slip of the
// pen or a change in the standard library does not make one void.
func CheckBanNames(bans []Ban, from types.Importer) []Violation {
	var out []Violation
	for _, b := range bans {
		pkg, err := from.Import(b.Package)
		if err != nil {
			out = append(out, Violation{b.Package, fmt.Sprintf("is banned but cannot be imported: %v", err), staleWhy})
			continue
		}
		for _, name := range slices.Concat(b.Names, b.Except) {
			if pkg.Scope().Lookup(name) == nil {
				out = append(out, Violation{b.Package, "has no " + name + ", which a ban names", staleWhy})
			}
		}
	}
	return out
}
