package figures

import (
	"image/color"
	"math"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// WriteChart draws a chart into the directory, which must exist, as NAME.svg and,
// on demand, NAME.png. It returns the paths of the files; each appears whole or
// not at all. Values that are not finite, or not above zero where the axis is
// logarithmic, are gaps; without any others the chart says so. MaxPolicies has no
// meaning here.
func WriteChart(dir string, c *reports.Chart, opt Options) ([]string, error) {
	return writeSheet(dir, c.Name, newChart(c), opt)
}

// chartHeight is that of the area of a chart's data, in points.
const chartHeight vg.Length = 230

// lineLooks are the looks of the lines of a chart, in their order. Colours are
// those of Okabe and Ito; the dashes tell the same in black and white.
var lineLooks = []draw.LineStyle{
	{Color: blue, Width: 1.6},
	{Color: vermillion, Width: 1.6, Dashes: []vg.Length{6, 3}},
	{Color: rgb(0x009E73), Width: 1.6, Dashes: []vg.Length{2, 2}},
	{Color: orange, Width: 1.6, Dashes: []vg.Length{8, 3, 2, 3}},
	{Color: purple, Width: 1.6, Dashes: []vg.Length{4, 2}},
	{Color: rgb(0x56B4E9), Width: 1.6, Dashes: []vg.Length{10, 2}},
	{Color: rgb(0x555555), Width: 1.6, Dashes: []vg.Length{1, 2}},
}

// chart is a sheet with one plot.
type chart struct {
	*reports.Chart
	legend []key
	x, y   scale
	marks  []plot.Plotter
	empty  bool
}

func newChart(c *reports.Chart) *chart {
	s := &chart{Chart: c}
	lines := 0
	x, y := newRange(), newRange()
	for _, l := range c.Lines {
		points := visible(c, l)
		for _, p := range points {
			x.include(p.X)
			y.include(p.Y)
		}
		if l.Points {
			s.legend = append(s.legend, key{label: l.Name, dot: black})
			s.marks = append(s.marks, &dots{points, black})
			continue
		}
		look := lineLooks[lines%len(lineLooks)]
		lines++
		s.legend = append(s.legend, key{label: l.Name, line: &look})
		s.marks = append(s.marks, &polyline{points, look})
	}
	s.empty = x.none()
	if !c.Y.Log && !s.empty {
		y.include(0)
	}
	s.x = x.scale(c.X.Log, 8)
	switch {
	case c.Y.Log || y.lo != 0:
		s.y = y.scale(c.Y.Log, 7)
	case c.Y.Most > 0 && y.hi <= c.Y.Most*(1+1e-9): // but for rounding
		s.y = upTo(c.Y.Most, 7, plainNumber)
	default:
		s.y = linear(y.hi, 7, plainNumber)
	}
	return s
}

// visible are the points of a line that have a place on the axes.
func visible(c *reports.Chart, l reports.Line) []point {
	on := func(v float64, a reports.Axis) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) && (!a.Log || v > 0) }
	var out []point
	for i := range min(len(l.X), len(l.Y)) {
		if on(l.X[i], c.X) && on(l.Y[i], c.Y) {
			out = append(out, point{l.X[i], l.Y[i]})
		}
	}
	return out
}

// point is a point in the units of the data.
type point struct{ X, Y float64 }

// span is the range of data on one axis.
type span struct{ lo, hi float64 }

func newRange() span { return span{math.Inf(1), math.Inf(-1)} }

func (r *span) include(v float64) { r.lo, r.hi = min(r.lo, v), max(r.hi, v) }

func (r *span) none() bool { return r.lo > r.hi }

// scale makes an axis that holds the range, with about so many labels.
func (r *span) scale(log bool, about int) scale {
	switch {
	case r.none():
		return linear(1, about, plainNumber)
	case log:
		return logScale(r.lo, r.hi, false, about, plainNumber)
	}
	step := niceStep((r.hi - r.lo) / float64(about))
	from, to := math.Floor(r.lo/step+1e-9), math.Ceil(r.hi/step-1e-9)
	if from == to {
		to++
	}
	s := scale{min: from * step, max: to * step, norm: plot.LinearScale{}}
	for k := from; k <= to; k++ {
		s.ticks = append(s.ticks, plot.Tick{Value: k * step, Label: plainNumber(k * step)})
	}
	return s
}

func (s *chart) height() vg.Length {
	return headRoom(s.legend) + rowGap + chartHeight + axisHeight + margin/2
}

func (s *chart) caption() string {
	if s.Alt != "" {
		return s.Title + ": " + s.Alt
	}
	return s.Title + ": " + s.Subtitle
}

func (s *chart) draw(c draw.Canvas) {
	y := drawHead(c, fit(s.Title, titleStyle, pageWidth-2*margin), s.Subtitle, s.legend) - rowGap
	data := c
	data.Rectangle = vg.Rectangle{
		Min: vg.Point{X: c.Min.X + margin + labelRoom(s.y.ticks), Y: y - chartHeight},
		Max: vg.Point{X: c.Max.X - margin - 6, Y: y},
	}
	q := s.plot()
	q.Draw(around(q, data))
	if s.empty {
		drawMessage(c, data, "no data")
	}
	if s.Y.Label != "" {
		drawTurned(c, c.Min.X+margin+6, y-chartHeight/2, s.Y.Label)
	}
}

func (s *chart) plot() *plot.Plot {
	q := plot.New()
	q.BackgroundColor = nil
	q.X.Min, q.X.Max, q.X.Scale = s.x.min, s.x.max, s.x.norm
	q.Y.Min, q.Y.Max, q.Y.Scale = s.y.min, s.y.max, s.y.norm
	q.X.Tick.Marker, q.Y.Tick.Marker = plot.ConstantTicks(s.x.ticks), plot.ConstantTicks(s.y.ticks)
	styleAxes(q)
	q.X.Label.Text = s.X.Label
	q.Add(&grid{s.y.ticks})
	q.Add(s.marks...)
	return q
}

// polyline joins points by lines.
type polyline struct {
	points []point
	style  draw.LineStyle
}

// Plot implements [plot.Plotter].
func (m *polyline) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	c.SetLineStyle(m.style)
	var path vg.Path
	for i, v := range m.points {
		pt := vg.Point{X: x(v.X), Y: y(v.Y)}
		if i == 0 {
			path.Move(pt)
		}
		path.Line(pt)
	}
	if len(path) > 0 {
		c.Stroke(path)
	}
}

// dots are points as small diamonds.
type dots struct {
	points []point
	fill   color.Color
}

// Plot implements [plot.Plotter].
func (m *dots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	c.SetColor(m.fill)
	for _, v := range m.points {
		c.Fill(diamond(vg.Point{X: x(v.X), Y: y(v.Y)}))
	}
}

func diamond(at vg.Point) vg.Path { return diamondOf(at, 3.5) }

func diamondOf(at vg.Point, r vg.Length) vg.Path {
	var p vg.Path
	p.Move(vg.Point{X: at.X - r, Y: at.Y})
	p.Line(vg.Point{X: at.X, Y: at.Y + r})
	p.Line(vg.Point{X: at.X + r, Y: at.Y})
	p.Line(vg.Point{X: at.X, Y: at.Y - r})
	p.Close()
	return p
}
