package sim

import (
	"fmt"
	"time"
)

// An Actor receives events. One actor may await any number of them: data,
// given when the event was scheduled, tells them apart (an index, a
// generation, a kind, or several of these in one word).
//
// The loop keeps actors in interface values, so an actor that is a pointer or
// an [ActorFunc] costs no allocation per event.
type Actor interface {
	// Act is called when the event is due, with the loop's time. It may
	// schedule events, also for this very moment: they come after all those
	// that were scheduled for it before. It must not call Step or Run.
	Act(now time.Duration, data uint64)
}

// ActorFunc is a function in the role of an [Actor].
type ActorFunc func(now time.Duration, data uint64)

// Act calls f.
func (f ActorFunc) Act(now time.Duration, data uint64) { f(now, data) }

// Loop is a clock that jumps from event to event. Events happen in the order
// of their times, and those of one moment in the order in which they were
// scheduled, so a run depends on nothing but what was scheduled.
//
// The zero value is a loop at time zero without events, ready for use. A Loop
// must not be copied after first use, and belongs to one goroutine. Once the
// queue has grown to its working size, scheduling and stepping allocate
// nothing. If an actor panics, the loop cannot go on.
type Loop struct {
	now    time.Duration
	events uint64
	acting bool
	queue  queue
	main   Actor // of the events whose word is their data; nil: none
	others roster

	running   *Process   // the process that runs; nil: none
	processes processes  // those that have not ended
	watched   []*watched // contexts to look at after each event
}

// NewLoop returns a loop at time zero with no events pending.
func NewLoop() *Loop { return &Loop{} }

// NewLoopFor returns a loop most of whose events are those of one actor, as in a run with
// a million clients who are numbers in its data. [Loop.Post] schedules them: they take 16
// bytes while they are pending, where an event of [Loop.At] takes 40, and less time.
//
// If main is a [Foreseer], it is told of its events shortly before they happen.
func NewLoopFor(main Actor) *Loop {
	soon, _ := main.(Foreseer)
	return &Loop{main: main, queue: queue{soon: soon}}
}

// A Foreseer is an actor that wants to know of its events shortly before they happen: where
// there are a million things that events are about, it can ask the memory for those of
// several events at once, and need not wait for one after the other.
type Foreseer interface {
	Actor
	// Foresee is told what Act will be, once, more often or not at all, and must change
	// nothing that matters.
	Foresee(data uint64)
}

// Now returns the virtual time since the start of the run: that of the event
// that is happening or happened last, or the end of the last [Loop.Run] if
// that is later.
func (l *Loop) Now() time.Duration { return l.now }

// At schedules a.Act(t, data). An event at [Never] is forgotten at once, for
// it never happens. At panics if t lies before Now, as the past cannot be
// changed: that is a bug of the caller.
func (l *Loop) At(t time.Duration, a Actor, data uint64) {
	if a == nil {
		panic(fmt.Sprintf("sim: event scheduled for %v without an actor", t))
	}
	if l.happens(t) {
		l.queue.others = &l.others
		l.queue.push(t, l.others.add(a, data)|otherActor)
	}
}

// Post is At for the actor of [NewLoopFor]. It panics if there is none, or if data is
// 1<<63 or more.
func (l *Loop) Post(t time.Duration, data uint64) {
	if l.main == nil || data >= otherActor {
		panic(fmt.Sprintf("sim: Post with data %#x: it is for a loop of NewLoopFor, and data below 1<<63", data))
	}
	if l.happens(t) {
		l.queue.push(t, data)
	}
}

// otherActor in an event's word says that the rest of it is a place in the roster.
const otherActor = 1 << 63

// happens reports whether there can be an event at t, which must not have passed.
func (l *Loop) happens(t time.Duration) bool {
	if t < l.now {
		panic(fmt.Sprintf("sim: event scheduled for %v, in the past: it is %v", t, l.now))
	}
	return t != Never
}

// After schedules a.Act in d from now; [Never] if that is more than a
// time.Duration can hold. It panics if d is negative.
func (l *Loop) After(d time.Duration, a Actor, data uint64) {
	l.At(Add(l.now, d), a, data)
}

// Step lets the next event happen, and reports whether there was one. It
// panics when called by an actor.
func (l *Loop) Step() bool { return l.StepBy(Never) }

// StepBy is Step for an event that is due by that time, if there is one.
func (l *Loop) StepBy(by time.Duration) bool {
	if l.acting {
		panic("sim: Step or Run called by an actor")
	}
	at, word, ok := l.queue.pop(by)
	if !ok {
		return false
	}
	l.now = at
	l.events++
	l.acting = true
	if word < otherActor {
		l.main.Act(at, word)
	} else {
		a, data := l.others.remove(word &^ otherActor)
		a.Act(at, data)
	}
	if len(l.watched) > 0 {
		l.look()
	}
	l.acting = false
	return true
}

// Run lets every event up to and including the moment until happen, then sets
// the time to until. Run(Never) plays until no event is left, and then leaves
// the time at the last event. It does nothing if until has passed already.
func (l *Loop) Run(until time.Duration) {
	for l.StepBy(until) {
	}
	if until != Never {
		l.now = max(l.now, until)
	}
}

// Pending returns the number of events to come.
func (l *Loop) Pending() int { return l.queue.len() }

// Events returns the number of events that have happened, the one that is
// happening included.
func (l *Loop) Events() uint64 { return l.events }

// Peek returns the time of the next event; false if none is pending.
func (l *Loop) Peek() (at time.Duration, ok bool) { return l.queue.peek() }

// Clock shows a loop's time as wall-clock time, for code that wants a
// time.Time. It has the methods that such code asks of a clock, and satisfies
// its interface by shape. Sleep is for processes ([Go]).
type Clock struct {
	loop  *Loop
	epoch time.Time
	at    time.Duration // (shown) for which that was asked last, as it often is again
	shown time.Time
}

// Clock returns a clock that shows epoch at the start of the run. A monotonic
// reading in epoch is dropped: it belongs to the real machine.
func (l *Loop) Clock(epoch time.Time) *Clock {
	epoch = epoch.Round(0)
	return &Clock{loop: l, epoch: epoch, shown: epoch}
}

// Now returns the epoch plus the loop's time.
func (c *Clock) Now() time.Time {
	if c.at != c.loop.now {
		c.move()
	}
	return c.shown
}

// move shows the loop's time.
func (c *Clock) move() { c.at, c.shown = c.loop.now, c.epoch.Add(c.loop.now) }

// roster keeps the actors of events, and what they are told. The zero value is empty.
type roster struct {
	entries []entry
	seen    uint64 // means nothing: what touch has read
	free    uint64 // the first free entry + 1, whose data is the next + 1; 0: none
}

type entry struct {
	actor Actor // nil in a free one
	data  uint64
}

// add returns the place of a new entry.
func (r *roster) add(a Actor, data uint64) uint64 {
	i := r.free
	if i == 0 {
		r.entries = append(r.entries, entry{a, data})
		return uint64(len(r.entries)) - 1
	}
	e := &r.entries[i-1]
	r.free = e.data
	*e = entry{a, data}
	return i - 1
}

// remove frees an entry.
func (r *roster) remove(i uint64) (Actor, uint64) {
	e := &r.entries[i]
	was := *e
	*e = entry{nil, r.free}
	r.free = i + 1
	return was.actor, was.data
}

// touch has the memory bring an entry before it is needed.
func (r *roster) touch(i uint64) { r.seen += r.entries[i].data }
