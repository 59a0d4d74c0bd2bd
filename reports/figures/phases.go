package figures

import (
	"image/color"
	"time"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// bands shades the phases behind the data: every other one in grey, those with
// faults in a tint and between lines, so that a minute in four days shows.
type bands struct{ view *view }

// manyPhases is the number above which the lines at the edges of phases would
// be a grating over the data.
const manyPhases = 40

// Plot implements [plot.Plotter].
func (b *bands) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	phases := b.view.src.run.Phases
	for i, ph := range phases {
		x0, x1 := x(b.view.clamp(ph.StartNS)), x(b.view.clamp(ph.EndNS))
		if x1 <= x0 {
			continue
		}
		if fill := phaseFill(i, ph); fill != white {
			c.SetColor(fill)
			c.Fill(vg.Rectangle{Min: vg.Point{X: x0, Y: c.Min.Y}, Max: vg.Point{X: x1, Y: c.Max.Y}}.Path())
		}
		if ph.Troubled() && len(phases) <= manyPhases {
			edge := draw.LineStyle{Color: edgeFault, Width: 0.6}
			for _, x := range []vg.Length{x0, x1} {
				c.StrokeLine2(edge, x, c.Min.Y, x, c.Max.Y)
			}
		}
	}
	if end := time.Duration(b.view.src.run.DurationNS); end > b.view.begin && end < b.view.end {
		c.StrokeLine2(draw.LineStyle{Color: axisGrey, Width: 0.6, Dashes: []vg.Length{2, 2}}, x(float64(end)), c.Min.Y, x(float64(end)), c.Max.Y)
	}
}

// marker underlines the part of the time axis that a close-up enlarges.
type marker struct{ view *view }

// Plot implements [plot.Plotter].
func (m *marker) Plot(c draw.Canvas, p *plot.Plot) {
	v := m.view.closeUp
	if v == nil {
		return
	}
	x, _ := p.Transforms(&c)
	y := c.Min.Y - 2.5
	c.StrokeLine2(draw.LineStyle{Color: textFault, Width: 3}, x(float64(v.begin)), y, x(float64(v.end)), y)
}

func phaseFill(i int, ph reports.Phase) color.NRGBA {
	switch {
	case ph.Troubled():
		return bandFault
	case i%2 == 1:
		return bandGrey
	}
	return white
}
