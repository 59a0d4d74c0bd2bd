package figures

import (
	"fmt"
	"sort"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot/vg/draw"
)

var meanLine = draw.LineStyle{Color: blue, Width: 1.4}

// attempts draws how many attempts calls made, by the time at which they were
// meant to start. A call that a breaker ended before its first attempt counts
// as none.
func attempts(s *source) *page {
	p := newPage(s, "Attempts for each call", 80)
	p.subtitle += " · by the start of the call; 1 is a call without retries, 0 one that a breaker turned away"
	p.legend = []key{
		{label: "max", line: &maxLine, ticks: true},
		{label: "mean", line: &meanLine, area: translucent(skyBlue, 0x59)},
	}
	most, mostMean := 2.0, 1.0
	for i, policy := range s.policies {
		series := &policy.Series
		var mean, top []sample
		s.bins(policy, len(series.Calls), func(from, to int, t0, t1 float64) {
			var calls, sum, largest uint64
			for i := from; i < to; i++ {
				calls += series.Calls[i]
				sum += at(series.CallAttempts, i)
				largest = max(largest, at(series.CallAttemptMax, i))
			}
			if calls == 0 {
				return
			}
			mean = append(mean, sample{t0, t1, float64(sum) / float64(calls)})
			top = append(top, sample{t0, t1, float64(largest)})
			mostMean = max(mostMean, mean[len(mean)-1].y)
			most = max(most, float64(largest))
		})
		r := &p.rows[i]
		r.marks = append(r.marks,
			&area{samples: mean, fill: translucent(skyBlue, 0x59)},
			&dashes{top, maxLine},
			&steps{mean, meanLine},
		)
		if m := &policy.Total; m.Calls > 0 {
			r.facts = fmt.Sprintf("%s attempts for %s calls, %.2f each",
				reports.FormatCount(m.Attempts), reports.FormatCount(m.Calls), m.Amplification)
		}
		if len(mean) == 0 {
			r.message = "no calls"
		}
	}
	// A rare call with a thousand attempts would flatten the mean.
	if most > 60 && most > 10*mostMean {
		p.y = logScale(1, most, true, p.ticks(), plainNumber)
	} else {
		p.y = linear(max(most, mostMean), min(p.ticks(), 5), plainNumber)
	}
	p.y.label = "attempts"
	return p
}

// weighted is a value that stands for n measurements.
type weighted struct {
	value int64
	n     uint64
}

// median is the weighted median, the lower of two; it sorts the values.
func median(values []weighted) int64 {
	sort.Slice(values, func(i, j int) bool { return values[i].value < values[j].value })
	var total, seen uint64
	for _, v := range values {
		total += v.n
	}
	for _, v := range values {
		if seen += v.n; seen >= total-seen {
			return v.value
		}
	}
	return 0
}
