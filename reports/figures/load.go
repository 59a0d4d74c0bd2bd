package figures

import (
	"fmt"
	"image/color"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot/vg/draw"
)

// outcomeColors are the fills for reports.Outcomes, in its order. Neighbours in
// the stack differ in lightness as well as in hue.
var outcomeColors = []color.NRGBA{skyBlue, orange, vermillion, purple, yellow, rgb(0x555555), rgb(0xBBBBBB)}

var offeredLine = draw.LineStyle{Color: black, Width: 1.2}

// load draws what the clients asked for against what the backend had to take:
// attempts by outcome, stacked, at the time at which they were sent.
func load(s *source) *page {
	p := newPage(s, "Offered load and what reached the backend", 100)
	p.subtitle += " · attempts by the time they were sent"
	p.legend = []key{{label: "calls offered", line: &offeredLine}}
	present := make([]bool, len(reports.Outcomes))
	most := 0.0
	for i, policy := range s.policies {
		r := &p.rows[i]
		stack, top := stacked(s, policy)
		most = max(most, top)
		// From the back: the sum of all outcomes first, the part of the first one
		// last.
		for o := len(stack) - 1; o >= 0; o-- {
			if !rises(stack, o) {
				continue
			}
			present[o] = true
			r.marks = append(r.marks, &area{samples: stack[o], fill: outcomeColors[o]})
		}
		offered := rate(s, policy, policy.Series.Calls)
		for _, v := range offered {
			most = max(most, v.y)
		}
		r.marks = append(r.marks, &steps{offered, offeredLine})
		if m := &policy.Total; m.Calls > 0 {
			r.facts = fmt.Sprintf("amplification %.2f", m.Amplification)
			if m.WorkNS > 0 {
				r.facts += fmt.Sprintf(" · %.0f%% of the backend's work wasted", 100*float64(m.WastedWorkNS)/float64(m.WorkNS))
			}
		} else {
			r.message = "no calls"
		}
	}
	for o, there := range present {
		if there {
			p.legend = append(p.legend, key{label: "attempts: " + reports.Outcomes[o], area: outcomeColors[o]})
		}
	}
	p.y = linear(most, min(p.ticks(), 5), plainNumber)
	p.y.label = "per second"
	return p
}

// rate is a series of counts as a rate, over all bins up to its end.
func rate(s *source, policy *reports.Policy, counts []uint64) []sample {
	var out []sample
	s.bins(policy, len(counts), func(from, to int, t0, t1 float64) {
		sum := 0.0
		for i := from; i < to; i++ {
			sum += float64(counts[i])
		}
		if t1 > t0 {
			out = append(out, sample{t0, t1, sum * 1e9 / (t1 - t0)})
		}
	})
	return out
}

// stacked adds up the rates of attempts: entry o is the sum of outcomes 0 to o.
func stacked(s *source, policy *reports.Policy) (stack [][]sample, most float64) {
	n := len(policy.Series.Calls)
	for o := range min(len(policy.Series.Attempts), len(outcomeColors)) {
		counts := make([]uint64, n)
		copy(counts, policy.Series.Attempts[o])
		line := rate(s, policy, counts)
		for i := range line {
			if o > 0 {
				line[i].y += stack[o-1][i].y
			}
			most = max(most, line[i].y)
		}
		stack = append(stack, line)
	}
	return stack, most
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
