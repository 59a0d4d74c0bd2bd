package faults

import (
	"strconv"
	"strings"
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
	if near := nearest(name, known); near != "" {
		return "did you mean " + near + "? " + list
	}
	return list
}

// nearest gives the candidate that a person who wrote name most likely meant,
// or "" if none is close: at most a third of its letters differ. The first of
// equally near ones wins.
func nearest(name string, candidates []string) string {
	const longest = 64
	if name == "" || len(name) > longest {
		return ""
	}
	low := fold(name)
	best, least := "", len(low)
	for _, c := range candidates {
		f := fold(c)
		d := distance(low, f)
		if d <= max(1, len(f)/3) && d < least {
			best, least = c, d
		}
	}
	return best
}

// fold removes what people overlook: case and separators.
func fold(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "", ".", "").Replace(strings.ToLower(s))
}

// distance counts the bytes to insert, delete, replace or swap with their
// neighbour to make a into b: optimal string alignment.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
