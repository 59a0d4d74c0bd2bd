package figures_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/squall-sim/squall/reports/figures"
	"github.com/squall-sim/squall/reports/internal/samples"
)

// The rows of a figure share one axis of time: the last one, whose label may hang
// over its end, must not be narrower.
func TestRowsAlign(t *testing.T) {
	run := samples.Burst()
	grid := regexp.MustCompile(`d="M([\d.]+),[\d.]+L([\d.]+),[^"]*" style="fill:none;stroke:#DADADA`)
	for _, more := range []time.Duration{0, 300 * time.Millisecond, time.Second, 2 * time.Second} {
		run.DurationNS = int64(150*time.Second + more)
		svg, _ := svgOf(t, "load", run, figures.Options{})
		ends := map[string]int{}
		for _, m := range grid.FindAllSubmatch(svg, -1) {
			ends[string(m[1])+" to "+string(m[2])]++
		}
		if len(ends) != 1 {
			t.Errorf("%v after the last label the grids of the rows reach from %v, want one and the same", more, ends)
		}
	}
}
