package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// serial is a clock for code that runs alone: sleeping moves it.
type serial struct{ now time.Time }

func (c *serial) Now() time.Time { return c.now }

func (c *serial) Sleep(_ context.Context, d time.Duration) error {
	c.now = c.now.Add(max(d, 0))
	return nil
}

// WithTimeout returns a context that knows its deadline; who would outlive it
// has to look.
func (c *serial) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	b := &bounded{Context: ctx, clock: c, deadline: c.now.Add(d)}
	return b, func() {}
}

type bounded struct {
	context.Context
	clock    *serial
	deadline time.Time
}

func (b *bounded) Deadline() (time.Time, bool) { return b.deadline, true }

func (b *bounded) Err() error {
	if !b.clock.now.Before(b.deadline) {
		return context.DeadlineExceeded
	}
	return b.Context.Err()
}

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

// blocking plays the one client of a closed load as a program would: a loop
// around retry.Do, on a clock that jumps.
func blocking(t testing.TB, c *Config) []string {
	var trace tracer
	clock := &serial{now: epoch}
	injector, err := faults.New(c.Plan, c.Seed)
	if err != nil {
		t.Fatal(err)
	}
	latency, err := c.Backend.Latency.Sampler()
	if err != nil {
		t.Fatal(err)
	}
	streams := sim.NewStream(c.Seed, "latency")
	jitter := sim.NewStream(c.Seed, "jitter")
	chance := &keyed{stream: jitter}
	r, err := retry.New(c.Policy.Retry, retry.WithClock(clock), retry.WithChance(chance), retry.WithObserver(trace.note))
	if err != nil {
		t.Fatal(err)
	}
	think, err := c.Load.Think.Sampler()
	if err != nil {
		t.Fatal(err)
	}
	for call := uint64(0); ; call++ {
		chance.call = call
		clock.now = clock.now.Add(max(leastPause, think.Sample(sim.NewStream(c.Seed, "think").Float64(0, call, 0))))
		if clock.now.Sub(epoch) >= c.Duration() {
			return trace
		}
		attempt := 0
		_, _ = retry.Do(context.Background(), r, func(ctx context.Context) (struct{}, error) {
			attempt++
			at := clock.now.Sub(epoch)
			v := injector.Decide(at, faults.Request{Op: "PutObject", Method: "PUT", Bucket: "squall", Client: 0, Call: call, Attempt: attempt})
			wait := latency.Sample(streams.Float64(0, call, uint64(attempt)))
			end := clock.now.Add(wait)
			if deadline, ok := ctx.Deadline(); ok && deadline.Before(end) {
				clock.now = deadline
				return struct{}{}, ctx.Err()
			}
			clock.now = end
			return struct{}{}, v.Err()
		})
	}
}

// One scenario run both ways, as events on the step machine and as a loop
// around retry.Do, makes the same decisions at the same times.
func TestFleetMakesTheDecisionsOfDo(t *testing.T) {
	decisions := 0
	rapid.Check(t, func(rt *rapid.T) {
		c := steady(rapid.IntRange(1, 6).Draw(rt, "attempts"))
		c.Seed = rapid.Uint64().Draw(rt, "seed")
		c.Backend.Latency = sim.Dist{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 1}
		think := sim.Dist{Kind: sim.Exponential, Mean: 200 * time.Millisecond}
		c.Load = Load{Model: Closed, Clients: 1, Think: &think, Mix: []Op{{Name: "PutObject", Key: "k", Weight: 1}}}
		c.Policy.Retry.Jitter.Kind = rapid.SampledFrom([]retry.JitterKind{retry.JitterNone, retry.JitterFull, retry.JitterEqual, retry.JitterDecorrelated}).Draw(rt, "jitter")
		c.Policy.Retry.AttemptTimeout = rapid.SampledFrom([]time.Duration{0, 40 * time.Millisecond}).Draw(rt, "attempt timeout")
		c.Policy.Retry.Limit = rapid.SampledFrom([]time.Duration{0, 300 * time.Millisecond}).Draw(rt, "limit")
		if rapid.Bool().Draw(rt, "quota") {
			c.Policy.Retry.Quota = retry.AWSStandard21().Quota
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
