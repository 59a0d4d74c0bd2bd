package published

import (
	"time"

	"github.com/squall-sim/squall/retry"
)

// backoffMutants are R1 with a policy that is nearly right.
func backoffMutants() []mutant {
	of := func(name, strategyName string, change func(*retry.Policy)) mutant {
		return mutant{"R1, " + name, func() Report {
			for _, s := range occStrategies() {
				if s.policy.Name == strategyName {
					change(&s.policy)
					return backoffReport(quick, []strategy{s})
				}
			}
			return Report{}
		}}
	}
	return []mutant{
		of("exponential with half the cap", "exponential", func(p *retry.Policy) { p.Backoff.Cap = time.Second }),
		of("full jitter with half the base", "full", func(p *retry.Policy) { p.Backoff.Base = 5 * time.Millisecond }),
		of("full jitter that is equal jitter", "full", func(p *retry.Policy) { p.Jitter.Kind = retry.JitterEqual }),
		of("equal jitter that grows faster", "equal", func(p *retry.Policy) { p.Backoff.Multiplier = 3 }),
		of("decorrelated jitter from twice the base", "decorrelated", func(p *retry.Policy) { p.Backoff.Base *= 2 }),
		of("none that waits", "none", func(p *retry.Policy) { p.Backoff = retry.Backoff{Base: 10 * time.Millisecond, Multiplier: 1} }),
	}
}
