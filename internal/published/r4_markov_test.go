package published

import (
	"math"
	"testing"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
)

// markovMutants are R4 with a client that is nearly the model's.
func markovMutants() []mutant {
	of := func(name string, p pattern, limit float64, change protection) mutant {
		return mutant{"R4, " + name, func() Report {
			var rows []markovRow
			for _, row := range markovRows() {
				if row.pattern == p && row.limit == limit && row.availability == 0.5 {
					row.protection = change
					rows = append(rows, row)
				}
			}
			return markovReport(0.05, rows)
		}}
	}
	return []mutant{
		of("half the attempts", retryProxy, 40, func(p *retry.Policy, _ *breaker.Config) { p.Attempts /= 2 }),
		of("another cap", retryProxy, 20, func(p *retry.Policy, _ *breaker.Config) { p.Backoff.Cap = seconds(15) }),
		of("waits that do not grow", retryProxy, 10, func(p *retry.Policy, _ *breaker.Config) { p.Backoff.Multiplier = 1 }),
		of("a breaker that closes after one success", staticBreaker, 40, func(_ *retry.Policy, b *breaker.Config) { b.Probes = 1 }),
		of("a breaker that opens after three failures", staticBreaker, 10, func(_ *retry.Policy, b *breaker.Config) { b.Failures = 3 }),
		of("a breaker that stays open for a tenth longer", staticBreaker, 40, func(_ *retry.Policy, b *breaker.Config) { b.OpenFor = b.OpenFor * 11 / 10 }),
		of("an open time that does not grow", dynamicBreaker, 40, func(_ *retry.Policy, b *breaker.Config) { b.OpenMultiplier, b.OpenMax = 0, 0 }),
		of("an open time that grows faster", dynamicBreaker, 40, func(_ *retry.Policy, b *breaker.Config) { b.OpenMultiplier = 3 }),
	}
}

// A static breaker is a dynamic one that cannot grow.
func TestChainsAgree(t *testing.T) {
	for _, availability := range availabilities {
		static, dynamic := chain{resilience{staticBreaker, 2, 10, availability}, instant}, chain{resilience{dynamicBreaker, 2, 10, availability}, instant}
		t0, c0 := static.solve(responsesWanted)
		t1, c1 := dynamic.solve(responsesWanted)
		if math.Abs(t0-t1) > 1e-6 || math.Abs(c0-c1) > 1e-6 {
			t.Errorf("AV %v: %v / %v and %v / %v", availability, t0, c0, t1, c1)
		}
	}
}

// The Erlang sampler is a table; its mean and variance are those of the formula.
func TestErlang(t *testing.T) {
	const n = 1 << 16
	var sum, squares float64
	for i := range n {
		x := erlang(2).Sample((float64(i) + 0.5) / n).Seconds()
		sum += x / n
		squares += x * x / n
	}
	if math.Abs(sum-2) > 1e-5 || math.Abs(squares-sum*sum-0.04) > 2e-5 {
		t.Errorf("mean %v and variance %v, want 2 and 0.04", sum, squares-sum*sum)
	}
}
