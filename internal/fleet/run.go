package fleet

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/sim"
)

// run is one fleet in motion. It is used by a single goroutine.
type run struct {
	crew             // of the policy that is tried
	settled  []*crew // of groups with a policy of their own
	cfg      *Config
	duration time.Duration
	loop     *sim.Loop
	clock    *clock
	station  *sim.Station  // the first node's; nil: the backend serves everything at once
	balancer *sim.Balancer // nil: there is one node
	fickle   bool          // the stations may give work up that they have let in
	jobs     []*job        // not in use
	books    books
	latency  sim.Sampler
	network  *network // nil: it takes no time
	groups   []group
	spans    []spans     // in each phase, or one for all of them; nil: all clients call equally often
	lives    *lives      // nil: all clients are there all the time
	starts   sim.Sampler // of the clients of a closed load; nil: at once
	routing  routing
	injector *faults.Injector
	limiter  *faults.Limiter // nil: no limits
	full     *faults.Refusal // of a backend that has no room
	wire     wire
	live     *liveRun // nil: the calls are simulated
	mix      mix
	draws    draws
	keyed    bool  // somebody looks at keys: the wire, a route, or a rule that selects by them
	headed   bool  // a rule asks for headers
	owned    bool  // calls have keys, sizes or breakers of their own
	err      error // a request that could not be sent: the run is void

	apart     bool // each call is played at once, ahead of the loop
	ahead     ahead
	rota      *rota         // nil: the loop has clients make their calls
	end, last time.Duration // when calls are given up; when the last one ended
	look      bool          // it is time to look at the context

	numbers   []uint32 // calls started by each client
	calls     pool
	request   faults.Request // of the attempt that is being sent
	described *mixOp         // what it asks for
	recorder  recorder
	audit     audit

	ended func(c *call, ok bool) // nil: nobody is told. For tests that keep books of their own.

	entered, turnedAway uint64 // attempts that the backend had room for, and those that it had none for
}

// draws are the fleet's named streams of chance.
type draws struct {
	arrivals, clients, mix, think, latency, jitter, pace, balance, start sim.Stream
}

// eventsPerCheck is how many events pass between two looks at the context: a
// few milliseconds of real time.
const eventsPerCheck = 4096

// Run plays the fleet and returns what it did. When ctx ends first, the result
// holds what was seen by then, and the error is ctx's. progress, when not
// nil, is told the virtual time now and then. A [*BrokenError] is a defect of the
// simulator: there is no result then.
func Run(ctx context.Context, cfg *Config, progress func(now time.Duration)) (*Result, error) {
	r, err := newRun(cfg)
	if err != nil {
		return nil, err
	}
	return r.play(ctx, progress)
}

func (r *run) play(ctx context.Context, progress func(now time.Duration)) (*Result, error) {
	r.end = r.duration + r.cfg.Drain
	if r.cfg.Drain == 0 {
		r.end = r.duration + DefaultDrain
	}
	r.apart = r.separable()
	r.audit.apart = r.apart
	r.start()
	for n := 1; r.loop.StepBy(r.end); n++ {
		if r.err != nil {
			return nil, r.err
		}
		if n%eventsPerCheck == 0 || r.look {
			r.look = false
			if progress != nil {
				progress(min(r.loop.Now(), r.duration))
			}
			if ctx.Err() != nil {
				res, err := r.finish(r.loop.Now())
				if err == nil {
					err = context.Cause(ctx)
				}
				return res, err
			}
		}
	}
	// Virtual time goes on to the end even where nothing happens there; a call
	// that waits for an answer that never comes is given up then. What the loop did after
	// the last call, as time-outs that nothing came of, is no part of the run.
	stop := max(r.duration, r.last)
	if r.calls.flying > 0 {
		stop = r.end
	}
	return r.finish(stop)
}

func newRun(cfg *Config) (*run, error) {
	r := &run{cfg: cfg, duration: cfg.Duration()}
	r.loop = sim.NewLoopFor((*happenings)(r))
	r.clock = &clock{run: r, shown: epoch}
	var err error
	if r.latency, err = cfg.Backend.Latency.Sampler(); err != nil {
		return nil, fmt.Errorf("fleet: backend latency: %w", err)
	}
	if r.routing, err = newRouting(cfg.Backend.Routes); err != nil {
		return nil, err
	}
	if err := r.newGroups(); err != nil {
		return nil, err
	}
	if r.starts, err = sampler(cfg.Load.Start); err != nil {
		return nil, err
	}
	r.lives = newLives(r)
	if r.network, err = newNetwork(cfg); err != nil {
		return nil, err
	}
	if err := r.newBackend(); err != nil {
		return nil, err
	}
	if r.injector, err = faults.New(cfg.Plan, cfg.Seed); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	if cfg.Mode != InLive {
		r.injector.Alone()
	}
	r.draws = draws{
		arrivals: sim.NewStream(cfg.Seed, "arrivals"), clients: sim.NewStream(cfg.Seed, "clients"),
		mix: sim.NewStream(cfg.Seed, "mix"), think: sim.NewStream(cfg.Seed, "think"),
		latency: sim.NewStream(cfg.Seed, "latency"), jitter: sim.NewStream(cfg.Seed, "jitter"),
		pace: sim.NewStream(cfg.Seed, "pace"), balance: sim.NewStream(cfg.Seed, "balance"),
		start: sim.NewStream(cfg.Seed, "start"),
	}
	r.mix = newMix(cfg.Load.allOps(), cfg.Backend.Bucket)
	r.keyed = cfg.Mode != Model || len(cfg.Backend.Routes) > 0 || slices.ContainsFunc(cfg.Plan.Phases, func(p faults.Phase) bool {
		return slices.ContainsFunc(p.Rules, faults.Rule.Keyed)
	}) || cfg.Backend.Limits.Keyed() || cfg.guardsKeys()
	if r.headed = asksForHeaders(cfg.Plan); r.headed { // one of which may be made of the key
		r.keyed = true
	}
	r.owned = r.keyed || cfg.Load.Model == Replay || cfg.guarded() || r.network != nil || r.fickle || r.lives != nil
	r.numbers = make([]uint32, max(cfg.Load.Clients, 1))
	r.recorder = newRecorder(cfg, r.duration)
	if err := r.newCrews(); err != nil {
		return nil, err
	}
	r.wire, err = newWire(r)
	return r, err
}

// now returns the virtual time as the wall-clock time that the core works
// with.
func (r *run) now() time.Time { return r.clock.Now() }

// finish gives up the calls still in flight and closes the books.
// The error is a [*BrokenError].
func (r *run) finish(at time.Duration) (*Result, error) {
	// Calls that are played at once may be ahead of the time.
	r.calls.each(func(c *call) { c.giveUp(max(at, c.start, c.sent)) })
	r.books.end()
	if err := r.close(); err != nil {
		return nil, err
	}
	return r.result(at), nil
}
