package regions

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// marks of the states in the table.
var stateMarks = map[State]string{Stable: ".", Bistable: "o", Collapsed: "#", "": "?"}

// Text prints the map as a table: a row for each value of Y, a column for each
// value of X that every row has, and where the edges are.
func (m *Map) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s · %s\n%s\n", m.Scenario, m.about(), m.Rule())
	b.WriteString(". stable   o bistable: down for good after a trigger   # collapsed without one\n\n")
	columns := m.columns()
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	first := ""
	if m.Y != nil {
		first = m.Y.Path
	}
	fmt.Fprintf(t, "%s\t%s\twith trigger\twithout\n", first, strings.Join(texts(columns), "\t"))
	for i := range m.Rows {
		row := &m.Rows[i]
		fmt.Fprint(t, row.Value)
		for _, c := range columns {
			fmt.Fprint(t, "\t", stateMarks[row.state(c.X)])
		}
		fmt.Fprintf(t, "\t%s\t%s\n", row.edges(false), row.edges(true))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\ncolumns: %s; with trigger, without: where it begins to collapse\n", m.X.Path)
	for _, note := range m.Notes {
		b.WriteString("note: " + note + "\n")
	}
	if m.Interrupted {
		b.WriteString("interrupted: this is what there was by then\n")
	}
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n"))
	return err
}

// columns are the points that were looked at in every row, both ways.
func (m *Map) columns() []Point {
	var list []Point
	for _, p := range m.Rows[0].Points {
		all := p.State != ""
		for i := range m.Rows {
			all = all && (m.Interrupted || m.Rows[i].state(p.X) != "")
		}
		if all {
			list = append(list, p)
		}
	}
	return list
}

func texts(points []Point) []string {
	var list []string
	for _, p := range points {
		list = append(list, p.Value)
	}
	return list
}

// state is what is known of the row at x.
func (r *Row) state(x float64) State {
	for _, p := range r.Points {
		if p.X == x {
			return p.State
		}
	}
	return ""
}

// edges tells where the row collapses: "from 22.3 ± 0.1", "up to 5 ± 1", "never".
func (r *Row) edges(calm bool) string {
	list := r.Trigger
	if calm {
		list = r.Calm
	}
	var parts []string
	for _, e := range list {
		word := "up to "
		if e.Beyond {
			word = "from "
		}
		parts = append(parts, word+short(e.At())+" ± "+short((e.Hi-e.Lo)/2))
	}
	if len(parts) > 0 {
		return strings.Join(parts, ", ")
	}
	for i := range r.Points {
		switch t := *r.Points[i].trial(calm); {
		case t == nil:
		case t.Bad():
			return "always"
		default:
			return "never"
		}
	}
	return "?"
}

func short(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }
