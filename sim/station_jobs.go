package sim

import "time"

// Job names a job that a station has let in; see [Station.Cancel]. The zero Job is none.
type Job struct{ index, generation uint32 }

// word is the name in one word, as the data of an event.
func (j Job) word() uint64 { return uint64(j.generation)<<32 | uint64(j.index) }

// job is a piece of work and who awaits its end, in 56 bytes.
type job struct {
	actor      Actor
	data       uint64
	service    time.Duration
	stamp      time.Duration // when it began to wait, or must not wait any longer, or began to be served
	prev, next uint32        // in the queue; next of those that are free
	generation uint32        // of the place: a name of an earlier one is out of date
	state      jobState
}

type jobState uint8

const (
	waiting jobState = iota
	serving
	dropped // and its actor has yet to be told
)

// jobs are the jobs of a station, in places that are used again. Those that wait are a
// list in the order of their coming, through place 0, which holds no job.
type jobs struct {
	all    []job
	free   uint32 // the first of the free places; 0: none
	queued int
}

func newJobs() jobs { return jobs{all: make([]job, 1)} }

// take finds a place for a job.
func (q *jobs) take(service time.Duration, a Actor, data uint64) uint32 {
	i := q.free
	if i == 0 {
		i = uint32(len(q.all))
		q.all = append(q.all, job{})
	} else {
		q.free = q.all[i].next
	}
	j := &q.all[i]
	j.actor, j.data, j.service, j.state = a, data, service, waiting
	return i
}

// release gives a place back: what names its job is out of date from now on.
func (q *jobs) release(i uint32) {
	j := &q.all[i]
	j.actor = nil
	j.generation++
	j.next = q.free
	q.free = i
}

// name is the name of the job in a place.
func (q *jobs) name(i uint32) Job { return Job{index: i, generation: q.all[i].generation} }

// has reports whether the job is still in its place.
func (q *jobs) has(j Job) bool {
	return j.index != 0 && int(j.index) < len(q.all) && q.all[j.index].generation == j.generation && q.all[j.index].actor != nil
}

// push puts a job at the end of the queue.
func (q *jobs) push(i uint32) {
	last := q.all[0].prev
	q.all[i].prev, q.all[i].next = last, 0
	q.all[last].next = i
	q.all[0].prev = i
	q.queued++
}

// remove takes a job out of the queue.
func (q *jobs) remove(i uint32) {
	prev, next := q.all[i].prev, q.all[i].next
	q.all[prev].next = next
	q.all[next].prev = prev
	q.queued--
}

// oldest and newest are the two ends of the queue, which is not empty.
func (q *jobs) oldest() uint32 { return q.all[0].next }
func (q *jobs) newest() uint32 { return q.all[0].prev }
