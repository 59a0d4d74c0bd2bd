package fleet

import (
	"time"

	"github.com/squall-sim/squall/faults"
)

// wire carries one attempt to the backend.
type wire interface {
	// send tells what the backend answers to the attempt and when.
	send(c *call, req faults.Request) answer
}

// answer is what becomes of one attempt. The time that the backend takes is
// drawn by the fleet; the answer says how that time counts.
type answer struct {
	err    error         // nil: success
	add    time.Duration // latency on top of the backend's own
	after  time.Duration // (fixed) time from the sending to the answer
	fixed  bool          // the answer comes after exactly that time
	hang   bool          // the answer never comes
	served bool          // the backend did the work: it costs a worker's time
	ended  func()        // to be called when the client no longer waits; nil: not needed
}

// verdictAnswer is the answer that a verdict of the fault plan implies.
func verdictAnswer(v faults.Verdict) answer {
	a := answer{add: v.Add, hang: v.Hangs(), served: v.Served()}
	a.after, a.fixed = v.After()
	if v.Bounded() {
		a.ended = v.End
	}
	return a
}

// modelWire asks the fault plan for outcomes and sends nothing.
type modelWire struct{ run *run }

func (w modelWire) send(c *call, req faults.Request) answer {
	now := w.run.loop.Now()
	v := w.run.limiter.Meet(now, req, w.run.injector.Decide(now, req))
	a := verdictAnswer(v)
	a.err = routed(v, w.run.routing.err(c.route, req.Method))
	return a
}

func newWire(r *run) (wire, error) {
	if r.cfg.Mode == HTTP {
		return newHTTPWire(r)
	}
	return modelWire{run: r}, nil
}
