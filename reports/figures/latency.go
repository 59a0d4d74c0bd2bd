package figures

import (
	"fmt"
	"time"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot"
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
	var all extent
	for i, policy := range s.policies {
		r := &p.rows[i]
		for _, v := range s.views {
			p50, p99, top := latencies(v, policy)
			all.add(p50, p99, top)
			r.marks = append(r.marks, []plot.Plotter{&dashes{top, maxLine}, &curve{p99, p99Line}, &curve{p50, p50Line}})
		}
		m := &policy.Total
		if m.Calls == 0 {
			r.message = "no calls"
			continue
		}
		r.facts = reports.FormatShare(m.SuccessRate) + " succeed"
		if m.CallDuration.Count > 0 {
			r.facts = fmt.Sprintf("p50 %s · p99 %s · %s",
				reports.FormatDuration(time.Duration(m.CallDuration.P50NS)),
				reports.FormatDuration(time.Duration(m.CallDuration.P99NS)), r.facts)
		}
	}
	y := logScale(all.least, all.most, all.zero, p.ticks(), durationLabel)
	y.label = "call duration"
	p.y = []scale{y}
	return p
}

// extent is what a logarithmic axis has to show.
type extent struct {
	least, most float64 // of the positive values; 0 without
	zero        bool    // there are others
}

func (e *extent) add(lines ...[]sample) {
	for _, line := range lines {
		for _, v := range line {
			switch {
			case v.y <= 0:
				e.zero = true
			case e.least == 0 || v.y < e.least:
				e.least = v.y
			}
			e.most = max(e.most, v.y)
		}
	}
}

// latencies are the three lines of one policy.
func latencies(v *view, policy *reports.Policy) (p50, p99, top []sample) {
	series := &policy.Series
	v.bins(policy, len(series.Calls), func(from, to int, t0, t1 float64) {
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
