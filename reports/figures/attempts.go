package figures

import (
	"fmt"
	"sort"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"
)

var (
	meanLine = draw.LineStyle{Color: blue, Width: 1.4}
	meanFill = rgb(0xC4E3F6) // sky blue, paler
)

// attempts draws how many attempts calls made, by the time at which they were
// meant to start. A call that a breaker ended before its first attempt counts
// as none.
func attempts(s *source) *page {
	p := newPage(s, "Attempts for each call", 80)
	p.subtitle += " · by the start of the call; 1 is a call without retries, 0 one that a breaker turned away"
	p.legend = []key{
		{label: "max", line: &maxLine, ticks: true},
		{label: "mean", line: &meanLine, area: meanFill},
	}
	most, mostMean := 2.0, 1.0
	for i, policy := range s.policies {
		r := &p.rows[i]
		for _, v := range s.views {
			mean, top := attemptsPerCall(v, policy)
			for j := range mean {
				mostMean = max(mostMean, mean[j].y)
				most = max(most, mean[j].y, top[j].y)
			}
			r.marks = append(r.marks, []plot.Plotter{&area{mean, meanFill}, &dashes{top, maxLine}, &steps{mean, meanLine}})
		}
		if m := &policy.Total; m.Calls > 0 {
			r.facts = fmt.Sprintf("%s attempts for %s calls, %s each",
				reports.FormatCount(m.Attempts), reports.FormatCount(m.Calls), ratio(m.Amplification))
		} else {
			r.message = "no calls"
		}
	}
	y := linear(most, min(p.ticks(), 5), plainNumber)
	// A rare call with a thousand attempts would flatten the mean.
	if most > 60 && most > 10*mostMean {
		y = logScale(1, most, true, p.ticks(), plainNumber)
	}
	y.label = "attempts"
	p.y = []scale{y}
	return p
}

// attemptsPerCall are the mean and the largest number of attempts.
func attemptsPerCall(v *view, policy *reports.Policy) (mean, top []sample) {
	series := &policy.Series
	v.bins(policy, len(series.Calls), func(from, to int, t0, t1 float64) {
		var calls, sum, largest float64
		for i := from; i < to; i++ {
			calls += float64(series.Calls[i])
			sum += float64(at(series.CallAttempts, i))
			largest = max(largest, float64(at(series.CallAttemptMax, i)))
		}
		if calls > 0 {
			mean = append(mean, sample{t0, t1, sum / calls})
			top = append(top, sample{t0, t1, largest})
		}
	})
	return mean, top
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
