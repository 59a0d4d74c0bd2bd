package main

import "testing"

func TestOr(t *testing.T) {
	t.Parallel()
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := or(words); got != want {
			t.Errorf("or(%q) = %q, want %q", words, got, want)
		}
	}
}
