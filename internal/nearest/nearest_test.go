package nearest

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWord(t *testing.T) {
	commands := []string{"run", "list", "show", "check", "import", "version", "completion", "help"}
	keys := []string{"attempt_timeout", "attempts", "base", "cap", "jitter", "aws-standard-2.1", "größe"}
	for _, test := range []struct {
		word  string
		known []string
		want  string
	}{
		{"rnu", commands, "run"}, {"lst", commands, "list"}, {"imprt", commands, "import"}, {"Run", commands, "run"},
		{"ver", commands, "version"}, {"complete", commands, "completion"}, {"runn", commands, "run"},
		{"frobnicate", commands, ""}, {"", commands, ""}, {"x", commands, ""}, {"x", nil, ""},
		{"attemps", keys, "attempts"}, {"Attempts", keys, "attempts"}, {"atempt", keys, "attempts"}, {"xyzzy", keys, ""},
		{"attemptTimeout", keys, "attempt_timeout"}, {"attempt", keys, "attempts"}, {"aws_standard_21", keys, "aws-standard-2.1"},
		{"grösze", keys, ""}, {"grüße", keys, "größe"}, {"x", []string{"y"}, ""}, {"rertries", keys, ""},
		{strings.Repeat("a", 10_000), []string{"a"}, ""},
	} {
		if got := Word(test.word, test.known); got != test.want {
			t.Errorf("Word(%.40q) = %q, want %q", test.word, got, test.want)
		}
	}
}

// Whatever was written, the answer is a known word or none, and a known word
// of two letters or more is its own nearest.
func TestWordIsKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SliceOf(rapid.String()).Draw(t, "known")
		word := rapid.String().Draw(t, "word")
		got := Word(word, known)
		if got == "" {
			return
		}
		for _, k := range known {
			if k == got {
				return
			}
		}
		t.Fatalf("Word(%q, %q) = %q", word, known, got)
	})
}
