package sim

import (
	"fmt"
	"math"
	"time"
)

// Station is a server with a number of workers and a queue before them: a job
// is served at once if a worker is free, else it waits its turn, first come,
// first served; if the queue is full it is turned away.
//
// A Station belongs to its loop's goroutine. It allocates nothing per job once
// it has grown to its working size.
type Station struct {
	loop    *Loop
	workers int
	limit   int // of the queue; negative: none

	serving []job    // by index; the loop's event names it
	free    []uint64 // indices of serving that are free
	queue   ring

	busyTime  integral
	queueTime integral
	served    uint64
	refused   uint64
}

// job is a piece of work and who awaits its end.
type job struct {
	actor   Actor
	data    uint64
	service time.Duration
}

// NewStation returns an idle station on the loop. queue is the number of jobs
// that may wait; 0: none, negative: any number. It panics if loop is nil or
// workers is less than 1.
func NewStation(loop *Loop, workers, queue int) *Station {
	if loop == nil {
		panic("sim: station without a loop")
	}
	if workers < 1 {
		panic(fmt.Sprintf("sim: station needs at least 1 worker, got %d", workers))
	}
	return &Station{loop: loop, workers: workers, limit: queue}
}

// Enter gives the station a job that takes a worker for the given time, and
// reports whether it was let in; false means that the queue is full. When the
// job is done, a.Act is called with that moment and data. The worker is free
// again (and serves the next in the queue) before that. A service time of
// [Never] occupies its worker for good. Enter panics if service is negative.
func (s *Station) Enter(service time.Duration, a Actor, data uint64) bool {
	if service < 0 {
		panic(fmt.Sprintf("sim: service time must not be negative, is %v", service))
	}
	if a == nil {
		panic("sim: job without an actor")
	}
	j := job{actor: a, data: data, service: service}
	if s.Busy() < s.workers {
		s.serve(j)
		return true
	}
	if s.limit >= 0 && s.queue.len >= s.limit {
		s.refused++
		return false
	}
	s.queueTime.add(s.loop.now, s.queue.len)
	s.queue.push(j)
	return true
}

func (s *Station) serve(j job) {
	s.busyTime.add(s.loop.now, s.Busy())
	var i uint64
	if n := len(s.free); n > 0 {
		i, s.free = s.free[n-1], s.free[:n-1]
		s.serving[i] = j
	} else {
		i = uint64(len(s.serving))
		s.serving = append(s.serving, j)
	}
	s.loop.After(j.service, (*worker)(s), i)
}

// worker is the station in its role as the actor that ends a job.
type worker Station

func (w *worker) Act(now time.Duration, i uint64) {
	s := (*Station)(w)
	done := s.serving[i]
	s.busyTime.add(now, s.Busy())
	s.serving[i] = job{}
	s.free = append(s.free, i)
	s.served++
	if s.queue.len > 0 {
		s.queueTime.add(now, s.queue.len)
		s.serve(s.queue.pop())
	}
	done.actor.Act(now, done.data)
}

// Full reports whether the station would turn the next job away.
func (s *Station) Full() bool {
	return s.Busy() >= s.workers && s.limit >= 0 && s.queue.len >= s.limit
}

// Busy returns the number of workers that are serving.
func (s *Station) Busy() int { return len(s.serving) - len(s.free) }

// Queued returns the number of jobs that wait for a worker.
func (s *Station) Queued() int { return s.queue.len }

// Workers returns the number of workers.
func (s *Station) Workers() int { return s.workers }

// Served returns the number of jobs done.
func (s *Station) Served() uint64 { return s.served }

// Refused returns the number of jobs turned away.
func (s *Station) Refused() uint64 { return s.refused }

// BusyTime returns the time that all workers together have spent serving so
// far; [Never] if it is more than that. BusyTime / (Workers × Now) is the
// utilisation.
func (s *Station) BusyTime() time.Duration {
	return s.busyTime.at(s.loop.now, s.Busy())
}

// QueueTime returns the time that all jobs together have spent waiting for a
// worker so far; [Never] if it is more than that. QueueTime / Now is the mean
// length of the queue.
func (s *Station) QueueTime() time.Duration {
	return s.queueTime.at(s.loop.now, s.queue.len)
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

// ring is a first-in-first-out queue of jobs in a slice that is reused.
type ring struct {
	jobs []job // length: a power of two, or zero
	head int
	len  int
}

func (r *ring) push(j job) {
	if r.len == len(r.jobs) {
		grown := make([]job, max(2*len(r.jobs), 16))
		n := copy(grown, r.jobs[r.head:])
		copy(grown[n:], r.jobs[:r.head])
		r.jobs, r.head = grown, 0
	}
	r.jobs[(r.head+r.len)&(len(r.jobs)-1)] = j
	r.len++
}

func (r *ring) pop() job {
	j := r.jobs[r.head]
	r.jobs[r.head] = job{}
	r.head = (r.head + 1) & (len(r.jobs) - 1)
	r.len--
	return j
}
