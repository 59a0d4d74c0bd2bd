package published

import (
	"fmt"
	"math"
	"time"

	"github.com/squall-sim/squall/reports"
)

func collapseStudy() Study {
	return Study{
		Result: "R3",
		Title:  "Retries make an open system collapse, and keep it collapsed",
		Source: "Marc Brooker; program: mbrooker/simulator_example, simple_collapse_sim",
		Model: "Poisson arrivals meet a server whose time is 1 s + 10 ms for each request in flight; each way takes Exp(100 ms). A client waits " +
			"3 s and sends again at once, 3 sends in all; the server does the work of those that were given up. The trigger is 160 calls a " +
			"second for 10 s, after 20 s. Clients are our step machine with `Attempts: 3` and `AttemptTimeout: 3s`. A run has collapsed if fewer " +
			"than half of the calls succeed that end in the last tenth of its 230 s.\n\n" +
			"*Mean field* is the balance N = λ·a(N)·(1 + 0.01·N) of requests in flight N, with a = 1 + q + q² attempts for each call and q the " +
			"chance that the network, Erlang₂ with mean 200 ms, takes more than the time-out leaves it. Between its edges both states are " +
			"stable. The published edges are the first of a grid of 0.1 a second.\n\n" +
			"The same model is a scenario, `published/retry-collapse`, on which `simulate map` finds both edges.",
		Run: func(effort Effort) Report { return collapseReport(effort, 3) },
	}
}

// collapseRuns is how many runs are made for each rate.
const collapseRuns = 200

// collapseEnd is how long a run is: 200 s after the surge.
const collapseEnd = 230 * time.Second

func collapseReport(effort Effort, attempts int) Report {
	var report Report
	low, high, _ := meanFieldEdges(3)
	const grid = "first rate of a grid of 0.1/s"
	report.Checks = append(report.Checks,
		Check{Result: "R3", Name: "mean field, 3 attempts: bistable from", Unit: "/s", Digits: 1}.exactly(22.3, low, 0.1, grid),
		Check{Result: "R3", Name: "mean field, 3 attempts: collapsed from", Unit: "/s", Digits: 1}.exactly(57.7, high, 0.1, grid))
	for _, p := range []struct {
		rate      float64
		surge     bool
		collapsed int // of 10
	}{{22, true, 0}, {24, true, 9}, {25, true, 10}, {50, false, 0}, {55, false, 5}, {60, false, 10}} {
		c, what := collapse{rate: p.rate, attempts: attempts, end: collapseEnd}, "without trigger"
		if p.surge {
			c.surge, what = collapsePeak, "after the surge"
		}
		runs := play(effort.of(collapseRuns, 20), c.run)
		check := Check{Result: "R3", Name: fmt.Sprintf("%.0f/s %s: runs that end collapsed", p.rate, what), Unit: "%"}
		report.Checks = append(report.Checks, check.outOf(p.collapsed, 10, count(runs), len(runs)))
	}
	if effort < Full {
		return report
	}
	report.Notes = []string{edgesNote()}
	report.Figures = []reports.Chart{collapseFigure()}
	return report
}

func count(runs []bool) int {
	n := 0
	for _, yes := range runs {
		if yes {
			n++
		}
	}
	return n
}

// edgesNote tells the edges for other numbers of attempts.
func edgesNote() string {
	text := "Mean-field edges for other attempts:"
	for attempts := 1; attempts <= 5; attempts++ {
		low, high, ok := meanFieldEdges(attempts)
		if !ok {
			text += fmt.Sprintf(" %d: none, as the balance is a single one at any rate;", attempts)
			continue
		}
		text += fmt.Sprintf(" %d: %.1f and %.1f/s;", attempts, low, high)
	}
	return text[:len(text)-1] + ". Near an edge it is chance that ends a state: the longer a run, the nearer it comes to the edge of the mean field from above " +
		"(after the surge), and the farther below it falls (without)."
}

// collapseFigure is the share of runs that end collapsed, by the rate.
func collapseFigure() reports.Chart {
	const runs = 50
	chart := reports.Chart{
		Name: "r3-collapse", Title: "Runs that end collapsed",
		Subtitle: "3 attempts · lines: 50 runs for each rate; points: 10 runs of the published program",
		Alt:      "After a surge all runs end collapsed from 25 calls a second on; without one none does below 52 and all do from 60 on.",
		X:        reports.Axis{Label: "calls a second"}, Y: reports.Axis{Label: "% of runs", Most: 100},
	}
	share := func(name string, surge float64, rates ...float64) {
		line := reports.Line{Name: name}
		for _, rate := range rates {
			line.Add(rate, 100*float64(count(play(runs, collapse{rate, surge, 3, collapseEnd}.run)))/runs)
		}
		chart.Lines = append(chart.Lines, line)
	}
	share("after a surge to 160/s", collapsePeak, 18, 20, 21, 22, 23, 24, 25, 26, 28, 35, 45, 55, 60)
	share("without a surge", 0, 18, 30, 45, 50, 52, 54, 55, 56, 57, 58, 60)
	chart.Lines = append(chart.Lines, reports.Line{Name: "published", Points: true, X: []float64{22, 24, 25, 50, 55, 60}, Y: []float64{0, 90, 100, 0, 50, 100}})
	return chart
}

// outOf judges a share of runs by one that was published, both in percent: by
// Fisher's exact test of the two, two-sided, at 0.1 %.
func (c Check) outOf(published, of, measured, n int) Check {
	c.Published, c.Measured = 100*float64(published)/float64(of), 100*float64(measured)/float64(n)
	for k := range of + 1 {
		if fisher(k, of, measured, n) >= 0.001 {
			c.Tolerance = max(c.Tolerance, math.Abs(100*float64(k)/float64(of)-c.Measured))
		}
	}
	c.Test = fmt.Sprintf("Fisher's exact test at 0.1 %%, %d runs against %d", n, of)
	c.Pass = fisher(published, of, measured, n) >= 0.001
	return c
}

// fisher is the chance that two samples of the same share differ as much as a of n
// and b of m do, or more, given how many there are in both (Fisher, 1935).
func fisher(a, n, b, m int) float64 {
	total := a + b
	choose := func(n, k int) float64 {
		x, _ := math.Lgamma(float64(n + 1))
		y, _ := math.Lgamma(float64(k + 1))
		z, _ := math.Lgamma(float64(n - k + 1))
		return x - y - z
	}
	chance := func(k int) float64 {
		return math.Exp(choose(n, k) + choose(m, total-k) - choose(n+m, total))
	}
	seen, p := chance(a), 0.0
	for k := max(0, total-m); k <= min(n, total); k++ {
		if q := chance(k); q <= seen*(1+1e-9) {
			p += q
		}
	}
	return p
}
