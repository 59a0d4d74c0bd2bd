package archtest

import (
	"errors"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plant writes a module with the given files and loads it. Nothing is
// downloaded for it.
func plant(t *testing.T, files map[string]string) *Module {
	t.Helper()
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	dir := t.TempDir()
	if files["go.mod"] == "" {
		files["go.mod"] = "module example.org/m\n\ngo 1.25.0\n"
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, text)
	}
	m, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// want checks that the violations are those, in any order. Each is the start of
// "where: what".
func want(t *testing.T, got []Violation, wanted ...string) {
	t.Helper()
	left := slices.Clone(wanted)
	for _, v := range got {
		i := slices.IndexFunc(left, func(w string) bool { return strings.HasPrefix(v.String(), w) })
		if i < 0 {
			t.Errorf("not planted: %v", v)
			continue
		}
		left = slices.Delete(left, i, i+1)
		if v.Why == "" {
			t.Errorf("no reason: %v", v)
		}
	}
	for _, w := range left {
		t.Errorf("not found: %s", w)
	}
}

func TestLayersFindWhatIsPlanted(t *testing.T) {
	m := plant(t, map[string]string{
		"root.go":        "package m\n",
		"core/a.go":      "package core\n\nimport (\n\t_ \"fmt\"\n\t_ \"example.org/m/sim\"\n)\n",
		"core/a_test.go": "package core_test\n\nimport (\n\t_ \"example.org/m/core\"\n\t_ \"example.org/m/extra\"\n\t_ \"example.org/m/sim\"\n)\n",
		"core/win.go":    "//go:build windows\n\npackage core\n\nimport _ \"example.org/m/extra\"\n",
		"sim/a.go":       "package sim\n",
		"extra/a.go":     "package extra\n\nimport _ \"example.org/m/sim\"\n",
	})
	want(t, m.CheckLayers([]Layer{
		{Package: "core", Tests: []string{"extra"}, Why: "because"},
		{Package: "sim", Why: "because"},
		{Package: "extra", Imports: []string{"..."}, Why: "because"},
		{Package: "gone", Why: "because"},
	}),
		".: has no place in the table of layers",
		"core/a.go:5: core may not import sim (because)",
		"core/a_test.go:6: core may not import sim (because)",
		"core/win.go:5: core may not import extra (because)",
		"gone: is in the table of layers but not in the module",
	)
}

func TestHomesFindWhatIsPlanted(t *testing.T) {
	m := plant(t, map[string]string{
		"go.mod":           "module example.org/m\n\ngo 1.25.0\n\nrequire (\n\texample.com/plot v1.0.0\n\texample.com/rapid v1.0.0\n)\n",
		"a/a.go":           "package a\n\nimport (\n\t_ \"example.com/plot/vg\"\n\t_ \"example.com/plotter\"\n)\n",
		"figs/a.go":        "package figs\n\nimport _ \"example.com/plot\"\n",
		"figs/sub/a.go":    "package sub\n\nimport _ \"example.com/plot\"\n",
		"a/a_test.go":      "package a\n\nimport _ \"example.com/rapid\"\n",
		"a/b.go":           "package a\n\nimport _ \"example.com/rapid\"\n",
		"core/a_test.go":   "package core\n\nimport _ \"example.com/rapid\"\n",
		"core/core.go":     "package core\n",
		"core/x/a.go":      "package x\n",
		"core/x/x_test.go": "package x\n\nimport _ \"example.com/rapid\"\n",
	})
	want(t, m.CheckHomes([]Home{
		{Module: "example.com/plot", In: []string{"figs"}, Why: "because"},
		{Module: "example.com/rapid", Tests: []string{"..."}, Never: []string{"core/..."}, Why: "because"},
		{Module: "example.com/gone", In: []string{"nowhere"}, Why: "because"},
	}),
		"a/a.go:4: a may not import example.com/plot/vg (because)",
		"a/a.go:5: a imports example.com/plotter, whose module has no home",
		"figs/sub/a.go:3: figs/sub may not import example.com/plot",
		"a/b.go:3: a may not import example.com/rapid",
		"core/a_test.go:3: core may not import example.com/rapid",
		"core/x/x_test.go:3: core/x may not import example.com/rapid",
		"example.com/gone: has a home but is not in go.mod",
		"example.com/gone: names nowhere, where there is no package",
	)
}

func TestCoresFindWhatIsPlanted(t *testing.T) {
	m := plant(t, map[string]string{
		"go.mod":          "module example.org/m\n\ngo 1.25.0\n\nrequire example.com/engine v1.0.0\n\nreplace example.com/engine => ./engine\n",
		"engine/go.mod":   "module example.com/engine\n",
		"engine/a.go":     "package engine\n\nimport _ \"example.com/engine/sub\"\n",
		"engine/sub/a.go": "package sub\n",
		"core/a.go":       "package core\n\nimport (\n\t_ \"example.com/engine\"\n\t_ \"example.org/m/other\"\n)\n",
		"core/sub/a.go":   "package sub\n\nimport _ \"net/http\"\n",
		"other/a.go":      "package other\n",
	})
	want(t, m.CheckCores([]Core{{Packages: []string{"core/..."}, Modules: []string{"example.com/engine"}, Why: "because"}}),
		"core: needs example.org/m/other (because)",
	)
	want(t, m.CheckCores([]Core{{Packages: []string{"..."}, Except: []string{"core", "other"}, Why: "because"}}))
	want(t, m.CheckCores([]Core{{Packages: []string{"..."}, Except: []string{"other"}, Modules: []string{"example.com/engine"}, Why: "because"}}),
		"core: needs example.org/m/other (because)",
	)
	want(t, m.CheckCores([]Core{{Packages: []string{"core"}, Why: "because"}, {Packages: []string{"gone"}, Why: "because"}}),
		"core: needs example.com/engine (because)",
		"core: needs example.com/engine/sub (because)",
		"core: needs example.org/m/other (because)",
		"gone: is a core without a package",
	)
}

func TestBansFindWhatIsPlanted(t *testing.T) {
	m := plant(t, map[string]string{
		"a/a.go": `package a

import (
	"context"
	clock "time"
	"math/rand/v2"
	. "hash/maphash"
)

var now = clock.Now // as a value

var seed Seed

func f(ctx context.Context) {
	clock.Sleep(clock.Second)
	context.WithTimeout(ctx, 1)
	context.WithCancel(ctx)
	r := rand.New(rand.NewPCG(1, 2))
	r.IntN(3)
	rand.IntN(3)
	var _ rand.Source
	time := struct{ Now func() }{}
	time.Now() // another time
}

func g(clock interface{ Now() int }) { clock.Now() }
`,
		"a/clock.go":  "package a\n\nimport \"time\"\n\nfunc system() time.Time { return time.Now() }\n",
		"a/a_test.go": "package a\n\nimport (\n\t\"testing\"\n\t\"time\"\n)\n\nfunc TestX(t *testing.T) {\n\ttime.Now()\n\ttime.Sleep(1)\n}\n",
		"a/win.go":    "//go:build windows\n\npackage a\n\nimport \"time\"\n\nvar _ = time.Since\n",
		"b/clock.go":  "package b\n\nimport \"time\"\n\nvar _ time.Time\n",
	})
	want(t, m.CheckBans(Bans, []Exemption{
		{File: "a/clock.go", Packages: []string{"time"}, Why: "because"},
		{File: "b/clock.go", Packages: []string{"time"}, Why: "because"},
		{File: "gone.go", Packages: []string{"time"}, Why: "because"},
	}),
		"a/a.go:7: uses a dot import of hash/maphash",
		"a/a.go:10: uses time.Now",
		"a/a.go:15: uses time.Sleep",
		"a/a.go:16: uses context.WithTimeout",
		"a/a.go:20: uses rand.IntN",
		"a/a_test.go:10: uses time.Sleep",
		"a/win.go:7: uses time.Since",
		"b/clock.go: is exempt from the ban on time but does not use it",
		"gone.go: is exempt from the ban on time but does not use it",
	)
}

func TestBanNamesFindWhatIsPlanted(t *testing.T) {
	from := onlyTime{}
	want(t, CheckBanNames([]Ban{
		{Package: "time", Names: []string{"Now", "Nwo"}},
		{Package: "tme"},
	}, from),
		"time: has no Nwo, which a ban names",
		"tme: is banned but cannot be imported",
	)
}

// onlyTime imports a package time with a Now.
type onlyTime struct{}

func (onlyTime) Import(path string) (*types.Package, error) {
	if path != "time" {
		return nil, errors.New("no such package")
	}
	pkg := types.NewPackage(path, path)
	pkg.Scope().Insert(types.NewFunc(0, pkg, "Now", types.NewSignatureType(nil, nil, nil, nil, nil, false)))
	return pkg, nil
}

func TestStyleFindsWhatIsPlanted(t *testing.T) {
	m := plant(t, map[string]string{
		"util/a.go": "package util\n",
		"a/a.go": `//go:build !windows

// Package a is documented.
package a

// T is documented.
type T[P any] struct{}

type U struct{}

// These are documented as a group.
const (
	A = 1
	B = 2
)

var V, w = 1, 2

var X = 3 // is documented behind

type (
	// G is documented.
	G int
	H int
)

func F() {}

// TODO: mend it
func (T[P]) M() {}

func (T[P]) N() {}

func (u *unexported) N() {}

type unexported struct{}

//go:noinline
func Directive() {
	_ = 1
	_ = 2
	_ = 3
	_ = 4
}
`,
		"a/long_test.go": "package a\n" + strings.Repeat("\n", 60),
		"b/b_test.go":    "package b\n",
	})
	s := TheStyle
	s.FileLines, s.FuncLines = 50, 5
	want(t, m.CheckStyle(s),
		"util: is called util",
		"util: has no package comment",
		"a/a.go:9: U has no comment",
		"a/a.go:17: V has no comment",
		"a/a.go:24: H has no comment",
		"a/a.go:27: F has no comment",
		"a/a.go:29: says TODO",
		"a/a.go:32: N has no comment",
		"a/a.go:39: Directive has no comment",
		"a/a.go:39: Directive has 6 lines; at most 5 are right",
		"a/long_test.go: has 61 lines; at most 50 are right",
	)
}

func TestFusedFindsWhatIsPlanted(t *testing.T) {
	m := plant(t, map[string]string{
		"a/a.go": `package a

import "math"

type seconds float64

func bad(x, y, z float64) (r float64) {
	r = x*y + z
	r = z - (x * y)
	r += x * y
	r = -(x * y) + z
	t := x * y
	r = t + z
	z *= x
	r = z + y
	s := seconds(x)
	_ = s*s + s
	return math.Sqrt(z) + x*y
}

func good(x, y, z float64, i, j int) (r float64) {
	const c = 3.0
	r = float64(x*y) + z
	t := float64(x * y)
	r = t + z
	r = c*c + z
	_ = i*j + i
	r = x / y * 3
	x *= 2
	r = x + 0.25*y
	return x*y - z*0 // found, unlike the others
}
`,
		"a/win.go":    "//go:build windows\n\npackage a\n\nfunc f(x, y float64) float64 { return x*y + x }\n",
		"free/a.go":   "package free\n\nfunc f(x, y float64) float64 { return x*y + x }\n",
		"broken/a.go": "package broken\n\nvar _ = undefined\n",
	})
	got, err := m.CheckFused([]Unrounded{{Package: "free", Why: "because"}, {Package: "gone", Why: "because"}})
	if err == nil || !strings.Contains(err.Error(), "archtest: broken: ") {
		t.Errorf("the package that does not compile: %v", err)
	}
	const what = ": adds to a product that is not rounded"
	want(t, got,
		"a/a.go:8"+what, "a/a.go:9"+what, "a/a.go:10"+what, "a/a.go:11"+what, "a/a.go:13"+what,
		"a/a.go:15"+what, "a/a.go:17"+what, "a/a.go:18"+what, "a/a.go:31"+what, "gone: need not round but is not there",
	)
}

func TestLoadTellsWhatIsWrong(t *testing.T) {
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a directory without a module was loaded")
	}
}
