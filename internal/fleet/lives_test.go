package fleet

import (
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// closedFleet has n clients who call every second, for ten seconds in each of so many phases.
func closedFleet(n, phases int) *Config {
	c := phased(make([]float64, phases)...)
	think := fixed(980 * time.Millisecond)
	c.Load = Load{Model: Closed, Clients: n, Think: &think, Mix: c.Load.Mix}
	return c
}

func ended(m reports.Metrics, reason string) (n uint64) {
	for _, e := range m.Ends {
		if e.Reason == reason {
			n += e.Calls
		}
	}
	return n
}

// callsIn counts the calls that were meant to start in [from, to) of a run.
func callsIn(t *testing.T, c *Config, from, to time.Duration) (n int) {
	t.Helper()
	w := &watcher{}
	c.Watch = w
	play(t, c)
	for _, one := range w.calls {
		if one.Start >= from && one.Start < to {
			n++
		}
	}
	return n
}

type watcher struct{ calls []CallRecord }

func (w *watcher) Attempt(AttemptRecord) {}
func (w *watcher) Call(r CallRecord)     { w.calls = append(w.calls, r) }

// Without a start all clients call at once; with one they begin when it says.
func TestStarts(t *testing.T) {
	const clients = 1000
	together := closedFleet(clients, 1)
	if n := callsIn(t, together, 980*time.Millisecond, 981*time.Millisecond); n != clients {
		t.Errorf("%d of %d clients begin together", n, clients)
	}
	apart := closedFleet(clients, 1)
	apart.Load.Start = &sim.Dist{Kind: sim.Uniform, Upper: 5 * time.Second}
	first := map[uint64]time.Duration{}
	w := &watcher{}
	apart.Watch = w
	play(t, apart)
	for _, one := range w.calls {
		if one.Call == 0 {
			first[one.Client] = one.Start - 980*time.Millisecond
		}
	}
	within := 0
	for _, at := range first {
		if at < 0 || at > 5*time.Second {
			t.Errorf("a client begins at %v", at)
		}
		if at < time.Second {
			within++
		}
	}
	if len(first) != clients || math.Abs(float64(within)-clients/5) > 5*math.Sqrt(clients*0.16) {
		t.Errorf("%d clients have begun, %d of them in the first of five seconds", len(first), within)
	}
	zero := closedFleet(5, 1)
	plain := record(t, zero)
	zero.Load.Start = &sim.Dist{Kind: sim.Fixed}
	if diff := firstDifference(plain, record(t, zero)); diff != "" {
		t.Errorf("a start at once changes the run: %s", diff)
	}
}

// A restart loses what is in flight, once, and what it costs is known.
func TestRestartLosesCallsInFlight(t *testing.T) {
	for _, mode := range []Mode{Model, HTTP} {
		c := phased(50, 50)
		c.Load.Paced, c.Mode, c.Backend.Latency = true, mode, fixed(time.Second)
		c.Load.Lives = []Lives{{}, {Restart: 1}}
		rec := play(t, c)
		if n := ended(rec.Phases[0], "client restarted"); n != 50 || rec.Phases[0].Failed != n { // those of the last second
			t.Errorf("%v: %d calls were lost, %d failed, want 50", mode, n, rec.Phases[0].Failed)
		}
		if rec.Total.Unfinished != 0 || rec.Phases[1].Failed != 0 {
			t.Errorf("%v: %d unfinished, %d failed after the restart", mode, rec.Total.Unfinished, rec.Phases[1].Failed)
		}
		if rec.Total.Truth.FalseFailures != 50 { // the work is done all the same
			t.Errorf("%v: %d false failures", mode, rec.Total.Truth.FalseFailures)
		}
	}
	c := phased(1000, 1000)
	c.Load.Clients, c.Backend.Latency, c.Load.Lives = 1000, fixed(time.Second), []Lives{{}, {Restart: 0.3}}
	if n := float64(ended(play(t, c).Total, "client restarted")); math.Abs(n-300) > 5*math.Sqrt(300) {
		t.Errorf("%v of about 1000 calls in flight were lost, want about 300", n)
	}
}

// Breakers and budgets of a client that is restarted know nothing of what was before.
func TestRestartForgets(t *testing.T) {
	for _, tt := range []struct {
		name  string
		scope Scope
		share float64
		fresh bool
	}{
		{"nobody", PerClient, 0, false}, {"all", PerClient, 1, true}, {"all, per operation", PerOperation, 1, true},
		{"all, of the fleet", Shared, 1, true}, {"half, of the fleet", Shared, 0.5, false},
	} {
		c := withFault(t, phased(50, 50), 1, "outage")
		c.Policy.Breaker, c.Policy.Scope = &breaker.Config{Failures: 3, OpenFor: time.Hour}, tt.scope
		c.Load.Lives = []Lives{{}, {Restart: tt.share}}
		rec := play(t, c)
		if ok := rec.Phases[1].Succeeded; tt.fresh != (ok == rec.Phases[1].Calls) || !tt.fresh && ok != 0 {
			t.Errorf("%s: %d of %d calls after the restart succeeded", tt.name, ok, rec.Phases[1].Calls)
		}
		if open := time.Duration(rec.Breakers.OpenNS); tt.fresh && open > time.Duration(rec.Breakers.Count)*10*time.Second {
			t.Errorf("%s: %d breakers were open for %v", tt.name, rec.Breakers.Count, open)
		}
	}
	attempts := func(clients int, share float64) uint64 {
		c := withFault(t, phased(500, 500), 1, "InternalError")
		c.Load.Clients = clients
		c.Plan.Phases[1].Rules = c.Plan.Phases[0].Rules
		c.Policy.Retry = retry.AWSStandard21()
		c.Load.Lives = []Lives{{}, {Restart: share}}
		return play(t, c).Phases[1].Attempts
	}
	for _, clients := range []int{1, 5} {
		if with, without := attempts(clients, 1), attempts(clients, 0); with < without+30*uint64(clients) { // of 500 tokens, 14 a retry
			t.Errorf("%d clients: %d attempts after the restart, %d without one: quotas are not new", clients, with, without)
		}
	}
}

// Breakers of clients who are gone when the run ends are counted all the same, and no more
// of them than there were at once.
func TestBreakersOfClientsWhoAreGone(t *testing.T) {
	for _, last := range []Lives{{}, {Restart: 1}, {Offline: 1}, {Offline: 0.5}} {
		c := withFault(t, phased(50, 50, 0), 1, "outage")
		c.Plan.Phases[1].Rules = c.Plan.Phases[0].Rules
		c.Policy.Breaker, c.Policy.Scope = &breaker.Config{Failures: 3, OpenFor: time.Hour}, PerClient
		c.Load.Lives = []Lives{{}, {Restart: 1}, last}
		rec := play(t, c)
		if rec.Breakers.Count != c.Load.Clients {
			t.Errorf("%+v: %d breakers of %d clients", last, rec.Breakers.Count, c.Load.Clients)
		}
		for i, open := range rec.Series.BreakerOpenNS {
			if whole := rec.Series.BucketNS * int64(rec.Breakers.Count); open+rec.Series.BreakerHalfOpenNS[i] > whole {
				t.Fatalf("%+v: bucket %d has breakers open for %v of %v", last, i, time.Duration(open), time.Duration(whole))
			}
		}
	}
}

// Clients who are offline make no calls, and come back together when their phase ends.
func TestOffline(t *testing.T) {
	const clients = 100
	for _, mode := range []Mode{Model, HTTP} {
		c := closedFleet(clients, 3)
		c.Mode, c.Load.Lives = mode, []Lives{{}, {Offline: 1}, {}}
		rec := play(t, c)
		if rec.Phases[1].Calls != 0 || rec.Phases[0].Calls != 10*clients || rec.Phases[2].Calls != 10*clients {
			t.Errorf("%v: calls %d, %d, %d", mode, rec.Phases[0].Calls, rec.Phases[1].Calls, rec.Phases[2].Calls)
		}
		if n := callsIn(t, c, 20*time.Second, 20*time.Second+981*time.Millisecond); n != clients {
			t.Errorf("%v: %d clients come back together", mode, n)
		}
	}
	// The first phase, too; and a part of the clients, some of whom come back early.
	c := closedFleet(1000, 4)
	c.Load.Lives = []Lives{{Offline: 0.8}, {Offline: 0.3}, {}, {Offline: 0.5}}
	rec := play(t, c)
	for i, share := range []float64{0.2, 0.7, 1, 0.5} {
		if got := float64(rec.Phases[i].Calls) / 10_000; math.Abs(got-share) > 5*math.Sqrt(0.25/1000) {
			t.Errorf("phase %d: %.3f of all calls, want about %v", i, got, share)
		}
	}
	open := phased(1000, 1000)
	open.Load.Clients, open.Load.Lives = 1000, []Lives{{}, {Offline: 0.4}}
	if got := float64(play(t, open).Phases[1].Calls) / 10_000; math.Abs(got-0.6) > 0.08 {
		t.Errorf("%.3f of an open load's calls, want about 0.6", got)
	}
}

// What comes and goes is told, and is trouble.
func TestLivesAreTold(t *testing.T) {
	c := phased(10, 10, 30)
	c.Load.Lives = []Lives{{}, {Restart: 0.5}, {Offline: 1}}
	p := Phases(c)
	if p[0].Troubled() || !p[1].Troubled() || len(p[2].Load) != 2 || p[2].Load[1] != "offline 100%" || p[1].Load[0] != "restart 50%" {
		t.Errorf("%+v", p)
	}
}

// An upload whose client is restarted before it has sent all of it has changed nothing; one
// that was sent by then has.
func TestRestartInAnUpload(t *testing.T) {
	for name, change := range map[string]func(*Backend){
		"unlimited": func(b *Backend) { b.Workers = 0 },
		"workers":   func(*Backend) {},
		"jobs":      func(b *Backend) { b.Order.Kind = sim.CoDel },
		"network":   func(b *Backend) { d := fixed(50 * time.Millisecond); b.Network = &d },
		"far":       func(b *Backend) { d := fixed(700 * time.Millisecond); b.Network = &d },
	} {
		for _, at := range []int{450, 550} { // the upload takes 500 ms, and the restart comes after 1 s
			c := withFault(t, puts(t, 1, at), 1, "slow-upload rate=2KiB/s")
			c.Load.Trace[0].Size, c.Backend.Queue = 1024, -1
			c.Plan.Phases = append(c.Plan.Phases, c.Plan.Phases[0])
			c.Plan.Phases[0].For, c.Plan.Phases[1].Label = time.Second, "again"
			c.Load.Lives = []Lives{{}, {Restart: 1}}
			change(&c.Backend)
			want := reports.Truth{Writes: 1}
			if at == 450 {
				want.FalseFailures = 1
			}
			if rec := both(t, c).Total; rec.Truth != want || rec.Ends[0].Reason != "client restarted" {
				t.Errorf("%s, begun at %d ms: truth %+v, want %+v, ends %+v", name, at, rec.Truth, want, rec.Ends)
			}
		}
	}
}

// A breaker of the whole fleet is new where nobody stays who had it: also where some have been
// offline since before.
func TestFleetBreakerEndsWithItsLastClient(t *testing.T) {
	for name, lives := range map[string][]Lives{
		"one half and then the other": {{}, {Offline: 0.5}, {Offline: 1}, {}},
		"restart of those who stayed": {{}, {Offline: 0.5}, {Offline: 0.5, Restart: 1}, {}},
	} {
		c := withFault(t, closedFleet(20, len(lives)), 1, "InternalError")
		c.Policy.Breaker, c.Policy.Scope = &breaker.Config{Failures: 5, OpenFor: time.Hour}, Shared
		c.Load.Lives = lives
		rec := play(t, c)
		if rec.Phases[0].RejectedByBreaker == 0 || rec.Phases[1].Attempts != 0 {
			t.Fatalf("%s: the breaker has not opened: %+v", name, rec.Phases[0])
		}
		if last := rec.Phases[3]; last.Attempts == 0 || last.RejectedByBreaker != 0 || rec.Breakers.Count != 1 {
			t.Errorf("%s: in the end %d attempts and %d rejected, by %d breakers", name, last.Attempts, last.RejectedByBreaker, rec.Breakers.Count)
		}
	}
}
