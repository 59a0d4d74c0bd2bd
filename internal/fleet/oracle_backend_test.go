package fleet

import (
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/retry/retryhttp"
	"github.com/squall-sim/squall/sim"
)

// backstage is the oracle's backend, and the way to it.
type backstage struct {
	*oracle
	nodes    []*sim.Station
	balancer *sim.Balancer
	limiter  *faults.Limiter
	full     *faults.Refusal

	asked, refused uint64
}

// visit is what comes of an attempt at the backend.
type visit struct {
	arrived    bool
	hungUp     bool // the news has come that the client waits no longer
	verdict    faults.Verdict
	answers    error // of the backend itself: a route's, that is an error
	download   int64 // bytes of its answer
	turnedAway bool
	inHand     bool // the workers have it
	node       *sim.Station
	job        sim.Job
	work       time.Duration // that it cost
	commits    bool          // it has changed something, or will
}

func newBackstage(o *oracle) *backstage {
	b := &backstage{oracle: o}
	c := &o.Backend
	var err error
	if len(c.Limits.Quotas) > 0 || c.Limits.Prefixes != nil {
		if b.limiter, err = faults.NewLimiter(c.Limits); err != nil {
			o.t.Fatal(err)
		}
	}
	if c.Workers == 0 && c.MaxInFlight == 0 && c.Slowdown == 0 {
		return b
	}
	workers := c.Workers
	if workers == 0 {
		workers = math.MaxInt
	}
	for range max(1, c.Nodes) {
		node, err := sim.NewStationWith(o.loop, workers, c.Queue, c.Order)
		if err != nil {
			o.t.Fatal(err)
		}
		b.nodes = append(b.nodes, node)
	}
	b.balancer = sim.NewBalancer(c.Balance, b.nodes...)
	full := c.Full
	if full.Kind == faults.None {
		full = DefaultFull(c.Kind)
	}
	b.full = faults.NewRefusal(full)
	return b
}

func (b *backstage) phaseBegins(phase int) {
	if b.Backend.PhaseWorkers == nil {
		return
	}
	for _, node := range b.nodes {
		node.SetWorkers(b.Backend.PhaseWorkers[phase])
	}
}

// draw is the attempt's draw of a stream.
func (b *backstage) draw(stream string, a *try) float64 {
	return b.chance(stream, a.of.from.number, a.of.number, uint64(a.number))
}

// way is the time that something of an attempt takes through the network.
func (b *backstage) way(stream string, a *try) time.Duration {
	if b.Backend.Network == nil {
		return 0
	}
	return b.time(b.Backend.Network, b.draw(stream, a))
}

// soon has something happen after a way, at once if it takes no time.
func (b *backstage) soon(way time.Duration, what func()) {
	if way == 0 {
		what()
		return
	}
	b.after(way, what)
}

// route is the one of a request; nil: there is none.
func (b *backstage) route(method, key string) *Route {
	path, _, _ := strings.Cut(key, "?")
	for i := range b.Backend.Routes {
		r := &b.Backend.Routes[i]
		if r.Method != "" && r.Method != method && (r.Method != "GET" || method != "HEAD") {
			continue
		}
		switch r.Path {
		case "", path:
			return r
		case "/raw/**", "/raw/*/*":
			if strings.HasPrefix(path, "/raw/") {
				return r
			}
		case "/[012]":
			if path == "/0" || path == "/1" || path == "/2" {
				return r
			}
		}
	}
	return nil
}

// error is what a client makes of a route's answer.
func (r *Route) error() error {
	return retryhttp.FromResponse(&http.Response{StatusCode: r.Status, Header: r.Header})
}

// send sends a request, which is the backend's once it has arrived.
func (b *backstage) send(a *try) {
	b.soon(b.way("network request", a), func() { b.arrive(a) })
}

// reply sends an answer in some time.
func (b *backstage) reply(a *try, in time.Duration, err error) {
	b.after(sim.Add(in, b.way("network reply", a)), func() {
		if !a.left {
			a.answer = err
			a.notify()
		}
	})
}

// leave is a client that waits for its attempt no longer.
func (b *backstage) leave(a *try) {
	a.left = true
	if a.visit.verdict.Upload() > b.loop.Now()-a.sent {
		a.visit.commits = false // it has not sent all of it
	}
	if b.Backend.Cancels {
		b.soon(b.way("network leave", a), func() { b.hangUp(a) })
	}
}

// hangUp is the news of it.
func (b *backstage) hangUp(a *try) {
	v := &a.visit
	v.hungUp = true
	if !v.inHand {
		return
	}
	if worked, ok := v.node.Cancel(v.job); ok {
		v.inHand, v.work, v.commits = false, worked, false
		return
	}
	b.turnAway(a) // it was dropped in this very moment
}

// arrive decides what becomes of a request.
func (b *backstage) arrive(a *try) {
	v, item := &a.visit, a.of.item
	method := faults.Method(item.Name)
	req := faults.Request{
		Op: item.Name, Method: method, Bucket: b.Backend.Bucket, Key: item.Key,
		Client: a.of.from.number, Call: a.of.number, Attempt: a.number,
	}
	switch method {
	case "PUT", "POST":
		req.Upload = item.Size
	case "GET":
		req.Download = item.Size
	}
	latency := &b.Backend.Latency
	if r := b.route(method, item.Key); r != nil {
		v.answers = r.error()
		if r.Latency != nil {
			latency = r.Latency
		}
		switch {
		case method == "HEAD" || r.Status == 204 || r.Size < 0:
			req.Download = 0
		case r.Size > 0 || r.Body != "":
			req.Download = r.Size + int64(len(r.Body))
		case v.answers != nil:
			req.Download = int64(len(faults.HTTPErrorBody(r.Status)))
		}
	}
	v.download = req.Download
	v.arrived = true
	v.verdict = b.injector.Decide(b.loop.Now(), req)
	if b.limiter != nil {
		v.verdict = b.limiter.Meet(b.loop.Now(), req, v.verdict)
	}
	if a.left {
		v.verdict.End()
	}
	takes := sim.Add(b.time(latency, b.draw("latency", a)), v.verdict.Add)
	after, fixed := v.verdict.After()
	switch {
	case fixed:
		takes = after
	case v.verdict.Served():
		v.commits = faults.Writes(item.Name) && v.answers == nil && v.verdict.Upload() <= a.patience && !(a.left && a.ended-a.sent < v.verdict.Upload())
		if b.nodes != nil {
			b.work(a, takes)
			return
		}
		v.work = takes
	}
	if !v.verdict.Hangs() {
		b.reply(a, takes, v.err())
	}
}

// work gives a request to the workers.
func (b *backstage) work(a *try, takes time.Duration) {
	v := &a.visit
	if v.hungUp {
		v.commits = false // nobody begins with it
		return
	}
	v.node = b.balancer.Next(b.draw("balance", a))
	inside := v.node.Inside()
	takes = sim.Add(takes, time.Duration(inside)*b.Backend.Slowdown)
	b.asked++
	if most := b.Backend.MaxInFlight; most == 0 || inside < most {
		v.job, v.inHand = v.node.Submit(takes, &desk{b, a}, 0)
	}
	if v.inHand {
		v.work = takes
		return
	}
	b.turnAway(a)
}

// err is what the client makes of the answer, where it comes. Of an error's body nobody reads
// more than tells of it.
func (v *visit) err() error {
	if v.verdict.Served() && v.answers != nil && (v.verdict.Err() == nil || v.verdict.Effect().NeedsBody()) {
		return v.answers
	}
	return v.verdict.Err()
}

func (b *backstage) turnAway(a *try) {
	v := &a.visit
	b.refused++
	v.turnedAway, v.inHand, v.commits, v.work = true, false, false, 0
	if !v.hungUp {
		b.reply(a, b.full.After(), b.full.Err(faults.Method(a.of.item.Name)))
	}
}

// desk is where the workers tell what has become of a request.
type desk struct {
	*backstage
	a *try
}

func (d *desk) Act(time.Duration, uint64) {
	v := &d.a.visit
	v.inHand = false
	if !v.verdict.Hangs() {
		d.reply(d.a, 0, v.err())
	}
}

func (d *desk) Dropped(time.Duration, uint64) { d.turnAway(d.a) }
