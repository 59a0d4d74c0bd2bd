package retryprom

import (
	"errors"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/squall-sim/squall/retry"
)

// The values of the label decision, and of reason where that is of our making.
const (
	again   = "retry"
	wait    = "wait"
	hedge   = "hedge"
	noHedge = "no_hedge"
	leave   = "leave"
	slow    = "slow"
)

const (
	success   = "success"
	abandoned = "abandoned"
)

// reasonLabels are the reasons as values of a label, by their number.
var reasonLabels = func() []string {
	all := retry.Reasons()
	labels := make([]string, len(all)+1)
	for _, r := range all {
		labels[r] = underscored(r.String())
	}
	return labels
}()

func reasonLabel(r retry.Reason) string {
	if int(r) < len(reasonLabels) {
		return reasonLabels[r]
	}
	return "unknown"
}

// policy has the metrics of one policy. A counter is looked up in its vector
// once, when it is first counted, so that what never happens is not exported.
type policy struct {
	of    *Collector
	name  string
	delay prometheus.Observer

	calls    [16]slot // by reason; 0: success
	attempts [8]slot  // by class; then success and abandoned
	tries    prometheus.Observer
	duration prometheus.Observer
}

// slot is a counter that was looked up, or nil.
type slot = atomic.Pointer[prometheus.Counter]

func (c *Collector) newPolicy(name string) *policy {
	return &policy{
		of: c, name: name,
		delay: c.delay.WithLabelValues(name), tries: c.tries.WithLabelValues(name), duration: c.duration.WithLabelValues(name),
	}
}

func (p *policy) count(s *slot, vector *prometheus.CounterVec, label string, n int) {
	counter := s.Load()
	if counter == nil {
		found := vector.WithLabelValues(p.name, label)
		counter = &found
		s.Store(counter)
	}
	(*counter).Add(float64(n))
}

const (
	slotSuccess   = 6
	slotAbandoned = 7
)

// ended counts the attempts that the event tells the end of.
func (p *policy) ended(e *retry.Event) {
	if e.Ended <= 0 {
		return
	}
	given := e.Ended - 1 // up; the last one is the event's own
	if e.Decision.Reason == retry.Cancelled && turnedAway(e.Err) {
		given++ // the event's own reached nobody
	}
	if given > 0 {
		p.count(&p.attempts[slotAbandoned], p.of.attempts, abandoned, given)
	}
	if given == e.Ended {
		return
	}
	if e.Err == nil && e.Decision.Reason == 0 {
		p.count(&p.attempts[slotSuccess], p.of.attempts, success, 1)
	} else {
		p.count(&p.attempts[min(int(e.Class), slotSuccess-1)], p.of.attempts, e.Class.String(), 1)
	}
}

// over counts a call that ended.
func (p *policy) over(e *retry.Event) {
	label := success
	if e.Decision.Reason != 0 {
		label = reasonLabel(e.Decision.Reason)
	}
	p.count(&p.calls[min(int(e.Decision.Reason), len(p.calls)-1)], p.of.calls, label, 1)
	p.tries.Observe(float64(e.Attempts))
	p.duration.Observe(e.Elapsed.Seconds())
}

// decided counts a decision that did not end the call. It is off the path of
// calls that succeed at once, so the vector's own look-up will do.
func (p *policy) decided(decision, reason string) {
	p.of.decisions.WithLabelValues(p.name, decision, reason).Inc()
}

// turnedAway reports whether err is a breaker's.
func turnedAway(err error) bool {
	var rejected interface{ Rejected() bool }
	return errors.As(err, &rejected) && rejected.Rejected()
}
