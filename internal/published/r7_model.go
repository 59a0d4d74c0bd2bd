package published

import (
	"errors"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// goodRetry is one run of R7: D. Isaev, "Good retry, bad retry" (Yandex, 2023;
// program: jirfag/simulations). A server of workers behind one queue is sent
// calls, fails for half a second, and is looked at after that.
//
// A request takes an exponential time to the server, waits for a worker, is
// worked on for a lognormal time, and succeeds or fails by what holds at its end;
// the answer takes no time. A client gives an attempt up when its time-out ends,
// and the server works on it all the same.
type goodRetry struct {
	rate     float64         // calls a second
	duration time.Duration   // of the load
	coef     float64         // of the workers: 1 is four times what the load needs
	fault    fault           // one
	timeouts []time.Duration // each call has one of them
	strategy r7Strategy

	inFlight  int             // calls at a time, the others wait before they start; 0: any number
	clients   int             // that make calls by themselves; 0: each call has a client of its own
	local     bool            // each of the clients has a budget of its own
	breaker   *breaker.Config // asked before the first attempt of each call; nil: none
	deadlines bool            // the server is told the call's deadline, and stops work that is too late
}

// fault is an interval in which the server's answers fail by chance.
type fault struct {
	from, until time.Duration
	p           float64
	perUser     bool // one user in 1/p meets it, at each attempt
}

// The constants of the model.
const (
	r7Network  = 5 * time.Millisecond       // mean time to the server
	r7Median   = 10 * time.Millisecond      // of the work on a request
	r7Sigma    = 0.25                       // of its logarithm
	r7Mean     = 10317434 * time.Nanosecond // of the work: median · e^(sigma²/2)
	r7Uptime   = 0.995                      // share of the answers that are good without the fault
	r7Timeout  = 100 * time.Millisecond
	r7Rejected = 20 // a request that comes too late takes one 20th of its work
	r7Checks   = 5  // work is stopped within a fifth of it after the deadline
)

// goodRetryResult is what came of a run. Calls count where they end, as in the
// published program.
type goodRetryResult struct {
	calls, good             int // all
	duringCalls, duringGood int // while the fault lasted
	afterCalls, afterGood   int // and after it
	attempts                int
}

// success returns the percentages of calls that were good: of all, of those that
// ended during the fault, and of those that ended after it.
func (r goodRetryResult) success() (total, during, after float64) {
	share := func(good, calls int) float64 { return 100 * float64(good) / float64(max(calls, 1)) }
	return share(r.good, r.calls), share(r.duringGood, r.duringCalls), share(r.afterGood, r.afterCalls)
}

// amplification returns the requests that the server was sent for each call.
func (r goodRetryResult) amplification() float64 { return float64(r.attempts) / float64(r.calls) }

// goodRetryModel is a run under way.
type goodRetryModel struct {
	goodRetry
	loop     sim.Loop
	server   *sim.Station
	starts   *forecast // when work will begin; nil: nobody asks
	guard    *breaker.TwoStep
	retriers []*retry.Retrier // one, or one for each client

	calls   []goodRetryCall
	waiting []int // calls that wait for others to end
	flying  int
	result  goodRetryResult

	network, service               sim.Sampler
	way, work, luck, jitter, users sim.Stream
	gaps                           []sim.Poisson // one, or one for each client
}

// goodRetryCall is one call. Its attempts are told apart by their number, so that
// what comes of one that was given up is nobody's business.
type goodRetryCall struct {
	step    retry.Call
	start   time.Duration
	timeout time.Duration
	client  int
	attempt int  // the last
	awaited bool // its answer is
	done    func(error)
}

var (
	errAnswer = retry.Retryable(errors.New("published: the server failed"))
	errLate   = retry.Mark(errors.New("published: no answer in time"), retry.Timeout)
)

// r7Attempt is the bits of an event's data that number the attempt; the others are
// the call.
const r7Attempt = 4

// run plays the run of a seed.
func (g goodRetry) run(seed uint64) goodRetryResult {
	m := newGoodRetry(g, seed)
	for c := range m.gaps {
		m.loop.At(0, (*r7Arrive)(m), uint64(c))
	}
	m.loop.Run(sim.Never)
	return m.result
}

func newGoodRetry(g goodRetry, seed uint64) *goodRetryModel {
	m := &goodRetryModel{
		goodRetry: g,
		network:   exponential(r7Network),
		service:   sampler(sim.Dist{Kind: sim.Lognormal, Median: r7Median, Sigma: r7Sigma}),
		way:       sim.NewStream(seed, "r7 way"),
		work:      sim.NewStream(seed, "r7 work"),
		luck:      sim.NewStream(seed, "r7 luck"),
		jitter:    sim.NewStream(seed, "r7 jitter"),
		users:     sim.NewStream(seed, "r7 users"),
	}
	m.calls = make([]goodRetryCall, 0, int(1.1*g.rate*g.duration.Seconds()))
	workers := g.workers()
	m.server = sim.NewStation(&m.loop, workers, -1)
	if g.deadlines {
		m.starts = newForecast(workers)
	}
	clients := max(g.clients, 1)
	gaps := sim.NewStream(seed, "r7 gaps")
	for c := range clients {
		m.gaps = append(m.gaps, sim.NewPoisson(g.rate/float64(clients), gaps.Sub(uint64(c))))
		if c == 0 || g.local {
			m.retriers = append(m.retriers, g.strategy.retrier())
		}
	}
	if g.breaker != nil {
		guard, err := breaker.NewTwoStep(*g.breaker, breaker.WithClock(m.loop.Clock(epoch)))
		if err != nil {
			panic(err) // a setting of this package's
		}
		m.guard = guard
	}
	return m
}

// workers returns the server's: so many that at a coefficient of 1 the load keeps
// one in four of them busy.
func (g goodRetry) workers() int {
	return int(4 * g.coef * g.rate * r7Mean.Seconds())
}

// The events of a run.
type (
	r7Arrive goodRetryModel // a call; data is its client
	r7Reach  goodRetryModel // an attempt reaches the server
	r7Finish goodRetryModel // the server has worked on an attempt
	r7GiveUp goodRetryModel // a client has waited long enough for an attempt
	r7Again  goodRetryModel // the delay before an attempt is over
)

func (e *r7Arrive) Act(now time.Duration, client uint64) {
	m := (*goodRetryModel)(e)
	if m.clients > 0 && now >= m.duration {
		return
	}
	i := len(m.calls)
	m.calls = append(m.calls, goodRetryCall{client: int(client)})
	if m.inFlight > 0 && m.flying >= m.inFlight {
		m.waiting = append(m.waiting, i)
	} else {
		m.begin(i)
	}
	if m.clients == 0 && len(m.calls) >= int(m.rate*m.duration.Seconds()) {
		return // the published program makes so many calls, however long it takes
	}
	at, _ := m.gaps[client].Next(now, uint64(i))
	m.loop.At(at, e, client)
}

// begin starts a call, unless the breaker says no.
func (m *goodRetryModel) begin(i int) {
	c := &m.calls[i]
	m.flying++
	c.start = m.loop.Now()
	c.timeout = m.timeouts[int(float64(len(m.timeouts))*m.users.Float64(uint64(i), 1, 0))]
	c.step = m.retriers[min(c.client, len(m.retriers)-1)].Begin(m.now())
	if m.guard != nil {
		done, err := m.guard.Allow()
		if err != nil {
			c.step.Failed(m.now(), err, 0)
			m.end(false)
			return
		}
		c.done = done
	}
	m.send(i)
}

// send makes an attempt. The published breaker is not asked about retries, but
// told of them.
func (m *goodRetryModel) send(i int) {
	c := &m.calls[i]
	if m.guard != nil && c.attempt > 0 {
		c.done, _ = m.guard.Allow()
	}
	c.attempt++
	c.awaited = true
	m.result.attempts++
	data := uint64(i)<<r7Attempt | uint64(c.attempt)
	m.loop.After(m.network.Sample(m.way.Float64(uint64(i), uint64(c.attempt), 0)), (*r7Reach)(m), data)
	m.loop.After(c.timeout, (*r7GiveUp)(m), data)
}

func (e *r7Reach) Act(now time.Duration, data uint64) {
	m := (*goodRetryModel)(e)
	m.server.Enter(m.takes(now, data), (*r7Finish)(m), data)
}

// takes returns how long the server works on an attempt that reaches it now.
func (m *goodRetryModel) takes(now time.Duration, data uint64) time.Duration {
	work := m.service.Sample(m.work.Float64(data>>r7Attempt, data&(1<<r7Attempt-1), 0))
	if m.starts == nil {
		return work
	}
	left := m.deadline(data) - m.starts.begin(now)
	switch {
	case left < 0:
		work /= r7Rejected
	case left < work:
		work = min(left+work/r7Checks, work)
	}
	m.starts.add(now, work)
	return work
}

func (m *goodRetryModel) deadline(data uint64) time.Duration {
	c := &m.calls[data>>r7Attempt]
	return c.start + c.timeout
}

func (e *r7Finish) Act(now time.Duration, data uint64) {
	m := (*goodRetryModel)(e)
	i, attempt := int(data>>r7Attempt), int(data&(1<<r7Attempt-1))
	c := &m.calls[i]
	if c.attempt != attempt || !c.awaited {
		return
	}
	if m.fails(now, i, attempt) {
		m.failed(i, errAnswer)
		return
	}
	c.awaited = false
	m.tell(c, nil)
	c.step.Succeeded(m.now())
	m.end(true)
}

// fails reports whether the answer to an attempt is bad. An attempt whose deadline
// is known, and passed, would fail as well; but nobody waits for it any more, but
// for a retry's.
func (m *goodRetryModel) fails(now time.Duration, i, attempt int) bool {
	if m.starts != nil && now > m.calls[i].start+m.calls[i].timeout {
		return true
	}
	p, key := 1-r7Uptime, uint64(attempt)
	if now >= m.fault.from && now < m.fault.until {
		p = m.fault.p
		if m.fault.perUser {
			key = 0
		}
	}
	return m.luck.Float64(uint64(i), key, 0) < p
}

func (e *r7GiveUp) Act(_ time.Duration, data uint64) {
	m := (*goodRetryModel)(e)
	i := int(data >> r7Attempt)
	if c := &m.calls[i]; c.awaited && c.attempt == int(data&(1<<r7Attempt-1)) {
		m.failed(i, errLate)
	}
}

// failed asks the policy what to do about an attempt that failed.
func (m *goodRetryModel) failed(i int, err error) {
	c := &m.calls[i]
	c.awaited = false
	m.tell(c, err)
	d := c.step.Failed(m.now(), err, m.jitter.Float64(uint64(i), uint64(c.attempt), 0))
	switch {
	case !d.Retry:
		m.end(false)
	case d.After == 0:
		m.send(i)
	default:
		m.loop.After(d.After, (*r7Again)(m), uint64(i))
	}
}

func (e *r7Again) Act(_ time.Duration, i uint64) { (*goodRetryModel)(e).send(int(i)) }

func (m *goodRetryModel) tell(c *goodRetryCall, err error) {
	if c.done != nil {
		c.done(err)
		c.done = nil
	}
}

// end counts a call that ends now, and lets the next begin that waited for it.
func (m *goodRetryModel) end(ok bool) {
	now, r := m.loop.Now(), &m.result
	good := 0
	if ok {
		good = 1
	}
	r.calls++
	r.good += good
	switch {
	case now >= m.fault.until:
		r.afterCalls++
		r.afterGood += good
	case now >= m.fault.from:
		r.duringCalls++
		r.duringGood += good
	}
	m.flying--
	if len(m.waiting) > 0 {
		next := m.waiting[0]
		m.waiting = m.waiting[1:]
		m.begin(next)
	}
}

func (m *goodRetryModel) now() time.Time { return epoch.Add(m.loop.Now()) }
