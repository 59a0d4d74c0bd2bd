package live

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// collector shows a server's State to Prometheus. Counters go back to 0 with a
// reset, which Prometheus takes for a restart.
type collector struct {
	server   *Server
	requests *prometheus.Desc
	inFlight *prometheus.Desc
	answers  *prometheus.Desc
	attempts *prometheus.Desc
	refused  *prometheus.Desc
	matched  *prometheus.Desc
	fired    *prometheus.Desc
	seen     *prometheus.Desc
	phase    *prometheus.Desc

	limitAsked, limitRefused, splits *prometheus.Desc

	falseFailures, falseSuccesses, duplicates, leaked *prometheus.Desc
}

func newCollector(s *Server) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("squall_"+name, help, labels, prometheus.Labels{"scenario": s.scenario.Name})
	}
	return &collector{
		server:   s,
		requests: desc("requests_total", "Requests that arrived."),
		inFlight: desc("requests_in_flight", "Requests that are not answered yet."),
		answers:  desc("answers_total", "Ended requests; status 0 is no answer, or not all of it.", "op", "status"),
		attempts: desc("attempts_total", "Requests that said which attempt of their call they are.", "attempt"),
		refused:  desc("refused_total", "Requests turned away by a backend that had no room."),
		matched:  desc("fault_matched_total", "Requests that a fault chose.", "phase", "rule", "fault"),
		fired:    desc("fault_fired_total", "Requests that a fault hit.", "phase", "rule", "fault"),
		seen:     desc("fault_seen_total", "Requests that a fault hit, and whose client was there for it.", "phase", "rule", "fault"),
		phase:    desc("phase", "1 for the phase in force, 0 for the others.", "phase"),

		limitAsked:   desc("limit_asked_total", "Requests that a quota, or the rate of a prefix, was for.", "number", "limit"),
		limitRefused: desc("limit_refused_total", "Requests that a quota, or the rate of a prefix, turned away.", "number", "limit"),
		splits:       desc("prefix_splits_total", "Partitioned prefixes that were split."),

		falseFailures:  desc("false_failures", "Calls told failure that changed something; a retry may yet put them right.", "phase", "op"),
		falseSuccesses: desc("false_successes", "Calls told success that changed nothing, or read what is not stored.", "phase", "op"),
		duplicates:     desc("duplicates_total", "Changes beyond the first one of each call.", "phase", "op"),
		leaked:         desc("leaked_uploads", "Multipart uploads begun, and neither completed nor aborted."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.requests, c.inFlight, c.answers, c.attempts, c.refused, c.matched, c.fired, c.seen, c.phase,
		c.limitAsked, c.limitRefused, c.splits, c.falseFailures, c.falseSuccesses, c.duplicates, c.leaked} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	s := c.server.State()
	count(c.requests, s.Requests)
	to <- prometheus.MustNewConstMetric(c.inFlight, prometheus.GaugeValue, float64(s.InFlight))
	for _, a := range s.Answers {
		count(c.answers, a.Count, a.Op, strconv.Itoa(a.Status))
	}
	for i, n := range s.Attempts {
		count(c.attempts, n, strconv.Itoa(i+1))
	}
	count(c.refused, s.Refused)
	for _, r := range s.Rules {
		number := strconv.Itoa(r.Rule)
		if r.ID != 0 {
			number = "added " + strconv.Itoa(r.ID)
		}
		count(c.matched, r.Matched, r.Phase, number, r.Text)
		count(c.fired, r.Fired, r.Phase, number, r.Text)
		count(c.seen, r.Seen, r.Phase, number, r.Text)
	}
	gauge := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	for _, t := range s.Truth {
		gauge(c.falseFailures, t.FalseFailures, t.Phase, t.Op)
		gauge(c.falseSuccesses, t.FalseSuccesses, t.Phase, t.Op)
		count(c.duplicates, t.Duplicates, t.Phase, t.Op)
	}
	if s.LeakedUploads != nil {
		gauge(c.leaked, uint64(*s.LeakedUploads))
	}
	for i, l := range s.Limits {
		count(c.limitAsked, l.Asked, strconv.Itoa(i), l.Limit)
		count(c.limitRefused, l.Refused, strconv.Itoa(i), l.Limit)
	}
	if c.server.scenario.Backend.Prefixes != nil {
		count(c.splits, uint64(len(s.Splits)))
	}
	for _, ph := range c.server.scenario.Phases {
		in := 0.0
		if ph.Label == s.Phase {
			in = 1
		}
		to <- prometheus.MustNewConstMetric(c.phase, prometheus.GaugeValue, in, ph.Label)
	}
}
