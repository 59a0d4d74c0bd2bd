// Validate runs every study of package published in full and writes
// docs/validation.md and its figures. It takes some minutes on two processors.
//
//	go run ./internal/published/validate             in the module's directory
//	go run ./internal/published/validate -only R4    that study; the page keeps the others
//	go run ./internal/published/validate -png DIR    figures as PNG, too, into DIR
//
// The exit code is 1 if a check fails; the page is written all the same.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/squall-sim/squall/internal/published"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
)

func main() {
	effort := flag.Float64("effort", 1, "share of the runs that are made; the page wants all")
	out := flag.String("out", "docs", "directory of the page")
	png := flag.String("png", "", "directory for the figures as PNG, to look at")
	only := flag.String("only", "", "results with commas between them, such as R1,R4: the page keeps the others as they are")
	flag.Parse()
	failed, err := validate(published.Effort(*effort), *out, *png, *only, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

// validate writes the page, and returns how many checks failed.
func validate(effort published.Effort, out, png, only string, rest []string) (failed int, err error) {
	if len(rest) > 0 { // "validate R4" would play everything, and write the page
		return 0, fmt.Errorf("validate: %q is no flag; did you mean -only %s?", rest, strings.Join(rest, ","))
	}
	if !(effort > 0 && effort <= 1) {
		return 0, fmt.Errorf("validate: an effort of %v, want above 0 and at most 1", effort)
	}
	path := filepath.Join(out, "validation.md")
	old, err := os.ReadFile(path)
	if err != nil && only != "" {
		return 0, fmt.Errorf("validate: no page that could be kept: %w", err)
	}
	wanted := strings.FieldsFunc(only, func(r rune) bool { return r == ',' })
	var parts []part
	for _, study := range published.Studies() {
		if i := slices.Index(wanted, study.Result); i >= 0 {
			wanted = slices.Delete(wanted, i, i+1)
		} else if only != "" {
			if kept, ok := keep(string(old), study); ok {
				parts = append(parts, kept)
			}
			continue
		}
		report := study.Run(effort)
		for _, c := range report.Checks {
			fmt.Println(c)
			if !c.Pass {
				failed++
			}
		}
		if err := draw(&report, out, png); err != nil {
			return failed, err
		}
		parts = append(parts, newPart(study, report))
	}
	if len(wanted) > 0 {
		return failed, fmt.Errorf("validate: there is no study %v", wanted)
	}
	return failed, reports.WriteFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, page(parts))
		return err
	})
}

// draw writes the figures of a study, and names them as the page does.
func draw(report *published.Report, out, png string) error {
	for i := range report.Figures {
		figure := &report.Figures[i]
		figure.Name = "validation-" + figure.Name
		if _, err := figures.WriteChart(filepath.Join(out, "images"), figure, figures.Options{}); err != nil {
			return err
		}
		if png == "" {
			continue
		}
		if _, err := figures.WriteChart(png, figure, figures.Options{PNG: true}); err != nil {
			return err
		}
	}
	return nil
}
