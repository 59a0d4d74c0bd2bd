package fleet

import (
	"time"

	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
)

// reasonUnfinished is the fleet's own reason for the end of a call, behind those
// of package retry: it was still in flight when the run ended.
const reasonUnfinished = 63

// cell gathers what the calls of one phase and operation did.
type cell struct {
	calls, succeeded, unfinished, dropped uint64
	attempts, rejected, denied            uint64
	outcomes                              [reports.OutcomeUnfinished + 1]uint64
	ends                                  [reasonUnfinished + 1]uint64 // by retry.Reason
	work, useful                          time.Duration
	truth                                 truth
	call, attempt, delay                  measure.Durations
	attemptMin, attemptMax                uint64
	counts                                []uint64 // calls by number of attempts
}

// ended notes the end of a call that made n attempts and took d.
func (c *cell) ended(n int, d time.Duration) {
	c.calls++
	if c.calls == 1 || uint64(n) < c.attemptMin {
		c.attemptMin = uint64(n)
	}
	c.attemptMax = max(c.attemptMax, uint64(n))
	for len(c.counts) <= n && len(c.counts) < maxCounts {
		c.counts = append(c.counts, 0)
	}
	c.counts[min(n, maxCounts-1)]++
	c.call.Add(d)
}

// maxCounts bounds the table of calls by attempts: a policy of a million
// attempts shares the last line from here on.
const maxCounts = 1024

func (c *cell) merge(o *cell) {
	if o.calls > 0 {
		if c.calls == 0 || o.attemptMin < c.attemptMin {
			c.attemptMin = o.attemptMin
		}
		c.attemptMax = max(c.attemptMax, o.attemptMax)
	}
	c.calls += o.calls
	c.succeeded += o.succeeded
	c.unfinished += o.unfinished
	c.dropped += o.dropped
	c.attempts += o.attempts
	c.rejected += o.rejected
	c.denied += o.denied
	c.work += o.work
	c.useful += o.useful
	c.truth.merge(o.truth)
	for i, n := range o.outcomes {
		c.outcomes[i] += n
	}
	for i, n := range o.ends {
		c.ends[i] += n
	}
	for len(c.counts) < len(o.counts) {
		c.counts = append(c.counts, 0)
	}
	for i, n := range o.counts {
		c.counts[i] += n
	}
	c.call.Merge(&o.call)
	c.attempt.Merge(&o.attempt)
	c.delay.Merge(&o.delay)
}

// report turns the cell into a record; span is the time that goodput is
// counted over.
func (c *cell) report(span time.Duration) reports.Metrics {
	m := reports.Metrics{
		Calls: c.calls, Succeeded: c.succeeded, Failed: c.calls - c.succeeded,
		Unfinished: c.unfinished, Dropped: c.dropped, Attempts: c.attempts,
		RejectedByBreaker: c.rejected, DeniedByBudget: c.denied,
		SuccessRate:     ratio(float64(c.succeeded), float64(c.calls)),
		Amplification:   ratio(float64(c.attempts), float64(c.calls)),
		Goodput:         ratio(float64(c.succeeded), span.Seconds()),
		AttemptOutcomes: append([]uint64(nil), c.outcomes[:]...),
		Ends:            []reports.End{},
		Truth:           c.truth.report(),
		WorkNS:          int64(c.work), WastedWorkNS: int64(c.work - c.useful),
		CallDuration: c.call.Report(), AttemptDuration: c.attempt.Report(), RetryDelay: c.delay.Report(),
	}
	for i, n := range c.ends {
		if n > 0 {
			m.Ends = append(m.Ends, reports.End{Reason: endName(i), Calls: n})
		}
	}
	return m
}

func endName(i int) string {
	switch i {
	case reasonUnfinished:
		return "unfinished"
	case reasonRestarted:
		return "client restarted"
	}
	return retry.Reason(i).String()
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
