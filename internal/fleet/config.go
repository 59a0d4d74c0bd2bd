package fleet

import (
	"slices"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// Mode says what carries an attempt to the backend.
type Mode uint8

// The modes of a fleet.
const (
	Model  Mode = iota // outcomes only, no bytes
	HTTP               // real requests and responses, in process
	InLive             // real requests on real sockets, in real time: see PlayLive
)

// String returns "model", "http" or "live".
func (m Mode) String() string {
	switch m {
	case HTTP:
		return "http"
	case InLive:
		return "live"
	}
	return "model"
}

// Kind is the sort of backend that the clients talk to.
type Kind uint8

// The kinds of backend.
const (
	S3 Kind = iota
	Web
)

// LoadModel says what makes a call start.
type LoadModel uint8

// The load models.
const (
	Open   LoadModel = iota // calls arrive at a rate, whatever the backend does
	Closed                  // a client starts its next call after the answer and a pause
	Replay                  // calls arrive as recorded
)

// Scope says which calls share a breaker.
type Scope uint8

// The scopes of a breaker.
const (
	PerOperation Scope = iota // one for each client and operation: a process that guards every operation
	PerClient                 // one for each client
	Shared                    // one for the whole fleet
	InStep                    // one for each client, kept in step through a store (Policy.SyncEvery)
	PerKey                    // one for each client and key: a process that guards every host, path or prefix
)

// String says what has a breaker of its own, for reports.
func (s Scope) String() string {
	switch s {
	case PerClient:
		return "client"
	case Shared:
		return "fleet"
	case InStep:
		return "client, shared"
	case PerKey:
		return "client and key"
	default:
		return "client and operation"
	}
}

// Config is one fleet: plain data, made by package scenarios from a validated
// scenario. [Run] trusts it as far as the scenario's own checks go.
type Config struct {
	Seed    uint64
	Mode    Mode
	Backend Backend
	Load    Load
	Plan    faults.Plan // at least one phase; its total is the run's duration
	Policy  Policy
	Drain   time.Duration // how long after the last phase calls may go on; 0: DefaultDrain
	Watch   Watcher       // nil: nobody is told of single calls

	observe retry.Observer // nil: none. For tests that compare traces.
	inTurn  bool           // no call is played ahead of the others. For tests that compare both ways.
}

// DefaultDrain is how long calls may go on after the last phase before they
// are given up as unfinished. It is longer than any preset's worst call with
// a backend that answers.
const DefaultDrain = 15 * time.Minute

// Backend describes the service behind the faults.
type Backend struct {
	Kind    Kind
	Latency sim.Dist // service time of one attempt
	// Network is the time that a request takes to the backend, and that its answer
	// takes back: two draws. nil: none.
	Network *sim.Dist
	Workers int // attempts served at once; 0: unlimited
	Queue   int // attempts that may wait for a worker; more are turned away; negative: any number
	// MaxInFlight is how many attempts may be served and wait together; more are
	// turned away. 0: no bound.
	MaxInFlight int
	// Slowdown is added to an attempt's service time for each other that is being
	// served or waits when it arrives.
	Slowdown time.Duration
	Order    sim.Discipline // of the workers; zero: first come, first served
	// Nodes is how many backends there are, each with these workers, queue and bounds;
	// 0: one. Balance is how an attempt gets to one of them, one of sim.Balances.
	Nodes   int
	Balance string
	// Cancels tells that work on an attempt ends when its client no longer waits;
	// otherwise it goes on.
	Cancels bool
	// PhaseWorkers is Workers in each phase of the plan; nil: the same in all of them.
	PhaseWorkers []int
	Full         faults.Effect // what is answered to attempts that are turned away: an S3Error or a Status; zero: DefaultFull
	Limits       faults.Limits
	Bucket       string  // of every object, for S3
	Routes       []Route // of a Web backend; the first that fits a request counts
}

// Route is how a Web backend answers some requests.
type Route struct {
	httpfake.Route
	Latency *sim.Dist // service time; nil: the backend's
}

// Load describes the calls.
type Load struct {
	Model       LoadModel
	Rate        float64   // calls a second of the whole fleet (Open)
	Rates       []float64 // (Open) the same in each phase of the plan; nil: Rate in all of them
	Paced       bool      // evenly spaced arrivals instead of a Poisson process (Open)
	Clients     int
	Groups      []Group   // (Open, Closed) of which Clients and Rate are the sums; none: all clients are alike
	Start       *sim.Dist // (Closed) from the beginning of the run, or of its life, to that of a client; nil: none
	Lives       []Lives   // in each phase of the plan; nil: nobody comes or goes
	Think       *sim.Dist // pause between calls (Closed); nil: none
	MaxInFlight int       // arrivals beyond are dropped (Open, Replay); 0: no bound
	Mix         []Op      // what calls do (Open, Closed); for Replay: the operations of the trace, in order of appearance
	Trace       []Arrival // (Replay) sorted by At
}

// Op is one kind of call in the mix.
type Op struct {
	Name   string
	Key    string // "{client}" and "{call}" are replaced by their numbers
	Size   int64  // bytes of the object or answer
	Weight float64
	// Headers are sent with every attempt; no two have the same name, whose case
	// does not matter. In the mode Model only faults see them: those that change
	// what the backend does need HTTP.
	Headers []Header
}

// Arrival is one recorded call.
type Arrival struct {
	At     time.Duration
	Client uint64
	Op     int // index into Load.Mix
	Key    string
	Size   int64
}

// Policy is how the clients guard their calls.
type Policy struct {
	Name    string
	Retry   retry.Policy
	Breaker *breaker.Config // nil: none
	Scope   Scope
	// SyncEvery is how often each client asks what the others' breakers have decided
	// (InStep): above 0.
	SyncEvery time.Duration
}

// Duration returns the time that the plan's phases take together.
func (c *Config) Duration() time.Duration {
	var d time.Duration
	for _, p := range c.Plan.Phases {
		d += p.For
	}
	return d
}

// guarded reports whether some clients have breakers.
func (c *Config) guarded() bool {
	return c.somePolicy(func(p *Policy) bool { return p.Breaker != nil })
}

// guardsKeys reports whether some clients have a breaker for each key.
func (c *Config) guardsKeys() bool {
	return c.somePolicy(func(p *Policy) bool { return p.Breaker != nil && p.Scope == PerKey })
}

// somePolicy reports whether what holds for a policy that some clients have.
func (c *Config) somePolicy(what func(*Policy) bool) bool {
	return what(&c.Policy) || slices.ContainsFunc(c.Load.Groups, func(g Group) bool { return g.Policy != nil && what(g.Policy) })
}
