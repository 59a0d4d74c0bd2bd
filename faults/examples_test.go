package faults

import "testing"

// TestEffectExamples: every kind has one, and all are valid, as they are
// written, and different.
func TestEffectExamples(t *testing.T) {
	seen := make(map[Effect]bool)
	kinds := make(map[Kind]bool)
	for i, e := range EffectExamples() {
		if err := e.Validate(); err != nil || e.String() != effectExamples[i] || seen[e] {
			t.Errorf("%s: reads as %s, validity %v, twice %v", effectExamples[i], e, err, seen[e])
		}
		seen[e], kinds[e.Kind] = true, true
	}
	for k := None + 1; int(k) < len(kindWords); k++ {
		if !kinds[k] {
			t.Errorf("%s has no example in effectExamples", k)
		}
	}
}
