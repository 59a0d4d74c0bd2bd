package archtest

import (
	"go/importer"
	"go/token"
	"sync"
	"testing"
)

// load reads this module once for all tests.
var load = sync.OnceValues(func() (*Module, error) {
	return Load(".")
})

func thisModule(t *testing.T) *Module {
	t.Helper()
	m, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Packages) < len(Layers)/2 {
		t.Fatalf("only %d packages were found", len(m.Packages))
	}
	return m
}

// report fails the test for each violation.
func report(t *testing.T, violations []Violation) {
	t.Helper()
	for _, v := range violations {
		t.Error(v)
	}
}

func TestLayers(t *testing.T) { report(t, thisModule(t).CheckLayers(Layers)) }

func TestHomes(t *testing.T) { report(t, thisModule(t).CheckHomes(Homes)) }

func TestCores(t *testing.T) { report(t, thisModule(t).CheckCores(Cores)) }

func TestBans(t *testing.T) { report(t, thisModule(t).CheckBans(Bans, Exemptions)) }

func TestBanNames(t *testing.T) {
	report(t, CheckBanNames(Bans, importer.ForCompiler(token.NewFileSet(), "source", nil)))
}

func TestStyle(t *testing.T) { report(t, thisModule(t).CheckStyle(TheStyle)) }

func TestFused(t *testing.T) {
	violations, err := thisModule(t).CheckFused(Inexact)
	if err != nil {
		t.Error(err)
	}
	report(t, violations)
}

func TestEveryRuleHasAReason(t *testing.T) {
	for _, l := range Layers {
		if l.Why == "" {
			t.Errorf("layer %s has no reason", l.Package)
		}
	}
	for _, h := range Homes {
		if h.Why == "" {
			t.Errorf("home of %s has no reason", h.Module)
		}
	}
	for _, c := range Cores {
		if c.Why == "" {
			t.Errorf("core %v has no reason", c.Packages)
		}
	}
	for _, b := range Bans {
		if b.Why == "" {
			t.Errorf("ban on %s has no reason", b.Package)
		}
	}
	for _, e := range Exemptions {
		if e.Why == "" {
			t.Errorf("exemption of %s has no reason", e.File)
		}
	}
	for _, u := range Inexact {
		if u.Why == "" {
			t.Errorf("rounding in %s has no reason", u.Package)
		}
	}
}
