package breakerprom

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/squall-sim/squall/breaker"
)

// Breaker is what a Collector reads: a *breaker.Breaker or *breaker.TwoStep.
type Breaker interface{ Snapshot() breaker.Snapshot }

// Collector shows breakers. It is a prometheus.Collector, so it can be registered with
// any Registerer, a wrapped one included. It is safe for concurrent use. Make it with
// New.
type Collector struct {
	changes *prometheus.CounterVec
	state   *prometheus.Desc
	opened  *prometheus.Desc
	overdue *prometheus.Desc
	probes  *prometheus.Desc
	passed  *prometheus.Desc

	mu      sync.Mutex
	sources []iter.Seq[Breaker]
}

// Option changes how a Collector names its metrics.
type Option func(*settings)

type settings struct {
	namespace string
	labels    prometheus.Labels
}

// WithNamespace puts a namespace in front of the names: "shop" makes
// shop_breaker_state.
func WithNamespace(namespace string) Option { return func(s *settings) { s.namespace = namespace } }

// WithConstLabels gives every metric these labels.
func WithConstLabels(labels prometheus.Labels) Option {
	return func(s *settings) { s.labels = labels }
}

// New returns a Collector without breakers. It panics, as package prometheus does, if
// the options make names that are not valid.
func New(opts ...Option) *Collector {
	var s settings
	for _, opt := range opts {
		opt(&s)
	}
	name := func(n string) string { return prometheus.BuildFQName(s.namespace, "breaker", n) }
	desc := func(n, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name(n), help, append([]string{"breaker"}, labels...), s.labels)
	}
	return &Collector{
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("changes_total"), Help: "Changes of state, by the state after and the cause.", ConstLabels: s.labels,
		}, []string{"breaker", "to", "cause"}),
		state:   desc("state", "1 for the state that the breaker is in, 0 for the others.", "state"),
		opened:  desc("opened_total", "How often the breaker has opened."),
		overdue: desc("overdue_calls", "Calls in flight that are slow by now."),
		probes:  desc("probes", "Probes in flight."),
		passed:  desc("passed_total", "Calls let pass in shadow that would have been refused."),
	}
}

// Add shows breakers from now on. The names of all that are shown must differ, or
// Prometheus refuses the lot.
func (c *Collector) Add(breakers ...Breaker) {
	c.AddAll(slices.Values(slices.Clone(breakers)))
}

// AddAll shows what all yields each time that Prometheus asks. See Registered for the
// breakers of a registry.
func (c *Collector) AddAll(all iter.Seq[Breaker]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources = append(c.sources, all)
}

// Registered are the breakers that a registry has when it is ranged over, for AddAll.
func Registered[K comparable](r *breaker.Registry[K]) iter.Seq[Breaker] {
	return func(yield func(Breaker) bool) {
		for _, b := range r.All() {
			if !yield(b) {
				return
			}
		}
	}
}

// Listen counts a change of state. It is for breaker.WithListener; in a registry, for
// breaker.WithEach.
func (c *Collector) Listen(e breaker.Event) {
	c.changes.WithLabelValues(e.Name, label(e.To.String()), label(e.Cause.String())).Inc()
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	c.changes.Describe(to)
	for _, d := range []*prometheus.Desc{c.state, c.opened, c.overdue, c.probes, c.passed} {
		to <- d
	}
}

// Collect implements prometheus.Collector. It asks each breaker for its Snapshot, which
// makes one half-open whose open time is over.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	sources := slices.Clone(c.sources)
	c.mu.Unlock()
	for _, all := range sources {
		for b := range all {
			c.show(to, b.Snapshot())
		}
	}
	c.changes.Collect(to) // last, since a snapshot may be what changes a state
}

func (c *Collector) show(to chan<- prometheus.Metric, s breaker.Snapshot) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, value, append([]string{s.Name}, labels...)...)
	}
	for _, state := range []breaker.State{breaker.Closed, breaker.HalfOpen, breaker.Open} {
		var in float64
		if s.State == state {
			in = 1
		}
		send(c.state, prometheus.GaugeValue, in, label(state.String()))
	}
	send(c.opened, prometheus.CounterValue, float64(s.Opened))
	send(c.overdue, prometheus.GaugeValue, float64(s.Overdue))
	send(c.probes, prometheus.GaugeValue, float64(s.Probes))
	send(c.passed, prometheus.CounterValue, float64(s.Passed))
}

// label is a text as the value of a label: half_open.
func label(s string) string { return strings.NewReplacer(" ", "_", "-", "_").Replace(s) }
