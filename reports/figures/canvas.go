package figures

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// gridCanvas snaps every position to a tenth of a point before it reaches the
// file. Two architectures may differ in the last bit of a product (some fuse
// multiplication and addition); on the grid the difference is gone, and the
// numbers are short.
type gridCanvas struct {
	vg.Canvas
	widths *[]vg.Length // of the texts, in order; nil: nobody wants to know
}

func snap(v vg.Length) vg.Length {
	// The offset keeps values that are meant to lie half-way between two places,
	// as many do, from falling to either side by their last bit.
	return vg.Length(math.Round(float64(v)*10+1e-5) / 10)
}

func snapPoint(p vg.Point) vg.Point { return vg.Point{X: snap(p.X), Y: snap(p.Y)} }

func (g gridCanvas) Stroke(p vg.Path)      { g.Canvas.Stroke(simplify(p)) }
func (g gridCanvas) Fill(p vg.Path)        { g.Canvas.Fill(simplify(p)) }
func (g gridCanvas) Translate(pt vg.Point) { g.Canvas.Translate(snapPoint(pt)) }

func (g gridCanvas) FillString(f font.Face, pt vg.Point, s string) {
	if s != " " { // the label of a tick without one
		g.Canvas.FillString(f, snapPoint(pt), s)
		if g.widths != nil {
			*g.widths = append(*g.widths, f.Width(s))
		}
	}
}

// simplify snaps a path and drops the points that change nothing: repeated
// ones, and those between two others on a horizontal or vertical line.
func simplify(p vg.Path) vg.Path {
	out := make(vg.Path, 0, len(p))
	for _, c := range p {
		c.Pos = snapPoint(c.Pos)
		if n := len(out); n > 0 && c.Type == vg.LineComp {
			last := out[n-1]
			if last.Pos == c.Pos && last.Type != vg.CloseComp {
				continue
			}
			if n > 1 && last.Type == vg.LineComp && out[n-2].Type != vg.CloseComp && between(out[n-2].Pos, last.Pos, c.Pos) {
				out[n-1] = c
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// between reports whether b lies on the horizontal or vertical line from a to c.
func between(a, b, c vg.Point) bool {
	if a.X == b.X && b.X == c.X {
		return (a.Y <= b.Y) == (b.Y <= c.Y)
	}
	if a.Y == b.Y && b.Y == c.Y {
		return (a.X <= b.X) == (b.X <= c.X)
	}
	return false
}

// sheet is a figure that is ready to be drawn, as wide as a page.
type sheet interface {
	height() vg.Length
	draw(draw.Canvas)
	caption() string // what screen readers read
}

// writeSVG writes a sheet as SVG.
func writeSVG(w io.Writer, s sheet) error {
	c := vgsvg.New(pageWidth, s.height())
	var widths []vg.Length
	s.draw(draw.NewCanvas(gridCanvas{c, &widths}, pageWidth, s.height()))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return err
	}
	// vgsvg names the font alone. Where Liberation Sans is missing, a browser
	// would fall back to a serif; Arial and Helvetica have the same widths. No
	// text of a scenario can look like the attribute: quotes are escaped in it.
	svg := bytes.ReplaceAll(buf.Bytes(),
		[]byte(`style="font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;`),
		[]byte(`style="font-family:'Liberation Sans',Arial,Helvetica,sans-serif;`))
	svg = bytes.ReplaceAll(svg,
		[]byte(`style="font-family:Liberation Sans;font-variant:normal;font-weight:bold;font-style:normal;`),
		[]byte(`style="font-family:'Liberation Sans',Arial,Helvetica,sans-serif;font-weight:bold;`))
	svg = withWidths(svg, widths)
	var title bytes.Buffer
	if err := xml.EscapeText(&title, []byte(s.caption())); err != nil {
		return err
	}
	if i := bytes.IndexByte(svg, '\n'); i > 0 {
		if j := bytes.Index(svg, []byte("\">\n")); j > 0 {
			head := append([]byte(nil), svg[:j+3]...)
			svg = append(fmt.Appendf(head, "<title>%s</title>\n", title.Bytes()), svg[j+3:]...)
		}
	}
	_, err := w.Write(svg)
	return err
}

// withWidths tells how wide each text is to be: where none of the fonts is there, and the
// one in their place is wider, texts keep to their places all the same.
func withWidths(svg []byte, widths []vg.Length) []byte {
	const start = "<text "
	out := make([]byte, 0, len(svg)+64*len(widths))
	for _, w := range widths {
		i := bytes.Index(svg, []byte(start)) + len(start) // each is there: the text itself is escaped
		out = append(out, svg[:i]...)
		out = fmt.Appendf(out, `textLength="%.1f" lengthAdjust="spacingAndGlyphs" `, snap(w).Points())
		svg = svg[i:]
	}
	return append(out, svg...)
}

// pngDPI makes a PNG two pixels wide for each CSS pixel of the SVG.
const pngDPI = 192

// writePNG writes a sheet as PNG.
func writePNG(w io.Writer, s sheet) error {
	c := vgimg.NewWith(vgimg.UseWH(pageWidth, s.height()), vgimg.UseDPI(pngDPI))
	s.draw(draw.NewCanvas(gridCanvas{Canvas: c}, pageWidth, s.height()))
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}
