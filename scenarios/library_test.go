package scenarios

import (
	"strings"
	"testing"
)

func TestLibraryIsValid(t *testing.T) {
	names := libraryNames()
	if len(names) < 4 {
		t.Fatalf("only %d built-in scenarios: %v", len(names), names)
	}
	for _, name := range names {
		sc, err := Builtin(name)
		if err != nil {
			t.Errorf("%s:\n%v", name, err)
			continue
		}
		if sc.Name != strings.TrimPrefix(name, Published) {
			t.Errorf("library/%s.yaml holds the scenario %q", name, sc.Name)
		}
		if sc.About == "" || len(sc.Thresholds) == 0 {
			t.Errorf("%s makes no claim, or does not check it", name)
		}
	}
}
