package fleet

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
)

// grouped is steady with two groups: many who read often, and few who write seldom.
func grouped() *Config {
	c := steady(3)
	c.Load.Mix = []Op{{Name: "GetObject", Key: "raw/{client}.json", Size: 512, Weight: 1}}
	c.Load.Groups = []Group{
		{Name: "web", Clients: 80, Rate: 150},
		{Name: "batch", Clients: 20, Rate: 50, Mix: []Op{
			{Name: "PutObject", Key: "raw/{client}/{call}.json", Size: 512, Weight: 3}, {Name: "GetObject", Key: "raw/{client}.json", Size: 512, Weight: 1},
		}},
	}
	return summed(c)
}

// summed has the load's clients and rate be those of its groups.
func summed(c *Config) *Config {
	c.Load.Clients, c.Load.Rate = 0, 0
	for _, g := range c.Load.Groups {
		c.Load.Clients += g.Clients
		c.Load.Rate += g.Rate
	}
	return c
}

// Each group calls at its own rate what its own mix says.
func TestGroupsHaveTheirOwnLoad(t *testing.T) {
	c := grouped()
	rec := play(t, c)
	for i, g := range rec.Groups {
		want := 60 * c.Load.Groups[i].Rate
		if got := float64(g.Metrics.Calls); math.Abs(got-want) > 5*math.Sqrt(want) || g.Group != c.Load.Groups[i].Name || g.Clients != c.Load.Groups[i].Clients {
			t.Errorf("group %s of %d clients: %v calls, want about %v", g.Group, g.Clients, got, want)
		}
	}
	// Three of four calls of batch are writes, and no other.
	writes, want := float64(rec.Ops[1].Metrics.Calls), 0.75*float64(rec.Groups[1].Metrics.Calls)
	if rec.Ops[1].Op != "PutObject" || math.Abs(writes-want) > 5*math.Sqrt(want/4) {
		t.Errorf("%v calls of %s, want about %v", writes, rec.Ops[1].Op, want)
	}
	var sum uint64
	for _, g := range rec.Groups {
		sum += g.Metrics.Attempts
	}
	if sum != rec.Total.Attempts {
		t.Errorf("%d attempts in groups, %d in all", sum, rec.Total.Attempts)
	}
}

// A group's own rate in a phase is its own: the others call as ever, and where it is 0 nobody of
// it calls.
func TestGroupsHaveTheirOwnRatesInPhases(t *testing.T) {
	for _, paced := range []bool{false, true} {
		c := grouped()
		c.Load.Paced = paced
		c.Plan.Phases = []faults.Phase{{Label: "a", For: 30 * time.Second}, {Label: "b", For: 20 * time.Second}, {Label: "c", For: 30 * time.Second}, {Label: "d", For: time.Second}}
		c.Load.Groups[0].Rates, c.Load.Groups[1].Rates, c.Load.Rates = []float64{150, 150, 150, 0}, []float64{50, 500, 0, 0}, []float64{200, 650, 150, 0}
		var got [2][4]float64
		res, err := Run(context.Background(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range res.run.recorder.cells {
			phase, group := i/res.run.recorder.ops/2, i/res.run.recorder.ops%2
			got[group][phase] += float64(res.run.recorder.cells[i].calls)
		}
		for g, rates := range [2][]float64{c.Load.Groups[0].Rates, c.Load.Groups[1].Rates} {
			for i, rate := range rates {
				if want := rate * c.Plan.Phases[i].For.Seconds(); math.Abs(got[g][i]-want) > 5*math.Sqrt(want) {
					t.Errorf("paced %v: group %d makes %v calls in phase %d, want about %v", paced, g, got[g][i], i, want)
				}
			}
		}
		phases := Phases(c)
		if len(phases[0].Load) > 0 || fmt.Sprint(phases[1].Load) != "[rate 650/s batch 500/s]" || fmt.Sprint(phases[2].Load) != "[rate 150/s batch 0/s]" || fmt.Sprint(phases[3].Load) != "[rate 0/s]" {
			t.Errorf("phases %+v", phases)
		}
		if phases[0].Surge || !phases[1].Surge || phases[2].Surge || phases[3].Surge {
			t.Errorf("phases %+v", phases)
		}
	}
}

// Rates that are in proportion are those of all groups together.
func TestRatesInProportionAreNone(t *testing.T) {
	c := grouped()
	c.Plan.Phases = []faults.Phase{{Label: "a", For: 10 * time.Second}, {Label: "b", For: 10 * time.Second}}
	c.Load.Rates = []float64{200, 600}
	want := jsonOf(t, play(t, c))
	c.Load.Groups[0].Rates, c.Load.Groups[1].Rates = []float64{150, 450}, []float64{50, 150}
	if diff := firstDifference(want, jsonOf(t, play(t, c))); diff != "" {
		t.Error(diff)
	}
}

// Clients of a closed load think as long as their group does.
func TestGroupsThinkForThemselves(t *testing.T) {
	slow, fast := fixed(980*time.Millisecond), fixed(80*time.Millisecond)
	c := steady(1)
	c.Load = Load{Model: Closed, Clients: 5, Think: &slow, Mix: c.Load.Mix, Groups: []Group{{Name: "a", Clients: 2}, {Name: "b", Clients: 3, Think: &fast}}}
	rec := play(t, c)
	for i, want := range []uint64{2 * 60, 3 * 600} {
		if got := rec.Groups[i].Metrics.Calls; got < want-5 || got > want {
			t.Errorf("group %d made %d calls, want %d", i, got, want)
		}
	}
}

// A group that is cut in two makes the same calls: the whole record is the same, but for the
// groups themselves. One group of all clients is none.
func TestCuttingGroupsChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawConfig(rt)
		other := Group{Name: "other", Clients: rapid.IntRange(1, 9).Draw(rt, "other clients"), Rate: 3}
		other.Mix = []Op{{Name: "GetObject", Key: "x", Weight: 1}}
		clients := rapid.IntRange(2, 50).Draw(rt, "grouped clients")
		cut := rapid.IntRange(1, clients-1).Draw(rt, "cut")
		each := rapid.SampledFrom([]float64{0.25, 0.5, 2}).Draw(rt, "rate of each")
		surge := rapid.SampledFrom([]float64{0, 0, 0.5, 4}).Draw(rt, "its rate in the phase with faults")
		part := func(n int) Group { return Group{Name: "part", Clients: n, Rate: each * float64(n)} }
		play1 := func(groups ...Group) reports.Policy {
			c.Load.Groups, c.Load.Rates = groups, nil
			if surge > 0 {
				c.Load.Rates = []float64{0, 0, 0}
				for i := range groups {
					g := &groups[i]
					g.Rates = []float64{g.Rate, g.Rate, g.Rate}
					if g.Name == "part" {
						g.Rates[1] *= surge
					}
					for j := range g.Rates {
						c.Load.Rates[j] += g.Rates[j]
					}
				}
			}
			rec := play(t, summed(c))
			rec.Groups = nil
			return rec
		}
		check := func(what string, a, b reports.Policy) {
			if diff := firstDifference(jsonOf(t, a), jsonOf(t, b)); diff != "" {
				rt.Fatalf("%s: %s", what, diff)
			}
		}
		check("cut in two", play1(part(clients), other), play1(part(cut), part(clients-cut), other))
		check("cut in two, behind another", play1(other, part(clients)), play1(other, part(cut), part(clients-cut)))
		one := play1(part(clients))
		c.Load.Groups = nil
		check("one group", one, play(t, c))
	})
}

// Clients are chosen in proportion to how often they call, for every draw.
func TestSpans(t *testing.T) {
	s := newSpansOf([]Group{{Clients: 3, Rate: 1}, {Clients: 1, Rate: 6}, {Clients: 2, Rate: 1}, {Clients: 2, Rate: 1}})[0]
	if len(s) != 3 {
		t.Errorf("%d spans, want the last two groups joined", len(s))
	}
	var n [8]int
	const draws = 90_000
	for i := range draws {
		n[s.pick(float64(i)/draws)]++
	}
	for client, share := range []float64{1.0 / 3, 1.0 / 3, 1.0 / 3, 6, 0.5, 0.5, 0.5, 0.5} {
		if want := share * draws / 9; math.Abs(float64(n[client])-want) > 1 {
			t.Errorf("client %d makes %d calls, want %v", client, n[client], want)
		}
	}
	if got := s.pick(math.Nextafter(1, 0)); got != 7 {
		t.Errorf("the greatest draw is client %d, want the last", got)
	}
	tiny := newSpansOf([]Group{{Clients: 1, Rate: 1e7}, {Clients: 1, Rate: 1e-9}})[0]
	if got := tiny.pick(math.Nextafter(1, 0)); got > 1 {
		t.Errorf("client %d of 2", got)
	}
}

// A group may have a policy of its own, whichever is tried: its calls are retried by it, and
// its breakers are not those that the record is about.
func TestGroupsWithTheirOwnPolicy(t *testing.T) {
	for _, mode := range []Mode{Model, HTTP} {
		c := withFault(t, grouped(), 1, "InternalError")
		c.Mode, c.Plan.Phases[0].For = mode, 10*time.Second
		c.Policy.Retry.Attempts, c.Policy.Retry.AttemptTimeout = 1, time.Second
		own := Policy{Name: "eager", Retry: c.Policy.Retry}
		own.Retry.Attempts = 4
		c.Load.Groups[1].Policy = &own
		rec := play(t, c)
		if a, b := rec.Groups[0].Metrics, rec.Groups[1].Metrics; a.Attempts != a.Calls || b.Attempts != 4*b.Calls || b.Calls == 0 || rec.Groups[1].Policy != "eager" {
			t.Errorf("%v: %d attempts of %d calls, and with a policy of their own %d of %d", mode, a.Attempts, a.Calls, b.Attempts, b.Calls)
		}
		own.Breaker, own.Scope = &breaker.Config{Failures: 3, OpenFor: time.Hour}, PerClient
		rec = play(t, c)
		if a, b := rec.Groups[0].Metrics, rec.Groups[1].Metrics; a.RejectedByBreaker != 0 || b.RejectedByBreaker == 0 || rec.Breakers.Count != 0 || rec.Breakers.OpenNS != 0 {
			t.Errorf("%v: %d and %d calls rejected, %d breakers in the record", mode, a.RejectedByBreaker, b.RejectedByBreaker, rec.Breakers.Count)
		}
	}
}

// A policy of its own that is the one that is tried makes no difference, unless a breaker is
// more than one client's.
func TestAGroupsOwnPolicyThatIsTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawConfig(rt)
		if c.Policy.Scope != PerOperation {
			c.Policy.Scope = PerClient
		}
		c.Load.Groups = []Group{{Name: "a", Clients: 2, Rate: 20}, {Name: "b", Clients: 3, Rate: 10}}
		summed(c)
		plain := play(t, c)
		same := c.Policy
		c.Load.Groups[1].Policy = &same
		own := play(t, c)
		own.Groups[1].Policy = ""
		if diff := firstDifference(jsonOf(t, reports.Policy{Total: plain.Total, Groups: plain.Groups}), jsonOf(t, reports.Policy{Total: own.Total, Groups: own.Groups})); diff != "" {
			rt.Fatal(diff)
		}
	})
}
