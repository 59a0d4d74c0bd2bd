package breaker

import (
	"fmt"
	"slices"
	"time"
)

// model is a breaker as the documents describe it, written down as plainly as can be:
// it keeps every call of a stay and counts them again whenever it is asked. It is the
// oracle for all that gobreaker does not have.
type model struct {
	c      Config
	draw   func(n int) float64
	now    time.Duration
	state  State
	stay   int // number of the stay in a state
	calls  []*modelCall
	seen   []modelEntry // calls that ended, in order; of this stay
	counts Counts
	hold   time.Duration // how long the server asked to be left alone

	until    time.Duration
	isolated bool
	openTime time.Duration
	trips    int
	opened   int
	passed   int
	events   []modelEvent
}

type modelCall struct {
	stay      int
	start     time.Duration
	ended     bool
	uncounted bool // let pass in shadow
	overdue   bool // a probe whose lease ran out
}

// modelEntry is a call that ended: what each rule makes of it.
type modelEntry struct {
	start                     time.Duration
	failed, slow, neutral     bool
	credit                    map[Cause]int64 // the tenth in which it counts
	failureCounts, slowCounts bool
}

type modelEvent struct {
	At       time.Duration
	From, To State
	Cause    Cause
	Counts   Counts
	Seen     Seen
	RetryAt  time.Duration // since the start; 0: none
}

func (m *model) move(to State, at time.Duration, cause Cause, seen Seen) {
	e := modelEvent{At: at, From: m.state, To: to, Cause: cause, Counts: m.counts, Seen: seen}
	if to == Open && !m.isolated {
		e.RetryAt = m.until + 1
	}
	if m.state != to {
		m.events = append(m.events, e)
	}
	m.state, m.counts, m.seen, m.hold = to, Counts{}, nil, 0
	m.stay++
}

func (m *model) open(at time.Duration, cause Cause, seen Seen) {
	if m.state != Open || m.openTime == 0 {
		switch {
		case m.openTime == 0:
			m.openTime = m.c.OpenFor
		case m.c.OpenMultiplier > 1:
			m.openTime = min(m.c.OpenMax, time.Duration(float64(m.openTime)*m.c.OpenMultiplier))
		}
	}
	m.countOpening()
	u := 0.0
	if m.c.OpenJitter > 0 {
		u = m.draw(m.opened)
	}
	d := m.openTime - time.Duration(float64(m.openTime)*m.c.OpenJitter*u)
	d = max(d, 1)
	if h := m.hold - at; h > 0 {
		h = min(h, m.c.MaxHint)
		d = max(d, h+time.Duration(float64(h)*m.c.OpenJitter*u))
	}
	if m.state == Open && !m.isolated {
		d = max(d, m.until-at)
	}
	m.until, m.isolated = at+d, false
	m.move(Open, at, cause, seen)
}

func (m *model) countOpening() {
	if m.state != Open {
		m.trips++
		m.opened++
	}
}

func (m *model) close(cause Cause) {
	m.trips, m.openTime = 0, 0
	m.move(Closed, m.now, cause, Seen{})
}

// need is how many probes must succeed.
func (m *model) need() int {
	if m.c.Successes > 0 {
		return m.c.Successes
	}
	return max(1, m.c.Probes)
}

// flying returns the calls in flight of this stay.
func (m *model) flying() []*modelCall {
	var out []*modelCall
	for _, c := range m.calls {
		if !c.ended && !c.uncounted && !c.overdue && c.stay == m.stay {
			out = append(out, c)
		}
	}
	return out
}

func (m *model) late() (n uint64) {
	if m.c.SlowRate.After == 0 || m.state != Closed {
		return 0
	}
	for _, c := range m.flying() {
		if m.now-c.start > m.c.SlowRate.After {
			n++
		}
	}
	return n
}

// look counts what the rule of a cause sees, and shown what is not too old by now.
func (m *model) look(cause Cause) Seen { return m.count(cause, false) }

func (m *model) shown(cause Cause) Seen { return m.count(cause, true) }

func (m *model) count(cause Cause, fresh bool) Seen {
	var w Window
	counts := func(e modelEntry) bool { return e.failureCounts }
	bad := func(e modelEntry) bool { return e.failed }
	switch cause {
	case CauseFailureCount:
		w = m.c.FailureCount.Window
	case CauseFailureRate:
		w = m.c.FailureRate.Window
	case CauseSlowRate:
		w = m.c.SlowRate.Window
		counts = func(e modelEntry) bool { return e.slowCounts }
		bad = func(e modelEntry) bool { return e.slow }
	}
	if w == (Window{}) || m.state != Closed {
		return Seen{}
	}
	var head int64
	var in []modelEntry
	for _, e := range m.seen {
		if counts(e) {
			in, head = append(in, e), max(head, e.credit[cause])
		}
	}
	if cause == CauseSlowRate && w.Span > 0 {
		for _, c := range m.flying() {
			if m.now-c.start > m.c.SlowRate.After {
				head = max(head, int64(c.start/((w.Span+9)/10)))
			}
		}
	}
	if fresh && w.Span > 0 {
		head = max(head, int64(m.now/((w.Span+9)/10)))
	}
	if w.Calls > 0 {
		in = in[max(0, len(in)-w.Calls):]
	} else {
		in = slices.DeleteFunc(in, func(e modelEntry) bool { return e.credit[cause] <= head-10 })
	}
	var s Seen
	for _, e := range in {
		s.Calls++
		if bad(e) {
			s.Bad++
		}
	}
	if cause == CauseSlowRate {
		s.Calls, s.Bad = s.Calls+m.late(), s.Bad+m.late()
	}
	return s
}

// holds tells whether a rule opens the breaker.
func (m *model) holds(cause Cause) bool {
	s := m.look(cause)
	rate := func(percent float64, min int, w Window) bool {
		if min == 0 {
			if min = w.Calls; min == 0 {
				min = 20
			}
		}
		return s.Calls >= uint64(min) && s.Bad*100 >= s.Calls*uint64(percent*100+0.5)
	}
	switch cause {
	case CauseFailureCount:
		return m.c.FailureCount.Failures > 0 && s.Bad >= uint64(m.c.FailureCount.Failures)
	case CauseFailureRate:
		return m.c.FailureRate.Rate > 0 && rate(m.c.FailureRate.Rate, m.c.FailureRate.MinCalls, m.c.FailureRate.Window)
	default:
		return m.c.SlowRate.Rate > 0 && rate(m.c.SlowRate.Rate, m.c.SlowRate.MinCalls, m.c.SlowRate.Window)
	}
}

// touch does what is due.
func (m *model) touch() {
	for {
		switch m.state {
		case Closed:
			if m.late() == 0 || !m.holds(CauseSlowRate) {
				return
			}
			m.open(m.now, CauseSlowRate, m.look(CauseSlowRate))
		case Open:
			if m.isolated || m.now <= m.until {
				return
			}
			m.move(HalfOpen, m.now, CauseOpenTime, Seen{})
		case HalfOpen:
			flying := m.flying()
			if len(flying) == 0 {
				return
			}
			first := slices.MinFunc(flying, func(a, b *modelCall) int { return int(a.start - b.start) })
			due := saturatingAdd(first.start, m.c.lease())
			if m.now <= due {
				return
			}
			first.overdue = true
			m.counts.add(Failure)
			if int(m.counts.Failures) > max(1, m.c.Probes)-m.need() {
				m.open(due, CauseProbeOverdue, Seen{})
			}
		}
	}
}

// allow returns nil for a call that is refused.
func (m *model) allow() *modelCall {
	m.touch()
	c := &modelCall{stay: m.stay, start: m.now}
	full := m.state == HalfOpen && int(m.counts.Requests-m.counts.Neutrals) >= max(1, m.c.Probes)
	if m.state == Open || full {
		if !m.c.Shadow {
			return nil
		}
		m.passed++
		c.uncounted = true
	} else {
		m.counts.Requests++
	}
	m.calls = append(m.calls, c)
	return c
}

// done ends a call.
func (m *model) done(c *modelCall, o Outcome, hint time.Duration) {
	if c.uncounted {
		c.ended = true
		return
	}
	if !(m.state == Closed && c.stay == m.stay) {
		m.touch()
	}
	c.ended = true
	if c.stay != m.stay || c.overdue {
		return
	}
	slow := m.c.SlowRate.After > 0 && m.now-c.start > m.c.SlowRate.After
	if o == Failure && hint > 0 && m.c.MaxHint > 0 {
		m.hold = max(m.hold, m.now+min(hint, m.c.MaxHint))
	}
	if m.state == HalfOpen {
		if slow {
			o = Failure
		}
		m.counts.add(o)
		switch {
		case int(m.counts.Failures) > max(1, m.c.Probes)-m.need():
			m.open(m.now, CauseProbeFailed, Seen{})
		case int(m.counts.Successes) >= m.need():
			m.close(CauseProbesSucceeded)
		}
		return
	}
	m.counts.add(o)
	m.enter(c, o, slow)
	if m.c.Failures > 0 && int(m.counts.ConsecutiveFailures) >= m.c.Failures && o == Failure {
		m.open(m.now, CauseFailures, Seen{})
		return
	}
	for _, cause := range []Cause{CauseFailureCount, CauseFailureRate, CauseSlowRate} {
		e := m.seen[len(m.seen)-1]
		if (cause == CauseSlowRate && e.slowCounts || cause != CauseSlowRate && e.failureCounts) && m.holds(cause) {
			m.open(m.now, cause, m.look(cause))
			return
		}
	}
}

// enter adds a call to the windows.
func (m *model) enter(c *modelCall, o Outcome, slow bool) {
	e := modelEntry{
		start: c.start, failed: o == Failure, slow: slow, credit: map[Cause]int64{},
		failureCounts: o != Neutral, slowCounts: o != Neutral || slow,
	}
	for cause, w := range map[Cause]Window{
		CauseFailureCount: m.c.FailureCount.Window, CauseFailureRate: m.c.FailureRate.Window, CauseSlowRate: m.c.SlowRate.Window,
	} {
		if w.Span == 0 {
			continue
		}
		var head int64
		for _, old := range m.seen {
			if cause == CauseSlowRate && old.slowCounts || cause != CauseSlowRate && old.failureCounts {
				head = max(head, old.credit[cause])
			}
		}
		e.credit[cause] = max(int64(c.start/((w.Span+9)/10)), head-9)
	}
	m.seen = append(m.seen, e)
}

func (m *model) trip() { m.touch(); m.open(m.now, CauseManual, Seen{}) }

func (m *model) reset() { m.touch(); m.close(CauseManual) }

func (m *model) isolate() {
	m.touch()
	m.countOpening()
	m.isolated = true
	m.move(Open, m.now, CauseManual, Seen{})
}

// text is all that can be seen.
func (m *model) text() string {
	m.touch()
	probes := 0
	if m.state == HalfOpen {
		probes = len(m.flying())
	}
	counts := m.counts
	if m.state == Open {
		counts = Counts{}
	}
	return fmt.Sprint(m.state, m.isolated && m.state == Open, m.trips, m.opened, counts, m.shown(CauseFailureCount), m.shown(CauseFailureRate),
		m.shown(CauseSlowRate), m.late(), probes, m.passed, lastOf(m.events))
}
