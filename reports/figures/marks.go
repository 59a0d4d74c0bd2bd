package figures

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// sample is one bin's value of a line, over [t0, t1) of the time axis.
type sample struct{ t0, t1, y float64 }

// runs splits samples where one does not begin at the end of the one before:
// there is no data between them.
func runs(samples []sample) [][]sample {
	var out [][]sample
	for i, s := range samples {
		if i == 0 || samples[i-1].t1 != s.t0 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], s)
	}
	return out
}

// curve joins the middles of bins by lines, with gaps where there is no data. A
// bin between two gaps is a short level line.
type curve struct {
	samples []sample
	style   draw.LineStyle
}

// Plot implements [plot.Plotter].
func (m *curve) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	c.SetLineStyle(m.style)
	var path vg.Path // of all runs: one element in the file
	for _, run := range runs(m.samples) {
		first, last := run[0], run[len(run)-1]
		path.Move(vg.Point{X: x(first.t0), Y: y(first.y)})
		for _, s := range run {
			path.Line(vg.Point{X: x((s.t0 + s.t1) / 2), Y: y(s.y)})
		}
		end := vg.Point{X: x(last.t1), Y: y(last.y)}
		if w := end.X - x(first.t0); w < 2 {
			end.X += 2 - w // one bin of many would be invisible
		}
		path.Line(end)
	}
	if len(path) > 0 {
		c.Stroke(path)
	}
}

// dashes draws each bin as a short level line of its own: a value that no line
// should join to the next, as a maximum.
type dashes struct {
	samples []sample
	style   draw.LineStyle
}

// Plot implements [plot.Plotter].
func (m *dashes) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	c.SetLineStyle(m.style)
	var path vg.Path
	for _, s := range m.samples {
		x0, x1 := x(s.t0), x(s.t1)
		if x1-x0 < 1.6 {
			mid := (x0 + x1) / 2
			x0, x1 = mid-0.8, mid+0.8
		}
		path.Move(vg.Point{X: x0, Y: y(s.y)})
		path.Line(vg.Point{X: x1, Y: y(s.y)})
	}
	if len(path) > 0 {
		c.Stroke(path)
	}
}

// area fills the steps of bins down to the foot of the plot.
type area struct {
	samples []sample
	fill    color.Color
}

// Plot implements [plot.Plotter].
func (m *area) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	foot := c.Min.Y
	var fill vg.Path
	for _, run := range runs(m.samples) {
		fill.Move(vg.Point{X: x(run[0].t0), Y: foot})
		for _, s := range run {
			fill.Line(vg.Point{X: x(s.t0), Y: y(s.y)})
			fill.Line(vg.Point{X: x(s.t1), Y: y(s.y)})
		}
		fill.Line(vg.Point{X: x(run[len(run)-1].t1), Y: foot})
		fill.Close()
	}
	if len(fill) > 0 {
		c.SetColor(m.fill)
		c.Fill(fill)
	}
}

// steps is the level line over each bin, joined to the next.
type steps struct {
	samples []sample
	style   draw.LineStyle
}

// Plot implements [plot.Plotter].
func (m *steps) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	c.SetLineStyle(m.style)
	var path vg.Path
	for _, run := range runs(m.samples) {
		for i, s := range run {
			from := vg.Point{X: x(s.t0), Y: y(s.y)}
			if i == 0 {
				path.Move(from)
			} else {
				path.Line(from)
			}
			path.Line(vg.Point{X: x(s.t1), Y: y(s.y)})
		}
	}
	if len(path) > 0 {
		c.Stroke(path)
	}
}

// grid is a thin level line at each labelled tick.
type grid struct{ ticks []plot.Tick }

// Plot implements [plot.Plotter].
func (m *grid) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	c.SetLineStyle(draw.LineStyle{Color: gridGrey, Width: 0.5})
	var path vg.Path
	for _, t := range m.ticks {
		if t.IsMinor() {
			continue
		}
		path.Move(vg.Point{X: c.Min.X, Y: y(t.Value)})
		path.Line(vg.Point{X: c.Max.X, Y: y(t.Value)})
	}
	if len(path) > 0 {
		c.Stroke(path)
	}
}
