package published

import (
	"strings"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// queueingMutants are R5 with systems that are nearly right.
func queueingMutants() []mutant {
	of := func(name, system string, change func(*queueSystem)) mutant {
		return mutant{"R5, " + name, func() Report {
			for _, s := range queueSystems() {
				if strings.HasPrefix(s.name, system) {
					change(&s)
					return Report{Checks: queueChecks(quick, []queueSystem{s})}
				}
			}
			return Report{}
		}}
	}
	retrial := func(name string, change func(*retry.Policy)) mutant {
		return mutant{"R5, " + name, func() Report {
			p := retrialPolicy()
			change(&p)
			return Report{Checks: []Check{retrialCheck(quick, p)}}
		}}
	}
	return []mutant{
		of("a service that is not exponential", "M/M/1", func(s *queueSystem) { s.service = sim.Dist{Kind: sim.Fixed, Value: time.Second} }),
		of("one worker more", "M/M/8", func(s *queueSystem) { s.workers++ }),
		of("room for one more", "M/M/4/10", func(s *queueSystem) { s.queue++ }),
		of("one trunk less", "M/G/10/10", func(s *queueSystem) { s.workers-- }),
		of("a service with half the spread", "M/G/1,", func(s *queueSystem) { s.service.Sigma = 0.4 }),
		retrial("retrials that give up", func(p *retry.Policy) { p.Attempts = 10 }),
		retrial("retrials twice as often", func(p *retry.Policy) { p.Backoff.Base /= 2 }),
		retrial("retrials that back off", func(p *retry.Policy) { p.Backoff.Kind = retry.BackoffLinear }),
	}
}
