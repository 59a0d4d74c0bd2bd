package figures

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// strip is the row of phase labels above the plots. A label stands over the
// middle of its phase; where that would cover another one it moves up a lane,
// with a line down to its phase, and where even that fails it is left out.
type strip struct {
	items   []item
	lanes   int
	faults  bool
	dropped int
}

// item is a placed label. Positions are points from the left end of the axis.
type item struct {
	label, fault string
	x0, x1, mid  vg.Length
	lane         int
}

const (
	maxLanes   = 4
	labelLine  = vg.Length(10)
	faultLine  = vg.Length(9)
	labelSpace = vg.Length(4) // between labels
	stripFoot  = vg.Length(3)
)

// dataWidth is the width of the plots' data area.
func (p *page) dataWidth() vg.Length { return pageWidth - 2*margin - 6 - p.axisWidth() }

// strip places the labels of the phases: those with faults first, as a reader
// looks for them, then the longest.
func (p *page) strip() *strip {
	s := &strip{lanes: 1}
	width := p.dataWidth()
	at := func(ns int64) vg.Length { return width * vg.Length(p.src.clamp(ns)/float64(p.src.end)) }
	phases := p.src.run.Phases
	order := make([]int, len(phases))
	for i := range order {
		order[i] = i
		s.faults = s.faults || len(phases[i].Faults) > 0
	}
	sort.SliceStable(order, func(a, b int) bool {
		i, j := phases[order[a]], phases[order[b]]
		if (len(i.Faults) > 0) != (len(j.Faults) > 0) {
			return len(i.Faults) > 0
		}
		return i.EndNS-i.StartNS > j.EndNS-j.StartNS
	})
	for _, i := range order {
		ph := phases[i]
		if !s.place(clean(ph.Label), clean(strings.Join(ph.Faults, "; ")), at(ph.StartNS), at(ph.EndNS), width) {
			s.dropped++
		}
	}
	if tail := p.src.end - time.Duration(p.src.run.DurationNS); s.dropped == 0 && len(phases) > 0 && tail > p.src.end/20 {
		s.place("", "load is over", at(p.src.run.DurationNS), width, width)
	}
	return s
}

// place finds room for one label, with all of its fault text, some, or none.
func (s *strip) place(label, fault string, from, to, width vg.Length) bool {
	band := to - from
	variants := []item{{label: label, fault: fault}}
	if fault != "" {
		for _, w := range []vg.Length{max(band, 150), max(band, 90)} {
			variants = append(variants, item{label: label, fault: fit(fault, faultStyle, w)})
		}
		variants = append(variants, item{label: label})
	}
	if band > 20 {
		variants = append(variants, item{label: fit(label, phaseStyle, band-2)})
	}
	for _, v := range variants {
		if v.label == "" && v.fault == "" {
			continue
		}
		w := max(phaseStyle.Width(v.label), faultStyle.Width(v.fault))
		if w > width {
			continue
		}
		v.mid = (from + to) / 2
		v.x0 = min(max(v.mid-w/2, 0), width-w)
		v.x1 = v.x0 + w
		for v.lane = 0; v.lane < maxLanes; v.lane++ {
			if s.free(v) {
				s.items = append(s.items, v)
				s.lanes = max(s.lanes, v.lane+1)
				return true
			}
		}
	}
	return false
}

// free reports whether a label covers no other, nor the line of another, and
// its own line no other label.
func (s *strip) free(v item) bool {
	for _, o := range s.items {
		apart := v.x1+labelSpace <= o.x0 || o.x1+labelSpace <= v.x0
		switch {
		case o.lane == v.lane && !apart:
			return false
		case o.lane > v.lane && o.mid >= v.x0-1 && o.mid <= v.x1+1:
			return false
		case o.lane < v.lane && v.mid >= o.x0-1 && v.mid <= o.x1+1:
			return false
		}
	}
	return true
}

func (s *strip) lane() vg.Length {
	if s.faults {
		return labelLine + faultLine
	}
	return labelLine
}

func (s *strip) height() vg.Length {
	if len(s.items) == 0 && s.dropped == 0 {
		return stripFoot
	}
	return vg.Length(s.lanes)*s.lane() + stripFoot
}

// draw draws the labels from x0 on, below top.
func (s *strip) draw(c draw.Canvas, x0, top vg.Length) {
	foot := top - s.height() + stripFoot
	for _, v := range s.items {
		y := foot + vg.Length(v.lane)*s.lane()
		x := x0 + (v.x0+v.x1)/2
		if v.lane > 0 {
			line := draw.LineStyle{Color: axisGrey, Width: 0.5}
			c.StrokeLine2(line, x0+v.mid, foot-1, x0+v.mid, y)
		}
		if v.fault != "" {
			c.FillText(center(faultStyle), vg.Point{X: x, Y: y + 2}, v.fault)
			y += faultLine
		}
		c.FillText(center(phaseStyle), vg.Point{X: x, Y: y + 2}, v.label)
	}
}

// note tells about labels that are left out; "" if none are.
func (s *strip) note(phases int) string {
	if s.dropped == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d phases are too narrow for a label", s.dropped, phases)
}
