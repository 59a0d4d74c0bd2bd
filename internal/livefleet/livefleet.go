package livefleet

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/internal/live"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/scenarios"
)

// Options are the choices of a live run. The zero value plays it at the speed of life.
type Options struct {
	// Speed is how many seconds of the scenario pass in one of real time: from
	// MinSpeed to MaxSpeed; 0 means 1.
	Speed float64
	// Policies are the names of those that will be played; empty: all.
	Policies []string
	// Replays leaves the transport's silent repetitions on.
	Replays bool
	// Clock is the real time; nil: the system's.
	Clock retry.Clock
}

// Bounds of Options.Speed.
const (
	MinSpeed = 0.01
	MaxSpeed = 1000
)

// Play is what scenarios.Options.Play wants: it plays one fleet.
type Play = func(ctx context.Context, c *fleet.Config, progress func(time.Duration)) (*fleet.Result, error)

// New returns what plays the fleets of a scenario in real time. Each is played against
// a backend of its own; several may be played at once. The error is a
// *scenarios.OptionError, or, of a scenario that cannot be played like that, a
// *scenarios.Problems.
func New(sc *scenarios.Scenario, o Options) (Play, error) {
	if o.Speed == 0 {
		o.Speed = 1
	}
	if math.IsNaN(o.Speed) || o.Speed < MinSpeed || o.Speed > MaxSpeed {
		return nil, &scenarios.OptionError{
			Message: fmt.Sprintf("a live run cannot go at %v times the speed of life", o.Speed),
			Hint:    fmt.Sprintf("write a speed from %v to %v: 10 plays ten minutes in one", MinSpeed, MaxSpeed),
		}
	}
	if err := sc.CheckLive(o.Policies...); err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = retry.SystemClock()
	}
	return func(ctx context.Context, c *fleet.Config, progress func(time.Duration)) (*fleet.Result, error) {
		return play(ctx, sc, o, c, progress)
	}, nil
}

// player carries out the calls of one fleet.
type player struct {
	*fastClock
	scenario *scenarios.Scenario
	server   *live.Server
	client   *client
	at       url.URL
	speed    float64
	kind     fleet.Kind
}

// grace is how long the backend may go on with what it is doing when the last client
// has gone, in real time.
const grace = 100 * time.Millisecond

func play(ctx context.Context, sc *scenarios.Scenario, o Options, c *fleet.Config, progress func(time.Duration)) (*fleet.Result, error) {
	p := &player{fastClock: newFastClock(o.Clock, o.Speed), scenario: sc, speed: o.Speed, kind: c.Backend.Kind}
	var err error
	if p.server, err = live.Start(sc, live.Options{Seed: c.Seed, Clock: p}); err != nil {
		return nil, err
	}
	defer p.server.Close(0)
	at, err := url.Parse(p.server.URL())
	if err != nil {
		return nil, fmt.Errorf("livefleet: %w", err)
	}
	p.at, p.client = *at, newClient(o.Replays)
	defer p.client.close()
	return fleet.PlayLive(ctx, c, p, progress)
}

// Begin sets the backend's time to zero.
func (p *player) Begin() error { return p.server.Reset() }

// Ensure puts an object into the backend's store.
func (p *player) Ensure(key string, size int64) error { return p.server.Ensure(key, size) }

// Seen is the other side of the wire, and the client's count of what went over it.
func (p *player) Seen() fleet.Witness {
	p.client.close()
	_ = p.server.Close(time.Duration(float64(grace) * p.speed)) // its error would be the log's
	st := p.server.State()
	w := fleet.Witness{Live: p.client.counts()}
	w.Live.Speed, w.Live.Requests = p.speed, st.Requests
	phases := map[string]int{}
	for i, ph := range p.scenario.Phases {
		phases[ph.Label] = i
	}
	for _, r := range st.Rules {
		w.Faults = append(w.Faults, reports.FaultRule{
			Phase: r.Phase, Rule: r.Text, Matched: r.Matched, Fired: r.Fired, Seen: r.Seen,
			Share: r.Share, NominalP: r.NominalP, NominalShare: r.NominalShare,
		})
	}
	for i, l := range st.Limits { // quotas come first
		kind := reports.LimitQuota
		if i >= len(p.scenario.Backend.Quotas) {
			kind = reports.LimitPrefix
		}
		w.Limits = append(w.Limits, reports.Limit{Kind: kind, Limit: l.Limit, Asked: l.Asked, Refused: l.Refused, Shared: l.Shared})
	}
	w.Entered, w.TurnedAway = p.server.Room()
	if p.scenario.Backend.Prefixes != nil {
		w.Partitions = append(w.Partitions, reports.Partition{Count: 1})
		for _, s := range st.Splits {
			w.Partitions = append(w.Partitions, reports.Partition{AtNS: int64(s.At), Count: s.Count, Key: s.Key})
		}
	}
	for _, t := range st.Truth {
		w.Truth = append(w.Truth, fleet.PhaseTruth{Phase: phases[t.Phase], Op: t.Op, FalseFailures: t.FalseFailures, FalseSuccesses: t.FalseSuccesses, Duplicates: t.Duplicates})
	}
	return w
}
