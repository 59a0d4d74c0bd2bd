package fleet

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// oracle plays a fleet a second time, as naively as can be: clients are the programs that a
// service would write, processes around the public retry.Do and breaker.Execute; requests are
// closures, nothing is used again, and all that happens is kept in lists, of which the numbers
// of the record are made when all is over. It shares with the fleet the stations of package
// sim, the faults, the names of the streams of chance, and of its own code only what names
// outcomes, ends, keys and phases and writes the rows of faults and limits.
type oracle struct {
	*Config
	t         testing.TB
	loop      *sim.Loop
	clock     *sim.Clock
	injector  *faults.Injector
	backend   *backstage
	clients   []*customer // those of today: a client who is restarted is another
	numbers   []uint64    // of the calls of each client, in all its lives
	stores    map[*Policy]*breaker.MemoryStore
	common    map[*Policy]*watched // breakers of the whole fleet
	current   *errand              // whose program runs
	decisions tracer

	errands []*errand // all calls
	dropped []arrival // arrivals that found too many calls in flight
	guards  []*watched
	most    int // of them that there were at once, of the policy that is tried
	flying  int
}

// arrival is when a call was to begin, and what of.
type arrival struct {
	at    time.Duration
	group int
	op    string
}

// errand is one call.
type errand struct {
	arrival
	from        *customer
	number      uint64
	item        Op
	ended       time.Duration
	over, ok    bool
	reason      string
	tries       []*try
	delays      []time.Duration
	refusals    int  // by its breaker
	byItsGuard  bool // it was the breaker that ended it
	overBudget  bool
	isRestarted bool
}

// try is one attempt.
type try struct {
	of          *errand
	number      int
	sent, ended time.Duration
	patience    time.Duration // of the client; sim.Never: it has no bound
	outcome     int
	visit       visit // what came of it at the backend
	answered    bool
	answer      error
	left        bool   // the client has given up on it
	notify      func() // wakes the client
}

// oracleOf plays the fleet until its end.
func oracleOf(t testing.TB, c *Config) *oracle {
	loop := sim.NewLoop()
	o := &oracle{Config: c, t: t, loop: loop, clock: loop.Clock(epoch), stores: map[*Policy]*breaker.MemoryStore{}, common: map[*Policy]*watched{}}
	var err error
	if o.injector, err = faults.New(c.Plan, c.Seed); err != nil {
		t.Fatal(err)
	}
	o.backend = newBackstage(o)
	o.numbers = make([]uint64, c.Load.Clients)
	o.clients = make([]*customer, c.Load.Clients)
	for i := range o.clients {
		o.clients[i] = o.customer(uint64(i))
	}
	var at time.Duration
	for i, p := range c.Plan.Phases {
		loop.At(at, sim.ActorFunc(func(time.Duration, uint64) { o.phaseBegins(i) }), 0)
		at += p.For
	}
	switch c.Load.Model {
	case Closed:
	case Open:
		sim.Go(loop, func(*sim.Process) { o.openLoad() })
	case Replay:
		sim.Go(loop, func(*sim.Process) { o.replay() })
	}
	loop.Run(c.Duration() + c.Drain)
	return o
}

// do makes a call: this is the program that a service would have.
func (o *oracle) do(c *customer, item Op, key string, size int64) {
	item.Key, item.Size = key, size
	e := &errand{arrival: arrival{o.loop.Now(), c.group, item.Name}, from: c, number: o.numbers[c.number], item: item}
	o.numbers[c.number]++
	o.errands = append(o.errands, e)
	o.flying++
	o.current = e
	_, err := retry.Do(context.Background(), c.retrier, func(ctx context.Context) (struct{}, error) {
		guard := o.guard(c, item)
		if guard == nil {
			return struct{}{}, o.attempt(ctx, e)
		}
		_, err := breaker.Execute(guard.Breaker, func() (struct{}, error) { return struct{}{}, o.attempt(ctx, e) })
		var refusal *breaker.OpenError
		if e.byItsGuard = errors.As(err, &refusal); e.byItsGuard {
			e.refusals++
		}
		return struct{}{}, err
	})
	o.flying--
	e.ended, e.over, e.ok = o.loop.Now(), true, err == nil
	if failed := (*retry.Error)(nil); errors.As(err, &failed) {
		e.reason, e.overBudget = failed.Reason.String(), failed.Reason == retry.OverBudget
	}
}

// attempt sends a request and waits for what becomes of it.
func (o *oracle) attempt(ctx context.Context, e *errand) error {
	a := &try{of: e, number: len(e.tries) + 1, sent: o.loop.Now(), patience: sim.Never, outcome: reports.OutcomeUnfinished}
	if until, ok := ctx.Deadline(); ok {
		a.patience = until.Sub(o.clock.Now())
	}
	e.tries = append(e.tries, a)
	wait, notify := o.clock.Signal()
	a.notify = notify
	o.backend.send(a)
	err := wait(ctx)
	o.resume(e)
	if a.ended = o.loop.Now(); err == nil {
		err, a.answered = a.answer, true
	} else {
		o.backend.leave(a)
	}
	a.outcome = outcome(err)
	if v := a.visit.verdict; a.visit.arrived {
		if (a.answered || v.Hangs()) && !a.visit.turnedAway {
			v.Hits().Seen()
		}
		v.End()
	}
	return err
}

// resume goes on with a program after a wait, or never if its client has been restarted.
func (o *oracle) resume(e *errand) {
	for e.from.gone {
		_ = o.clock.Sleep(context.Background(), sim.Never)
	}
	o.current = e
}

// watch is the clock of the clients.
type watch struct {
	*sim.Clock
	o *oracle
}

// Sleep is what retry.Do waits with between attempts.
func (w watch) Sleep(ctx context.Context, d time.Duration) error {
	e := w.o.current
	err := w.Clock.Sleep(ctx, d)
	w.o.resume(e)
	return err
}

// Draw is the chance of the call whose program runs, as the fleet has it.
func (o *oracle) Draw(attempt int) float64 {
	e := o.current
	if attempt < 0 { // before an attempt starts
		return o.chance("pace", e.from.number, e.number, uint64(-attempt-1))
	}
	return o.chance("jitter", e.from.number, e.number, uint64(attempt))
}

func (o *oracle) chance(stream string, a, b, c uint64) float64 {
	return sim.NewStream(o.Seed, stream).Float64(a, b, c)
}

// time draws a duration of a call's attempt.
func (o *oracle) time(d *sim.Dist, u float64) time.Duration {
	s, err := d.Sampler()
	if err != nil {
		o.t.Fatal(err)
	}
	return s.Sample(u)
}

// after has something happen later.
func (o *oracle) after(d time.Duration, what func()) {
	o.loop.After(d, sim.ActorFunc(func(time.Duration, uint64) { what() }), 0)
}

// note is told of all decisions of retry.Do.
func (o *oracle) note(ctx context.Context, e retry.Event) {
	o.decisions.note(ctx, e)
	if e.Decision.Retry {
		o.current.delays = append(o.current.delays, e.Decision.After)
	}
}

// tracer writes down every decision.
type tracer []string

func (tr *tracer) note(_ context.Context, e retry.Event) {
	*tr = append(*tr, fmt.Sprintf("%v attempts=%d class=%v retry=%v after=%v reason=%v",
		e.Time.Sub(epoch), e.Attempts, e.Class, e.Decision.Retry, e.Decision.After, e.Decision.Reason))
}
