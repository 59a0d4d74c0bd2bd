package verify

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/squall-sim/squall/reports"
)

// Text writes the report for people, on lines of at most so many columns where they can be
// broken; 0: 120. The only errors are those of w.
func (r *Report) Text(w io.Writer, width int) error {
	if width <= 0 {
		width = 120
	}
	var b strings.Builder
	say := func(indent, format string, args ...any) {
		b.WriteString(strings.Join(reports.Fold(fmt.Sprintf(format, args...), width, indent), "\n") + "\n")
	}
	length := time.Duration(r.DurationNS)
	say("  ", "%s · seed %d · %s of the scenario, live at %v times the speed of life (%s)", reports.OneLine(r.Scenario), r.Seed,
		reports.FormatExact(length), r.Speed, reports.FormatDuration(time.Duration(float64(length)/r.Speed)))
	if r.Interrupted {
		say("", "interrupted: the live numbers are those up to the interruption, and nothing was judged")
	}
	for i := range r.Policies {
		p := &r.Policies[i]
		b.WriteString("\n")
		if p.Law == LawExact {
			say("  ", "%s: nothing depends on time, so that every call must be the same in all modes", reports.OneLine(p.Name))
		} else {
			say("  ", "%s: results must be similar, as they depend on time by %s", reports.OneLine(p.Name), strings.Join(p.Why, ", "))
		}
		b.WriteString("\n")
		g := p.grid()
		_ = g.Text(&b) // a Builder does not fail
		b.WriteString("\n")
		for _, c := range p.Checks {
			mark := "✓"
			if !c.Passed {
				mark = "✗"
			}
			say("    ", "%s", mark+" "+c.Name+": "+c.Text)
		}
		if n := p.Pairs.Compared; p.Law == LawSimilar && p.Pairs.Alike < n {
			say("    ", "· call by call: %s of %s calls made the same attempts, with the same outcomes and ends", reports.FormatCount(p.Pairs.Alike), reports.FormatCount(n))
		}
	}
	if len(r.Warnings) > 0 {
		b.WriteString("\n")
	}
	for _, w := range r.Warnings {
		where := ""
		if w.Policy != "" {
			where = " (policy " + w.Policy + ")"
		}
		say("  ", "warning: %s%s", reports.OneLine(w.Message), where)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// grid has a column for each mode.
func (p *Policy) grid() *reports.Grid {
	g := &reports.Grid{Columns: []string{""}}
	for i, m := range p.Modes {
		g.Columns = append(g.Columns, m.Mode)
		g.Right = append(g.Right, i+1)
	}
	row := func(name string, always bool, cell func(m *Mode) string) {
		texts, some := []string{name}, always
		for i := range p.Modes {
			text := cell(&p.Modes[i])
			some = some || text != "0" && text != "-"
			texts = append(texts, text)
		}
		if some {
			g.Rows = append(g.Rows, texts)
		}
	}
	count := func(of func(m *Mode) uint64) func(m *Mode) string {
		return func(m *Mode) string { return reports.FormatCount(of(m)) }
	}
	row("calls", true, count(func(m *Mode) uint64 { return m.Calls }))
	row("succeeded", true, count(func(m *Mode) uint64 { return m.Succeeded }))
	row("rejected by breaker", false, count(func(m *Mode) uint64 { return m.Rejected }))
	row("denied by budget", false, count(func(m *Mode) uint64 { return m.Denied }))
	row("attempts", true, count(func(m *Mode) uint64 { return m.Attempts }))
	for i, name := range reports.Outcomes {
		row("· "+name, false, count(func(m *Mode) uint64 { return m.AttemptOutcomes[i] }))
	}
	row("requests at the backend", true, func(m *Mode) string {
		if m.Live == nil {
			return "-" // an attempt is a request
		}
		return reports.FormatCount(m.Live.Requests)
	})
	trends := func(name string, of func(m *Mode) reports.Trend) {
		row(name+" p50", true, func(m *Mode) string { return reports.FormatDuration(time.Duration(of(m).P50NS)) })
		row(name+" p99", true, func(m *Mode) string { return reports.FormatDuration(time.Duration(of(m).P99NS)) })
	}
	trends("attempt", func(m *Mode) reports.Trend { return m.AttemptDuration })
	trends("call", func(m *Mode) reports.Trend { return m.CallDuration })
	row("calls began late, p99", true, func(m *Mode) string {
		if m.Live == nil {
			return "-"
		}
		return reports.FormatDuration(time.Duration(m.Live.Lateness.P99NS))
	})
	return g
}
