package reports_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/squall-sim/squall/reports"
)

func sampleGrid() *reports.Grid {
	return &reports.Grid{
		Columns: []string{"fault", "attempts", "got"}, Right: []int{1},
		Rows: [][]string{
			{"a heading that is longer than its columns are together"},
			{"SlowDown", "5 of 5", "503 SlowDown"},
			{"x|y", "1", ""},
		},
	}
}

func TestGrid(t *testing.T) {
	var b strings.Builder
	g := sampleGrid()
	if err := g.Text(&b); err != nil {
		t.Fatal(err)
	}
	b.WriteString("\n")
	if err := g.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "grid.txt", []byte(b.String()))
	for _, l := range strings.Split(b.String(), "\n") {
		if strings.TrimRight(l, " ") != l {
			t.Errorf("blanks at the end of %q", l)
		}
	}
	if got := g.Width(); got != 56 {
		t.Errorf("width %d", got)
	}
}

func TestGridTellsOfFailedWrites(t *testing.T) {
	errFull := errors.New("full")
	g := sampleGrid()
	if err := g.Text(failing{errFull}); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := g.Markdown(failing{errFull}); !errors.Is(err, errFull) {
		t.Error(err)
	}
}
