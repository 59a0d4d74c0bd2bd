// Package reports holds the record of a run and turns it into what people and
// programs read: a summary for the terminal, and summary.json.
//
// A [Run] is plain data. It knows nothing of scenarios, so what is recorded
// today can be drawn, compared and judged tomorrow from its file alone:
//
//	err := reports.WriteFile("out/summary.json", func(w io.Writer) error {
//		return reports.WriteJSON(w, run)
//	})
//	...
//	run, err := reports.ReadJSON(file)
//	err = reports.Text(os.Stdout, run, reports.TextOptions{})
//
// Everything written here is a function of the run and the options alone: no
// clock, locale, terminal or environment is asked, so the same run gives the
// same bytes everywhere.
//
// The figures are in reports/figures, the only place that links gonum/plot.
package reports
