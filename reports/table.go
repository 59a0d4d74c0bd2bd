package reports

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// column is one column of numbers. One that no row of the run fills is left
// out, which keeps the usual table within 80 columns.
type column struct {
	title string
	cell  func(m *Metrics) string
	used  func(m *Metrics) bool // nil: always shown
	bad   func(m *Metrics) bool // painted red
}

var columns = []column{
	{title: "calls", cell: func(m *Metrics) string { return FormatCount(m.Calls) }},
	{
		title: "success",
		cell: func(m *Metrics) string {
			if m.Calls == 0 {
				return "-"
			}
			return FormatShare(m.SuccessRate)
		},
		bad: func(m *Metrics) bool { return m.Calls > 0 && m.SuccessRate < 0.95 },
	},
	{title: "good/s", cell: func(m *Metrics) string { return FormatNumber(m.Goodput) }},
	{title: "att/call", cell: func(m *Metrics) string {
		if m.Calls == 0 {
			return "-"
		}
		if m.Amplification < 100 {
			return strconv.FormatFloat(m.Amplification, 'f', 2, 64)
		}
		return FormatNumber(m.Amplification)
	}},
	{title: "p50", cell: func(m *Metrics) string { return latency(m, m.CallDuration.P50NS) }},
	{title: "p99", cell: func(m *Metrics) string { return latency(m, m.CallDuration.P99NS) }},
	{title: "max", cell: func(m *Metrics) string { return latency(m, m.CallDuration.MaxNS) }},
	countColumn("rejected", func(m *Metrics) uint64 { return m.RejectedByBreaker }),
	countColumn("denied", func(m *Metrics) uint64 { return m.DeniedByBudget }),
	countColumn("dropped", func(m *Metrics) uint64 { return m.Dropped }),
	countColumn("unfinished", func(m *Metrics) uint64 { return m.Unfinished }),
}

func countColumn(title string, count func(m *Metrics) uint64) column {
	return column{
		title: title,
		cell:  func(m *Metrics) string { return FormatCount(count(m)) },
		used:  func(m *Metrics) bool { return count(m) > 0 },
	}
}

func latency(m *Metrics, ns int64) string {
	if m.CallDuration.Count == 0 {
		return "-"
	}
	return FormatDuration(time.Duration(ns))
}

// columnNotes explains the columns whose titles are too short to do so.
var columnNotes = []struct{ title, note string }{
	{"good/s", "good/s: successful calls a second"},
	{"att/call", "att/call: attempts for each call, also called amplification"},
	{"p50", "p50, p99, max: from the intended start of a call to its end"},
	{"rejected", "rejected: calls ended by an open breaker"},
	{"denied", "denied: retries refused by a budget"},
	{"dropped", "dropped: arrivals not started, too many calls in flight"},
	{"unfinished", "unfinished: calls without an answer when the run ended"},
}

// table writes a row for each policy and phase, and a total for each policy.
func (t *textWriter) table() {
	if len(t.run.Policies) == 0 {
		t.line("no policies: nothing was run")
		return
	}
	shown := t.shownColumns()
	room := t.nameRoom(shown)
	out := table.NewWriter()
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	gap := room.gap
	style.Box.PaddingLeft, style.Box.PaddingRight = gap, ""
	style.Format.Header = text.FormatDefault
	out.SetStyle(style)
	out.SuppressTrailingSpaces()

	header := table.Row{"policy", "phase"}
	if room.grouped {
		header = table.Row{"phase"}
	}
	var configs []table.ColumnConfig
	for _, c := range shown {
		header = append(header, c.title)
		configs = append(configs, table.ColumnConfig{Number: len(header), Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	out.AppendHeader(header)
	out.SetColumnConfigs(configs)
	for i := range t.run.Policies {
		if i > 0 {
			out.AppendSeparator()
		}
		if room.grouped {
			name := t.paint(bold, snip(t.policyName(&t.run.Policies[i]), room.policy))
			across := make(table.Row, len(header))
			for j := range across {
				across[j] = name
			}
			out.AppendRow(across, table.RowConfig{AutoMerge: true, AutoMergeAlign: text.AlignLeft})
		}
		out.AppendRows(t.policyRows(&t.run.Policies[i], shown, room))
	}
	for _, l := range strings.Split(out.Render(), "\n") {
		// The gap before the first column, of spaces or of a rule.
		t.line(string([]rune(l)[min(len(gap), utf8.RuneCountInString(l)):]))
	}
	t.notes(shown)
	t.line("")
}

// shownColumns are those that say something in at least one row.
func (t *textWriter) shownColumns() []column {
	var shown []column
	for _, c := range columns {
		used := c.used == nil
		for i := range t.run.Policies {
			used = used || c.used(&t.run.Policies[i].Total)
		}
		if used {
			shown = append(shown, c)
		}
	}
	return shown
}

// nameRoom is how many columns the names may take.
type nameRoom struct {
	policy, phase int
	// grouped: policy and phase share one column, a policy's name standing above
	// its phases, as the table would be too wide otherwise.
	grouped bool
	gap     string // between columns
}

// nameRoom shares what the numbers leave of the width. Where that is not enough
// even for phases alone, the columns stand closer to each other.
func (t *textWriter) nameRoom(shown []column) nameRoom {
	room := t.roomBeside(shown, "  ")
	if room.grouped && room.phase < t.phaseWidth() {
		room = t.roomBeside(shown, " ")
	}
	return room
}

// phaseWidth is the width of the longest phase.
func (t *textWriter) phaseWidth() int {
	phase := len("total")
	for _, p := range t.run.Phases {
		phase = max(phase, text.StringWidth(OneLine(p.Label))+len(faultMark))
	}
	return phase
}

func (t *textWriter) roomBeside(shown []column, gap string) nameRoom {
	rest := t.opt.Width + len(gap) // none before the first column
	for _, c := range shown {
		widest := len(c.title)
		for i := range t.run.Policies {
			p := &t.run.Policies[i]
			widest = max(widest, text.StringWidth(c.cell(&p.Total)))
			for j := range p.Phases {
				widest = max(widest, text.StringWidth(c.cell(&p.Phases[j])))
			}
		}
		rest -= widest + len(gap)
	}
	policy, phase := len("policy"), t.phaseWidth()
	for i := range t.run.Policies {
		policy = max(policy, text.StringWidth(t.policyName(&t.run.Policies[i])))
	}
	if rest >= policy+phase+2*len(gap) {
		return nameRoom{policy: policy, phase: phase, gap: gap}
	}
	if rest >= 48 { // wide enough for two columns of shortened names
		return nameRoom{policy: max(24, rest-4-phase), phase: max(20, rest-4-policy), gap: gap}
	}
	return nameRoom{policy: t.opt.Width - 2, phase: min(phase, max(rest-2-len(gap), 8)), grouped: true, gap: gap}
}

// faultMark follows the names of phases in which faults were in force,
// baselineMark those of policies that no threshold binds.
const (
	faultMark    = " !"
	baselineMark = " *"
)

func (t *textWriter) policyName(p *Policy) string {
	name := orNone(OneLine(p.Name))
	if p.Baseline {
		name += baselineMark
	}
	return name
}

func (t *textWriter) policyRows(p *Policy, shown []column, room nameRoom) []table.Row {
	var rows []table.Row
	name := t.paint(bold, snip(t.policyName(p), room.policy))
	lead := func(phase string) table.Row {
		if room.grouped {
			return table.Row{"  " + phase}
		}
		row := table.Row{name, phase}
		name = "" // once for each policy
		return row
	}
	cells := func(phase string, m *Metrics) table.Row {
		row := lead(phase)
		for _, c := range shown {
			s := c.cell(m)
			if c.bad != nil && c.bad(m) {
				s = t.paint(red, s)
			}
			row = append(row, s)
		}
		return row
	}
	hidden := 0
	keep := t.keptPhases()
	for j := range min(len(p.Phases), len(t.run.Phases)) {
		if !keep[j] {
			hidden++
			continue
		}
		label := snip(orNone(OneLine(t.run.Phases[j].Label)), room.phase-len(faultMark))
		if t.run.Phases[j].Troubled() {
			label = t.paint(amber, label+faultMark)
		}
		rows = append(rows, cells(label, &p.Phases[j]))
	}
	if hidden > 0 {
		rows = append(rows, lead(t.paint(faint, fmt.Sprintf("… %d more", hidden))))
	}
	return append(rows, cells(t.paint(bold, "total"), &p.Total))
}

// keptPhases chooses the phases that have a row: all of them, or when there are
// too many those with faults, then those that come right after one, then the
// first of the rest.
func (t *textWriter) keptPhases() []bool {
	phases := t.run.Phases
	keep := make([]bool, len(phases))
	left := t.opt.MaxPhases
	if left < 0 {
		left = len(phases)
	}
	for rank := range 3 {
		for j := range phases {
			wanted := rank == 2 ||
				rank == 0 && phases[j].Troubled() ||
				rank == 1 && j > 0 && phases[j-1].Troubled()
			if wanted && !keep[j] && left > 0 {
				keep[j] = true
				left--
			}
		}
	}
	return keep
}

// notes explains the columns shown.
// troubles names the kinds of trouble that phases of the run are in.
func (t *textWriter) troubles() (kinds []string) {
	var faults, surge, fewer bool
	for _, p := range t.run.Phases {
		faults = faults || len(p.Faults) > 0
		for _, text := range p.Load {
			workers := strings.HasPrefix(text, "workers ")
			surge, fewer = surge || p.Surge && !workers, fewer || p.Surge && workers
		}
	}
	for _, kind := range []struct {
		is   bool
		name string
	}{{faults, "faults"}, {surge, "another load"}, {fewer, "fewer workers"}} {
		if kind.is {
			kinds = append(kinds, kind.name)
		}
	}
	return kinds
}

func (t *textWriter) notes(shown []column) {
	s := ""
	for _, n := range columnNotes {
		for _, c := range shown {
			if c.title == n.title {
				s += n.note + "; "
			}
		}
	}
	if troubles := t.troubles(); len(troubles) > 0 {
		s += "!: with " + strings.Join(troubles, " or ") + "; "
	}
	for i := range t.run.Policies {
		if t.run.Policies[i].Baseline {
			s += "*: baseline; "
			break
		}
	}
	if s != "" {
		t.paragraph("", s[:len(s)-2])
	}
}
