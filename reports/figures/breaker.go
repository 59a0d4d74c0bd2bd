package figures

import (
	"fmt"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	openFill  = vermillion
	halfFill  = yellow
	probeLine = draw.LineStyle{Color: blue, Width: 2.4}
)

// breakers draws the share of a policy's breakers that were open or half-open.
// For one breaker the share is that of the bin's time.
func breakers(s *source) *page {
	p := newPage(s, "Circuit breakers", 56)
	p.subtitle += " · share of breakers in each state; half-open ones wait for a probe or its answer"
	p.legend = []key{
		{label: "open", area: openFill},
		{label: "half-open", area: halfFill},
		{label: "at least one half-open", line: &probeLine},
	}
	most := 0.0
	for i, policy := range s.policies {
		r := &p.rows[i]
		b := policy.Breakers
		switch {
		case b.Count <= 0:
			r.message = "no circuit breaker"
			continue
		case b.OpenNS == 0 && b.Transitions == 0:
			r.message = "never opened"
		}
		for _, v := range s.views {
			open, notClosed, probes := breakerShares(v, policy)
			for _, v := range notClosed {
				most = max(most, v.y)
			}
			r.marks = append(r.marks, []plot.Plotter{&area{notClosed, halfFill}, &area{open, openFill}, &probeMarks{probes}})
		}
		r.facts = "1 breaker"
		if b.Count > 1 {
			r.facts = reports.FormatCount(uint64(b.Count)) + " breakers"
		}
		if b.Scope != "" {
			r.facts += " (scope " + reports.OneLine(b.Scope) + ")"
		}
		r.facts += fmt.Sprintf(" · %s state changes", reports.FormatCount(b.Transitions))
		if m := policy.Total.RejectedByBreaker; m > 0 {
			r.facts += fmt.Sprintf(" · %s calls rejected", reports.FormatCount(m))
		}
	}
	p.y = []scale{shareScale(most)}
	return p
}

// shareScale is an axis for shares: up to 100 %, unless the largest share is so
// small that it could not be seen, as when one in a thousand breakers opens. It
// leaves room above for the marks of half-open breakers.
func shareScale(most float64) scale {
	percent := func(x float64) string { return plainNumber(100*x) + "%" }
	y := scale{max: 1, norm: plot.LinearScale{}, ticks: []plot.Tick{
		{Value: 0, Label: "0%"}, {Value: 0.5, Label: "50%"}, {Value: 1, Label: "100%"},
	}}
	if most > 0 && most < 0.2 {
		y = linear(most, 2, percent)
	}
	y.max *= 1.12
	y.label = "share"
	return y
}

// breakerShares are the share of breakers that are open, the share that are not
// closed, and the bins in which at least one was half-open.
func breakerShares(v *view, policy *reports.Policy) (open, notClosed, probes []sample) {
	series := &policy.Series
	whole := float64(series.BucketNS) * float64(policy.Breakers.Count)
	v.bins(policy, max(len(series.BreakerOpenNS), len(series.BreakerHalfOpenNS)), func(from, to int, t0, t1 float64) {
		var openNS, halfNS float64
		for i := from; i < to; i++ {
			openNS += float64(at(series.BreakerOpenNS, i))
			halfNS += float64(at(series.BreakerHalfOpenNS, i))
		}
		all := whole * float64(to-from)
		open = append(open, sample{t0, t1, min(openNS/all, 1)})
		notClosed = append(notClosed, sample{t0, t1, min((openNS+halfNS)/all, 1)})
		if halfNS > 0 {
			probes = append(probes, sample{t0, t1, 0})
		}
	})
	return open, notClosed, probes
}

// probeMarks marks bins along the top of the plot: a busy breaker is half-open for
// as long as one call takes, which is too short to be seen as an area.
type probeMarks struct{ samples []sample }

// Plot implements [plot.Plotter].
func (m *probeMarks) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	c.SetLineStyle(probeLine)
	y := c.Max.Y - 2.5
	var path vg.Path
	for _, s := range m.samples {
		x0, x1 := x(s.t0), x(s.t1)
		if x1-x0 < 1.6 {
			x1 = x0 + 1.6
		}
		path.Move(vg.Point{X: x0, Y: y})
		path.Line(vg.Point{X: x1, Y: y})
	}
	if len(path) > 0 {
		c.Stroke(path)
	}
}
