package scenarios

import (
	"strings"
	"unicode/utf8"
)

// nearest gives the candidate that a person who wrote name most likely meant,
// or "" if none is close: at most a third of its letters differ. The first of
// equally near ones wins.
func nearest(name string, candidates []string) string {
	const longest = 64
	if name == "" || len(name) > longest {
		return ""
	}
	low := fold(name)
	best, least := "", utf8.RuneCountInString(name)
	for _, c := range candidates {
		if len(c) > longest {
			continue
		}
		f := fold(c)
		d := distance([]rune(low), []rune(f))
		if (d <= max(1, len(f)/3) || prefixOf(low, f)) && d < least {
			best, least = c, d
		}
	}
	return best
}

// fold removes the differences that people overlook: case and separators.
func fold(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// prefixOf reports whether the shorter of two names, of three letters or more,
// begins the longer one.
func prefixOf(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 3 && strings.HasPrefix(b, a)
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to make a into b (optimal string alignment).
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}

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
	near := nearest(word, known)
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
