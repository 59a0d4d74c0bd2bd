package figures

import (
	"fmt"
	"time"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	p50Line = draw.LineStyle{Color: blue, Width: 1.4}
	p99Line = draw.LineStyle{Color: vermillion, Width: 1.2, Dashes: []vg.Length{4, 1.5}}
	maxLine = draw.LineStyle{Color: black, Width: 0.8}
)

// latency draws how long calls took, by the time at which they were meant to
// start. Of the buckets that share a point, p50 is the median of their medians
// weighted by calls, p99 the largest p99, and max the largest max.
func latency(s *source) *page {
	p := newPage(s, "How long calls took", 100)
	p.subtitle += " · from the intended start of a call to its end"
	p.legend = []key{
		{label: "max", line: &maxLine, ticks: true},
		{label: "p99", line: &p99Line},
		{label: "p50", line: &p50Line},
	}
	least, most, zero := 0.0, 0.0, false
	for i, policy := range s.policies {
		p50, p99, top := latencies(s, policy)
		for _, line := range [][]sample{p50, p99, top} {
			for _, v := range line {
				if v.y <= 0 {
					zero = true
					continue
				}
				if least == 0 || v.y < least {
					least = v.y
				}
				most = max(most, v.y)
			}
		}
		r := &p.rows[i]
		r.marks = append(r.marks,
			&dashes{top, maxLine},
			&curve{p99, p99Line},
			&curve{p50, p50Line},
		)
		if m := &policy.Total; m.CallDuration.Count > 0 {
			r.facts = fmt.Sprintf("p50 %s · p99 %s · %s succeed",
				reports.FormatDuration(time.Duration(m.CallDuration.P50NS)),
				reports.FormatDuration(time.Duration(m.CallDuration.P99NS)), reports.FormatShare(m.SuccessRate))
		}
		if len(top) == 0 {
			r.message = "no calls"
		}
	}
	p.y = logScale(least, most, zero, p.ticks(), durationLabel)
	p.y.label = "call duration"
	return p
}

// latencies are the three lines of one policy.
func latencies(s *source, policy *reports.Policy) (p50, p99, top []sample) {
	series := &policy.Series
	s.bins(policy, len(series.Calls), func(from, to int, t0, t1 float64) {
		var medians []weighted
		var p99NS, maxNS int64
		for i := from; i < to; i++ {
			if series.Calls[i] == 0 {
				continue
			}
			medians = append(medians, weighted{at(series.CallP50NS, i), series.Calls[i]})
			p99NS = max(p99NS, at(series.CallP99NS, i))
			maxNS = max(maxNS, at(series.CallMaxNS, i))
		}
		if len(medians) == 0 {
			return
		}
		p50 = append(p50, sample{t0, t1, float64(median(medians))})
		p99 = append(p99, sample{t0, t1, float64(p99NS)})
		top = append(top, sample{t0, t1, float64(maxNS)})
	})
	return p50, p99, top
}
