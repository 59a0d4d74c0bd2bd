package figures_test

import (
	"math"
	"regexp"
	"slices"
	"strconv"
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

// An interrupted run is drawn up to where it got: calls that were never played
// are not calls that were not made.
func TestInterruptedRunsEndWhereTheyWereStopped(t *testing.T) {
	run := samples.Burst()
	run.Interrupted = true
	for i := range run.Policies {
		s := &run.Policies[i].Series
		played := 60 - 10*i // buckets; not all policies get equally far
		for j := played; j < len(s.Calls); j++ {
			s.Calls[j], s.CallP50NS[j], s.CallP99NS[j], s.CallMaxNS[j] = 0, 0, 0, 0
			for k := range s.Attempts {
				s.Attempts[k][j] = 0
			}
		}
	}
	svg, texts := svgOf(t, "load", run, figures.Options{})
	if slices.Contains(texts, "recovery") || slices.Contains(texts, "120") {
		t.Errorf("the figure goes on to the end of the plan: %q", texts)
	}
	lines := regexp.MustCompile(`d="M([\d.]+),[^"]*L([\d.]+),[\d.]+" style="[^"]*stroke:#000000`).FindAllSubmatch(svg, -1)
	number := func(b []byte) float64 {
		x, err := strconv.ParseFloat(string(b), 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	left, right := number(lines[1][1]), number(lines[1][2]) // lines[0] is in the legend
	for i, share := range []float64{1, 50. / 60, 40. / 60} {
		want := left + (right-left)*share
		if got := number(lines[i+1][2]); math.Abs(got-want) > 0.2 {
			t.Errorf("the load of policy %d is drawn up to %v, want %v", i, got, want)
		}
	}
}
