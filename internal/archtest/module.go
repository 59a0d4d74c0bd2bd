package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is a Go module as its files say.
type Module struct {
	Path     string // import path
	Dir      string
	Requires []string // module paths in go.mod
	Packages []*Package
	Fset     *token.FileSet
}

// Package is one package of a module, with its tests.
type Package struct {
	Path  string // below the module; "." at its root
	Name  string
	Deps  []string // all packages that it needs to be built, by import path
	Files []*File  // also those that other systems build
}

// File is one file of a package.
type File struct {
	Path  string // below the module, with slashes
	Test  bool
	Built bool // by this system
	AST   *ast.File
	Lines int
}

// Violation is a place where a rule is broken.
type Violation struct {
	Where string // file:line, or what the rule is about
	What  string
	Why   string // the reason for the rule
}

// String returns "where: what (why)".
func (v Violation) String() string { return fmt.Sprintf("%s: %s (%s)", v.Where, v.What, v.Why) }

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Dir, Name string
	GoFiles, CgoFiles     []string
	IgnoredGoFiles        []string
	TestGoFiles           []string
	XTestGoFiles          []string
	Deps                  []string
	Export                string
}

// Load reads the module that dir is in through the go command. Packages that do not
// compile are read as far as they can be parsed.
func Load(dir string) (*Module, error) {
	m := &Module{Fset: token.NewFileSet()}
	if err := m.readGoMod(dir); err != nil {
		return nil, err
	}
	packages, err := list(m.Dir, "-json=ImportPath,Dir,Name,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Deps", "./...")
	if err != nil {
		return nil, err
	}
	for _, l := range packages {
		p, err := m.parse(l)
		if err != nil {
			return nil, err
		}
		m.Packages = append(m.Packages, p)
	}
	return m, nil
}

// readGoMod sets what go.mod, in dir or above it, says.
func (m *Module) readGoMod(dir string) error {
	out, err := run(dir, "env", "GOMOD")
	if err != nil {
		return err
	}
	m.Dir = filepath.Dir(strings.TrimSpace(string(out)))
	if out, err = run(m.Dir, "mod", "edit", "-json"); err != nil {
		return err
	}
	var mod struct {
		Module  struct{ Path string }
		Require []struct{ Path string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		return fmt.Errorf("archtest: go mod edit: %w", err)
	}
	m.Path = mod.Module.Path
	for _, r := range mod.Require {
		m.Requires = append(m.Requires, r.Path)
	}
	return nil
}

// list runs go list, which goes on where packages have errors.
func list(dir string, args ...string) ([]listed, error) {
	out, err := run(dir, append([]string{"list", "-e"}, args...)...)
	if err != nil {
		return nil, err
	}
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		switch err := d.Decode(&l); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("archtest: go list: %w", err)
		}
		packages = append(packages, l)
	}
}

// run runs the go command and returns what it prints.
func run(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("archtest: go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout.Bytes(), nil
}

// parse parses the files of a package.
func (m *Module) parse(l listed) (*Package, error) {
	p := &Package{Path: m.relative(l.ImportPath), Name: l.Name, Deps: l.Deps}
	for _, name := range slices.Concat(l.GoFiles, l.CgoFiles, l.IgnoredGoFiles, l.TestGoFiles, l.XTestGoFiles) {
		path := filepath.Join(l.Dir, name)
		syntax, err := parser.ParseFile(m.Fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("archtest: %w", err)
		}
		rel, err := filepath.Rel(m.Dir, path)
		if err != nil {
			return nil, fmt.Errorf("archtest: %w", err)
		}
		p.Files = append(p.Files, &File{
			Path:  filepath.ToSlash(rel),
			Test:  strings.HasSuffix(name, "_test.go"),
			Built: !slices.Contains(l.IgnoredGoFiles, name),
			AST:   syntax,
			Lines: m.Fset.File(syntax.FileStart).LineCount(),
		})
	}
	return p, nil
}

// relative returns an import path below the module; others stay.
func (m *Module) relative(importPath string) string {
	if importPath == m.Path {
		return "."
	}
	return strings.TrimPrefix(importPath, m.Path+"/")
}

// owns tells whether an import path is of the module.
func (m *Module) owns(importPath string) bool {
	return importPath == m.Path || strings.HasPrefix(importPath, m.Path+"/")
}

// at returns the file and line of a node.
func (m *Module) at(f *File, n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.Path, m.Fset.Position(n.Pos()).Line)
}

// find returns the package of that path, nil if there is none.
func (m *Module) find(path string) *Package {
	for _, p := range m.Packages {
		if p.Path == path {
			return p
		}
	}
	return nil
}

// importPath returns what an import spec imports.
func importPath(spec *ast.ImportSpec) string {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // not possible for a file that was parsed
	}
	return path
}

// isStandard tells the standard library's packages: no dot in the first
// element, as the go command has it.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// matches tells whether a package path is one of the patterns: "a/b" is that
// package, "a/..." also those below it, "..." all.
func matches(path string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		below, tree := strings.CutSuffix(pattern, "...")
		if !tree {
			return path == pattern
		}
		return strings.HasPrefix(path+"/", below)
	})
}
