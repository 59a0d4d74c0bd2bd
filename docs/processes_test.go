package docs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// reader is a client as a service has it: nothing in it knows of the simulation.
// fetch is the request.
type reader struct {
	retrier *retry.Retrier
	guard   *breaker.Breaker
	fetch   func(context.Context) (string, error)
}

func (r *reader) read(ctx context.Context) (string, error) {
	return retry.Hedge(ctx, r.retrier, func(ctx context.Context) (string, error) {
		return breaker.Execute(r.guard, func() (string, error) { return r.fetch(ctx) })
	}, nil)
}

// world is a backend, its clients, and what became of their calls.
type world struct {
	clock   *sim.Clock
	loop    *sim.Loop
	backend *sim.Station
	latency sim.Sampler
	works   sim.Stream
	pauses  sim.Stream
	jitter  sim.Stream

	requests, good, rejected, failed int
}

func newWorld(seed uint64) (*world, error) {
	loop := sim.NewLoop()
	latency, err := sim.Dist{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 0.6}.Sampler()
	return &world{
		loop: loop, clock: loop.Clock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
		backend: sim.NewStation(loop, 4, 100), latency: latency,
		works: sim.NewStream(seed, "work"), pauses: sim.NewStream(seed, "pause"), jitter: sim.NewStream(seed, "jitter"),
	}, err
}

// newReader makes the client that a service would make, on the world's clock and chance.
func (w *world) newReader(id uint64) (*reader, error) {
	retrier, err := retry.New(
		retry.Policy{
			Attempts: 3, AttemptTimeout: time.Second,
			Backoff: retry.Backoff{Base: 100 * time.Millisecond, Multiplier: 2, Cap: time.Second},
			Jitter:  retry.Jitter{Kind: retry.JitterFull},
		},
		retry.WithHedging(retry.Hedging{MaxInFlight: 2, Delay: 100 * time.Millisecond}),
		retry.WithClock(w.clock), retry.WithChance(&chance{draws: w.jitter, client: id}))
	if err != nil {
		return nil, err
	}
	guard, err := breaker.New(breaker.Config{Failures: 5, OpenFor: 5 * time.Second}, breaker.WithClock(w.clock))
	if err != nil {
		return nil, err
	}
	sent := uint64(0)
	return &reader{retrier, guard, func(ctx context.Context) (string, error) {
		sent++
		return w.serve(ctx, id, sent)
	}}, nil
}

// chance is a client's jitter: draws of its own, in turn.
type chance struct {
	draws     sim.Stream
	client, n uint64
}

func (c *chance) Draw(int) float64 {
	c.n++
	return c.draws.Float64(c.client, c.n, 0)
}

// serve is one request: four workers serve it in its turn, but for ten seconds in which
// the backend refuses all.
func (w *world) serve(ctx context.Context, client, request uint64) (string, error) {
	w.requests++
	if now := w.loop.Now(); now >= 20*time.Second && now < 30*time.Second {
		return "", retry.Retryable(errors.New("out of order"))
	}
	err := w.clock.Serve(ctx, w.backend, w.latency.Sample(w.works.Float64(client, request, 0)))
	if errors.Is(err, sim.ErrFull) {
		err = retry.Retryable(err)
	}
	return "seven bikes", err
}

// live is a client's minute: a call, a pause, and so on.
func (w *world) live(p *sim.Process, id uint64, r *reader) {
	for call := uint64(0); p.Now() < time.Minute; call++ {
		switch _, err := r.read(context.Background()); {
		case err == nil:
			w.good++
		case errors.Is(err, breaker.ErrOpen):
			w.rejected++
		default:
			w.failed++
		}
		p.Sleep(time.Duration(w.pauses.Float64(id, call, 0) * float64(2*time.Second)))
	}
}

// The program of docs/processes.md.
func Example_processes() {
	w, err := newWorld(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for id := range uint64(50) {
		r, err := w.newReader(id)
		if err != nil {
			fmt.Println(err)
			return
		}
		sim.Go(w.loop, func(p *sim.Process) { w.live(p, id, r) })
	}
	w.loop.Run(sim.Never)
	w.loop.Close()
	fmt.Println(w.good, "good,", w.failed, "failed,", w.rejected, "turned away,", w.requests, "requests")
	// Output: 2310 good, 50 failed, 549 turned away, 2741 requests
}
