package figures

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// page is one figure, ready to be drawn: rows of plots on shared axes, under a
// title, a legend and the phases.
type page struct {
	title, subtitle string
	legend          []key
	rows            []row
	y               scale
	src             *source
	notes           []string
	rowHeight       vg.Length // of the plot area in each row
	labels          *strip
}

// row is the plot of one policy.
type row struct {
	name, settings string
	facts          string // the policy in numbers, at the right
	message        string // written across an empty plot
	marks          []plot.Plotter
}

// key is an entry of the legend.
type key struct {
	label string
	line  *draw.LineStyle // drawn as a line
	area  color.Color     // drawn as a box
	ticks bool            // drawn as a row of short lines, in the line's style
}

// Sizes in points. The page is 600 points wide, which a browser shows as 800
// pixels.
const (
	pageWidth   vg.Length = 600
	margin      vg.Length = 12
	titleHeight vg.Length = 17
	subHeight   vg.Length = 14
	legendLine  vg.Length = 14
	headHeight  vg.Length = 16 // above each row, for the policy's name
	axisHeight  vg.Length = 30 // below the last row, for time
	noteHeight  vg.Length = 11
	rowGap      vg.Length = 8
)

// newPage starts a page for the drawn policies; height is the wish of the figure
// for a row when there are three.
func newPage(s *source, title string, height vg.Length) *page {
	p := &page{title: title, subtitle: s.subtitle(), src: s, notes: s.notes()}
	switch n := len(s.policies); {
	case n <= 1:
		p.rowHeight = height * 1.9
	case n == 2:
		p.rowHeight = height * 1.3
	case n <= 4:
		p.rowHeight = height
	case n <= 8:
		p.rowHeight = height * 0.8
	default:
		p.rowHeight = height * 0.65
	}
	for _, policy := range s.policies {
		settings := clean(policy.Settings)
		if policy.Baseline {
			settings = "baseline · " + settings
		}
		p.rows = append(p.rows, row{name: clean(policy.Name), settings: settings})
	}
	if len(p.rows) == 0 {
		p.rows = []row{{message: "no policies: nothing was run"}}
	}
	return p
}

// ready places the phases' labels, once the vertical axis and with it the width
// of the plots is known.
func (p *page) ready() *page {
	p.labels = p.strip()
	if note := p.labels.note(len(p.src.run.Phases)); note != "" {
		p.notes = append(p.notes, note)
	}
	return p
}

// ticks is how many labels the vertical axis has room for.
func (p *page) ticks() int { return max(int(p.rowHeight/18), 2) }

func (p *page) height() vg.Length {
	n := vg.Length(len(p.rows))
	h := margin + titleHeight + subHeight
	h += vg.Length(len(p.legendLines())) * legendLine
	h += p.labels.height()
	h += n*(headHeight+p.rowHeight) + (n-1)*rowGap
	h += axisHeight + vg.Length(len(p.notes))*noteHeight + margin/2
	return h
}

// draw lays the page out from top to bottom.
func (p *page) draw(c draw.Canvas) {
	c.SetColor(white)
	c.Fill(c.Rectangle.Path())
	left, y := c.Min.X+margin, c.Max.Y-margin

	y -= titleHeight
	c.FillText(titleStyle, vg.Point{X: left, Y: y + 5}, p.title)
	y -= subHeight
	c.FillText(subStyle, vg.Point{X: left, Y: y + 5}, fit(p.subtitle, subStyle, pageWidth-2*margin))
	for _, line := range p.legendLines() {
		y -= legendLine
		p.drawLegend(c, vg.Point{X: left, Y: y}, line)
	}

	plots, tiles := p.plots(c, y)
	p.labels.draw(c, tiles[0].data.Min.X, y)
	for i, t := range tiles {
		p.drawRow(c, t, plots[i], &p.rows[i])
	}

	y = c.Min.Y + margin/2 + vg.Length(len(p.notes))*noteHeight
	for _, note := range p.notes {
		y -= noteHeight
		c.FillText(noteStyle, vg.Point{X: left, Y: y + 3}, fit(note, noteStyle, pageWidth-2*margin))
	}
}

// tile is where one row is drawn: its plot with axes, and inside it the data.
type tile struct{ plot, data draw.Canvas }

// plots builds the rows' plots and places them below top, with their data areas
// aligned.
func (p *page) plots(c draw.Canvas, top vg.Length) ([]*plot.Plot, []tile) {
	unit, ticks := timeAxis(p.src.end)
	var plots []*plot.Plot
	var tiles []tile
	y := top - p.labels.height()
	x0 := c.Min.X + margin + p.axisWidth()
	x1 := c.Max.X - margin - 6
	for i := range p.rows {
		q := p.plot(&p.rows[i], ticks)
		if i == len(p.rows)-1 {
			q.X.Label.Text = "time since the start (" + unit + ")"
		} else {
			q.X.Tick.Marker = unlabelled(ticks)
		}
		y -= headHeight
		data := crop(c, x0, x1, y-p.rowHeight, y)
		y -= p.rowHeight + rowGap
		plots = append(plots, q)
		tiles = append(tiles, tile{plot: around(q, data), data: data})
	}
	return plots, tiles
}

// around is the canvas for a plot whose data shall fill the given area: the
// axes of a plot take room from its canvas, as much as they do from any other.
func around(q *plot.Plot, data draw.Canvas) draw.Canvas {
	trial := data
	trial.Min.X -= 200
	trial.Min.Y -= 200
	trial.Max.X += 200
	trial.Max.Y += 200
	inner := q.DataCanvas(trial)
	trial.Min.X += data.Min.X - inner.Min.X
	trial.Min.Y += data.Min.Y - inner.Min.Y
	trial.Max.X += data.Max.X - inner.Max.X
	trial.Max.Y += data.Max.Y - inner.Max.Y
	return trial
}

func crop(c draw.Canvas, x0, x1, y0, y1 vg.Length) draw.Canvas {
	c.Rectangle = vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}
	return c
}

// axisWidth is the room for the vertical axis: the widest label and the title.
func (p *page) axisWidth() vg.Length {
	widest := vg.Length(0)
	for _, t := range p.y.ticks {
		widest = max(widest, tickStyle.Width(t.Label))
	}
	return widest + 20
}

// plot is the plot of one row, without the time axis' labels.
func (p *page) plot(r *row, ticks []plot.Tick) *plot.Plot {
	q := plot.New()
	q.BackgroundColor = nil
	q.X.Min, q.X.Max = 0, float64(p.src.end)
	q.Y.Min, q.Y.Max = p.y.min, p.y.max
	q.Y.Scale = p.y.norm
	q.X.Tick.Marker = plot.ConstantTicks(ticks)
	q.Y.Tick.Marker = plot.ConstantTicks(p.y.ticks)
	for _, a := range []*plot.Axis{&q.X, &q.Y} {
		a.Padding = 0
		a.Width, a.Color = 0.6, axisGrey
		a.Tick.Length, a.Tick.Width, a.Tick.Color = 4, 0.6, axisGrey
		handler, xalign, yalign := a.Tick.Label.Handler, a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label = tickStyle
		a.Tick.Label.Handler, a.Tick.Label.XAlign, a.Tick.Label.YAlign = handler, xalign, yalign
		a.Label.TextStyle = center(labelStyle)
		a.Label.Padding = 2
	}
	if labelStyle.Width(p.y.label) <= p.rowHeight {
		q.Y.Label.Text = p.y.label
	}
	q.Add(&bands{src: p.src}, &grid{ticks: p.y.ticks})
	q.Add(r.marks...)
	return q
}

// unlabelled keeps the marks of an axis and drops their labels.
func unlabelled(ticks []plot.Tick) plot.ConstantTicks {
	out := make(plot.ConstantTicks, 0, len(ticks))
	for _, t := range ticks {
		if !t.IsMinor() {
			out = append(out, plot.Tick{Value: t.Value, Label: " "})
		}
	}
	return out
}

// drawRow draws one row: the heading, the plot and, if it is empty, why.
func (p *page) drawRow(c draw.Canvas, t tile, q *plot.Plot, r *row) {
	q.Draw(t.plot)
	base := t.data.Max.Y + 4
	x := t.data.Min.X
	facts := fit(r.facts, factStyle, t.data.Size().X*0.6)
	room := t.data.Size().X - factStyle.Width(facts) - 10
	name := fit(r.name, headStyle, room)
	c.FillText(headStyle, vg.Point{X: x, Y: base}, name)
	used := headStyle.Width(name) + 8
	if room-used > 40 {
		c.FillText(settingStyle, vg.Point{X: x + used, Y: base}, fit(r.settings, settingStyle, room-used))
	}
	c.FillText(right(factStyle), vg.Point{X: t.data.Max.X, Y: base}, facts)
	if r.message != "" {
		c.FillText(center(messageStyle), vg.Point{X: t.data.Center().X, Y: t.data.Center().Y - 3}, r.message)
	}
}
