package fleet

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/squall-sim/squall/breaker"
)

// A backend that swallows requests fails nobody until the attempts time out: failures
// in a row see it late, slow calls at once.
func TestSlowRateFindsABlackHole(t *testing.T) {
	attempts := map[string]uint64{}
	for name, c := range map[string]breaker.Config{
		"failures": {Failures: 5, OpenFor: time.Hour},
		"slow":     {SlowRate: breaker.SlowRate{After: time.Second, Rate: 0.5, MinCalls: 5, Window: breaker.Window{Span: time.Minute}}, OpenFor: time.Hour},
	} {
		run := withFault(t, steady(1), 1, "blackhole")
		run.Policy.Retry.AttemptTimeout = 20 * time.Second
		run.Policy.Breaker, run.Policy.Scope = &c, Shared
		attempts[name] = play(t, run).Total.Attempts
	}
	if attempts["slow"] == 0 || 5*attempts["slow"] > attempts["failures"] {
		t.Errorf("%v attempts: want far fewer with the rule on slow calls", attempts)
	}
}

// Every rule and every open time gives the same record in both modes, and again.
func TestBreakerRulesAgree(t *testing.T) {
	for i, c := range []breaker.Config{
		{FailureCount: breaker.FailureCount{Failures: 3, Window: breaker.Window{Calls: 10}}, OpenFor: time.Second, OpenJitter: 1},
		{FailureRate: breaker.FailureRate{Rate: 0.3, MinCalls: 5, Window: breaker.Window{Span: 10 * time.Second}}, OpenFor: time.Second, OpenMultiplier: 2, OpenMax: time.Minute, OpenJitter: 0.5, Probes: 3, Successes: 2},
		{SlowRate: breaker.SlowRate{After: time.Millisecond, Rate: 0.3, MinCalls: 5, Window: breaker.Window{Span: 10 * time.Second}}, OpenFor: time.Second, MaxHint: 5 * time.Second},
		{Failures: 2, OpenFor: time.Second, Shadow: true},
	} {
		var first string
		for _, wire := range []Mode{Model, Model, HTTP} {
			run := withFault(t, steady(2), 0.6, "429 retry-after=2s")
			run.Mode, run.Policy.Breaker = wire, &c
			record := play(t, run)
			if record.Breakers.Transitions == 0 {
				t.Errorf("%d: no breaker changed its state", i)
			}
			data, err := json.MarshalIndent(record, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			got := string(data)
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%d, %v: %s", i, wire, firstDifference(got, first))
			}
		}
	}
}
