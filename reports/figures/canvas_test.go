package figures_test

import (
	"html"
	"regexp"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/squall-sim/squall/reports/figures"
	"github.com/squall-sim/squall/reports/internal/samples"
)

// Each text says how wide it is in the font that it was placed in, so that another font in
// its place does not run into its neighbours.
func TestTextsKeepTheirWidth(t *testing.T) {
	start := regexp.MustCompile(`<text `)
	text := regexp.MustCompile(`<text textLength="([0-9.]+)" lengthAdjust="spacingAndGlyphs" [^>]*font-size:([0-9.]+)px[^>]*>([^<]*)</text>`)
	run := samples.Burst()
	run.Phases[1].Label = `<text x="1">` // is no text of the figure
	for _, name := range figures.Names {
		svg, _ := svgOf(t, name, run, figures.Options{})
		all := text.FindAllSubmatch(svg, -1)
		if n := len(start.FindAll(svg, -1)); n == 0 || len(all) != n {
			t.Errorf("%s: %d of %d texts say how wide they are", name, len(all), n)
		}
		for _, m := range all {
			width, _ := strconv.ParseFloat(string(m[1]), 64)
			size, _ := strconv.ParseFloat(string(m[2]), 64)
			s := html.UnescapeString(string(m[3]))
			if letter := width / size / float64(utf8.RuneCountInString(s)); letter < 0.2 || letter > 1 {
				t.Errorf("%s: %q is %v wide at %v", name, s, width, size)
			}
		}
	}
}
