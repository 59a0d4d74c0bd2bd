package fleet

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
)

// Laws that hold between two runs, whatever the numbers of each.

// recordOf plays a fleet and returns its record without what tells of breakers only.
func recordOf(t testing.TB, c *Config) string {
	rec := play(t, c)
	rec.Breakers = reports.Breakers{}
	data, err := json.MarshalIndent(rec, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A breaker that cannot trip is none, and a budget that has enough is none.
func TestWhatNeverActsChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawConfig(rt)
		c.Policy.Breaker, c.Policy.Retry.Quota = nil, retry.Quota{}
		plain := recordOf(t, c)
		what := rapid.SampledFrom([]string{"breaker", "budget", "both"}).Draw(rt, "what never acts")
		if what != "budget" {
			c.Policy.Breaker = &breaker.Config{Failures: math.MaxUint32, OpenFor: time.Second}
			c.Policy.Scope = rapid.SampledFrom([]Scope{PerOperation, PerClient, PerKey, Shared}).Draw(rt, "scope of the idle one")
		}
		if what != "breaker" {
			c.Policy.Retry.Quota = retry.Quota{Capacity: math.MaxInt32, Cost: 1}
		}
		if diff := firstDifference(plain, recordOf(t, c)); diff != "" {
			rt.Fatalf("without a %s, and with one that never acts: %s", what, diff)
		}
	})
}

// trail is what a fleet's calls did, in the order in which attempts and calls ended.
type trail struct {
	attempts []AttemptRecord
	calls    []CallRecord
}

func (r *trail) Attempt(a AttemptRecord) { r.attempts = append(r.attempts, a) }
func (r *trail) Call(c CallRecord)       { r.calls = append(r.calls, c) }

// trailOf plays a fleet and keeps all that its calls did.
func trailOf(t testing.TB, c *Config) trail {
	t.Helper()
	var r trail
	c.Watch = &r
	play(t, c)
	c.Watch = nil
	return r
}

// byCall sorts the trail by client, call and attempt: calls that the end of a run gives up
// end together, in no order that means anything.
func (r trail) byCall() trail {
	slices.SortFunc(r.attempts, func(a, b AttemptRecord) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Call, b.Call), a.Number-b.Number)
	})
	slices.SortFunc(r.calls, func(a, b CallRecord) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Call, b.Call))
	})
	return r
}

// With all times k times as long, all happens k times as late, and is otherwise the
// same: nothing in the fleet, the core or the backend has a time of its own. (Times
// here are whole nanoseconds without jitter, so that there is nothing to round.)
func TestTimeScales(t *testing.T) {
	calls := 0
	rapid.Check(t, func(rt *rapid.T) {
		attempts, failures, workers := rapid.IntRange(1, 5).Draw(rt, "attempts"), rapid.IntRange(0, 4).Draw(rt, "failures"), rapid.IntRange(0, 3).Draw(rt, "workers")
		seed, p := rapid.Uint64().Draw(rt, "seed"), rapid.Float64Range(0, 1).Draw(rt, "p")
		kind := rapid.SampledFrom([]string{"SlowDown", "InternalError", "AccessDenied", "reset", "lost-ack", "latency"}).Draw(rt, "effect")
		timeout, closed := rapid.Bool().Draw(rt, "timeout"), rapid.Bool().Draw(rt, "closed")
		flap := rapid.Bool().Draw(rt, "flap")
		fleet := func(k time.Duration) *Config {
			c := steady(attempts)
			c.Seed, c.Drain = seed, time.Minute*k
			c.Backend.Latency = fixed(20 * time.Millisecond * k)
			c.Backend.Workers, c.Backend.Queue, c.Backend.Slowdown = workers, -1, time.Millisecond*k
			c.Load.Paced, c.Load.Rate = true, 50/float64(k)
			if closed {
				think := fixed(30 * time.Millisecond * k)
				c.Load = Load{Model: Closed, Clients: 3, Think: &think, Mix: c.Load.Mix}
			}
			c.Policy.Retry.Backoff = retry.Backoff{Base: 100 * time.Millisecond * k, Multiplier: 2, Cap: time.Second * k}
			c.Policy.Retry.Jitter = retry.Jitter{}
			if timeout {
				c.Policy.Retry.AttemptTimeout = 35 * time.Millisecond * k
			}
			if failures > 0 {
				c.Policy.Breaker = &breaker.Config{Failures: failures, OpenFor: 700 * time.Millisecond * k, ProbeLease: time.Minute * k} // which would be a minute
				c.Policy.Scope = PerClient
			}
			rule := faults.Rule{P: p}
			if kind == "latency" {
				rule.Effect = effect(t, "latency add="+(7*time.Millisecond*k).String())
			} else {
				rule.Effect = effect(t, kind)
			}
			if flap {
				rule.Flap = faults.Flap{Up: 300 * time.Millisecond * k, Down: 200 * time.Millisecond * k}
			}
			c.Plan.Phases = []faults.Phase{{Label: "a", For: time.Second * k}, {Label: "b", For: 2 * time.Second * k, Rules: []faults.Rule{rule}}, {Label: "c", For: time.Second * k}}
			return c
		}
		k := time.Duration(rapid.SampledFrom([]int{2, 4, 64, 1024}).Draw(rt, "k"))
		want, got := trailOf(t, fleet(1)), trailOf(t, fleet(k))
		for i := range want.attempts {
			want.attempts[i].Sent, want.attempts[i].Ended = want.attempts[i].Sent*k, want.attempts[i].Ended*k
		}
		for i := range want.calls {
			want.calls[i].Start, want.calls[i].Ended = want.calls[i].Start*k, want.calls[i].Ended*k
		}
		calls += len(want.calls)
		same(rt, "attempts", want.attempts, got.attempts)
		same(rt, "calls", want.calls, got.calls)
	})
	if calls == 0 {
		t.Error("no call was compared")
	}
}

// same demands that two lists are equal, and tells the first place where they are not.
func same[T comparable](t *rapid.T, what string, want, got []T) {
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Fatalf("%s: number %d is\n%+v, want\n%+v", what, i, got[i], want[i])
		}
	}
	if len(want) != len(got) {
		t.Fatalf("%s: %d, want %d", what, len(got), len(want))
	}
}

// Whoever else draws chance shifts nobody: neither a client more, nor a fault that draws for
// every request and hits none, changes what a client's calls meet, as long as they share
// nothing else.
func TestDrawsShiftNobody(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawConfig(rt)
		think := fixed(rapid.SampledFrom([]time.Duration{100 * time.Millisecond, 500 * time.Millisecond}).Draw(rt, "think"))
		c.Load = Load{Model: Closed, Clients: c.Load.Clients, Think: &think, Mix: c.Load.Mix}
		c.Backend.Workers, c.Backend.Queue = 0, 0
		if c.Policy.Scope == Shared || c.Policy.Scope == InStep {
			c.Policy.Scope = PerClient
		}
		for i := range c.Plan.Phases[1].Rules { // those that count what came before are shared by all
			r := &c.Plan.Phases[1].Rules[i]
			r.Every, r.First, r.AtMost = faults.Every{}, faults.First{}, 0
		}
		c.Load.Clients = min(c.Load.Clients, 3)
		before := trailOf(t, c).byCall()

		more := *c
		more.Load.Clients++
		others := uint64(c.Load.Clients)
		grown := trailOf(t, &more).byCall()
		same(rt, "with a client more", before.attempts, slices.DeleteFunc(grown.attempts, func(a AttemptRecord) bool { return a.Client == others }))
		same(rt, "calls with a client more", before.calls, slices.DeleteFunc(grown.calls, func(a CallRecord) bool { return a.Client == others }))

		more = *c
		more.Plan.Phases = slices.Clone(c.Plan.Phases)
		for _, i := range []int{0, 2} { // it draws for every request, and hits none
			more.Plan.Phases[i].Rules = []faults.Rule{{P: 0, Continue: true, Effect: effect(t, "latency add=1s")}}
		}
		same(rt, "with a fault that draws", before.attempts, trailOf(t, &more).byCall().attempts)
	})
}
