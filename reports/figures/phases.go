package figures

import (
	"image/color"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// bands shades the phases behind the data: every other one in grey, those with
// faults in a tint and between lines, so that a minute in four days shows.
type bands struct{ src *source }

// Plot implements [plot.Plotter].
func (b *bands) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	for i, ph := range b.src.run.Phases {
		x0, x1 := x(b.src.clamp(ph.StartNS)), x(b.src.clamp(ph.EndNS))
		if x1 < x0 {
			continue
		}
		if fill := phaseFill(i, ph); fill != white {
			c.SetColor(fill)
			c.Fill(vg.Rectangle{Min: vg.Point{X: x0, Y: c.Min.Y}, Max: vg.Point{X: x1, Y: c.Max.Y}}.Path())
		}
		if len(ph.Faults) > 0 {
			edge := draw.LineStyle{Color: edgeFault, Width: 0.6}
			c.StrokeLine2(edge, x0, c.Min.Y, x0, c.Max.Y)
			c.StrokeLine2(edge, x1, c.Min.Y, x1, c.Max.Y)
		}
	}
	if end := float64(b.src.run.DurationNS); end < float64(b.src.end) {
		c.StrokeLine2(draw.LineStyle{Color: axisGrey, Width: 0.6, Dashes: []vg.Length{2, 2}}, x(end), c.Min.Y, x(end), c.Max.Y)
	}
}

func phaseFill(i int, ph reports.Phase) color.NRGBA {
	switch {
	case len(ph.Faults) > 0:
		return bandFault
	case i%2 == 1:
		return bandGrey
	}
	return white
}

// clamp puts a time onto the axis.
func (s *source) clamp(ns int64) float64 {
	return float64(min(max(ns, 0), int64(s.end)))
}
