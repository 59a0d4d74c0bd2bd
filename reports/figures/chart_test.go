package figures_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
)

// charts are ordinary ones and those at the edges.
func charts() map[string]*reports.Chart {
	line := func(name string, points bool, xy ...float64) reports.Line {
		l := reports.Line{Name: name, Points: points}
		for i := 0; i < len(xy); i += 2 {
			l.Add(xy[i], xy[i+1])
		}
		return l
	}
	nan, inf := math.NaN(), math.Inf(1)
	return map[string]*reports.Chart{
		"plain": {Title: "Plain", Subtitle: "two lines and points", Alt: "it rises", X: reports.Axis{Label: "clients"}, Y: reports.Axis{Label: "ms"},
			Lines: []reports.Line{line("a", false, 20, 3, 100, 9), line("b", false, 20, 2, 100, 4), line("published", true, 20, 3)}},
		"log":      {Title: "Log", X: reports.Axis{Log: true}, Y: reports.Axis{Log: true}, Lines: []reports.Line{line("a", false, 0.001, 1e-6, 1000, 1e6)}},
		"empty":    {Title: "Empty"},
		"gaps":     {Title: "Gaps", Y: reports.Axis{Log: true}, Lines: []reports.Line{line("a", false, 0, nan, 1, inf, 2, 0, 3, -1, nan, 5, 4, 7)}},
		"one":      {Title: "One", Lines: []reports.Line{line("a", false, 5, 5)}},
		"negative": {Title: "Negative", Lines: []reports.Line{line("a", false, -3, -8, 2, 5)}},
		"many":     {Title: strings.Repeat("Long ", 60), Subtitle: strings.Repeat("long ", 90), Lines: manyLines()},
		"share":    {Title: "Share", Y: reports.Axis{Label: "%", Most: 100}, Lines: []reports.Line{line("a", false, 0, 100*(1+1e-12), 1, 99), line("b", false, 0, 3, 1, 0)}},
		"more":     {Title: "More than all", Y: reports.Axis{Label: "%", Most: 100}, Lines: []reports.Line{line("a", false, 0, 100, 1, 113)}},
		"uneven":   {Title: "Uneven", Lines: []reports.Line{{Name: "a", X: []float64{1, 2, 3}, Y: []float64{1}}}},
	}
}

func manyLines() []reports.Line {
	var lines []reports.Line
	for i := range 20 {
		l := reports.Line{Name: strings.Repeat("n", i+1)}
		l.Add(0, float64(i))
		l.Add(1e6, float64(i*i))
		lines = append(lines, l)
	}
	return lines
}

func TestChart(t *testing.T) {
	dir := t.TempDir()
	if *look != "" {
		dir = *look
	}
	for name, c := range charts() {
		c.Name = "chart-" + name
		files, err := figures.WriteChart(dir, c, figures.Options{PNG: *look != ""})
		if err != nil {
			t.Fatal(err)
		}
		svg, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if files[0] != filepath.Join(dir, "chart-"+name+".svg") {
			t.Errorf("%s is written to %s", name, files[0])
		}
		sound(t, name, svg)
		if says := strings.Contains(string(svg), "no data"); says != (name == "empty") {
			t.Errorf("%s: says that there is no data: %v", name, says)
		}
		if is := strings.Contains(string(svg), ">120</text>"); is != (name == "more") && strings.Contains(name, "re") {
			t.Errorf("%s: has a label 120: %v", name, is)
		}
		if c.Alt != "" && !strings.Contains(string(svg), "<title>Plain: it rises</title>") {
			t.Errorf("%s: has no title with %q", name, c.Alt)
		}
	}
}

func TestChartNowhere(t *testing.T) {
	if _, err := figures.WriteChart(filepath.Join(t.TempDir(), "none"), &reports.Chart{Name: "c"}, figures.Options{}); err == nil {
		t.Error("written into a directory that is not there")
	}
}
