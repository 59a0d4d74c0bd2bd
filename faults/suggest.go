package faults

import (
	"strconv"
	"strings"

	"github.com/squall-sim/squall/internal/nearest"
)

// quote writes a text from outside so that nothing in it disturbs a terminal
// or fills it.
func quote(s string) string {
	const longest = 80
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return strconv.Quote(s)
}

// didYouMean is the hint for an unknown name: the nearest known one, and all
// of them where they are few.
func didYouMean(name string, known []string) string {
	const few = 12
	if len(known) == 0 {
		return "there are none"
	}
	list := "known: " + strings.Join(known, ", ")
	if len(known) > few {
		list = namesHint
	}
	return suggest(name, known, list)
}

// suggest puts the nearest of the known words before what else is to be said.
func suggest(name string, known []string, more string) string {
	if near := nearest.Word(name, known); near != "" {
		return "did you mean " + near + "? " + more
	}
	return more
}
