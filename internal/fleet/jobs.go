package fleet

import (
	"time"

	"github.com/squall-sim/squall/sim"
)

// job is the work on one attempt at a station that may give it up: the queue's discipline
// drops it, or it ends with its client's patience. What it was to change is not changed
// then; so the books of its call stay open until it is known. Where the stations
// serve all that they have let in, there are no jobs: the station calls the call itself.
type job struct {
	run      *run
	call     *call // who waits for it; nil: nobody any more
	station  *sim.Station
	name     sim.Job
	cell     *cell
	work     time.Duration
	late     *late // nil: it changes nothing
	commits  uint64
	repeats  bool
	leavings uint64 // tells the leave of this job's client from those of earlier ones'
}

// entrust gives an attempt to a station that may give it up; false if it is full.
func (r *run) entrust(s *sim.Station, work time.Duration, c *call, done event, a *answer) (time.Duration, bool) {
	var j *job
	if n := len(r.jobs); n > 0 {
		j, r.jobs = r.jobs[n-1], r.jobs[:n-1]
	} else {
		j = &job{run: r}
	}
	name, ok := s.Submit(work, j, uint64(done))
	if !ok {
		r.turnedAway++
		r.jobs = append(r.jobs, j)
		return 0, false
	}
	r.entered++
	j.station, j.name, j.cell, j.work, j.commits, j.repeats = s, name, c.cell, work, a.commits, a.repeats
	if a.commits > 0 || a.repeats {
		j.late = r.books.hold(c)
		j.late.inHand += a.commits
		j.late.inHandAgain += count(a.repeats)
	}
	switch {
	case !c.own.net.orphan:
		j.call, c.own.job = c, j
	case r.cfg.Backend.Cancels:
		r.loop.At(c.own.net.hangsUp, (*leaver)(j), j.leavings)
	}
	return work, true
}

// hungUp reports whether the news has come before the request that nobody waits for it.
func (c *call) hungUp() bool {
	r := c.run
	return r.cfg.Backend.Cancels && r.network != nil && c.own.net.orphan && c.own.net.hangsUp <= r.loop.Now()
}

// Act tells that the work is done.
func (j *job) Act(now time.Duration, done uint64) {
	c := j.end(true)
	if c != nil {
		c.act(now, event(done))
	}
}

// Dropped tells that the station has given the work up: the client gets the answer of a
// backend that has no room.
func (j *job) Dropped(time.Duration, uint64) {
	r := j.run
	r.entered--
	r.turnedAway++
	j.cell.work -= j.work
	c := j.end(false)
	if c == nil {
		return
	}
	c.work, c.answer, c.turnedAway = 0, r.full.Err(r.mix.ops[c.op].method), true
	c.await(r.full.After(), 0, false) // the time-out is under way
}

// leave is the client's: it waits no longer for the work on its attempt.
func (c *call) leave() {
	j, r := c.own.job, c.run
	c.own.job, j.call = nil, nil
	switch {
	case !r.cfg.Backend.Cancels:
	case r.network != nil:
		r.loop.After(c.way(r.network.leave), (*leaver)(j), j.leavings)
	default:
		j.cancel()
	}
}

// leaver is a job in its role as the actor that hears of its client's leave.
type leaver job

func (l *leaver) Act(_ time.Duration, leavings uint64) {
	if j := (*job)(l); leavings == j.leavings {
		j.cancel()
	}
}

// cancel takes the work from the station. If that has dropped it in this very moment, it
// tells so itself.
func (j *job) cancel() {
	worked, ok := j.station.Cancel(j.name)
	if !ok {
		j.run.entered--
		j.run.turnedAway++
	}
	j.cell.work -= j.work - worked
	j.end(false)
}

// end closes the job's part of its call's books, and returns who waits for it.
func (j *job) end(served bool) *call {
	if l := j.late; l != nil {
		j.late = nil
		l.inHand -= j.commits
		l.inHandAgain -= count(j.repeats)
		if served {
			j.run.books.settle(l, j.commits, again{done: count(j.repeats)})
		} else {
			j.run.books.settle(l, 0, again{lost: uint32(j.commits)})
		}
	}
	c := j.call
	if c != nil {
		c.own.job, j.call = nil, nil
	}
	j.leavings++
	j.run.jobs = append(j.run.jobs, j)
	return c
}
