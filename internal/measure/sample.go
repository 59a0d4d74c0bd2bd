// Package measure is what attempts and calls are measured with, in a simulated
// run and on a live backend alike: distributions of durations, how long calls
// went on failing after a fault, and the samples that thresholds are held against.
package measure

import (
	"math"
	"slices"
	"time"

	"github.com/squall-sim/squall/reports"
)

// Sample is one metric over a chosen set of calls: a trend where the metric is
// a duration or a number per call, else a single value. Durations are in seconds.
type Sample struct {
	Count    uint64                  // samples behind the numbers
	Value    float64                 // count, share or rate; the mean for trends
	Quantile func(q float64) float64 // nil for single values; q from 0 to 100
	Min, Max float64                 // of trends
	Span     time.Duration           // time that the calls were made in
}

// Choice says which calls a metric is about.
type Choice struct {
	Phase     int    // in which they were meant to start; negative: all
	Op, Group string // empty: all
}

// All chooses all calls.
func All() Choice { return Choice{Phase: -1} }

// Numbers is the sample of small numbers of which there are counts[n] each, with
// their sum and extremes. The last count may stand for greater ones too: it is
// their maximum then.
func Numbers(counts []uint64, sum, least, most uint64) Sample {
	var n uint64
	for _, c := range counts {
		n += c
	}
	return Sample{
		Count: n, Value: ratio(float64(sum), float64(n)), Min: float64(least), Max: float64(most),
		Quantile: func(q float64) float64 {
			need, seen := q/100*float64(n), 0.0
			for i, c := range counts[:max(len(counts)-1, 0)] {
				if seen += float64(c); seen >= need && c > 0 {
					return float64(i)
				}
			}
			return float64(most)
		},
	}
}

// Recoveries is the sample of time_to_recover in the phase of that label; "": in
// all. What never recovered took for ever.
func Recoveries(list []reports.Recovery, phase string) Sample {
	s := Sample{}
	var all []float64
	for _, rec := range list {
		if phase != "" && rec.Phase != phase {
			continue
		}
		d := time.Duration(rec.AfterNS).Seconds()
		if !rec.Recovered {
			d = math.Inf(1)
		}
		all = append(all, d)
		s.Value += d
		s.Count++
	}
	if s.Count == 0 {
		return s
	}
	slices.Sort(all)
	s.Min, s.Max, s.Value = all[0], all[len(all)-1], s.Value/float64(s.Count)
	s.Quantile = func(q float64) float64 { // the nearest rank, as of Numbers
		return all[max(int(math.Ceil(q/100*float64(len(all))))-1, 0)]
	}
	return s
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
