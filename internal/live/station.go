package live

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/scenarios"
	"github.com/squall-sim/squall/sim"
)

// refusalDelay is how fast a backend with a full queue turns a request away, as
// in a simulated run.
const refusalDelay = time.Millisecond

// station is the time and capacity of a backend: it makes requests wait for a
// worker and for the latency that is theirs, before the backend sees them.
type station struct {
	clock   faults.Clock
	ctx     context.Context // of the server: work goes on for clients that have gone away
	latency sim.Sampler
	draws   sim.Stream
	workers chan struct{} // nil: unlimited
	queue   int64         // that may wait; scenarios.Unbounded: any number
	waiting atomic.Int64
	refused atomic.Uint64
}

func newStation(ctx context.Context, clock faults.Clock, b scenarios.Backend, seed uint64) (*station, error) {
	sampler, err := b.Latency.Sampler()
	if err != nil {
		return nil, err
	}
	// The stream is the one that simulated runs draw latencies from.
	s := &station{clock: clock, ctx: ctx, latency: sampler, draws: sim.NewStream(seed, "latency")}
	if b.Capacity != nil {
		s.workers, s.queue = make(chan struct{}, b.Capacity.Workers), int64(b.Capacity.Queue)
	}
	return s, nil
}

// takes is how long the backend takes for a request.
func (s *station) takes(who faults.Request) time.Duration {
	return s.latency.Sample(s.draws.Float64(who.Client, who.Call, uint64(who.Attempt)))
}

// work keeps a worker busy for the time of a request. It returns false where
// the queue is full, and panics with http.ErrAbortHandler when the server stops.
func (s *station) work(who faults.Request) bool {
	if !s.enter() {
		s.refused.Add(1)
		s.sleep(refusalDelay)
		return false
	}
	if s.workers != nil {
		defer func() { <-s.workers }()
	}
	s.sleep(s.takes(who))
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

// overloaded answers for a backend that has no room, as in a simulated run: 503,
// which S3 calls SlowDown.
func overloaded(w http.ResponseWriter, r *http.Request, who faults.Request, kind scenarios.Kind) {
	if kind == scenarios.KindS3 {
		code, _ := faults.LookupS3Code("SlowDown")
		faults.WriteS3Error(w, r, who, code)
		return
	}
	const status = http.StatusServiceUnavailable
	body := `{"status":503,"error":` + strconv.Quote(http.StatusText(status)) + "}\n"
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(body)) // a client that has gone away needs no answer
	}
}
