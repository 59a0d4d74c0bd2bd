package main

import "strings"

// nearest gives the known word that somebody who wrote word most likely meant,
// "" if none is close: one letter in three may differ, and a part of three
// letters or more stands for the whole.
func nearest(word string, known []string) string {
	best, least := "", len(word)+1
	for _, k := range known {
		d := distance(strings.ToLower(word), strings.ToLower(k))
		if d > max(1, len(k)/3) {
			if len(word) < 3 || !strings.Contains(k, word) {
				continue
			}
			d = len(k) - len(word)
		}
		if best == "" || d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the bytes to insert, delete, replace or swap with their
// neighbour to make a into b (optimal string alignment).
func distance(a, b string) int {
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
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// or joins words as a sentence lists alternatives: "a, b or c".
func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
