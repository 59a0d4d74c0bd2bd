package live

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/squall-sim/squall/faults"
)

// Truth holds what the backend carried out against what its clients were told:
// for the calls of one operation whose first request came in one phase.
//
// A call is what the clients say it is: the requests with one invocation id of an AWS SDK,
// with one number (faults.HeaderCall), or with one Idempotency-Key. A request that says
// nothing is a call of its own. A call was told what its last attempt was: success
// by a whole answer with a status of 2xx or 304, and failure by anything else, an answer
// that its client did not wait for included. It is judged as it stands, unless
// a request of its last attempt is still in flight; a retry may yet put it right.
//
// A client that looks further than at the status, as SDKs do into a 200 with an error in
// it, may know better than this; what it makes of an answer, the server cannot see. Nor
// can it see bytes that were sent and never received.
type Truth struct {
	Phase string `json:"phase"`
	Op    string `json:"op"` // operation of S3, method, or "other"
	Calls uint64 `json:"calls"`
	// Unnamed are those of Calls that are a request which says of no call: what it may
	// repeat is not known, so that it is no duplicate of anything.
	Unnamed uint64 `json:"unnamed"`
	// FalseFailures were told failure, but changed something with at least one of
	// their attempts.
	FalseFailures uint64 `json:"false_failures"`
	// FalseSuccesses were told success, but none of their attempts changed what it was
	// to change, or what the answer said is not what is stored.
	FalseSuccesses uint64 `json:"false_successes"`
	// Duplicates are the changes beyond the first one of each call.
	Duplicates uint64 `json:"duplicates"`
}

// TruthByOp adds up the truth of all phases, sorted by operation; Phase is empty.
func (s *State) TruthByOp() []Truth {
	var out []Truth
	for _, t := range s.Truth {
		i, found := slices.BinarySearchFunc(out, t.Op, func(one Truth, op string) int { return cmp.Compare(one.Op, op) })
		if !found {
			out = slices.Insert(out, i, Truth{Op: t.Op})
		}
		out[i].add(t)
	}
	return out
}

func (t *Truth) add(o Truth) {
	t.Calls += o.Calls
	t.Unnamed += o.Unnamed
	t.FalseFailures += o.FalseFailures
	t.FalseSuccesses += o.FalseSuccesses
	t.Duplicates += o.Duplicates
}

// maxCalls bounds the calls that a ledger knows at one time, some 30 MB: of more,
// the oldest is forgotten, and counts on as it stood.
const maxCalls = 1 << 18

// ledger books what requests changed and what was answered, call by call. The zero
// value is ready, and safe for concurrent use.
type ledger struct {
	mu     sync.Mutex
	rows   map[row]*Truth
	calls  map[callID]*entry
	oldest []callID // a ring, as soon as it is full
	next   int      // in the ring
}

// row is a line of the books.
type row struct {
	phase int
	op    string
}

// callID names a call. Clients number theirs; keyClient has the idempotency keys.
type callID struct{ client, call uint64 }

const keyClient = ^uint64(0)

// entry is one call.
type entry struct {
	truth   *Truth
	writes  bool
	pending bool   // its last attempt is in flight
	success bool   // what the last attempt was told
	lie     bool   // the answer of the last attempt was not what is stored
	attempt int    // the last one: the highest number, and of those the latest
	seq     uint64 // requests so far
	last    uint64 // seq of the last attempt
	commits uint64
	repeats bool // what it asks for had been done by a call before
}

// judged is what a call adds to the books as it stands.
func (e *entry) judged() (failures, successes, duplicates uint64) {
	if e.commits > 1 {
		duplicates = e.commits - 1
	}
	switch {
	case e.pending:
	case !e.success && e.commits > 0:
		failures = 1
	case e.success && (e.lie || e.writes && e.commits == 0 && !e.repeats):
		successes = 1
	}
	return failures, successes, duplicates
}

// change alters a call, and the books with it.
func (e *entry) change(f func()) {
	failures, successes, duplicates := e.judged()
	f()
	t := e.truth
	t.FalseFailures, t.FalseSuccesses, t.Duplicates = t.FalseFailures-failures, t.FalseSuccesses-successes, t.Duplicates-duplicates
	failures, successes, duplicates = e.judged()
	t.FalseFailures, t.FalseSuccesses, t.Duplicates = t.FalseFailures+failures, t.FalseSuccesses+successes, t.Duplicates+duplicates
}

// begin books a request whose verdict is known. A request that says of no call is
// booked when it is done.
func (l *ledger) begin(r *http.Request, x *exchange) {
	x.call = callID{x.who.Client, x.who.Call}
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		x.call, x.grouped = callID{keyClient, hashOf(r.Method, r.URL.Path, key)}, true
	} else if x.grouped = x.named; !x.named {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.calls[x.call]
	if e == nil {
		e = &entry{truth: l.row(x), writes: faults.Writes(x.who.Op)}
		e.truth.Calls++
		l.keep(x.call, e)
	}
	e.seq++
	x.seq = e.seq
	if x.who.Attempt >= e.attempt {
		e.change(func() { e.attempt, e.last, e.pending = x.who.Attempt, x.seq, true })
	}
}

// keep remembers a call, and forgets the oldest where there are too many.
func (l *ledger) keep(id callID, e *entry) {
	if l.calls == nil {
		l.calls = make(map[callID]*entry)
	}
	l.calls[id] = e
	if len(l.oldest) < maxCalls {
		l.oldest = append(l.oldest, id)
		return
	}
	delete(l.calls, l.oldest[l.next])
	l.oldest[l.next] = id
	l.next = (l.next + 1) % maxCalls
}

// row finds the books of a request's phase and operation. l.mu is held.
func (l *ledger) row(x *exchange) *Truth {
	key := row{x.verdict.Phase, knownOp(x.who)}
	t := l.rows[key]
	if t == nil {
		if l.rows == nil {
			l.rows = make(map[row]*Truth)
		}
		t = &Truth{Op: key.op}
		l.rows[key] = t
	}
	return t
}

// done books the end of a request.
func (l *ledger) done(r *http.Request, x *exchange) {
	if !x.decided {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.calls[x.call]
	if !x.grouped || e == nil { // nothing says of which call, or it was forgotten
		e = &entry{truth: l.row(x), writes: faults.Writes(x.who.Op), last: x.seq}
		if !x.grouped {
			e.truth.Calls++
			e.truth.Unnamed++
		}
	}
	e.change(func() {
		e.commits += x.commits
		e.repeats = e.repeats || x.repeats
		if x.seq == e.last {
			e.pending, e.success = false, x.toldSuccess(r)
			e.lie = x.verdict.Corrupts() && !e.writes && x.sent > 0
		}
	})
}

// fill copies the books into a state, in the order of phases, then of operations.
func (l *ledger) fill(s *State, labels func(phase int) string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	keys := make([]row, 0, len(l.rows))
	for key := range l.rows { // sorted below
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b row) int { return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.op, b.op)) })
	s.Truth = make([]Truth, 0, len(keys))
	for _, key := range keys {
		t := *l.rows[key]
		t.Phase = labels(key.phase)
		s.Truth = append(s.Truth, t)
	}
}

// toldSuccess reports whether the client of an ended request was told success, as
// far as a server can see.
func (x *exchange) toldSuccess(r *http.Request) bool {
	status := x.code()
	if status != http.StatusNotModified && (status < 200 || status > 299) || x.lost || r.Context().Err() != nil {
		return false
	}
	if r.Method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified {
		return true
	}
	announced, err := strconv.ParseInt(x.Header().Get("Content-Length"), 10, 64)
	return err != nil || x.sent >= announced
}
