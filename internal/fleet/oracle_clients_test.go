package fleet

import (
	"context"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// customer is one client in one of its lives.
type customer struct {
	number  uint64
	group   int
	gone    bool // restarted, or offline
	policy  *Policy
	retrier *retry.Retrier
	think   *sim.Dist
	mix     []Op
	guards  map[string]*watched
}

// watched is a breaker, and what it told.
type watched struct {
	*breaker.Breaker
	tried   bool // it is one of the policy that is tried, not of a group's own
	events  []breaker.Event
	changed func()        // nil: nobody else is to know
	until   time.Duration // its client's end; sim.Never: that has not come
}

// customer makes a client anew.
func (o *oracle) customer(number uint64) *customer {
	c := &customer{number: number, policy: &o.Policy, think: o.Load.Think, mix: o.Load.Mix, guards: map[string]*watched{}}
	last := uint64(0)
	for i := range o.Load.Groups {
		g := &o.Load.Groups[i]
		if last += uint64(g.Clients); number >= last {
			continue
		}
		c.group = i
		if g.Policy != nil {
			c.policy = g.Policy
		}
		if g.Think != nil {
			c.think = g.Think
		}
		if g.Mix != nil {
			c.mix = g.Mix
		}
		break
	}
	var err error
	if c.retrier, err = retry.New(c.policy.Retry, retry.WithClock(watch{o.clock, o}), retry.WithChance(o), retry.WithObserver(o.note)); err != nil {
		o.t.Fatal(err)
	}
	return c
}

// item is what a client's next call does.
func (o *oracle) item(c *customer) Op {
	total, sum := 0.0, 0.0
	for _, op := range c.mix {
		total += op.Weight
	}
	u := o.chance("mix", c.number, o.numbers[c.number], 0)
	for _, op := range c.mix {
		if sum += op.Weight / total; u < sum {
			return op
		}
	}
	return c.mix[len(c.mix)-1]
}

// mixed makes a call of the mix.
func (o *oracle) mixed(c *customer) {
	item := o.item(c)
	o.do(c, item, ExpandKey(item.Key, c.number, o.numbers[c.number]), item.Size)
}

// closedLoad makes a client's calls one after the other.
func (o *oracle) closedLoad(c *customer, phase int) {
	pause := func(d time.Duration) bool {
		if sim.Add(o.loop.Now(), d) >= o.Duration() {
			return false
		}
		_ = o.clock.Sleep(context.Background(), d)
		o.resume(&errand{from: c})
		return true
	}
	if o.Load.Start != nil && !pause(o.time(o.Load.Start, o.chance("start", c.number, uint64(phase), 0))) {
		return
	}
	for {
		think := time.Microsecond
		if c.think != nil {
			think = max(think, o.time(c.think, o.chance("think", c.number, o.numbers[c.number], 0)))
		}
		if !pause(think) {
			return
		}
		o.mixed(c)
	}
}

// openLoad begins calls as they arrive.
func (o *oracle) openLoad() {
	var arrivals sim.Arrivals
	stream := sim.NewStream(o.Seed, "arrivals")
	var steps []sim.RateStep
	var at time.Duration
	for i, p := range o.Plan.Phases {
		rate := o.Load.Rate
		if o.Load.Rates != nil {
			rate = o.Load.Rates[i]
		}
		steps, at = append(steps, sim.RateStep{From: at, Rate: rate}), at+p.For
	}
	switch {
	case o.Load.Paced:
		arrivals = sim.NewVaryingPaced(steps)
	default:
		arrivals = sim.NewVaryingPoisson(steps, stream)
	}
	prev := time.Duration(0)
	for i := uint64(0); ; i++ {
		at, ok := arrivals.Next(prev, i)
		if !ok || at >= o.Duration() {
			return
		}
		_ = o.clock.Sleep(context.Background(), at-prev)
		prev = at
		if c := o.clients[o.caller(o.chance("clients", i, 0, 0))]; o.admits(c, o.item(c).Name) {
			o.clock.Go(func() { o.mixed(c) })
		}
	}
}

// caller is whose call arrives: clients call in proportion to their rates.
func (o *oracle) caller(u float64) int {
	var rates []float64
	total := 0.0
	for i := range o.clients {
		rate := 1.0
		if len(o.Load.Groups) > 0 {
			g := &o.Load.Groups[o.clients[i].group]
			rate = g.Rate
			if g.Rates != nil {
				rate = g.Rates[o.phase()]
			}
			rate /= float64(g.Clients)
		}
		total += rate
		rates = append(rates, total)
	}
	return min(sort.Search(len(rates), func(i int) bool { return rates[i] > u*total }), len(rates)-1)
}

// admits reports whether a call of that client may begin.
func (o *oracle) admits(c *customer, op string) bool {
	if o.isAway(c.number, o.phase()) {
		return false
	}
	if most := o.Load.MaxInFlight; most > 0 && o.flying >= most {
		o.dropped = append(o.dropped, arrival{o.loop.Now(), c.group, op})
		return false
	}
	return true
}

// replay begins calls as they were recorded.
func (o *oracle) replay() {
	for _, a := range o.Load.Trace {
		_ = o.clock.Sleep(context.Background(), a.At-o.loop.Now())
		if c, item := o.clients[a.Client], o.Load.Mix[a.Op]; a.At < o.Duration() && o.admits(c, item.Name) {
			o.clock.Go(func() { o.do(c, item, a.Key, a.Size) })
		}
	}
}

// phase is the one that it is.
func (o *oracle) phase() int { return o.phaseAt(o.loop.Now()) }

func (o *oracle) phaseAt(at time.Duration) int {
	var end time.Duration
	for i, p := range o.Plan.Phases {
		if end += p.For; at < end {
			return i
		}
	}
	return len(o.Plan.Phases) - 1
}

func (o *oracle) isAway(client uint64, phase int) bool {
	return o.Load.Lives != nil && phase >= 0 && o.chance("offline", client, 0, 0) < o.Load.Lives[phase].Offline
}

// phaseBegins has workers and clients come and go.
func (o *oracle) phaseBegins(phase int) {
	o.backend.phaseBegins(phase)
	var ended, begun []int
	stays := map[uint64]bool{} // of those who have been there
	for i := range o.clients {
		number := uint64(i)
		was, is := o.isAway(number, phase-1), o.isAway(number, phase)
		restarted := o.Load.Lives != nil && o.chance("restart", number, uint64(phase), 0) < o.Load.Lives[phase].Restart
		if !was && (is || restarted) {
			ended = append(ended, i)
		} else if !was {
			stays[number] = true
		}
		if !is && (was || restarted || phase == 0) {
			begun = append(begun, i)
		}
	}
	for _, i := range ended {
		o.end(o.clients[i])
		o.clients[i] = o.customer(uint64(i))
	}
	for p, g := range o.common {
		if !slices.ContainsFunc(o.clients, func(c *customer) bool { return c.policy == p && stays[c.number] }) {
			g.until = o.loop.Now()
			delete(o.common, p)
		}
	}
	for _, i := range begun {
		if c := o.clients[i]; o.Load.Model == Closed {
			o.clock.Go(func() { o.resume(&errand{from: c}); o.closedLoad(c, phase) })
		}
	}
}

// end is that of a client's life: what it waits for will not come.
func (o *oracle) end(c *customer) {
	now := o.loop.Now()
	c.gone = true
	for _, g := range c.guards {
		g.until = now
	}
	for _, e := range o.errands {
		if e.from != c || e.over {
			continue
		}
		e.over, e.ended, e.reason, e.isRestarted = true, now, endName(reasonRestarted), true
		o.flying--
		if n := len(e.tries); n > 0 && e.tries[n-1].ended == 0 {
			a := e.tries[n-1]
			a.ended = now
			o.backend.leave(a)
			if a.visit.arrived {
				a.visit.verdict.End()
			}
		}
	}
}

// guard is the breaker of a client's call; nil: there is none.
func (o *oracle) guard(c *customer, item Op) *watched {
	p := c.policy
	if p.Breaker == nil {
		return nil
	}
	name, number, stream := "", c.number, sim.NewStream(o.Seed, "breakers")
	switch p.Scope {
	case Shared:
		if o.common[p] == nil {
			o.common[p] = o.newGuard(p, keyedChance{stream, 0})
		}
		return o.common[p]
	case PerOperation:
		names := opNames(o.Load.allOps())
		name, number = item.Name, c.number*uint64(len(names))+uint64(slices.Index(names, item.Name))
	case PerKey:
		name, stream = item.Key, sim.NewStream(o.Seed, "breaker of "+item.Key)
	}
	if c.guards[name] == nil {
		c.guards[name] = o.newGuard(p, keyedChance{stream, number})
		if p.Scope == InStep {
			o.share(c, p, c.guards[name])
		}
	}
	return c.guards[name]
}

func (o *oracle) newGuard(p *Policy, chance breaker.Chance) *watched {
	g := &watched{tried: p == &o.Policy, until: sim.Never}
	judge, err := retry.New(p.Retry)
	if err != nil {
		o.t.Fatal(err)
	}
	g.Breaker, err = breaker.New(*p.Breaker, breaker.WithClock(o.clock), breaker.WithName("fleet"), breaker.WithChance(chance),
		breaker.WithListener(func(e breaker.Event) {
			if g.events = append(g.events, e); g.changed != nil && e.Cause != breaker.CauseShared {
				g.changed()
			}
		}),
		breaker.WithOutcome(func(err error) breaker.Outcome {
			if err != nil && judge.Classify(err) != retry.Fatal {
				return breaker.Failure
			}
			return breaker.Success
		}))
	if err != nil {
		o.t.Fatal(err)
	}
	o.guards = append(o.guards, g)
	alive := 0
	for _, g := range o.guards {
		if g.tried && g.until == sim.Never {
			alive++
		}
	}
	o.most = max(o.most, alive)
	return g
}

// share keeps a client's breaker in step with those of the others: it tells the store at
// once what it has decided, and asks every so often.
func (o *oracle) share(c *customer, p *Policy, g *watched) {
	if o.stores[p] == nil {
		o.stores[p] = &breaker.MemoryStore{Clock: o.clock}
	}
	with := breaker.NewSharing(o.stores[p], breaker.WithProcess(strconv.FormatUint(c.number, 10)), breaker.WithStoreClock(o.clock))
	if err := with.Add(g); err != nil {
		o.t.Fatal(err)
	}
	over := func() bool { return c.gone || o.loop.Now() >= o.Duration() && o.flying == 0 }
	sync := func() {
		if !over() {
			_ = with.Sync(context.Background())
		}
	}
	sync()
	g.changed = func() { o.after(0, sync) }
	now := o.loop.Now()
	wait := time.Duration(o.chance("sharing", c.number, 0, 0)*float64(p.SyncEvery)) - now
	for wait <= 0 {
		wait += p.SyncEvery
	}
	o.clock.Go(func() {
		for ; !over(); wait = p.SyncEvery {
			_ = o.clock.Sleep(context.Background(), wait)
			sync()
		}
	})
}
