package fleet

import (
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// call is one logical call in flight: the step machine of package retry, and
// the attempt that is under way. Calls are pooled; generation tells an event
// of an earlier attempt (a late answer, a cancelled time-out) from one that
// is awaited.
//
// There may be a million of them: fields are no larger than they must be, and what most
// runs have no need of is apart.
type call struct {
	client     uint64
	start      time.Duration // intended
	run        *run
	cell       *cell
	own        *own // nil: the call is as its item of the mix says, and meets no breaker
	step       retry.Call
	sent       time.Duration // of the attempt under way; -1 between attempts
	work       time.Duration // of the backend on the attempt under way
	answer     error         // what the backend will say to it
	hits       faults.Hits   // the faults that it is under
	index      uint32        // in the pool
	number     uint32        // of the client's calls
	attempts   uint32
	generation uint32
	commits    uint32 // changes that the backend made for the call's attempts
	op         uint16
	route      int16 // of the backend's; -1: none
	flying     bool  // the call has begun and not ended
	hang       bool  // the attempt under way is never answered
	turnedAway bool  // the backend has no room for it, so that the faults come to nothing
	lie        bool  // it will say so, but it is not so
	timeUp     bool  // its time is up, and all else that happens in this moment comes first
}

// own is what some calls have for themselves.
type own struct {
	permit breaker.Permit // of the attempt under way
	key    string
	size   int64
	late   *late // the books of the call, where not all of its attempts are settled
	job    *job  // the work on the attempt under way, at a station that may give it up
	upload upload
	again  again
	net    transit
}

// reset makes it that of a call that begins. Its permit, which holds nothing, stays.
func (o *own) reset(key string, size int64, network bool) {
	o.key, o.size, o.late, o.job, o.upload, o.again = key, size, nil, nil, upload{}, again{}
	if network {
		o.net = transit{}
	}
}

// begin starts a call that was meant to start now.
func (r *run) begin(client uint64, op int, key string, size int64) {
	now := r.moment()
	r.audit.begin(now, r.calls.flying)
	c := r.calls.take()
	c.run, c.client, c.op = r, client, uint16(op)
	if r.owned {
		if c.own == nil {
			c.own = new(own)
		}
		c.own.reset(key, size, r.network != nil)
	}
	c.route = int16(r.routing.of(r.mix.ops[op].method, key))
	i := client
	if i >= uint64(len(r.numbers)) {
		i %= uint64(len(r.numbers))
	}
	c.number = r.numbers[i]
	r.numbers[i]++
	c.start, c.sent, c.attempts, c.commits = now, -1, 0, 0
	c.cell = r.recorder.cellNow(c.start, r.group(client), r.mix.ops[op].name)
	if r.live != nil {
		r.live.launch(c)
		return
	}
	crew := r.crewOf(client)
	c.step = crew.retrier(client).Begin(crew.now(r))
	if r.apart {
		c.at(c.start, eventSend)
		c.playOn()
		return
	}
	c.send()
}

// now is the time that the call's policy is told.
func (c *call) now() time.Time { return c.run.crewOf(c.client).now(c.run) }

// key is the call's: where nobody asks for keys, the template of the mix.
func (c *call) key() string {
	if c.own != nil {
		return c.own.key
	}
	return c.run.mix.ops[c.op].Key
}

func (c *call) size() int64 {
	if c.own != nil {
		return c.own.size
	}
	return c.run.mix.ops[c.op].Size
}

// act receives the call's events.
func (c *call) act(now time.Duration, e event) {
	if !e.isOf(c.generation) {
		return // the client no longer waits for this
	}
	if c.run.apart {
		c.at(now, e.kind())
		c.playOn()
		return
	}
	c.happens(now, e.kind())
}

// happens has something happen to the call.
func (c *call) happens(now time.Duration, what event) {
	switch what {
	case eventSend:
		c.send()
	case eventAnswer:
		if !c.turnedAway {
			c.hits.Seen()
		}
		c.settle(c.answer)
	case eventArrives:
		c.arrive()
	case eventLeaves:
		c.reply(0)
	case eventTimeout:
		if c.justInTime(now) {
			return
		}
		if c.hang && !c.turnedAway {
			c.hits.Seen() // silence is what the fault does
		}
		c.settle(c.run.crewOf(c.client).timeout)
	}
}

// send makes one attempt, if the policy's limiter and the breaker admit it.
func (c *call) send() {
	r := c.run
	crew := r.crewOf(c.client)
	if crew.paced && !c.admitted() {
		return
	}
	if crew.breakers.cfg != nil {
		if err := crew.breakers.guard(c).Begin(&c.own.permit); err != nil {
			r.recorder.rejected(c)
			c.failed(err)
			return
		}
	}
	c.attempts++
	c.sent = r.moment()
	c.cell.attempts++
	if r.network != nil {
		c.post()
		return
	}
	latency := c.draw() // early: the processor has other things to do until it is needed
	a := r.wire.send(c, c.request())
	c.dispatch(&a, latency)
}

// admitted asks the policy's limiter whether the attempt may start now. If not,
// the call waits to ask again, or has ended.
func (c *call) admitted() bool {
	r := c.run
	d := c.step.Admit(r.now(), r.draws.pace.Float64(c.client, uint64(c.number), uint64(c.attempts)))
	switch {
	case !d.Retry:
		c.end(r.moment(), false, int(d.Reason))
	case d.After > 0:
		c.after(d.After, eventSend)
	default:
		return true
	}
	return false
}

// request is that of the attempt under way, until the next one. Where it asks for what
// the last one did, only whose it is has to be told.
func (c *call) request() *faults.Request {
	r := c.run
	if op := &r.mix.ops[c.op]; c.own != nil || r.routing.table != nil || r.described != op {
		c.describe(&r.request, int(c.attempts))
		r.described = op
	}
	r.request.Client, r.request.Call, r.request.Attempt = c.client, uint64(c.number), int(c.attempts)
	return &r.request
}

// describe sets r to what an attempt asks for. Of lists nobody knows the size: their
// answers count as nothing where their time is a matter of it.
func (c *call) describe(r *faults.Request, attempt int) {
	op := &c.run.mix.ops[c.op]
	r.Op, r.Method, r.Bucket, r.Key = op.Name, op.method, op.bucket, c.key()
	r.Client, r.Call, r.Attempt = c.client, uint64(c.number), attempt
	r.Upload, r.Download = 0, 0
	switch {
	case op.downloads:
		r.Download = c.size()
	case op.uploads:
		r.Upload = c.size()
	}
	if n, ok := c.run.routing.length(int(c.route), op.method); ok {
		r.Download = n
	}
}

// dispatch schedules what becomes of the attempt: its answer, or the
// client's time-out where that comes first.
func (c *call) dispatch(a *answer, latency time.Duration) {
	r := c.run
	c.answer, c.work, c.lie, c.hits, c.hang, c.turnedAway, c.timeUp = a.err, 0, a.lie, a.hits, a.hang, false, false
	limit, limited := c.patience()
	if limited && limit < a.upload {
		c.comesToNothing(a) // it leaves before the backend has all of it
	}
	if entrusted := r.fickle && a.served && !a.fixed; !entrusted {
		c.commits += uint32(a.commits)
		if c.own != nil {
			c.own.upload = upload{a.upload, uint32(a.commits), count(a.repeats)}
			c.own.again.done += count(a.repeats)
		}
	} else {
		c.own.upload = upload{takes: a.upload}
	}
	limited = limited && r.network == nil // else the time-out is under way already
	wait := sim.Add(latency, a.add)
	switch {
	case a.fixed:
		wait = a.after
	case a.served && r.station != nil:
		c.queue(wait, limit, limited, a)
		return
	case a.served:
		c.work = wait
		c.cell.work += wait
	}
	if a.hang {
		if limited {
			c.after(limit, eventTimeout)
		}
		return
	}
	c.await(wait, limit, limited)
}

// comesToNothing takes back what an attempt was to change.
func (c *call) comesToNothing(a *answer) {
	if c.own != nil {
		c.own.again.lost += uint32(a.commits)
	}
	a.commits, a.repeats = 0, false
}

// patience is how long the client waits for the attempt, from its sending.
func (c *call) patience() (limit time.Duration, limited bool) {
	if c.run.network != nil {
		return c.own.net.limit, c.own.net.limited
	}
	return c.step.Timeout(c.now())
}

// await schedules the answer, or the client's time-out where that comes first.
func (c *call) await(wait, limit time.Duration, limited bool) {
	if c.run.network != nil {
		c.reply(wait)
		return
	}
	if limited && limit < wait {
		c.after(limit, eventTimeout)
		return
	}
	c.after(wait, eventAnswer)
}

// draw draws the backend's time for the attempt.
func (c *call) draw() time.Duration {
	r := c.run
	from := r.latency
	if c.route >= 0 && r.routing.latency[c.route] != nil {
		from = r.routing.latency[c.route]
	}
	return from.Sample(r.draws.latency.Float64(c.client, uint64(c.number), uint64(c.attempts)))
}

// queue hands the attempt to the backend's workers, who serve it whether or
// not the client still waits, and whether or not it ever hears of it.
func (c *call) queue(work, limit time.Duration, limited bool, a *answer) {
	r := c.run
	done := c.event(eventAnswer)
	switch {
	case a.hang:
		done = c.event(eventWorked)
	case r.network != nil:
		done = c.event(eventLeaves)
	}
	work, ok := r.enter(work, c, done, a)
	if !ok {
		c.answer, c.turnedAway = r.full.Err(r.mix.ops[c.op].method), true
		c.await(r.full.After(), limit, limited)
		return
	}
	c.work = work
	c.cell.work += work
	if limited {
		c.after(limit, eventTimeout)
	}
}

// settle ends the attempt under way with err, nil for success.
func (c *call) settle(err error) {
	r := c.run
	c.generation++
	now := r.moment()
	if r.network != nil && c.own.net.onWay {
		c.abandon()
	}
	if r.fickle && c.own.job != nil {
		c.leave()
	}
	if c.own != nil {
		c.own.permit.Done(err)
	}
	c.hits.End()
	c.hits = faults.Hits{}
	r.recorder.attempt(c, now, r.recorder.outcome(err))
	c.sent = -1
	if err != nil {
		c.failed(err)
		return
	}
	c.cell.useful += c.work
	c.step.Succeeded(c.now())
	c.end(now, true, 0)
}

// failed asks the policy what to do about err.
func (c *call) failed(err error) {
	r := c.run
	u := r.draws.jitter.Float64(c.client, uint64(c.number), uint64(c.attempts))
	d := c.step.Failed(c.now(), err, u)
	if d.Retry {
		c.cell.delay.Add(d.After)
		c.after(d.After, eventSend)
		return
	}
	if d.Reason == retry.OverBudget {
		c.cell.denied++
	}
	c.end(r.moment(), false, int(d.Reason))
}

// giveUp ends a call that is still in flight when the run ends.
func (c *call) giveUp(now time.Duration) {
	c.cell.unfinished++
	if c.own != nil {
		c.own.permit = breaker.Permit{} // the breaker will not hear of it
		if j := c.own.job; j != nil {
			c.own.job, j.call = nil, nil // the client still waits: its work goes on
		}
	}
	if c.sent >= 0 {
		c.run.recorder.attempt(c, now, reports.OutcomeUnfinished)
	}
	c.end(now, false, reasonUnfinished)
}

func (c *call) end(now time.Duration, ok bool, reason int) {
	r := c.run
	if r.live == nil {
		r.audit.end(c, now, r.calls.flying)
	}
	r.last = max(r.last, now)
	r.recorder.ended(c, now, ok, reason)
	if r.ended != nil {
		r.ended(c, ok)
	}
	if r.fickle && c.own.job != nil {
		c.leave()
	}
	r.calls.release(c)
	r.next(c.client)
}
