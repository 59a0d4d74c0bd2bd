package published

import (
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// tierMutants are R8 with a policy that is nearly right.
func tierMutants() []mutant {
	of := func(name string, change func(*retry.Policy)) mutant {
		return mutant{"R8, " + name, func() Report {
			p := tierPolicy()
			change(&p)
			return Report{Checks: tierRetryChecks(tierPlay(quick, p, tierFault))}
		}}
	}
	return []mutant{
		of("one retry", func(p *retry.Policy) { p.Attempts = 2 }),
		of("five retries", func(p *retry.Policy) { p.Attempts = 6 }),
	}
}

// The published delays are 0.1 s · 2^(k−1) · (1 + U/2) with k = 2 and 3.
func TestTierPolicy(t *testing.T) {
	p := tierPolicy()
	for n, least := range []time.Duration{200 * time.Millisecond, 400 * time.Millisecond} {
		lo, hi := p.Delay(n+1, 0, retry.Transient, 0), p.Delay(n+1, 0, retry.Transient, 1)
		if lo != least || hi != least*3/2 {
			t.Errorf("delay %d is %v to %v, want %v to %v", n+1, lo, hi, least, least*3/2)
		}
	}
}

// Without retries a call is an attempt, and a first tier that is always busy serves
// what its workers can.
func TestTiersCount(t *testing.T) {
	r := tiersRun(retry.None(), 0, 1)
	if r.calls != r.attempts || r.goodCalls != r.goodAttempts || r.goodCalls+r.refused != r.calls {
		t.Errorf("%+v", r)
	}
	capacity := tierWorkers / (tierCount * tierWork).Seconds() * tierEnd.Seconds()
	if served := float64(r.goodCalls); served > 1.01*capacity || served < 0.98*capacity {
		t.Errorf("%v calls were served, want about %v", served, capacity)
	}
	if r.useful > r.busy || r.busy > tierWorkers*r.span {
		t.Errorf("busy for %v, %v of it useful, in %v", r.busy, r.useful, r.span)
	}
}
