package published

import (
	"math"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// collapse is one run of R3: an open system whose server is slower the more it has
// to do, and clients that give up and try again at once. After a surge it may
// stay where it was pushed.
type collapse struct {
	rate     float64 // calls a second
	surge    float64 // calls a second from the warm-up's end for a while; 0: none
	attempts int
	end      time.Duration
}

// The constants of R3.
const (
	collapseNetwork = 100 * time.Millisecond // mean of each way
	collapseWork    = time.Second            // of a server that has nothing else to do
	collapseSlope   = 10 * time.Millisecond  // more, for each request in flight
	collapseTimeout = 3 * time.Second
	collapseFrom    = 20 * time.Second // of the surge
	collapseUntil   = 30 * time.Second
	collapsePeak    = 160 // calls a second
)

// collapseModel is a run under way.
type collapseModel struct {
	collapse
	loop          sim.Loop
	retrier       *retry.Retrier
	calls         []collapseCall
	busy          int // requests that the server has
	network       sim.Sampler
	ways          sim.Stream
	calm, surging sim.Poisson

	last, good int // calls that ended in the last tenth of the run, and those that succeeded
}

type collapseCall struct {
	step    retry.Call
	attempt int // the last; 0: the call has ended
}

// run plays the run of a seed and reports whether it ends collapsed: in its last
// tenth, fewer than half of the calls that end have succeeded.
func (c collapse) run(seed uint64) bool {
	arrivals := sim.NewStream(seed, "r3 arrivals")
	m := &collapseModel{
		collapse: c,
		retrier: retry.Must(retry.New(retry.Policy{
			Name: "at once", Attempts: c.attempts, AttemptTimeout: collapseTimeout,
		})),
		network: exponential(collapseNetwork),
		ways:    sim.NewStream(seed, "r3 network"),
		calm:    sim.NewPoisson(c.rate, arrivals.Sub(0)),
		surging: sim.NewPoisson(c.surge, arrivals.Sub(1)),
	}
	m.loop.At(0, (*r3Arrive)(m), 0)
	m.loop.Run(c.end)
	return 2*m.good < m.last
}

// The events of a run. The data of all but r3Arrive number a call and its attempt.
type (
	r3Arrive collapseModel
	r3Reach  collapseModel // an attempt reaches the server
	r3Served collapseModel // the server has done with it
	r3Answer collapseModel // the answer reaches the client
	r3GiveUp collapseModel // the client has waited long enough
)

const r3Attempt = 8 // bits of the data

func (e *r3Arrive) Act(now time.Duration, i uint64) {
	m := (*collapseModel)(e)
	m.calls = append(m.calls, collapseCall{step: m.retrier.Begin(epoch.Add(now))})
	m.send(i)
	arrivals := m.calm
	if m.surge > 0 && now >= collapseFrom && now < collapseUntil {
		arrivals = m.surging
	}
	at, _ := arrivals.Next(now, i+1)
	m.loop.At(at, e, i+1)
}

func (m *collapseModel) send(call uint64) {
	c := &m.calls[call]
	c.attempt++
	data := call<<r3Attempt | uint64(c.attempt)
	m.loop.After(m.way(data, 0), (*r3Reach)(m), data)
	limit, _ := c.step.Timeout(epoch.Add(m.loop.Now()))
	m.loop.After(limit, (*r3GiveUp)(m), data)
}

// way is how long a message takes; back is 1 for an answer.
func (m *collapseModel) way(data, back uint64) time.Duration {
	return m.network.Sample(m.ways.Float64(data>>r3Attempt, data, back))
}

func (e *r3Reach) Act(_ time.Duration, data uint64) {
	m := (*collapseModel)(e)
	m.busy++
	m.loop.After(sim.Add(collapseWork, time.Duration(m.busy)*collapseSlope), (*r3Served)(m), data)
}

func (e *r3Served) Act(_ time.Duration, data uint64) {
	m := (*collapseModel)(e)
	m.busy--
	m.loop.After(m.way(data, 1), (*r3Answer)(m), data)
}

func (e *r3Answer) Act(now time.Duration, data uint64) {
	m := (*collapseModel)(e)
	if c := m.awaiting(data); c != nil {
		c.step.Succeeded(epoch.Add(now))
		m.ended(c, true)
	}
}

func (e *r3GiveUp) Act(now time.Duration, data uint64) {
	m := (*collapseModel)(e)
	c := m.awaiting(data)
	if c == nil {
		return
	}
	if c.step.Failed(epoch.Add(now), errLate, 0).Retry {
		m.send(data >> r3Attempt)
		return
	}
	m.ended(c, false)
}

// awaiting returns the call that an attempt belongs to, nil if it is no longer
// waited for.
func (m *collapseModel) awaiting(data uint64) *collapseCall {
	c := &m.calls[data>>r3Attempt]
	if c.attempt != int(data&(1<<r3Attempt-1)) {
		return nil
	}
	return c
}

func (m *collapseModel) ended(c *collapseCall, ok bool) {
	c.attempt = 0
	if m.loop.Now() < m.end-m.end/10 {
		return
	}
	m.last++
	if ok {
		m.good++
	}
}

// meanField returns the rate of calls, per second, at which n requests in flight
// are in balance, with so many attempts: n = λ·a·(1 + 0.01·n), where a is how many
// attempts a call makes, 1 + q + q² + …, and q the chance that the two ways of the
// network, Erlang₂, take more than the time-out leaves to them.
func meanField(n float64, attempts int) float64 {
	work := collapseWork.Seconds() + float64(collapseSlope.Seconds()*n)
	left := max(0, collapseTimeout.Seconds()-work) / collapseNetwork.Seconds()
	q := (1 + left) * math.Exp(-left)
	a, power := 0.0, 1.0
	for range attempts {
		a += power
		power = float64(power * q)
	}
	return n / float64(a*work)
}

// meanFieldEdges returns the rates between which both states are stable: below low
// there is no collapsed one, above high no good one. Without retries, or with few,
// there is none between: ok is false.
func meanFieldEdges(attempts int) (low, high float64, ok bool) {
	const step, most = 0.01, 2000
	previous := 0.0
	for n := step; n < most; n += step {
		rate := meanField(n, attempts)
		switch {
		case !ok && rate < previous:
			high, ok = previous, true
		case ok && rate > previous:
			return previous, high, true
		}
		previous = rate
	}
	return previous, high, ok
}
