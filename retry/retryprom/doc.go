// Package retryprom counts the decisions of package retry for Prometheus. It is
// apart from package retry so that nobody who retries has to take on
// github.com/prometheus/client_golang.
//
//	metrics := retryprom.New()
//	registry.MustRegister(metrics)
//	storage := retry.Must(retry.New(retry.S3(), retry.WithObserver(metrics.Observe)))
//
// One [Collector] serves any number of retriers: the policy's name tells them
// apart.
//
// # Metrics
//
//	retry_calls_total{policy, result}              counter    calls that ended
//	retry_attempts_total{policy, result}           counter    attempts that reached the backend and ended
//	retry_decisions_total{policy, decision, reason}  counter  decisions that did not end a call
//	retry_delay_seconds{policy}                    histogram  delays before retries and waits for a breaker
//	retry_call_attempts{policy}                    histogram  attempts of each call that ended
//	retry_call_duration_seconds{policy}            histogram  attempts and delays of each call, together
//
// result of a call is "success" or why it ended without: a [retry.Reason] with
// underscores, such as "attempts_exhausted" or "over_budget".
//
// result of an attempt is "success", the class of its error ("transient",
// "throttle", "timeout", "fatal", which a cancelled one is, "unknown"), or "abandoned" for those that a
// hedged call gave up because it had ended. What a breaker or a limiter turned
// away is no attempt.
//
//	decision  reason
//	retry     the class of the error
//	wait      rejected: for a circuit breaker
//	hedge     slow: another attempt beside those that run
//	no_hedge  a retry.Reason: why there was none, such as over_budget
//	leave     the class of the error; attempts that still run make up for it
//
// So the amplification of a policy, and the share of failed attempts that no
// caller heard of:
//
//	sum by (policy) (rate(retry_attempts_total[5m])) / sum by (policy) (rate(retry_calls_total[5m]))
//
//	1 - sum by (policy) (rate(retry_calls_total{result!="success"}[5m]))
//	  / sum by (policy) (rate(retry_attempts_total{result!="success"}[5m]))
//
// # Cardinality
//
// The values of every label but policy are closed sets: a policy has at most 55
// counters and three histograms, and those that were never counted are not
// exported. Of policies' names the first [MostPolicies] are told apart, all
// others are "other", and those without a name are "unnamed".
package retryprom
