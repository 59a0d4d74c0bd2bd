package fleet

import (
	"context"
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/sim"
)

// drawStations draws a backend of any discipline, number of nodes and workers.
func drawStations(t *rapid.T, c *Config) *Config {
	b := &c.Backend
	b.Workers, b.Queue = rapid.IntRange(1, 2).Draw(t, "workers"), rapid.IntRange(-1, 4).Draw(t, "room")
	b.Order.Kind = rapid.SampledFrom(sim.Disciplines()).Draw(t, "discipline")
	if b.Order.Measures() {
		b.Order.Interval = rapid.SampledFrom([]time.Duration{0, 60 * time.Millisecond}).Draw(t, "interval")
		b.Order.Target = rapid.SampledFrom([]time.Duration{0, 20 * time.Millisecond}).Draw(t, "target")
	}
	b.Cancels = rapid.Bool().Draw(t, "cancels")
	b.Nodes = rapid.IntRange(0, 3).Draw(t, "nodes")
	b.Balance = rapid.SampledFrom(sim.Balances()).Draw(t, "balance")
	c.Plan.Phases[0].For, c.Plan.Phases[2].For = time.Second, time.Second // stations are soon full
	if rapid.Bool().Draw(t, "phase workers") {
		b.PhaseWorkers = []int{b.Workers, rapid.IntRange(0, 3).Draw(t, "then"), b.Workers}
	}
	return c
}

// Whatever the stations do, the laws hold, and the model is what comes over the wire.
func TestStationsAreTheSameOverTheWire(t *testing.T) {
	refused := uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		c := drawStations(rt, drawConfig(rt))
		var records [2]string
		for i, mode := range []Mode{Model, HTTP} {
			c.Mode = mode
			rec := play(t, c)
			for _, l := range rec.Limits {
				refused += l.Refused
			}
			data, err := json.MarshalIndent(rec, "", " ")
			if err != nil {
				rt.Fatal(err)
			}
			records[i] = string(data)
		}
		if diff := firstDifference(records[0], records[1]); diff != "" {
			rt.Fatalf("model and http differ: %s", diff)
		}
	})
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// Where nothing is given up, it makes no difference that it could be: the same run, by
// jobs whose books are kept open, to the byte.
func TestJobsAreCallsOfTheStation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawStations(rt, drawConfig(rt))
		c.Backend.Cancels = false
		if c.Backend.Order.Drops(c.Backend.Queue) {
			c.Backend.Order = sim.Discipline{}
		}
		var records [2]string
		for i := range records {
			r, err := newRun(c)
			if err != nil {
				rt.Fatal(err)
			}
			r.fickle, r.owned = i == 1, r.owned || i == 1
			res, err := r.play(context.Background(), nil)
			if err != nil {
				rt.Fatal(err)
			}
			if len(r.books.open) > 0 || i == 1 && len(r.jobs) > 0 && r.jobs[0].call != nil {
				rt.Fatalf("%d books are open at the end", len(r.books.open))
			}
			data, err := json.MarshalIndent(res.Report(), "", " ")
			if err != nil {
				rt.Fatal(err)
			}
			records[i] = string(data)
		}
		if diff := firstDifference(records[0], records[1]); diff != "" {
			rt.Fatalf("with and without jobs differ: %s", diff)
		}
	})
}

// puts is a replay of writes at the given milliseconds, each by a client of its own, on one
// worker that takes 100 ms for each.
func puts(t *testing.T, attempts int, at ...int) *Config {
	t.Helper()
	c := steady(attempts)
	c.Backend.Latency = fixed(100 * time.Millisecond)
	c.Backend.Workers = 1
	c.Load = Load{Model: Replay, Clients: len(at), Mix: []Op{{Name: "PutObject", Weight: 1}}}
	for i, ms := range at {
		c.Load.Trace = append(c.Load.Trace, Arrival{At: time.Duration(ms) * time.Millisecond, Client: uint64(i), Key: "k", Size: 1})
	}
	return c
}

// both plays in both modes, which must agree.
func both(t *testing.T, c *Config) reports.Policy {
	t.Helper()
	model := record(t, c)
	c.Mode = HTTP
	if diff := firstDifference(model, record(t, c)); diff != "" {
		t.Errorf("model and http differ: %s", diff)
	}
	return play(t, c)
}

// The oldest of the queue makes room for the newest: it is refused when that comes, has
// changed nothing and cost nothing.
func TestLIFOEvicts(t *testing.T) {
	c := puts(t, 1, 0, 10, 20, 30)
	c.Backend.Queue, c.Backend.Order.Kind = 2, sim.LIFO
	rec := both(t, c)
	if rec.Total.Calls != 4 || rec.Total.Succeeded != 3 || rec.Total.AttemptOutcomes[reports.OutcomeThrottled] != 1 {
		t.Errorf("%d of %d calls succeeded, outcomes %v", rec.Total.Succeeded, rec.Total.Calls, rec.Total.AttemptOutcomes)
	}
	if rec.Total.Truth != (reports.Truth{Writes: 4}) || rec.Total.WorkNS != int64(300*time.Millisecond) {
		t.Errorf("truth %+v, work %v", rec.Total.Truth, time.Duration(rec.Total.WorkNS))
	}
	// The second came at 10 ms, was dropped at 30 ms, and told 1 ms later; the third waits for all.
	if d := rec.Total.CallDuration; d.MinNS != int64(21*time.Millisecond) || d.MaxNS != int64(280*time.Millisecond) {
		t.Errorf("calls took from %v to %v", time.Duration(d.MinNS), time.Duration(d.MaxNS))
	}
	want := reports.Limit{Kind: reports.LimitCapacity, Limit: "room for 1 worker and a queue of 2, lifo: SlowDown", Asked: 4, Refused: 1}
	if len(rec.Limits) != 1 || rec.Limits[0] != want {
		t.Errorf("limits %+v, want %+v", rec.Limits, want)
	}
}

// Work that nobody waits for any more ends: a waiting request leaves the queue, one that is
// served its worker. It changes nothing, and has cost the time until then.
func TestCancelledWork(t *testing.T) {
	for _, cancels := range []bool{false, true} {
		c := puts(t, 1, 0, 10, 20)
		c.Backend.Queue, c.Backend.Cancels = -1, cancels
		c.Policy.Retry.AttemptTimeout = 150 * time.Millisecond
		// By FIFO: one done at 100 ms; the second would be at 200 ms and leaves at 160 ms; the third, who
		// has waited, begins then and leaves at 170 ms.
		want := reports.Metrics{Truth: reports.Truth{Writes: 3, FalseFailures: 2}, WorkNS: int64(300 * time.Millisecond)}
		if cancels {
			want = reports.Metrics{Truth: reports.Truth{Writes: 3}, WorkNS: int64(170 * time.Millisecond)}
		}
		rec := both(t, c)
		if rec.Total.Succeeded != 1 || rec.Total.Truth != want.Truth || rec.Total.WorkNS != want.WorkNS {
			t.Errorf("cancels %t: %d succeeded, truth %+v, work %v", cancels, rec.Total.Succeeded, rec.Total.Truth, time.Duration(rec.Total.WorkNS))
		}
		if wasted := rec.Total.WastedWorkNS; wasted != want.WorkNS-int64(100*time.Millisecond) {
			t.Errorf("cancels %t: %v of it wasted", cancels, time.Duration(wasted))
		}
	}
	// Over a network the news takes its time as well.
	c := withNetwork(puts(t, 1, 0, 10, 20), fixed(5*time.Millisecond))
	c.Backend.Queue, c.Backend.Cancels = -1, true
	c.Policy.Retry.AttemptTimeout = 150 * time.Millisecond
	// Served from 5 to 105 ms; from then to 165 ms; and from then to 175 ms.
	if rec := both(t, c); rec.Total.WorkNS != int64(170*time.Millisecond) || rec.Total.Truth != (reports.Truth{Writes: 3}) {
		t.Errorf("over a network: work %v, truth %+v", time.Duration(rec.Total.WorkNS), rec.Total.Truth)
	}
}

// A write that was dropped did not happen, though the fake service has seen it: the later one
// with the same idempotency key did it.
func TestDroppedWritesAndIdempotencyKeys(t *testing.T) {
	c := steady(8)
	c.Mode, c.Backend.Kind, c.Backend.Bucket = HTTP, Web, ""
	c.Backend.Workers, c.Backend.Queue, c.Backend.Order.Kind = 1, 3, sim.LIFO
	c.Load.Rate, c.Load.Clients = 60, 10 // of 50 a second
	c.Load.Mix = []Op{{Name: "POST", Key: "/orders/{client}/{call}", Weight: 1, Headers: []Header{{Name: "Idempotency-Key", Value: "{client}-{call}"}}}}
	c.Policy.Retry.AttemptTimeout = 200 * time.Millisecond
	rec := play(t, c)
	if rec.Limits[0].Refused < 100 || rec.Total.Succeeded < 1000 {
		t.Fatalf("%+v, %d succeeded", rec.Limits, rec.Total.Succeeded)
	}
	if tr := rec.Total.Truth; tr.FalseSuccesses != 0 || tr.Duplicates != 0 {
		t.Errorf("truth %+v", tr)
	}
}

// Nor did one happen whose client left while it sent it, or of which the backend knew before it
// came that nobody waits for it.
func TestWritesCutShortAndIdempotencyKeys(t *testing.T) {
	for name, change := range map[string]func(c *Config){
		"while it sends": func(c *Config) {
			c.Plan.Phases[0].Rules = []faults.Rule{{P: 1, On: faults.Selector{Attempts: []faults.Range{{From: 1, To: 1}}}, Effect: effect(t, "slow-upload rate=64B/s")}}
		},
		"before it comes": func(c *Config) {
			c.Backend.Network = &sim.Dist{Kind: sim.Exponential, Mean: 200 * time.Millisecond}
			c.Backend.Workers, c.Backend.Queue, c.Backend.Cancels = 100, -1, true
		},
	} {
		c := steady(8)
		c.Mode, c.Backend.Kind, c.Backend.Bucket = HTTP, Web, ""
		c.Load.Mix = []Op{{Name: "POST", Key: "/orders/{client}/{call}", Size: 512, Weight: 1, Headers: []Header{{Name: "Idempotency-Key", Value: "{client}-{call}"}}}}
		c.Policy.Retry.AttemptTimeout = 400 * time.Millisecond
		change(c)
		rec := play(t, c)
		if tr := rec.Total.Truth; tr.FalseSuccesses != 0 || tr.Duplicates != 0 || rec.Total.Succeeded < 1000 || rec.Total.Attempts < 5*rec.Total.Calls/4 {
			t.Errorf("%s: %d calls, %d attempts, %d succeeded, truth %+v", name, rec.Total.Calls, rec.Total.Attempts, rec.Total.Succeeded, tr)
		}
	}
}

// Workers that come and go: a phase with none serves nobody, and what has waited is
// served in the next.
func TestPhaseWorkers(t *testing.T) {
	c := puts(t, 1, 0, 1010, 1020, 2500)
	c.Backend.Queue, c.Backend.PhaseWorkers = -1, []int{1, 0, 2}
	c.Plan.Phases = []faults.Phase{{Label: "a", For: time.Second}, {Label: "b", For: time.Second}, {Label: "c", For: time.Second}}
	rec := both(t, c)
	if rec.Total.Succeeded != 4 || rec.Phases[1].CallDuration.MinNS != int64(1080*time.Millisecond) || rec.Phases[1].CallDuration.MaxNS != int64(1090*time.Millisecond) {
		t.Errorf("%d succeeded, those of the second phase took %+v", rec.Total.Succeeded, rec.Phases[1].CallDuration)
	}
	phases := Phases(c)
	if len(phases[0].Load) != 0 || phases[0].Surge || phases[1].Load[0] != "workers 0" || !phases[1].Surge || phases[2].Load[0] != "workers 2" || phases[2].Surge {
		t.Errorf("phases %+v", phases)
	}
}

// A fleet's nodes at random are so many M/M/1 systems; the fuller knowledge, the shorter
// the wait.
func TestNodes(t *testing.T) {
	const rho, nodes = 0.8, 4
	mean := func(balance string) float64 {
		c := steady(1)
		c.Backend.Latency = sim.Dist{Kind: sim.Exponential, Mean: 10 * time.Millisecond}
		c.Backend.Workers, c.Backend.Queue, c.Backend.Nodes, c.Backend.Balance = 1, -1, nodes, balance
		c.Load.Rate = rho * nodes * 100
		c.Plan.Phases[0].For = 5 * time.Minute
		return time.Duration(play(t, c).Total.CallDuration.MeanNS).Seconds()
	}
	random, two, least := mean(sim.RandomNode), mean(sim.TwoChoices), mean(sim.LeastLoaded)
	if want := 0.010 / (1 - rho); math.Abs(random/want-1) > 0.08 {
		t.Errorf("at random calls take %.4f s, want about %.4f", random, want)
	}
	if two > 0.7*random || least > 0.95*two {
		t.Errorf("random %.4f s, two choices %.4f s, least loaded %.4f s", random, two, least)
	}
}

// No attempt is lost or counted twice, at the stations and in the fleet's own counts.
func TestStationsLoseNothing(t *testing.T) {
	cancelled := uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		c := drawStations(rt, drawConfig(rt))
		res, err := Run(context.Background(), c, nil)
		if err != nil {
			rt.Fatal(err)
		}
		nodes := []*sim.Station{res.run.station}
		if res.run.balancer != nil {
			nodes = res.run.balancer.Nodes()
		}
		var all sim.StationCounts
		inside := uint64(0)
		for _, s := range nodes {
			one := s.Counts()
			all.Entered, all.Refused, all.Served = all.Entered+one.Entered, all.Refused+one.Refused, all.Served+one.Served
			all.Dropped, all.Cancelled, inside = all.Dropped+one.Dropped, all.Cancelled+one.Cancelled, inside+uint64(s.Inside())
		}
		cancelled += all.Cancelled
		if all.Entered != all.Served+all.Dropped+all.Cancelled+inside {
			rt.Fatalf("%+v, %d inside", all, inside)
		}
		if res.run.entered != all.Entered-all.Dropped || res.run.turnedAway != all.Refused+all.Dropped {
			rt.Fatalf("the fleet counts %d that had room and %d that had none, the stations %+v", res.run.entered, res.run.turnedAway, all)
		}
		if len(res.run.books.open) > 0 {
			rt.Fatalf("%d books are open at the end", len(res.run.books.open))
		}
	})
	if cancelled == 0 {
		t.Error("nothing was cancelled")
	}
}

// Work that is in hand when the run ends is not abandoned: its client still waits. It counts
// in full, and what it is to change as changed, whether or not abandoned work ends.
func TestWorkInHandWhenTheRunEnds(t *testing.T) {
	for _, cancels := range []bool{false, true} {
		for _, way := range []time.Duration{0, time.Millisecond} {
			c := withNetwork(puts(t, 1, 59_000, 59_010), fixed(way)) // one is served, one waits
			c.Backend.Latency, c.Backend.Queue, c.Backend.Cancels = fixed(10*time.Second), -1, cancels
			c.Drain = 2 * time.Second
			rec := both(t, c).Total
			if want := (reports.Truth{Writes: 2, FalseFailures: 2}); rec.Unfinished != 2 || rec.Truth != want || rec.WorkNS != int64(20*time.Second) {
				t.Errorf("cancels %t, network of %v: %d unfinished, truth %+v, work %v", cancels, way, rec.Unfinished, rec.Truth, time.Duration(rec.WorkNS))
			}
		}
	}
}

// An answer that comes in the moment in which the time is up is in time, as it is without
// capacity, whatever the backend's order of service and the way to it.
func TestAnswersJustInTime(t *testing.T) {
	for _, kind := range []string{"", sim.FIFO, sim.LIFO, sim.AdaptiveLIFO, sim.CoDel, sim.ControlledDelay} {
		for _, way := range []time.Duration{0, 10 * time.Millisecond} {
			for late, want := range map[time.Duration]uint64{-1: 2, 0: 2, 1: 1} {
				c := withNetwork(puts(t, 1, 0, 0), fixed(way))
				c.Backend.Queue, c.Backend.Order.Kind = 1, kind
				c.Policy.Retry.AttemptTimeout = 200*time.Millisecond + 2*way - late
				if rec := both(t, c).Total; rec.Succeeded != want {
					t.Errorf("%q, way of %v, %v late: %d of 2 succeeded, want %d", kind, way, late, rec.Succeeded, want)
				}
			}
		}
	}
}
