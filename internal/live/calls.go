package live

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/measure"
)

// Call is what the server saw of one call of a client, as the client names it (see
// [Truth]). Of clients that say nothing, a request for the same method and target as
// one that has failed is taken for its retry: a run of them ends with the first
// answer that is not worth one (no 408, 429 or 5xx, and no broken connection), and
// requests that are in flight at the same time are calls of their own.
type Call struct {
	ID     string `json:"id,omitempty"` // as its client gave it, shortened; empty: it gave none
	Phase  string `json:"phase"`        // in which its first request came
	Op     string `json:"op"`           // operation of S3, or method
	Target string `json:"target"`       // of its first request: path and query, shortened
	// Success tells that the last attempt was answered with success: see [Truth]. A 200
	// with an error of S3 in it, which a fault made, is none.
	Success bool `json:"success"`
	// Open are the attempts that are in flight.
	Open int `json:"in_flight,omitempty"`
	// Count are the attempts that arrived; Attempts the first 16 of them.
	Count    int       `json:"count"`
	Attempts []Attempt `json:"attempts"`

	phase   int
	named   bool
	retry   bool      // of a call that is not named: the next one of its like is its retry
	ended   time.Time // when its last attempt ended; zero: it is in flight
	last    uint64    // its last request, by number
	settled bool
}

// Attempt is one request of a call. Times are nanoseconds; At is since the start
// of the server, or its last reset.
type Attempt struct {
	Number int           `json:"attempt"` // as its client says, or by counting
	At     time.Duration `json:"at_ns"`
	Took   time.Duration `json:"took_ns"` // to the end of the answer; -1: in flight
	Status int           `json:"status"`  // 0: no answer, or not all of it
	Fault  string        `json:"fault,omitempty"`
}

// What a history keeps: at most some 10 MB.
const (
	maxHistory  = 10_000
	maxAttempts = 16
	maxText     = 256
)

// history has the last calls, and what all of them together came to. The zero
// value is ready, and safe for concurrent use.
type history struct {
	mu     sync.Mutex
	began  time.Time
	seq    uint64 // requests so far
	calls  map[callID]*Call
	ring   []slot // the last calls, oldest at next when full
	next   int
	totals totals // of calls that are no longer kept
}

type slot struct {
	id   callID
	call *Call
}

// spot is where a request is in the history.
type spot struct {
	call  *Call
	index int // of Attempts; -1: not kept
	seq   uint64
}

// targetClient has the calls that are known by their target only.
const targetClient = ^uint64(0) - 1

// begin notes a request whose verdict is known.
func (h *history) begin(r *http.Request, x *exchange) {
	id := x.call
	if !x.grouped {
		id = callID{targetClient, x.who.Call}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	c := h.calls[id]
	if c == nil || !x.grouped && (c.Open > 0 || !c.retry) {
		c = &Call{ID: nameOf(r), Op: knownOp(x.who), Target: shortened(r.RequestURI), phase: x.verdict.Phase, named: x.grouped}
		h.keep(id, c)
	}
	number := x.who.Attempt
	if !x.grouped {
		number = c.Count + 1
	}
	if !c.ended.IsZero() && c.Open == 0 {
		h.totals.cell(c.phase, c.Op).delay.Add(x.arrived.Sub(c.ended))
	}
	c.Open, c.Count, c.last = c.Open+1, c.Count+1, h.seq
	x.spot = spot{c, -1, h.seq}
	if len(c.Attempts) < maxAttempts {
		x.spot.index = len(c.Attempts)
		c.Attempts = append(c.Attempts, Attempt{Number: number, At: x.arrived.Sub(h.began), Took: -1})
	}
}

// keep remembers a call, and settles the oldest where there are too many.
func (h *history) keep(id callID, c *Call) {
	if h.calls == nil {
		h.calls = make(map[callID]*Call)
	}
	h.calls[id] = c
	if len(h.ring) < maxHistory {
		h.ring = append(h.ring, slot{id, c})
		return
	}
	old := h.ring[h.next]
	if h.calls[old.id] == old.call {
		delete(h.calls, old.id)
	}
	h.totals.settle(old.call, h.began)
	old.call.settled = true
	h.ring[h.next] = slot{id, c}
	h.next = (h.next + 1) % maxHistory
}

// done notes the end of a request.
func (h *history) done(r *http.Request, x *exchange, now time.Time) {
	c := x.spot.call
	if c == nil {
		return
	}
	status, hit := x.code(), x.hit()
	if hit == "-" {
		hit = ""
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.totals.cell(c.phase, c.Op).attempt.Add(now.Sub(x.arrived))
	c.Open--
	if x.spot.index >= 0 {
		a := &c.Attempts[x.spot.index]
		a.Took, a.Status, a.Fault = now.Sub(x.arrived), status, hit
	}
	if x.spot.seq != c.last {
		return
	}
	c.ended = now
	c.Success = x.toldSuccess(r) && x.verdict.Effect().Kind != faults.ErrorIn200
	switch {
	case c.Success:
		c.retry = false
	case status == 0, status/100 == 2, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		c.retry = true
	default:
		c.retry = status >= 500
	}
}

// lastOf returns up to n of the last calls that a filter takes, oldest first.
func (h *history) lastOf(n int, take func(*Call) bool, labels func(int) string) []Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []Call{}
	for i := len(h.ring) - 1; i >= 0 && len(out) < n; i-- {
		c := h.ring[(h.next+i)%len(h.ring)].call
		if take(c) {
			one := *c
			one.Phase, one.Attempts = labels(c.phase), slices.Clone(c.Attempts)
			out = append(out, one)
		}
	}
	slices.Reverse(out)
	return out
}

// nameOf is what a client calls its call.
func nameOf(r *http.Request) string {
	if call := r.Header.Get(faults.HeaderCall); call != "" {
		return shortened(r.Header.Get(faults.HeaderClient) + "/" + call)
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		return shortened(key)
	}
	return shortened(r.Header.Get("Amz-Sdk-Invocation-Id"))
}

// shortened bounds what is kept of a client's text. It keeps no more of the
// request alive than that.
func shortened(s string) string { return strings.Clone(s[:min(len(s), maxText)]) }

// totals are sums over calls, by phase and operation.
type totals struct {
	cells    map[row]*cell
	recovery measure.Recovery

	recoverable time.Duration // calls that start later have no part in recovery
}

// cell holds the calls of one phase and operation. Of calls that are still kept,
// it has the attempts only.
type cell struct {
	calls, succeeded      uint64
	attempts, least, most uint64
	counts                []uint64 // calls by number of attempts
	call, attempt, delay  measure.Durations
}

// maxCounts bounds the table of calls by attempts; the last line has those of more.
const maxCounts = 256

func (t *totals) cell(phase int, op string) *cell {
	key := row{phase, op}
	c := t.cells[key]
	if c == nil {
		if t.cells == nil {
			t.cells = make(map[row]*cell)
		}
		c = &cell{}
		t.cells[key] = c
	}
	return c
}

// recoveryFor is for how long after its plan a server counts seconds that were bad.
const recoveryFor = 24 * time.Hour

// settle books a call as it stands.
func (t *totals) settle(c *Call, began time.Time) {
	if c.settled {
		return
	}
	n, into := uint64(c.Count), t.cell(c.phase, c.Op)
	into.calls++
	into.attempts += n
	if into.calls == 1 || n < into.least {
		into.least = n
	}
	into.most = max(into.most, n)
	for len(into.counts) <= c.Count && len(into.counts) < maxCounts {
		into.counts = append(into.counts, 0)
	}
	into.counts[min(c.Count, maxCounts-1)]++
	if c.Success {
		into.succeeded++
	}
	if !c.ended.IsZero() {
		into.call.Add(c.ended.Sub(began) - c.Attempts[0].At)
	}
	if at := c.Attempts[0].At; at < t.recoverable {
		t.recovery.Call(at, c.Success)
	}
}

// merge adds up two cells.
func (c *cell) merge(o *cell) {
	if o.calls > 0 && (c.calls == 0 || o.least < c.least) {
		c.least = o.least
	}
	c.calls, c.succeeded, c.attempts, c.most = c.calls+o.calls, c.succeeded+o.succeeded, c.attempts+o.attempts, max(c.most, o.most)
	for len(c.counts) < len(o.counts) {
		c.counts = append(c.counts, 0)
	}
	for i, n := range o.counts {
		c.counts[i] += n
	}
	c.call.Merge(&o.call)
	c.attempt.Merge(&o.attempt)
	c.delay.Merge(&o.delay)
}
