//go:build unix

package fleet

import (
	"context"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// crowd is a closed load of so many clients, all of them always in a call: the
// backend refuses half of the attempts, and the policy is the preset s3.
func crowd(tb testing.TB, clients int, d time.Duration) *Config {
	c := steady(5)
	c.Policy.Retry = retry.S3()
	c.Backend.Latency = sim.Dist{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 0.6}
	c.Load = Load{Model: Closed, Clients: clients, Mix: c.Load.Mix}
	c.Plan.Phases[0].For = d
	c.Plan.Phases[0].Rules = []faults.Rule{{P: 0.5, Effect: effect(tb, "SlowDown")}}
	return c
}

// BenchmarkModel plays a crowd without bytes, each call at once where that is possible, and
// with its events in their turn. Read attempts/s. Of the events, floor is which part the
// crowd makes of the speed of a bare 4-ary heap with the same number of events pending,
// which does nothing but take one out and put one in; loop is the same of the bare event
// loop, which is two to six times as fast as that heap.
func BenchmarkModel(b *testing.B) {
	// An open breaker in front of clients that never pause would turn 10⁶ calls a second
	// away: this one is asked all the time, and opens hardly ever.
	perClient := &breaker.Config{Failures: 30, OpenFor: 30 * time.Second}
	for _, bench := range []struct {
		clients int
		breaker *breaker.Config
		inTurn  bool
		d       time.Duration
	}{
		{1e3, nil, false, 10 * time.Minute},
		{1e3, nil, true, 10 * time.Minute},
		{1e3, perClient, false, 10 * time.Minute},
		{1e3, perClient, true, 10 * time.Minute},
		{1e5, nil, false, 10 * time.Second},
		{1e5, nil, true, 10 * time.Second},
		{1e6, nil, false, 5 * time.Second},
		{1e6, nil, true, 5 * time.Second},
	} {
		name := strconv.Itoa(bench.clients) + " clients"
		switch {
		case bench.breaker != nil && bench.inTurn:
			name += " with breakers, in turn"
		case bench.breaker != nil:
			name += " with breakers"
		case bench.inTurn:
			name += " in turn"
		}
		b.Run(name, func(b *testing.B) {
			c := crowd(b, bench.clients, bench.d)
			c.Policy.Breaker, c.Policy.Scope, c.inTurn = bench.breaker, PerClient, bench.inTurn
			events, used := playAll(b, c)
			if !bench.inTurn {
				return
			}
			b.ReportMetric(float64(bare(b, newHeldHeap(), bench.clients, events))/float64(used), "floor")
			b.ReportMetric(float64(bare(b, newHeldLoop(), bench.clients, events))/float64(used), "loop")
		})
	}
}

// playAll plays a fleet as often as the benchmark wants, and returns the events and the
// processor's time that it took.
func playAll(b *testing.B, c *Config) (events uint64, used time.Duration) {
	b.ReportAllocs()
	var attempts uint64
	used = processor(b)
	for b.Loop() {
		res, err := Run(context.Background(), c, nil)
		if err != nil {
			b.Fatal(err)
		}
		attempts += res.run.recorder.total(func(int, int) bool { return true }).attempts
		events += res.run.loop.Events()
	}
	used = processor(b) - used
	b.ReportMetric(float64(attempts)/b.Elapsed().Seconds(), "attempts/s")
	b.ReportMetric(float64(attempts)/used.Seconds(), "attempts/cpu-s")
	return events, used
}

// processor is the time that this process has had of all processors: unlike the time
// of day, it does not grow by what other processes do.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkHTTP plays a small crowd with real requests and answers: all of them
// answered by a fault, or all by the backend. Served requests beside those that
// gofakes3 answers bare: BenchmarkFleet of the module compat.
func BenchmarkHTTP(b *testing.B) {
	for _, bench := range []struct {
		name, op string
		d        time.Duration // some 60 000 attempts
		rules    []faults.Rule
	}{
		{"fault answers", "PutObject", 2 * time.Minute, []faults.Rule{{P: 1, Effect: effect(b, "SlowDown")}}},
		{"served PUT", "PutObject", 2 * time.Second, nil},
		{"served GET", "GetObject", 2 * time.Second, nil},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := crowd(b, 1000, bench.d)
			c.Mode = HTTP
			c.Load.Mix = []Op{{Name: bench.op, Key: "raw/{client}/{call}.json", Size: 4 << 10, Weight: 1}}
			c.Plan.Phases[0].Rules = bench.rules
			playAll(b, c)
		})
	}
}
