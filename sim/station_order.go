package sim

import (
	"math"
	"time"
)

// order is what a station goes by when a worker is free or the queue is full.
type order struct {
	lifo, adaptive bool // adaptive: LIFO under overload only
	control        bool // a job is dropped when it has waited longer than its time
	codel          bool
	target         time.Duration
	interval       time.Duration
}

func newOrder(d Discipline) order {
	return order{
		lifo: d.Kind == LIFO, adaptive: d.Kind == AdaptiveLIFO,
		control: d.Kind == ControlledDelay || d.Kind == AdaptiveLIFO && d.Target > 0,
		codel:   d.Kind == CoDel,
		target:  d.Target, interval: d.Interval,
	}
}

// overloaded reports whether a queue that was empty last at the given time has not been
// for the interval.
func (o *order) overloaded(now, emptied time.Duration) bool { return now-emptied > o.interval }

// stamp is what a job that begins to wait is marked with: the time, or until when it may
// wait.
func (o *order) stamp(now, emptied time.Duration) time.Duration {
	switch {
	case !o.control:
		return now
	case o.overloaded(now, emptied):
		return Add(now, o.target)
	default:
		return Add(now, o.interval)
	}
}

// next takes the job to be served next out of the queue, which is not empty, and drops
// those whose time is up; ok is false if that was all of them.
func (s *Station) next() (i uint32, ok bool) {
	now := s.loop.now
	s.queueTime.add(now, s.jobs.queued)
	switch o := &s.order; {
	case o.codel:
		return s.codel.next(s, now)
	case o.control:
		for s.jobs.queued > 0 {
			i := s.turn(now)
			s.jobs.remove(i)
			if now <= s.jobs.all[i].stamp {
				return i, true
			}
			s.drop(i)
		}
		return 0, false
	default:
		i := s.turn(now)
		s.jobs.remove(i)
		return i, true
	}
}

// turn is the job whose turn it is.
func (s *Station) turn(now time.Duration) uint32 {
	if s.fromTheEnd(now) {
		return s.jobs.newest()
	}
	return s.jobs.oldest()
}

// fromTheEnd reports whether those that came last are served first at the moment.
func (s *Station) fromTheEnd(now time.Duration) bool {
	return s.order.lifo || s.order.adaptive && s.jobs.queued > 0 && s.order.overloaded(now, s.emptied)
}

// evicts reports whether a full queue lets another job in, at the cost of the oldest.
func (s *Station) evicts() bool { return s.jobs.queued > 0 && s.fromTheEnd(s.loop.now) }

// evict makes room in a full queue; false if the discipline does not.
func (s *Station) evict() bool {
	if !s.evicts() {
		return false
	}
	s.queueTime.add(s.loop.now, s.jobs.queued)
	i := s.jobs.oldest()
	s.jobs.remove(i)
	s.drop(i)
	return true
}

// codel is the state of RFC 8289, section 5.3, by its names.
type codel struct {
	firstAboveTime   time.Duration // when the wait will have been above the target for an interval; 0: it is below
	dropNext         time.Duration
	count, lastCount uint64
	dropping         bool
}

// next takes jobs out of the queue by the RFC's dequeue.
func (c *codel) next(s *Station, now time.Duration) (uint32, bool) {
	i, any, mayDrop := c.take(s, now)
	if c.dropping {
		if !mayDrop {
			c.dropping = false
		}
		for c.dropping && now >= c.dropNext {
			s.drop(i)
			c.count++
			if i, any, mayDrop = c.take(s, now); !mayDrop {
				c.dropping = false
				break
			}
			c.dropNext = controlLaw(c.dropNext, s.order.interval, c.count)
		}
		return i, any
	}
	if !mayDrop {
		return i, any
	}
	s.drop(i)
	i, any, _ = c.take(s, now)
	c.dropping = true
	// If the queue was bad not long ago, the rate that was right then is a better
	// beginning than none.
	delta := c.count - c.lastCount
	c.count = 1
	if delta > 1 && now-c.dropNext < 16*s.order.interval {
		c.count = delta
	}
	c.dropNext = controlLaw(now, s.order.interval, c.count)
	c.lastCount = c.count
	return i, any
}

// take takes the oldest job out of the queue, by the RFC's dodequeue: it may be dropped if the
// waits have been above the target for an interval, and more than one job is left.
func (c *codel) take(s *Station, now time.Duration) (i uint32, any, mayDrop bool) {
	if s.jobs.queued == 0 {
		c.firstAboveTime = 0
		return 0, false, false
	}
	i = s.jobs.oldest()
	s.jobs.remove(i)
	switch wait := now - s.jobs.all[i].stamp; {
	case wait < s.order.target || s.jobs.queued <= 1:
		c.firstAboveTime = 0
	case c.firstAboveTime == 0:
		c.firstAboveTime = Add(now, s.order.interval)
	case now >= c.firstAboveTime:
		mayDrop = true
	}
	return i, true, mayDrop
}

// controlLaw is the time of the next drop: the interval by the square root of the drops so far.
func controlLaw(t, interval time.Duration, count uint64) time.Duration {
	return Add(t, time.Duration(float64(interval)/math.Sqrt(float64(count))))
}
