package figures

import (
	"image/color"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"
)

// outcomeColors are the fills for reports.Outcomes, in its order. Neighbours in
// the stack differ in lightness as well as in hue, and what went well is pale.
var outcomeColors = []color.NRGBA{okTint, orange, vermillion, purple, yellow, rgb(0x555555), rgb(0xBBBBBB)}

var offeredLine = draw.LineStyle{Color: black, Width: 1.2}

// load draws what the clients asked for against what the backend had to take:
// attempts by outcome, stacked, at the time at which they were sent.
func load(s *source) *page {
	p := newPage(s, "Offered load and what reached the backend", 100)
	p.subtitle += " · attempts by the time they were sent"
	p.legend = []key{{label: "calls offered", line: &offeredLine}}
	present := make([]bool, len(reports.Outcomes))
	most := make([]float64, len(s.views))
	for i, policy := range s.policies {
		r := &p.rows[i]
		for j, v := range s.views {
			stack := stacked(v, policy)
			marks := []plot.Plotter{}
			// From the back: the sum of all outcomes first, the part of the first one
			// last.
			for o := len(stack) - 1; o >= 0; o-- {
				if rises(stack, o) {
					present[o] = true
					marks = append(marks, &area{stack[o], outcomeColors[o]})
				}
			}
			offered := before(rate(v, policy, policy.Series.Calls), float64(s.run.DurationNS))
			r.marks = append(r.marks, append(marks, &steps{offered, offeredLine}))
			for _, line := range append(stack, offered) {
				for _, v := range line {
					most[j] = max(most[j], v.y)
				}
			}
		}
		m := &policy.Total
		if m.Calls == 0 {
			r.message = "no calls"
			continue
		}
		r.facts = "amplification " + ratio(m.Amplification)
		if n := len(m.AttemptOutcomes); n > 0 && m.Attempts > 0 {
			ok := float64(m.AttemptOutcomes[reports.OutcomeOK]) / float64(m.Attempts)
			r.facts += " · " + reports.FormatShare(max(1-ok, 0)) + " of attempts failed"
		}
	}
	for o, there := range present {
		if there {
			p.legend = append(p.legend, key{label: "attempts: " + reports.Outcomes[o], area: outcomeColors[o]})
		}
	}
	// A minute of a close-up may see ten times the mean of the hour around it.
	for j := range s.views {
		p.y = append(p.y, linear(most[j], min(p.ticks(), 5), plainNumber))
		p.y[j].label = "per second"
	}
	return p
}

// rate is a series of counts as a rate.
func rate(v *view, policy *reports.Policy, counts []uint64) []sample {
	var out []sample
	bucket := float64(policy.Series.BucketNS)
	v.bins(policy, len(policy.Series.Calls), func(from, to int, t0, t1 float64) {
		sum := 0.0
		for i := from; i < to; i++ {
			sum += float64(at(counts, i))
		}
		out = append(out, sample{t0, t1, sum * 1e9 / (float64(to-from) * bucket)})
	})
	return out
}

// before cuts a line at the end of the load: after it there are no calls to
// offer, rather than none offered.
func before(line []sample, end float64) []sample {
	for len(line) > 0 && end > 0 && line[len(line)-1].t0 >= end {
		line = line[:len(line)-1]
	}
	return line
}

// stacked adds up the rates of attempts: entry o is the sum of outcomes 0 to o.
func stacked(v *view, policy *reports.Policy) (stack [][]sample) {
	for o := range min(len(policy.Series.Attempts), len(outcomeColors)) {
		line := rate(v, policy, policy.Series.Attempts[o])
		for i := range line {
			if o > 0 {
				line[i].y += stack[o-1][i].y
			}
		}
		stack = append(stack, line)
	}
	return stack
}

// rises reports whether outcome o adds anything to the stack.
func rises(stack [][]sample, o int) bool {
	for i, v := range stack[o] {
		if o == 0 && v.y > 0 || o > 0 && v.y > stack[o-1][i].y {
			return true
		}
	}
	return false
}
