package scenarios

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parseSelector reads a metric and its filter. What it could read comes back
// even with an error, so that the expression can be checked against it.
func parseSelector(text string) (Threshold, *scalarError) {
	name, filter, filtered := strings.Cut(text, "{")
	t := Threshold{Metric: strings.TrimSpace(name)}
	m, known := MetricByName(t.Metric)
	if !known {
		if t.Metric == "" {
			return t, scalarErr(quote(text)+" names no metric", "write metric or metric{phase:label}, such as success_rate")
		}
		return t, scalarErr("unknown metric "+quote(t.Metric), didYouMean(t.Metric, metricNames()))
	}
	if !filtered {
		return t, nil
	}
	filter = strings.TrimSpace(filter)
	if !strings.HasSuffix(filter, "}") || strings.ContainsAny(filter[:len(filter)-1], "{}") {
		return t, scalarErr(quote(text)+" has a filter that does not end with one }", "write "+t.Metric+"{phase:label}")
	}
	return t, t.parseFilter(m, filter[:len(filter)-1])
}

// parseFilter reads "phase:burst,op:PutObject".
func (t *Threshold) parseFilter(m Metric, text string) *scalarError {
	for part := range strings.SplitSeq(text, ",") {
		key, value, found := strings.Cut(part, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		into := map[string]*string{"phase": &t.Filter.Phase, "op": &t.Filter.Op, "group": &t.Filter.Group, "policy": &t.Filter.Policy}[key]
		switch {
		case !found || value == "":
			return scalarErr("the filter "+quote(part)+" is not key:value", "write {phase:label}, {op:name}, {group:name} or {policy:name}")
		case into == nil:
			return scalarErr("unknown filter "+quote(key), didYouMean(key, m.Filters))
		case !slices.Contains(m.Filters, key):
			return scalarErr(m.Name+" cannot be filtered by "+key, "it understands "+strings.Join(m.Filters, ", "))
		case *into != "":
			return scalarErr("the filter has "+key+" twice", "write one threshold for each")
		}
		*into = value
	}
	return nil
}

// parseExpr reads "p(99)<20s" for the metric that t has already.
func (t *Threshold) parseExpr(text string) *scalarError {
	t.Text = text
	i := strings.IndexAny(text, "<>=!")
	if i < 0 {
		return scalarErr(quote(text)+" compares nothing", "write aggregate, operator and number, such as "+t.sample())
	}
	left := strings.TrimSpace(text[:i])
	rest := strings.TrimLeft(text[i:], "<>=!")
	sign := text[i : len(text)-len(rest)]
	switch op := Operator(sign); op {
	case OpLess, OpLessEqual, OpGreater, OpGreaterEqual, OpEqual, OpNotEqual:
		t.Operator = op
	case "===":
		t.Operator = OpEqual
	default:
		return scalarErr("unknown operator "+quote(sign), "write one of < <= > >= == !=")
	}
	if err := t.parseAggregate(left); err != nil {
		return err
	}
	return t.parseValue(strings.TrimSpace(rest))
}

func (t *Threshold) parseAggregate(text string) *scalarError {
	m, known := MetricByName(t.Metric)
	if inner, ok := strings.CutPrefix(text, "p("); ok {
		inner, closed := strings.CutSuffix(inner, ")")
		n, err := strconv.ParseFloat(strings.TrimSpace(inner), 64)
		if !closed || err != nil || !(n >= 0 && n <= 100) {
			return scalarErr(quote(text)+" is not a percentile", "write p(N) with N from 0 to 100, such as p(99) or p(99.9)")
		}
		t.Aggregate, t.Percentile = AggPercentile, n+0 // -0 becomes 0
	} else {
		t.Aggregate = Aggregate(text)
	}
	all := []string{"avg", "min", "max", "med", "p(N)", "count", "rate", "value"}
	name := text
	if t.Aggregate == AggPercentile {
		name = "p(N)"
	}
	if !slices.Contains(all, name) {
		if known {
			all = m.Kind.aggregates()
		}
		if n, err := strconv.ParseFloat(strings.TrimPrefix(text, "p"), 64); err == nil && n >= 0 && n <= 100 {
			return scalarErr("unknown aggregate "+quote(text), "write p("+strings.TrimPrefix(text, "p")+")")
		}
		return scalarErr("unknown aggregate "+quote(text), didYouMean(text, all))
	}
	if fits := m.Kind.aggregates(); known && !slices.Contains(fits, name) {
		return scalarErr(text+" does not fit "+m.Name+", which is a "+string(m.Kind), "write "+strings.Join(fits, ", "))
	}
	return nil
}

// parseValue reads the number on the right in the unit of what is compared.
func (t *Threshold) parseValue(text string) *scalarError {
	if text == "" {
		return scalarErr(quote(t.Text)+" compares with nothing", "write a number after "+string(t.Operator)+", such as "+t.sample())
	}
	_, known := MetricByName(t.Metric)
	unit := t.Unit()
	if number, percent := strings.CutSuffix(text, "%"); percent && (unit == UnitShare || !known) {
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil {
			return scalarErr(quote(text)+" is not a percentage", "write a number and %, such as 99%")
		}
		t.Value = n / 100
		return t.checkValue(text)
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case unit == UnitSeconds && (err != nil || n != 0):
		d, derr := parseDuration(text)
		if derr != nil {
			return derr.(*scalarError)
		}
		n = seconds(d)
	case err != nil && !known: // the metric is the mistake: no telling the unit
		return nil
	case err != nil && unit == UnitShare:
		return scalarErr(quote(text)+" is not a share", "write a number from 0 to 1, or a percentage such as 99%")
	case err != nil:
		return scalarErr(quote(text)+" is not a number", t.AggregateText()+" of "+t.Metric+" is a plain number, such as "+t.sample())
	}
	t.Value = n
	return t.checkValue(text)
}

// seconds is the float64 nearest to a duration, as the same number written in Go
// is; Duration.Seconds is not always.
func seconds(d time.Duration) float64 { return float64(d) / float64(time.Second) }

// checkValue refuses what no run can reach.
func (t *Threshold) checkValue(text string) *scalarError {
	unit := t.Unit()
	switch {
	case math.IsNaN(t.Value) || math.IsInf(t.Value, 0):
		return scalarErr(quote(text)+" is not a possible value", "write a finite number")
	case t.Value < 0:
		return scalarErr(quote(text)+" is below 0, which "+t.Metric+" never is", "write a number from 0 up")
	case unit == UnitShare && t.Value > 1:
		return scalarErr(quote(text)+" is above 1, which a share never is", "write a number from 0 to 1, or a percentage such as 99%")
	case unit == UnitSeconds && t.Value > MaxDuration.Seconds():
		return scalarErr(quote(text)+" is longer than any run", "write at most "+hours(MaxDuration))
	}
	t.Value += 0 // -0 becomes 0
	return nil
}

// sample is an expression that fits the metric.
func (t *Threshold) sample() string {
	m, _ := MetricByName(t.Metric)
	switch {
	case m.Kind == MetricTrend && m.Unit == UnitSeconds:
		return "p(99)<20s"
	case m.Kind == MetricTrend:
		return "avg<1.5"
	case m.Kind == MetricCounter:
		return "count<100"
	case m.Unit == UnitShare:
		return "value>0.99"
	case m.Unit == UnitSeconds:
		return "value<20s"
	}
	return "value<3"
}

// hours writes a duration as whole hours where it is.
func hours(d time.Duration) string {
	if d > 0 && d%time.Hour == 0 {
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	}
	return d.String()
}
