package figures

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/squall-sim/squall/reports"
)

// page is one figure, ready to be drawn: rows of plots on shared axes, under a
// title, a legend and the phases.
type page struct {
	title, subtitle string
	legend          []key
	rows            []row
	y               []scale // one for each view, or a single one for all
	src             *source
	notes           []string
	rowHeight       vg.Length // of the plot area in each row
	columns         []column
}

// column is a view with its place on the page.
type column struct {
	view   *view
	x0, x1 vg.Length
	labels *strip
}

// row is the plots of one policy, side by side in the views of the page.
type row struct {
	name, settings string
	facts          string           // the policy in numbers, at the right
	message        string           // written across an empty plot
	marks          [][]plot.Plotter // for each view
}

// key is an entry of the legend.
type key struct {
	label string
	line  *draw.LineStyle // drawn as a line
	area  color.Color     // drawn as a box
	dot   color.Color     // drawn as a diamond
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
	columnGap   vg.Length = 20
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
		settings := reports.OneLine(policy.Settings)
		if policy.Baseline {
			settings = "baseline · " + settings
		}
		p.rows = append(p.rows, row{name: reports.OneLine(policy.Name), settings: settings})
	}
	if len(p.rows) == 0 {
		p.rows = []row{{message: "no policies: nothing was run"}}
	}
	return p
}

// ready places the columns and the phases' labels, once the vertical axis and
// with it the width of the plots is known.
func (p *page) ready() *page {
	x0, x1 := margin+p.axisWidth(0), pageWidth-margin-6
	if len(p.src.views) == 1 {
		p.columns = []column{{view: p.src.views[0], x0: x0, x1: x1}}
	} else {
		gap := columnGap
		if len(p.y) > 1 {
			gap += p.axisWidth(1) - 10
		}
		middle := x0 + (x1-x0)*0.55
		p.columns = []column{
			{view: p.src.views[0], x0: x0, x1: middle - gap/2},
			{view: p.src.views[1], x0: middle + gap/2, x1: x1},
		}
	}
	for i := range p.columns {
		c := &p.columns[i]
		c.labels = newStrip(c.view, c.x1-c.x0)
		if note := c.labels.note(); note != "" {
			if i > 0 {
				note += " in the close-up"
			}
			p.notes = append(p.notes, note)
		}
	}
	return p
}

// ticks is how many labels the vertical axis has room for.
func (p *page) ticks() int { return max(int(p.rowHeight/14), 2) }

func (p *page) height() vg.Length {
	n := vg.Length(len(p.rows))
	h := headRoom(p.legend) + p.stripHeight()
	h += n*(headHeight+p.rowHeight) + (n-1)*rowGap
	h += axisHeight + vg.Length(len(p.notes))*noteHeight + margin/2
	return h
}

// caption is the figure in one line.
func (p *page) caption() string { return p.title + ": " + p.subtitle }

// draw lays the page out from top to bottom.
func (p *page) draw(c draw.Canvas) {
	y := drawHead(c, p.title, p.subtitle, p.legend) - p.stripHeight()
	for _, col := range p.columns {
		col.labels.draw(c, c.Min.X+col.x0, y)
	}
	for i := range p.rows {
		y -= headHeight
		p.drawRow(c, i, y)
		y -= p.rowHeight + rowGap
	}

	drawNotes(c, p.notes)
}

// headRoom is the height of what drawHead draws.
func headRoom(legend []key) vg.Length {
	return margin + titleHeight + subHeight + vg.Length(len(legendLines(legend)))*legendLine
}

// drawHead begins a figure: a white ground, title, subtitle and legend. It returns where
// they end.
func drawHead(c draw.Canvas, title, subtitle string, legend []key) vg.Length {
	c.SetColor(white)
	c.Fill(c.Rectangle.Path())
	left, y := c.Min.X+margin, c.Max.Y-margin-titleHeight
	c.FillText(titleStyle, vg.Point{X: left, Y: y + 5}, title)
	y -= subHeight
	c.FillText(subStyle, vg.Point{X: left, Y: y + 5}, fit(subtitle, subStyle, pageWidth-2*margin))
	for _, line := range legendLines(legend) {
		y -= legendLine
		drawLegend(c, vg.Point{X: left, Y: y}, line)
	}
	return y
}

// drawNotes ends a figure with a line for each note.
func drawNotes(c draw.Canvas, notes []string) {
	y := c.Min.Y + margin/2 + vg.Length(len(notes))*noteHeight
	for _, note := range notes {
		y -= noteHeight
		c.FillText(noteStyle, vg.Point{X: c.Min.X + margin, Y: y + 3}, fit(reports.OneLine(note), noteStyle, pageWidth-2*margin))
	}
}

// stripHeight is the room for the phases' labels.
func (p *page) stripHeight() vg.Length {
	lanes := 0
	for _, c := range p.columns {
		lanes = max(lanes, c.labels.lanes)
	}
	return vg.Length(lanes)*laneHeight + stripFoot
}

// drawRow draws one row below top, heading and all.
func (p *page) drawRow(c draw.Canvas, i int, top vg.Length) {
	r := &p.rows[i]
	for j, col := range p.columns {
		data := c
		data.Rectangle = vg.Rectangle{
			Min: vg.Point{X: c.Min.X + col.x0, Y: top - p.rowHeight},
			Max: vg.Point{X: c.Min.X + col.x1, Y: top},
		}
		q := p.plot(r, j, i == len(p.rows)-1)
		q.Draw(around(q, data))
		if r.message != "" {
			drawMessage(c, data, r.message)
		}
	}
	first, last := p.columns[0], p.columns[len(p.columns)-1]
	p.drawHead(c, r, first.x0, last.x1, top+4)
	// The title of the axis is not drawn by the plot: gonum/plot reserves its room
	// as if the axis were linear, which leaves a gap above a logarithmic one.
	if label := p.scale(0).label; labelStyle.Width(label) <= p.rowHeight {
		drawTurned(c, c.Min.X+margin+6, top-p.rowHeight/2, label)
	}
}

// drawTurned writes the title of a vertical axis, with its middle at y.
func drawTurned(c draw.Canvas, x, y vg.Length, label string) {
	turned := center(labelStyle)
	turned.Rotation = math.Pi / 2
	c.FillText(turned, vg.Point{X: x, Y: y}, label)
}

// drawHead writes the line above a row.
func (p *page) drawHead(c draw.Canvas, r *row, x0, x1, base vg.Length) {
	x0, x1 = c.Min.X+x0, c.Min.X+x1
	facts := fit(r.facts, factStyle, (x1-x0)*0.6)
	room := x1 - x0 - factStyle.Width(facts) - 10
	name := fit(r.name, headStyle, room)
	c.FillText(headStyle, vg.Point{X: x0, Y: base}, name)
	used := headStyle.Width(name) + 8
	if room-used > 40 {
		c.FillText(settingStyle, vg.Point{X: x0 + used, Y: base}, fit(r.settings, settingStyle, room-used))
	}
	c.FillText(right(factStyle), vg.Point{X: x1, Y: base}, facts)
}

// around is the canvas for a plot whose data shall fill the given area: the
// axes of a plot take room from its canvas. How much depends on its width, as a
// label near the end of an axis hangs over it in a narrow plot only: so the
// canvas is found by trial.
func around(q *plot.Plot, data draw.Canvas) draw.Canvas {
	trial := data
	trial.Min.X -= 200
	trial.Min.Y -= 200
	trial.Max.X += 200
	trial.Max.Y += 200
	for range 8 {
		inner := q.DataCanvas(trial)
		trial.Min.X += data.Min.X - inner.Min.X
		trial.Min.Y += data.Min.Y - inner.Min.Y
		trial.Max.X += data.Max.X - inner.Max.X
		trial.Max.Y += data.Max.Y - inner.Max.Y
	}
	return trial
}

// scale is the vertical axis of a column.
func (p *page) scale(col int) *scale { return &p.y[min(col, len(p.y)-1)] }

// axisWidth is the room for the vertical axis of a column: the widest label and
// the title.
func (p *page) axisWidth(col int) vg.Length { return labelRoom(p.scale(col).ticks) }

// labelRoom is the room for a vertical axis with these ticks and a title.
func labelRoom(ticks []plot.Tick) vg.Length {
	widest := vg.Length(0)
	for _, t := range ticks {
		widest = max(widest, tickStyle.Width(t.Label))
	}
	return widest + 20
}

// plot is the plot of one row in one column; the last row has the time axis.
func (p *page) plot(r *row, col int, last bool) *plot.Plot {
	v := p.columns[col].view
	about := max(int((p.columns[col].x1-p.columns[col].x0)/45), 2)
	unit, ticks := timeAxis(v, about)
	q := plot.New()
	q.BackgroundColor = nil
	q.X.Min, q.X.Max = float64(v.begin), float64(v.end)
	y := p.scale(col)
	q.Y.Min, q.Y.Max = y.min, y.max
	q.Y.Scale = y.norm
	q.X.Tick.Marker = unlabelled(ticks)
	q.Y.Tick.Marker = plot.ConstantTicks(y.ticks)
	if col >= len(p.y) { // the same axis as to the left
		q.Y.Tick.Marker = unlabelled(y.ticks)
	}
	styleAxes(q)
	if last {
		q.X.Tick.Marker = plot.ConstantTicks(ticks)
		q.X.Label.Text = fit(v.since+" ("+unit+")", labelStyle, p.columns[col].x1-p.columns[col].x0)
	}
	q.Add(&bands{v}, &grid{y.ticks})
	if col < len(r.marks) {
		q.Add(r.marks[col]...)
	}
	q.Add(&marker{v})
	return q
}

// styleAxes gives both axes of a plot the look of all figures.
func styleAxes(q *plot.Plot) {
	for _, a := range []*plot.Axis{&q.X, &q.Y} {
		a.Padding = 0
		a.Width, a.Color = 0.6, axisGrey
		a.Tick.Length, a.Tick.Width, a.Tick.Color = 4, 0.6, axisGrey
		xalign, yalign := a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label = tickStyle
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = xalign, yalign
		a.Label.TextStyle = center(labelStyle)
		a.Label.Padding = 2
	}
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

// drawMessage writes across the middle of a plot, on white to be readable over
// shades and grid.
func drawMessage(c, data draw.Canvas, s string) {
	at := data.Center()
	w, h := messageStyle.Width(s)/2+6, messageStyle.Height(s)/2+2
	box := vg.Rectangle{Min: vg.Point{X: at.X - w, Y: at.Y - h}, Max: vg.Point{X: at.X + w, Y: at.Y + h}}
	c.SetColor(translucent(white, 0xE0))
	c.Fill(box.Path())
	c.FillText(center(messageStyle), vg.Point{X: at.X, Y: at.Y - 4}, s)
}
