package published

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// ExampleStudies shows what there is: each study can be run.
func ExampleStudies() {
	for _, s := range Studies()[:2] {
		fmt.Printf("%s: %s\n", s.Result, s.Title)
	}
	// Output:
	// R1: Exponential backoff and jitter
	// R2: Fixing retries with token buckets and circuit breakers
}

// The values are those of the usual tables of Student's distribution.
func TestStudent(t *testing.T) {
	const normal995, normal9995 = 2.5758293035489004, within999
	for _, c := range []struct{ z, want, off float64 }{
		{student(normal9995, 5), 8.610, 0.15}, {student(normal9995, 10), 4.781, 0.02}, {student(normal9995, 20), 3.883, 0.002},
		{student(normal9995, 50), 3.500, 0.001}, {student(normal995, 10), 3.250, 0.003}, {student(normal995, 1_000_000), 2.576, 0.001},
	} {
		if math.Abs(c.z-c.want) > c.off {
			t.Errorf("%v, want %v", c.z, c.want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	runs := []float64{9, 10, 11, 10, 9, 11, 10, 10, 9, 11} // mean 10, standard error 0.258
	m := meanOf(runs, func(x float64) float64 { return x })
	if m.n != 10 || m.value != 10 || math.Abs(m.err-0.2582) > 1e-4 {
		t.Fatalf("%+v", m)
	}
	for _, c := range []struct {
		name string
		got  Check
		pass bool
	}{
		{"in the interval", Check{Digits: 1}.against(11.2, 0, m), true},
		{"out of it", Check{Digits: 1}.against(11.4, 0, m), false},
		{"the other side is as noisy", Check{Digits: 1}.against(11.4, 0.26, m), true},
		{"a single run", Check{Digits: 1}.oneOf(13.9, m), true},
		{"no such run", Check{Digits: 1}.oneOf(14.3, m), false},
		{"equal", Check{}.exactly(3, 3, 0, ""), true},
		{"not equal", Check{}.exactly(3, 4, 0, ""), false},
		{"not a number", Check{}.exactly(3, math.NaN(), 1, ""), false},
		{"a tolerance that is none", Check{}.exactly(3, 3, math.NaN(), ""), false},
		{"a single run has no error", Check{}.against(3, 0, meanOf([]float64{4}, func(x float64) float64 { return x })), false},
	} {
		if c.got.Pass != c.pass {
			t.Errorf("%s: %v", c.name, c.got)
		}
	}
	r := ratioOf([][2]float64{{1, 2}, {2, 4}, {3, 6}}, func(p [2]float64) float64 { return p[0] }, func(p [2]float64) float64 { return p[1] })
	if r.value != 0.5 || r.err != 0 {
		t.Errorf("a ratio that is the same in all runs: %+v", r)
	}
}

func TestRow(t *testing.T) {
	for _, c := range []struct {
		check Check
		want  Row
	}{
		{Check{Unit: "%", Digits: 1, Published: 49.8, Measured: 50.031, Tolerance: 1.306}, Row{"49.8%", "50.03%", "1.31%"}},
		{Check{Unit: "ms", Published: 812, Measured: 812.49, Tolerance: 40.1}, Row{"812 ms", "812.5 ms", "40.1 ms"}},
		{Check{Published: 35, Measured: 35}, Row{"35", "35", "0"}},
	} {
		if got := c.check.Row(); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

func TestEffort(t *testing.T) {
	for _, c := range []struct {
		effort           Effort
		all, least, want int
	}{{1, 400, 20, 400}, {0.5, 400, 20, 200}, {0.001, 400, 20, 20}, {0.001, 10, 20, 10}, {0.333, 100, 5, 34}} {
		if got := c.effort.of(c.all, c.least); got != c.want {
			t.Errorf("%v of %d: %d, want %d", c.effort, c.all, got, c.want)
		}
	}
}

func TestLinear(t *testing.T) {
	a := identity(3) // a small absorbing chain
	a[0][1], a[0][2], a[1][0], a[2][1] = -0.5, -0.25, -0.25, -0.5
	b := []float64{1, 2, 3}
	x := slices.Clone(b)
	factorize(a).solve(x)
	want := []float64{1 + 0.5*x[1] + 0.25*x[2], 2 + 0.25*x[0], 3 + 0.5*x[1]} // x = b + P·x
	for i := range x {
		if math.Abs(x[i]-want[i]) > 1e-12 || x[i] < b[i] {
			t.Errorf("x[%d] = %v, want %v", i, x[i], want[i])
		}
	}
}
