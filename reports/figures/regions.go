package figures

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/squall-sim/squall/reports"
)

// WriteRegions draws regions into the directory, which must exist, as NAME.svg and,
// on demand, NAME.png. It returns the paths of the files; each appears whole or not
// at all. MaxPolicies has no meaning here.
func WriteRegions(dir string, r *reports.Regions, opt Options) ([]string, error) {
	return writeSheet(dir, r.Name, newRegions(r), opt)
}

// stateLooks are the colours of the three states, which differ in brightness too.
var stateLooks = [3]color.NRGBA{rgb(0xD6ECF9), rgb(0xF5C26B), rgb(0xB5471B)}

// The heights of a row of regions, in points: many rows are lower.
const (
	regionRow    vg.Length = 26
	regionLow    vg.Length = 13
	regionHeight vg.Length = 340 // beyond which rows are low
)

// regions is a sheet with rows of spans.
type regions struct {
	*reports.Regions
	x, y      scale
	rowHeight vg.Length
}

func newRegions(r *reports.Regions) *regions {
	s := &regions{Regions: r, rowHeight: regionRow}
	if vg.Length(len(r.Rows))*regionRow > regionHeight {
		s.rowHeight = max(regionLow, regionHeight/vg.Length(len(r.Rows)))
	}
	x := newRange()
	for _, row := range r.Rows {
		for _, span := range row.Spans {
			x.include(span.From)
			x.include(span.To)
		}
	}
	s.x = x.scale(r.X.Log, 9)
	if !x.none() { // no room beside what was looked at
		s.x.min, s.x.max = x.lo, x.hi
		s.x.ticks = within(s.x.ticks, x.lo, x.hi)
	}
	s.y = scale{min: -0.5, max: float64(max(len(r.Rows), 1)) - 0.5, norm: plot.LinearScale{}, label: r.Y}
	for i, row := range r.Rows {
		s.y.ticks = append(s.y.ticks, plot.Tick{Value: float64(i), Label: fit(reports.OneLine(row.Label), tickStyle, 90)})
	}
	return s
}

// within keeps the ticks of a range.
func within(ticks []plot.Tick, lo, hi float64) []plot.Tick {
	var out []plot.Tick
	for _, t := range ticks {
		if t.Value >= lo && t.Value <= hi {
			out = append(out, t)
		}
	}
	return out
}

func (s *regions) legend() []key {
	var keys []key
	for i, name := range s.States {
		keys = append(keys, key{label: name, area: stateLooks[i]})
	}
	return append(keys, key{label: "looked at", dot: ink})
}

func (s *regions) dataHeight() vg.Length { return vg.Length(max(len(s.Rows), 1)) * s.rowHeight }

func (s *regions) height() vg.Length {
	return headRoom(s.legend()) + s.gap() +
		s.dataHeight() + axisHeight + vg.Length(len(s.Notes))*noteHeight + margin/2
}

// turned tells whether the label of the rows has room beside them; else it stands above.
func (s *regions) turned() bool { return labelStyle.Width(s.Y) <= s.dataHeight() }

// gap is what lies between the legend and the rows.
func (s *regions) gap() vg.Length {
	if s.turned() {
		return rowGap
	}
	return rowGap + legendLine
}

func (s *regions) caption() string { return s.Title + ": " + s.Alt }

func (s *regions) draw(c draw.Canvas) {
	left := c.Min.X + margin
	y := drawHead(c, fit(reports.OneLine(s.Title), titleStyle, pageWidth-2*margin), reports.OneLine(s.Subtitle), s.legend()) - s.gap()
	data := c
	data.Rectangle = vg.Rectangle{
		Min: vg.Point{X: left + labelRoom(s.y.ticks), Y: y - s.dataHeight()},
		Max: vg.Point{X: c.Max.X - margin - 6, Y: y},
	}
	q := s.plot()
	q.Draw(around(q, data))
	if len(s.Rows) == 0 {
		drawMessage(c, data, "no rows: nothing was run")
	}
	if s.turned() {
		drawTurned(c, c.Min.X+margin+6, y-s.dataHeight()/2, s.Y)
	} else { // too long for few rows: above them
		c.FillText(labelStyle, vg.Point{X: left, Y: y + 2}, fit(s.Y, labelStyle, pageWidth-2*margin))
	}
	drawNotes(c, s.Notes)
}

func (s *regions) plot() *plot.Plot {
	q := plot.New()
	q.BackgroundColor = nil
	q.X.Min, q.X.Max, q.X.Scale = s.x.min, s.x.max, s.x.norm
	q.Y.Min, q.Y.Max, q.Y.Scale = s.y.min, s.y.max, s.y.norm
	q.X.Tick.Marker, q.Y.Tick.Marker = plot.ConstantTicks(s.x.ticks), plot.ConstantTicks(s.y.ticks)
	styleAxes(q)
	q.X.Label.Text = s.X.Label
	q.Add(&regionBands{s})
	return q
}

// regionBands are the rows of regions.
type regionBands struct{ *regions }

// Plot implements [plot.Plotter].
func (m *regionBands) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	half := m.rowHeight/2 - 1.5
	for i, row := range m.Rows {
		middle := y(float64(i))
		for _, span := range row.Spans {
			box := vg.Rectangle{Min: vg.Point{X: x(span.From), Y: middle - half}, Max: vg.Point{X: x(span.To), Y: middle + half}}
			c.SetColor(stateLooks[span.State])
			c.Fill(box.Path())
		}
		c.SetColor(translucent(ink, 0x90))
		for _, point := range row.Points {
			c.Fill(diamondOf(vg.Point{X: x(point.X), Y: middle - half + 3}, 2.4))
		}
		m.edges(c, x, row, middle)
	}
}

// edges writes where the states of a row change, to the left of the change, or to
// its right where the one before has no room for it.
func (m *regionBands) edges(c draw.Canvas, x func(float64) vg.Length, row reports.RegionRow, middle vg.Length) {
	for i := 1; i < len(row.Spans); i++ {
		before, after := row.Spans[i-1], row.Spans[i]
		text := plainNumber(after.From)
		at, width := x(after.From), tickStyle.Width(text)+6
		style, pt, under := right(tickStyle), vg.Point{X: at - 3, Y: middle - 3}, before
		if at-x(before.From) < width {
			if x(after.To)-at < width {
				continue
			}
			style, pt.X, under = tickStyle, at+3, after
		}
		if under.State == len(stateLooks)-1 {
			style.Color = white
		}
		c.FillText(style, pt, text)
	}
}
