package sim

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"math"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
)

// ulps returns how many float64 values lie between a and b.
func ulps(a, b float64) uint64 {
	if a == b || math.IsNaN(a) && math.IsNaN(b) {
		return 0
	}
	if math.Signbit(a) != math.Signbit(b) || math.IsNaN(a) || math.IsNaN(b) {
		return math.MaxUint64
	}
	x, y := math.Float64bits(a), math.Float64bits(b)
	return max(x, y) - min(x, y)
}

// arguments calls f with n numbers from lo to hi, spread by a stream.
func arguments(n uint64, lo, hi float64, f func(x float64)) {
	s := NewStream(1, "arguments")
	for i := range n {
		f(lo + (hi-lo)*s.Float64(i, 0, 0))
	}
}

func TestLogAgreesWithMath(t *testing.T) {
	check := func(x float64) {
		if d := ulps(log(x), math.Log(x)); d > 2 {
			t.Errorf("log(%v) = %v, %d ulp from %v", x, log(x), d, math.Log(x))
		}
	}
	// Not below 0x1p-1022: there math.Log is wrong on amd64 (go1.26).
	for _, x := range []float64{
		0, 1, 2, 0.5, math.E, math.MaxFloat64, 0x1p-1022, math.Inf(1), math.Inf(-1), math.NaN(), -1,
		math.Sqrt2 / 2, math.Sqrt2, 1 - 0x1p-53, 1 + 0x1p-52,
	} {
		check(x)
	}
	arguments(100_000, 0, 1, check)
	arguments(100_000, 0.5, 2, check)
	arguments(100_000, -1000, 1000, func(x float64) { check(math.Exp2(x)) })
}

func TestExpAgreesWithMath(t *testing.T) {
	check := func(x float64) {
		if d := ulps(exp(x), math.Exp(x)); d > 2 {
			t.Errorf("exp(%v) = %v, %d ulp from %v", x, exp(x), d, math.Exp(x))
		}
	}
	// Not from 709.4 to 709.78: there math.Exp is +Inf on amd64 (go1.26).
	for _, x := range []float64{
		0, 1, -1, 709.4, 709.79, -708, -745, -745.2, 1e300, -1e300, 1e-300, 0x1p-60,
		math.Inf(1), math.Inf(-1), math.NaN(), math.Ln2 / 2, -math.Ln2 / 2,
	} {
		check(x)
	}
	arguments(100_000, -1, 1, check)
	arguments(100_000, -50, 50, check)
	arguments(100_000, -745, 709.4, check)
}

// preciseExp returns e^x to 200 bits: the series of e^(x/2^20), squared 20
// times.
func preciseExp(x float64) *big.Float {
	number := func(x float64) *big.Float { return new(big.Float).SetPrec(256).SetFloat64(x) }
	r := number(x)
	r.SetMantExp(r, -20)
	sum, term := number(1), number(1)
	for n := 1.0; n < 30; n++ {
		term.Mul(term, r)
		term.Quo(term, number(n))
		sum.Add(sum, term)
	}
	for range 20 {
		sum.Mul(sum, sum)
	}
	return sum
}

// difference returns a-b in units in the last place of b.
func difference(a, b *big.Float) float64 {
	d, _ := new(big.Float).Sub(a, b).Float64()
	f, _ := b.Float64()
	ulp := math.Nextafter(math.Abs(f), math.Inf(1)) - math.Abs(f)
	if math.IsInf(ulp, 1) { // of the last binade
		ulp = 0x1p971
	}
	return d / ulp
}

func TestExpAndLogAreWithinOneUlp(t *testing.T) {
	expError := func(x float64) {
		if d := difference(new(big.Float).SetFloat64(exp(x)), preciseExp(x)); math.Abs(d) > 1 {
			t.Errorf("exp(%v) = %v is %.2f ulp off", x, exp(x), d)
		}
	}
	// If y is log(x) and e its error, then x·exp(-y) is 1+e.
	logError := func(x float64) {
		y := log(x)
		p := preciseExp(-y)
		p.Mul(p, new(big.Float).SetFloat64(x))
		e, _ := p.Sub(p, big.NewFloat(1)).Float64()
		ulp := math.Nextafter(math.Abs(y), math.Inf(1)) - math.Abs(y)
		if math.Abs(e) > ulp {
			t.Errorf("log(%v) = %v is %.2f ulp off", x, y, e/ulp)
		}
	}
	for _, x := range []float64{709.5, 709.78, 7.09782712893383973096e+02, -708.5, -744, -745.13} {
		expError(x)
	}
	for _, x := range []float64{math.SmallestNonzeroFloat64, 0x1p-1023, 0x1.8p-1040, math.MaxFloat64, 1 - 0x1p-53, 1 + 0x1p-52} {
		logError(x)
	}
	arguments(2000, -2, 2, expError)
	arguments(1000, -745, 709.78, expError)
	arguments(2000, 0, 2, logError)
	arguments(1000, -1074, 1023, func(x float64) { logError(math.Exp2(x)) })
}

func TestNormalQuantileInvertsTheNormalDistribution(t *testing.T) {
	// math.Erfc is an oracle of another kind (it goes from z to p), and exact
	// in both tails.
	below := func(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }
	check := func(p float64) {
		z := NormalQuantile(p)
		if got := below(z); math.Abs(got-p) > 1e-12*p {
			t.Errorf("NormalQuantile(%v) = %v, below which lies %v", p, z, got)
		}
		if want := math.Sqrt2 * math.Erfinv(2*p-1); p > 1e-6 && p < 1-1e-6 && math.Abs(z-want) > 1e-9*math.Abs(want) {
			t.Errorf("NormalQuantile(%v) = %v, math.Erfinv gives %v", p, z, want)
		}
	}
	arguments(200_000, 0x1p-53, 1, check)
	arguments(50_000, -53, -1, func(x float64) { check(math.Exp2(x)) })
	for _, p := range []float64{0.5 - 0.425, 0.5 + 0.425, 0x1p-53, 1e-300, 1.4e-11, 1.3e-11} {
		check(p)
	}
	arguments(100_000, 0, 1, func(p float64) { // a multiple of 2⁻⁵³, so that 1-p is exact
		if a, b := NormalQuantile(1-p), NormalQuantile(p); a != -b {
			t.Errorf("NormalQuantile(%v) = %v, of the complement %v", p, b, a)
		}
	})
	for _, c := range []struct{ p, z float64 }{{0, math.Inf(-1)}, {1, math.Inf(1)}, {0.5, 0}} {
		if got := NormalQuantile(c.p); got != c.z {
			t.Errorf("NormalQuantile(%v) = %v, want %v", c.p, got, c.z)
		}
	}
}

// A product that is added to something may be fused with the addition on one
// machine and not on another, unless it is converted to float64 first. The
// rule of this package is simpler than that: every product of floats is
// converted, for inlining can bring it to an addition anywhere.
func TestEveryProductIsRounded(t *testing.T) {
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	if _, err := conf.Check("sim", fset, files, &info); err != nil {
		t.Fatal(err)
	}
	products := 0
	for _, f := range files {
		var path []ast.Node
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				path = path[:len(path)-1]
				return true
			}
			if b, ok := n.(*ast.BinaryExpr); ok && b.Op == token.MUL && isFloat(info.Types[b]) {
				products++
				if why := unrounded(path); why != "" {
					t.Errorf("%v: product %s is not converted to float64", fset.Position(b.OpPos), why)
				}
			}
			path = append(path, n)
			return true
		})
	}
	if products < 30 {
		t.Errorf("the test found only %d products: it does not see the code", products)
	}
}

func isFloat(v types.TypeAndValue) bool {
	basic, ok := v.Type.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsFloat != 0 && v.Value == nil
}

// unrounded says where the value of a product goes that is not rounded, given
// the nodes around it, the innermost last.
func unrounded(path []ast.Node) string {
	for i := len(path) - 1; i >= 0; i-- {
		switch n := path[i].(type) {
		case *ast.ParenExpr, *ast.UnaryExpr:
			continue
		case *ast.BinaryExpr:
			if n.Op == token.MUL || n.Op == token.QUO {
				continue
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "float64" {
				return ""
			}
		}
		return fmt.Sprintf("in %T", path[i])
	}
	return "at top level"
}
