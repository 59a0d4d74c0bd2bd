package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/squall-sim/squall/internal/published"
)

func study(result, title string) published.Study {
	return published.Study{
		Result: result, Title: title, Source: "Someone, 2026", Model: "One.\n\nTwo.",
		Run: func(published.Effort) published.Report { return published.Report{} },
	}
}

// What is kept of a page is what it had: writing a page from the parts of a page
// gives the same page.
func TestKeep(t *testing.T) {
	studies := []published.Study{study("R1", "First"), study("R2", "Second, and more"), study("R10", "Tenth")}
	var parts []part
	for i, s := range studies {
		r := published.Report{Checks: []published.Check{{Result: s.Result, Name: "n", Pass: i != 1}}, Notes: []string{"A note."}}
		parts = append(parts, newPart(s, r))
	}
	first := page(parts)
	for i, s := range studies {
		kept, ok := keep(first, s)
		if !ok || kept != parts[i] {
			t.Errorf("%s: kept %q, %v\nwant %q", s.Result, kept, ok, parts[i])
		}
	}
	if _, ok := keep(first, study("R3", "Third")); ok {
		t.Error("something is kept of a study that the page does not have")
	}
	if !strings.Contains(first, "| [R2](#r2-second-and-more) | Second, and more | 1 | 0 |\n") || !strings.Contains(first, "**off**") {
		t.Errorf("the check that failed is not told:\n%s", first)
	}
}

// The page tells of each study what the program says of it now: it was written after the
// last change of the words. (The numbers are those of a full run, which no test makes.)
func TestPageIsNew(t *testing.T) {
	data, err := os.ReadFile("../../../docs/validation.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range published.Studies() {
		text := "\n## " + heading(s) + "\n\n" + wrap(s.Source) + ".\n\n" + wrap(s.Model) + "\n\n| what |"
		if !strings.Contains(string(data), text) {
			t.Errorf("docs/validation.md is older than the text of %s: go run ./internal/published/validate -only %[1]s", s.Result)
		}
	}
}

func TestWrap(t *testing.T) {
	text := strings.Repeat("wörd ", 60) + "\n\n" + strings.Repeat("x", 200) + " end"
	got := wrap(text)
	if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") || strings.Count(got, "\n\n") != 1 {
		t.Errorf("words are lost: %q", got)
	}
	for _, line := range strings.Split(got, "\n") {
		if n := len([]rune(line)); n > pageWidth && strings.Contains(line, " ") {
			t.Errorf("a line of %d letters: %q", n, line)
		}
	}
}

func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		effort float64
		only   string
		want   string
	}{
		"nothing":       {0, "", "want above 0"},
		"more than all": {2, "", "want above 0"},
		"no page":       {0.01, "R1", "no page"},
	} {
		if _, err := validate(published.Effort(c.effort), dir, "", c.only, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	path := filepath.Join(dir, "validation.md")
	if err := os.WriteFile(path, []byte("# Old\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := validate(0.01, dir, "", "", []string{"R4"}); err == nil || !strings.Contains(err.Error(), "-only R4") {
		t.Errorf("a study without its flag: %v", err)
	}
	if _, err := validate(0.01, dir, "", "R77", nil); err == nil || !strings.Contains(err.Error(), "R77") {
		t.Errorf("an unknown study: %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "# Old\n" {
		t.Errorf("the page is lost to a mistake: %q", data)
	}
}
