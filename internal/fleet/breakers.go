package fleet

import (
	"math"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// epoch is the wall-clock time at which virtual time is zero. Retry-After
// dates and S3's timestamps are told from it.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// breakers are the circuit breakers of a fleet, made when first needed, and
// the account of the time they spent in each state.
type breakers struct {
	cfg     *breaker.Config // nil: no breakers
	scope   Scope
	ops     int // operations in the mix
	clients int
	clock   *clock
	judge   func(error) retry.Class

	seed   uint64
	chance sim.Stream // of open times
	live   *liveRun   // nil: its calls are simulated
	shared *sharing   // nil: they are not kept in step

	byNumber []*guard          // nil where none has been needed yet
	odd      map[uint64]*guard // of numbers beyond byNumber
	byKey    map[clientKey]*guard
	order    []*guard // in order of making, for a deterministic end
	most     int      // that there were at once: those of clients who are gone are forgotten

	recorder    *recorder
	silent      bool            // the series are not about these
	open        []time.Duration // by phase, all breakers together
	half        []time.Duration
	transitions []uint64
}

func newBreakers(cfg *Config, policy *Policy, clock *clock, rec *recorder, judge func(error) retry.Class) breakers {
	phases, ops := len(cfg.Plan.Phases), len(opNames(cfg.Load.allOps()))
	numbers := 0
	if policy.Breaker != nil && policy.Scope != PerKey {
		numbers = 1 + cfg.Load.Clients*ops
	}
	return breakers{
		cfg: policy.Breaker, scope: policy.Scope, ops: ops, clients: cfg.Load.Clients, clock: clock, judge: judge,
		seed: cfg.Seed, chance: sim.NewStream(cfg.Seed, "breakers"),
		byNumber: make([]*guard, numbers), odd: map[uint64]*guard{}, byKey: map[clientKey]*guard{}, recorder: rec,
		open: make([]time.Duration, phases), half: make([]time.Duration, phases), transitions: make([]uint64, phases),
	}
}

// guard is one breaker and the state it is known to be in.
type guard struct {
	*breaker.TwoStep
	whole  *breaker.Breaker // in its place, for calls that are made in real time
	number uint64           // see guard
	name   clientKey        // (PerKey) in place of the number
	peer   *peer            // nil: it is on its own
	state  breaker.State
	since  time.Duration
	until  time.Duration // of an open one: when it begins to wait for a probe
}

// clientKey is what has a breaker of its own (PerKey).
type clientKey struct {
	client uint64
	key    string
}

// keyedChance is the jitter of one breaker's open times: the n-th time is the same
// under every policy.
type keyedChance struct {
	stream sim.Stream
	number uint64
}

func (c keyedChance) Draw(n int) float64 { return c.stream.Float64(c.number, uint64(n), 0) }

// guard is the breaker of a call: the one of its number, or of its key.
func (b *breakers) guard(c *call) *guard {
	var n uint64
	switch b.scope {
	case PerKey:
		return b.keyed(clientKey{c.client, c.own.key})
	case PerOperation:
		n = c.client*uint64(b.ops) + uint64(c.run.mix.ops[c.op].name)
	case PerClient, InStep:
		n = c.client
	}
	if n >= uint64(len(b.byNumber)) {
		if b.odd[n] == nil {
			b.odd[n] = b.add(&guard{number: n}, keyedChance{b.chance, n})
		}
		return b.odd[n]
	}
	if b.byNumber[n] == nil {
		b.byNumber[n] = b.add(&guard{number: n}, keyedChance{b.chance, n})
	}
	return b.byNumber[n]
}

func (b *breakers) keyed(name clientKey) *guard {
	g := b.byKey[name]
	if g == nil {
		draws := sim.NewStream(b.seed, "breaker of "+name.key)
		g = b.add(&guard{name: name}, keyedChance{draws, name.client})
		b.byKey[name] = g
	}
	return g
}

// add makes the breaker of g.
func (b *breakers) add(g *guard, chance keyedChance) *guard {
	g.state = breaker.Closed
	options := []breaker.Option{breaker.WithChance(chance), breaker.WithOutcome(b.outcome)}
	var err error
	if b.live != nil {
		g.whole, err = breaker.New(*b.cfg, append(options, breaker.WithClock(b.live.by), breaker.WithListener(func(e breaker.Event) {
			b.live.note(func() { b.moved(g, e, e.Time.Sub(b.live.began)) })
		}))...)
	} else {
		if b.shared != nil {
			options = append(options, breaker.WithName(sharedName))
		}
		g.TwoStep, err = breaker.NewTwoStep(*b.cfg, append(options, breaker.WithClock(b.clock),
			breaker.WithListener(func(e breaker.Event) { b.moved(g, e, e.Time.Sub(epoch)) }))...)
	}
	if err != nil {
		panic(err) // the scenario's checks validated the settings
	}
	b.order = append(b.order, g)
	b.most = max(b.most, len(b.order))
	if b.shared != nil {
		g.peer = b.shared.join(g.number, g.TwoStep)
	}
	return g
}

func (b *breakers) outcome(err error) breaker.Outcome { return BreakerOutcome(b.judge(err)) }

// BreakerOutcome tells the breaker what an attempt that failed says about the
// backend's health: an error that no second attempt would mend (a missing key, a
// refused permission) comes from a healthy backend.
func BreakerOutcome(class retry.Class) breaker.Outcome {
	if class == retry.Fatal {
		return breaker.Success
	}
	return breaker.Failure
}

// moved books a change of state at a time of the run.
func (b *breakers) moved(g *guard, e breaker.Event, at time.Duration) {
	b.account(g, at)
	g.state, g.until = e.To, math.MaxInt64
	if !e.RetryAt.IsZero() {
		g.until = at + e.RetryAt.Sub(e.Time)
	}
	b.transitions[b.recorder.phaseAt(at)]++
	g.peer.changed(e.Cause)
}

// account books the stretch since the guard's last change to its state.
//
// A breaker has no timer and changes at the first call after its cool-down. By
// then it has long refused nobody: from the end of the cool-down on it waits for
// a probe, and that is booked as half-open, as its State would have said. Else a
// breaker that nobody needs would seem to make an outage longer.
func (b *breakers) account(g *guard, now time.Duration) {
	from := g.since
	g.since = now
	switch g.state {
	case breaker.Open:
		over := min(now, g.until)
		b.book(&b.recorder.series.opened, b.open, from, over)
		b.book(&b.recorder.series.half, b.half, over, now)
	case breaker.HalfOpen:
		b.book(&b.recorder.series.half, b.half, from, now)
	}
}

// book adds the stretch [from, to) to a series and to the phases.
func (b *breakers) book(row *[]time.Duration, phases []time.Duration, from, to time.Duration) {
	if b.silent {
		return
	}
	b.recorder.series.spread(row, from, to)
	b.recorder.phaseSpread(from, to, phases)
}

// end books what is left and returns the summary.
func (b *breakers) end(now time.Duration) reports.Breakers {
	if b.cfg == nil {
		return reports.Breakers{}
	}
	out := reports.Breakers{Count: b.most, Scope: b.scope.String()}
	for _, g := range b.order {
		b.account(g, now)
	}
	for i := range b.open {
		out.OpenNS += int64(b.open[i])
		out.HalfOpenNS += int64(b.half[i])
		out.Transitions += b.transitions[i]
	}
	return out
}
