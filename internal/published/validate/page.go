package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/squall-sim/squall/internal/published"
)

// part is what the page has of one study: a line of the first table, and a section.
type part struct{ line, section string }

func newPart(s published.Study, r published.Report) part {
	good := 0
	for _, c := range r.Checks {
		if c.Pass {
			good++
		}
	}
	return part{
		line:    fmt.Sprintf("%s %s | %d | %d |\n", lineStart(s), s.Title, len(r.Checks), good),
		section: section(s, r),
	}
}

// keep finds a study's part in the old page.
func keep(page string, s published.Study) (part, bool) {
	_, line, ok := strings.Cut(page, "\n"+lineStart(s))
	if !ok {
		return part{}, false
	}
	line, _, _ = strings.Cut(line, "\n")
	start := "\n## " + heading(s) + "\n"
	_, section, ok := strings.Cut(page, start)
	if !ok {
		return part{}, false
	}
	if i := strings.Index(section, "\n## "); i >= 0 {
		section = section[:i]
	}
	return part{lineStart(s) + line + "\n", start + section}, true
}

// lineStart is the first cell of a study's line in the first table.
func lineStart(s published.Study) string {
	return fmt.Sprintf("| [%s](#%s) |", s.Result, anchor(heading(s)))
}

// page is the document.
func page(parts []part) string {
	var b strings.Builder
	b.WriteString("# Validation\n\n" +
		"<!-- Written by go run ./internal/published/validate; change it there. -->\n\n" +
		wrap("What others published, beside what squall measures. Every row runs squall's own backoffs, budgets and breakers on its "+
			"simulator; where a published strategy is none of ours it is a variant built from our pieces, and said to be one. Package "+
			"`internal/published` has the programs; `go run ./internal/published/validate` runs them all, and writes this page and its "+
			"figures. The tests of the package make fewer runs, with a tolerance that is wider by the same formula.\n\n"+
			"Where both sides are noisy, a row passes if the difference is one that chance alone makes in all but one of a thousand "+
			"cases: 3.29 standard errors of the difference (as many more as Student's distribution has for few runs), and half a unit "+
			"of the last published digit.") + "\n\n")
	b.WriteString("| result | | rows | within tolerance |\n|---|---|---|---|\n")
	for _, p := range parts {
		b.WriteString(p.line)
	}
	for _, p := range parts {
		b.WriteString(p.section)
	}
	return b.String()
}

func section(s published.Study, r published.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n%s\n\n", heading(s), wrap(s.Source), wrap(s.Model))
	b.WriteString("| what | published | measured | tolerance | test | |\n|---|---:|---:|---:|---|---|\n")
	for _, c := range r.Checks {
		verdict := "ok"
		if !c.Pass {
			verdict = "**off**"
		}
		row := c.Row()
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.Name, row.Published, row.Measured, row.Tolerance, c.Test, verdict)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "\n%s\n", wrap(n))
	}
	if r.Table != "" {
		fmt.Fprintf(&b, "\n%s", r.Table)
	}
	for _, f := range r.Figures {
		fmt.Fprintf(&b, "\n![%s](images/%s.svg)\n", f.Alt, f.Name)
	}
	return b.String()
}

// pageWidth is how long lines of the page may be, but for tables.
const pageWidth = 120

// wrap breaks the lines of paragraphs.
func wrap(text string) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			b.WriteString("\n\n")
		}
		length := 0
		for j, word := range strings.Fields(paragraph) {
			n := utf8.RuneCountInString(word)
			switch {
			case j > 0 && length+1+n > pageWidth:
				b.WriteByte('\n')
				length = 0
			case j > 0:
				b.WriteByte(' ')
				length++
			}
			b.WriteString(word)
			length += n
		}
	}
	return b.String()
}

func heading(s published.Study) string { return s.Result + ": " + s.Title }

// anchor is what GitHub makes of a heading.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}
