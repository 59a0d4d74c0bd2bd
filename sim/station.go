package sim

import (
	"fmt"
	"math"
	"time"
)

// Station is a server with a number of workers and a queue before them: a job
// is served at once if a worker is free, else it waits its turn, by the station's
// [Discipline]: first come, first served, if nobody says otherwise. If there is no room
// for it, it is turned away.
//
// A Station belongs to its loop's goroutine. It allocates nothing per job once
// it has grown to its working size.
type Station struct {
	loop    *Loop
	workers int
	limit   int // of the queue; negative: none

	jobs    jobs // those inside, and the queue of those that wait
	busy    int
	order   order
	drops   bool // see Discipline.Drops
	emptied time.Duration
	codel   codel
	sharing *sharing // nil: a worker serves one job at a time

	busyTime  integral
	queueTime integral
	stay      uint64 // of all jobs, by their comings and goings, in words that wrap around
	counts    StationCounts
}

// StationCounts is what became of the jobs of a station. Of those that were let in
// (Entered) each is served, dropped, cancelled or still inside.
type StationCounts struct {
	Entered   uint64 // let in
	Refused   uint64 // turned away by Enter or Submit
	Served    uint64 // done
	Dropped   uint64 // let in, and given up by the station while they waited
	Cancelled uint64 // taken out by Cancel
}

// A Dropper is an actor whose jobs a station may drop after it has let them in; see
// [Discipline.Drops].
type Dropper interface {
	Actor
	// Dropped is called in place of Act with the data of a job that will not be
	// served, as an event of the moment in which it was dropped.
	Dropped(now time.Duration, data uint64)
}

// NewStation returns an idle station on the loop that serves first come, first
// served. queue is the number of jobs that may wait; 0: none, negative: any number. It
// panics if loop is nil or workers is less than 1.
func NewStation(loop *Loop, workers, queue int) *Station {
	if loop == nil {
		panic("sim: station without a loop")
	}
	if workers < 1 {
		panic(fmt.Sprintf("sim: station needs at least 1 worker, got %d", workers))
	}
	return &Station{loop: loop, workers: workers, limit: queue, jobs: newJobs()}
}

// NewStationWith is [NewStation] with another discipline. The error is that of
// [Discipline.Validate].
func NewStationWith(loop *Loop, workers, queue int, d Discipline) (*Station, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	d = d.withDefaults()
	s := NewStation(loop, workers, queue)
	s.drops = d.Drops(queue)
	s.order = newOrder(d)
	if d.Kind == ProcessorSharing {
		s.sharing = &sharing{due: Never}
	}
	return s, nil
}

// Enter gives the station a job that takes a worker for the given time, and
// reports whether it was let in. When the job is done, a.Act is called with that moment
// and data. The worker is free again (and serves the next in the queue) before that. A
// service time of [Never] occupies its worker for good. Enter panics if service is
// negative, and if a is no [Dropper] though the station may drop jobs.
func (s *Station) Enter(service time.Duration, a Actor, data uint64) bool {
	_, ok := s.Submit(service, a, data)
	return ok
}

// Submit is [Station.Enter] that returns the job as well, for [Station.Cancel].
func (s *Station) Submit(service time.Duration, a Actor, data uint64) (Job, bool) {
	if service < 0 {
		panic(fmt.Sprintf("sim: service time must not be negative, is %v", service))
	}
	if a == nil {
		panic("sim: job without an actor")
	}
	if s.drops {
		if _, ok := a.(Dropper); !ok {
			panic(fmt.Sprintf("sim: the station may drop jobs, and %T has no method Dropped", a))
		}
	}
	if s.sharing != nil {
		return s.share(service, a, data)
	}
	if s.busy < s.workers {
		i := s.jobs.take(service, a, data)
		s.enter()
		s.serve(i)
		return s.jobs.name(i), true
	}
	if s.limit >= 0 && s.jobs.queued >= s.limit {
		if !s.evict() {
			s.counts.Refused++
			return Job{}, false
		}
	}
	now := s.loop.now
	s.queueTime.add(now, s.jobs.queued)
	if s.jobs.queued == 0 {
		s.emptied = now
	}
	i := s.jobs.take(service, a, data)
	s.jobs.all[i].stamp = s.order.stamp(now, s.emptied)
	s.jobs.push(i)
	s.enter()
	return s.jobs.name(i), true
}

// enter and leave book a job that comes now, and one that goes for the reason counted.
func (s *Station) enter() {
	s.counts.Entered++
	s.stay -= uint64(s.loop.now)
}

func (s *Station) leave(reason *uint64) {
	*reason++
	s.stay += uint64(s.loop.now)
}

// serve lets a worker begin with a job.
func (s *Station) serve(i uint32) {
	s.busyTime.add(s.loop.now, s.busy)
	s.busy++
	j := &s.jobs.all[i]
	j.state, j.stamp = serving, s.loop.now
	s.loop.After(j.service, (*worker)(s), s.jobs.name(i).word())
}

// hire lets free workers take what waits.
func (s *Station) hire() {
	for s.jobs.queued > 0 && s.busy < s.workers {
		i, ok := s.next()
		if !ok {
			return
		}
		s.serve(i)
	}
}

// worker is the station in its role as the actor that ends a job: its work is done,
// or it has been dropped.
type worker Station

func (w *worker) Act(now time.Duration, word uint64) {
	s := (*Station)(w)
	i := uint32(word)
	j := &s.jobs.all[i]
	if j.generation != uint32(word>>32) {
		return // it was cancelled
	}
	actor, data, dropped := j.actor, j.data, j.state == dropped
	s.jobs.release(i)
	if dropped {
		actor.(Dropper).Dropped(now, data)
		return
	}
	s.busyTime.add(now, s.busy)
	s.busy--
	s.leave(&s.counts.Served)
	if s.jobs.queued > 0 {
		s.hire()
	}
	actor.Act(now, data)
}

// drop gives a job up that has been taken out of the queue; its actor is told as an
// event of this moment.
func (s *Station) drop(i uint32) {
	s.leave(&s.counts.Dropped)
	s.jobs.all[i].state = dropped
	s.loop.At(s.loop.now, (*worker)(s), s.jobs.name(i).word())
}

// Cancel takes a job out of the queue or off its worker, who goes on with the next. Its
// actor hears no more of it. worked is the worker's time that it had by then. ok is false,
// and nothing happens, if the job is done or was dropped. Any number of jobs may have
// come since: a Job names its own for good.
//
// The event that would have ended the job's service stays in the loop until its time,
// and comes to nothing then.
func (s *Station) Cancel(j Job) (worked time.Duration, ok bool) {
	if !s.jobs.has(j) {
		return 0, false
	}
	one := &s.jobs.all[j.index]
	now := s.loop.now
	switch {
	case one.state == dropped: // and not told yet: it need not be
		s.jobs.release(j.index)
		return 0, false
	case s.sharing != nil:
		worked = s.unshare(j.index)
	case one.state == serving:
		worked = now - one.stamp
		s.busyTime.add(now, s.busy)
		s.busy--
		s.jobs.release(j.index)
		s.leave(&s.counts.Cancelled)
		s.hire()
		return worked, true
	default:
		s.queueTime.add(now, s.jobs.queued)
		s.jobs.remove(j.index)
		s.jobs.release(j.index)
	}
	s.leave(&s.counts.Cancelled)
	return worked, true
}

// SetWorkers changes the number of workers from now on. Of more, those that are free
// take what waits at once; of fewer, those above the number end what they serve first.
// With 0 nobody begins anything. It panics if n is negative.
func (s *Station) SetWorkers(n int) {
	if n < 0 {
		panic(fmt.Sprintf("sim: station with %d workers", n))
	}
	if s.sharing != nil {
		s.reshare(n)
		return
	}
	s.workers = n
	s.hire()
}

// Full reports whether the station would turn the next job away.
func (s *Station) Full() bool {
	return s.Busy() >= s.workers && s.limit >= 0 && s.Queued() >= s.limit && !s.evicts()
}

// Busy returns the number of workers that are serving: after [Station.SetWorkers] it may
// be more than Workers for a time.
func (s *Station) Busy() int {
	if s.sharing != nil {
		return min(len(s.sharing.heap), s.workers)
	}
	return s.busy
}

// Queued returns the number of jobs that wait for a worker; where they share the
// workers, of those beyond one for each.
func (s *Station) Queued() int {
	if s.sharing != nil {
		return len(s.sharing.heap) - s.Busy()
	}
	return s.jobs.queued
}

// Inside returns the number of jobs that are served or wait.
func (s *Station) Inside() int {
	if s.sharing != nil {
		return len(s.sharing.heap)
	}
	return s.busy + s.jobs.queued
}

// Workers returns the number of workers.
func (s *Station) Workers() int { return s.workers }

// Counts returns what has become of the jobs so far.
func (s *Station) Counts() StationCounts { return s.counts }

// Served returns the number of jobs done.
func (s *Station) Served() uint64 { return s.counts.Served }

// Refused returns the number of jobs turned away when they came.
func (s *Station) Refused() uint64 { return s.counts.Refused }

// BusyTime returns the time that all workers together have spent serving so
// far; [Never] if it is more than that. BusyTime / (Workers × Now) is the
// utilisation, if the number of workers has not changed.
func (s *Station) BusyTime() time.Duration {
	return s.busyTime.at(s.loop.now, s.Busy())
}

// QueueTime returns the time that all jobs together have spent waiting for a
// worker so far; [Never] if it is more than that. QueueTime / Now is the mean
// length of the queue.
func (s *Station) QueueTime() time.Duration {
	return s.queueTime.at(s.loop.now, s.Queued())
}

// StayTime returns the time that all jobs together have spent inside so far, those that
// are still inside with what they have had of it; [Never] if it is more than that. It is got
// from when each job came and went, and BusyTime and QueueTime from how many were inside in
// between: by Little's law StayTime is the sum of the two.
func (s *Station) StayTime() time.Duration {
	if Add(s.BusyTime(), s.QueueTime()) == Never {
		return Never
	}
	return time.Duration(s.stay + uint64(s.Inside())*uint64(s.loop.now))
}

// integral sums a count over time.
type integral struct {
	sum  time.Duration
	last time.Duration
}

// add accounts for count since the last call.
func (g *integral) add(now time.Duration, count int) {
	g.sum = g.at(now, count)
	g.last = now
}

func (g *integral) at(now time.Duration, count int) time.Duration {
	d := now - g.last
	if d > 0 && int64(count) > math.MaxInt64/int64(d) {
		return Never
	}
	return Add(g.sum, d*time.Duration(count))
}
