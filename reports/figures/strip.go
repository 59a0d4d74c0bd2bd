package figures

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/squall-sim/squall/reports"
)

// strip is the phase labels above a column of plots, and above them the texts
// of the faults. A text stands over the middle of its phase; where that would
// cover another one it moves up a lane, with a line down to its phase, and where
// even that fails it is left out.
type strip struct {
	items          []item
	lanes          int
	phases, faults dropped
}

// dropped counts the texts that found no place.
type dropped struct{ out, of int }

// item is a placed text. Positions are points from the left end of the axis.
type item struct {
	text        string
	style       text.Style
	x0, x1, mid vg.Length
	lane        int
}

const (
	maxLanes   = 4
	laneHeight = vg.Length(10.5)
	textSpace  = vg.Length(5) // between texts
	stripFoot  = vg.Length(3)
)

// newStrip places the texts for a view that is width wide: first labels, then the
// faults. Long labels are shortened if others would find no place beside them.
func newStrip(v *view, width vg.Length) *strip {
	at := func(ns int64) vg.Length {
		return width * vg.Length((v.clamp(ns)-float64(v.begin))/float64(v.end-v.begin))
	}
	order := inOrder(v)
	best := layLabels(v, order, at, width, width)
	for _, most := range []vg.Length{120, 60} {
		if best.phases.out == 0 {
			break
		}
		if s := layLabels(v, order, at, width, most); s.phases.out < best.phases.out {
			best = s
		}
	}
	best.addFaults(v, order, at, width)
	if end := v.src.run.DurationNS; best.phases.of > 0 && time.Duration(end) < v.end && at(end) < width {
		best.place(item{text: "no new calls", style: noteStyle}, at(end), width, width, 0)
	}
	return best
}

// inOrder lists the phases of a view, those with faults and long ones before others.
func inOrder(v *view) []int {
	phases := v.src.run.Phases
	var order []int
	for i, ph := range phases {
		if ph.EndNS > int64(v.begin) && ph.StartNS < int64(v.end) {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool {
		i, j := phases[order[a]], phases[order[b]]
		if (i.Troubled()) != (j.Troubled()) {
			return i.Troubled()
		}
		return i.EndNS-i.StartNS > j.EndNS-j.StartNS
	})
	return order
}

// layLabels places the labels of phases in that order, none longer than most.
func layLabels(v *view, order []int, at func(ns int64) vg.Length, width, most vg.Length) *strip {
	s := &strip{}
	for _, i := range order {
		ph := &v.src.run.Phases[i]
		s.addLabel(reports.OneLine(ph.Label), ph.Troubled(), at(ph.StartNS), at(ph.EndNS), width, most)
	}
	return s
}

// addFaults places the texts of the faults, which stand above the labels.
func (s *strip) addFaults(v *view, order []int, at func(ns int64) vg.Length, width vg.Length) {
	if v.closeUp != nil {
		return // the close-up tells
	}
	for _, i := range order {
		if ph := &v.src.run.Phases[i]; ph.Troubled() {
			s.addFault(reports.OneLine(strings.Join(ph.Troubles(), "; ")), at(ph.StartNS), at(ph.EndNS), width)
		}
	}
}

// addLabel places the label of the phase over [from, to), shortened if need be.
func (s *strip) addLabel(label string, faulted bool, from, to, width, most vg.Length) {
	style := phaseStyle
	if faulted {
		style.Color = textFault
	}
	s.phases.of++
	if style.Width(label) > max(most, to-from) {
		label = fit(label, style, most)
	}
	if !s.place(item{text: label, style: style}, from, to, width, 0) &&
		!(to-from > 24 && s.place(item{text: fit(label, style, to-from-4), style: style}, from, to, width, 0)) {
		s.phases.out++
	}
}

// addFault places the text of a phase's faults above the labels, all of it or
// as much as has room.
func (s *strip) addFault(fault string, from, to, width vg.Length) {
	s.faults.of++
	failed := "" // the text that has found no place
	for _, most := range []vg.Length{width, max(to-from, 150), max(to-from, 100)} {
		it := item{text: fit(fault, faultStyle, most), style: faultStyle}
		if it.text == failed {
			continue
		}
		if s.place(it, from, to, width, 1) {
			return
		}
		failed = it.text
	}
	s.faults.out++
}

// place puts a text over [from, to) into the lowest free lane from the given
// one on; false when there is none.
func (s *strip) place(it item, from, to, width vg.Length, lane int) bool {
	w := it.style.Width(it.text)
	if it.text == "" || w > width {
		return it.text == "" && to > from // an empty label is easily placed
	}
	it.mid = (from + to) / 2
	it.x0 = min(max(it.mid-w/2, 0), width-w)
	it.x1 = it.x0 + w
	for it.lane = lane; it.lane < maxLanes; it.lane++ {
		if s.free(it) {
			s.items = append(s.items, it)
			s.lanes = max(s.lanes, it.lane+1)
			return true
		}
	}
	return false
}

// free reports whether a text covers no other, nor the line of another, and its
// own line no text but the label of its phase.
func (s *strip) free(it item) bool {
	for _, o := range s.items {
		apart := it.x1+textSpace <= o.x0 || o.x1+textSpace <= it.x0
		switch {
		case o.lane == it.lane && !apart:
			return false
		case o.lane > it.lane && o.mid != it.mid && o.mid >= it.x0-1 && o.mid <= it.x1+1:
			return false
		case o.lane < it.lane && o.mid != it.mid && it.mid >= o.x0-1 && it.mid <= o.x1+1:
			return false
		}
	}
	return true
}

// draw draws the texts from x0 on, above foot.
func (s *strip) draw(c draw.Canvas, x0, foot vg.Length) {
	foot += stripFoot
	for _, it := range s.items {
		y := foot + vg.Length(it.lane)*laneHeight
		lowest := 0 // lane that the line comes down to
		for _, o := range s.items {
			if o.mid == it.mid && o.lane < it.lane {
				lowest = o.lane + 1
			}
		}
		if it.lane > lowest {
			line := draw.LineStyle{Color: axisGrey, Width: 0.5}
			c.StrokeLine2(line, x0+it.mid, foot+vg.Length(lowest)*laneHeight-1, x0+it.mid, y)
		}
		c.FillText(center(it.style), vg.Point{X: x0 + (it.x0+it.x1)/2, Y: y + 2}, it.text)
	}
}

// note tells about texts that are left out; "" if none are.
func (s *strip) note() string {
	var parts []string
	if d := s.phases; d.out > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d phase labels", d.out, d.of))
	}
	if d := s.faults; d.out > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d fault texts", d.out, d.of))
	}
	if len(parts) == 0 {
		return ""
	}
	return "no room for " + strings.Join(parts, " and ")
}
