package main

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	commands := []string{"run", "list", "show", "check", "import", "version", "completion", "help"}
	for word, want := range map[string]string{
		"rnu": "run", "lst": "list", "imprt": "import", "Run": "run", "ver": "version", "complete": "completion",
		"frobnicate": "", "": "", "x": "", "runrunrun": "",
	} {
		if got := nearest(word, commands); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := nearest("x", nil); got != "" {
		t.Errorf("nearest of nothing = %q", got)
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"kitten", "sitting", 3}, {"rnu", "run", 1}, {"list", "lits", 1}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestOr(t *testing.T) {
	t.Parallel()
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := or(words); got != want {
			t.Errorf("or(%q) = %q, want %q", words, got, want)
		}
	}
}
