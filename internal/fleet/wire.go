package fleet

import (
	"net/http"
	"strings"
	"time"

	"github.com/squall-sim/squall/faults"
)

// wire carries one attempt to the backend.
type wire interface {
	// send tells what the backend answers to the attempt and when.
	send(c *call, req *faults.Request) answer
}

// answer is what becomes of one attempt. The time that the backend takes is
// drawn by the fleet; the answer says how that time counts.
type answer struct {
	err    error         // nil: success
	add    time.Duration // latency on top of the backend's own
	after  time.Duration // (fixed) time from the sending to the answer
	hits   faults.Hits   // to be told when the client no longer waits
	upload time.Duration // until the backend has the whole request
	// commits is how many changes the backend makes for the attempt, whether or not
	// its client waits for the answer, unless that leaves before upload is over.
	commits uint64
	fixed   bool // the answer comes after exactly that time
	hang    bool // the answer never comes
	served  bool // the backend did the work: it costs a worker's time
	repeats bool // it has made them before, for a request with the same idempotency key
	lie     bool // the answer is a success, but not what is stored
}

// judged sets what a verdict of the fault plan implies.
func (a *answer) judged(req *faults.Request, v *faults.Verdict) {
	if v.Clean() {
		a.served = true
		return
	}
	a.add, a.hang, a.served, a.upload = v.Add, v.Hangs(), v.Served(), v.Upload()
	a.after, a.fixed = v.After()
	a.hits = v.Hits()
	// The lists of S3 are no matter of a size: they have a body in any case.
	a.lie = v.Corrupts() && !faults.Writes(req.Op) && (req.Download > 0 || strings.HasPrefix(req.Op, "List"))
}

// modelWire asks the fault plan for outcomes and sends nothing.
type modelWire struct{ run *run }

func (w modelWire) send(c *call, req *faults.Request) (a answer) {
	r := w.run
	now := r.moment()
	var header http.Header
	if r.headed {
		header = r.header(c, req)
	}
	var v faults.Verdict
	r.injector.DecideInto(&v, now, req, header)
	if r.limiter != nil {
		v = r.limiter.Meet(now, *req, v)
	}
	refused := r.routing.err(int(c.route), req.Method)
	a.judged(req, &v)
	a.err = routed(&v, refused)
	if a.served && refused == nil && r.mix.ops[c.op].writes && r.hasRoom(c.client, uint64(c.number), int(c.attempts)) {
		a.commits = 1
	}
	return a
}

func newWire(r *run) (wire, error) {
	if r.cfg.Mode == HTTP {
		return newHTTPWire(r)
	}
	return modelWire{run: r}, nil
}
