package archtest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"math"
	"os"
	"slices"
)

// fusedWhy is why products are rounded before they are added to.
const fusedWhy = "arm64 and others compute x*y + z in one step and round once, so the same seed would give other bytes there; float64(x*y) + z is the same everywhere"

// Unrounded lets a package add to products as they are.
type Unrounded struct {
	Package string // path below the module
	Why     string
}

// CheckFused checks that no product of floats is added to or subtracted from
// without being rounded first by an explicit conversion (Go specification,
// "Floating-point operators"). It sees products that are operands themselves
// and those that reach one through a local variable; not those that come out of
// another function. Products with a power of two are exact and need no rounding.
// Packages that do not compile are in the error and are checked as far as their
// types are known.
func (m *Module) CheckFused(exempt []Unrounded) ([]Violation, error) {
	imports, err := m.exportData()
	if err != nil {
		return nil, err
	}
	var out []Violation
	var errs []error
	for _, u := range exempt {
		if m.find(u.Package) == nil {
			out = append(out, Violation{u.Package, "need not round but is not there", staleWhy})
		}
	}
	for _, p := range m.Packages {
		if slices.ContainsFunc(exempt, func(u Unrounded) bool { return u.Package == p.Path }) {
			continue
		}
		var files []*ast.File
		for _, f := range p.Files {
			if f.Built && !f.Test {
				files = append(files, f.AST)
			}
		}
		info := &types.Info{
			Types: make(map[ast.Expr]types.TypeAndValue),
			Defs:  make(map[*ast.Ident]types.Object),
			Uses:  make(map[*ast.Ident]types.Object),
		}
		conf := types.Config{Importer: imports, Error: func(error) {}} // goes on after the first
		if _, err := conf.Check(p.Path, m.Fset, files, info); err != nil {
			errs = append(errs, fmt.Errorf("archtest: %s: %w", p.Path, err))
		}
		for _, f := range p.Files {
			if f.Built && !f.Test {
				out = append(out, m.fused(f, info)...)
			}
		}
	}
	return out, errors.Join(errs...)
}

// exportData returns an importer of what the go command has compiled.
func (m *Module) exportData() (types.Importer, error) {
	packages, err := list(m.Dir, "-export", "-deps", "-json=ImportPath,Export", "./...")
	if err != nil {
		return nil, err
	}
	files := make(map[string]string)
	for _, l := range packages {
		files[l.ImportPath] = l.Export
	}
	lookup := func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("archtest: %s has not been compiled", path)
		}
		return os.Open(files[path])
	}
	return importer.ForCompiler(m.Fset, "gc", lookup), nil
}

// fused returns the violations in a file.
func (m *Module) fused(f *File, info *types.Info) []Violation {
	products := productVariables(f.AST, info)
	isProduct := func(e ast.Expr) bool {
		e = stripped(e)
		if id, ok := e.(*ast.Ident); ok {
			return products[info.Uses[id]]
		}
		return isFloatProduct(e, info)
	}
	var out []Violation
	report := func(n ast.Node) {
		out = append(out, Violation{m.at(f, n), "adds to a product that is not rounded", fusedWhy})
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (n.Op == token.ADD || n.Op == token.SUB) && isFloat(n, info) && (isProduct(n.X) || isProduct(n.Y)) {
				report(n)
			}
		case *ast.AssignStmt:
			adds := n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN
			if adds && isFloat(n.Lhs[0], info) && (isProduct(n.Rhs[0]) || isProduct(n.Lhs[0])) {
				report(n)
			}
		}
		return true
	})
	return out
}

// productVariables returns the variables that are given a product somewhere.
func productVariables(file *ast.File, info *types.Info) map[types.Object]bool {
	out := make(map[types.Object]bool)
	give := func(to, value ast.Expr) {
		id, ok := to.(*ast.Ident)
		if !ok || !isFloatProduct(stripped(value), info) {
			return
		}
		if o := info.Defs[id]; o != nil {
			out[o] = true
		} else if o := info.Uses[id]; o != nil {
			out[o] = true
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.MUL_ASSIGN && isFloat(n.Lhs[0], info) && !isPowerOfTwo(n.Rhs[0], info) {
				if id, ok := n.Lhs[0].(*ast.Ident); ok && info.Uses[id] != nil {
					out[info.Uses[id]] = true
				}
			}
			for i := range min(len(n.Lhs), len(n.Rhs)) {
				give(n.Lhs[i], n.Rhs[i])
			}
		case *ast.ValueSpec:
			for i := range min(len(n.Names), len(n.Values)) {
				give(n.Names[i], n.Values[i])
			}
		}
		return true
	})
	return out
}

// isFloatProduct tells a product of floats that is computed, and rounded, when
// the program runs.
func isFloatProduct(e ast.Expr, info *types.Info) bool {
	b, ok := e.(*ast.BinaryExpr)
	return ok && b.Op == token.MUL && isFloat(b, info) && !isPowerOfTwo(b.X, info) && !isPowerOfTwo(b.Y, info)
}

// isPowerOfTwo tells constants that change nothing but the exponent.
func isPowerOfTwo(e ast.Expr, info *types.Info) bool {
	value := info.Types[e].Value
	if value == nil {
		return false
	}
	f, _ := constant.Float64Val(constant.ToFloat(value))
	fraction, _ := math.Frexp(math.Abs(f))
	return fraction == 0.5
}

// isFloat tells an expression whose value is a float and not a constant.
func isFloat(e ast.Expr, info *types.Info) bool {
	tv := info.Types[e]
	if id, ok := e.(*ast.Ident); ok && tv.Type == nil {
		if o := info.ObjectOf(id); o != nil {
			tv.Type = o.Type()
		}
	}
	if tv.Type == nil || tv.Value != nil {
		return false
	}
	basic, ok := tv.Type.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsFloat != 0
}

// stripped returns an expression without parentheses and signs.
func stripped(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.UnaryExpr:
			if x.Op != token.SUB && x.Op != token.ADD {
				return e
			}
			e = x.X
		default:
			return e
		}
	}
}
