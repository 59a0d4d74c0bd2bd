package breaker

import (
	"testing"
	"time"
)

func TestConfigText(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Failures: 5, OpenFor: 30 * s, Probes: 1}, "opens after 5 failures for 30s"},
		{Config{FailureCount: FailureCount{3, Window{Calls: 10}}, OpenFor: s, Probes: 2}, "opens at 3 failures of the last 10 calls for 1s, closes after 2 probes"},
		{
			Config{
				Failures: 5, FailureRate: FailureRate{Rate: 0.07, Window: Window{Span: 30 * s}},
				SlowRate: SlowRate{After: 2 * s, Rate: 1, MinCalls: 5, Window: Window{Calls: 5}}, OpenFor: 30 * s,
				OpenMultiplier: 2, OpenMax: 5 * time.Minute, OpenJitter: 0.5, MaxHint: time.Minute, Probes: 3, Successes: 2, ProbeLease: s, Shadow: true,
			},
			"opens after 5 failures, or at 7% failures in 30s (20 calls or more), or at 100% slower than 2s of the last 5 calls for 30s, " +
				"growing ×2 to 5m0s, 0.5 of it by chance, up to 1m0s if the server says so, closes after 2 of 3 probes of at most 1s, in shadow",
		},
	} {
		if got := c.config.String(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
