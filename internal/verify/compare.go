package verify

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// comparison holds the runs of one policy against each other.
type comparison struct {
	scenario          *scenarios.Scenario
	policy            scenarios.Policy
	index             int      // of the policy in the runs
	why               []string // what depends on time; empty: nothing
	model, http, live *played  // model is nil where the mode cannot play the scenario
	others            []*played

	out Policy
}

func (c *comparison) of(p *played) (*reports.Policy, *book) {
	return &p.run.Policies[c.index], p.books[c.index]
}

// compare makes the report of the policy.
func (c *comparison) compare() Policy {
	simulated, _ := c.of(c.http)
	live, _ := c.of(c.live)
	c.out = Policy{Name: c.policy.Name, Settings: c.policy.Settings(), Law: LawExact, Why: c.why, Checks: []Check{}}
	if len(c.why) > 0 {
		c.out.Law = LawSimilar
	}
	if c.model != nil {
		m, _ := c.of(c.model)
		c.out.Modes = append(c.out.Modes, modeOf("model", m))
	}
	c.out.Modes = append(c.out.Modes, modeOf("http", simulated), modeOf("live", live))
	l := live.Live
	c.out.SlackNS = int64(float64(slackTime)*l.Speed) + l.Lateness.P99NS
	c.out.CallSlackNS = l.Lateness.P99NS + c.out.SlackNS*int64(math.Ceil(max(1, live.Total.Amplification)))
	c.pair()
	if c.live.run.Interrupted {
		return c.out
	}
	if c.model != nil {
		c.bytes()
	}
	c.wire(live)
	c.calls(simulated, live)
	late, most := c.lateness(simulated, l)
	told := fmt.Sprintf("one call in a hundred began %s late, or more (bound %s)", reports.FormatDuration(late), reports.FormatDuration(most))
	pairs := &c.out.Pairs
	switch {
	case len(c.why) == 0 || pairs.Alike == pairs.Compared && pairs.Compared > 0:
		c.callByCall()
	case late > most && float64(pairs.Alike) >= float64(enough*float64(pairs.Compared)) && pairs.Compared > 0:
		c.check("machine", 0, 0, "%s; yet %s of %s calls were the same", told, reports.FormatCount(pairs.Alike), reports.FormatCount(pairs.Compared))
		c.numbers(simulated, live)
	case late > most:
		c.check("machine", late.Seconds(), most.Seconds(),
			"%s: this machine does not hold the rate, and what follows proves nothing; a lower speed, or a quieter moment, would", told)
		c.numbers(simulated, live)
	default:
		c.check("machine", late.Seconds(), most.Seconds(), "%s", told)
		c.numbers(simulated, live)
	}
	if late > most {
		c.check("durations", 0, 0, "not compared: %s", told)
	} else {
		c.durations()
	}
	return c.out
}

func (c *comparison) check(name string, value, tolerance float64, format string, args ...any) {
	c.out.Checks = append(c.out.Checks, Check{Name: name, Passed: value <= tolerance, Value: value, Tolerance: tolerance, Text: fmt.Sprintf(format, args...)})
}

// bytes demands the same record of both simulated modes.
func (c *comparison) bytes() {
	model, _ := c.of(c.model)
	http, _ := c.of(c.http)
	if reflect.DeepEqual(model, http) {
		c.check("simulated", 0, 0, "model and http made the same record, to the byte")
		return
	}
	c.check("simulated", 1, 0, "model and http made other records: %d and %d attempts, %d and %d calls that succeeded",
		model.Total.Attempts, http.Total.Attempts, model.Total.Succeeded, http.Total.Succeeded)
}

// wire counts both sides: each attempt is to be seen once. One that was given up, or
// never sent, may not have come as far.
func (c *comparison) wire(live *reports.Policy) {
	l, m := live.Live, live.Total
	both := fmt.Sprintf("the clients made %s attempts, the backend saw %s requests", reports.FormatCount(m.Attempts), reports.FormatCount(l.Requests))
	if l.Requests > m.Attempts {
		c.check("wire", float64(l.Requests-m.Attempts), 0, "%s: the transport repeated %s by itself", both, reports.FormatCount(l.Repeated))
		return
	}
	if l.Undialed > 0 {
		c.check("wire", float64(l.Undialed), 0, "%s: the system had no connection for %s of them, first: %s", both, reports.FormatCount(l.Undialed), l.DialError)
		return
	}
	may := l.Unsent + m.AttemptOutcomes[reports.OutcomeTimeout] + m.AttemptOutcomes[reports.OutcomeUnfinished]
	if l.Requests < m.Attempts {
		both += fmt.Sprintf("; %s were given up before they came there, or never sent", reports.FormatCount(m.Attempts-l.Requests))
	}
	c.check("wire", float64(m.Attempts-l.Requests), float64(may), "%s", both)
}

// calls demands the arrivals of the simulation. How many calls a closed load makes is a
// matter of how long they take.
func (c *comparison) calls(simulated, live *reports.Policy) {
	if c.scenario.Load.Model == scenarios.ModelClosed {
		c.similar("calls", 0.05, func(p *reports.Policy) float64 {
			return float64(p.Total.Calls) / max(1, float64(simulated.Total.Calls))
		}, func(x float64) string {
			return reports.FormatCount(uint64(math.Round(float64(x*float64(simulated.Total.Calls))))) + " calls"
		})
		return
	}
	a, b := simulated.Total.Calls+simulated.Total.Dropped, live.Total.Calls+live.Total.Dropped
	if a == b {
		c.check("calls", 0, 0, "both had %s arrivals", reports.FormatCount(a))
		return
	}
	c.check("calls", math.Abs(float64(a)-float64(b)), 0, "the simulation had %s arrivals, the live run %s", reports.FormatCount(a), reports.FormatCount(b))
}

// callByCall demands that all calls are alike.
func (c *comparison) callByCall() {
	p := &c.out.Pairs
	aside := ""
	if p.Aside > 0 {
		aside = fmt.Sprintf(" (%s met the change from one phase to the next, and are left out)", reports.FormatCount(p.Aside))
	}
	switch {
	case p.Compared == 0:
		c.check("call by call", 1, 0, "there was no call to compare%s", aside)
	case p.Alike < p.Compared:
		c.check("call by call", float64(p.Compared-p.Alike), 0, "%s of %s calls made other attempts%s: %s",
			reports.FormatCount(p.Compared-p.Alike), reports.FormatCount(p.Compared), aside, strings.Join(p.Examples, "; "))
	default:
		c.check("call by call", 0, 0, "all %s calls made the same attempts, with the same outcomes and ends%s", reports.FormatCount(p.Compared), aside)
	}
}

// enough is the share of calls that must be the same for a run to prove something although
// the machine did not hold the rate.
const enough = 0.99

// mostLate is how late a hundredth of the calls may begin, in real time, whatever the
// scenario: the tick of a system that has a coarse clock.
const mostLate = 10 * time.Millisecond

// lateness is how late a hundredth of the calls began, and how late that may be for the
// times of the run to prove something. Where the law needs them, it is a quarter of what the
// slow calls take.
func (c *comparison) lateness(simulated *reports.Policy, l *reports.Live) (late, most time.Duration) {
	most = time.Duration(float64(mostLate) * l.Speed)
	if len(c.why) > 0 {
		most = max(most, time.Duration(simulated.Total.CallDuration.P99NS/4))
	}
	return time.Duration(l.Lateness.P99NS), most
}

// numbers demands shares that are similar.
func (c *comparison) numbers(simulated, live *reports.Policy) {
	c.similar("success rate", 0.02, func(p *reports.Policy) float64 { return p.Total.SuccessRate }, reports.FormatShare)
	c.similar("attempts per call", 0.05*max(1, simulated.Total.Amplification), func(p *reports.Policy) float64 { return p.Total.Amplification }, func(x float64) string { return fmt.Sprintf("%.3f", x) })
	shift := func(p *reports.Policy) float64 { return moved(simulated, p) }
	tolerance := max(0.05, c.spread(shift, 0))
	d := shift(live)
	c.check("outcomes", d, tolerance, "%s of the attempts came out otherwise (tolerance %s)", reports.FormatShare(d), reports.FormatShare(tolerance))
}

// similar demands that a number is within a tolerance of the simulation's, or no further
// from it than with another seed.
func (c *comparison) similar(name string, base float64, value func(*reports.Policy) float64, format func(float64) string) {
	a, _ := c.of(c.http)
	b, _ := c.of(c.live)
	tolerance := max(base, c.spread(value, value(a)))
	from := "tolerance"
	if tolerance > base {
		from = fmt.Sprintf("as %d other seeds go apart:", otherSeeds)
	}
	c.check(name, math.Abs(value(a)-value(b)), tolerance, "%s simulated, %s live (%s ± %s)", format(value(a)), format(value(b)), from, format(tolerance))
}

// spread is how far a number gets from that value with other seeds.
func (c *comparison) spread(value func(*reports.Policy) float64, from float64) (most float64) {
	for _, p := range c.others {
		most = max(most, math.Abs(value(&p.run.Policies[0])-from))
	}
	return most
}

// moved is the share of attempts that would have to come out otherwise for the outcomes of
// one to be those of the other: their distance in total variation.
func moved(a, b *reports.Policy) (d float64) {
	for i, n := range a.Total.AttemptOutcomes {
		x, y := float64(n)/max(1, float64(a.Total.Attempts)), float64(b.Total.AttemptOutcomes[i])/max(1, float64(b.Total.Attempts))
		d += math.Abs(x-y) / 2
	}
	return d
}

// durations demands distributions that are similar.
func (c *comparison) durations() {
	_, simulated := c.of(c.http)
	_, live := c.of(c.live)
	calls, attempts := simulated.durations()
	liveCalls, liveAttempts := live.durations()
	one := func(name string, a, b []time.Duration, slack int64, other func(*book) []time.Duration) {
		d, tolerance := Distance(a, b, time.Duration(slack)), max(0.05, chanceOf(len(a), len(b)))
		for _, p := range c.others {
			tolerance = max(tolerance, Distance(a, other(p.books[0]), 0))
		}
		c.check(name, d, tolerance, "distance %.3f with a slack of %s (tolerance %.3f)", d, reports.FormatDuration(time.Duration(slack)), tolerance)
	}
	one("attempt duration", attempts, liveAttempts, c.out.SlackNS, func(b *book) []time.Duration { _, a := b.durations(); return a })
	one("call duration", calls, liveCalls, c.out.CallSlackNS, func(b *book) []time.Duration { a, _ := b.durations(); return a })
}
