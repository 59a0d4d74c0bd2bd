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

// distance counts the bytes to insert, delete or replace to make a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// or joins words as a sentence lists alternatives: "a, b or c".
func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
