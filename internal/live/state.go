package live

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/squall-sim/squall/faults"
)

// State is what a server did since its start or its last reset. All counters
// were read within one moment, while requests went on: they may differ by those.
type State struct {
	Scenario string `json:"scenario"`
	Kind     string `json:"kind"` // "s3" or "http"
	Bucket   string `json:"bucket,omitempty"`
	Seed     uint64 `json:"seed"`

	Phase string `json:"phase"` // in force
	Held  bool   `json:"held"`  // it stays in force
	// Elapsed is the time since the start or the last reset, PlanTime how far the
	// plan has run by then; in a phase that is held it begins anew where the phase
	// would end. Nanoseconds.
	Elapsed  time.Duration `json:"elapsed_ns"`
	PlanTime time.Duration `json:"plan_time_ns"`

	Requests uint64 `json:"requests"`  // that arrived
	InFlight uint64 `json:"in_flight"` // of those, not answered yet
	Faulted  uint64 `json:"faulted"`   // on which a fault fired
	Refused  uint64 `json:"refused"`   // turned away by a backend that had no room, not by its Limits
	Bugs     uint64 `json:"bugs"`      // that made the fake itself fail, which no scenario asks for
	// Handshakes are the TLS handshakes that failed since the start: most often of
	// clients that do not trust the authority.
	Handshakes uint64 `json:"failed_handshakes"`
	// Answers are the ended requests by operation and status, sorted by both.
	Answers []Answers `json:"answers"`
	// Attempts[i] are the requests that said to be attempt i+1 of their call;
	// the last one has those beyond too. Without trailing zeros.
	Attempts []uint64 `json:"attempts"`
	// Rules are the faults of the plan, in its order, and behind them those that were
	// added at run time, which are asked first. Of added ones that were removed, the last
	// 100 are here.
	Rules []Rule `json:"rules"`
	// Limits are the quotas of the backend, then the rates of its partitioned
	// prefixes; Splits is how these were split, in order.
	Limits []Limit `json:"limits"`
	Splits []Split `json:"splits"`
	// Truth is what was carried out against what was told, by phase and operation,
	// in the order of phases and then by name.
	Truth []Truth `json:"truth"`
	// LeakedUploads are the multipart uploads of S3 that were begun, and so far neither
	// completed nor aborted. nil for a plain HTTP service, which has none.
	LeakedUploads *int `json:"leaked_uploads,omitempty"`
}

// Answers counts the ended requests of one operation with one status.
type Answers struct {
	Op     string `json:"op"`     // operation of S3, method, or "other"
	Status int    `json:"status"` // 0: no answer, or not all of it
	Count  uint64 `json:"count"`
}

// Rule is one fault and what it did.
type Rule struct {
	Phase   string `json:"phase"`
	Rule    int    `json:"rule"` // number within the phase, from 0
	Text    string `json:"text"`
	Matched uint64 `json:"matched"` // requests that it was for
	Fired   uint64 `json:"fired"`   // of those, the ones that it hit
	// Seen are those of Fired that have ended, and whose client was there for what
	// the fault did: all that was to be sent was sent before it went away, as far as a
	// server can tell. A fault that sends nothing, or stops, was seen when the client went away.
	Seen uint64 `json:"seen"`
	// Share is Fired over all requests of its phase. NominalP is the share of Matched
	// that was to be expected, NominalShare that of the requests that its selector
	// chooses, behind the faults before it; nil where that depends on the traffic.
	Share        float64  `json:"share"`
	NominalP     float64  `json:"nominal_p"`
	NominalShare *float64 `json:"nominal_share,omitempty"`
	// Due is false for a fault whose phase has no turn, as another one is held.
	Due bool `json:"due"`

	// ID names a fault that was added at run time; 0: it is the plan's. Phase is empty
	// for one that is in force in all phases.
	ID int `json:"id,omitempty"`
	// Removed is true for an added one that was taken back, or has taken itself back.
	Removed bool `json:"removed,omitempty"`
	// Left is how long an added one stays, in nanoseconds; 0: until it is taken back.
	Left time.Duration `json:"left_ns,omitempty"`
}

// Idle lists the faults that never fired although it was their turn.
func (s *State) Idle() []Rule {
	return slices.DeleteFunc(slices.Clone(s.Rules), func(r Rule) bool { return r.Fired > 0 || !r.Due })
}

// Calls returns how many calls made exactly i+1 attempts, at index i, of the
// clients that number their attempts. The last one has those with more too.
func (s *State) Calls() []uint64 {
	calls := slices.Clone(s.Attempts)
	for i := range calls {
		if i+1 < len(calls) && calls[i] >= calls[i+1] {
			calls[i] -= calls[i+1]
		}
	}
	return calls
}

// maxAttempt bounds what is counted by attempt.
const maxAttempt = 32

// counters are those of a world; the injector and the station have their own.
type counters struct {
	mu       sync.Mutex
	requests uint64
	ended    uint64
	faulted  uint64
	attempts [maxAttempt]uint64
	answers  map[Answers]uint64 // keys have no Count
}

func (c *counters) arrived(x *exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if x.named {
		c.attempts[min(max(x.who.Attempt, 1), maxAttempt)-1]++
	}
}

func (c *counters) done(x *exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended++
	if x.verdict.Effect().Kind != faults.None {
		c.faulted++
	}
	if c.answers == nil {
		c.answers = make(map[Answers]uint64)
	}
	c.answers[Answers{Op: knownOp(x.who), Status: x.code()}]++
}

// knownOp keeps what clients make up out of the counters.
func knownOp(who faults.Request) string {
	if _, ok := faults.Operation(who.Op); ok {
		return who.Op
	}
	switch who.Op {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return who.Op
	}
	return "other"
}

// fill copies the counters into a state.
func (c *counters) fill(s *State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Requests, s.InFlight, s.Faulted = c.requests, c.requests-c.ended, c.faulted
	s.Answers = make([]Answers, 0, len(c.answers))
	for key, n := range c.answers { // sorted below
		key.Count = n
		s.Answers = append(s.Answers, key)
	}
	slices.SortFunc(s.Answers, func(a, b Answers) int {
		return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.Status, b.Status))
	})
	n := maxAttempt
	for n > 0 && c.attempts[n-1] == 0 {
		n--
	}
	s.Attempts = slices.Clone(c.attempts[:n])
	if n == 0 {
		s.Attempts = []uint64{}
	}
}

// State returns what the server did so far.
func (s *Server) State() State {
	w := s.world.Load()
	at := w.course.now()
	out := State{
		Scenario: s.scenario.Name, Kind: string(s.scenario.Backend.Kind), Bucket: s.scenario.Backend.Bucket, Seed: s.options.Seed,
		Phase: s.scenario.Phases[w.injector.PhaseAt(at)].Label, Held: w.course.holds() >= 0,
		Elapsed: s.clock.Now().Sub(w.began), PlanTime: at, Refused: w.station.refused.Load(),
		Handshakes: s.handshakes.failed.Load(),
		Rules:      []Rule{},
	}
	w.counts.fill(&out)
	w.limits(&out)
	w.truth.fill(&out, func(phase int) string { return s.scenario.Phases[phase].Label })
	if w.store != nil {
		out.Bugs = w.store.Bugs()
		uploads := w.store.Usage().Uploads
		out.LeakedUploads = &uploads
	}
	for _, c := range w.injector.Counts() {
		r := ruleOf(c)
		r.Phase, r.Rule, r.Due = c.Label, c.Rule, w.course.isDue(c.Phase)
		out.Rules = append(out.Rules, r)
	}
	out.Rules = append(out.Rules, s.addedRules(w)...)
	return out
}

// ruleOf is what a fault did.
func ruleOf(c faults.RuleCount) Rule {
	r := Rule{Text: c.Text, Matched: c.Matched, Fired: c.Fired, Seen: c.Seen, Share: c.Share(), NominalP: c.Nominal.P}
	if c.Nominal.Known {
		r.NominalShare = &c.Nominal.Rate
	}
	return r
}
