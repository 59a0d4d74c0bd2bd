package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// hostile are files that would take a naive reader's stack, memory or time.
func hostile() map[string]string {
	const n = 100_000
	deep := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Repeat(" ", i) + "a:\n")
		}
		return b.String()
	}
	keys := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	return map[string]string{
		"brackets":        "a: " + strings.Repeat("[", n),
		"closed brackets": "a: " + strings.Repeat("[", n) + strings.Repeat("]", n),
		"braces":          "a: " + strings.Repeat("{a: ", n),
		"deep":            deep(3000),
		"dashes":          strings.Repeat("- ", n),
		"questions":       strings.Repeat("? ", n),
		"keys":            keys("k%d: v\n", n),
		"flow keys":       "{" + keys("k%d: v,", n) + "}",
		"flow words":      "{" + keys("k%d,", n) + "}",
		"empty keys":      keys("k%d:\n", n),
		"empty items":     strings.Repeat("-\n", n),
		"empty pairs":     strings.Repeat("- a:\n", n),
		"commas":          "a: [" + strings.Repeat(",", n),
		"colons":          strings.Repeat(":", n),
		"colon words":     "a" + strings.Repeat(": a", n),
		"anchors":         strings.Repeat("&a ", n),
		"anchor lines":    strings.Repeat("&a\n", n),
		"anchored items":  strings.Repeat("- &a x\n", n),
		"aliases":         "a: &a x\nb: [" + strings.Repeat("*a, ", n) + "]",
		"tags":            strings.Repeat("!a ", n),
		"documents":       strings.Repeat("---\n", n),
		"documents too":   strings.Repeat("a\n---\n", n),
		"directives":      strings.Repeat("%A\n", n),
		"literals":        strings.Repeat("- |\n x\n", n),
		"quotes":          strings.Repeat("- 'a'\n", n),
		"open quote":      `a: "` + strings.Repeat("x\n", n),
		"unknown keys":    "phases:\n" + strings.Repeat("  - {labl: steady, four: 60s}\n", n),
		"unknown faults":  "phases:\n  - label: a\n    for: 1s\n    faults:\n" + strings.Repeat("      - {effect: SlowDwon}\n", n),
		"long line":       "about: " + strings.Repeat("x", 1<<22),
		"long key":        strings.Repeat("x", 1<<20) + ": y",
		"comments":        strings.Repeat("# x\n", n*4),
		"comment between": "a: " + strings.Repeat("# x\n", n) + " b",
		"spaces":          strings.Repeat(" ", 1<<22),
		"lines":           strings.Repeat("\n", 1<<22),
		"thresholds":      "phases: [{label: a, for: 1s}]\nthresholds:\n" + keys("  \"calls{phase:x%d}\": [count>0]\n", 4000),
		"expressions":     "thresholds:\n  calls: [" + strings.Repeat("count>x,", n) + "]",
	}
}

func TestHostileFilesAreRefusedInTime(t *testing.T) {
	for name, text := range hostile() {
		start := time.Now()
		_, err := Parse("hostile.yaml", []byte(text))
		took := time.Since(start)
		if err == nil {
			t.Errorf("%s: no problem found", name)
			continue
		}
		fmt.Printf("%-16s %8d bytes %v %.160s\n", name, len(text), took, strings.ReplaceAll(err.Error(), "\n", "⏎"))
	}
}
