package scenarios

import (
	"strconv"
	"time"

	"github.com/squall-sim/squall/breaker"
)

// breakerText prints what is not left out.
func breakerText(b Breaker) string {
	var f flow
	count := func(key string, n int) { f.when(n != 0, key, strconv.Itoa(n)) }
	duration := func(key string, d time.Duration) { f.when(d != 0, key, durationText(d)) }
	number := func(key string, x float64) { f.when(x != 0, key, floatText(x)) }
	count("failures", b.Failures)
	if r := b.FailureCount; r != (breaker.FailureCount{}) {
		f.add("failure_count", windowText(flow{"failures: " + strconv.Itoa(r.Failures)}, 0, r.Window))
	}
	if r := b.FailureRate; r != (breaker.FailureRate{}) {
		f.add("failure_rate", windowText(flow{"rate: " + floatText(r.Rate)}, r.MinCalls, r.Window))
	}
	if r := b.SlowRate; r != (breaker.SlowRate{}) {
		f.add("slow_rate", windowText(flow{"after: " + durationText(r.After), "rate: " + floatText(r.Rate)}, r.MinCalls, r.Window))
	}
	duration("open_for", b.OpenFor)
	number("open_multiplier", b.OpenMultiplier)
	duration("open_max", b.OpenMax)
	number("open_jitter", b.OpenJitter)
	duration("max_hint", b.MaxHint)
	f.when(b.Probes != 1, "probes", strconv.Itoa(b.Probes))
	count("successes", b.Successes)
	duration("probe_lease", b.ProbeLease)
	f.when(b.Shadow, "shadow", "true")
	f.when(b.Scope != ScopeOperation, "scope", string(b.Scope))
	duration("sync_every", b.SyncEvery)
	return f.String()
}

func windowText(f flow, minCalls int, w breaker.Window) string {
	f.when(minCalls != 0, "min_calls", strconv.Itoa(minCalls))
	f.when(w.Calls != 0, "calls", strconv.Itoa(w.Calls))
	f.when(w.Span != 0, "span", durationText(w.Span))
	return f.String()
}

func floatText(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
