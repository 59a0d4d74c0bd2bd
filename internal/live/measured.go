package live

import (
	"math"
	"time"

	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// Judge holds the scenario's thresholds against what the server has seen of its
// clients, who together go by one name. It judges what a server can know:
//
//   - calls, success_rate, goodput, attempts_per_call, amplification, attempt_duration,
//     call_duration (from the arrival of the first attempt to the end of the last) and
//     retry_delay (from the end of an attempt to the arrival of the next) of calls as
//     [Call] has them. Goodput and rates are by the time that a phase really had;
//   - time_to_recover, where all phases had their time one after another;
//   - false_failures, false_successes, duplicates and leaked_uploads, as [Truth] has them.
//
// Thresholds on anything else, those for one policy, and those of phases that had no
// turn are not judged, and told with the reason. One that finds no samples is missed.
func (s *Server) Judge(client string) (judged []reports.Threshold, left []scenarios.Unjudged) {
	m := s.measured()
	return s.scenario.Judge(client, m, s.world.Load().course.isDue)
}

// Calls returns up to n of the last 10,000 calls, oldest first: of those that take
// chooses; nil: of all. take must not keep its argument.
func (s *Server) Calls(n int, take func(*Call) bool) []Call {
	w := s.world.Load()
	if take == nil {
		take = func(*Call) bool { return true }
	}
	return w.calls.lastOf(n, take, func(phase int) string { return s.scenario.Phases[phase].Label })
}

// measured is what the server saw at one moment, for thresholds.
type measured struct {
	state  State
	labels []string
	all    totals
	span   []time.Duration // that each phase had
	whole  time.Duration
	// recoveries are nil where phases did not follow one another.
	recoveries []reports.Recovery
}

// measured settles a copy of the history, calls in flight included.
func (s *Server) measured() *measured {
	w := s.world.Load()
	m := &measured{state: s.State()}
	for _, ph := range s.scenario.Phases {
		m.labels = append(m.labels, ph.Label)
	}
	m.span, m.whole = w.course.spent()
	h := &w.calls
	h.mu.Lock()
	defer h.mu.Unlock()
	m.all.recovery, m.all.recoverable = h.totals.recovery.Clone(), h.totals.recoverable
	for key, c := range h.totals.cells { // sums, in any order
		m.all.cell(key.phase, key.op).merge(c)
	}
	for _, one := range h.ring {
		m.all.settle(one.call, h.began)
	}
	if w.course.isStraight() {
		m.recoveries = m.all.recovery.Report(s.played(min(m.whole, m.all.recoverable)))
	}
	return m
}

// played describes the phases that had their time by then, for the record.
func (s *Server) played(by time.Duration) (out []reports.Phase) {
	at := time.Duration(0)
	for i, ph := range s.scenario.Phases {
		end := min(at+ph.For, by)
		if i == len(s.scenario.Phases)-1 {
			end = by // the last one stays
		}
		if at >= by {
			break
		}
		one := reports.Phase{Label: ph.Label, StartNS: int64(at), EndNS: int64(end)}
		for _, rule := range ph.Faults {
			one.Faults = append(one.Faults, rule.String())
		}
		out = append(out, one)
		at += ph.For
	}
	return out
}

// Measure implements scenarios.Measurer.
func (m *measured) Measure(metric string, of scenarios.Choice) (s scenarios.Sample, ok bool) {
	phase, op := of.Phase, of.Op
	var c cell
	for key, one := range m.all.cells { // sums, in any order
		if (phase < 0 || key.phase == phase) && (op == "" || key.op == op) {
			c.merge(one)
		}
	}
	span := m.whole
	if phase >= 0 {
		span = m.span[phase]
	}
	if s, ok = c.measure(metric, span); !ok {
		s, ok = m.truth(metric, phase, op)
	}
	if metric == "time_to_recover" && m.recoveries != nil {
		label := ""
		if phase >= 0 {
			label = m.labels[phase]
		}
		s, ok = measure.Recoveries(m.recoveries, label), true
	}
	s.Span = span
	return s, ok
}

// measure answers the metrics of calls and attempts.
func (c *cell) measure(metric string, span time.Duration) (scenarios.Sample, bool) {
	share := func(n uint64, of float64) scenarios.Sample {
		if of == 0 {
			return scenarios.Sample{Count: c.calls, Value: math.NaN()}
		}
		return scenarios.Sample{Count: c.calls, Value: float64(n) / of}
	}
	switch metric {
	case "call_duration":
		return c.call.Sample(), true
	case "attempt_duration":
		return c.attempt.Sample(), true
	case "retry_delay":
		return c.delay.Sample(), true
	case "attempts_per_call":
		return measure.Numbers(c.counts, c.attempts, c.least, c.most), true
	case "calls":
		return scenarios.Sample{Count: c.calls, Value: float64(c.calls)}, true
	case "success_rate":
		return share(c.succeeded, float64(c.calls)), true
	case "amplification":
		return share(c.attempts, float64(c.calls)), true
	case "goodput":
		return share(c.succeeded, span.Seconds()), true
	}
	return scenarios.Sample{}, false
}

// truth answers the metrics of what was carried out and what was told.
func (m *measured) truth(metric string, phase int, op string) (scenarios.Sample, bool) {
	var sum Truth
	for _, t := range m.state.Truth {
		if (phase < 0 || t.Phase == m.labels[phase]) && (op == "" || t.Op == op) {
			sum.add(t)
		}
	}
	n := uint64(0)
	switch metric {
	case "false_failures":
		n = sum.FalseFailures
	case "false_successes":
		n = sum.FalseSuccesses
	case "duplicates":
		n = sum.Duplicates
	case "leaked_uploads":
		if m.state.LeakedUploads == nil || phase >= 0 || op != "" {
			return scenarios.Sample{}, false
		}
		n = uint64(max(0, *m.state.LeakedUploads))
	default:
		return scenarios.Sample{}, false
	}
	return scenarios.Sample{Count: sum.Calls, Value: float64(n)}, true
}
