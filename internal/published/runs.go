package published

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-sim/squall/sim"
)

// play makes the runs 0 to n-1 on all processors, and returns what they gave, in
// their order. A run must depend on its number alone.
func play[T any](n int, run func(i uint64) T) []T {
	results := make([]T, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				results[i] = run(uint64(i))
			}
		})
	}
	group.Wait()
	return results
}

// mean is the mean of independent runs.
type mean struct {
	n     int
	value float64
	err   float64 // its standard error; 0 for a single run
}

// meanOf takes the mean of one number of each run.
func meanOf[T any](runs []T, number func(T) float64) mean {
	m := mean{n: len(runs)}
	for _, r := range runs {
		m.value += number(r)
	}
	m.value /= float64(m.n)
	if m.n < 2 {
		return m
	}
	squares := 0.0
	for _, r := range runs {
		d := number(r) - m.value
		squares += float64(d * d)
	}
	m.err = math.Sqrt(squares / float64(m.n-1) / float64(m.n))
	return m
}

// ratioOf is the ratio of two sums over the runs, as a share of calls is, and its
// standard error by the delta method.
func ratioOf[T any](runs []T, numerator, denominator func(T) float64) mean {
	over := meanOf(runs, denominator)
	r := meanOf(runs, numerator).value / over.value
	m := meanOf(runs, func(t T) float64 { return numerator(t) - float64(r*denominator(t)) })
	m.value, m.err = r, m.err/over.value
	return m
}

// sampler makes a distribution ready that is written in this package, and so
// without mistakes.
func sampler(d sim.Dist) sim.Sampler {
	s, err := d.Sampler()
	if err != nil {
		panic(err)
	}
	return s
}

func exponential(mean time.Duration) sim.Sampler {
	return sampler(sim.Dist{Kind: sim.Exponential, Mean: mean})
}

// sorted returns one number of each run, in ascending order.
func sorted[T any](runs []T, number func(T) float64) []float64 {
	list := make([]float64, len(runs))
	for i, r := range runs {
		list[i] = number(r)
	}
	slices.Sort(list)
	return list
}

// wilson is the 99 % interval of a share by Wilson's score, for people.
func wilson(k, n int) string {
	const z2 = 2.5758293035489004 * 2.5758293035489004
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z2/(2*m)) / (1 + z2/m)
	half := math.Sqrt(z2*(float64(p*(1-p))/m+z2/(4*m*m))) / (1 + z2/m)
	return fmt.Sprintf("%.0f–%.0f %%", 100*(middle-half), 100*(middle+half))
}
