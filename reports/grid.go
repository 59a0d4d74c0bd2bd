package reports

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Grid is a plain table of texts, in the look of a run's: for results that are
// not a [Run]. Texts are one line each ([OneLine] makes them so).
type Grid struct {
	// Columns are the titles. There is at least one.
	Columns []string
	// Right lists the columns, by their number from 0, that are aligned to the
	// right.
	Right []int
	// Rows have a text for each column; missing ones are empty. In Text a row of
	// one text is a heading that spans all columns, in a table of more.
	Rows [][]string
}

// Text writes the table for people, aligned, without trailing blanks. It is
// deterministic and ends in a newline. The only errors are those of w.
func (g *Grid) Text(w io.Writer) error {
	_, err := io.WriteString(w, g.text())
	return err
}

// Width returns how many columns of a terminal Text takes.
func (g *Grid) Width() int {
	widest := 0
	for _, l := range strings.Split(g.text(), "\n") {
		widest = max(widest, text.StringWidth(l))
	}
	return widest
}

// Markdown writes the table as GitHub's Markdown has it. It ends in a newline.
// The only errors are those of w.
func (g *Grid) Markdown(w io.Writer) error {
	_, err := io.WriteString(w, g.writer(false).RenderMarkdown()+"\n")
	return err
}

const gridGap = "  "

func (g *Grid) text() string {
	out := g.writer(true)
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Box.PaddingLeft, style.Box.PaddingRight = gridGap, ""
	style.Format.Header = text.FormatDefault
	out.SetStyle(style)
	out.SuppressTrailingSpaces()
	var b strings.Builder
	for _, l := range strings.Split(out.Render(), "\n") {
		// The gap before the first column, of spaces or of a rule.
		b.WriteString(string([]rune(l)[min(len(gridGap), utf8.RuneCountInString(l)):]) + "\n")
	}
	return b.String()
}

func (g *Grid) writer(spans bool) table.Writer {
	out := table.NewWriter()
	out.AppendHeader(cells(g.Columns))
	var configs []table.ColumnConfig
	for _, i := range g.Right {
		configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	out.SetColumnConfigs(configs)
	for _, row := range g.Rows {
		if spans && len(row) == 1 && len(g.Columns) > 1 {
			across := make(table.Row, len(g.Columns))
			for i := range across {
				across[i] = row[0]
			}
			out.AppendRow(across, table.RowConfig{AutoMerge: true, AutoMergeAlign: text.AlignLeft})
			continue
		}
		out.AppendRow(cells(row))
	}
	return out
}

func cells(texts []string) table.Row {
	row := make(table.Row, len(texts))
	for i, t := range texts {
		row[i] = t
	}
	return row
}
