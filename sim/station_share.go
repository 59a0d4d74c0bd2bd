package sim

import (
	"math"
	"math/bits"
	"time"
)

// sharing is what a station needs where its jobs share the workers. It keeps virtual
// time (Parekh and Gallager, "A generalized processor sharing approach to flow control",
// 1993): the service that each job has had that was there from the beginning. All
// jobs gain at the same rate, so a job that comes at v ends at v + service, and the order
// in which they end does not change when others come: each event costs O(log n).
type sharing struct {
	heap   []portion
	v      virtual
	last   time.Duration // when v was true
	due    time.Duration // of the pending event; Never: none
	turn   uint64        // of the pending event: those of others are out of date
	number uint64        // of jobs that came
	from   []uint32      // by place of the job: where it stands in the heap
}

// virtual is a virtual time in nanoseconds, and a part of one in units of 2⁻⁶⁴.
type virtual struct{ ns, part uint64 }

func (a virtual) less(b virtual) bool { return a.ns < b.ns || a.ns == b.ns && a.part < b.part }

// until is b - a; 0 where b is not later by more than what rounding may have come to.
func (a virtual) until(b virtual) virtual {
	const rounding = 1 << 32 // 2⁻³² ns: that of four billion events
	part, borrow := bits.Sub64(b.part, a.part, 0)
	ns, borrow := bits.Sub64(b.ns, a.ns, borrow)
	if borrow > 0 || ns == 0 && part < rounding {
		return virtual{}
	}
	part, borrow = bits.Sub64(part, rounding, 0)
	return virtual{ns - borrow, part}
}

// portion is a job's place in the heap: the first to end is at the top, and of several the
// one that came first.
type portion struct {
	end    virtual
	number uint64
	job    uint32
}

func (a *portion) before(b *portion) bool {
	return a.end.less(b.end) || a.end == b.end && a.number < b.number
}

// advance brings the virtual time up to now. Nobody is served by more than one worker,
// and a rate of workers/jobs is kept exactly, but for less than 2⁻⁶⁴ ns each time.
func (p *sharing) advance(now time.Duration, workers int) {
	passed := uint64(now - p.last)
	p.last = now
	n := uint64(len(p.heap))
	if n <= uint64(workers) {
		p.v.ns += passed
		return
	}
	high, low := bits.Mul64(passed, uint64(workers))
	ns, rest := bits.Div64(high, low, n) // high < n, as the rate is below 1
	part, _ := bits.Div64(rest, 0, n)
	var carry uint64
	p.v.part, carry = bits.Add64(p.v.part, part, 0)
	p.v.ns, _ = bits.Add64(p.v.ns, ns, carry)
}

// wait is how long the first job has yet to go at the present rate, rounded up.
func (p *sharing) wait(workers int) time.Duration {
	if len(p.heap) == 0 || workers == 0 {
		return Never
	}
	left := p.v.until(p.heap[0].end)
	n, c := uint64(len(p.heap)), uint64(workers)
	if n <= c {
		n, c = 1, 1
	}
	// left × n / c, whose whole part is over.ns and the upper word of the product.
	high, low := bits.Mul64(left.part, n)
	over, ns := bits.Mul64(left.ns, n)
	ns, carry := bits.Add64(ns, high, 0)
	over += carry
	if over >= c {
		return Never
	}
	d, rest := bits.Div64(over, ns, c)
	if rest > 0 || low > 0 {
		// (rest·2⁶⁴ + low) / c adds a part of a nanosecond, never a whole one.
		d++
	}
	if d > math.MaxInt64 {
		return Never
	}
	return time.Duration(d)
}

// share lets a job in, if there is room.
func (s *Station) share(service time.Duration, a Actor, data uint64) (Job, bool) {
	p := s.sharing
	if s.Full() {
		s.counts.Refused++
		return Job{}, false
	}
	s.account()
	if len(p.heap) == 0 {
		p.v = virtual{}
	}
	i := s.jobs.take(service, a, data)
	s.jobs.all[i].state = serving
	for len(p.from) < len(s.jobs.all) {
		p.from = append(p.from, 0)
	}
	p.number++
	p.push(portion{end: virtual{p.v.ns + uint64(service), p.v.part}, number: p.number, job: i})
	s.enter()
	s.plan()
	return s.jobs.name(i), true
}

// unshare takes a job out before its end, and returns the service that it has had.
func (s *Station) unshare(i uint32) time.Duration {
	p := s.sharing
	s.account()
	left := p.v.until(p.heap[p.from[i]].end)
	p.remove(int(p.from[i]))
	worked := s.jobs.all[i].service - time.Duration(left.ns)
	if left.part > 0 {
		worked-- // rounded down; some part of a nanosecond was left, so one was
	}
	s.jobs.release(i)
	s.plan()
	return worked
}

// reshare changes the number of workers.
func (s *Station) reshare(n int) {
	s.account()
	s.workers = n
	s.plan()
}

// account books the time since the last change, before the next one.
func (s *Station) account() {
	now := s.loop.now
	s.busyTime.add(now, s.Busy())
	s.queueTime.add(now, s.Queued())
	s.sharing.advance(now, s.workers)
}

// plan schedules the end of the first job. An event that comes too early, as others
// came or workers went, plans again; so few events are in vain.
func (s *Station) plan() {
	p := s.sharing
	due := Add(s.loop.now, p.wait(s.workers))
	if due >= p.due {
		return
	}
	p.turn++
	p.due = due
	s.loop.At(due, (*sharer)(s), p.turn)
}

// sharer is the station in its role as the actor that ends the first of the jobs that
// share it.
type sharer Station

func (a *sharer) Act(now time.Duration, turn uint64) {
	s := (*Station)(a)
	p := s.sharing
	if turn != p.turn {
		return
	}
	p.due = Never
	s.account()
	if p.wait(s.workers) > 0 { // it came too early
		s.plan()
		return
	}
	i := p.heap[0].job
	p.remove(0)
	actor, data := s.jobs.all[i].actor, s.jobs.all[i].data
	s.jobs.release(i)
	s.leave(&s.counts.Served)
	s.plan()
	actor.Act(now, data)
}

func (p *sharing) push(e portion) {
	p.heap = append(p.heap, e)
	p.up(len(p.heap)-1, e)
}

func (p *sharing) remove(at int) {
	last := len(p.heap) - 1
	e := p.heap[last]
	p.heap = p.heap[:last]
	if at == last {
		return
	}
	if at > 0 && e.before(&p.heap[(at-1)/2]) {
		p.up(at, e)
		return
	}
	p.down(at, e)
}

func (p *sharing) set(at int, e portion) {
	p.heap[at] = e
	p.from[e.job] = uint32(at)
}

func (p *sharing) up(at int, e portion) {
	for at > 0 {
		above := (at - 1) / 2
		if !e.before(&p.heap[above]) {
			break
		}
		p.set(at, p.heap[above])
		at = above
	}
	p.set(at, e)
}

func (p *sharing) down(at int, e portion) {
	for {
		below := 2*at + 1
		if below >= len(p.heap) {
			break
		}
		if right := below + 1; right < len(p.heap) && p.heap[right].before(&p.heap[below]) {
			below = right
		}
		if !p.heap[below].before(&e) {
			break
		}
		p.set(at, p.heap[below])
		at = below
	}
	p.set(at, e)
}
