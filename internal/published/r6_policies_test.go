package published

import (
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// policyMutants are R6 with policies that are nearly right.
func policyMutants() []mutant {
	delays := func(name string, change func(*retry.Policy)) mutant {
		return mutant{"R6, " + name, func() Report {
			return Report{Checks: backoffChecks(quick, func(b retry.BackoffKind, j retry.JitterKind) retry.Policy {
				p := jitteredPolicy(b, j)
				change(&p)
				return p
			})}
		}}
	}
	roots := func(name string, change func(*retry.Policy)) mutant {
		return mutant{"R6, " + name, func() Report {
			p := retry.AWSStandard21()
			change(&p)
			return Report{Checks: []Check{standardRoot(quick, p)}}
		}}
	}
	return []mutant{
		delays("a cap that is a tenth higher", func(p *retry.Policy) { p.Backoff.Cap = p.Backoff.Cap * 11 / 10 }),
		delays("Fibonacci that is linear", func(p *retry.Policy) {
			if p.Backoff.Kind == retry.BackoffFibonacci {
				p.Backoff.Kind = retry.BackoffLinear
			}
		}),
		delays("full jitter that is equal jitter", func(p *retry.Policy) {
			if p.Jitter.Kind == retry.JitterFull {
				p.Jitter.Kind = retry.JitterEqual
			}
		}),
		delays("a schedule that is off by 2 ms", func(p *retry.Policy) {
			if p.Backoff.Kind == retry.BackoffSchedule {
				p.Backoff.Schedule = retry.Delays(52*time.Millisecond, 402*time.Millisecond, 1502*time.Millisecond, 3*time.Second)
			}
		}),
		roots("a retry that costs 12", func(p *retry.Policy) { p.Quota.Cost = 12 }),
		roots("two attempts", func(p *retry.Policy) { p.Attempts = 2 }),
		roots("a success that is worth 2", func(p *retry.Policy) { p.Quota.Reward = 2 }),
		{"R6, SRE throttling with another K", func() Report { return Report{Checks: sreChecks(quick, 1.2)} }},
	}
}

// The formulas of the backoffs are not those of package retry; where there is no
// jitter the two are equal to the nanosecond.
func TestRawDelays(t *testing.T) {
	for _, b := range backoffKinds {
		p := jitteredPolicy(b, retry.JitterNone)
		p.Backoff.Cap = 0
		for n := 1; n <= delaysDrawn; n++ {
			if got, want := p.Delay(n, 0, retry.Transient, 0), seconds(rawDelay(b, n)); got != want {
				t.Errorf("%v after %d failures: %v, by the formula %v", b, n, got, want)
			}
		}
	}
	if len(backoffKinds) != len(retry.BackoffKinds()) || len(jitterKinds) != len(retry.JitterKinds()) {
		t.Errorf("%d backoffs and %d jitters are compared, there are %d and %d",
			len(backoffKinds), len(jitterKinds), len(retry.BackoffKinds()), len(retry.JitterKinds()))
	}
}
