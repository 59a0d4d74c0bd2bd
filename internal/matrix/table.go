package matrix

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/squall-sim/squall/reports"
)

// TextOptions say how [Matrix.Text] and [Matrix.Markdown] show a matrix.
type TextOptions struct {
	// Width is how many columns there are: beyond, faults stand above their
	// operations instead of beside them, columns are left out, and the last one is
	// folded, down to 16 columns; and clients that have no room beside the others get a
	// table of their own below. 0: 120. Text only.
	Width int
	// Full gives each operation a row of its own. Without it those that came to the
	// same share one: "all", "others", or the method of those that have it.
	Full bool
}

// Text writes the matrix for people. The only errors are those of w.
func (m *Matrix) Text(w io.Writer, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 120
	}
	var b strings.Builder
	say := func(text string) { b.WriteString(strings.Join(reports.Fold(text, o.Width, "  "), "\n") + "\n") }
	for _, c := range m.Clients {
		say(reports.OneLine(c.About))
	}
	if len(m.Clients) > 0 {
		b.WriteString("\n")
	}
	grids, without := m.fitted(o)
	for _, g := range grids {
		_ = g.Text(&b) // a Builder does not fail
		b.WriteString("\n")
	}
	for _, note := range m.notes(grids[0].Columns) {
		say(note)
	}
	if len(without) > 0 {
		say("not shown, for want of room: " + strings.Join(without, ", "))
	}
	if m.Interrupted {
		b.WriteString("interrupted: cells are missing\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes the matrix as GitHub's Markdown has it. The only errors are those
// of w.
func (m *Matrix) Markdown(w io.Writer, o TextOptions) error {
	var b strings.Builder
	for _, c := range m.Clients {
		fmt.Fprintf(&b, "- %s\n", reports.OneLine(c.About))
	}
	if len(m.Clients) > 0 {
		b.WriteString("\n")
	}
	g := m.grid(o.Full)
	_ = g.Markdown(&b)
	b.WriteString("\n")
	for _, note := range m.notes(g.Columns) {
		b.WriteString("- " + note + "\n")
	}
	if m.Interrupted {
		b.WriteString("interrupted: cells are missing\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fitted is the grids in the form that the width has room for, and the columns that
// they go without.
func (m *Matrix) fitted(o TextOptions) (grids []*reports.Grid, without []string) {
	if len(m.Clients) > 1 {
		return m.pieces(o), nil
	}
	all := m.grid(o.Full).Columns
	for {
		g := narrowed(m.grid(o.Full, without...), o.Width)
		if g.Width() <= o.Width {
			return []*reports.Grid{g}, without
		}
		next := slices.IndexFunc(dispensable, func(title string) bool {
			return slices.Contains(all, title) && !slices.Contains(without, title)
		})
		if next >= 0 {
			without = append(without, dispensable[next])
			continue
		}
		foldLast(g, o.Width)
		if g.Width() > o.Width && slices.Contains(g.Columns, lastDispensable) {
			without = append(without, lastDispensable)
			continue
		}
		return []*reports.Grid{g}, without
	}
}

// pieces is the clients side by side, and below those the ones that there is no room for.
func (m *Matrix) pieces(o TextOptions) (grids []*reports.Grid) {
	for rest := m.Clients; len(rest) > 0; {
		var fits *reports.Grid
		n := 0
		for n < len(rest) {
			g := narrowed(m.sideBySide(o.Full, rest[:n+1]), o.Width)
			if g.Width() > o.Width {
				foldLast(g, o.Width)
			}
			if n > 0 && g.Width() > o.Width {
				break
			}
			fits = g
			n++
		}
		grids, rest = append(grids, fits), rest[n:]
	}
	return grids
}

// narrowed names each fault once, and above its rows where there is no room beside them.
func narrowed(g *reports.Grid, width int) *reports.Grid {
	for i := len(g.Rows) - 1; i > 0; i-- {
		if g.Rows[i][0] == g.Rows[i-1][0] {
			g.Rows[i][0] = ""
		}
	}
	if g.Width() <= width {
		return g
	}
	return stacked(g)
}

// stacked puts each fault above its rows.
func stacked(g *reports.Grid) *reports.Grid {
	out := &reports.Grid{Columns: g.Columns[1:]}
	for _, i := range g.Right {
		out.Right = append(out.Right, i-1)
	}
	for _, row := range g.Rows {
		if row[0] != "" {
			out.Rows = append(out.Rows, []string{row[0]})
		}
		rest := append([]string{"  " + row[1]}, row[2:]...)
		out.Rows = append(out.Rows, rest)
	}
	return out
}

// field is one column of a matrix with one client.
type field struct {
	title string
	text  func(m *Matrix, c *Cell) string
	right bool
	note  string
}

var fields = []field{
	{title: "attempts", right: true, text: func(m *Matrix, c *Cell) string { return m.attempts(c) }},
	{title: "class", text: func(_ *Matrix, c *Cell) string { return c.verdict() },
		note: "class: what the classifier made of the first error, or why there was no other attempt"},
	{title: "breaker", text: func(_ *Matrix, c *Cell) string { return c.Breaker },
		note: "breaker: what a circuit breaker counts the attempt as"},
	{title: "delay", text: func(_ *Matrix, c *Cell) string { return c.delay() },
		note: "delay: the wait before the second attempt, by its jitter; of programs its class"},
	{title: "hint", text: func(_ *Matrix, c *Cell) string { return c.Hint },
		note: "hint: whether the server's word on when to come back was heard"},
	{title: "caller got", text: func(_ *Matrix, c *Cell) string { return c.got() },
		note: "caller got: false success, false failure: the backend's store says the contrary"},
}

// dispensable are the columns that a narrow terminal goes without, the first of
// them first.
var dispensable = []string{"breaker", "hint"}

// lastDispensable goes where that and folded texts are not enough.
const lastDispensable = "delay"

// notes explains the columns that are there.
func (m *Matrix) notes(columns []string) (out []string) {
	if len(m.Clients) > 1 {
		out = append(out, "attempts, and what the classifier made of the first error; or that the caller was told "+
			"what the backend's store says the contrary of: false success, false failure")
	}
	for _, f := range fields {
		if f.note != "" && slices.Contains(columns, f.title) {
			out = append(out, f.note)
		}
	}
	return out
}

// grid has a row for each fault and group of operations.
func (m *Matrix) grid(full bool, without ...string) *reports.Grid {
	if len(m.Clients) > 1 {
		return m.sideBySide(full, m.Clients)
	}
	var shown []field
	for _, f := range fields {
		for i := range m.Cells {
			if slices.Contains(without, f.title) {
				break // the terminal is too narrow for it
			}
			if text := f.text(m, &m.Cells[i]); text != "" && text != "-" {
				shown = append(shown, f)
				break
			}
		}
	}
	g := &reports.Grid{Columns: []string{"fault", "op"}}
	for _, f := range shown {
		if f.right {
			g.Right = append(g.Right, len(g.Columns))
		}
		g.Columns = append(g.Columns, f.title)
	}
	m.rows(g, full, func(cells []*Cell) []string {
		var texts []string
		for _, f := range shown {
			texts = append(texts, orDash(f.text(m, cells[0])))
		}
		return texts
	})
	return g
}

// sideBySide has a column for each of the clients.
func (m *Matrix) sideBySide(full bool, clients []Client) *reports.Grid {
	g := &reports.Grid{Columns: []string{"fault", "op"}}
	for _, c := range clients {
		g.Columns = append(g.Columns, c.Name)
	}
	m.rows(g, full, func(cells []*Cell) []string {
		texts := make([]string, len(clients))
		for i, client := range clients {
			for _, c := range cells {
				if c.Client == client.Name {
					texts[i] = c.brief()
				}
			}
		}
		return texts
	})
	return g
}

// rows fills the grid: the cells of one fault and operation, of all clients, are
// one row, whose texts are given by row.
func (m *Matrix) rows(g *reports.Grid, full bool, row func([]*Cell) []string) {
	type key struct{ fault, op string }
	cells := make(map[key][]*Cell)
	ops := make(map[string][]string) // by fault
	var order []string
	for i := range m.Cells {
		c := &m.Cells[i]
		if ops[c.Fault] == nil {
			order = append(order, c.Fault)
		}
		if cells[key{c.Fault, c.Op}] == nil {
			ops[c.Fault] = append(ops[c.Fault], c.Op)
		}
		cells[key{c.Fault, c.Op}] = append(cells[key{c.Fault, c.Op}], c)
	}
	for _, fault := range order {
		var alike []group
		for _, op := range ops[fault] {
			texts := row(cells[key{fault, op}])
			alike = addTo(alike, op, texts, full)
		}
		for _, one := range named(alike, ops[fault]) {
			g.Rows = append(g.Rows, append([]string{reports.OneLine(fault), one.name}, one.texts...))
		}
	}
}

// attempts tells how many there were, and of how many.
func (m *Matrix) attempts(c *Cell) string {
	text := c.Attempts.String()
	for _, client := range m.Clients {
		if client.Name == c.Client && client.Attempts > 0 {
			text += " of " + strconv.Itoa(client.Attempts)
		}
	}
	return text
}

// verdict is the class, or what kept the call from another attempt in spite of it.
func (c *Cell) verdict() string {
	switch c.Ended {
	case "not idempotent", "over budget", "server said stop", endedHanging, endedBroken, endedLate:
		return c.Ended
	}
	return orDash(c.Class)
}

func (c *Cell) got() string {
	var parts []string
	if c.Ended == endedExit {
		parts = append(parts, "exit "+strconv.Itoa(c.ExitCode))
	}
	for _, text := range []string{short(c.Got, 48), c.Truth} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ": ")
}

// brief is a cell of a table with many clients.
func (c *Cell) brief() string {
	text := c.Attempts.String()
	switch v := c.verdict(); {
	case c.Truth != "":
		text += " " + c.Truth
	case v != "-":
		text += " " + v
	case c.Ended == endedWell:
		text += " ok"
	}
	return text
}

func (c *Cell) delay() string {
	switch {
	case !c.program():
		return c.Delay.text()
	case c.Delay.Class == noDelay.Class:
		return "-"
	}
	return c.Delay.Class
}

// text is the wait as a range.
func (d Delay) text() string {
	low, high := plain(d.MinNS), plain(d.MaxNS)
	switch {
	case d.MaxNS == 0:
		return "-"
	case low == high:
		return high
	case d.MinNS == 0:
		return "0–" + high
	}
	return low + "–" + high
}

// plain is a duration of three digits, without the zeros behind a point.
func plain(ns int64) string {
	text := reports.FormatDuration(time.Duration(ns))
	unit := strings.TrimLeft(text, "0123456789.")
	number := strings.TrimSuffix(text, unit)
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + unit
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
