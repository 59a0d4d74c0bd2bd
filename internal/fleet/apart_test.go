package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// drawSeparable is drawConfig without what has calls meet each other, and with more of what
// they do on their own.
func drawSeparable(t *rapid.T) *Config {
	c := drawConfig(t)
	c.Backend.Network, c.Backend.Workers, c.Backend.Queue, c.Load.Lives = nil, 0, 0, nil
	guard := c.Policy.Breaker
	c.Policy.Breaker = nil
	rules := &c.Plan.Phases[1].Rules
	*rules = slices.DeleteFunc(*rules, func(r faults.Rule) bool {
		f := newForgetful(r)
		return !f.Forgets()
	})
	c.Backend.Latency = rapid.SampledFrom([]sim.Dist{
		fixed(0), fixed(20 * time.Millisecond), {Kind: sim.Exponential, Mean: 50 * time.Millisecond}, {Kind: sim.Lognormal, Median: time.Second, Sigma: 1.5},
	}).Draw(t, "latency")
	c.Drain = rapid.SampledFrom([]time.Duration{1, time.Second, 30 * time.Second}).Draw(t, "drain")
	p := &c.Policy.Retry
	p.Backoff.Base = rapid.SampledFrom([]time.Duration{time.Nanosecond, 100 * time.Millisecond, time.Second}).Draw(t, "base")
	p.Jitter.Kind = rapid.SampledFrom([]retry.JitterKind{retry.JitterNone, retry.JitterFull, retry.JitterEqual}).Draw(t, "jitter")
	if rapid.IntRange(0, 3).Draw(t, "endless?") == 0 { // calls that take more than one turn
		p.Attempts, p.Backoff = retry.Unlimited, retry.Backoff{Base: time.Millisecond, Multiplier: 1, Cap: time.Millisecond}
		c.Backend.Latency = fixed(time.Millisecond)
	}
	p.Limit = rapid.SampledFrom([]time.Duration{0, 700 * time.Millisecond}).Draw(t, "limit")
	if rapid.Bool().Draw(t, "replayed") {
		c.Load = Load{Model: Replay, Clients: 3, Mix: c.Load.Mix[:2]}
		var at time.Duration
		for range rapid.IntRange(0, 50).Draw(t, "arrivals") {
			at += time.Duration(rapid.IntRange(0, 200).Draw(t, "gap")) * time.Millisecond
			c.Load.Trace = append(c.Load.Trace, Arrival{At: at, Client: uint64(rapid.IntRange(0, 4).Draw(t, "client")), Op: rapid.IntRange(0, 1).Draw(t, "item"), Key: "k", Size: 10})
		}
		return c
	}
	if !rapid.Bool().Draw(t, "closed") {
		return c
	}
	c.Load.Model, c.Load.Rate = Closed, 0
	if rapid.Bool().Draw(t, "thinks") {
		c.Load.Think = &sim.Dist{Kind: sim.Exponential, Mean: 30 * time.Millisecond}
	} else if c.Backend.Latency.Equal(fixed(0)) {
		c.Backend.Latency = fixed(time.Millisecond) // else there are millions of calls
	}
	if rapid.Bool().Draw(t, "starts") {
		c.Load.Start = &sim.Dist{Kind: sim.Uniform, Upper: 3 * time.Second}
	}
	if c.Policy.Scope = rapid.SampledFrom([]Scope{PerOperation, PerClient, PerKey}).Draw(t, "scope"); guard != nil {
		c.Policy.Breaker = guard
		c.Load.Think = &sim.Dist{Kind: sim.Exponential, Mean: 30 * time.Millisecond} // an open one turns calls away at once
	}
	switch rapid.IntRange(0, 4).Draw(t, "what a client has for itself") {
	case 0:
		p.Quota = retry.Quota{Capacity: 10, Cost: 3}
	case 1:
		p.Budget.Ratio = retry.Ratio{Share: 0.1, PerSecond: 1, Window: time.Second}
	case 2:
		p.Pace.Kind = retry.PaceSRE
	}
	return c
}

// newForgetful is an injector of one rule.
func newForgetful(r faults.Rule) *faults.Injector {
	in, err := faults.New(faults.Plan{Phases: []faults.Phase{{Label: "a", For: time.Hour, Rules: []faults.Rule{r}}}}, 1)
	if err != nil {
		panic(err)
	}
	return in
}

// A run whose calls are played one by one is the run whose events happen in their turn.
func TestApart(t *testing.T) {
	runs, calls := 0, uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		c := drawSeparable(rt)
		var records [2]string
		for i, inTurn := range []bool{false, true} {
			c.inTurn = inTurn
			res, err := Run(context.Background(), c, nil)
			if err != nil {
				rt.Fatal(err)
			}
			if res.run.apart == inTurn {
				rt.Fatalf("in turn: %v, and yet played one by one: %v", inTurn, res.run.apart)
			}
			rec := res.Report()
			calls += rec.Total.Calls
			data, err := json.MarshalIndent(struct {
				End    time.Duration
				Record any
			}{res.end, rec}, "", " ")
			if err != nil {
				rt.Fatal(err)
			}
			records[i] = string(data)
		}
		runs++
		if diff := firstDifference(records[1], records[0]); diff != "" {
			rt.Fatalf("in turn and one by one differ: %s", diff)
		}
	})
	t.Logf("%d runs, %d calls", runs, calls)
}

// An answer that comes in the very moment in which the run ends is still one.
func TestAnswerAtTheEnd(t *testing.T) {
	for _, late := range []time.Duration{-1, 0, 1} {
		c := steady(1)
		c.Load = Load{Model: Replay, Clients: 1, Mix: c.Load.Mix, Trace: []Arrival{{At: 30 * time.Second}}}
		c.Drain = 10 * time.Second
		c.Backend.Latency = fixed(40*time.Second + late)
		for _, c.inTurn = range []bool{false, true} {
			if got := play(t, c).Total; got.Calls != 1 || (got.Unfinished == 1) != (late > 0) {
				t.Errorf("%v late, in turn %v: %d of %d calls are unfinished", late, c.inTurn, got.Unfinished, got.Calls)
			}
		}
	}
}

// Where calls meet, or somebody wants to know in which order things happen, they are played
// in turn.
func TestWhereCallsMeetTheyAreNotApart(t *testing.T) {
	rules := func(r faults.Rule) func(*Config) {
		return func(c *Config) { r.P, r.Effect = 0.5, effect(t, "SlowDown"); c.Plan.Phases[0].Rules = []faults.Rule{r} }
	}
	for name, change := range map[string]func(*Config){
		"a watcher":              func(c *Config) { c.Watch = &trail{} },
		"bytes":                  func(c *Config) { c.Mode = HTTP },
		"workers":                func(c *Config) { c.Backend.Workers = 1 },
		"a network":              func(c *Config) { d := fixed(1); c.Backend.Network = &d },
		"a bound of arrivals":    func(c *Config) { c.Load.MaxInFlight = 1 },
		"clients that restart":   func(c *Config) { c.Load.Lives = []Lives{{Restart: 1}} },
		"a budget":               func(c *Config) { c.Policy.Retry.Quota = retry.Quota{Capacity: 10, Cost: 1} },
		"every third request":    rules(faults.Rule{Every: faults.Every{N: 3}}),
		"the first calls":        rules(faults.Rule{First: faults.First{N: 3, Calls: true}}),
		"at most two at a time":  rules(faults.Rule{AtMost: 2}),
		"bursts":                 rules(faults.Rule{Bursts: faults.Bursts{Good: time.Second, Bad: time.Second}}),
		"a breaker for somebody": func(c *Config) { c.Policy.Breaker = &breaker.Config{Failures: 3, OpenFor: time.Second} },
	} {
		c := steady(3)
		change(c)
		r, err := newRun(c)
		if err != nil {
			t.Fatal(err)
		}
		if r.separable() {
			t.Errorf("%s: calls are played one by one", name)
		}
	}
	shared := steady(3)
	shared.Load.Model, shared.Load.Rate = Closed, 0
	shared.Policy.Breaker = &breaker.Config{Failures: 3, OpenFor: time.Second}
	for scope, apart := range map[Scope]bool{PerOperation: true, PerClient: true, PerKey: true, Shared: false, InStep: false} {
		shared.Policy.Scope, shared.Policy.SyncEvery = scope, time.Second
		if r, err := newRun(shared); err != nil || r.separable() != apart {
			t.Errorf("a breaker for each %v: played one by one: %v, %v", scope, !apart, err)
		}
	}
	c := steady(3)
	rules(faults.Rule{Every: faults.Every{N: 2, Per: faults.ByCall}, From: time.Second})(c)
	if r, err := newRun(c); err != nil || !r.separable() {
		t.Errorf("calls that do not meet are played in turn: %v", err)
	}
}

// A run whose calls are played one by one can be interrupted anywhere, and its books are in
// order then.
func TestApartIsInterrupted(t *testing.T) {
	for _, k := range []int{1, 2} {
		for _, attempts := range []int{4, retry.Unlimited} {
			c := withFault(t, steady(attempts), 0.995, "SlowDown")
			c.Backend.Latency, c.Policy.Retry.Backoff = fixed(time.Millisecond), retry.Backoff{}
			c.Plan.Phases[0].For = 5 * time.Second
			c.Load = Load{Model: Closed, Clients: 500, Mix: c.Load.Mix, Start: &sim.Dist{Kind: sim.Uniform, Upper: 10 * time.Millisecond}}
			ctx, cancel := context.WithCancel(context.Background())
			left := k
			res, err := Run(ctx, c, func(time.Duration) {
				if left--; left == 0 {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) || res == nil {
				t.Fatalf("after %d looks: %v, %v", k, res, err)
			}
			if rec := res.Report().Total; rec.Calls == 0 {
				t.Errorf("after %d looks: there are no calls", k)
			}
		}
	}
}

// A call that never ends, and takes no time, can be interrupted.
func TestEndlessCallIsInterrupted(t *testing.T) {
	c := withFault(t, steady(retry.Unlimited), 1, "SlowDown")
	c.Backend.Latency, c.Policy.Retry.Backoff = fixed(0), retry.Backoff{}
	ctx, cancel := context.WithCancel(context.Background())
	res, err := Run(ctx, c, func(time.Duration) { cancel() })
	if !errors.Is(err, context.Canceled) || res == nil {
		t.Fatalf("%v, %v", res, err)
	}
	if rec := res.Report().Total; rec.Calls != 1 || rec.Unfinished != 1 || rec.Attempts < eventsPerCheck/2 {
		t.Errorf("%d calls, %d of them unfinished, with %d attempts", rec.Calls, rec.Unfinished, rec.Attempts)
	}
}

// However many attempts calls have, and whoever makes them, the run can be interrupted after
// about as many attempts as it can where they are events.
func TestApartLooksOften(t *testing.T) {
	failing := func(clients int) *Config {
		c := withFault(t, steady(200), 1, "SlowDown")
		c.Backend.Latency, c.Policy.Retry.Backoff = fixed(time.Millisecond), retry.Backoff{}
		c.Plan.Phases[0].For = 4 * time.Second
		c.Load = Load{Model: Closed, Clients: clients, Mix: c.Load.Mix, Think: &sim.Dist{Kind: sim.Fixed, Value: time.Second}}
		return c
	}
	open := withFault(t, steady(200), 1, "SlowDown")
	open.Backend.Latency, open.Policy.Retry.Backoff = fixed(time.Millisecond), retry.Backoff{}
	open.Load.Rate, open.Plan.Phases[0].For = 200, 4*time.Second
	one := failing(20_001) // of many makes nearly all calls
	one.Load.Groups = []Group{
		{Name: "slow", Clients: 20_000, Think: &sim.Dist{Kind: sim.Fixed, Value: time.Hour}},
		{Name: "fast", Clients: 1, Think: &sim.Dist{Kind: sim.Fixed, Value: time.Microsecond}},
	}
	one.Plan.Phases[0].Rules, one.Backend.Latency, one.Load.Think = nil, fixed(40*time.Microsecond), nil
	for name, c := range map[string]*Config{"closed": failing(200), "open": open, "one of many": one} {
		looks := 0
		res, err := Run(context.Background(), c, func(time.Duration) { looks++ })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := int(res.Report().Total.Attempts); n < 20*eventsPerCheck || looks < n/(2*eventsPerCheck) {
			t.Errorf("%s: %d looks in %d attempts", name, looks, n)
		}
	}
}

// A closed run whose clients have few calls shows how far it is all the same.
func TestApartShowsHowFarItIs(t *testing.T) {
	c := steady(1)
	c.Plan.Phases[0].For = 8 * time.Hour
	c.Load = Load{Model: Closed, Clients: 50_000, Mix: c.Load.Mix, Start: &sim.Dist{Kind: sim.Uniform, Upper: time.Hour},
		Think: &sim.Dist{Kind: sim.Exponential, Mean: time.Hour}}
	var last, longest time.Duration
	if _, err := Run(context.Background(), c, func(now time.Duration) {
		if now < last {
			t.Errorf("it was at %v, and then at %v", last, now)
		}
		last, longest = now, max(longest, now-last)
	}); err != nil {
		t.Fatal(err)
	}
	if most := c.Duration() / 32; longest > most {
		t.Errorf("a stretch of %v passes unseen, want at most %v of %v", longest, most, c.Duration())
	}
}

// A client whose turn in a stretch is over may tell of its next call before the stretch is.
func TestRotaForgetsNobody(t *testing.T) {
	c := steady(1)
	c.Load = Load{Model: Closed, Clients: 2, Mix: c.Load.Mix}
	r, err := newRun(c)
	if err != nil {
		t.Fatal(err)
	}
	o := newRota(r)
	o.take(1, 5*time.Second)
	o.Act(5*time.Second, stretchBegins)
	o.idle, o.client, o.least = false, 1, sim.Never // the turn of client 0 is over
	o.next[1] = sim.Never
	if !o.take(0, time.Minute) {
		t.Fatal("the rota does not see to a call after the stretch")
	}
	if o.Act(5*time.Second, stretchGoesOn); o.idle || o.end != time.Minute {
		t.Errorf("idle: %v; the next stretch begins at %v, want %v", o.idle, o.end, time.Minute)
	}
}

// Calls that come client by client find their phases as fast, be there ever so many.
func TestCellNowGoesBack(t *testing.T) {
	c := steady(1)
	c.Plan.Phases = nil
	for range 5 {
		c.Plan.Phases = append(c.Plan.Phases, faults.Phase{Label: "a", For: time.Second})
	}
	r := newRecorder(c, c.Duration())
	for _, at := range []time.Duration{4500, 0, 3999, 4000, 999, 1000, 2500, 9000, 5000, 0} {
		at *= time.Millisecond
		if got := r.cellNow(at, 0, 0); got != r.cell(at, 0, 0) {
			t.Errorf("at %v it is another cell", at)
		}
	}
}
