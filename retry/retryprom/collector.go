package retryprom

import (
	"cmp"
	"context"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/squall-sim/squall/retry"
)

// MostPolicies is how many names of policies a [Collector] tells apart without
// [WithMostPolicies].
const MostPolicies = 100

// Collector counts what it observes. It is a prometheus.Collector, so it can be
// registered with any Registerer, a wrapped one included; [Collector.Observe] is
// a retry.Observer. It is safe for concurrent use: an event costs a few atomic
// additions, and allocates nothing. Make one with [New].
type Collector struct {
	calls     *prometheus.CounterVec
	attempts  *prometheus.CounterVec
	decisions *prometheus.CounterVec
	delay     *prometheus.HistogramVec
	tries     *prometheus.HistogramVec
	duration  *prometheus.HistogramVec

	most     int
	policies atomic.Pointer[map[string]*policy] // never changed, but replaced
	mu       sync.Mutex                         // held to replace it
	other    func() *policy                     // of all further names
}

// Option changes how a [Collector] names or counts.
type Option func(*settings)

type settings struct {
	namespace    string
	labels       prometheus.Labels
	delays       []float64
	attempts     []float64
	durations    []float64
	mostPolicies int
}

// WithNamespace puts a namespace in front of the names: "shop" makes
// shop_retry_calls_total.
func WithNamespace(namespace string) Option { return func(s *settings) { s.namespace = namespace } }

// WithConstLabels gives every metric these labels.
func WithConstLabels(labels prometheus.Labels) Option {
	return func(s *settings) { s.labels = labels }
}

// WithSecondsBuckets sets the upper bounds of the buckets of
// retry_delay_seconds and retry_call_duration_seconds, in seconds, ascending;
// without this option 5 ms to 300 s. nil leaves them as they are.
func WithSecondsBuckets(delays, durations []float64) Option {
	return func(s *settings) {
		if delays != nil {
			s.delays = delays
		}
		if durations != nil {
			s.durations = durations
		}
	}
}

// WithMostPolicies sets how many names of policies are told apart, 1 or more;
// all further ones are counted as "other".
func WithMostPolicies(n int) Option { return func(s *settings) { s.mostPolicies = max(n, 1) } }

// seconds is from the first delays of the presets to beyond their limits.
var seconds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300}

// New returns a collector that has counted nothing. It panics, as package
// prometheus does, if options make names or buckets that are not valid.
func New(opts ...Option) *Collector {
	s := settings{
		delays: seconds, durations: seconds, mostPolicies: MostPolicies,
		attempts: []float64{1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50},
	}
	for _, opt := range opts {
		opt(&s)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: s.namespace, Subsystem: "retry", Name: name, Help: help, ConstLabels: s.labels,
		}, append([]string{"policy"}, labels...))
	}
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: s.namespace, Subsystem: "retry", Name: name, Help: help, ConstLabels: s.labels, Buckets: buckets,
		}, []string{"policy"})
	}
	c := &Collector{
		calls:     counter("calls_total", "Calls that ended, by result: success, or the reason that there was no further attempt.", "result"),
		attempts:  counter("attempts_total", "Attempts that reached the backend and ended, by result: success, the class of the error, or abandoned.", "result"),
		decisions: counter("decisions_total", "Decisions that did not end a call, by what was decided and why.", "decision", "reason"),
		delay:     histogram("delay_seconds", "Delays before retries, and waits for a circuit breaker.", s.delays),
		tries:     histogram("call_attempts", "Attempts of each call that ended.", s.attempts),
		duration:  histogram("call_duration_seconds", "Time of each call that ended, attempts and delays together.", s.durations),
		most:      s.mostPolicies,
	}
	c.policies.Store(&map[string]*policy{})
	c.other = sync.OnceValue(func() *policy { return c.newPolicy("other") })
	return c
}

// vectors are all that the collector is made of.
func (c *Collector) vectors() [6]prometheus.Collector {
	return [...]prometheus.Collector{c.calls, c.attempts, c.decisions, c.delay, c.tries, c.duration}
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, v := range c.vectors() {
		v.Describe(to)
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	for _, v := range c.vectors() {
		v.Collect(to)
	}
}

// Observe counts one event. It is a retry.Observer, for retry.WithObserver.
func (c *Collector) Observe(_ context.Context, e retry.Event) {
	p := c.policy(e.Policy)
	p.ended(&e)
	switch {
	case e.Hedge && e.Decision.Retry:
		p.decided(hedge, slow)
	case e.Hedge:
		p.decided(noHedge, reasonLabel(e.Decision.Reason))
	case e.Decision.Retry && e.Ended == 0: // nothing reached the backend
		p.decided(wait, reasonLabel(retry.Rejected))
		p.delay.Observe(e.Decision.After.Seconds())
	case e.Decision.Retry:
		p.decided(again, e.Class.String())
		p.delay.Observe(e.Decision.After.Seconds())
	case e.Running > 0 && e.Err != nil:
		p.decided(leave, e.Class.String())
	default:
		p.over(&e)
	}
}

// policy returns the metrics of one policy.
func (c *Collector) policy(name string) *policy {
	known := *c.policies.Load()
	if p := known[name]; p != nil {
		return p
	}
	if len(known) >= c.most {
		return c.other()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known = *c.policies.Load()
	if p := known[name]; p != nil {
		return p
	}
	if len(known) >= c.most {
		return c.other()
	}
	more := maps.Clone(known)
	more[name] = c.newPolicy(cmp.Or(name, "unnamed"))
	c.policies.Store(&more)
	return more[name]
}

// underscored is a text as the value of a label.
func underscored(s string) string { return strings.ReplaceAll(s, " ", "_") }
