package figures_test

import (
	"regexp"
	"slices"
	"strings"
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

// One phase with a long label, shown in little space, must not cost longer
// phases beside it their own.
func TestLongLabelsLeaveRoom(t *testing.T) {
	run := samples.Burst()
	run.Phases = samples.Phases("a-rather-long-label-of-a-short-phase-0123456789-0123456789-0123456", 15*time.Second, "outage",
		"steady", 75*time.Second, "", "burst", 60*time.Second, "p=0.9 SlowDown")
	_, texts := svgOf(t, "latency", run, figures.Options{})
	if !slices.Contains(texts, "steady") || !slices.Contains(texts, "burst") {
		t.Errorf("phases of a minute and more have no label: %q", texts)
	}
	for _, s := range texts {
		if strings.HasPrefix(s, "no room") {
			t.Error(s)
		}
	}
}
