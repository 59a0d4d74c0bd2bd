package compat

import (
	"math"
	"math/rand"
	"slices"
	"testing"
)

// Where a library's randomness cannot be had, its delays are compared with ours
// as distributions, by a two-sample Kolmogorov–Smirnov test. alpha is the chance
// of a false alarm in one comparison; with the few dozen that there are, one
// run in ten thousand or so fails for no reason.
const (
	ksSamples = 100_000
	ksAlpha   = 1e-6
)

// ksStatistic is the largest distance between two samples' distributions.
func ksStatistic(a, b []float64) float64 {
	slices.Sort(a)
	slices.Sort(b)
	var d float64
	for i, j := 0, 0; i < len(a) && j < len(b); {
		x := min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		d = max(d, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return d
}

// ksCritical is the statistic that two samples of n from one distribution pass
// with probability alpha (Smirnov's asymptotic formula).
func ksCritical(n int, alpha float64) float64 {
	return math.Sqrt(-math.Log(alpha/2)/2) * math.Sqrt(2/float64(n))
}

// TestKSCanFail: distributions that are 3 % apart are told apart.
func TestKSCanFail(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	a, b, wider := make([]float64, ksSamples), make([]float64, ksSamples), make([]float64, ksSamples)
	for i := range a {
		a[i], b[i], wider[i] = rng.Float64(), rng.Float64(), 1.03*rng.Float64()
	}
	if d := ksStatistic(a, b); d > ksCritical(ksSamples, ksAlpha) {
		t.Errorf("two samples of one distribution: D = %v", d)
	}
	if d := ksStatistic(a, wider); d <= ksCritical(ksSamples, ksAlpha) {
		t.Errorf("a distribution 3 %% wider was not noticed: D = %v", d)
	}
}
