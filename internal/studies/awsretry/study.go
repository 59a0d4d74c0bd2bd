package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// sweep is one setting over some values, and what came of it.
type sweep struct {
	values   []float64 // of the axis
	labels   []string  // the same for people
	outcomes [][]outcome
}

// study is all that was played.
type study struct {
	seeds   int
	lengths sweep            // of a full outage
	silence sweep            // of one in which requests hang
	hanging map[string]sweep // shares of requests that hang, by the number of clients
	partial map[string]sweep // shares of failures, by the number of clients
	burst   sweep            // shares of SlowDown
	loads   map[string]sweep // of a backend after a surge, by the number of clients
}

// patience is how long an attempt waits where requests hang. The SDKs have no bound of their
// own.
const patience = time.Second

// fleets are the numbers of clients that share the load, from one to each a few
// calls a second.
var fleets = []string{"2", "20", "200"}

func set(pairs ...string) []scenarios.Setting {
	var list []scenarios.Setting
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, scenarios.Setting{Path: pairs[i], Value: pairs[i+1]})
	}
	return list
}

// play makes all runs.
func play(seeds int) (*study, error) {
	s := &study{seeds: seeds, hanging: map[string]sweep{}, partial: map[string]sweep{}, loads: map[string]sweep{}}
	const outage, faults = "aws-retry-outage", "phases.outage.faults.0."
	var err error
	sweeping := func(values []float64, label func(float64) string, v func(string) variation) (w sweep) {
		var list []variation
		for _, x := range values {
			w.values, w.labels = append(w.values, x), append(w.labels, label(x))
			list = append(list, v(label(x)))
		}
		if err == nil { // of those before
			w.outcomes, err = playAll(list, seeds)
		}
		return w
	}
	lengths := []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120}
	s.lengths = sweeping(lengths, seconds, func(x string) variation {
		return variation{outage, set("phases.outage.for", x), 1, 0}
	})
	s.silence = sweeping(lengths, seconds, func(x string) variation {
		return variation{outage, set("phases.outage.for", x, faults+"effect", "blackhole"), 1, patience}
	})
	for _, clients := range fleets {
		s.partial[clients] = sweeping([]float64{0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1}, number, func(x string) variation {
			return variation{outage, set("phases.outage.for", "2m", faults+"p", x, "load.clients", clients), 1, 0}
		})
		s.loads[clients] = sweeping([]float64{24, 32, 40, 48, 56, 64, 72}, number, func(x string) variation {
			return variation{"aws-retry-overload", set("load.rate", x+"/s", "load.clients", clients, "phases.recovery.for", "30m"), 2, 0}
		})
	}
	for _, clients := range []string{"2", "200"} {
		s.hanging[clients] = sweeping([]float64{0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5}, number, func(x string) variation {
			return variation{outage, set("phases.outage.for", "2m", faults+"p", x, faults+"effect", "blackhole", "load.clients", clients), 1, patience}
		})
	}
	s.burst = sweeping([]float64{0.2, 0.5, 0.9, 1}, number, func(x string) variation {
		return variation{outage, set("phases.outage.for", "30s", faults+"effect", "SlowDown", faults+"p", x), 1, 0}
	})
	return s, err
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func seconds(x float64) string {
	return (time.Duration(math.Round(x*1000)) * time.Millisecond).String()
}

func success(o outcome) float64 { return 100 * o.success }

func amplification(o outcome) float64 { return o.amplification }

// minutes is how long the recovery took; what had not recovered by the end has no
// place in a figure.
func (s *study) minutes(o outcome) float64 {
	if o.recovered < s.seeds {
		return math.NaN()
	}
	return o.recovery / 60
}

// chart draws one number of a sweep, a line for each policy.
func (w sweep) chart(c reports.Chart, number func(outcome) float64) *reports.Chart {
	for j, p := range policies {
		line := reports.Line{Name: p.name}
		for i, x := range w.values {
			line.Add(x, number(w.outcomes[i][j]))
		}
		c.Lines = append(c.Lines, line)
	}
	return &c
}

// table prints one number of a sweep, a row for each policy.
func (w sweep) table(head string, cell func(outcome) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | %s |\n|---|%s\n", head, strings.Join(w.labels, " | "), strings.Repeat("---:|", len(w.labels)))
	for j, p := range policies {
		fmt.Fprintf(&b, "| %s", p.name)
		for i := range w.values {
			b.WriteString(" | " + cell(w.outcomes[i][j]))
		}
		b.WriteString(" |\n")
	}
	return b.String()
}

func format(number func(outcome) float64, digits int, unit string) func(outcome) string {
	return func(o outcome) string { return strconv.FormatFloat(number(o), 'f', digits, 64) + unit }
}

// recovery tells how long a recovery took, or in how many seeds there was none.
func (s *study) recovery(o outcome) string {
	if o.recovered < s.seeds {
		return fmt.Sprintf("%d of %d", o.recovered, s.seeds)
	}
	return (time.Duration(math.Round(o.recovery)) * time.Second).String()
}

func (s *study) charts() []*reports.Chart {
	seeds := fmt.Sprintf("means of %d seeds", s.seeds)
	return []*reports.Chart{
		s.lengths.chart(reports.Chart{
			Name: "aws-retry-outage", Title: "Calls that survive an outage", Subtitle: "share of the calls that begin in a full outage, by its length · " + seeds,
			Alt: "With 2.1 calls survive outages of a tenth of a second; with the settings before, outages of a second.",
			X:   reports.Axis{Label: "length of the outage (s)", Log: true}, Y: reports.Axis{Label: "% of calls", Most: 100},
		}, success),
		s.silence.chart(reports.Chart{
			Name: "aws-retry-silence", Title: "Calls that survive an outage in which S3 says nothing", Subtitle: "share of the calls that begin in it, by its length; attempts give up after 1 s · " + seeds,
			Alt: "Every policy that retries survives two seconds; then 2.1 loses calls first.",
			X:   reports.Axis{Label: "length of the outage (s)", Log: true}, Y: reports.Axis{Label: "% of calls", Most: 100},
		}, success),
		s.lengths.chart(reports.Chart{
			Name: "aws-retry-load", Title: "Load on a backend that is down", Subtitle: "attempts for each call that begins in a full outage, by its length; 100 clients · " + seeds,
			Alt: "The quota of 2.1 is spent within seconds; the one before takes half a minute.",
			X:   reports.Axis{Label: "length of the outage (s)", Log: true}, Y: reports.Axis{Label: "attempts for each call"},
		}, amplification),
		s.partial["2"].chart(reports.Chart{
			Name: "aws-retry-partial", Title: "Calls in a partial failure", Subtitle: "share of the calls of two minutes in which attempts fail by chance; 2 clients with 100 calls a second each · " + seeds,
			Alt: "Above 20 % of failures 2.1 loses more calls, as its quota is spent; the settings before hold until 32 %.",
			X:   reports.Axis{Label: "share of attempts that fail"}, Y: reports.Axis{Label: "% of calls", Most: 100},
		}, success),
		s.loads["200"].chart(reports.Chart{
			Name: "aws-retry-recovery", Title: "How long a backend stays down after a surge", Subtitle: "200 clients; capacity is 80 calls a second; no point: not well again within half an hour · " + seeds,
			Alt: "With 2.1 the backend is well again in 72 % of the time that the settings before take, which is ten times that without retries.",
			X:   reports.Axis{Label: "calls a second"}, Y: reports.Axis{Label: "minutes", Log: true},
		}, s.minutes),
	}
}
