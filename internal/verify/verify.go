package verify

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/internal/livefleet"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// Options are the choices of a verification. The zero value verifies every policy with
// seed 0 at the speed that fits.
type Options struct {
	Seed     uint64
	Policies []string // names; empty: all
	// Speed is how many seconds of the scenario pass in one of real time; 0: as
	// SpeedFor says.
	Speed float64
	// Replays leaves on that the transport of the live clients repeats requests.
	Replays bool
	Version string // of the program, for the record
	// Progress is told how much of the live run has been played, over all policies
	// together. It is called from one goroutine at a time.
	Progress func(done, total time.Duration)
}

// Bounds of what is verified.
const (
	// MaxCalls is how many calls a scenario may make under each policy, by a guess:
	// every one of them is kept.
	MaxCalls = 1_000_000
	// otherSeeds is how many other seeds tell how far chance alone would go.
	otherSeeds = 10
)

// What SpeedFor aims at: a run of a quarter of a minute, and a load that leaves a core
// to the rest of the machine.
const (
	aimTime = 15 * time.Second
	aimRate = 1000 // calls a second of real time, over the policies that are played side by side
)

// SpeedFor returns the speed for that many policies of a scenario: one of 1, 2, 5, 10, and so on
// to 100.
func SpeedFor(sc *scenarios.Scenario, policies int) float64 {
	length := sc.Plan().Duration()
	most := float64(length) / float64(aimTime)
	if rate := sc.ExpectedCalls() / length.Seconds() * float64(min(policies, runtime.GOMAXPROCS(0))); rate > 0 {
		most = min(most, aimRate/rate)
	}
	speed := 1.0
	for _, s := range []float64{2, 5, 10, 20, 50, 100} {
		if s <= most {
			speed = s
		}
	}
	return speed
}

// Run plays the scenario in all modes and compares. When ctx ends first, the report holds
// the live numbers up to then, marked as interrupted, and the error is ctx's. Any other
// error comes without a report; a *scenarios.OptionError, or *scenarios.Problems,
// tells what does not fit.
func Run(ctx context.Context, sc *scenarios.Scenario, o Options) (*Report, error) {
	if calls := sc.ExpectedCalls(); calls > MaxCalls {
		return nil, &scenarios.OptionError{
			Message: fmt.Sprintf("scenario %s makes some %s calls, and verify keeps each of them", sc.Name, reports.FormatCount(uint64(min(calls, math.MaxInt64/2)))),
			Hint:    fmt.Sprintf("write shorter phases or a lower rate, for at most %s", reports.FormatCount(MaxCalls)),
		}
	}
	if o.Speed == 0 {
		policies := len(o.Policies)
		if policies == 0 {
			policies = len(sc.Policies)
		}
		o.Speed = SpeedFor(sc, policies)
	}
	by, err := livefleet.New(sc, livefleet.Options{Speed: o.Speed, Policies: o.Policies, Replays: o.Replays})
	if err != nil {
		return nil, err
	}
	model, err := play(ctx, sc, o, scenarios.ModeModel, o.Seed, fleet.Run)
	if option := (*scenarios.OptionError)(nil); errors.As(err, &option) { // it may be for the backend to say
		model = nil
	} else if err != nil {
		return nil, err
	}
	http, err := play(ctx, sc, o, scenarios.ModeHTTP, o.Seed, fleet.Run)
	if err != nil {
		return nil, err
	}
	live, err := playLive(ctx, sc, o, by, http)
	if live == nil || err != nil && !live.run.Interrupted {
		return nil, err
	}
	r := newReport(o, http.run, live.run.Interrupted)
	for i := range live.run.Policies {
		policy := policyOf(sc, live.run.Policies[i].Name)
		c := comparison{scenario: sc, policy: policy, index: i, why: timing(sc, policy), model: model, http: http, live: live}
		if len(c.why) > 0 && !live.run.Interrupted {
			if c.others, err = others(ctx, sc, o, policy.Name, model != nil); err != nil {
				return nil, err
			}
		}
		r.Policies = append(r.Policies, c.compare())
	}
	for _, w := range live.run.Warnings {
		if w.Fails { // what the others say, the checks say
			r.Warnings = append(r.Warnings, w)
		}
	}
	return r, err
}

func policyOf(sc *scenarios.Scenario, name string) scenarios.Policy {
	return sc.Policies[slices.IndexFunc(sc.Policies, func(p scenarios.Policy) bool { return p.Name == name })]
}

// played is one mode's run with the books of its policies.
type played struct {
	run   *reports.Run
	books []*book
}

// play plays a mode with books kept.
func play(ctx context.Context, sc *scenarios.Scenario, o Options, mode scenarios.Mode, seed uint64, by livefleet.Play) (*played, error) {
	var mu sync.Mutex
	books := map[string]*book{}
	run, err := scenarios.Run(ctx, sc, scenarios.Options{
		Seed: seed, Mode: mode, Policies: o.Policies, Version: o.Version, Progress: o.progress(mode),
		Play: func(ctx context.Context, c *fleet.Config, progress func(time.Duration)) (*fleet.Result, error) {
			b := newBook()
			mu.Lock()
			books[c.Policy.Name] = b
			mu.Unlock()
			c.Watch = b
			return by(ctx, c, progress)
		},
	})
	if run == nil {
		return nil, err
	}
	p := &played{run: run}
	for _, policy := range run.Policies {
		p.books = append(p.books, books[policy.Name])
	}
	return p, err
}

// progress is told of the live run only: the others take no time.
func (o *Options) progress(mode scenarios.Mode) func(done, total time.Duration) {
	if mode == scenarios.ModeLive {
		return o.Progress
	}
	return nil
}

// spare is the real time that live calls have to end in, beyond what the simulated ones
// took; a run is over when all have. Where some have no end, it lasts for spareHung more.
const (
	spare     = time.Minute
	spareHung = 2 * time.Second
)

// playLive plays in real time. Calls that have no end are given up when the last one
// of the simulation that has one has ended.
func playLive(ctx context.Context, sc *scenarios.Scenario, o Options, by livefleet.Play, simulated *played) (*played, error) {
	drain := map[string]time.Duration{}
	for i, p := range simulated.run.Policies {
		over := simulated.books[i].end - time.Duration(simulated.run.DurationNS)
		more := spare
		if p.Total.Unfinished > 0 {
			more = spareHung
		}
		drain[p.Name] = max(0, over) + time.Duration(float64(more)*o.Speed)
	}
	return play(ctx, sc, o, scenarios.ModeLive, o.Seed, func(ctx context.Context, c *fleet.Config, progress func(time.Duration)) (*fleet.Result, error) {
		c.Drain = drain[c.Policy.Name]
		return by(ctx, c, progress)
	})
}

// others are the runs of a policy with other seeds.
func others(ctx context.Context, sc *scenarios.Scenario, o Options, policy string, model bool) ([]*played, error) {
	mode := scenarios.ModeHTTP
	if model {
		mode = scenarios.ModeModel
	}
	o.Policies = []string{policy}
	var out []*played
	for i := range uint64(otherSeeds) {
		p, err := play(ctx, sc, o, mode, o.Seed+1+i, fleet.Run)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
