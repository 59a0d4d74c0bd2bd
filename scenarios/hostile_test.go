package scenarios

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// hostile are files that would take a naive reader's stack, memory or time.
func hostile() map[string]string {
	const n = 20_000
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

// Memory stands for time here: what takes either out of proportion to the file
// takes both, and only memory is the same on every machine.
func TestHostileFilesAreRefusedInProportion(t *testing.T) {
	for name, text := range hostile() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse("hostile.yaml", []byte(text))
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no problem found", name)
			continue
		}
		const each, once = 500, 1 << 30 // bytes; finding what was meant takes much of each of maxProblems
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(len(text))*each+once {
			t.Errorf("%s: %d bytes of text took %d MB", name, len(text), used>>20)
		}
		if len(err.Error()) > 1<<17 {
			t.Errorf("%s: the error is %d bytes long", name, len(err.Error()))
		}
	}
}

// long is a scenario of n phases and two more.
func long(n int, p string) string {
	var phases strings.Builder
	for i := range n {
		fmt.Fprintf(&phases, "  - {label: p%d, for: 1s, faults: [{p: %s, effect: SlowDown}]}\n", i, p)
	}
	return strings.Replace(sound, "phases:\n", "phases:\n"+phases.String(), 1)
}

func TestLongScenario(t *testing.T) {
	const n = 100_000
	sc, err := Parse("long.yaml", []byte(long(n, "0.5")))
	if err != nil || len(sc.Phases) != n+2 {
		t.Fatal(err)
	}
	_, err = Parse("long.yaml", []byte(long(2*maxProblems, "1.5")))
	var problems *Problems
	if !errors.As(err, &problems) || len(problems.List) != maxProblems+1 {
		t.Fatalf("got %v", err)
	}
	if last := problems.List[maxProblems]; !strings.Contains(last.Message, "too many problems") {
		t.Errorf("the last is %v", last)
	}
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{"phases=2": sound, "phases=10000": long(10_000, "0.5")} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse("x.yaml", []byte(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
