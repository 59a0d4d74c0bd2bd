package published

import (
	"fmt"
	"math"
	"strings"

	"github.com/squall-sim/squall/reports"
)

func goodRetryStudy() Study {
	return Study{
		Result: "R7",
		Title:  "Good retry, bad retry",
		Source: "Denis Isaev, Yandex (habr.com, 2023); program: jirfag/simulations",
		Model: "10,000 calls a second meet a server of workers behind one queue, which fails for half a second. A request takes Exp(5 ms) to the " +
			"server, waits for a worker, and is worked on for 10 ms × LogNormal(0, 0.25); the answer takes no time. A client gives an attempt up " +
			"after 100 ms, and the server works on it all the same. At *capacity* 1 the load keeps a quarter of the workers busy. Calls count " +
			"where they end: *during* the fault, and *after* it. *Amplification* is the requests that the server is sent for each call.\n\n" +
			"All strategies are retry policies of ours on the step machine, with the published budgets as variants made of our pieces: *10 % window* " +
			"is a `retry.FailureBudget` that pays for retries while fewer than 10 % of the attempts of the last 200 ms failed; *10 % budget* is our " +
			"`Allowance`, filled by first tries only. The circuit breaker is ours with the published settings; as published it is asked about the " +
			"first attempt of a call and told of all. Deadlines are sent with a request: work on one that is too late ends early.",
		Run: func(effort Effort) Report { return goodRetryReport(effort, r7Rows(), func(*goodRetry) {}) },
	}
}

// r7Repeats is how many runs are made for each row.
const r7Repeats = 100

// r7Row is what was published of a run, in percent and requests for each call.
type r7Row struct {
	scenario, strategy   string
	total, during, after float64 // NaN: not published
	amplification        float64
	recovers             bool // of two modes it is the one that does
}

func r7Rows() []r7Row {
	const no = -1
	return []r7Row{
		{"simple retry", "3 retries", 70.2, 0, 99.99, 1.96, false},
		{"half capacity", "3 retries", 32.7, 0, 0, 3.02, false},
		{"window and budget", "no retries", 66.4, no, no, 1.00, false},
		{"window and budget", "2 retries", 79.1, no, no, 1.58, true},
		{"window and budget", "2 + backoff + jitter", 85.3, no, no, 1.53, false},
		{"window and budget", "10 % window", 67.0, no, no, 1.02, false},
		{"window and budget", "10 % budget", 66.7, no, no, 1.01, false},
	}
}

// r7Rate is the calls a second of the published program.
const r7Rate = 10_000

// goodRetryReport plays the rows, each changed first; as published that does nothing.
func goodRetryReport(effort Effort, rows []r7Row, change func(*goodRetry)) Report {
	var report Report
	for _, row := range rows {
		g := r7Find(row.scenario, row.strategy)
		change(&g)
		runs := play(effort.of(r7Repeats, 12), g.run)
		if row.recovers {
			good, bad := byMode(runs)
			report.Notes = append(report.Notes, fmt.Sprintf("%s, %s: of %d runs %d recovered and %d did not (99 %% interval of the share that does: %s). "+
				"The published run is one that did, and is held against those.", row.scenario, row.strategy, len(runs), len(good), len(bad), wilson(len(good), len(runs))))
			runs = good
		}
		report.Checks = append(report.Checks, row.checks(runs)...)
	}
	if effort < Full {
		return report
	}
	report.Notes = append(report.Notes, r7Modes(), r7Speed)
	report.Figures = []reports.Chart{r7Figure()}
	report.Table = r7Table()
	return report
}

// checks hold the runs of a row against what was published.
func (row r7Row) checks(runs []goodRetryResult) []Check {
	var list []Check
	add := func(what, unit string, digits int, published float64, number func(goodRetryResult) float64) {
		if published < 0 {
			return
		}
		c := Check{Result: "R7", Name: row.scenario + ", " + row.strategy + ": " + what, Unit: unit, Digits: digits}
		list = append(list, c.oneOf(published, meanOf(runs, number)))
	}
	afterDigits := 2
	if row.after == 0 {
		afterDigits = 1
	}
	add("success", "%", 1, row.total, func(r goodRetryResult) float64 { total, _, _ := r.success(); return total })
	add("success during", "%", 1, row.during, func(r goodRetryResult) float64 { _, during, _ := r.success(); return during })
	add("success after", "%", afterDigits, row.after, goodRetryResult.afterwards)
	add("amplification", "", 2, row.amplification, goodRetryResult.amplification)
	return list
}

// afterwards is the percentage of calls that end after the fault and are good.
func (r goodRetryResult) afterwards() float64 { _, _, after := r.success(); return after }

// r7Find is the published scenario of that name, with that strategy.
func r7Find(scenario, strategy string) goodRetry {
	for _, r := range r7Runs(r7Rate) {
		if r.scenario == scenario && r.strategy.name == strategy {
			return r.goodRetry
		}
	}
	panic("published: R7 has no " + scenario + ", " + strategy)
}

// byMode tells runs that are well after the fault from those that are not, at the
// middle of the widest gap between two of them.
func byMode(runs []goodRetryResult) (good, bad []goodRetryResult) {
	values := sorted(runs, goodRetryResult.afterwards)
	cut, widest := 0.0, 0.0
	for i := 1; i < len(values); i++ {
		if gap := values[i] - values[i-1]; gap > widest {
			widest, cut = gap, values[i-1]+gap/2
		}
	}
	for _, r := range runs {
		if r.afterwards() > cut {
			good = append(good, r)
		} else {
			bad = append(bad, r)
		}
	}
	return good, bad
}

// ashman is Ashman's D of two samples: the distance of their means in units of
// their spread (Ashman, Bird and Zepf, 1994). Two halves of a normal distribution
// have 2.65, those of a uniform one 3.46.
func ashman(a, b []goodRetryResult) float64 {
	x, y := meanOf(a, goodRetryResult.afterwards), meanOf(b, goodRetryResult.afterwards)
	variance := float64(x.err*x.err*float64(x.n)) + float64(y.err*y.err*float64(y.n))
	return math.Sqrt2 * math.Abs(x.value-y.value) / math.Sqrt(variance)
}

// r7Modes tells of the runs with two ends.
func r7Modes() string {
	g := r7Find("slow recovery", "2 retries")
	runs := play(r7Repeats, g.run)
	good, bad := byMode(runs)
	return fmt.Sprintf("Two modes: slow recovery, 2 retries (an outage of a second, time-outs of 100, 200 and 300 ms): of %d runs %d come back, with %.1f %% success "+
		"after the fault, and %d do not, with %.1f %%. Nothing lies between: Ashman's D is %.1f, where a single normal distribution cut in two "+
		"has 2.65 and a uniform one 3.46. A mean over such runs describes none of them.",
		len(runs), len(good), meanOf(good, goodRetryResult.afterwards).value, len(bad), meanOf(bad, goodRetryResult.afterwards).value, ashman(good, bad))
}

// r7Figure shows from which capacity on the strategies come back.
func r7Figure() reports.Chart {
	const runs = 12
	chart := reports.Chart{
		Name: "r7-capacity", Title: "Success after half a second of outage",
		Subtitle: "by the server's capacity: at 0.25 the load needs all of it",
		Alt:      "Three retries come back from capacity 0.7 on, two from 0.55, two with backoff and jitter hardly sooner; with a window or a budget of 10 % the server is well again at any capacity shown.",
		X:        reports.Axis{Label: "capacity"}, Y: reports.Axis{Label: "% of calls", Most: 100},
	}
	for _, s := range []struct{ scenario, strategy string }{
		{"simple retry", "3 retries"}, {"window and budget", "2 retries"}, {"window and budget", "2 + backoff + jitter"},
		{"window and budget", "10 % window"}, {"window and budget", "10 % budget"},
	} {
		line := reports.Line{Name: s.strategy}
		for coef := 0.3; coef < 0.905; coef += 0.05 {
			g := r7Find(s.scenario, s.strategy)
			g.coef = coef
			line.Add(math.Round(100*coef)/100, meanOf(play(runs, g.run), goodRetryResult.afterwards).value)
		}
		chart.Lines = append(chart.Lines, line)
	}
	return chart
}

// r7Table has all scenarios of the published program.
func r7Table() string {
	const runs = 20
	var b strings.Builder
	fmt.Fprintf(&b, "All scenarios of the published program, the means of %d runs:\n\n", runs)
	b.WriteString("| scenario | strategy | success | during | after | amplification |\n|---|---|---:|---:|---:|---:|\n")
	for _, r := range r7Runs(r7Rate) {
		all := play(runs, r.run)
		mean := func(number func(goodRetryResult) float64) float64 { return meanOf(all, number).value }
		fmt.Fprintf(&b, "| %s | %s | %.1f%% | %.1f%% | %.2f%% | %.2f |\n", r.scenario, r.strategy.name,
			mean(func(r goodRetryResult) float64 { total, _, _ := r.success(); return total }),
			mean(func(r goodRetryResult) float64 { _, during, _ := r.success(); return during }),
			mean(goodRetryResult.afterwards), mean(goodRetryResult.amplification))
	}
	return b.String()
}

// r7Speed is what BenchmarkGoodRetry said.
const r7Speed = "Speed: the published program needs 824 s of processor time for 5.67 million attempts over all its scenarios. " +
	"`BenchmarkGoodRetry` plays the same scenarios at the same rate, 6.6 million attempts, in 6.8 s of the process's time on a " +
	"busy machine of two processors (getrusage, 26 November 2026): 141 times less for each attempt."
