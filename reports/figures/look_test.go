package figures_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
	"github.com/squall-sim/squall/reports/internal/samples"
)

var look = flag.String("look", "", "draw the samples into this directory, for people to look at")

// TestLook draws the samples for people: whether a figure is good is not for a
// test to say.
func TestLook(t *testing.T) {
	if *look == "" {
		t.Skip("give -look DIR to draw the samples")
	}
	runs := gallery()
	maps.Copy(runs, extremes())
	for name, run := range runs {
		dir := filepath.Join(*look, name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := figures.Write(dir, run, figures.Options{PNG: true}); err != nil {
			t.Fatal(err)
		}
	}
}

// gallery is every sample that a person may want to look at.
func gallery() map[string]*reports.Run {
	return map[string]*reports.Run{
		"burst":     samples.Burst(),
		"four-days": samples.FourDays(),
		"flapping":  samples.Flapping(),
		"one":       samples.One(),
		"empty":     {},
	}
}
