package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
)

// TextOptions says how [Text] writes. The zero value is right for a file or a
// pipe.
type TextOptions struct {
	// Color marks what went wrong in red, what passed in green and what is
	// secondary in faint, by ANSI escape sequences. The caller decides whether
	// w is a terminal that wants it.
	Color bool
	// Width is the number of columns to keep to: 0 means 120, less than 60
	// counts as 60. Paragraphs wrap and names shorten, numbers never do: a
	// table full of very large numbers may be wider.
	Width int
	// MaxPhases bounds the rows of each policy in the table: 0 means 16,
	// negative no bound. Above it, phases with faults and the phases that follow
	// them are kept first, and a row tells how many are left out.
	MaxPhases int
}

const (
	defaultWidth     = 120
	minWidth         = 60
	defaultMaxPhases = 16
)

// The width of characters such as "…" depends on the locale in go-pretty's
// table, because East Asian terminals draw them wide. The same run must give
// the same text everywhere.
func init() { text.OverrideRuneWidthEastAsianWidth(false) }

// Text writes the summary of a run for people: what ran, a table of each policy
// in each phase, how each policy fared with recovery, breakers, retries and
// faults, and the verdict on every threshold. It is deterministic, and always
// ends in a newline.
//
// A run without policies, phases or calls is a summary that says so. The only
// errors are those of w.
func Text(w io.Writer, run *Run, opt TextOptions) error {
	if opt.Width <= 0 {
		opt.Width = defaultWidth
	}
	opt.Width = max(opt.Width, minWidth)
	if opt.MaxPhases == 0 {
		opt.MaxPhases = defaultMaxPhases
	}
	t := &textWriter{run: run, opt: opt}
	t.header()
	t.table()
	for i := range run.Policies {
		t.policy(&run.Policies[i])
	}
	t.verdicts()
	if _, err := w.Write(t.buf.Bytes()); err != nil {
		return fmt.Errorf("reports: write the summary: %w", err)
	}
	return nil
}

// textWriter collects the summary, so that w sees one write.
type textWriter struct {
	run *Run
	opt TextOptions
	buf bytes.Buffer
}

func (t *textWriter) header() {
	run := t.run
	facts := []string{fmt.Sprintf("seed %d", run.Seed)}
	if run.Mode != "" {
		facts = append(facts, "mode "+OneLine(run.Mode))
	}
	length := FormatExact(time.Duration(run.DurationNS))
	if n := len(run.Policies); n > 0 && run.Policies[0].Live != nil {
		facts = append(facts, fmt.Sprintf("%s at %v times the speed of life", length, run.Policies[0].Live.Speed))
	} else {
		facts = append(facts, length+" of virtual time")
	}
	if n := len(run.Policies); n > 0 {
		facts = append(facts, FormatCount(run.Policies[0].Total.Calls)+" calls for each policy")
		for i := range run.Policies {
			if run.Policies[i].Total.Calls != run.Policies[0].Total.Calls {
				facts = facts[:len(facts)-1] // closed load: each policy made its own number
				break
			}
		}
	}
	t.paragraph("  ", t.paint(bold, orNone(OneLine(run.Scenario)))+t.paint(faint, " · "+strings.Join(facts, " · ")))
	if run.About != "" {
		t.paragraph("", OneLine(run.About))
	}
	switch {
	case run.Interrupted && run.Stopped != "":
		t.paragraph("", t.paint(red, "stopped: "+OneLine(run.Stopped)+"; these are the numbers up to then"))
	case run.Interrupted:
		t.paragraph("", t.paint(red, "interrupted: these are the numbers up to the interruption"))
	}
	t.faultLines()
	t.line("")
}

// faultLines lists what goes wrong, and when, and where the load is another.
func (t *textWriter) faultLines() {
	t.eventLines("load", func(p *Phase) []string { return p.Load })
	t.eventLines("faults", func(p *Phase) []string { return p.Faults })
}

// eventLines lists what there is in each phase that has any of it, as far as it is worth a
// line: of several in one phase each has its own.
func (t *textWriter) eventLines(what string, of func(*Phase) []string) {
	const most = 8
	n := 0
	for i := range t.run.Phases {
		p := &t.run.Phases[i]
		events := of(p)
		if len(events) == 0 {
			continue
		}
		n++
		if n > most {
			continue
		}
		when := fmt.Sprintf("%s in %s, %s from %s:", what, OneLine(p.Label),
			FormatExact(time.Duration(p.EndNS-p.StartNS)), FormatExact(time.Duration(p.StartNS)))
		if len(events) == 1 {
			t.paragraph("  ", when+" "+OneLine(events[0]))
			continue
		}
		t.paragraph("  ", when)
		for _, one := range events {
			t.paragraph("    ", "  "+OneLine(one))
		}
	}
	if n > most {
		t.line(fmt.Sprintf("%s in %s more phases", what, FormatCount(uint64(n-most))))
	}
}

// line writes one line as it is.
func (t *textWriter) line(s string) {
	t.buf.WriteString(strings.TrimRight(s, " "))
	t.buf.WriteByte('\n')
}

// paragraph writes words wrapped to the width; lines after the first start with
// indent.
func (t *textWriter) paragraph(indent, s string) {
	column := 0
	for i, word := range strings.Fields(s) {
		n := text.StringWidthWithoutEscSequences(word)
		switch {
		case i == 0:
			lead := s[:len(s)-len(strings.TrimLeft(s, " "))]
			t.buf.WriteString(lead)
			column = len(lead)
		case column+1+n > t.opt.Width:
			t.buf.WriteByte('\n')
			t.buf.WriteString(indent)
			column = len(indent)
		default:
			t.buf.WriteByte(' ')
			column++
		}
		t.buf.WriteString(word)
		column += n
	}
	t.buf.WriteByte('\n')
}

// ANSI attributes. go-pretty's own colours ask the environment; the caller has
// decided already.
const (
	bold  = "1"
	faint = "2"
	red   = "31"
	green = "32"
	amber = "33"
)

func (t *textWriter) paint(attribute, s string) string {
	if !t.opt.Color || s == "" {
		return s
	}
	return "\x1b[" + attribute + "m" + s + "\x1b[0m"
}

// snip shortens s to at most n columns.
func snip(s string, n int) string {
	return text.Snip(s, n, "…")
}

func orNone(s string) string {
	if strings.TrimSpace(s) == "" {
		return "(unnamed)"
	}
	return s
}
