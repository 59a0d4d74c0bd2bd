package breaker

import (
	"math"
	"time"
)

// Window says which calls a rule looks at: the last Calls that ended, or those that
// began in the last Span. One of the two is set. It only holds calls of the present
// stay in the closed state. The zero value is no window.
//
// A window of time counts a call when it began, whenever it ends: five calls that
// began together and hang for 11 s before they time out are five failures of one
// moment, also in a window of 10 s. The window ends with the latest beginning of a
// call that has ended, and holds the tenth of Span in which that is and the nine
// tenths before it. A call that began before them counts in the oldest, so that no
// outcome is lost.
type Window struct {
	// Calls is a number of calls, from 1 to 1048576.
	Calls int
	// Span is a stretch of time, from 10 ns.
	Span time.Duration
}

// FailureCount opens a breaker at Failures failures in the window: with Window.Calls
// that is k of the last n calls. The zero value is no such rule.
type FailureCount struct {
	// Failures is how many failures open the breaker, from 1 to 4294967295; no more
	// than Window.Calls, where that is set.
	Failures int
	// Window is what is looked at.
	Window Window
}

// FailureRate opens a breaker when a share of Rate or more of the calls in the window
// were failures. The zero value is no such rule.
//
// The share is compared exactly, as the decimal number that Rate is written as: 7 of
// 100 is 0.07, and 99 of 200 is below 0.5. (A product of floats says otherwise, and
// libraries that round to percents open at 49.5 %.)
type FailureRate struct {
	// Rate is the share, above 0 and at most 1.
	Rate float64
	// MinCalls is how many calls must be in the window before their share means
	// anything. 0 means all of Window.Calls, or 20 in a Window.Span (Hystrix's
	// circuitBreaker.requestVolumeThreshold).
	MinCalls int
	// Window is what is looked at.
	Window Window
}

// SlowRate opens a breaker when a share of Rate or more of the calls in the window
// took longer than After, however they ended. The zero value is no such rule.
//
// A call in flight counts as soon as it is overdue, so that a backend on which all
// calls hang is found out while they hang: there is no timer, but the next call, and
// each look at the state, count what is overdue by then. A call of a TwoStep that is
// never reported hangs for as long as the breaker stays closed. Calls that were
// cancelled count too if they had been slow by then, and else do not.
//
// A breaker with this rule takes probes that take longer than After for failed.
type SlowRate struct {
	// After is the longest that a call may take without being slow, above 0.
	After time.Duration
	// Rate is the share, above 0 and at most 1; see FailureRate.
	Rate float64
	// MinCalls is as in FailureRate; those in flight and overdue are counted.
	MinCalls int
	// Window is what is looked at.
	Window Window
}

const (
	maxWindow    = 1 << 20 // calls, a byte each
	tenths       = 10      // parts of a window of time, as Hystrix's and failsafe-go's
	usualMinimum = 20      // calls, in a window of time
)

// set tells whether there is a window.
func (w Window) set() bool { return w != Window{} }

// minCalls is MinCalls with its default.
func (w Window) minCalls(n int) uint64 {
	switch {
	case n > 0:
		return uint64(n)
	case w.Calls > 0:
		return uint64(w.Calls)
	default:
		return usualMinimum
	}
}

// open returns the window of a new stay.
func (w Window) open() window {
	if w.Calls > 0 {
		return newCallWindow(w.Calls)
	}
	return newTimeWindow(w.Span)
}

// rules are those of a configuration that look at windows.
func (c Config) rules() []rule {
	var rules []rule
	if f := c.FailureCount; f != (FailureCount{}) {
		rules = append(rules, rule{cause: CauseFailureCount, over: f.Window, count: uint64(f.Failures)})
	}
	if f := c.FailureRate; f != (FailureRate{}) {
		rules = append(rules, rule{cause: CauseFailureRate, over: f.Window, share: shareOf(f.Rate), min: f.Window.minCalls(f.MinCalls)})
	}
	if s := c.SlowRate; s != (SlowRate{}) {
		rules = append(rules, rule{cause: CauseSlowRate, over: s.Window, share: shareOf(s.Rate), min: s.Window.minCalls(s.MinCalls)})
	}
	return rules
}

// rule is one of them. A bad call is one that failed, or one that was slow.
type rule struct {
	cause Cause
	over  Window
	count uint64 // bad calls that open, whatever their share; 0: share and min decide
	share share
	min   uint64
}

// holds tells whether the breaker opens.
func (r *rule) holds(t tally) bool {
	if r.count > 0 {
		return t.bad >= r.count
	}
	return t.calls >= r.min && r.share.reached(t.bad, t.calls)
}

// needs is the least number of bad calls at which the rule can hold.
func (r *rule) needs() uint64 {
	if r.count > 0 {
		return r.count
	}
	return r.share.least(r.min)
}

// problems reports what cannot be used.
func (c *checker) window(field string, w Window) {
	switch {
	case w.Calls != 0 && w.Span != 0:
		c.report(field+".Calls", w.Calls, "either a number of calls or a span of time")
	case !w.set():
		c.report(field+".Calls", 0, "a number of calls from 1 to 1048576, or a span of time")
	case w.Span == 0 && (w.Calls < 1 || w.Calls > maxWindow):
		c.report(field+".Calls", w.Calls, "a number of calls from 1 to 1048576")
	case w.Calls == 0 && w.Span < tenths:
		c.report(field+".Span", w.Span, "a duration of 10ns or more, such as 30s")
	}
}

func (c *checker) rate(field string, rate float64, minCalls int, w Window) {
	if !(rate > 0 && rate <= 1) { // NaN, too
		c.report(field+".Rate", rate, "a share above 0 and at most 1, such as 0.5")
	}
	c.window(field+".Window", w)
	switch {
	case minCalls < 0 || uint64(minCalls) > math.MaxUint32:
		c.report(field+".MinCalls", minCalls, "a number of calls from 1 to 4294967295, or 0 for the usual")
	case w.Calls > 0 && minCalls > w.Calls:
		c.report(field+".MinCalls", minCalls, "at most as many calls as the window has, or 0 for all of them")
	}
}

func (c *checker) rules(config Config) {
	if f := config.FailureCount; f != (FailureCount{}) {
		switch {
		case f.Failures < 1 || uint64(f.Failures) > math.MaxUint32:
			c.report("FailureCount.Failures", f.Failures, "a number of failures from 1 to 4294967295")
		case f.Window.Calls > 0 && f.Failures > f.Window.Calls:
			c.report("FailureCount.Failures", f.Failures, "at most as many failures as the window has calls")
		}
		c.window("FailureCount.Window", f.Window)
	}
	if f := config.FailureRate; f != (FailureRate{}) {
		c.rate("FailureRate", f.Rate, f.MinCalls, f.Window)
	}
	if s := config.SlowRate; s != (SlowRate{}) {
		if s.After <= 0 {
			c.report("SlowRate.After", s.After, "a duration above 0, such as 2s")
		}
		c.rate("SlowRate", s.Rate, s.MinCalls, s.Window)
	}
}
