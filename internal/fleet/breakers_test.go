package fleet

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
)

// An outage that outlasts the calls opens each client's breaker: from then on
// only probes reach the backend.
func TestBreakerShieldsTheBackend(t *testing.T) {
	bare := withFault(t, steady(3), 1, "outage")
	guarded := withFault(t, steady(3), 1, "outage")
	guarded.Policy.Breaker = &breaker.Config{Failures: 5, OpenFor: 10 * time.Second}
	a, b := play(t, bare), play(t, guarded)
	if a.Total.Attempts != 3*a.Total.Calls {
		t.Errorf("without breaker %d attempts of %d calls", a.Total.Attempts, a.Total.Calls)
	}
	// 5 clients, each trips at 5 failures and probes at most every 10 s; calls
	// in flight when it trips may add a few.
	if b.Total.Attempts > 5*(5+6+10) {
		t.Errorf("with breaker still %d attempts", b.Total.Attempts)
	}
	if b.Total.RejectedByBreaker == 0 || b.Breakers.Count != 5 {
		t.Errorf("rejected %d, breakers %d", b.Total.RejectedByBreaker, b.Breakers.Count)
	}
	if share := float64(b.Breakers.OpenNS) / float64(5*time.Minute); share < 0.9 {
		t.Errorf("open %.2f of the time, want nearly all", share)
	}
	if a.Total.Calls != b.Total.Calls {
		t.Errorf("%d and %d calls: both policies must meet the same arrivals", a.Total.Calls, b.Total.Calls)
	}
}

func TestSharedBreakerIsOne(t *testing.T) {
	c := withFault(t, steady(1), 1, "InternalError")
	c.Policy.Breaker, c.Policy.Scope = &breaker.Config{Failures: 5, OpenFor: time.Hour}, Shared
	rec := play(t, c)
	if rec.Breakers.Count != 1 || rec.Total.Attempts < 5 || rec.Total.Attempts > 10 {
		t.Errorf("%d breakers, %d attempts; want 1 and hardly more than 5", rec.Breakers.Count, rec.Total.Attempts)
	}
}

// With a breaker for each key, what fails under one key turns away nobody who asks for
// another, and no other client; one that is restarted has new ones.
func TestBreakerPerKey(t *testing.T) {
	c := steady(1)
	c.Load.Mix = []Op{{Name: "GetObject", Key: "good/{client}", Weight: 1}, {Name: "GetObject", Key: "bad/{client}", Weight: 1}}
	c.Load.Clients, c.Load.Rate = 3, 30
	rule := faults.Rule{P: 1, Effect: effect(t, "InternalError"), On: faults.Selector{Key: "bad/**"}}
	c.Plan.Phases = []faults.Phase{{Label: "a", For: 30 * time.Second, Rules: []faults.Rule{rule}}, {Label: "b", For: 30 * time.Second, Rules: []faults.Rule{rule}}}
	c.Policy.Breaker, c.Policy.Scope = &breaker.Config{Failures: 5, OpenFor: time.Hour}, PerKey
	rec := play(t, c)
	if rec.Breakers.Count != 6 || rec.Breakers.Scope != "client and key" {
		t.Errorf("%d breakers, one for each %s", rec.Breakers.Count, rec.Breakers.Scope)
	}
	bad := rec.Total.Attempts - rec.Total.Succeeded // 5 attempts of each client, and those in flight when they open it
	if bad < 3*5 || bad > 3*8 || rec.Total.RejectedByBreaker+bad+rec.Total.Succeeded != rec.Total.Calls {
		t.Errorf("%d attempts failed, %d calls were turned away, of %d", bad, rec.Total.RejectedByBreaker, rec.Total.Calls)
	}
	c.Load.Lives = []Lives{{}, {Restart: 1}}
	if again := play(t, c); again.Breakers.Count != 6 || again.Phases[1].Attempts-again.Phases[1].Succeeded < 3*5 {
		t.Errorf("after a restart %d breakers, and %d attempts failed", again.Breakers.Count, again.Phases[1].Attempts-again.Phases[1].Succeeded)
	}
}

// A breaker has no timer: it leaves the open state at the first call after its
// cool-down. Where calls are rare that is late, but in between it refuses nobody,
// and the account must not say that it was open: it waits for a probe.
func TestBreakerIsNotOpenPastItsCoolDown(t *testing.T) {
	c := withFault(t, steady(1), 1, "outage")
	c.Load = Load{Model: Replay, Clients: 1, Mix: []Op{{Name: "GetObject", Weight: 1}}, Trace: []Arrival{
		{At: 1 * time.Second, Key: "a"}, {At: 2 * time.Second, Key: "a"}, // opens it
		{At: 42 * time.Second, Key: "a"}, // the probe: opens it again
	}}
	c.Plan.Phases = []faults.Phase{{Label: "first", For: 30 * time.Second, Rules: c.Plan.Phases[0].Rules}, {Label: "second", For: 30 * time.Second, Rules: c.Plan.Phases[0].Rules}}
	c.Policy.Breaker = &breaker.Config{Failures: 2, OpenFor: 8 * time.Second, OpenMultiplier: 2, OpenMax: time.Minute}
	res, err := Run(context.Background(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec := res.Report()
	checkLaws(t, rec)
	if rec.Breakers.Transitions != 3 { // open, half-open, open
		t.Fatalf("%d changes of state, want 3", rec.Breakers.Transitions)
	}
	// At OpenFor to the nanosecond a breaker is still open.
	if got, want := time.Duration(rec.Breakers.OpenNS), (8+16)*time.Second+2; got != want {
		t.Errorf("open for %v, want %v", got, want)
	}
	if got, _ := res.Measure("breaker_open_time", measure.Choice{}); math.Abs(got.Value-8) > 1e-8 {
		t.Errorf("open for %v s of the first phase, want 8", got.Value)
	}
	if all, want := time.Duration(rec.Breakers.OpenNS+rec.Breakers.HalfOpenNS), 57*time.Second; all < want || all > want+2*time.Second {
		t.Errorf("open or half-open for %v, want all the time since the first trip", all)
	}
}

// A missing key comes from a healthy backend: it neither counts against the
// breaker nor is tried again.
func TestClientErrorsDoNotTrip(t *testing.T) {
	c := withFault(t, steady(5), 1, "NoSuchKey")
	c.Policy.Breaker = &breaker.Config{Failures: 2, OpenFor: time.Minute}
	rec := play(t, c)
	if rec.Breakers.Transitions != 0 || rec.Total.Attempts != rec.Total.Calls {
		t.Errorf("%d transitions, %d attempts of %d calls", rec.Breakers.Transitions, rec.Total.Attempts, rec.Total.Calls)
	}
}

// A run is over with its last call: a time-out that nothing came of, or work that nobody
// waits for, does not have its breakers open for longer. (With as many workers as there can be
// requests, all else is as without capacity.)
func TestBreakersAreWatchedUntilTheLastCall(t *testing.T) {
	breakersOf := func(workers int) reports.Breakers {
		c := withFault(t, steady(1), 1, "lost-ack SlowDown")
		c.Policy.Breaker, c.Policy.Scope = &breaker.Config{Failures: 3, OpenFor: time.Hour}, PerClient
		c.Policy.Retry.AttemptTimeout = 10 * time.Minute
		c.Plan.Phases[0].For, c.Drain = time.Second, 20*time.Minute
		c.Backend.Workers, c.Backend.Queue = workers, -1
		return play(t, c).Breakers
	}
	without, with := breakersOf(0), breakersOf(1000)
	if without.OpenNS == 0 || without != with {
		t.Errorf("without capacity %+v, with enough of it %+v", without, with)
	}
}

// A call that its limiter turns away is none that a breaker ended.
func TestCallsHeldBackAreNotTheBreakers(t *testing.T) {
	c := withFault(t, steady(1), 1, "SlowDown")
	c.Policy.Retry.Pace.Kind = retry.PaceSRE
	if rec := play(t, c).Total; rec.RejectedByBreaker != 0 || len(rec.Ends) != 2 || rec.Ends[0].Calls+rec.Ends[1].Calls != rec.Calls {
		t.Errorf("%d rejected by a breaker, ends %+v", rec.RejectedByBreaker, rec.Ends)
	}
}
