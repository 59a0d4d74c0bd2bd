package live

import (
	"slices"
	"sync"
	"time"

	"github.com/squall-sim/squall/faults"
)

// course tells how far a plan has run: in real time from a beginning that can
// be moved, or held in one phase, which then is played over and over. It is safe
// for concurrent use.
type course struct {
	clock  faults.Clock
	starts []time.Duration // when each phase starts
	length []time.Duration // of each

	mu    sync.Mutex
	began time.Time // of the plan, or of the phase that is held
	held  int       // the phase that stays; -1: none
	due   []bool    // the phases that had, or will have, their time

	since    time.Time       // when the course last changed
	had      []time.Duration // how long each phase was in force until then
	straight bool            // phases follow one another from the first on
}

// newCourse begins now, at the first phase, or holds one (-1: none).
func newCourse(clock faults.Clock, plan faults.Plan, hold int) *course {
	c := &course{clock: clock, due: make([]bool, len(plan.Phases)), had: make([]time.Duration, len(plan.Phases)), since: clock.Now(), held: -1}
	at := time.Duration(0)
	for _, ph := range plan.Phases {
		c.starts, c.length = append(c.starts, at), append(c.length, ph.For)
		at += ph.For
	}
	if hold >= 0 {
		c.jump(hold, true)
	} else {
		c.jump(0, false)
		c.straight = true
	}
	return c
}

// now is the time of the plan. At the end of a phase that is held it goes back to
// its start, so that what a fault does over time has its turn again.
func (c *course) now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held >= 0 {
		return c.starts[c.held] + max(0, c.clock.Now().Sub(c.began))%c.length[c.held]
	}
	return c.clock.Now().Sub(c.began)
}

// jump goes to the start of a phase, and stays there if hold says so.
func (c *course) jump(phase int, hold bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	c.had, c.since, c.straight = c.spread(now), now, false
	c.held = -1
	c.due[phase] = true
	if hold {
		c.held, c.began = phase, c.clock.Now()
		return
	}
	c.began = c.clock.Now().Add(-c.starts[phase])
	for i := phase; i < len(c.due); i++ {
		c.due[i] = true
	}
}

// holds is the phase that is held; -1: none.
func (c *course) holds() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// isDue tells whether a phase had its time, or will have it.
func (c *course) isDue(phase int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.due[phase]
}

// spread is how long each phase was in force until now. c.mu is held.
func (c *course) spread(now time.Time) []time.Duration {
	had := slices.Clone(c.had)
	if c.began.IsZero() && c.held < 0 { // the first jump of all
		return had
	}
	if c.held >= 0 {
		had[c.held] += now.Sub(c.since)
		return had
	}
	from, to := c.since.Sub(c.began), now.Sub(c.began)
	for i := range had {
		end := to
		if i+1 < len(c.starts) {
			end = min(to, c.starts[i+1])
		}
		if from < end {
			had[i] += end - from
			from = end
		}
	}
	return had
}

// spent is how long each phase was in force so far, and all of them together.
func (c *course) spent() (each []time.Duration, whole time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	each = c.spread(c.clock.Now())
	for _, d := range each {
		whole += d
	}
	return each, whole
}

// isStraight tells whether phases followed one another from the first on.
func (c *course) isStraight() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.straight
}
