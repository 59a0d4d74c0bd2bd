package matrix

import (
	"strings"

	"github.com/squall-sim/squall/reports"
)

// leastLast is how narrow the last column may become.
const leastLast = 16

// foldLast gives the texts of the last column more lines, so that the table is no
// wider than that, if its other columns leave it enough.
func foldLast(g *reports.Grid, width int) {
	last, widest := len(g.Columns)-1, 0
	for _, row := range g.Rows {
		if len(row) > last {
			widest = max(widest, len([]rune(row[last])))
		}
	}
	room := max(leastLast, widest-(g.Width()-width))
	var rows [][]string
	for _, row := range g.Rows {
		if len(row) <= last {
			rows = append(rows, row)
			continue
		}
		for i, text := range fold(row[last], room, "") {
			if i > 0 {
				row = make([]string, len(g.Columns))
			}
			row[last] = text
			rows = append(rows, row)
		}
	}
	g.Rows = rows
}

// fold breaks a text into lines of at most so many characters, at its blanks; a
// longer word stays whole. All lines but the first begin with indent.
func fold(text string, width int, indent string) []string {
	var lines []string
	line := ""
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = indent + word
		}
	}
	return append(lines, line)
}
