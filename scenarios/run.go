package scenarios

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/internal/nearest"
	"github.com/squall-sim/squall/reports"
)

// Mode says how a run carries attempts to the backend.
type Mode string

// The modes of a run.
const (
	// ModeAuto is ModeHTTP for a scenario that is small enough to take seconds, and
	// for one whose faults ask for headers, else ModeModel. The zero value means the
	// same.
	ModeAuto Mode = "auto"
	// ModeModel makes outcomes only, no bytes: for millions of calls. Faults that
	// ask for headers are a mistake then.
	ModeModel Mode = "model"
	// ModeHTTP sends every attempt as a real request through the fault handler
	// into the fake backend, in process.
	ModeHTTP Mode = "http"
	// ModeLive makes the calls in real time, on real sockets, on goroutines of their
	// own: somebody else plays it ([Options].Play). No two runs are the same.
	ModeLive Mode = "live"
)

// Modes lists the modes by name.
func Modes() []Mode { return []Mode{ModeAuto, ModeModel, ModeHTTP, ModeLive} }

// Options are the choices of a run that a scenario leaves open. The zero value
// runs every policy with seed 0 in the mode that fits.
type Options struct {
	Seed     uint64
	Mode     Mode
	Policies []string // names of the policies to run, in the scenario's order; empty: all
	Version  string   // of the program, for the record
	// Progress is told the virtual time played and the whole, over all policies
	// together, now and then. It is called from one goroutine at a time.
	Progress func(done, total time.Duration)
	// Play plays a fleet, in place of package fleet; nil: that does it. It may be called
	// from several goroutines at once. ModeLive needs one.
	Play func(ctx context.Context, c *fleet.Config, progress func(now time.Duration)) (*fleet.Result, error)
}

// OptionError tells of an option that does not fit the scenario.
type OptionError struct{ Message, Hint string }

// Error gives the message and the hint.
func (e *OptionError) Error() string { return "scenarios: " + e.Message + "; " + e.Hint }

// InternalError is a law that a run must keep, whatever the scenario, and that it did
// not: a defect of squall. Err says which, and is the fleet's.
type InternalError struct {
	Scenario, Policy string
	Seed             uint64
	Mode             Mode
	Err              error
}

// Error returns what was found.
func (e *InternalError) Error() string { return "scenarios: " + e.Err.Error() }

// Unwrap returns Err.
func (e *InternalError) Unwrap() error { return e.Err }

// Flags are those of simulate run that make the run again, after the scenario.
func (e *InternalError) Flags() string {
	return fmt.Sprintf("--policy %s --seed %d --mode %s", e.Policy, e.Seed, e.Mode)
}

// Run replays the scenario under each chosen policy in virtual time and judges
// its thresholds. The same scenario, seed and mode give the same record,
// whatever the machine.
//
// Policies run side by side on as many goroutines as there are processors.
// When ctx ends first, Run returns what was seen by then, marked as
// interrupted, together with ctx's error. Any other error comes without a
// record.
func Run(ctx context.Context, sc *Scenario, o Options) (*reports.Run, error) {
	if sc.ServedOnly() {
		return nil, &OptionError{Message: fmt.Sprintf("scenario %s has no load and no policies: it cannot be run", sc.Name), Hint: "simulate serve and simulate exec take it as it is"}
	}
	chosen, err := choose(sc, o.Policies)
	if err != nil {
		return nil, err
	}
	if o.Play == nil {
		o.Play = fleet.Run
		if o.Mode == ModeLive {
			return nil, &OptionError{Message: "the mode live is for who plays it in real time", Hint: "give Options.Play, or choose auto, model or http"}
		}
	}
	mode, err := pickMode(sc, o.Mode, len(chosen))
	if err != nil {
		return nil, err
	}
	configs := make([]*fleet.Config, len(chosen))
	load := fleetLoad(sc)
	for i, p := range chosen {
		configs[i] = fleetConfig(sc, p, load, o.Seed, mode)
	}
	results, err := runAll(ctx, sc.Name, configs, o.Play, newMeter(o.Progress, len(configs), configs[0].Duration()))
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	return record(sc, o, mode, chosen, configs, results, err != nil), err
}

// choose returns the policies with the given names, in the scenario's order.
func choose(sc *Scenario, names []string) ([]Policy, error) {
	if len(names) == 0 {
		return sc.Policies, nil
	}
	known := make([]string, len(sc.Policies))
	for i, p := range sc.Policies {
		known[i] = p.Name
	}
	for _, n := range names {
		if slices.Contains(known, n) {
			continue
		}
		hint := "it has " + strings.Join(known, ", ")
		if near := nearest.Word(n, known); near != "" {
			hint = "did you mean " + near + "? " + hint
		}
		return nil, &OptionError{Message: fmt.Sprintf("scenario %s has no policy %s", sc.Name, quote(n)), Hint: hint}
	}
	return slices.DeleteFunc(slices.Clone(sc.Policies), func(p Policy) bool { return !slices.Contains(names, p.Name) }), nil
}

// runAll plays the fleets on all processors. It returns a result for each
// fleet that started, and the first error in the order of the policies.
func runAll(ctx context.Context, name string, configs []*fleet.Config, play func(context.Context, *fleet.Config, func(time.Duration)) (*fleet.Result, error), m *meter) ([]*fleet.Result, error) {
	results := make([]*fleet.Result, len(configs))
	errs := make([]error, len(configs))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var group sync.WaitGroup
	for i := range configs {
		group.Add(1)
		go func() {
			defer group.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i], errs[i] = play(ctx, configs[i], m.of(i))
			if b := (*fleet.BrokenError)(nil); errors.As(errs[i], &b) {
				errs[i] = &InternalError{Scenario: name, Policy: configs[i].Policy.Name, Seed: configs[i].Seed, Mode: Mode(configs[i].Mode.String()), Err: b}
			}
		}()
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return results, err
		}
	}
	return results, nil
}

// meter adds up the progress of fleets that run side by side.
type meter struct {
	mu    sync.Mutex
	tell  func(done, total time.Duration)
	done  []time.Duration
	total time.Duration
}

func newMeter(tell func(done, total time.Duration), fleets int, each time.Duration) *meter {
	return &meter{tell: tell, done: make([]time.Duration, fleets), total: time.Duration(fleets) * each}
}

func (m *meter) of(i int) func(time.Duration) {
	if m.tell == nil {
		return nil
	}
	return func(now time.Duration) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.done[i] = now
		var sum time.Duration
		for _, d := range m.done {
			sum += d
		}
		m.tell(sum, m.total)
	}
}

// fleetConfig wires one policy of the scenario into a fleet.
func fleetConfig(sc *Scenario, p Policy, load fleet.Load, seed uint64, mode Mode) *fleet.Config {
	c := &fleet.Config{Seed: seed, Load: load, Policy: fleetPolicy(p), Mode: fleet.Model}
	sc.settle(&c.Load, p.Name)
	switch mode {
	case ModeHTTP:
		c.Mode = fleet.HTTP
	case ModeLive:
		c.Mode = fleet.InLive
	}
	c.Backend = fleet.Backend{Kind: fleet.S3, Latency: sc.Backend.Latency, Network: sc.Backend.Network, Bucket: sc.Backend.Bucket}
	if sc.Backend.Kind == KindHTTP {
		c.Backend.Kind = fleet.Web
	}
	for _, r := range sc.Backend.Routes {
		c.Backend.Routes = append(c.Backend.Routes, fleet.Route{Route: r.fake(), Latency: r.Latency})
	}
	if k := sc.Backend.Capacity; k != nil {
		c.Backend.Workers, c.Backend.Queue, c.Backend.MaxInFlight = k.Workers, k.Queue, k.MaxInFlight
		c.Backend.Slowdown, c.Backend.Full = k.Slowdown, k.Full
		c.Backend.Order, c.Backend.Nodes, c.Backend.Balance = k.Discipline, k.Nodes, k.Balance
		c.Backend.Cancels, c.Backend.PhaseWorkers = k.Abandoned == AbandonedCancelled, sc.phaseWorkers()
	}
	c.Backend.Limits = sc.Backend.Limits()
	c.Plan = sc.Plan()
	return c
}

// Limits returns what the backend refuses because of who asks how often.
func (b *Backend) Limits() faults.Limits {
	return faults.Limits{Quotas: b.Quotas, Prefixes: b.Prefixes}
}

// Plan returns what goes wrong and when: the phases of sc with their faults.
func (sc *Scenario) Plan() (plan faults.Plan) {
	for _, ph := range sc.Phases {
		plan.Phases = append(plan.Phases, faults.Phase{Label: ph.Label, For: ph.For, Rules: ph.Faults})
	}
	return plan
}

func fleetPolicy(p Policy) fleet.Policy {
	out := fleet.Policy{Name: p.Name, Retry: p.Retry}
	if p.Breaker == nil {
		return out
	}
	out.Breaker = &p.Breaker.Config
	switch p.Breaker.Scope {
	case ScopeClient:
		out.Scope = fleet.PerClient
	case ScopeKey:
		out.Scope = fleet.PerKey
	case ScopeFleet:
		out.Scope = fleet.Shared
	case ScopeShared:
		out.Scope, out.SyncEvery = fleet.InStep, p.Breaker.SyncEvery
	}
	return out
}

// fleetLoad turns the scenario's load into the fleet's. It is shared, read
// only, by the fleets of all policies: a trace may be large.
func fleetLoad(sc *Scenario) fleet.Load {
	l := fleet.Load{
		Rate: float64(sc.Load.Rate), Rates: sc.rates(), Lives: sc.fleetLives(), Start: sc.Load.Start, Paced: sc.Load.Arrivals == Paced, Clients: sc.Load.Clients,
		Think: sc.Load.Think, MaxInFlight: sc.Load.MaxInFlight,
	}
	switch sc.Load.Model {
	case ModelClosed:
		l.Model = fleet.Closed
	case ModelReplay:
		l.Model = fleet.Replay
		replay(sc, &l)
		return l
	}
	l.Mix = fleetMix(sc.Load.Mix)
	for i, g := range sc.Load.Groups {
		l.Groups = append(l.Groups, fleet.Group{
			Name: g.Name, Clients: g.Clients, Rate: float64(g.Rate), Rates: sc.groupRates(i), Think: g.Think, Mix: fleetMix(g.Mix),
		})
	}
	return l
}

func fleetMix(items []MixItem) (ops []fleet.Op) {
	for _, m := range items {
		ops = append(ops, fleet.Op{Name: m.Op, Key: m.Key, Size: int64(m.Size), Weight: m.Weight, Headers: fleetHeaders(m.Headers)})
	}
	return ops
}

// replay numbers the trace's clients and operations in order of appearance.
func replay(sc *Scenario, l *fleet.Load) {
	clients, ops := map[string]uint64{}, map[string]int{}
	l.Trace = make([]fleet.Arrival, len(sc.Load.Records))
	for i, row := range sc.Load.Records {
		client, ok := clients[row.Client]
		if !ok {
			client = uint64(len(clients))
			clients[row.Client] = client
		}
		op, ok := ops[row.Op]
		if !ok {
			op = len(ops)
			ops[row.Op] = op
			l.Mix = append(l.Mix, fleet.Op{Name: row.Op, Weight: 1})
		}
		l.Trace[i] = fleet.Arrival{At: sc.Load.due(row), Client: client, Op: op, Key: row.Key, Size: int64(row.Size)}
	}
	l.Clients = len(clients)
}

// due is when the call of a row starts in a run.
func (l *Load) due(row TraceRow) time.Duration {
	if l.Speed == 1 {
		return row.At
	}
	return time.Duration(float64(row.At) / l.Speed)
}
