package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// keyed is the fleet's chance for one call, as a service would inject it.
type keyed struct {
	stream       sim.Stream
	client, call uint64
}

func (k keyed) Draw(attempt int) float64 { return k.stream.Float64(k.client, k.call, uint64(attempt)) }

// tracer writes down every decision.
type tracer []string

func (tr *tracer) note(_ context.Context, e retry.Event) {
	*tr = append(*tr, fmt.Sprintf("%v attempts=%d class=%v retry=%v after=%v reason=%v",
		e.Time.Sub(epoch), e.Attempts, e.Class, e.Decision.Retry, e.Decision.After, e.Decision.Reason))
}

// program is what a service's client would write: a loop around retry.Do around a
// breaker, here as processes on a loop.
type program struct {
	*Config
	loop     *sim.Loop
	clock    *sim.Clock
	injector *faults.Injector
	latency  sim.Sampler
	think    sim.Sampler
	station  *sim.Station // nil: unlimited
	breakers map[uint64]*breaker.Breaker
	trace    tracer
}

// blocking plays the clients of a closed load as a program would.
func blocking(t testing.TB, c *Config) []string {
	loop := sim.NewLoop()
	p := &program{Config: c, loop: loop, clock: loop.Clock(epoch), breakers: map[uint64]*breaker.Breaker{}}
	for _, err := range []error{
		set(&p.injector)(faults.New(c.Plan, c.Seed)),
		set(&p.latency)(c.Backend.Latency.Sampler()),
		set(&p.think)(c.Load.Think.Sampler()),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if c.Backend.Workers > 0 {
		p.station = sim.NewStation(loop, c.Backend.Workers, c.Backend.Queue)
	}
	for client := range uint64(c.Load.Clients) {
		sim.Go(loop, func(process *sim.Process) { p.client(t, process, client) })
	}
	loop.Run(sim.Never)
	if n := loop.Processes(); n > 0 {
		t.Errorf("%d clients have not ended", n)
	}
	return p.trace
}

// set assigns what a constructor returns.
func set[T any](to *T) func(T, error) error {
	return func(v T, err error) error {
		*to = v
		return err
	}
}

// client makes one call after the other.
func (p *program) client(t testing.TB, process *sim.Process, client uint64) {
	chance := &keyed{stream: sim.NewStream(p.Seed, "jitter"), client: client}
	r, err := retry.New(p.Policy.Retry, retry.WithClock(p.clock), retry.WithChance(chance), retry.WithObserver(p.trace.note))
	if err != nil {
		t.Error(err)
		return
	}
	guard := p.guard(t, client, r)
	for call := uint64(0); ; call++ {
		pause := max(leastPause, p.think.Sample(sim.NewStream(p.Seed, "think").Float64(client, call, 0)))
		if process.Now()+pause >= p.Duration() {
			return
		}
		process.Sleep(pause)
		chance.call = call
		attempt := 0
		_, _ = retry.Do(context.Background(), r, func(ctx context.Context) (struct{}, error) {
			op := func() (struct{}, error) {
				attempt++
				return struct{}{}, p.attempt(ctx, process, faults.Request{
					Op: "PutObject", Method: "PUT", Bucket: "squall", Key: "k", Client: client, Call: call, Attempt: attempt,
				})
			}
			if guard == nil {
				return op()
			}
			return breaker.Execute(guard, op)
		})
	}
}

// guard is the client's breaker, or that of all; nil: none.
func (p *program) guard(t testing.TB, client uint64, r *retry.Retrier) *breaker.Breaker {
	if p.Policy.Breaker == nil {
		return nil
	}
	if p.Policy.Scope == Shared {
		client = 0
	}
	if p.breakers[client] == nil {
		b, err := breaker.New(*p.Policy.Breaker, breaker.WithClock(p.clock), breaker.WithOutcome(func(err error) breaker.Outcome {
			if err != nil && r.Classify(err) != retry.Fatal {
				return breaker.Failure
			}
			return breaker.Success
		}))
		if err != nil {
			t.Fatal(err)
		}
		p.breakers[client] = b
	}
	return p.breakers[client]
}

// attempt sends a request and waits for what becomes of it.
func (p *program) attempt(ctx context.Context, process *sim.Process, who faults.Request) error {
	v := p.injector.Decide(p.loop.Now(), who)
	takes := p.latency.Sample(sim.NewStream(p.Seed, "latency").Float64(who.Client, who.Call, uint64(who.Attempt)))
	var err error
	if p.station != nil && v.Served() {
		err = process.Serve(ctx, p.station, takes)
	} else {
		err = p.clock.Sleep(ctx, takes)
	}
	switch {
	case errors.Is(err, sim.ErrFull):
		full := faults.NewRefusal(DefaultFull(S3))
		if err = p.clock.Sleep(ctx, full.After()); err == nil {
			err = full.Err("PUT")
		}
	case err == nil:
		err = v.Err()
	}
	return err
}

// One scenario run both ways, as events on the step machine and as processes with a
// loop around retry.Do, makes the same decisions at the same times.
func TestFleetMakesTheDecisionsOfDo(t *testing.T) {
	decisions := 0
	rapid.Check(t, func(rt *rapid.T) {
		c := steady(rapid.IntRange(1, 6).Draw(rt, "attempts"))
		c.Seed = rapid.Uint64().Draw(rt, "seed")
		c.Backend.Latency = sim.Dist{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 1}
		think := sim.Dist{Kind: sim.Exponential, Mean: 200 * time.Millisecond}
		c.Load = Load{Model: Closed, Clients: rapid.IntRange(1, 5).Draw(rt, "clients"), Think: &think, Mix: []Op{{Name: "PutObject", Key: "k", Weight: 1}}}
		c.Policy.Retry.Jitter.Kind = rapid.SampledFrom([]retry.JitterKind{retry.JitterNone, retry.JitterFull, retry.JitterEqual, retry.JitterDecorrelated}).Draw(rt, "jitter")
		c.Policy.Retry.AttemptTimeout = rapid.SampledFrom([]time.Duration{0, 40 * time.Millisecond}).Draw(rt, "attempt timeout")
		c.Policy.Retry.Limit = rapid.SampledFrom([]time.Duration{0, 300 * time.Millisecond}).Draw(rt, "limit")
		if rapid.Bool().Draw(rt, "quota") {
			c.Policy.Retry.Quota = retry.AWSStandard21().Quota
		}
		if rapid.Bool().Draw(rt, "capacity") {
			c.Backend.Workers, c.Backend.Queue = rapid.IntRange(1, 3).Draw(rt, "workers"), rapid.IntRange(0, 2).Draw(rt, "queue")
		}
		if rapid.Bool().Draw(rt, "breaker") {
			c.Policy.Breaker = &breaker.Config{Failures: 3, OpenFor: 500 * time.Millisecond}
			c.Policy.Scope = rapid.SampledFrom([]Scope{PerClient, Shared}).Draw(rt, "scope")
		}
		withFault(t, c, rapid.Float64Range(0, 1).Draw(rt, "p"), rapid.SampledFrom([]string{"SlowDown", "InternalError", "AccessDenied"}).Draw(rt, "effect"))

		var events tracer
		c.observe = events.note
		play(t, c)
		loop := blocking(t, c)
		decisions += len(loop)
		if !slices.Equal([]string(events), loop) {
			for i := range min(len(events), len(loop)) {
				if events[i] != loop[i] {
					rt.Fatalf("decision %d:\nfleet %s\nDo    %s", i, events[i], loop[i])
				}
			}
			rt.Fatalf("%d decisions in the fleet, %d in the loop", len(events), len(loop))
		}
	})
	if decisions == 0 {
		t.Error(errors.New("no decisions were compared"))
	}
	t.Logf("%d decisions compared", decisions)
}
