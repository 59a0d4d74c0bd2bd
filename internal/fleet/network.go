package fleet

import (
	"fmt"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/sim"
)

// network is the way between clients and backend. The faults, the limits and the backend
// see a request when it arrives, whether or not its client still waits; the client's
// time-out runs from the sending.
type network struct {
	way                   sim.Sampler // each way
	request, reply, leave sim.Stream
}

// newNetwork returns nil where the way takes no time.
func newNetwork(cfg *Config) (*network, error) {
	d := cfg.Backend.Network
	if d == nil || d.Equal(sim.Dist{Kind: sim.Fixed}) {
		return nil, nil
	}
	way, err := d.Sampler()
	if err != nil {
		return nil, fmt.Errorf("fleet: backend network: %w", err)
	}
	return &network{way: way, request: sim.NewStream(cfg.Seed, "network request"), reply: sim.NewStream(cfg.Seed, "network reply"), leave: sim.NewStream(cfg.Seed, "network leave")}, nil
}

// transit is what a call keeps of its attempt where there is a network.
type transit struct {
	onWay   bool          // the request has not arrived
	orphan  bool          // nobody waits: it is not a call but the request that one left on the way
	arrives time.Duration // when it does
	hangsUp time.Duration // (orphan) when the news comes that nobody waits
	due     time.Duration // when the answer comes; -1: not known yet
	limit   time.Duration // of the attempt, from its sending
	limited bool
}

// way draws one way of the attempt under way.
func (c *call) way(s sim.Stream) time.Duration {
	return c.run.network.way.Sample(s.Float64(c.client, uint64(c.number), uint64(c.attempts)))
}

// post sends the request on its way.
func (c *call) post() {
	r := c.run
	c.hang, c.turnedAway, c.timeUp, c.work, c.own.upload = false, false, false, 0, upload{}
	c.own.net.limit, c.own.net.limited = c.step.Timeout(c.now())
	c.own.net.onWay, c.own.net.due = true, -1
	c.own.net.arrives = sim.Add(r.loop.Now(), c.way(r.network.request))
	c.at(c.own.net.arrives, eventArrives)
	if c.own.net.limited {
		c.after(c.own.net.limit, eventTimeout)
	}
}

// arrive has the backend see the request.
func (c *call) arrive() {
	r := c.run
	c.own.net.onWay = false
	a := r.wire.send(c, c.request())
	c.dispatch(&a, c.draw())
	if !c.own.net.orphan {
		return
	}
	c.hits.End()
	c.hits = faults.Hits{} // else who takes its place would end them once more
	r.books.settle(c.own.late, uint64(c.commits), c.own.again)
	r.calls.release(c) // so that the backend's answer finds nobody
}

// reply sends the answer on its way, where it leaves in wait from now.
func (c *call) reply(wait time.Duration) {
	r := c.run
	wait = sim.Add(wait, c.way(r.network.reply))
	c.own.net.due = sim.Add(r.loop.Now(), wait)
	c.after(wait, eventAnswer)
}

// abandon leaves the request on its way: it arrives, and is served, for nobody.
func (c *call) abandon() {
	r := c.run
	c.own.net.onWay = false
	r.books.hold(c)
	o := r.calls.spare()
	*o = call{
		run: r, cell: c.cell, client: c.client, number: c.number, op: c.op, route: c.route, attempts: c.attempts,
		index: o.index, generation: o.generation, start: c.start, sent: c.sent,
		own: &own{key: c.own.key, size: c.own.size, net: c.own.net, late: c.own.late},
	}
	o.own.net.onWay, o.own.net.orphan = true, true
	o.own.net.limit, o.own.net.limited = r.loop.Now()-c.sent, true // as long has it sent
	if r.cfg.Backend.Cancels {
		o.own.net.hangsUp = sim.Add(r.loop.Now(), c.way(r.network.leave))
	}
	o.at(o.own.net.arrives, eventArrives)
}

// justInTime reports whether the answer comes, or may yet come, in the moment in which the
// time of the attempt is up: then it is in time, as where it is known beforehand when it
// comes.
func (c *call) justInTime(now time.Duration) bool {
	r := c.run
	if r.station != nil && !c.timeUp {
		c.timeUp = true
		c.at(now, eventTimeout) // after what the stations do in this moment
		return true
	}
	return r.network != nil && c.own.net.due == now
}
