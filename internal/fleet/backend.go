package fleet

import (
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
	r.station = sim.NewStation(r.loop, workers, queue)
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

// hasRoom reports whether enter would let in what comes next.
func (r *run) hasRoom() bool {
	if r.station == nil {
		return true
	}
	most := r.cfg.Backend.MaxInFlight
	return (most == 0 || r.station.Busy()+r.station.Queued() < most) && !r.station.Full()
}

// room says how much the backend has room for; "": for everything.
func (r *run) room() string {
	b := &r.cfg.Backend
	var parts []string
	if b.Workers > 0 && b.Queue >= 0 {
		parts = append(parts, fmt.Sprintf("%d workers and a queue of %d", b.Workers, b.Queue))
	}
	if b.MaxInFlight > 0 {
		parts = append(parts, fmt.Sprintf("%d in flight", b.MaxInFlight))
	}
	if len(parts) == 0 {
		return ""
	}
	return "room for " + strings.Join(parts, ", ") + ": " + r.full.Effect().String()
}

// enter hands work to the backend's workers; false if there is no room for it.
// It returns how long the work takes with what else is there.
func (r *run) enter(work time.Duration, c *call, done uint64) (time.Duration, bool) {
	b := &r.cfg.Backend
	inFlight := r.station.Busy() + r.station.Queued()
	if b.MaxInFlight > 0 && inFlight >= b.MaxInFlight {
		r.turnedAway++
		return 0, false
	}
	work = sim.Add(work, faults.Slowdown(b.Slowdown, inFlight))
	if !r.station.Enter(work, c, done) {
		r.turnedAway++
		return 0, false
	}
	r.entered++
	return work, true
}
