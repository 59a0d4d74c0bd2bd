// Package nearest finds the word that somebody meant who wrote another one,
// for the "did you mean" of error messages.
package nearest

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/hbollon/go-edlib"
)

// longest is the length in bytes from which on nobody mistypes a word: it is
// something else.
const longest = 64

// Word returns the known word that is nearest to word, or "" if none is close:
// at most a third of its letters may be wrong, missing, too many or swapped
// with their neighbour (optimal string alignment), or one of the two begins
// with the other, in three letters or more. Case and the separators "-", "_",
// "." and space do not count. The first of equally near words wins.
func Word(word string, known []string) string {
	if word == "" || len(word) > longest {
		return ""
	}
	low := fold(word)
	best, least := "", math.MaxInt
	for _, k := range known {
		if len(k) > longest {
			continue
		}
		f := fold(k)
		d := edlib.OSADamerauLevenshteinDistance(low, f)
		close := d <= max(1, utf8.RuneCountInString(f)/3) && d < utf8.RuneCountInString(low)
		if (close || begins(low, f)) && d < least {
			best, least = k, d
		}
	}
	return best
}

// fold removes the differences that people overlook.
func fold(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "", ".", "").Replace(strings.ToLower(s))
}

// begins reports whether the shorter of two words begins the longer one.
func begins(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 3 && strings.HasPrefix(b, a)
}
