package figures_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
)

// regionMaps are ordinary ones and those at the edges.
func regionMaps() map[string]*reports.Regions {
	states := [3]string{"stable", "bistable", "collapsed"}
	row := func(label string, a, b float64) reports.RegionRow {
		return reports.RegionRow{
			Label:  label,
			Spans:  []reports.Span{{From: 1, To: a, State: 0}, {From: a, To: b, State: 1}, {From: b, To: 100, State: 2}},
			Points: []reports.RegionPoint{{X: 1}, {X: 50, State: 1}, {X: 100, State: 2}},
		}
	}
	many := &reports.Regions{Title: "Many", Y: strings.Repeat("settings.", 30), States: states}
	for i := range 60 {
		many.Rows = append(many.Rows, row(strings.Repeat("n", i+1), 2+float64(i)/2, 60))
	}
	return map[string]*reports.Regions{
		"plain": {Title: "Plain", Subtitle: "of two settings", Alt: "it collapses", X: reports.Axis{Label: "load (/s)"}, Y: "attempts", States: states,
			Rows: []reports.RegionRow{row("1", 40, 60), row("2", 3, 97.5)}, Notes: []string{"a note"}},
		"log":   {Title: "Log", X: reports.Axis{Log: true}, Y: "attempts", States: states, Rows: []reports.RegionRow{row("1", 10, 20)}},
		"empty": {Title: "Empty", States: states},
		"bare":  {Title: "Bare", States: states, Rows: []reports.RegionRow{{}}},
		"many":  many,
	}
}

func TestRegions(t *testing.T) {
	dir := t.TempDir()
	if *look != "" {
		dir = *look
	}
	for name, r := range regionMaps() {
		r.Name = "regions-" + name
		files, err := figures.WriteRegions(dir, r, figures.Options{PNG: *look != ""})
		if err != nil {
			t.Fatal(err)
		}
		svg, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if files[0] != filepath.Join(dir, r.Name+".svg") {
			t.Errorf("%s is written to %s", name, files[0])
		}
		sound(t, name, svg)
		if says := strings.Contains(string(svg), "nothing was run"); says != (name == "empty") {
			t.Errorf("%s: says that nothing was run: %v", name, says)
		}
		if name != "plain" {
			continue
		}
		for _, want := range []string{"<title>Plain: it collapses</title>", ">bistable<", ">a note<", ">attempts<", ">97.5<", ">40<"} {
			if !strings.Contains(string(svg), want) {
				t.Errorf("plain: there is no %q", want)
			}
		}
	}
}

// The same regions give the same bytes, and other edges others.
func TestRegionsDiffer(t *testing.T) {
	draw := func(edge float64) string {
		r := regionMaps()["plain"]
		r.Name = "regions-" + strconv.FormatFloat(edge, 'g', -1, 64)
		r.Rows[0].Spans[0].To, r.Rows[0].Spans[1].From = edge, edge
		files, err := figures.WriteRegions(t.TempDir(), r, figures.Options{})
		if err != nil {
			t.Fatal(err)
		}
		svg, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(svg)
	}
	if draw(40) != draw(40) {
		t.Error("the same regions are drawn in two ways")
	}
	if draw(40) == draw(41) {
		t.Error("two edges are drawn alike")
	}
}
