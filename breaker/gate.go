package breaker

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// What the engine is told instead of the operation's error. The verdict is
// reached before, so that no code of the user runs under the engine's lock.
var (
	errFailure   = errors.New("failure")
	errNeutral   = errors.New("neutral")
	errOverdue   = errors.New("overdue")   // a probe that was counted when its lease ran out
	errWithdrawn = errors.New("withdrawn") // the admission came too late, see gate.confirm
)

// phase is one stay in a state, as callers see it. Each change makes a new one,
// so that two equal pointers mean that nothing changed in between. All but
// counts, leases, watch, direct and hold is fixed when the phase is published.
type phase struct {
	// What every call looks at comes first, in one cache line: where there are many
	// breakers, waiting for memory is most of what a call costs.
	*core
	steps    *gobreaker.TwoStepCircuitBreaker[struct{}] // core's
	direct   *directCounts                              // Closed: the counts; nil otherwise
	watch    *watch                                     // Closed: nil where no rule looks at windows
	state    State
	steady   bool // Closed: it does not end because time goes by
	tracked  bool // Closed: a rule or a hint has to know of the ends of calls
	simple   bool // Closed: of the beginning it need know no more than the time
	timed    bool // Closed: and that it must know
	isolated bool // Open: there is no such end as until

	at      time.Time     // when it began
	until   time.Duration // Open: the cool-down lasts up to and including this, from gate.base
	refusal OpenError     // what calls are refused with; not for Closed
	counts  Counts        // HalfOpen: the probes; guarded by gate.mu
	leases  leases        // HalfOpen: of the probes in flight
	hold    atomic.Int64  // how long the server asked to be left alone, from gate.base
}

// gate stands before a gobreaker engine and owns its time.
//
// gobreaker has no clock to inject. So the engine is left a cool-down of 1 ns of
// its own, and the gate keeps the real one on the breaker's clock: while it
// lasts, no call gets as far as the engine. The engine and the gate then differ
// in one thing only. A call that was admitted before the trip and ends during
// the cool-down makes the engine look at its clock and go half-open, early. The
// gate does not tell: for callers the breaker is open until the cool-down is
// over, and the first touch after that (a call, the end of a call, State) makes
// the breaker half-open, as it does in gobreaker.
//
// An engine cannot be told to change its state, nor that a probe is lost. Where
// that is needed (rules that look at windows, lost probes, orders from outside) the
// gate leaves the engine, with all calls that are in it, and goes on with another
// one: see gate.leave.
//
// Invariants, which hold whenever the lock of the phase's engine is free:
//
//	engine closed     ⇒ phase Closed
//	engine open       ⇒ phase Open
//	engine half-open  ⇒ phase HalfOpen, or Open (woken early)
//
// Locks: the engine's, then mu. changed, tripping and excluded run under the
// engine's lock. No code of the user runs under either, but for the clock's Now and
// the Chance's Draw.
type gate struct {
	phase   atomic.Pointer[phase]
	pending atomic.Bool // events are waiting; to look without the lock
	twoStep bool
	options
	config Config
	rules  []rule
	base   time.Time
	passed atomic.Uint64 // calls let through in shadow
	member atomic.Pointer[member]

	mu         sync.Mutex    // guards changes of phase, phase.counts and what follows
	openTime   time.Duration // the last one before jitter; 0 after a closed state
	trips      int           // since the last closed state
	opened     int           // altogether
	queue      []Event
	delivering bool
}

// init makes g a closed breaker.
func (g *gate) init(c Config, twoStep bool, opts []Option) {
	g.options = newOptions(opts)
	g.config = c
	g.twoStep = twoStep
	g.rules = c.rules()
	g.base = now(g.clock)
	g.publish(g.closedPhase(g.newCore(), g.base))
}

// Name returns the name given by WithName.
func (g *gate) Name() string { return g.name }

// State returns the state at this moment. Like a call, it makes an open breaker
// half-open when the cool-down is over.
func (g *gate) State() State { return g.current().state }

// Counts returns the counts of the stay in the current state. They are zero
// while open. Unlike State it changes nothing.
func (g *gate) Counts() Counts {
	for {
		switch p := g.phase.Load(); p.state {
		case Open:
			return Counts{}
		case HalfOpen:
			g.mu.Lock()
			defer g.mu.Unlock()
			return p.counts
		default:
			counts := p.closedCounts()
			if g.phase.Load() == p {
				return counts
			}
		}
	}
}

// closedCounts are the counts of a closed stay, and nothing of another.
func (p *phase) closedCounts() Counts {
	if p.direct == nil {
		return Counts{}
	}
	return p.direct.get()
}

// elapsed is the time from base to now.
func (g *gate) elapsed() time.Duration { return since(g.clock, g.base) }

// current returns the phase that is in force now.
func (g *gate) current() *phase {
	if p := g.phase.Load(); p.steady {
		return p
	}
	return g.settle()
}

// settle is current for a breaker that time may change: it makes an open one
// half-open, and opens a half-open one that lost a probe, and a closed one in which
// calls hang, if that is due.
func (g *gate) settle() *phase {
	for {
		p := g.phase.Load()
		switch p.state {
		case Open:
			if g.elapsed() <= p.until {
				return p
			}
			g.wake(p)
			g.halfOpen(p)
		case HalfOpen:
			if g.elapsed() <= p.leases.due() {
				return p
			}
			g.expire(p)
		default:
			if p.steady {
				return p
			}
			cause := p.watch.overdue()
			if cause == 0 {
				return p
			}
			g.trip(p, cause)
		}
		g.deliver()
	}
}

// wake returns when the engine has left the open state that began with p.
//
// Asking the engine for its state is enough once its clock is 2 ns past the trip,
// and on the system's clock it always is: our cool-down is at least 1 ns, began
// after the engine's, and is over on the same clock. On another Clock the
// engine's own may not have moved at all since the trip: it may be coarse, or
// stand still in a testing/synctest bubble. To refuse the call then would be
// wrong, since its time has come, so we wait for a tick, with no lock held. That
// ends, whatever other goroutines do: either the engine's clock ticks, or they
// leave p behind.
func (g *gate) wake(p *phase) {
	for n := 0; p.engine.State() == gobreaker.StateOpen && g.phase.Load() == p; n++ {
		pause(n)
	}
}

// halfOpen ends the open phase p, unless that has been done. The engine is
// half-open, and stays so until it has admitted a call that saw the new phase.
func (g *gate) halfOpen(p *phase) {
	at := now(g.clock)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.phase.Load() == p {
		g.move(p, &phase{
			core: p.core, state: HalfOpen, at: at,
			refusal: OpenError{Name: g.name, State: HalfOpen, clock: g.clock},
		}, Event{Time: at, Cause: CauseOpenTime})
	}
}

// trip opens the breaker in the closed phase p, unless that is over: a rule that
// looks at windows says so.
func (g *gate) trip(p *phase, cause Cause) {
	core := g.newOpenCore()
	g.leavePhase(p, cause, now(g.clock), func(p *phase, at time.Time) *phase { return g.openPhase(core, p, at) })
}

// move publishes the phase to and queues the event, if that is another state. mu is
// held: a call that sees the new phase cannot queue its own event before.
func (g *gate) move(from, to *phase, e Event) {
	g.publish(to)
	if m := g.member.Load(); m != nil && e.Cause != CauseShared && to.state != HalfOpen {
		m.changed()
	}
	if len(g.listeners) > 0 && from.state != to.state {
		e.Name, e.From, e.To, e.RetryAt = g.name, from.state, to.state, to.refusal.RetryAt
		g.queue = append(g.queue, e)
		g.pending.Store(true)
	}
}

// publish makes p the phase that calls see.
func (g *gate) publish(p *phase) {
	p.steps = p.core.steps
	g.phase.Store(p)
}

// closedPhase is a stay in the closed state that begins at at. mu is held.
func (g *gate) closedPhase(c *core, at time.Time) *phase {
	g.trips, g.openTime = 0, 0
	w := g.newWatch()
	return &phase{
		core: c, state: Closed, at: at, watch: w, direct: new(directCounts),
		tracked: w != nil || g.config.MaxHint > 0,
		simple:  w != nil && w.flights == nil,
		timed:   w != nil && w.flights == nil && w.timed,
		steady:  w == nil || w.flights == nil,
	}
}

// openPhase is a stay in the open state that begins at at, after the phase from. mu
// is held. The open time only grows if the breaker was not open.
func (g *gate) openPhase(c *core, from *phase, at time.Time) *phase {
	if from.state != Open || g.openTime == 0 {
		g.openTime = g.config.nextOpenTime(g.openTime)
	}
	g.countOpening(from)
	var u float64
	if g.config.OpenJitter > 0 {
		u = draw(g.chance, g.opened)
	}
	began := at.Sub(g.base)
	d := g.config.jittered(g.openTime, u)
	if hold := time.Duration(from.hold.Load()); hold > began {
		d = g.config.hinted(d, hold-began, u)
	}
	if from.state == Open && !from.isolated {
		d = max(d, from.until-began) // an order to open does not bring the probe forward
	}
	return g.openUntil(c, at, d)
}

// countOpening counts a change to the open state. mu is held.
func (g *gate) countOpening(from *phase) {
	if from.state != Open {
		g.trips++
		g.opened++
	}
}

// openUntil is a stay in the open state from at on, for d.
func (g *gate) openUntil(c *core, at time.Time, d time.Duration) *phase {
	return &phase{
		core: c, state: Open, at: at, until: saturatingAdd(at.Sub(g.base), d),
		refusal: OpenError{Name: g.name, State: Open, RetryAt: at.Add(saturatingAdd(d, 1)), clock: g.clock},
	}
}

// confirm tells whether the engine's admission of a call that entered in phase p
// stands.
//
// Between the look at the gate and the engine's admission another goroutine may
// have tripped the engine. Its nanosecond of a cool-down has passed at once, so
// the engine may have admitted this call as a probe, in the middle of ours. But
// if the phase is still p after the admission, then the engine was in p's state
// when it admitted the call. Otherwise the call is withdrawn with a neutral
// outcome, and looks at the gate again.
func (g *gate) confirm(p *phase) bool {
	return g.phase.Load() == p
}

// verdict classifies err for the engine. Most calls end in the first line, which
// is inlined.
func (g *gate) verdict(err error, t *ticket) error {
	if err == nil {
		return nil
	}
	return g.judge(err, t)
}

func (g *gate) classify(err error) error {
	if g.outcome == nil {
		return verdictOf(DefaultOutcome(err))
	}
	return verdictOf(g.outcome(err))
}

func verdictOf(o Outcome) error {
	switch o {
	case Success:
		return nil
	case Neutral:
		return errNeutral
	default:
		return errFailure
	}
}

// outcomeOf is what the engine was told, as an Outcome. A panic reaches the
// engine as an error of its own making.
func outcomeOf(verdict error) Outcome {
	switch verdict {
	case nil:
		return Success
	case errNeutral:
		return Neutral
	default:
		return Failure
	}
}

func saturatingAdd(a, b time.Duration) time.Duration {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// saturatingSub is a less b, which is no less than nothing.
func saturatingSub(a, b time.Duration) time.Duration {
	if b > 0 && a < math.MinInt64+b {
		return math.MinInt64
	}
	return a - b
}
