// Validate runs every study of package published in full and writes
// docs/validation.md and its figures. It takes some minutes on two processors.
//
//	go run ./internal/published/validate            in the module's directory
//	go run ./internal/published/validate -png DIR   figures as PNG, too, into DIR
//
// The exit code is 1 if a check fails; the page is written all the same.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/squall-sim/squall/internal/published"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
)

func main() {
	effort := flag.Float64("effort", 1, "share of the runs that are made; the page wants all")
	out := flag.String("out", "docs", "directory of the page")
	png := flag.String("png", "", "directory for the figures as PNG, to look at")
	flag.Parse()
	failed, err := validate(published.Effort(*effort), *out, *png)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

// validate writes the page, and returns how many checks failed.
func validate(effort published.Effort, out, png string) (failed int, err error) {
	if !(effort > 0 && effort <= 1) {
		return 0, fmt.Errorf("validate: an effort of %v, want above 0 and at most 1", effort)
	}
	studies := published.Studies()
	found := make([]published.Report, len(studies))
	for i, study := range studies {
		found[i] = study.Run(effort)
		for _, c := range found[i].Checks {
			fmt.Println(c)
			if !c.Pass {
				failed++
			}
		}
		for j := range found[i].Figures {
			figure := &found[i].Figures[j]
			figure.Name = "validation-" + figure.Name
			if _, err := figures.WriteChart(filepath.Join(out, "images"), figure, figures.Options{}); err != nil {
				return failed, err
			}
			if png == "" {
				continue
			}
			if _, err := figures.WriteChart(png, figure, figures.Options{PNG: true}); err != nil {
				return failed, err
			}
		}
	}
	return failed, reports.WriteFile(filepath.Join(out, "validation.md"), func(w io.Writer) error {
		_, err := io.WriteString(w, page(studies, found))
		return err
	})
}

// page is the document.
func page(studies []published.Study, found []published.Report) string {
	var b strings.Builder
	b.WriteString("# Validation\n\n" +
		"<!-- Written by go run ./internal/published/validate; change it there. -->\n\n" +
		"What others published, beside what squall measures. Every row runs squall's own backoffs, budgets and breakers on its\n" +
		"simulator; where a published strategy is none of ours it is a variant built from our pieces, and said to be one. Package\n" +
		"`internal/published` has the programs; `go run ./internal/published/validate` runs them all, and writes this page and its\n" +
		"figures. The tests of the package make fewer runs, with a tolerance that is wider by the same formula.\n\n" +
		"Where both sides are noisy, a row passes if the difference is one that chance alone makes in all but one of a thousand\n" +
		"cases: 3.29 standard errors of the difference (as many more as Student's distribution has for few runs), and half a unit\n" +
		"of the last published digit.\n\n")
	b.WriteString("| result | | rows | within tolerance |\n|---|---|---|---|\n")
	for i, s := range studies {
		good := 0
		for _, c := range found[i].Checks {
			if c.Pass {
				good++
			}
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %d | %d |\n", s.Result, anchor(heading(s)), s.Title, len(found[i].Checks), good)
	}
	for i, s := range studies {
		section(&b, s, found[i])
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

func section(b *strings.Builder, s published.Study, r published.Report) {
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n%s\n\n", heading(s), wrap(s.Source), wrap(s.Model))
	b.WriteString("| what | published | measured | tolerance | test | |\n|---|---:|---:|---:|---|---|\n")
	for _, c := range r.Checks {
		verdict := "ok"
		if !c.Pass {
			verdict = "**off**"
		}
		row := c.Row()
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", c.Name, row.Published, row.Measured, row.Tolerance, c.Test, verdict)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(b, "\n%s\n", wrap(n))
	}
	for _, f := range r.Figures {
		fmt.Fprintf(b, "\n![%s](images/%s.svg)\n", f.Alt, f.Name)
	}
}
