package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// exported returns the names that a package of this module exports, with the
// fields of its structs (".Field") and its methods ("().Method").
func exported(t *testing.T, dir string) map[string]bool {
	t.Helper()
	fset := token.NewFileSet()
	production := func(info fs.FileInfo) bool { return !strings.HasSuffix(info.Name(), "_test.go") }
	packages, err := parser.ParseDir(fset, dir, production, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, p := range packages {
		for _, f := range p.Files {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					if n.Recv == nil {
						names[n.Name.Name] = true
					} else {
						names["()."+n.Name.Name] = true
					}
				case *ast.TypeSpec:
					names[n.Name.Name] = true
				case *ast.ValueSpec:
					for _, name := range n.Names {
						names[name.Name] = true
					}
				case *ast.Field:
					for _, name := range n.Names {
						names["."+name.Name] = true
					}
				}
				return true
			})
		}
	}
	return names
}

var (
	row       = regexp.MustCompile(`(?m)^\| .* \| (.*) \|$`)
	qualified = regexp.MustCompile(`\b(retry|retryhttp|retryaws)\.([A-Z]\w*)`)
	fields    = regexp.MustCompile(`\b(?:Backoff|Hint|Quota)\.([A-Z]\w*)|\b([A-Z]\w*): `)
)

// TestMigrating demands that what the tables say is called here is there: the
// right-hand column, and the presets above the tables.
func TestMigrating(t *testing.T) {
	data, err := os.ReadFile("migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]map[string]bool{
		"retry": exported(t, "../retry"), "retryhttp": exported(t, "../retry/retryhttp"), "retryaws": exported(t, "../retry/retryaws"),
	}
	page, _, _ := strings.Cut(string(data), "\n## Circuit breakers")
	text := ""
	for _, m := range row.FindAllStringSubmatch(page, -1) {
		text += m[1] + "\n"
	}
	for _, line := range strings.Split(page, "\n") {
		if _, presets, ok := strings.Cut(line, ": "); ok && strings.HasPrefix(line, "Preset") {
			text += presets + "\n"
		}
	}
	count := 0
	for _, m := range qualified.FindAllStringSubmatch(text, -1) {
		if count++; !known[m[1]][m[2]] {
			t.Errorf("migrating.md names %s, which is not there", m[0])
		}
	}
	for _, m := range fields.FindAllStringSubmatch(text, -1) {
		if name := m[1] + m[2]; !known["retry"]["."+name] && name != "Transport" {
			t.Errorf("migrating.md names the field %s, which is not there", name)
		}
	}
	if count < 80 {
		t.Errorf("only %d names were found", count)
	}
}

// TestMigratingBreakers demands that the names on the right are those of package
// breaker: everything between backquotes there that begins with a capital.
func TestMigratingBreakers(t *testing.T) {
	data, err := os.ReadFile("migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	known := exported(t, "../breaker")
	_, page, found := strings.Cut(string(data), "\n## Circuit breakers")
	if !found {
		t.Fatal("migrating.md has nothing about circuit breakers")
	}
	quoted, name := regexp.MustCompile("`([^`]+)`"), regexp.MustCompile(`\b[A-Z]\w+`)
	count := 0
	for _, cell := range row.FindAllStringSubmatch(page, -1) {
		for _, code := range quoted.FindAllStringSubmatch(cell[1], -1) {
			for _, n := range name.FindAllString(code[1], -1) {
				if count++; !known[n] && !known["."+n] && !known["()."+n] {
					t.Errorf("migrating.md names %s, which package breaker has not: %s", n, cell[0])
				}
			}
		}
	}
	if count < 80 {
		t.Errorf("%d names found: the tables are not read", count)
	}
}
