package fleet

import "time"

// Watcher is told what calls do as it happens, one at a time, in the order of
// the fleet's events: for who compares runs call by call. It must be quick.
type Watcher interface {
	Attempt(AttemptRecord) // when it has ended
	Call(CallRecord)       // when it has ended
}

// AttemptRecord is one attempt that has ended.
type AttemptRecord struct {
	Client, Call uint64 // number of the client, and of the client's call
	Number       int    // of the call's attempts, from 1
	Sent, Ended  time.Duration
	Outcome      int // index into reports.Outcomes
}

// CallRecord is one call that has ended.
type CallRecord struct {
	Client, Call uint64
	Op           int           // index into Load.Mix
	Start, Ended time.Duration // Start as it was meant
	Attempts     int
	OK           bool
	// Reason is why a call that is not OK ended: that of package retry, or
	// "unfinished" for one that the end of the run gave up.
	Reason string
}

// watchAttempt tells of the end of the attempt under way.
func (r *run) watchAttempt(c *call, now time.Duration, outcome int) {
	if w := r.cfg.Watch; w != nil {
		w.Attempt(AttemptRecord{Client: c.client, Call: uint64(c.number), Number: int(c.attempts), Sent: c.sent, Ended: now, Outcome: outcome})
	}
}

// watchCall tells of the end of a call.
func (r *run) watchCall(c *call, now time.Duration, ok bool, reason int) {
	w := r.cfg.Watch
	if w == nil {
		return
	}
	rec := CallRecord{Client: c.client, Call: uint64(c.number), Op: int(c.op), Start: c.start, Ended: now, Attempts: int(c.attempts), OK: ok}
	if !ok {
		rec.Reason = endName(reason)
	}
	w.Call(rec)
}
