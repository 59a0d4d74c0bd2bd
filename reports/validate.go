package reports

import (
	"errors"
	"fmt"
	"math"
)

// Validate reports every way in which the parts of the record do not fit
// together: phases that overlap, a policy with the wrong number of phases,
// series of different lengths, negative durations, numbers that are not
// numbers. It does not judge the run; see [Run.Failed] for that.
//
// [Text] and the figures also take a record that does not pass: they draw what
// is there.
func (r *Run) Validate() error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(format, args...))
	}
	if r.DurationNS < 0 {
		problem("duration_ns: %d is negative", r.DurationNS)
	}
	end := int64(0)
	for i, p := range r.Phases {
		if p.StartNS < end || p.EndNS < p.StartNS {
			problem("phases[%d]: [%d, %d) does not follow the phase before it", i, p.StartNS, p.EndNS)
		}
		end = max(end, p.EndNS)
	}
	for i := range r.Policies {
		p := &r.Policies[i]
		path := fmt.Sprintf("policies[%d]", i)
		if len(p.Phases) != len(r.Phases) {
			problem("%s.phases: %d entries for the run's %d phases", path, len(p.Phases), len(r.Phases))
		}
		p.Total.validate(path+".total", problem)
		for j := range p.Phases {
			p.Phases[j].validate(fmt.Sprintf("%s.phases[%d]", path, j), problem)
		}
		for j := range p.Ops {
			p.Ops[j].Metrics.validate(fmt.Sprintf("%s.ops[%d].metrics", path, j), problem)
		}
		for j := range p.Groups {
			p.Groups[j].Metrics.validate(fmt.Sprintf("%s.groups[%d].metrics", path, j), problem)
		}
		if p.Breakers.Count < 0 || p.Breakers.OpenNS < 0 || p.Breakers.HalfOpenNS < 0 {
			problem("%s.breakers: negative", path)
		}
		p.Series.validate(path+".series", problem)
	}
	return errors.Join(problems...)
}

func (m *Metrics) validate(path string, problem func(string, ...any)) {
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"success_rate", m.SuccessRate}, {"amplification", m.Amplification}, {"goodput", m.Goodput},
	} {
		if math.IsNaN(f.value) || math.IsInf(f.value, 0) || f.value < 0 {
			problem("%s.%s: %v is not a finite number from 0 up", path, f.name, f.value)
		}
	}
	if n := len(m.AttemptOutcomes); n > len(Outcomes) {
		problem("%s.attempt_outcomes: %d entries, there are %d outcomes", path, n, len(Outcomes))
	}
	if t := m.Truth; t.FalseFailures > m.Failed || t.FalseSuccesses > m.Succeeded || t.Writes > m.Calls {
		problem("%s.truth: %+v does not fit %d succeeded and %d failed calls", path, t, m.Succeeded, m.Failed)
	}
	if m.Succeeded > m.Calls {
		problem("%s: %d succeeded of %d calls", path, m.Succeeded, m.Calls)
	}
}

func (s *Series) validate(path string, problem func(string, ...any)) {
	n := len(s.Calls)
	if s.BucketNS < 0 || (s.BucketNS == 0 && n > 0) {
		problem("%s.bucket_ns: %d is not a positive duration", path, s.BucketNS)
	}
	check := func(name string, length int) {
		if length != n {
			problem("%s.%s: %d entries where calls has %d", path, name, length, n)
		}
	}
	check("succeeded", len(s.Succeeded))
	check("rejected", len(s.Rejected))
	check("call_attempts", len(s.CallAttempts))
	check("call_attempt_max", len(s.CallAttemptMax))
	check("call_p50_ns", len(s.CallP50NS))
	check("call_p99_ns", len(s.CallP99NS))
	check("call_max_ns", len(s.CallMaxNS))
	if len(s.BreakerOpenNS) > 0 || len(s.BreakerHalfOpenNS) > 0 { // a policy without breakers may leave both out
		check("breaker_open_ns", len(s.BreakerOpenNS))
		check("breaker_half_open_ns", len(s.BreakerHalfOpenNS))
	}
	for i := range s.Attempts {
		check(fmt.Sprintf("attempts[%d]", i), len(s.Attempts[i]))
	}
	if len(s.Attempts) > len(Outcomes) {
		problem("%s.attempts: %d series, there are %d outcomes", path, len(s.Attempts), len(Outcomes))
	}
}
