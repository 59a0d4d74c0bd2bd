package archtest

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// Style is how the files have to look.
type Style struct {
	FileLines   int      // most lines of a file
	FuncLines   int      // most lines of a function that is no test's
	BadNames    []string // what packages must not be called
	OpenMatters []string // words in comments that say that something is not done
}

// CheckStyle checks the look of all files.
func (m *Module) CheckStyle(s Style) []Violation {
	var out []Violation
	for _, p := range m.Packages {
		out = append(out, checkPackage(p, s)...)
		for _, f := range p.Files {
			out = append(out, m.checkSizes(f, s)...)
			out = append(out, m.checkComments(f, s)...)
			if !f.Test {
				out = append(out, m.checkDocs(f)...)
			}
		}
	}
	return out
}

// checkPackage checks name and comment of a package.
func checkPackage(p *Package, s Style) []Violation {
	var out []Violation
	names := append(strings.Split(p.Path, "/"), p.Name)
	for _, bad := range s.BadNames {
		if slices.Contains(names, bad) {
			out = append(out, Violation{p.Path, "is called " + bad, "a name that says nothing gathers what belongs elsewhere"})
		}
	}
	documented, code := false, false
	for _, f := range p.Files {
		code = code || !f.Test
		documented = documented || !f.Test && hasText(f.AST.Doc)
	}
	if code && !documented {
		out = append(out, Violation{p.Path, "has no package comment", "the package comment is its guide"})
	}
	return out
}

// checkSizes checks how long a file and its functions are.
func (m *Module) checkSizes(f *File, s Style) []Violation {
	var out []Violation
	if f.Lines > s.FileLines {
		out = append(out, Violation{f.Path, fmt.Sprintf("has %d lines; at most %d are right", f.Lines, s.FileLines), "a file is one subject"})
	}
	if f.Test {
		return out // tables are long
	}
	for _, d := range f.AST.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		lines := m.Fset.Position(fn.End()).Line - m.Fset.Position(fn.Pos()).Line + 1
		if lines > s.FuncLines {
			out = append(out, Violation{m.at(f, fn), fmt.Sprintf("%s has %d lines; at most %d are right", fn.Name.Name, lines, s.FuncLines), "a function does one thing"})
		}
	}
	return out
}

// checkComments checks that no comment says that something is open.
func (m *Module) checkComments(f *File, s Style) []Violation {
	if len(s.OpenMatters) == 0 {
		return nil
	}
	open := regexp.MustCompile(`\b(` + strings.Join(s.OpenMatters, "|") + `)\b`)
	var out []Violation
	for _, group := range f.AST.Comments {
		for _, c := range group.List {
			if word := open.FindString(c.Text); word != "" {
				out = append(out, Violation{m.at(f, c), "says " + word, "what is open is an issue, not a comment"})
			}
		}
	}
	return out
}

// docWhy is why everything exported is documented.
const docWhy = "what is exported is a promise, and the comment says which"

// checkDocs checks that everything exported has a comment.
func (m *Module) checkDocs(f *File) []Violation {
	var out []Violation
	for _, d := range f.AST.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && isOfExported(d) && !hasText(d.Doc) {
				out = append(out, Violation{m.at(f, d), d.Name.Name + " has no comment", docWhy})
			}
		case *ast.GenDecl:
			for _, name := range undocumented(d) {
				out = append(out, Violation{m.at(f, name), name.Name + " has no comment", docWhy})
			}
		}
	}
	return out
}

// isOfExported tells whether a function is not the method of an unexported
// type.
func isOfExported(fn *ast.FuncDecl) bool {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return true
	}
	t := fn.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// undocumented returns the exported names of a declaration that have no
// comment. The comment of a group speaks for its constants and variables, not
// for its types.
func undocumented(d *ast.GenDecl) []*ast.Ident {
	var out []*ast.Ident
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			alone := !d.Lparen.IsValid() && hasText(d.Doc)
			if spec.Name.IsExported() && !alone && !hasText(spec.Doc) {
				out = append(out, spec.Name)
			}
		case *ast.ValueSpec:
			if hasText(d.Doc) || hasText(spec.Doc) || hasText(spec.Comment) {
				continue
			}
			for _, name := range spec.Names {
				if name.IsExported() {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

// hasText tells whether a comment says something; directives do not count.
func hasText(c *ast.CommentGroup) bool { return c != nil && strings.TrimSpace(c.Text()) != "" }
