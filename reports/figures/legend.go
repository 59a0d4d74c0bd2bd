package figures

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	keyWidth vg.Length = 18 // of the sample of a mark
	keyGap   vg.Length = 14 // between entries
)

func (k key) width() vg.Length { return keyWidth + 4 + legendStyle.Width(k.label) + keyGap }

// legendLines breaks a legend into lines as wide as the page.
func legendLines(legend []key) [][]key {
	var lines [][]key
	var x vg.Length
	for _, k := range legend {
		if len(lines) == 0 || x+k.width() > pageWidth-2*margin {
			lines = append(lines, nil)
			x = 0
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], k)
		x += k.width()
	}
	return lines
}

// drawLegend draws one line of a legend with its foot at pt. It has a place
// of its own above the plots, so that it covers no data.
func drawLegend(c draw.Canvas, pt vg.Point, keys []key) {
	for _, k := range keys {
		y := pt.Y + 7
		if k.area != nil {
			box := vg.Rectangle{Min: vg.Point{X: pt.X, Y: y - 4}, Max: vg.Point{X: pt.X + keyWidth, Y: y + 4}}
			c.SetColor(k.area)
			c.Fill(box.Path())
		}
		if k.dot != nil {
			c.SetColor(k.dot)
			c.Fill(diamond(vg.Point{X: pt.X + keyWidth/2, Y: y}))
		}
		switch {
		case k.line == nil:
		case k.ticks:
			for i := range 3 {
				x := pt.X + vg.Length(i)*(keyWidth/3)
				dy := vg.Length(i%2)*3 - 1
				c.StrokeLine2(*k.line, x+1, y+dy, x+keyWidth/3-1, y+dy)
			}
		default:
			c.StrokeLine2(*k.line, pt.X, y, pt.X+keyWidth, y)
		}
		c.FillText(legendStyle, vg.Point{X: pt.X + keyWidth + 4, Y: pt.Y + 3}, k.label)
		pt.X += k.width()
	}
}
