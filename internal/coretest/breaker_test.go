package coretest

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/breaker"
)

// hand is a clock that a test moves.
type hand struct{ t time.Time }

func (h *hand) Now() time.Time { return h.t }

// chance draws what rapid drew.
type chance float64

func (c chance) Draw(int) float64 { return float64(c) }

var errBackend = errors.New("backend failed")

// drawBreaker draws valid settings of every kind.
func drawBreaker(t *rapid.T) breaker.Config {
	duration := func(name string) time.Duration {
		return time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, name))
	}
	window := func(name string) breaker.Window {
		if rapid.Bool().Draw(t, name+" by calls") {
			return breaker.Window{Calls: rapid.IntRange(1, 50).Draw(t, name+" calls")}
		}
		return breaker.Window{Span: max(10, duration(name+" span"))}
	}
	rate := rapid.Float64Range(1e-6, 1)
	minimum := func(name string, w breaker.Window) int {
		if w.Calls > 0 {
			return rapid.IntRange(0, w.Calls).Draw(t, name)
		}
		return rapid.IntRange(0, 30).Draw(t, name)
	}
	c := breaker.Config{
		Failures: rapid.IntRange(0, 6).Draw(t, "failures"), OpenFor: duration("open for"),
		Probes: rapid.IntRange(0, 5).Draw(t, "probes"), OpenJitter: rapid.Float64Range(0, 1).Draw(t, "jitter"),
	}
	if rapid.Bool().Draw(t, "count rule") {
		w := window("count")
		c.FailureCount = breaker.FailureCount{Failures: rapid.IntRange(1, max(1, w.Calls)).Draw(t, "count"), Window: w}
	}
	if rapid.Bool().Draw(t, "rate rule") {
		w := window("rate")
		c.FailureRate = breaker.FailureRate{Rate: rate.Draw(t, "rate"), MinCalls: minimum("rate minimum", w), Window: w}
	}
	if rapid.Bool().Draw(t, "slow rule") || c.Failures == 0 && c.FailureCount.Failures == 0 && c.FailureRate.Rate == 0 {
		w := window("slow")
		c.SlowRate = breaker.SlowRate{After: duration("slow after"), Rate: rate.Draw(t, "slow rate"), MinCalls: minimum("slow minimum", w), Window: w}
	}
	if rapid.Bool().Draw(t, "grows") {
		c.OpenMultiplier, c.OpenMax = rapid.Float64Range(1.001, 1e6).Draw(t, "multiplier"), c.OpenFor+duration("more")
	}
	if rapid.Bool().Draw(t, "hints") {
		c.MaxHint = duration("max hint")
	}
	c.Successes = rapid.IntRange(0, max(1, c.Probes)).Draw(t, "successes")
	if rapid.Bool().Draw(t, "own lease") {
		c.ProbeLease = duration("lease")
	}
	return c
}

// longest are the lease and the open time that c can come to.
func longest(c breaker.Config) (lease, open time.Duration) {
	lease = max(c.OpenFor, time.Minute)
	if c.SlowRate.After > 0 {
		lease = c.SlowRate.After
	}
	if c.ProbeLease > 0 {
		lease = c.ProbeLease
	}
	return lease, max(c.OpenFor, c.OpenMax, 2*c.MaxHint)
}

// slowDown is a failure that says when to come back.
type slowDown time.Duration

func (d slowDown) Error() string                     { return "slow down" }
func (d slowDown) RetryAfter() (time.Duration, bool) { return time.Duration(d), true }

// laws is a breaker under watch.
type laws struct {
	c      breaker.Config
	b      *breaker.TwoStep
	clock  *hand
	last   breaker.Event
	broken string
	flying []func(error)
	probes int // admitted while half-open, since it became so
}

// heard checks that changes alternate, go on in time and say why.
func (l *laws) heard(e breaker.Event) {
	_, open := longest(l.c)
	switch {
	case e.From != l.last.To || e.From == e.To:
		l.broken = "changes do not alternate"
	case e.Time.Before(l.last.Time):
		l.broken = "time goes back"
	case e.Cause == 0:
		l.broken = "no cause"
	case e.From == breaker.Closed && e.To == breaker.HalfOpen, e.From == breaker.Open && e.To == breaker.Closed && e.Cause != breaker.CauseManual:
		l.broken = "no such way"
	case e.To == breaker.Open && (e.RetryAt.Sub(e.Time) < 2 || e.RetryAt.Sub(e.Time) > open+1):
		l.broken = "opens for " + e.RetryAt.Sub(e.Time).String()
	case e.To == breaker.HalfOpen && e.Time.Before(l.last.RetryAt):
		l.broken = "half-open too early"
	}
	if e.To == breaker.HalfOpen {
		l.probes = 0
	}
	l.last = e
}

func (l *laws) check(t *rapid.T) {
	s := l.b.Snapshot()
	n := s.Counts
	switch {
	case l.broken != "":
	case uint64(n.Successes)+uint64(n.Failures)+uint64(n.Neutrals) > uint64(n.Requests):
		l.broken = "more outcomes than calls"
	case s.Probes > max(1, l.c.Probes):
		l.broken = "too many probes"
	case s.State != l.last.To:
		l.broken = "a change was not told"
	case s.FailureRate.Bad > s.FailureRate.Calls, s.SlowRate.Bad > s.SlowRate.Calls:
		l.broken = "more bad calls than calls"
	}
	if l.broken != "" {
		t.Fatalf("%s: %+v, last %+v, %+v", l.broken, s, l.last, l.c)
	}
}

// The laws of the breaker, in any history: changes alternate, one outcome per admitted
// call, no more than Probes probes in flight, an open time within its bounds; and it is
// never wedged: with a healthy backend it closes within the leases, SlowRate.After, an
// open time and Probes calls, whatever came before.
func TestBreakerLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &laws{c: drawBreaker(t), clock: &hand{time.Unix(1e9, 0)}}
		l.last.To = breaker.Closed
		b, err := breaker.NewTwoStep(l.c, breaker.WithClock(l.clock), breaker.WithListener(l.heard),
			breaker.WithChance(chance(rapid.Float64Range(0, 1).Draw(t, "chance"))))
		if err != nil {
			t.Fatal(err)
		}
		l.b = b
		outcomes := rapid.SampledFrom([]error{nil, errBackend, context.Canceled, context.DeadlineExceeded, slowDown(time.Minute), slowDown(-1)})
		t.Repeat(map[string]func(*rapid.T){
			"": l.check,
			"begin": func(t *rapid.T) {
				if done, err := b.Allow(); err == nil {
					l.flying = append(l.flying, done)
				} else if b.State() == breaker.Closed {
					t.Fatal("refused while closed")
				}
			},
			"end": func(t *rapid.T) {
				if len(l.flying) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(l.flying)-1).Draw(t, "which")
				l.flying[i](outcomes.Draw(t, "outcome"))
				if rapid.Bool().Draw(t, "again later") {
					return // a second report must not count
				}
				l.flying = append(l.flying[:i], l.flying[i+1:]...)
			},
			"wait": func(t *rapid.T) {
				l.clock.t = l.clock.t.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "d")))
			},
			"tick":  func(*rapid.T) { l.clock.t = l.clock.t.Add(1) },
			"trip":  func(*rapid.T) { b.Trip() },
			"reset": func(*rapid.T) { b.Reset() },
		})
		heal(t, l)
	})
}

// heal has every call succeed at once from now on. Those that hang are found out, and
// the leases of lost probes run out, before the breaker opens for the last time.
func heal(t *rapid.T, l *laws) {
	lease, open := longest(l.c)
	l.clock.t = l.clock.t.Add(lease + l.c.SlowRate.After + 1)
	l.b.State()
	l.clock.t = l.clock.t.Add(open + 1)
	for range max(1, l.c.Probes) + 1 {
		if l.b.State() == breaker.Closed {
			break
		}
		done, err := l.b.Allow()
		if err != nil {
			t.Fatalf("refused with a healthy backend: %v, %+v", err, l.c)
		}
		done(nil)
	}
	if s := l.b.Snapshot(); s.State != breaker.Closed {
		t.Fatalf("%+v with a healthy backend, %+v", s, l.c)
	}
}
