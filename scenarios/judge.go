package scenarios

import (
	"fmt"
	"math"
	"strconv"

	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
)

// Sample is one metric over a chosen set of calls, as thresholds are held against it.
type Sample = measure.Sample

// Choice says which calls a metric is about.
type Choice = measure.Choice

// Measurer is what thresholds are judged on: what somebody did, and how it came out.
type Measurer interface {
	// Measure returns the metric of that name (see [Metrics]) over the calls that are
	// chosen. Durations are in seconds. ok is false for a metric that it cannot know.
	Measure(metric string, of Choice) (s Sample, ok bool)
}

// Unjudged is a threshold that says nothing of those that were to be judged.
type Unjudged struct {
	Threshold Threshold
	Why       string // for people: "it is for the policy shipped"
}

// Judge holds the scenario's thresholds against what a client of that name did
// that has no policy of the scenario: those for one policy do not bind it, and those
// on what m cannot know, or on a phase that had no turn, are not judged. due tells
// of the phases, by number, whether they had.
func (sc *Scenario) Judge(client string, m Measurer, due func(phase int) bool) (judged []reports.Threshold, left []Unjudged) {
	for i, t := range sc.Thresholds {
		phase := sc.phaseIndex(t.Filter.Phase)
		_, known := m.Measure(t.Metric, sc.choice(t))
		switch {
		case t.Filter.Group != "":
			left = append(left, Unjudged{t, "only simulated clients have groups"})
		case t.Filter.Policy != "":
			left = append(left, Unjudged{t, "it is for the policy " + t.Filter.Policy})
		case !known:
			left = append(left, Unjudged{t, unknown(t.Metric)})
		case phase >= 0 && !due(phase):
			left = append(left, Unjudged{t, "the phase " + t.Filter.Phase + " had no turn"})
		default:
			verdict := sc.judge(i, "", m)
			verdict.Client = client
			judged = append(judged, verdict)
		}
	}
	return judged, left
}

// choice is the calls that a threshold is about.
func (sc *Scenario) choice(t Threshold) Choice {
	return Choice{Phase: sc.phaseIndex(t.Filter.Phase), Op: t.Filter.Op, Group: t.Filter.Group}
}

// unknown tells why a metric cannot be judged.
func unknown(metric string) string {
	if metric == "time_to_recover" {
		return "no time to recover is known unless all phases follow one another"
	}
	return "only a client knows its " + metric
}

// judge compares threshold i with what somebody did: a policy, or a client.
func (sc *Scenario) judge(i int, who string, m Measurer) reports.Threshold {
	t := sc.Thresholds[i]
	file, line, column := sc.ThresholdPosition(i)
	out := reports.Threshold{
		Metric: t.Selector(), Expr: t.Expr(), Policy: who,
		Expected: fmt.Sprintf("%s %s %s", t.AggregateText(), t.Operator, FormatValue(t.Value, t.Unit())),
		File:     file, Line: line, Column: column,
	}
	if t.Text != "" {
		out.Expr = t.Text
	}
	s, _ := m.Measure(t.Metric, sc.choice(t))
	if s.Count == 0 && !t.counts() {
		out.Actual, out.Reason = "no samples", "there was nothing to measure, so the threshold proves nothing"
		return out
	}
	v := t.pick(s)
	if math.IsInf(v, 1) {
		out.Actual, out.Reason = "never", "calls were still failing when the next fault, or the end, came"
		return out
	}
	out.Value, out.Actual, out.Passed = v, t.actual(v), t.Holds(v)
	return out
}

// counts reports whether a threshold is about how many samples there are: none is an answer, too.
func (t Threshold) counts() bool {
	m, _ := MetricByName(t.Metric)
	return t.Metric == "calls" || t.countsSamples(m)
}

// actual writes a measured value for people: four digits, or all of them
// where the rounded number would contradict the verdict.
func (t Threshold) actual(v float64) string {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil || t.Holds(short) != t.Holds(v) {
		short = v
	}
	return FormatValue(short, t.Unit())
}

// pick takes the threshold's aggregate from a sample.
func (t Threshold) pick(s Sample) float64 {
	m, _ := MetricByName(t.Metric)
	switch {
	case t.countsSamples(m):
		return float64(s.Count)
	case m.Kind == MetricCounter && t.Aggregate == AggRate:
		return s.Value / s.Span.Seconds()
	}
	switch t.Aggregate {
	case AggMin:
		return s.Min
	case AggMax:
		return s.Max
	case AggMed:
		return s.Quantile(50)
	case AggPercentile:
		return s.Quantile(t.Percentile)
	}
	return s.Value
}
