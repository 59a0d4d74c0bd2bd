package docs_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/squall-sim/squall/retry"
)

// TestNamesDocumented demands every preset, jitter and hint in the scenario
// file's reference.
func TestNamesDocumented(t *testing.T) {
	page, err := os.ReadFile("scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(retry.Presets(), retry.JitterKinds(), retry.HintModes()) {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("scenarios.md does not have `%s`", name)
		}
	}
}
