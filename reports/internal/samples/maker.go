package samples

import (
	"math"
	"time"

	"github.com/squall-sim/squall/reports"
)

// maker is a policy in the making.
type maker struct{ reports.Policy }

// bucket makes up one bucket of the series, and adds it to its phase.
func (p *maker) bucket(l Load, c Client, b, phase int, u float64, openUntil *time.Duration) {
	s := &p.Series
	at := time.Duration(b) * l.Bucket
	mean := l.Rate(at) * l.Bucket.Seconds()
	calls := uint64(float64(mean*wobble(u, 1, 0.25)) + u)
	if mean == 0 {
		calls = 0
	}
	fail := l.Fail(at)
	rejected := p.breaker(l, c, b, fail, u, openUntil, calls)
	sent := calls - rejected

	s.Calls[b], s.Rejected[b] = calls, rejected
	failedCalls := min(uint64(float64(float64(sent)*power(fail, c.Attempts))+u), sent)
	if fail < 0.01 && c.Attempts > 1 {
		failedCalls = 0
	}
	s.Succeeded[b] = sent - failedCalls
	perCall := float64(c.Attempts)
	if fail < 1 {
		perCall = (1 - power(fail, c.Attempts)) / (1 - fail)
	}
	attempts := uint64(float64(sent) * perCall)
	s.CallAttempts[b] = attempts
	if sent > 0 {
		s.CallAttemptMax[b] = min(uint64(math.Ceil(perCall+2*fail)), uint64(c.Attempts))
	}
	p.spread(l, c, b, attempts, s.Succeeded[b])
	if calls > 0 {
		p.latency(l, c, b, fail, u, rejected > calls/2)
	}
	for _, m := range []*reports.Metrics{&p.Total, &p.Phases[phase]} {
		m.Calls += calls
		m.Succeeded += s.Succeeded[b]
		m.RejectedByBreaker += rejected
		m.Attempts += attempts
		m.AttemptOutcomes[reports.OutcomeOK] += min(s.Succeeded[b], attempts)
		m.AttemptOutcomes[l.Outcome] += attempts - min(s.Succeeded[b], attempts)
		m.CallDuration.P50NS = max(m.CallDuration.P50NS, s.CallP50NS[b])
		m.CallDuration.P99NS = max(m.CallDuration.P99NS, s.CallP99NS[b])
		m.CallDuration.MaxNS = max(m.CallDuration.MaxNS, s.CallMaxNS[b])
	}
	p.AttemptsPerCall[0] += rejected
	p.AttemptsPerCall[1] += sent
}

// breaker opens 5 s into a failing stretch, for 30 s at a time.
func (p *maker) breaker(l Load, c Client, b int, fail, u float64, openUntil *time.Duration, calls uint64) uint64 {
	if c.Breakers == 0 {
		return 0
	}
	at := time.Duration(b) * l.Bucket
	if at >= *openUntil && fail > 0.5 && b > 0 && l.Fail(at-l.Bucket) > 0.5 {
		*openUntil = at + max(30*time.Second, l.Bucket)
		p.Series.BreakerHalfOpenNS[b] = int64(float64(l.Bucket) * 0.04 * float64(c.Breakers))
		p.Breakers.Transitions += 2 * uint64(c.Breakers)
	}
	if at >= *openUntil {
		return 0
	}
	share := 1.0
	if c.Breakers > 1 {
		share = 0.75 + float64(0.2*u)
	}
	p.Series.BreakerOpenNS[b] = int64(share*float64(c.Breakers)*float64(l.Bucket)) - p.Series.BreakerHalfOpenNS[b]
	return uint64(share * float64(calls))
}

// spread puts a bucket's attempts where they would be sent: the first at once,
// the others as backoff allows.
func (p *maker) spread(l Load, c Client, b int, attempts, succeeded uint64) {
	s := &p.Series
	ok := min(succeeded, attempts)
	bad := attempts - ok
	for k := 0; k < c.Attempts && bad > 0; k++ {
		n := (bad + 1) / 2
		if k == c.Attempts-1 {
			n = bad
		}
		later := int(c.Backoff*time.Duration(int(1)<<k-1)/l.Bucket) + b
		s.Attempts[l.Outcome][min(later, len(s.Calls)-1)] += n
		bad -= n
	}
	last := 0
	if ok < attempts {
		last = int(c.Backoff / l.Bucket)
	}
	s.Attempts[reports.OutcomeOK][min(b+last, len(s.Calls)-1)] += ok
}

func (p *maker) latency(l Load, c Client, b int, fail, u float64, mostRejected bool) {
	s := &p.Series
	base := 30 * float64(time.Millisecond) * wobble(u, 2, 0.1)
	wait := 0.0
	for k := 1; k < c.Attempts; k++ {
		wait += float64(power(fail, k) * float64(c.Backoff) * float64(int(1)<<(k-1)))
	}
	p50, p99 := base+float64(wait*fail), float64(base*4*wobble(u, 3, 0.3))+2*wait
	if l.Refused && fail > 0.5 {
		p50, p99 = wait+float64(time.Millisecond), float64(1.4*wait)+float64(time.Millisecond)
	}
	if mostRejected {
		p50 = 0 // turned away at once
	}
	s.CallP50NS[b] = int64(p50)
	s.CallP99NS[b] = int64(max(p99, p50))
	s.CallMaxNS[b] = int64(max(p99, p50) * (1 + float64(1.5*u)))
}

// breakersAndRecovery fills what is known only at the end.
func (p *maker) breakersAndRecovery(l Load, c Client) {
	p.Breakers.Count = c.Breakers
	if c.Breakers > 0 {
		p.Breakers.Scope = "client"
		if c.Breakers == 1 {
			p.Breakers.Scope = "operation"
		}
	}
	for b := range p.Series.BreakerOpenNS {
		p.Breakers.OpenNS += p.Series.BreakerOpenNS[b]
		p.Breakers.HalfOpenNS += p.Series.BreakerHalfOpenNS[b]
	}
	for i, ph := range l.Phases {
		if len(ph.Faults) > 0 {
			p.Faults = append(p.Faults, reports.FaultRule{
				Phase: ph.Label, Rule: ph.Faults[0],
				Matched: p.Phases[i].Attempts, Fired: p.Phases[i].AttemptOutcomes[l.Outcome], Seen: p.Phases[i].AttemptOutcomes[l.Outcome],
			})
		} else if i > 0 && len(l.Phases[i-1].Faults) > 0 {
			p.Recovery = append(p.Recovery, reports.Recovery{
				Phase: ph.Label, AfterNS: int64(c.Breakers) * int64(90*time.Millisecond), Recovered: true, BaselineSR: 1,
			})
		}
	}
}
