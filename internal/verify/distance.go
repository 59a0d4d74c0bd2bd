package verify

import (
	"math"
	"slices"
	"time"
)

// Distance returns how far apart two samples of durations are: the largest share of one
// that is not matched by the other within slack,
//
//	sup over t of max(F(t) - G(t + slack), G(t) - F(t + slack)),
//
// where F and G are their empirical distribution functions. Without slack it is the
// two-sample statistic of Kolmogorov and Smirnov; with it, steps of distributions may
// lie apart by so much time and still be the same. It is 0 where both are
// empty, and 1 where only one is. The samples are sorted in place.
func Distance(a, b []time.Duration, slack time.Duration) float64 {
	if len(a) == 0 || len(b) == 0 {
		if len(a) == len(b) {
			return 0
		}
		return 1
	}
	slices.Sort(a)
	slices.Sort(b)
	return max(ahead(a, b, slack), ahead(b, a, slack))
}

// ahead is the supremum of F(t) - G(t + slack). It is taken where F has a step.
func ahead(f, g []time.Duration, slack time.Duration) (most float64) {
	below := 0 // of g, up to the time
	for i, t := range f {
		for below < len(g) && g[below] <= t+slack {
			below++
		}
		most = max(most, float64(i+1)/float64(len(f))-float64(below)/float64(len(g)))
	}
	return most
}

// chanceOf is the distance that two samples of those sizes from one distribution
// exceed once in a thousand times: sqrt(-ln(0.001/2)/2 · (n+m)/(n·m)), the asymptotic
// distribution of Kolmogorov (Smirnov 1948).
func chanceOf(n, m int) float64 {
	if n == 0 || m == 0 {
		return 0
	}
	const c = 1.9495
	return c * math.Sqrt(float64(n+m)/(float64(n)*float64(m)))
}
