package live

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
	"github.com/squall-sim/squall/scenarios"
	"github.com/squall-sim/squall/sim"
)

// station is the time and capacity of a backend: it makes requests wait for a
// worker and for the latency that is theirs, before the backend sees them.
type station struct {
	clock   faults.Clock
	ctx     context.Context // of the server: work goes on for clients that have gone away
	latency sim.Sampler
	routes  *httpfake.Routes
	own     []sim.Sampler // latencies of the routes; nil: as without a route
	draws   sim.Stream
	workers chan struct{} // nil: unlimited
	queue   int64         // that may wait; scenarios.Unbounded: any number
	most    int64         // that may be served and wait together; 0: any number
	slope   time.Duration // what each of these adds to the time of one that arrives
	full    *faults.Refusal
	waiting atomic.Int64
	inside  atomic.Int64 // that are served or wait
	refused atomic.Uint64
	entered atomic.Uint64
}

func newStation(ctx context.Context, clock faults.Clock, b scenarios.Backend, seed uint64) (*station, error) {
	sampler, err := b.Latency.Sampler()
	if err != nil {
		return nil, err
	}
	// The stream is the one that simulated runs draw latencies from.
	s := &station{clock: clock, ctx: ctx, latency: sampler, draws: sim.NewStream(seed, "latency")}
	if s.routes, err = b.FakeRoutes(); err != nil {
		return nil, err
	}
	s.own = make([]sim.Sampler, len(b.Routes))
	for i, r := range b.Routes {
		if r.Latency == nil {
			continue
		}
		if s.own[i], err = r.Latency.Sampler(); err != nil {
			return nil, err
		}
	}
	c := b.Capacity
	if c == nil {
		return s, nil
	}
	if c.Workers > 0 {
		s.workers, s.queue = make(chan struct{}, c.Workers), int64(c.Queue)
	}
	s.most, s.slope, s.full = int64(c.MaxInFlight), c.Slowdown, faults.NewRefusal(c.Full)
	return s, nil
}

// takes is how long the backend takes for a request.
func (s *station) takes(who faults.Request) time.Duration {
	latency := s.latency
	if len(s.own) > 0 { // of a plain HTTP service, whose keys are targets
		path, _, _ := strings.Cut(who.Key, "?")
		if i := s.routes.Find(who.Method, path); i >= 0 && s.own[i] != nil {
			latency = s.own[i]
		}
	}
	return latency.Sample(s.draws.Float64(who.Client, who.Call, uint64(who.Attempt)))
}

// work keeps a worker busy for the time of a request, which begins with receive. It
// returns false where there is no room for it, and panics with http.ErrAbortHandler when
// the server stops.
func (s *station) work(who faults.Request, receive func()) bool {
	others := s.inside.Add(1) - 1
	if s.most > 0 && others >= s.most || !s.enter() {
		s.inside.Add(-1)
		s.refused.Add(1)
		s.sleep(s.full.After())
		return false
	}
	s.entered.Add(1)
	defer s.inside.Add(-1)
	if s.workers != nil {
		defer func() { <-s.workers }()
	}
	receive()
	s.sleep(sim.Add(s.takes(who), faults.Slowdown(s.slope, int(others))))
	return true
}

// enter waits for a worker; false where the queue is full.
func (s *station) enter() bool {
	if s.workers == nil {
		return true
	}
	select {
	case s.workers <- struct{}{}:
		return true
	default:
	}
	if n := s.waiting.Add(1); s.queue != scenarios.Unbounded && n > s.queue {
		s.waiting.Add(-1)
		return false
	}
	defer s.waiting.Add(-1)
	select {
	case s.workers <- struct{}{}:
		return true
	case <-s.ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

func (s *station) sleep(d time.Duration) {
	if s.clock.Sleep(s.ctx, d) != nil {
		panic(http.ErrAbortHandler)
	}
}
