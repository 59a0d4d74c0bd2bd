package samples

import (
	"time"

	"github.com/squall-sim/squall/reports"
)

// Make makes up the run of some clients under a load.
func Make(l Load, clients []Client) *reports.Run {
	last := l.Phases[len(l.Phases)-1]
	run := &reports.Run{
		Schema: reports.SchemaVersion, Version: "v0.0.0-sample", Scenario: l.Name, About: l.About,
		Hash: "5a1e", Seed: 1, Mode: "model", DurationNS: last.EndNS, Phases: l.Phases,
	}
	for i, c := range clients {
		run.Policies = append(run.Policies, policy(l, c, uint64(i)))
	}
	return run
}

// policy fills series bucket by bucket and sums them up by phase.
func policy(l Load, c Client, salt uint64) reports.Policy {
	end := time.Duration(l.Phases[len(l.Phases)-1].EndNS)
	n := int((end + l.Tail + l.Bucket - 1) / l.Bucket)
	p := maker{reports.Policy{Name: c.Name, Baseline: c.Baseline, Settings: c.Settings, Series: series(l.Bucket, n)}}
	p.AttemptsPerCall = make([]uint64, c.Attempts+1)
	for range l.Phases {
		p.Phases = append(p.Phases, reports.Metrics{AttemptOutcomes: make([]uint64, len(reports.Outcomes))})
	}
	p.Total.AttemptOutcomes = make([]uint64, len(reports.Outcomes))
	openUntil := time.Duration(-1)
	phase := 0
	for b := range n {
		at := time.Duration(b) * l.Bucket
		for phase+1 < len(l.Phases) && at >= time.Duration(l.Phases[phase].EndNS) {
			phase++
		}
		if at >= end {
			break
		}
		p.bucket(l, c, b, phase, noise(salt, uint64(b)), &openUntil)
	}
	for i := range p.Phases {
		finish(&p.Phases[i], time.Duration(l.Phases[i].EndNS-l.Phases[i].StartNS))
	}
	finish(&p.Total, end)
	p.breakersAndRecovery(l, c)
	return p.Policy
}

func finish(m *reports.Metrics, d time.Duration) {
	if m.Calls > 0 {
		m.SuccessRate = float64(m.Succeeded) / float64(m.Calls)
		m.Amplification = float64(m.Attempts) / float64(m.Calls)
	}
	m.Goodput = float64(m.Succeeded) / d.Seconds()
	m.Failed = m.Calls - m.Succeeded
	m.CallDuration.Count = m.Calls
	if rest := m.Failed - m.RejectedByBreaker; rest > 0 {
		m.Ends = append(m.Ends, reports.End{Reason: "attempts exhausted", Calls: rest})
	}
	if m.RejectedByBreaker > 0 {
		m.Ends = append(m.Ends, reports.End{Reason: "rejected by breaker", Calls: m.RejectedByBreaker})
	}
	m.WorkNS = int64(m.Attempts) * 3e7
	m.WastedWorkNS = int64(m.Attempts-m.Succeeded) * 3e7
}

func series(bucket time.Duration, n int) reports.Series {
	s := reports.Series{
		BucketNS: int64(bucket),
		Calls:    make([]uint64, n), Succeeded: make([]uint64, n), Rejected: make([]uint64, n),
		CallAttempts: make([]uint64, n), CallAttemptMax: make([]uint64, n),
		CallP50NS: make([]int64, n), CallP99NS: make([]int64, n), CallMaxNS: make([]int64, n),
		BreakerOpenNS: make([]int64, n), BreakerHalfOpenNS: make([]int64, n),
	}
	for range reports.Outcomes {
		s.Attempts = append(s.Attempts, make([]uint64, n))
	}
	return s
}

// noise is a number in [0, 1) that depends on its arguments alone (splitmix64).
func noise(a, b uint64) float64 {
	z := a*0x9e3779b97f4a7c15 + (b+1)*0xbf58476d1ce4e5b9
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}

// wobble is a factor around 1 that u and k choose. No function of package math:
// their last bits differ between architectures, and the samples are in goldens.
func wobble(u float64, k uint64, spread float64) float64 {
	return 1 + float64(spread*(2*noise(uint64(u*1e9), k)-1))
}

// power is x to the n-th.
func power(x float64, n int) float64 {
	y := 1.0
	for range n {
		y *= x
	}
	return y
}

// daily goes from -1 in the small hours to 1 in the afternoon and back, in arcs
// of parabolas.
func daily(at time.Duration) float64 {
	turn := float64((at+15*time.Hour)%(24*time.Hour)) / float64(24*time.Hour)
	if turn < 0.5 {
		return float64(16 * turn * (0.5 - turn))
	}
	return -float64(16 * (turn - 0.5) * (1 - turn))
}
