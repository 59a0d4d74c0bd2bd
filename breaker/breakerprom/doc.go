// Package breakerprom shows circuit breakers of package breaker to Prometheus
// (github.com/prometheus/client_golang v1).
//
//	metrics := breakerprom.New()
//	prometheus.MustRegister(metrics)
//
//	guard, err := breaker.New(config, breaker.WithName("s3-put"), breaker.WithListener(metrics.Listen))
//	...
//	metrics.Add(guard)
//
// What it exports, each with the label breaker, its name:
//
//	breaker_state                gauge    1 for the state (label state: closed, half_open, open) that it is in, 0 for the others
//	breaker_changes_total        counter  changes of state, by the label to, and cause as in breaker.Cause ("failure_rate")
//	breaker_opened_total         counter  how often it has opened
//	breaker_overdue_calls        gauge    calls in flight that are slow by now (breaker.SlowRate)
//	breaker_probes               gauge    probes in flight
//	breaker_passed_total         counter  calls let pass in shadow that would have been refused
//
// All but breaker_changes_total are read from a breaker when Prometheus asks. What the
// rules see in their windows is not exported: it makes sense at the moment of a change
// only, and is in breaker.Event and the log.
//
// # Cardinality
//
// There are as many names as breakers. Those of a breaker.Registry are bounded by its
// Limits, but change over time if keys come and go: name them by what is bounded (hosts,
// operations), not by what callers send.
package breakerprom
