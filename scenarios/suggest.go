package scenarios

import (
	"strings"

	"github.com/squall-sim/squall/internal/nearest"
)

// didYouMean is the hint for an unknown word: the nearest known one, and all of
// them, or the first few where they are many.
func didYouMean(word string, known []string) string {
	const many, few = 24, 6
	var list strings.Builder
	for i, name := range known {
		if i == few && len(known) > many {
			list.WriteString(", …")
			break
		}
		if i > 0 {
			list.WriteString(", ")
		}
		if name == "" {
			name = `""`
		}
		list.WriteString(name)
	}
	near := nearest.Word(word, known)
	switch {
	case len(known) == 0:
		return ""
	case len(known) == 1:
		return "the only one is " + list.String()
	case near != "":
		return "did you mean " + near + "? known: " + list.String()
	}
	return "known: " + list.String()
}
