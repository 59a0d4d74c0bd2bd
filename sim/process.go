package sim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"time"
)

// A Process is Go code that runs in virtual time: an ordinary function whose
// waiting is the loop's. One process runs at a time, from one wait to the next, and in
// the order of events, so a run with processes is as exact and as repeatable as one
// without. It is for client code as it is written for services (a call of a retry
// library around a breaker around a request); where a million clients run at once, actors
// cost a tenth of the time and of the memory.
//
// Start one with [Go]. A Process and all that it calls belong to the loop's goroutine.
// It must not wait for anything else than the loop (a channel, a lock that a
// waiting process holds, the system's clock): nobody would go on.
type Process struct {
	loop    *Loop
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	turn    uint64 // of the wait in progress: a wake-up for another comes too late
	waiting bool
	parked  bool // it waits in Park
	permit  bool // Wake has come before Park
	dropped bool // its job has been dropped
	place   int  // in the loop's list
}

// Go starts a process on the loop: body is called as an event of this moment,
// after those that are scheduled for it already. A panic in body leaves the
// [Loop.Step] that it happened in, and so does [runtime.Goexit].
//
// A process that still waits when nobody steps the loop any more keeps its memory:
// end a run by [Loop.Close].
func Go(l *Loop, body func(p *Process)) *Process {
	if body == nil {
		panic("sim: process without a body")
	}
	p := &Process{loop: l}
	p.next, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		p.yield = yield
		body(p)
	})
	l.processes.add(p)
	p.prepare()
	l.At(l.now, (*waker)(p), p.turn)
	return p
}

// waker is a process in its role as the actor that goes on.
type waker Process

// Act lets the process run to its next wait, if that wait is still what it does.
func (w *waker) Act(_ time.Duration, turn uint64) {
	p := (*Process)(w)
	if !p.waiting || turn != p.turn {
		return
	}
	p.waiting = false
	p.loop.running = p
	_, alive := p.next()
	p.loop.running = nil
	if !alive {
		p.loop.processes.remove(p)
	}
}

// Dropped lets the process go on whose job a station has dropped.
func (w *waker) Dropped(now time.Duration, turn uint64) {
	if p := (*Process)(w); p.waiting && turn == p.turn {
		p.dropped = true
		w.Act(now, turn)
	}
}

// prepare begins a wait, for which events may now be scheduled.
func (p *Process) prepare() {
	p.turn++
	p.waiting = true
}

// wait lets the loop go on, until an event of this turn comes.
func (p *Process) wait() {
	if !p.yield(struct{}{}) {
		runtime.Goexit() // the loop is closed; unlike a panic, no recover stops it
	}
}

// check makes sure that the process is the one that runs.
func (p *Process) check(what string) {
	if p.loop.running != p {
		panic("sim: " + what + " called from outside of its process")
	}
}

// Loop returns the loop that the process runs on.
func (p *Process) Loop() *Loop { return p.loop }

// Now returns the virtual time.
func (p *Process) Now() time.Duration { return p.loop.now }

// Sleep lets d pass. With d ≤ 0 it returns at once, and lets nobody else run; after
// [Never] it does not return.
func (p *Process) Sleep(d time.Duration) {
	p.check("Sleep")
	if d <= 0 {
		return
	}
	p.prepare()
	p.loop.After(d, (*waker)(p), p.turn)
	p.wait()
}

// Park waits until somebody calls Wake, and returns nil; or the context's error if ctx
// ends before. It returns at once if Wake has been called since the last Park.
func (p *Process) Park(ctx context.Context) error {
	p.check("Park")
	if p.permit {
		p.permit = false
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.prepare()
	p.parked = true
	p.waitUnder(ctx)
	if woken := !p.parked; woken {
		return nil
	}
	p.parked = false
	return ctx.Err()
}

// Wake lets a process that is in Park go on, as an event of this moment; one that is
// not does not wait in its next Park. Any process and any actor may call it.
func (p *Process) Wake() {
	if !p.parked {
		p.permit = true
		return
	}
	p.parked = false
	p.loop.At(p.loop.now, (*waker)(p), p.turn)
}

// The errors of Serve at a station that has no room for the job, and at one that has let
// it in and given it up since.
var (
	ErrFull    = errors.New("sim: the station's queue is full")
	ErrDropped = errors.New("sim: the station has dropped the job")
)

// Serve gives a station a job that takes a worker for the given time, and waits
// until it is done. If ctx ends before, the error is its, and the station goes on with
// the job all the same. It is [ErrFull] if the job was not let in, and [ErrDropped] if the
// station's discipline has given it up.
func (p *Process) Serve(ctx context.Context, s *Station, service time.Duration) error {
	p.check("Serve")
	if err := ctx.Err(); err != nil {
		return err
	}
	p.prepare()
	if !s.Enter(service, (*waker)(p), p.turn) {
		p.waiting = false
		return ErrFull
	}
	p.waitUnder(ctx)
	if p.dropped {
		p.dropped = false
		return ErrDropped
	}
	return ctx.Err()
}

// waitUnder is wait that also ends with ctx.
func (p *Process) waitUnder(ctx context.Context) {
	turn := p.turn
	forget := p.loop.onEnd(ctx, func() { p.loop.At(p.loop.now, (*waker)(p), turn) })
	defer forget()
	p.wait()
}

// Processes returns the number of processes that have begun and not ended.
func (l *Loop) Processes() int { return len(l.processes.all) - l.processes.gone }

// Close ends the processes that still wait, in the order of their beginnings: each
// leaves its function as by [runtime.Goexit], so that its deferred calls run, and
// gives its memory back. In these calls no wait takes any time or returns. The loop
// cannot go on after it. Without processes Close does nothing.
func (l *Loop) Close() {
	if l.acting {
		panic("sim: Close called by an actor")
	}
	for _, p := range l.processes.all {
		if p == nil {
			continue
		}
		l.running = p
		ended := make(chan any, 1)
		go func() { // Goexit ends the goroutine that asks for it, too
			defer func() { ended <- recover() }()
			p.stop()
		}()
		if v := <-ended; v != nil {
			panic(fmt.Sprintf("sim: a process panicked when it was ended: %v", v))
		}
	}
	l.running, l.processes = nil, processes{}
}

// processes are those that have not ended, in the order of their beginnings.
type processes struct {
	all  []*Process // nil: one that has ended
	gone int        // how many of these there are
}

func (s *processes) add(p *Process) {
	p.place = len(s.all)
	s.all = append(s.all, p)
}

func (s *processes) remove(p *Process) {
	s.all[p.place] = nil
	if s.gone++; s.gone <= len(s.all)/2 {
		return
	}
	kept := s.all[:0]
	for _, other := range s.all {
		if other != nil {
			other.place = len(kept)
			kept = append(kept, other)
		}
	}
	clear(s.all[len(kept):])
	s.all, s.gone = kept, 0
}
