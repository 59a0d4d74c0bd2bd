package scenarios

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseThreshold(t *testing.T) {
	tests := []struct {
		selector, expr string
		want           Threshold
		text           string // of String
	}{
		{"success_rate", "value>0.99", Threshold{Metric: "success_rate", Aggregate: AggValue, Operator: OpGreater, Value: 0.99}, "success_rate: value>0.99"},
		{"success_rate", "rate >= 99%", Threshold{Metric: "success_rate", Aggregate: AggRate, Operator: OpGreaterEqual, Value: 0.99}, "success_rate: rate>=0.99"},
		{
			"call_duration{phase:burst}", "p(99)<20s",
			Threshold{Metric: "call_duration", Filter: Filter{Phase: "burst"}, Aggregate: AggPercentile, Percentile: 99, Operator: OpLess, Value: 20},
			"call_duration{phase:burst}: p(99)<20s",
		},
		{
			" call_duration { op : PutObject , policy:a b,phase:x} ", " p( 99.9 ) <= 250ms ",
			Threshold{Metric: "call_duration", Filter: Filter{Phase: "x", Op: "PutObject", Policy: "a b"}, Aggregate: AggPercentile, Percentile: 99.9, Operator: OpLessEqual, Value: 0.25},
			"call_duration{phase:x,op:PutObject,policy:a b}: p(99.9)<=250ms",
		},
		{"retry_delay", "max==0", Threshold{Metric: "retry_delay", Aggregate: AggMax, Operator: OpEqual}, "retry_delay: max==0s"},
		{"retry_delay", "count===0", Threshold{Metric: "retry_delay", Aggregate: AggCount, Operator: OpEqual}, "retry_delay: count==0"},
		{"attempts_per_call", "avg<1.5", Threshold{Metric: "attempts_per_call", Aggregate: AggAvg, Operator: OpLess, Value: 1.5}, "attempts_per_call: avg<1.5"},
		{"attempts_per_call", "med!=2", Threshold{Metric: "attempts_per_call", Aggregate: AggMed, Operator: OpNotEqual, Value: 2}, "attempts_per_call: med!=2"},
		{"dropped", "rate<1e2", Threshold{Metric: "dropped", Aggregate: AggRate, Operator: OpLess, Value: 100}, "dropped: rate<100"},
		{"breaker_open_time{policy:a}", "value<1h30m", Threshold{Metric: "breaker_open_time", Filter: Filter{Policy: "a"}, Aggregate: AggValue, Operator: OpLess, Value: 5400}, "breaker_open_time{policy:a}: value<1h30m0s"},
		{"wasted_work", "value<20 %", Threshold{Metric: "wasted_work", Aggregate: AggValue, Operator: OpLess, Value: 0.2}, "wasted_work: value<0.2"},
	}
	for _, tt := range tests {
		got, err := ParseThreshold(tt.selector, tt.expr)
		if err != nil {
			t.Errorf("%s: %s: %v", tt.selector, tt.expr, err)
			continue
		}
		tt.want.Text = tt.expr
		if got != tt.want {
			t.Errorf("%s: %s:\n got %+v\nwant %+v", tt.selector, tt.expr, got, tt.want)
		}
		if got.String() != tt.text {
			t.Errorf("String: got %q, want %q", got, tt.text)
		}
	}
}

func TestParseThresholdSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ selector, expr, want string }{
		{"", "value>1", `metric: "" names no metric; write metric or metric{phase:label}, such as success_rate`},
		{"call_durations", "p(99)<2s", `metric: unknown metric "call_durations"; did you mean call_duration?`},
		{"call_duration{phase:x", "max<2s", `filter that does not end with one }`},
		{"call_duration}", "max<2s", `unknown metric "call_duration}"; did you mean call_duration?`},
		{"call_duration{phase:x}}", "max<2s", `filter that does not end with one }`},
		{"call_duration{}", "max<2s", `the filter "" is not key:value`},
		{"call_duration{phase:}", "max<2s", `the filter "phase:" is not key:value`},
		{"call_duration{phases:x}", "max<2s", `unknown filter "phases"; did you mean phase?`},
		{"call_duration{phase:x,phase:y}", "max<2s", `the filter has phase twice`},
		{"breaker_open_time{op:x}", "value<2s", `breaker_open_time cannot be filtered by op; it understands phase, policy`},
		{"time_to_recover{op:GET}", "max<2s", `time_to_recover cannot be filtered by op; it understands phase, policy`},
		{"calls", "", `expr: "" compares nothing; write aggregate, operator and number, such as count<100`},
		{"calls", "count", `"count" compares nothing`},
		{"calls", "count<", `compares with nothing; write a number after <, such as count<100`},
		{"calls", "count=5", `unknown operator "="; write one of < <= > >= == !=`},
		{"calls", "count<>5", `unknown operator "<>"`},
		{"calls", "cuont<5", `unknown aggregate "cuont"; did you mean count?`},
		{"calls", "avg<5", `avg does not fit calls, which is a counter; write count, rate, value`},
		{"calls", "p(99)<5", `p(99) does not fit calls, which is a counter`},
		{"success_rate", "count>5", `count does not fit success_rate, which is a rate; write value, rate`},
		{"goodput", "rate>5", `rate does not fit goodput, which is a gauge; write value`},
		{"call_duration", "value<5s", `value does not fit call_duration, which is a trend; write avg, min, max, med, p(N), count`},
		{"call_duration", "p(100.1)<5s", `"p(100.1)" is not a percentile`},
		{"call_duration", "p(-1)<5s", `"p(-1)" is not a percentile`},
		{"call_duration", "p(NaN)<5s", `"p(NaN)" is not a percentile`},
		{"call_duration", "p()<5s", `"p()" is not a percentile`},
		{"call_duration", "p99<5s", `unknown aggregate "p99"`},
		{"call_duration", "p(99)<200", `200 has no unit; write 200s (or 200ms, 200m)`},
		{"call_duration", "p(99)<5 sec", `"5 sec" is not a duration; write 5s`},
		{"call_duration", "p(99)<-5s", `"-5s" is below 0, which call_duration never is`},
		{"call_duration", "p(99)<9000h", `"9000h" is longer than any run`},
		{"call_duration", "p(99)<50%", `"50%" is not a duration`},
		{"call_duration", "count<5s", `"5s" is not a number; count of call_duration is a plain number`},
		{"amplification", "value<3x", `"3x" is not a number; value of amplification is a plain number, such as value<3`},
		{"amplification", "value<NaN", `"NaN" is not a possible value`},
		{"amplification", "value<inf", `"inf" is not a possible value`},
		{"amplification", "value<20%", `"20%" is not a number`},
		{"success_rate", "value>99", `"99" is above 1, which a share never is; write a number from 0 to 1, or a percentage such as 99%`},
		{"success_rate", "value>101%", `"101%" is above 1`},
		{"success_rate", "value>high", `"high" is not a share`},
	}
	for _, tt := range tests {
		_, err := ParseThreshold(tt.selector, tt.expr)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q %q:\n got %v\nwant %s", tt.selector, tt.expr, err, tt.want)
		}
	}
}

// Two mistakes in one threshold are both told.
func TestParseThresholdTellsAll(t *testing.T) {
	_, err := ParseThreshold("sucess_rate", "p(101)>1")
	for _, want := range []string{"metric: unknown metric", "expr: \"p(101)\" is not a percentile"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s in it", err, want)
		}
	}
}

func TestHolds(t *testing.T) {
	for op, want := range map[Operator][3]bool{ // of 1, 2 and 3 against 2
		OpLess: {true, false, false}, OpLessEqual: {true, true, false}, OpGreater: {false, false, true},
		OpGreaterEqual: {false, true, true}, OpEqual: {false, true, false}, OpNotEqual: {true, false, true}, "~": {},
	} {
		th := Threshold{Operator: op, Value: 2}
		for i, actual := range []float64{1, 2, 3} {
			if got := th.Holds(actual); got != want[i] {
				t.Errorf("%v %s 2: got %v", actual, op, got)
			}
		}
		if th.Holds(math.NaN()) {
			t.Errorf("NaN %s 2 holds: nothing was measured", op)
		}
	}
}

func TestBinds(t *testing.T) {
	shipped, rival := Policy{Name: "shipped"}, Policy{Name: "rival", Baseline: true}
	all, named := Threshold{}, Threshold{Filter: Filter{Policy: "rival"}}
	if !all.Binds(shipped) || all.Binds(rival) {
		t.Error("a threshold without a policy must bind those that are no baseline")
	}
	if named.Binds(shipped) || !named.Binds(rival) {
		t.Error("a threshold with a policy must bind that one alone, baseline or not")
	}
}

func TestMetricsHaveAllAConsumerNeeds(t *testing.T) {
	names := map[string]bool{}
	for _, m := range Metrics() {
		if names[m.Name] || m.Name == "" || m.About == "" || m.Unit == "" || len(m.Kind.aggregates()) == 0 || len(m.Filters) == 0 {
			t.Errorf("incomplete or doubled: %+v", m)
		}
		names[m.Name] = true
		th := Threshold{Metric: m.Name}
		if _, err := ParseThreshold(m.Name, th.sample()); err != nil {
			t.Errorf("the sample expression for %s: %v", m.Name, err)
		}
	}
	if _, ok := MetricByName("nosuch"); ok {
		t.Error("there is no metric nosuch")
	}
}

// drawThreshold draws a valid threshold on the given phases, ops and policies.
func drawThreshold(t *rapid.T, phases, ops, policies []string) Threshold {
	m := rapid.SampledFrom(Metrics()).Draw(t, "metric")
	th := Threshold{Metric: m.Name, Operator: rapid.SampledFrom([]Operator{OpLess, OpLessEqual, OpGreater, OpGreaterEqual, OpEqual, OpNotEqual}).Draw(t, "operator")}
	for _, f := range m.Filters {
		if !rapid.Bool().Draw(t, "filtered") {
			continue
		}
		switch f {
		case "phase":
			th.Filter.Phase = rapid.SampledFrom(phases).Draw(t, "phase")
		case "op":
			th.Filter.Op = rapid.SampledFrom(ops).Draw(t, "op")
		case "policy":
			th.Filter.Policy = rapid.SampledFrom(policies).Draw(t, "policy")
		}
	}
	agg := rapid.SampledFrom(m.Kind.aggregates()).Draw(t, "aggregate")
	if th.Aggregate = Aggregate(agg); agg == "p(N)" {
		th.Aggregate = AggPercentile
		th.Percentile = rapid.Float64Range(0, 100).Draw(t, "N")
	}
	switch th.Unit() {
	case UnitSeconds:
		th.Value = seconds(time.Duration(rapid.Int64Range(0, int64(MaxDuration)).Draw(t, "ns")))
	case UnitShare:
		th.Value = rapid.Float64Range(0, 1).Draw(t, "share")
	default:
		th.Value = rapid.Float64Range(0, 1e9).Draw(t, "value")
	}
	return th
}

func TestThresholdReadsBackWhatItPrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := drawThreshold(t, []string{"burst", "a b", "é"}, []string{"PutObject"}, []string{"p-1", "x.y"})
		back, err := ParseThreshold(th.Selector(), th.Expr())
		if err != nil {
			t.Fatalf("%s: %v", th, err)
		}
		back.Text = ""
		if back != th {
			t.Fatalf("%s reads back as %s:\n%+v\n%+v", th, back, th, back)
		}
	})
}

func FuzzParseThreshold(f *testing.F) {
	f.Add("call_duration{phase:burst}", "p(99)<20s")
	f.Add("success_rate", "value>=99.5%")
	f.Add("breaker_open_time{policy:a}", "value<1h0.000000001s")
	f.Add("calls{op:GET,phase:x}", "rate!=1e-7")
	f.Fuzz(func(t *testing.T, selector, expr string) {
		th, err := ParseThreshold(selector, expr)
		if err != nil {
			return
		}
		if math.IsNaN(th.Value) || th.Value < 0 || th.Holds(math.NaN()) {
			t.Fatalf("%q %q gives %+v", selector, expr, th)
		}
		back, err := ParseThreshold(th.Selector(), th.Expr())
		if err != nil {
			t.Fatalf("%q %q prints as %s: %v", selector, expr, th, err)
		}
		th.Text, back.Text = "", ""
		if back != th {
			t.Fatalf("%q %q: %+v reads back as %+v", selector, expr, th, back)
		}
	})
}
