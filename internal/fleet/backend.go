package fleet

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/sim"
)

// newBackend makes what the backend has room for: its limits and its workers.
func (r *run) newBackend() error {
	b := &r.cfg.Backend
	if b.Limits.Prefixes != nil || len(b.Limits.Quotas) > 0 {
		var err error
		if r.limiter, err = faults.NewLimiter(b.Limits); err != nil {
			return fmt.Errorf("fleet: backend: %w", err)
		}
	}
	if b.Workers == 0 && b.MaxInFlight == 0 && b.Slowdown == 0 {
		return nil
	}
	workers, queue := b.Workers, b.Queue
	if workers == 0 {
		workers, queue = math.MaxInt, 0
	}
	if err := r.newNodes(workers, queue); err != nil {
		return fmt.Errorf("fleet: backend: %w", err)
	}
	full := b.Full
	if full.Kind == faults.None {
		full = DefaultFull(b.Kind)
	}
	if err := faults.CheckRefusal(full); err != nil {
		return fmt.Errorf("fleet: backend: %w", err)
	}
	r.full = faults.NewRefusal(full)
	return nil
}

// DefaultFull is the answer of a backend that has no room, where nobody says: 503,
// which S3 calls SlowDown.
func DefaultFull(k Kind) faults.Effect {
	if k == S3 {
		return faults.Effect{Kind: faults.S3Error, Code: "SlowDown"}
	}
	return faults.Effect{Kind: faults.Status, Status: 503}
}

// newNodes makes the stations, and plans how the number of their workers changes.
func (r *run) newNodes(workers, queue int) error {
	b := &r.cfg.Backend
	var nodes []*sim.Station
	for range max(b.Nodes, 1) {
		one, err := sim.NewStationWith(r.loop, workers, queue, b.Order)
		if err != nil {
			return err
		}
		nodes = append(nodes, one)
	}
	r.station = nodes[0]
	if len(nodes) > 1 {
		r.balancer = sim.NewBalancer(b.Balance, nodes...)
	}
	r.fickle = b.Cancels || b.Order.Drops(queue)
	var at time.Duration
	for i, n := range b.PhaseWorkers {
		r.loop.At(at, (*staff)(r), uint64(n))
		at += r.cfg.Plan.Phases[i].For
	}
	return nil
}

// staff is the run in its role as the actor that changes the number of workers.
type staff run

func (a *staff) Act(_ time.Duration, workers uint64) {
	for _, s := range (*run)(a).nodes() {
		s.SetWorkers(int(workers))
	}
}

// inPhase tells how load and workers of a phase differ from those of the run, and whether
// that strains the backend.
func (cfg *Config) inPhase(i int) (texts []string, strain bool) {
	texts, strain = cfg.Load.inPhase(i)
	if b := &cfg.Backend; b.PhaseWorkers != nil && b.PhaseWorkers[i] != b.Workers {
		texts = append(texts, fmt.Sprintf("workers %d", b.PhaseWorkers[i]))
		strain = strain || b.PhaseWorkers[i] < b.Workers
	}
	return texts, strain
}

// toss is the draw by which an attempt gets to a node.
func (r *run) toss(client, call uint64, attempt int) float64 {
	return r.draws.balance.Float64(client, call, uint64(attempt))
}

// hasRoom reports whether enter would let in that attempt if it came next.
func (r *run) hasRoom(client, call uint64, attempt int) bool {
	s := r.station
	if s == nil {
		return true
	}
	if r.balancer != nil {
		s = r.balancer.Pick(r.toss(client, call, attempt))
	}
	most := r.cfg.Backend.MaxInFlight
	return (most == 0 || s.Inside() < most) && !s.Full()
}

// room says how much the backend has room for; "": for everything.
func (r *run) room() string {
	b := &r.cfg.Backend
	var parts []string
	workers := fmt.Sprintf("%d workers", b.Workers)
	if b.Workers == 1 {
		workers = "1 worker"
	}
	if b.Workers > 0 && b.Queue >= 0 {
		parts = append(parts, fmt.Sprintf("%s and a queue of %d", workers, b.Queue))
	}
	if b.MaxInFlight > 0 {
		parts = append(parts, fmt.Sprintf("%d in flight", b.MaxInFlight))
	}
	if len(parts) == 0 && !b.Order.Drops(b.Queue) {
		return ""
	}
	if len(parts) == 0 {
		parts = append(parts, workers)
	}
	text := "room for " + strings.Join(parts, ", ")
	if b.Nodes > 1 {
		text += fmt.Sprintf(" at each of %d nodes (%s)", b.Nodes, cmp.Or(b.Balance, sim.RoundRobin))
	}
	if b.Order.Kind != "" && b.Order.Kind != sim.FIFO {
		text += ", " + b.Order.String()
	}
	if b.Cancels {
		text += ", abandoned work cancelled"
	}
	return text + ": " + r.full.Effect().String()
}

// enter hands work to the backend's workers; false if there is no room for it.
// It returns how long the work takes with what else is there.
func (r *run) enter(work time.Duration, c *call, done event, a *answer) (time.Duration, bool) {
	b, s := &r.cfg.Backend, r.station
	if c.hungUp() {
		c.comesToNothing(a) // nobody begins with it
		return 0, true
	}
	if r.balancer != nil {
		s = r.balancer.Next(r.toss(c.client, uint64(c.number), int(c.attempts)))
	}
	inFlight := s.Inside()
	if b.MaxInFlight > 0 && inFlight >= b.MaxInFlight {
		r.turnedAway++
		return 0, false
	}
	work = sim.Add(work, faults.Slowdown(b.Slowdown, inFlight))
	if r.fickle {
		return r.entrust(s, work, c, done, a)
	}
	if !s.Enter(work, (*happenings)(r), uint64(done)) {
		r.turnedAway++
		return 0, false
	}
	r.entered++
	return work, true
}
