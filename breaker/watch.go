package breaker

import (
	"time"
)

// watch holds the calls of one stay in the closed state against the rules that look
// at windows. (Failures in a row are the engine's.) It is safe for concurrent use.
type watch struct {
	gate    *gate
	rules   []watched
	flights *flights      // the calls in flight, where there is a SlowRate
	after   time.Duration // SlowRate.After
	timed   bool          // there is a window of time
}

type watched struct {
	*rule
	window window
	needs  uint64
}

// newWatch returns the watch of a new stay; nil where no rule needs one.
func (g *gate) newWatch() *watch {
	if len(g.rules) == 0 {
		return nil
	}
	w := &watch{gate: g, rules: make([]watched, len(g.rules))}
	for i := range g.rules {
		r := &g.rules[i]
		w.rules[i] = watched{rule: r, window: r.over.open(), needs: r.needs()}
		w.timed = w.timed || r.over.Span > 0
		if r.cause == CauseSlowRate {
			w.flights, w.after = newFlights(), g.config.SlowRate.After
		}
	}
	return w
}

// begin is told of a call that begins. It returns what end is to be given.
func (w *watch) begin() ticket {
	if w.flights != nil {
		return ticket{key: w.flights.begin(w.gate.elapsed)}
	}
	if w.timed {
		return ticket{start: w.gate.elapsed()}
	}
	return ticket{}
}

// succeeded is end for a success where there is no rule on slow calls, as nearly all
// calls are. It tells whether a rule opens the breaker.
func (w *watch) succeeded(t *ticket) bool {
	for i := range w.rules {
		r := &w.rules[i]
		if r.window.add(t.start, false) >= r.needs && t.cause == 0 && r.holds(r.window.sum()) {
			t.cause = r.cause
		}
	}
	return t.cause != 0
}

// end is told of a call that has ended, and returns which rule opens the breaker. Each
// rule is asked for which the call counts.
func (w *watch) end(t ticket, o Outcome) (cause Cause) {
	var now time.Duration
	var late uint64
	var slow bool
	if w.flights != nil {
		now = w.gate.elapsed()
		t.start, late = w.flights.end(t.key, now, w.after)
		slow = now-t.start > w.after
	}
	for i := range w.rules {
		r := &w.rules[i]
		bad, flying := o == Failure, uint64(0)
		if r.cause == CauseSlowRate {
			bad, flying = slow, late
		}
		if o == Neutral && !bad {
			continue // who gave up says nothing, unless it was slow by then
		}
		if r.window.add(t.start, bad)+flying < r.needs || cause != 0 {
			continue
		}
		var seen tally
		if flying > 0 {
			seen = w.withLate(r, now-w.after)
		} else {
			seen = r.window.sum()
		}
		if r.holds(seen) {
			cause = r.cause
		}
	}
	return cause
}

// overdue returns which rule opens the breaker because time goes by: only the one on
// slow calls can begin to hold without a call that ends.
func (w *watch) overdue() Cause {
	if w.flights.count.Load() == 0 {
		return 0
	}
	before := w.gate.elapsed() - w.after
	if w.flights.late(before) == 0 {
		return 0
	}
	for i := range w.rules {
		if r := &w.rules[i]; r.cause == CauseSlowRate && r.holds(w.withLate(r, before)) {
			return r.cause
		}
	}
	return 0
}

// withLate is what is in the window of a rule and the calls in flight that began before.
// The window then ends no sooner than the last of these began, as it would if that call
// ended now. They come second: a call that ends meanwhile is taken out of them before it
// gets into the window, so that it is never in both; and it has the rule asked itself,
// once it is.
func (w *watch) withLate(r *watched, before time.Duration) tally {
	var sum tally
	if newest, ok := w.flights.newest(before); ok {
		sum = r.window.fresh(newest)
	} else {
		sum = r.window.sum()
	}
	return sum.and(w.flights.late(before))
}

// seen is what made the rule of a cause hold; nothing where there is no such rule.
func (w *watch) seen(c Cause) Seen {
	return w.look(c, func(r *watched) tally {
		if c == CauseSlowRate {
			return w.withLate(r, w.gate.elapsed()-w.after)
		}
		return r.window.sum()
	})
}

// shown is seen for who looks now.
func (w *watch) shown(c Cause) Seen {
	return w.look(c, func(r *watched) tally {
		t := r.window.fresh(w.gate.elapsed())
		if c == CauseSlowRate {
			t = t.and(w.late())
		}
		return t
	})
}

func (w *watch) look(c Cause, sum func(*watched) tally) Seen {
	if w == nil {
		return Seen{}
	}
	for i := range w.rules {
		if r := &w.rules[i]; r.cause == c {
			t := sum(r)
			return Seen{Calls: t.calls, Bad: t.bad}
		}
	}
	return Seen{}
}

// late is how many calls in flight are slow by now; 0 where nobody asks.
func (w *watch) late() uint64 {
	if w.flights == nil {
		return 0
	}
	return w.flights.late(w.gate.elapsed() - w.after)
}
