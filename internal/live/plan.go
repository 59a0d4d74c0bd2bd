package live

import (
	"sync"
	"time"

	"github.com/squall-sim/squall/faults"
)

// course tells how far a plan has run: in real time from a beginning that can
// be moved, or held in one phase. It is safe for concurrent use.
type course struct {
	clock  faults.Clock
	starts []time.Duration // when each phase starts

	mu    sync.Mutex
	began time.Time
	held  int    // the phase that stays; -1: none
	due   []bool // the phases that had, or will have, their time
}

// newCourse begins now, at the first phase, or holds one (-1: none).
func newCourse(clock faults.Clock, plan faults.Plan, hold int) *course {
	c := &course{clock: clock, due: make([]bool, len(plan.Phases))}
	at := time.Duration(0)
	for _, ph := range plan.Phases {
		c.starts = append(c.starts, at)
		at += ph.For
	}
	if hold >= 0 {
		c.jump(hold, true)
	} else {
		c.jump(0, false)
	}
	return c
}

// now is the time of the plan. In a phase that is held it stands still.
func (c *course) now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held >= 0 {
		return c.starts[c.held]
	}
	return c.clock.Now().Sub(c.began)
}

// jump goes to the start of a phase, and stays there if hold says so.
func (c *course) jump(phase int, hold bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = -1
	c.due[phase] = true
	if hold {
		c.held = phase
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
