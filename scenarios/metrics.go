package scenarios

import "slices"

// MetricKind tells what a metric is made of, and so which aggregates fit it.
type MetricKind string

// The kinds of metric.
const (
	// MetricTrend is a distribution of samples: avg, min, max, med, p(N), count.
	MetricTrend MetricKind = "trend"
	// MetricCounter counts events: count (or value, the same), rate (a second).
	MetricCounter MetricKind = "counter"
	// MetricRate is a share from 0 to 1: value (or rate, the same).
	MetricRate MetricKind = "rate"
	// MetricGauge is one number: value.
	MetricGauge MetricKind = "gauge"
)

// Unit is what a metric's values are measured in.
type Unit string

// The units of metrics.
const (
	UnitNumber  Unit = "number"
	UnitSeconds Unit = "seconds" // thresholds write them with a unit: 250ms, 20s
	UnitShare   Unit = "share"   // from 0 to 1; thresholds may write 99%
	UnitRate    Unit = "per second"
)

// Metric is one thing that a run measures and a threshold can bound.
type Metric struct {
	Name  string
	Kind  MetricKind
	Unit  Unit
	About string // one line
	// Filters are the filter keys that the metric understands: of phase, op, group
	// and policy.
	Filters []string
}

var (
	byCall    = []string{"phase", "op", "group", "policy"}
	byPhase   = []string{"phase", "policy"}
	byRun     = []string{"policy"}
	metricSet = []Metric{
		{"calls", MetricCounter, UnitNumber, "calls that were started", byCall},
		{"success_rate", MetricRate, UnitShare, "calls that succeeded, of all calls", byCall},
		{"goodput", MetricGauge, UnitRate, "successful calls a second", byCall},
		{"call_duration", MetricTrend, UnitSeconds, "from a call's intended start to its end, with all attempts and waits", byCall},
		{"attempt_duration", MetricTrend, UnitSeconds, "from sending an attempt to its answer, time-out or break", byCall},
		{"attempts_per_call", MetricTrend, UnitNumber, "attempts that each call sent, the first one included", byCall},
		{"amplification", MetricGauge, UnitNumber, "attempts sent for each call: 1 without retries", byCall},
		{"retry_delay", MetricTrend, UnitSeconds, "the waits between attempts", byCall},
		{"wasted_work", MetricRate, UnitShare, "the backend's working time on attempts that did not make their call succeed, of all", byCall},
		{"dropped", MetricCounter, UnitNumber, "arrivals not started, as max_in_flight calls were in flight", byCall},
		{"rejected_by_breaker", MetricCounter, UnitNumber, "calls that an open breaker ended", byCall},
		{"denied_by_budget", MetricCounter, UnitNumber, "calls whose next attempt the retry budget denied", byCall},
		{"false_failures", MetricCounter, UnitNumber, "calls told failure, or nothing, though the backend carried out at least one of their attempts", byCall},
		{"false_successes", MetricCounter, UnitNumber, "calls told success though nothing was carried out, or what they read is not what is stored", byCall},
		{"duplicates", MetricCounter, UnitNumber, "changes that the backend made beyond the first one of each call", byCall},
		{"leaked_uploads", MetricCounter, UnitNumber, "multipart uploads begun, and neither completed nor aborted; simulated clients begin none", byRun},
		{"breaker_transitions", MetricCounter, UnitNumber, "state changes of all the policy's breakers", byPhase},
		{"breaker_open_time", MetricGauge, UnitSeconds, "time spent open, that is refusing every call, summed over all the policy's breakers", byPhase},
		{"time_to_recover", MetricTrend, UnitSeconds, "from the end of a fault, or of a phase with a higher rate or fewer workers, to the end of the last bad second after it; one sample for each after which somebody calls", byPhase},
	}
)

// Metrics gives every metric, in the order in which reports show them. The
// caller may change the slice, but not the Filters within.
func Metrics() []Metric { return slices.Clone(metricSet) }

// MetricByName gives the metric of that name.
func MetricByName(name string) (Metric, bool) {
	for _, m := range metricSet {
		if m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}

// metricNames lists all metrics by name.
func metricNames() []string {
	names := make([]string, len(metricSet))
	for i, m := range metricSet {
		names[i] = m.Name
	}
	return names
}

// aggregates lists what fits a kind of metric, as thresholds write it.
func (k MetricKind) aggregates() []string {
	switch k {
	case MetricTrend:
		return []string{"avg", "min", "max", "med", "p(N)", "count"}
	case MetricCounter:
		return []string{"count", "rate", "value"}
	case MetricRate:
		return []string{"value", "rate"}
	}
	return []string{"value"}
}
