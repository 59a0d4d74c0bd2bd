package faults_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/squall-sim/squall/faults"
)

// TestEffectsDocumented demands a row for every kind of effect in the scenario
// file's reference, and the names of those that continue, in any order.
func TestEffectsDocumented(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "docs", "scenarios.md"))
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`that leave the answer to the backend\s\(([^)]+)\)\scontinue`).FindSubmatch(data)
	if list == nil {
		t.Fatal("docs/scenarios.md does not say which effects continue")
	}
	for _, e := range faults.EffectExamples() {
		name, _, _ := strings.Cut(e.String(), " ")
		if e.Kind == faults.Status {
			name = "503"
		}
		if !regexp.MustCompile("(?m)^\\| `" + name + "[ `]").Match(data) {
			t.Errorf("docs/scenarios.md has no row for the effect %s", name)
		}
		if strings.Contains(string(list[1]), "`"+name+"`") != e.Modifies() {
			t.Errorf("docs/scenarios.md says that %s continues, or fails to: it does: %v", name, e.Modifies())
		}
	}
}
