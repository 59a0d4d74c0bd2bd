package fleet

import (
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/sim"
)

func withNetwork(c *Config, d sim.Dist) *Config {
	c.Backend.Network = &d
	return c
}

// Where nothing else is a matter of time, a way of 10 ms each way is a latency of 20 ms more
// to the client, and none to the backend.
func TestNetworkIsLatencyWithoutWork(t *testing.T) {
	for _, text := range []string{"", "SlowDown", "reset", "blackhole", "lost-ack", "latency add=15ms"} {
		for _, timeout := range []time.Duration{0, 30 * time.Millisecond, 40 * time.Millisecond} { // the answer needs 40
			near, far := steady(3), withNetwork(steady(3), fixed(10*time.Millisecond))
			near.Backend.Latency = fixed(40 * time.Millisecond)
			for _, c := range []*Config{near, far} {
				c.Drain, c.Policy.Retry.AttemptTimeout = time.Minute, timeout
				if text != "" {
					withFault(t, c, 0.5, text)
				}
			}
			a, b := play(t, near), play(t, far)
			if a.Total.Succeeded != b.Total.Succeeded || a.Total.CallDuration != b.Total.CallDuration || a.Total.AttemptDuration != b.Total.AttemptDuration {
				t.Errorf("%q, %v: as latency %+v, as network %+v", text, timeout, a.Total, b.Total)
			}
			if text == "" && b.Total.WorkNS != int64(b.Total.Attempts)*int64(20*time.Millisecond) {
				t.Errorf("%v: %v of work for %d attempts of 20ms", timeout, time.Duration(b.Total.WorkNS), b.Total.Attempts)
			}
		}
	}
	plain := record(t, steady(3))
	if diff := firstDifference(plain, record(t, withNetwork(steady(3), fixed(0)))); diff != "" {
		t.Errorf("a network that takes no time changes the run: %s", diff)
	}
}

// The time to an answer is the backend's and two independent ways: of exponential ones, mean
// and variance are twice theirs.
func TestNetworkWaysAreIndependent(t *testing.T) {
	const mean = 0.1
	c := withNetwork(steady(1), sim.Dist{Kind: sim.Exponential, Mean: 100 * time.Millisecond})
	c.Load.Rate = 1000
	rec := play(t, c).Total.AttemptDuration
	n := float64(rec.Count)
	if z := (float64(rec.MeanNS)/1e9 - 0.02 - 2*mean) / (mean * math.Sqrt(2/n)); math.Abs(z) > 5 {
		t.Errorf("mean %v of %v answers, %.1f sigma off", time.Duration(rec.MeanNS), n, z)
	}
	// The median of Erlang-2 is 1.67835 means: with one draw for both ways it were 1.386.
	if got := (float64(rec.P50NS)/1e9 - 0.02) / mean; math.Abs(got-1.67835) > 5*1.6/math.Sqrt(n) {
		t.Errorf("median at %.4f means, want 1.6783", got)
	}
}

// A request that its client has left on the way is served, and what it changes is held
// against what the client was told: also where the call, or the run, has ended by then.
func TestRequestsArriveWithoutTheirClients(t *testing.T) {
	for _, mode := range []Mode{Model, HTTP} {
		c := withNetwork(steady(3), fixed(10*time.Second))
		c.Mode, c.Policy.Retry.AttemptTimeout = mode, time.Second
		rec := play(t, c)
		n := rec.Total.Calls
		want := reports.Truth{Writes: n, FalseFailures: n, Duplicates: 2 * n}
		if rec.Total.Succeeded != 0 || rec.Total.Attempts != 3*n || rec.Total.Truth != want {
			t.Errorf("%v: %d calls, %d attempts, %d succeeded, truth %+v", mode, n, rec.Total.Attempts, rec.Total.Succeeded, rec.Total.Truth)
		}
		if rec.Total.WorkNS != int64(3*n)*int64(20*time.Millisecond) || rec.Total.WastedWorkNS != rec.Total.WorkNS {
			t.Errorf("%v: %v of work, %v wasted", mode, time.Duration(rec.Total.WorkNS), time.Duration(rec.Total.WastedWorkNS))
		}
		c.Drain = 5 * time.Second // the last requests do not arrive
		short := play(t, c).Total.Truth
		if short.Writes != n || short.FalseFailures >= n || short.FalseFailures < n*8/10 {
			t.Errorf("%v: truth %+v of %d calls, of which those of the last five seconds have no requests that arrive", mode, short, n)
		}
	}
}

// The first attempt is on its way when the second succeeds: both are carried out.
func TestLateRequestOfACallThatSucceeds(t *testing.T) {
	c := steady(2)
	c.Load.Rate, c.Load.Paced, c.Policy.Retry.AttemptTimeout = 1, true, 100*time.Millisecond
	// Half of the ways take no time, the others two seconds.
	withNetwork(c, sim.Dist{Kind: sim.Empirical, Percentiles: []sim.Percentile{{P: 0}, {P: 50}, {P: 50.0001, Value: 2 * time.Second}, {P: 100, Value: 2 * time.Second}}})
	rec := play(t, c)
	if m := rec.Total; m.Succeeded == 0 || m.Truth.Duplicates != m.Attempts-m.Calls || m.Truth.FalseSuccesses != 0 || m.Truth.FalseFailures != m.Failed {
		t.Errorf("%d calls, %d attempts, %d succeeded, truth %+v: every attempt is carried out", m.Calls, m.Attempts, m.Succeeded, m.Truth)
	}
}

// A fault for one request at a time is under one at a time, also where clients have left
// requests on the way that meet it alone.
func TestLateRequestsAndAtMost(t *testing.T) {
	c := withNetwork(withFault(t, steady(3), 1, "503 after=80ms"), sim.Dist{Kind: sim.Empirical, Percentiles: []sim.Percentile{{P: 0}, {P: 50}, {P: 50.0001, Value: 2 * time.Second}, {P: 100, Value: 2 * time.Second}}})
	c.Plan.Phases[0].Rules[0].AtMost, c.Policy.Retry.AttemptTimeout = 1, 100*time.Millisecond
	var until time.Duration
	n := 0
	for _, a := range trailOf(t, c).attempts {
		if a.Outcome != reports.OutcomeServerError {
			continue
		}
		if n++; a.Sent < until {
			t.Fatalf("%+v is under the fault when another is, until %v", a, until)
		}
		until = a.Ended
	}
	if n == 0 {
		t.Error("the fault hit nobody who waited for it")
	}
}

// The news that a client has hung up takes the way that its request took: one that left while
// the request was on its way is served until it comes.
func TestHangingUpOnARequestOnItsWay(t *testing.T) {
	for _, one := range []struct {
		latency, work time.Duration
		truth         reports.Truth
	}{
		{20 * time.Millisecond, 20 * time.Millisecond, reports.Truth{Writes: 1, FalseFailures: 1}}, // arrives at 100 ms, is done at 120 ms
		{80 * time.Millisecond, 50 * time.Millisecond, reports.Truth{Writes: 1}},                   // the news comes at 150 ms
	} {
		c := withNetwork(puts(t, 1, 0), fixed(100*time.Millisecond))
		c.Backend.Latency, c.Backend.Cancels, c.Policy.Retry.AttemptTimeout = fixed(one.latency), true, 50*time.Millisecond
		if rec := both(t, c).Total; rec.Truth != one.truth || rec.WorkNS != int64(one.work) {
			t.Errorf("latency %v: truth %+v, work %v, want %+v and %v", one.latency, rec.Truth, time.Duration(rec.WorkNS), one.truth, one.work)
		}
	}
}
