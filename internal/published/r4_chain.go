package published

import "math"

// The exact solution of R4: a continuous-time Markov chain, absorbed after a
// hundred responses. Erlang delays, during which nothing else of the chain can end
// but the server's repair, are one step each, whose outcome and mean duration have
// closed forms; so a few hundred states are left, and a linear system.

// erlangStages is the shape of the delays that the publication calls fixed.
const erlangStages = 100

// The phases of the client and its proxies, in the order of a request.
const (
	phaseIdle        = iota // before a request
	phaseOuterReq           // the retry or breaker proxy passes the request on
	phaseReq                // the simple proxy begins to connect
	phaseConnect            // and waits for the server
	phaseServe              // the server works
	phaseRes                // the simple proxy passes the response on
	phaseOuterRes           // and so does the other one
	phaseReset              // no response came in time
	phaseFailed             // the simple proxy tells of the failure
	phaseOuterFailed        // and so does the other one
	phaseBackoff            // the retry proxy waits
	phaseTrip               // the breaker opens, with the client in phaseOuterFailed
)

// The states of the breaker.
const (
	modeClosed = iota
	modeHalfOpen
)

// chainState is a state of the chain. What does not apply is zero.
type chainState struct {
	phase   uint8
	served  uint8 // requests that the server accepted since it last failed, to 10
	down    bool
	retries uint8
	mode    uint8
	count   uint8 // failures in a row, or successes of probes
	reopens uint8 // how often the open time has grown
}

// chainStep is what comes after a state.
type chainStep struct {
	time       float64 // mean time in the state
	contention float64 // the part of it that counts as contention
	next       []chainNext
}

type chainNext struct {
	to      chainState
	p       float64
	success bool // with this step a response reaches the client
}

// chain is the model with its settings.
type chain struct {
	resilience
	instant float64 // rate of steps that should take no time: 9999 in the publication
}

// repair is the rate at which the server comes up again.
func (c *chain) repair() float64 {
	if c.availability == 1 {
		return c.instant
	}
	return 1 / c.outage()
}

// delay is a step after an exponential time, during which the server may change.
func (c *chain) delay(s chainState, rate float64, to chainState, success bool) chainStep {
	server, changed := 0.0, s
	switch {
	case s.down:
		server, changed.down, changed.served = c.repair(), false, 0
	case s.served == requestsBetweenFailures && s.phase != phaseServe && s.phase != phaseReset:
		server, changed.down = c.instant, true
	}
	total := rate + server
	step := chainStep{time: 1 / total, next: []chainNext{{to, rate / total, success}}}
	if server > 0 {
		step.next = append(step.next, chainNext{changed, server / total, false})
	}
	return step
}

// step returns what comes after a state.
func (c *chain) step(s chainState) chainStep {
	to := s
	switch s.phase {
	case phaseIdle:
		to.phase = phaseOuterReq
		if c.pattern == simpleProxy {
			to.phase = phaseReq
		}
		return c.delay(s, 1, to, false)
	case phaseOuterReq:
		to.phase = phaseReq
		return c.delay(s, c.instant, to, false)
	case phaseReq:
		to.phase = phaseConnect
		return c.delay(s, c.instant, to, false)
	case phaseConnect:
		return c.connect(s)
	case phaseServe:
		return c.serve(s)
	case phaseRes:
		if c.pattern == simpleProxy {
			to.phase = phaseIdle
			return c.delay(s, c.instant, to, true)
		}
		to.phase = phaseOuterRes
		return c.delay(s, c.instant, to, false)
	case phaseOuterRes:
		to.phase, to.retries = phaseIdle, 0
		return c.delay(s, c.instant, to, true)
	case phaseReset:
		return c.delay(s, c.instant, c.failed(to), false)
	case phaseFailed:
		to.phase = phaseOuterFailed
		if c.pattern == simpleProxy {
			to.phase = phaseIdle
		}
		return c.delay(s, c.instant, to, false)
	case phaseOuterFailed:
		to.phase = phaseIdle
		if c.pattern == retryProxy && s.retries < mostRetries {
			to.phase = phaseBackoff
		} else {
			to.retries = 0
		}
		return c.delay(s, c.instant, to, false)
	case phaseBackoff:
		to.phase, to.retries = phaseOuterReq, s.retries+1
		return c.delay(s, 1/c.backoff(int(s.retries)), to, false)
	default:
		return c.open(s)
	}
}

// connect waits for the server, or for the timeout.
func (c *chain) connect(s chainState) chainStep {
	to := s
	if !s.down && s.served == requestsBetweenFailures {
		to.down = true
		return chainStep{1 / c.instant, 1 / c.instant, []chainNext{{to, 1, false}}}
	}
	if !s.down {
		to.phase, to.served = phaseServe, s.served+1
		return chainStep{1 / c.instant, 1 / c.instant, []chainNext{{to, 1, false}}}
	}
	late, mean := race(c.repair(), c.connectTimeout)
	to.down, to.served = false, 0
	return chainStep{mean, mean, []chainNext{{c.failed(s), late, false}, {to, 1 - late, false}}}
}

// serve waits for the response, or for the timeout.
func (c *chain) serve(s chainState) chainStep {
	late, mean := race(1/meanResponse, responseTimeout)
	to, reset := c.succeeded(s), s
	reset.phase = phaseReset
	return chainStep{mean, mean, []chainNext{{reset, late, false}, {to, 1 - late, false}}}
}

// race returns the chance that an Erlang delay of the given mean is over before an
// exponential time of the given rate, and the mean of the shorter.
func race(rate, delay float64) (late, mean float64) {
	stage := erlangStages / delay
	late = math.Pow(stage/(stage+rate), erlangStages)
	return late, (1 - late) / rate
}

// succeeded is the state after a response of the server.
func (c *chain) succeeded(s chainState) chainState {
	s.phase = phaseRes
	if !c.breaks() {
		return s
	}
	s.phase = phaseOuterRes // the breaker's proxy takes it over without a delay
	switch {
	case s.mode == modeClosed:
		s.count = 0
	case s.count+1 < probesToClose:
		s.count++
	default:
		s.mode, s.count, s.reopens = modeClosed, 0, 0
	}
	return s
}

// failed is the state after the simple proxy has given up.
func (c *chain) failed(s chainState) chainState {
	s.phase = phaseFailed
	if !c.breaks() {
		return s
	}
	s.phase = phaseOuterFailed
	switch {
	case s.mode == modeHalfOpen:
		s.phase, s.count = phaseTrip, 0
		if c.pattern == dynamicBreaker {
			s.reopens = min(s.reopens+1, mostReopens)
		}
	case s.count+1 < failuresToOpen:
		s.count++
	default:
		s.phase, s.count, s.reopens = phaseTrip, 0, 0
	}
	return s
}

// mostReopens is from where on the open time does not grow: 10 s, 20 s, 40 s.
const mostReopens = 2

// open is the time from the breaker's opening to its half-open state. The client
// goes on between idle and failing at once; the server may come up.
func (c *chain) open(s chainState) chainStep {
	time := c.openTime(int(s.reopens)) + 2/c.instant
	all := c.client(s, 0)
	step := chainStep{time: time}
	up, down := s, s
	up.mode, up.count, down.mode, down.count = modeHalfOpen, 0, modeHalfOpen, 0
	down.down, up.down = true, false
	isDown := s.down || s.served == requestsBetweenFailures
	var still [3]float64
	if isDown {
		still = c.client(s, c.repair())
		up.served, down.served = 0, requestsBetweenFailures
	}
	for i, phase := range []uint8{phaseIdle, phaseOuterReq, phaseOuterFailed} {
		up.phase, down.phase = phase, phase
		step.next = append(step.next, chainNext{up, all[i] - still[i], false})
		if isDown {
			step.next = append(step.next, chainNext{down, still[i], false})
		}
	}
	return step
}

// client returns the chances that the client is idle, passes a request on or fails
// when the open time ends, and nothing of the given rate has come before.
func (c *chain) client(s chainState, rate float64) [3]float64 {
	v := [3]float64{0, 0, 1}
	stage := erlangStages / c.openTime(int(s.reopens))
	for i := range erlangStages + 2 {
		leave := stage
		if i < 2 {
			leave = c.instant // two steps of the breaker, to open and to begin the timeout
		}
		// x·((leave+rate)·I − Q) = leave·v, where Q goes round the three phases.
		a := leave + rate
		b := a + c.instant
		around := c.instant / b * c.instant / b / (a + 1)
		x := (float64(leave*v[0]) + float64(c.instant/b*(float64(leave*v[2])+float64(c.instant/b*leave*v[1])))) / (a + 1) / (1 - around)
		req := (float64(leave*v[1]) + x) / b
		fail := (float64(leave*v[2]) + float64(c.instant*req)) / b
		v = [3]float64{x, req, fail}
	}
	return v
}

// solve returns the mean time until the client has so many responses, and the mean
// contention time.
func (c *chain) solve(responses int) (time, contention float64) {
	states, index := []chainState{{}}, map[chainState]int{{}: 0}
	var steps []chainStep
	for i := 0; i < len(states); i++ {
		step := c.step(states[i])
		steps = append(steps, step)
		for _, n := range step.next {
			if _, known := index[n.to]; !known {
				index[n.to] = len(states)
				states = append(states, n.to)
			}
		}
	}
	n := len(states)
	a := identity(n)
	for i, step := range steps {
		for _, next := range step.next {
			if !next.success {
				a[i][index[next.to]] -= next.p
			}
		}
	}
	lu := factorize(a)
	total, held := make([]float64, n), make([]float64, n)
	for range responses {
		t, h := make([]float64, n), make([]float64, n)
		for i, step := range steps {
			t[i], h[i] = step.time, step.contention
			for _, next := range step.next {
				if next.success {
					t[i] += float64(next.p * total[index[next.to]])
					h[i] += float64(next.p * held[index[next.to]])
				}
			}
		}
		lu.solve(t)
		lu.solve(h)
		total, held = t, h
	}
	return total[0], held[0]
}
