package fleet

import (
	"fmt"
	"time"

	"github.com/squall-sim/squall/sim"
)

// BrokenError is a law that a run must keep and did not: a defect of squall, and not of
// the scenario.
type BrokenError struct {
	Law string // what should hold
	Got string // what was found
}

// Error returns the law and what was found.
func (e *BrokenError) Error() string {
	return "fleet: internal error: " + e.Law + ", but " + e.Got
}

// audit holds a run against laws that hold whatever the scenario. It is always on, and
// costs a few additions a call.
//
// Little's law, L·T = λ·T·W, is an identity over a whole run: the number of calls in flight,
// summed over time, is the time that all calls together took. Both sums are kept in words
// that wrap around: they are equal in them as well.
type audit struct {
	begun, ended uint64
	area         uint64 // calls in flight, summed over nanoseconds
	took         uint64 // nanoseconds of all calls together
	last         time.Duration
	apart        bool         // calls are not in the order of time: area is got from their beginnings and ends
	broken       *BrokenError // the first law that was
}

// pass accounts for the time since the last change of the number of calls in flight.
func (a *audit) pass(now time.Duration, flying int) {
	if now < a.last {
		a.note("time goes on", "it went from %v back to %v", a.last, now)
	}
	a.area += uint64(flying) * uint64(now-a.last)
	a.last = now
}

// begin notes the beginning of a call beside those in flight.
func (a *audit) begin(now time.Duration, flying int) {
	if a.apart {
		a.area -= uint64(now)
	} else {
		a.pass(now, flying)
	}
	a.begun++
}

// end notes the end of one of the calls in flight.
func (a *audit) end(c *call, now time.Duration, flying int) {
	if a.apart {
		a.area += uint64(now)
	} else {
		a.pass(now, flying)
	}
	a.ended++
	a.took += uint64(now - c.start)
	if !c.flying {
		a.note("a call ends once", "call %d of client %d ended again at %v", c.number, c.client, now)
	}
	if now < c.start {
		a.note("a call ends after it began", "call %d of client %d began at %v and ended at %v", c.number, c.client, c.start, now)
	}
}

func (a *audit) note(law, format string, args ...any) {
	if a.broken == nil {
		a.broken = &BrokenError{Law: law, Got: fmt.Sprintf(format, args...)}
	}
}

// close holds the books of a run that is over, and in which no call is left, against the
// laws.
func (r *run) close() error {
	a := &r.audit
	if r.calls.flying != 0 || a.begun != a.ended {
		a.note("every call that begins ends", "%d began, %d ended and %d are in flight", a.begun, a.ended, r.calls.flying)
	}
	if a.area != a.took {
		a.note("calls in flight over time are the time that calls took (Little's law)", "the sums differ by %d ns", int64(a.area-a.took))
	}
	all := r.recorder.total(func(int, int) bool { return true })
	var outcomes, ends uint64
	for _, n := range all.outcomes {
		outcomes += n
	}
	for _, n := range all.ends {
		ends += n
	}
	if outcomes != all.attempts {
		a.note("every attempt has one outcome", "%d attempts have %d", all.attempts, outcomes)
	}
	if all.calls != a.begun || all.succeeded+ends != all.calls {
		a.note("every call has one end", "%d of %d calls are recorded, with %d successes and %d failures", all.calls, a.begun, all.succeeded, ends)
	}
	for i, s := range r.nodes() {
		c := s.Counts()
		if inside := uint64(s.Inside()); s.Inside() < 0 || c.Entered != c.Served+c.Dropped+c.Cancelled+inside {
			a.note("what enters a station is served, dropped, cancelled or inside", "of node %d: %+v, inside %d", i, c, s.Inside())
		}
		if at, stayed := sim.Add(s.BusyTime(), s.QueueTime()), s.StayTime(); at != stayed {
			a.note("jobs at a station over time are the time that jobs took there (Little's law)", "the sums of node %d differ by %v", i, at-stayed)
		}
	}
	if a.broken != nil {
		return a.broken
	}
	return nil
}

// nodes are the backend's stations.
func (r *run) nodes() []*sim.Station {
	switch {
	case r.balancer != nil:
		return r.balancer.Nodes()
	case r.station != nil:
		return []*sim.Station{r.station}
	}
	return nil
}
