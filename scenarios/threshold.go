package scenarios

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Aggregate is how a metric's samples become one number.
type Aggregate string

// The aggregates. Which fit a metric depends on its kind.
const (
	AggAvg        Aggregate = "avg"
	AggMin        Aggregate = "min"
	AggMax        Aggregate = "max"
	AggMed        Aggregate = "med" // the same as p(50)
	AggPercentile Aggregate = "p"   // written p(N), N from 0 to 100
	AggCount      Aggregate = "count"
	AggRate       Aggregate = "rate"
	AggValue      Aggregate = "value"
)

// Operator compares the actual value with a threshold's.
type Operator string

// The operators. "===" is read as "==", as k6 does.
const (
	OpLess         Operator = "<"
	OpLessEqual    Operator = "<="
	OpGreater      Operator = ">"
	OpGreaterEqual Operator = ">="
	OpEqual        Operator = "=="
	OpNotEqual     Operator = "!="
)

// Filter narrows a metric to some calls. Empty fields choose all.
type Filter struct{ Phase, Op, Group, Policy string }

// Threshold is one claim about a metric that a run must bear out, such as
// call_duration{phase:burst}: p(99)<20s. The grammar is k6's (metric with an
// optional filter; aggregate, operator, number), with units.
type Threshold struct {
	Metric    string
	Filter    Filter
	Aggregate Aggregate
	// Percentile is N of p(N), from 0 to 100; 0 for other aggregates.
	Percentile float64
	Operator   Operator
	// Value is the bound, in the unit of what is compared: seconds for
	// durations, 0 to 1 for shares, else the plain number.
	Value float64
	// Text is the expression as written, without the metric. It is for people;
	// empty in a Threshold built in Go.
	Text string
}

// ParseThreshold reads a threshold from its two parts in a scenario file: the
// metric with its filter, "call_duration{phase:burst}", and the expression,
// "p(99)<20s". ParseThreshold(t.Selector(), t.Expr()) gives t back, but for its
// Text. The error is a *Problems with paths "metric" and "expr".
func ParseThreshold(selector, expr string) (Threshold, error) {
	var list []Problem
	t, err := parseSelector(selector)
	if err != nil {
		list = append(list, Problem{Path: "metric", Message: err.message, Hint: err.hint})
	}
	if err := t.parseExpr(expr); err != nil {
		list = append(list, Problem{Path: "expr", Message: err.message, Hint: err.hint})
	}
	return t, asError(list)
}

// Selector is the metric with its filter: "call_duration{phase:burst}".
func (t Threshold) Selector() string {
	var parts []string
	for _, f := range []struct{ key, value string }{{"phase", t.Filter.Phase}, {"op", t.Filter.Op}, {"group", t.Filter.Group}, {"policy", t.Filter.Policy}} {
		if f.value != "" {
			parts = append(parts, f.key+":"+f.value)
		}
	}
	if parts == nil {
		return t.Metric
	}
	return t.Metric + "{" + strings.Join(parts, ",") + "}"
}

// Expr is the expression in its shortest form: "p(99)<20s".
func (t Threshold) Expr() string {
	return t.AggregateText() + string(t.Operator) + FormatValue(t.Value, t.Unit())
}

// String is the whole threshold: "call_duration{phase:burst}: p(99)<20s".
func (t Threshold) String() string { return t.Selector() + ": " + t.Expr() }

// AggregateText is the aggregate as written: "p(99)", "max".
func (t Threshold) AggregateText() string {
	if t.Aggregate != AggPercentile {
		return string(t.Aggregate)
	}
	return "p(" + strconv.FormatFloat(t.Percentile, 'f', -1, 64) + ")"
}

// Unit is the unit of what is compared: the metric's, but a count of samples is
// a number and the rate of a counter is per second.
func (t Threshold) Unit() Unit {
	m, _ := MetricByName(t.Metric)
	switch {
	case t.countsSamples(m):
		return UnitNumber
	case m.Kind == MetricCounter && t.Aggregate == AggRate:
		return UnitRate
	}
	return m.Unit
}

// countsSamples reports whether what is compared is how many samples the trend m has.
func (t Threshold) countsSamples(m Metric) bool {
	return m.Kind == MetricTrend && t.Aggregate == AggCount
}

// Holds reports whether the actual value, in the same unit as Value, is as the
// threshold claims. NaN, the value of what has no samples, never is.
func (t Threshold) Holds(actual float64) bool {
	if math.IsNaN(actual) {
		return false
	}
	switch t.Operator {
	case OpLess:
		return actual < t.Value
	case OpLessEqual:
		return actual <= t.Value
	case OpGreater:
		return actual > t.Value
	case OpGreaterEqual:
		return actual >= t.Value
	case OpEqual:
		return actual == t.Value
	case OpNotEqual:
		return actual != t.Value
	}
	return false
}

// Binds reports whether the threshold is to hold for a policy: one that its
// filter names, or any that is not a baseline.
func (t Threshold) Binds(p Policy) bool {
	if t.Filter.Policy != "" {
		return t.Filter.Policy == p.Name
	}
	return !p.Baseline
}

// FormatValue writes a value with its unit as thresholds do: "20s", "0.99",
// "12". Durations are to the nanosecond.
func FormatValue(v float64, u Unit) string {
	if u != UnitSeconds || math.IsNaN(v) || math.Abs(v) > MaxDuration.Seconds() {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	d := time.Duration(math.Round(v * float64(time.Second)))
	for _, off := range []time.Duration{0, 1, -1, 2, -2, 4, -4} { // what the product's rounding may have changed
		if seconds(d+off) == v {
			return (d + off).String()
		}
	}
	return d.String()
}
