package matrix

import "github.com/squall-sim/squall/reports"

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
		for i, text := range reports.Fold(row[last], room, "") {
			if i > 0 {
				row = make([]string, len(g.Columns))
			}
			row[last] = text
			rows = append(rows, row)
		}
	}
	g.Rows = rows
}
