package scenarios

import (
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// Scenario is one experiment as plain data: a backend, a load, what goes wrong
// and when, the policies that meet it, and what must hold in the end.
//
// Parse and Open fill every field that the file leaves out with its default,
// so that a Scenario says all it means: code that reads one needs no defaults
// of its own, and Validate asks for them in a Scenario built in Go. A Scenario
// may be read by many goroutines at once; none of its methods changes it.
type Scenario struct {
	// Name labels the run and names its output folder: letters, digits, dots,
	// dashes and underscores, at most 64, the first a letter or digit.
	Name string
	// About says in a few words what the scenario claims. It may be empty.
	About   string
	Backend Backend
	// Load is what is called. Without any, and without Policies, a scenario is only
	// served; see ServedOnly.
	Load Load
	// Phases follow one another from the start of the run; there is at least
	// one. The faults of the last stay in force until the last call has ended.
	Phases []Phase
	// Policies are replayed under the same load and faults, in this order;
	// there is at least one, unless there is no Load either, and no two have the
	// same name.
	Policies []Policy
	// Thresholds keep the order of the file; those of one metric are neighbours.
	Thresholds []Threshold

	origin origin
}

// ServedOnly tells that the scenario has neither load nor policies: it can be served to
// clients of somebody else's, and not be run.
func (sc *Scenario) ServedOnly() bool { return sc.Load.empty() && len(sc.Policies) == 0 }

// Kind tells what the backend is and so what its operations are called.
type Kind string

// The kinds of backend.
const (
	// KindS3 is an S3 store: operations are named as in its API, "PutObject".
	KindS3 Kind = "s3"
	// KindHTTP is a plain HTTP service: operations are methods, "GET".
	KindHTTP Kind = "http"
)

// Backend is the service under load when nothing is wrong with it.
type Backend struct {
	Kind Kind
	// Latency is the time from the start of a request's service to its answer.
	Latency sim.Dist
	// Network is the time that a request takes to the backend, and that its answer takes
	// back: a draw for each way; nil: none. Sockets have a network of their own.
	Network *sim.Dist
	// Capacity bounds the work done at once; nil: unlimited.
	Capacity *Capacity
	// Quotas bound rates, with token buckets. All of them hold.
	Quotas []faults.Quota
	// Prefixes is S3's request rate per partitioned prefix; nil: unlimited. It
	// is nil for kind http.
	Prefixes *faults.Prefixes
	// Bucket holds all objects of kind s3: 3 to 63 characters by S3's rules.
	// Parse fills in DefaultBucket. It is empty for kind http.
	Bucket string
	// Routes say how kind http answers the requests for some paths: the first that
	// fits counts, and without one every path is a resource of the size that is asked
	// for. Empty for kind s3.
	Routes []Route
}

// Route is how a backend of kind http answers some requests.
type Route struct {
	// Path is a glob for the path, with the syntax of a fault's key. Not empty.
	Path string
	// Method is an HTTP method; "": all but OPTIONS. GET is for HEAD too.
	Method string
	// Status is the answer's, from 200 to 599; 0: what the method has without a
	// route. From 400 on the call has failed, though the backend worked for it.
	Status int
	// Size is the bytes of content in the answer; nil: without a Body what the
	// request asks for.
	Size *Size
	// Body is text to send in place of content.
	Body string
	// Headers are sent too, in any order.
	Headers []Header
	// Echo answers with what came, as JSON.
	Echo bool
	// Latency is the time of service; nil: the backend's.
	Latency *sim.Dist
}

// maxRoutes bounds the routes of a backend: each request looks at them in turn.
const maxRoutes = 1000

// DefaultBucket is the bucket of an s3 backend whose file names none.
const DefaultBucket = "squall"

// Unbounded is a Capacity.Queue without a bound.
const Unbounded = -1

// Capacity is what the backend can do at once.
type Capacity struct {
	// Workers serve one request each at a time; at least 1. 0: every request is
	// served at once; then MaxInFlight or Slowdown is set.
	Workers int
	// Queue is how many requests may wait for a worker: a request that finds
	// the queue full is refused. 0: none may wait; Unbounded (what Parse fills
	// in): any number.
	Queue int
	// Discipline says which of those that wait is served next, and which are given up and
	// refused after all. Zero: first come, first served.
	Discipline sim.Discipline
	// Nodes is how many backends there are, each with these workers, queue and bounds, up
	// to 10,000; 0: one.
	Nodes int
	// Balance says which node gets a request, as one of sim.Balances; "": each in turn. It
	// is "" where there is one.
	Balance string
	// Abandoned says what becomes of work whose client has given up.
	Abandoned Abandoned
	// MaxInFlight is how many requests may be served and wait together: one
	// above it is refused. 0: no bound.
	MaxInFlight int
	// Slowdown is what each other request that is served or waits when a request
	// arrives adds to the time of its service: a latency that grows with
	// concurrency. 0: none.
	Slowdown time.Duration
	// Full is the answer to a request that is refused: an error of S3 or a
	// status. Parse fills in 503, which S3 calls SlowDown.
	Full faults.Effect
}

// Model tells where requests come from.
type Model string

// The load models.
const (
	// ModelOpen sends calls at a rate, whatever became of the earlier ones.
	ModelOpen Model = "open"
	// ModelClosed has clients that send their next call when the last one has
	// been answered and they have thought.
	ModelClosed Model = "closed"
	// ModelReplay sends the calls of a trace at their times.
	ModelReplay Model = "replay"
)

// ArrivalProcess tells how an open load spaces its calls.
type ArrivalProcess string

// The arrival processes.
const (
	// Poisson spaces calls independently: exponential gaps. The default.
	Poisson ArrivalProcess = "poisson"
	// Paced spaces calls evenly.
	Paced ArrivalProcess = "paced"
)

// Load is the calls that clients make.
type Load struct {
	Model Model
	// Rate is how many calls start a second, over all clients, in ModelOpen, where a
	// Phase does not say otherwise; 0 in the others.
	Rate Rate
	// Arrivals tells how ModelOpen spaces its calls; empty in the others.
	Arrivals ArrivalProcess
	// Clients is how many clients share the load in ModelOpen and ModelClosed,
	// at least 1. It is 0 in ModelReplay, whose clients are the trace's.
	Clients int
	// Groups are the parts of the clients that differ, in ModelOpen and ModelClosed: Rate
	// and Clients are their sums, which Parse fills in. Clients are numbered through all
	// of them. Empty: all clients are alike.
	Groups []Group
	// Think is how long a client of ModelClosed waits between an answer and its
	// next call; nil: not at all. It is nil in the other models.
	Think *sim.Dist
	// Start is how long after the start of the run, or of a restart, a client of
	// ModelClosed begins; nil: at once, all together. It is nil in the other models.
	Start *sim.Dist
	// MaxInFlight bounds the calls in flight, over all clients: an arrival above
	// it is dropped and counted. 0: unbounded. It is 0 in ModelClosed, where
	// Clients is that bound.
	MaxInFlight int
	// Mix is what ModelOpen and ModelClosed call, drawn by weight for each
	// call; at least one item, unless all Groups have their own. It is empty in
	// ModelReplay.
	Mix []MixItem
	// Trace is the trace file of ModelReplay, relative to the scenario's file.
	Trace string
	// Records are the calls of ModelReplay: Open reads them from Trace. They
	// may be set directly, without a Trace, in a Scenario built in Go.
	Records []TraceRow
	// Speed divides the times of ModelReplay: 2 replays a trace in half its
	// time. Above 0 there, 0 in the other models.
	Speed float64
}

// MixItem is one sort of call in a Load.
type MixItem struct {
	// Op is the operation; see Operations.
	Op string
	// Key is the object's key, or the request's path for kind http. {client}
	// and {call} in it stand for the client's number and the client's call
	// number, both from 0. A read always finds its object.
	Key string
	// Size is the body's size in bytes: sent by a write, answered to a read.
	Size Size
	// Weight is the item's share of the calls, relative to the others' weights.
	// Above 0 and finite.
	Weight float64
	// Headers are sent with every attempt. {client} and {call} in a value stand for
	// the two numbers, as in Key. No two have the same name, in whatever case.
	Headers []Header
}

// Phase is one stretch of the run and what goes wrong in it.
type Phase struct {
	// Label names the phase in reports and in thresholds' filters. No two
	// phases have the same.
	Label string
	// For is how long the phase lasts: at least MinPhase, and all phases
	// together at most MaxDuration.
	For time.Duration
	// Rate is that of a ModelOpen in this phase, of all groups in their proportions; nil:
	// Load.Rate. It is nil in the other models.
	Rate *PhaseRate
	// GroupRates are those of some groups of a ModelOpen in this phase, each once; the others
	// have theirs. There are none where Rate is set.
	GroupRates []GroupRate
	// Restart is the share of the clients, drawn anew for each phase, who are restarted
	// when it begins: their calls in flight are lost, and their breakers, budgets and
	// limiters start anew. 0 to 1; 0 in the first phase.
	Restart float64
	// Offline is the share of the clients who make no calls in the phase, and come back
	// as if restarted when it ends. 0 to 1.
	Offline float64
	// Capacity is what the backend can do in this phase; nil: Backend.Capacity. It stays in
	// force after the last phase. It is nil where the backend has no number of workers.
	Capacity *PhaseCapacity
	// Faults are tried in order: the first whose selector matches a request
	// decides for it.
	Faults []faults.Rule
}

// Bounds of a run's length.
const (
	MinPhase    = time.Millisecond
	MaxDuration = 366 * 24 * time.Hour
)

// Policy is one way of retrying, with or without a circuit breaker.
type Policy struct {
	// Name labels the policy in reports and in thresholds' filters.
	Name string
	// Baseline marks a policy shown for comparison: thresholds do not bind it,
	// unless a filter names it.
	Baseline bool
	// Retry holds the retry settings in full. Its Name is that of the preset
	// from which the file starts, or empty.
	Retry retry.Policy
	// Breaker is the circuit breaker around each attempt; nil: none.
	Breaker *Breaker
}

// Breaker is the circuit breaker of a Policy.
type Breaker struct {
	breaker.Config
	// Scope tells which calls share one breaker.
	Scope Scope
	// SyncEvery is how often each client of ScopeShared asks what the others' breakers
	// have decided: from MinSync to MaxDuration. 0 in the other scopes.
	SyncEvery time.Duration
}

// MinSync is the least Breaker.SyncEvery.
const MinSync = time.Millisecond

// Scope tells which calls share one circuit breaker.
type Scope string

// The scopes of a breaker.
const (
	// ScopeOperation gives each client one breaker per operation, as a service
	// that guards each of its endpoints has. The default.
	ScopeOperation Scope = "operation"
	// ScopeClient gives each client one breaker.
	ScopeClient Scope = "client"
	// ScopeFleet has one breaker for all clients, as if they shared its state.
	ScopeFleet Scope = "fleet"
	// ScopeShared gives each client one breaker, and keeps them in step through a store,
	// as breaker.Sharing does: a verdict spreads within Breaker.SyncEvery.
	ScopeShared Scope = "shared"
	// ScopeKey gives each client one breaker per key of a request, which is an S3 object's
	// key or an HTTP request's path, as a service that keeps a breaker.Registry has.
	ScopeKey Scope = "key"
)

// Scopes lists the scopes of a breaker, the default first.
func Scopes() []Scope { return []Scope{ScopeOperation, ScopeClient, ScopeKey, ScopeFleet, ScopeShared} }
