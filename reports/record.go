package reports

import "slices"

// SchemaVersion is the version of the record's JSON form. It grows when a
// field changes its meaning or goes away, never when one is added.
const SchemaVersion = 1

// Run is the record of one scenario replayed under each of its policies: all
// that a table, a figure or a comparison needs, and nothing that only the
// scenario file knows. It is written as summary.json and read back by the
// commands that work on finished runs.
//
// Every duration is an integer number of nanoseconds of virtual time (the
// fields end in _ns), every share a number from 0 to 1. The same scenario,
// seed and version give the same bytes, but for the mode "live".
type Run struct {
	Schema      int         `json:"schema_version"`
	Version     string      `json:"squall_version"`
	Scenario    string      `json:"scenario"`
	About       string      `json:"about,omitempty"`
	Hash        string      `json:"scenario_hash"` // SHA-256 of the scenario's text (and its trace's), hexadecimal
	Seed        uint64      `json:"seed"`
	Mode        string      `json:"mode"` // "model", "http" or "live"
	DurationNS  int64       `json:"duration_ns"`
	Interrupted bool        `json:"interrupted,omitempty"` // stopped before its end: the numbers are what was seen by then
	Stopped     string      `json:"stopped,omitempty"`     // why it was, where that was not a signal
	Phases      []Phase     `json:"phases"`
	Policies    []Policy    `json:"policies"`
	Thresholds  []Threshold `json:"thresholds"`
	Warnings    []Warning   `json:"warnings"`
}

// Phase is one stretch of the run, [StartNS, EndNS) of virtual time.
type Phase struct {
	Label   string   `json:"label"`
	StartNS int64    `json:"start_ns"`
	EndNS   int64    `json:"end_ns"`
	Faults  []string `json:"faults,omitempty"` // the fault rules in force, as text
	// Load says how the load, or the backend's workers, differ from the scenario's own, as
	// text: "rate 160/s", "workers 16".
	Load []string `json:"load,omitempty"`
	// Surge says that they differ so as to strain the backend: what comes after the phase is
	// measured as what comes after faults.
	Surge bool `json:"surge,omitempty"`
}

// Troubled reports whether the phase has faults, or a surge of load.
func (p *Phase) Troubled() bool { return len(p.Faults) > 0 || p.Surge }

// Troubles are the texts of the phase's surge and faults.
func (p *Phase) Troubles() []string {
	if !p.Surge {
		return p.Faults
	}
	return append(slices.Clone(p.Load), p.Faults...)
}

// Policy is what one policy did with the scenario's load.
type Policy struct {
	Name     string    `json:"name"`
	Baseline bool      `json:"baseline,omitempty"` // shown for comparison: thresholds do not bind it
	Settings string    `json:"settings"`           // the retry policy and breaker in one line
	Total    Metrics   `json:"total"`
	Phases   []Metrics `json:"phases"` // one for each phase of the run, by the phase in which the call started
	Ops      []Op      `json:"ops"`    // by operation, in the order of the scenario's mix
	// Groups are the same by group of clients, in the order of the scenario's; none: it
	// has none.
	Groups []Group     `json:"groups,omitempty"`
	Faults []FaultRule `json:"faults"`
	// Limits are what the backend refuses by itself: quotas, the rates of
	// partitioned prefixes, its capacity. None: it refuses nothing.
	Limits []Limit `json:"limits,omitempty"`
	// Partitions are the partitioned prefixes over time, where the backend has
	// them: one to begin with, and each split.
	Partitions []Partition `json:"partitions,omitempty"`
	Breakers   Breakers    `json:"breakers"`
	Recovery   []Recovery  `json:"recovery"`
	// AttemptsPerCall counts calls by the number of attempts they made:
	// index 0 holds calls that the breaker ended before the first, index 1023 those with more,
	// too.
	AttemptsPerCall []uint64 `json:"attempts_per_call_counts"`
	Series          Series   `json:"series"`
	// Live is how a run in real time went, on real sockets; nil: the run was simulated.
	Live *Live `json:"live,omitempty"`
}

// Live holds both sides of the wire of a run in real time, and how well the machine
// kept up. Times are those of the scenario, as everywhere: Speed times the real ones.
type Live struct {
	Speed float64 `json:"speed"` // seconds of the scenario in one of real time
	// Requests are those that the backend saw. A client that counts fewer attempts has
	// a transport that repeats some by itself.
	Requests uint64 `json:"requests"`
	// Repeated are the attempts that the client's transport began once more on another
	// connection, without a word to its caller.
	Repeated uint64 `json:"repeated"`
	// Unsent are the attempts that ended before a connection was there to send them on.
	Unsent uint64 `json:"unsent"`
	// Undialed are those of Unsent for which the system had no connection, and DialError
	// what it said the first time.
	Undialed    uint64 `json:"undialed,omitempty"`
	DialError   string `json:"dial_error,omitempty"`
	Connections uint64 `json:"connections"` // that the client opened
	// Lateness is how long after its intended start each call began.
	Lateness Trend `json:"lateness"`
}

// Op is the share of one operation in a policy's totals.
type Op struct {
	Op      string  `json:"op"`
	Metrics Metrics `json:"metrics"`
}

// Group is the share of one group of clients in a policy's totals.
type Group struct {
	Group   string  `json:"group"`
	Clients int     `json:"clients"`
	Policy  string  `json:"policy,omitempty"` // that it has whichever is tried; none: the one that is
	Metrics Metrics `json:"metrics"`
}

// Metrics are the counts and distributions of a set of calls: those of one
// phase, of one operation, or all. A call belongs to the phase in which it
// started, with all its attempts.
type Metrics struct {
	Calls             uint64 `json:"calls"`
	Succeeded         uint64 `json:"succeeded"`
	Failed            uint64 `json:"failed"`
	Unfinished        uint64 `json:"unfinished"` // of Failed: still without an answer when the run ended
	Dropped           uint64 `json:"dropped"`    // arrivals not started, as too many calls were in flight; not among Calls
	Attempts          uint64 `json:"attempts"`   // sent to the backend
	RejectedByBreaker uint64 `json:"rejected_by_breaker"`
	DeniedByBudget    uint64 `json:"denied_by_budget"`

	SuccessRate   float64 `json:"success_rate"`  // Succeeded / Calls; 0 without calls
	Amplification float64 `json:"amplification"` // Attempts / Calls; 0 without calls
	Goodput       float64 `json:"goodput"`       // successful calls a second of the phase (or run)

	// AttemptOutcomes counts attempts in the order of Outcomes.
	AttemptOutcomes []uint64 `json:"attempt_outcomes"`
	// Ends counts failed calls by the reason for which retrying ended.
	Ends []End `json:"ends"`

	// WastedWorkNS is the backend's working time on attempts that did not make
	// their call succeed; WorkNS all of its working time.
	WorkNS       int64 `json:"work_ns"`
	WastedWorkNS int64 `json:"wasted_work_ns"`

	Truth Truth `json:"truth"`

	CallDuration    Trend `json:"call_duration"`    // from the intended start to the end of the call
	AttemptDuration Trend `json:"attempt_duration"` // from the sending to the answer, time-out or break
	RetryDelay      Trend `json:"retry_delay"`      // the waits between attempts
}

// Truth holds what the backend carried out against what callers were told. An
// attempt commits when the backend carries out its operation, which it also does for a
// client that has stopped waiting; one that a fault, a limit or a full queue turns away
// does not. The deletion of what is not there is carried out.
type Truth struct {
	// Writes are the calls that were there to change something: uploads, copies, deletions,
	// POST, PUT, PATCH, DELETE.
	Writes uint64 `json:"writes"`
	// FalseFailures are the calls whose caller was told failure, or nothing until the
	// end of the run, though at least one of their attempts committed.
	FalseFailures uint64 `json:"false_failures"`
	// FalseSuccesses are the calls whose caller was told success, though none of their
	// attempts committed, or what was read is not what is stored.
	FalseSuccesses uint64 `json:"false_successes"`
	// Duplicates are the commits beyond the first one of each call, whatever its
	// caller was told.
	Duplicates uint64 `json:"duplicates"`
}

// End is one reason for which calls failed, and how many did.
type End struct {
	Reason string `json:"reason"`
	Calls  uint64 `json:"calls"`
}

// Trend is the shape of a distribution of durations. Quantiles come from a
// histogram with three significant digits; Min, Max and Mean are exact. All
// are zero when Count is.
type Trend struct {
	Count  uint64 `json:"count"`
	MinNS  int64  `json:"min_ns"`
	MeanNS int64  `json:"mean_ns"`
	P50NS  int64  `json:"p50_ns"`
	P90NS  int64  `json:"p90_ns"`
	P95NS  int64  `json:"p95_ns"`
	P99NS  int64  `json:"p99_ns"`
	P999NS int64  `json:"p999_ns"`
	MaxNS  int64  `json:"max_ns"`
}

// FaultRule tells what one fault rule of the plan did.
type FaultRule struct {
	Phase   string `json:"phase"`
	Rule    string `json:"rule"`    // its text, "PutObject raw/** p=0.9 SlowDown"
	Matched uint64 `json:"matched"` // attempts that it was for
	Fired   uint64 `json:"fired"`   // of those, the ones that it hit
	// Seen are those of Fired whose client still waited for what came of it: the
	// attempt ended with the faulty answer or broken connection (of a fault that never answers, with
	// the client's time-out), not before that by a time-out, and not with the run. Of an
	// attempt that a full backend or a limit turned away, nothing was seen but the latency.
	Seen uint64 `json:"seen"`
	// Share is Fired over all attempts of its phase: its effective rate.
	Share float64 `json:"share"`
	// NominalP is the share of Matched that was to be expected, NominalShare that of
	// all attempts that its selector chooses, behind the faults before it. The latter
	// is nil where it depends on the traffic.
	NominalP     float64  `json:"nominal_p"`
	NominalShare *float64 `json:"nominal_share,omitempty"`
}

// Limit tells what one limit of the backend did.
type Limit struct {
	Kind    string `json:"kind"`             // one of the constants below
	Limit   string `json:"limit"`            // its text, "writes 100/s per client: SlowDown"
	Asked   uint64 `json:"asked"`            // attempts that it was for
	Refused uint64 `json:"refused"`          // of those, the ones that it refused; one may be refused by several
	Shared  uint64 `json:"shared,omitempty"` // of those asked, the ones that shared a token bucket, as there were too many keys or clients
}

// The kinds of Limit.
const (
	LimitQuota    = "quota"
	LimitPrefix   = "prefix"   // reads or writes of partitioned prefixes
	LimitCapacity = "capacity" // workers, queue, requests in flight
)

// Partition is the number of partitioned prefixes from a moment on.
type Partition struct {
	AtNS  int64  `json:"at_ns"`
	Count int    `json:"count"`
	Key   string `json:"key,omitempty"` // where one was split: its upper part begins here
}

// Breakers sums up a policy's circuit breakers. Count is zero for a policy
// without.
type Breakers struct {
	Count       int    `json:"count"` // that there were at once, at most: a client that is restarted has new ones
	Scope       string `json:"scope,omitempty"`
	Transitions uint64 `json:"transitions"`
	OpenNS      int64  `json:"open_ns"`      // refusing calls; summed over all breakers
	HalfOpenNS  int64  `json:"half_open_ns"` // probing, or due for a probe; summed over all breakers
}

// Recovery tells how long calls went on failing after a fault ended.
type Recovery struct {
	Phase      string  `json:"phase"`                 // the phase that begins when the fault ends
	AfterNS    int64   `json:"after_ns"`              // from that phase's start to the end of the last bad second; 0: at once
	Recovered  bool    `json:"recovered"`             // false: still bad when the next fault, or the end, came
	BaselineSR float64 `json:"baseline_success_rate"` // what counts as good: 99 % of this
}

// Series holds what happened over time in buckets of BucketNS: every slice has
// the same length, and bucket i covers [i·BucketNS, (i+1)·BucketNS). It may
// reach past the run's duration, to the end of the last call.
type Series struct {
	BucketNS int64 `json:"bucket_ns"`

	// By the bucket in which a call was meant to start.
	Calls          []uint64 `json:"calls"`
	Succeeded      []uint64 `json:"succeeded"`
	Rejected       []uint64 `json:"rejected"` // failed calls that a breaker ended
	CallAttempts   []uint64 `json:"call_attempts"`
	CallAttemptMax []uint64 `json:"call_attempt_max"`
	CallP50NS      []int64  `json:"call_p50_ns"` // 0 where no call started
	CallP99NS      []int64  `json:"call_p99_ns"`
	CallMaxNS      []int64  `json:"call_max_ns"`

	// By the bucket in which an attempt was sent: one slice for each of Outcomes.
	Attempts [][]uint64 `json:"attempts"`

	// Time that breakers spent open and half-open (as in Breakers), summed over all
	// of the policy's breakers: divide by BucketNS·Breakers.Count for the share.
	BreakerOpenNS     []int64 `json:"breaker_open_ns"`
	BreakerHalfOpenNS []int64 `json:"breaker_half_open_ns"`
}

// Outcomes names what can become of an attempt, in the order used by
// Metrics.AttemptOutcomes and Series.Attempts.
var Outcomes = []string{"ok", "throttled", "server error", "client error", "timeout", "connection", "unfinished"}

// Indices into Outcomes.
const (
	OutcomeOK = iota
	OutcomeThrottled
	OutcomeServerError
	OutcomeClientError
	OutcomeTimeout
	OutcomeConnection
	OutcomeUnfinished // still without an answer when the run ended
)

// Threshold is the verdict on one expression of the scenario for one policy.
type Threshold struct {
	Metric   string  `json:"metric"` // with its filter, as written: "call_duration{phase:burst}"
	Expr     string  `json:"expr"`   // as written: "p(99)<20s"
	Policy   string  `json:"policy"`
	Client   string  `json:"client,omitempty"` // in place of a policy: a program that met the backend on a socket
	Expected string  `json:"expected"`         // for people: "p(99) < 20s"
	Actual   string  `json:"actual"`           // for people, in the metric's unit: "3.21s"
	Value    float64 `json:"value"`            // seconds for durations, else the plain number
	Passed   bool    `json:"passed"`
	Reason   string  `json:"reason,omitempty"` // why it failed without a value: "no samples"
	File     string  `json:"file,omitempty"`
	Line     int     `json:"line,omitempty"`
	Column   int     `json:"column,omitempty"`
}

// Warning is something the reader should know before trusting the numbers.
type Warning struct {
	Code    string `json:"code"` // stable, for programs: "fault-never-fired"
	Policy  string `json:"policy,omitempty"`
	Message string `json:"message"`
	// Fails tells that the run must not pass with this warning, as a fault that
	// never fired: what the scenario claims to prove was not tried.
	Fails bool `json:"fails,omitempty"`
}

// Failed reports whether any threshold was missed or any warning fails the
// run: then `simulate run` exits with 99.
func (r *Run) Failed() bool {
	for _, t := range r.Thresholds {
		if !t.Passed {
			return true
		}
	}
	for _, w := range r.Warnings {
		if w.Fails {
			return true
		}
	}
	return false
}
