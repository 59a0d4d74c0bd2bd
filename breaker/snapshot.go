package breaker

import "time"

// Snapshot is all that can be seen of a breaker at one moment. It is plain data, for
// health pages and metrics.
type Snapshot struct {
	// Name is the breaker's name, empty without WithName.
	Name string
	// State is the state, and Since when it began.
	State State
	Since time.Time
	// RetryAt is, where State is Open, the first instant at which a probe may be
	// admitted: zero if the breaker is Isolated.
	RetryAt time.Time
	// Isolated says that Isolate was called, and no probe will be admitted.
	Isolated bool
	// Trips is how often the breaker has opened since it was last closed.
	Trips int
	// Opened is how often it has opened altogether.
	Opened int
	// Counts are those of the stay in State; zero while open.
	Counts Counts
	// FailureCount, FailureRate and SlowRate are what these rules see in their
	// windows; zero where there is no such rule, and unless State is Closed.
	FailureCount, FailureRate, SlowRate Seen
	// Overdue is how many calls in flight are slow by now. Zero without SlowRate.
	Overdue int
	// Probes is how many probes are in flight; zero unless State is HalfOpen.
	Probes int
	// Passed is how many calls a breaker in Config.Shadow let pass that it would
	// have refused.
	Passed uint64
}

// Snapshot returns what can be seen of the breaker now. Like State it makes an open
// breaker half-open when that is due. With other goroutines at work its numbers
// belong to one stay in a state, but not all to the same instant.
func (g *gate) Snapshot() Snapshot {
	for {
		p := g.current()
		s := Snapshot{
			Name: g.name, State: p.state, Since: p.at, RetryAt: p.refusal.RetryAt, Isolated: p.isolated,
			Counts: p.closedCounts(), Passed: g.passed.Load(),
		}
		if w := p.watch; w != nil {
			s.FailureCount = w.shown(CauseFailureCount)
			s.FailureRate = w.shown(CauseFailureRate)
			s.SlowRate = w.shown(CauseSlowRate)
			s.Overdue = int(w.late())
		}
		g.mu.Lock()
		s.Trips, s.Opened = g.trips, g.opened
		if p.state == HalfOpen {
			s.Counts, s.Probes = p.counts, len(p.leases.open)
		}
		same := g.phase.Load() == p
		g.mu.Unlock()
		if same {
			return s
		}
	}
}
