package fleet

import (
	"context"
	"testing"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// BenchmarkFleet plays a throttled fleet of a thousand clients: half of all
// attempts fail. Read attempts/s.
func BenchmarkFleet(b *testing.B) {
	for _, bench := range []struct {
		name    string
		mode    Mode
		breaker *breaker.Config
	}{
		{"model", Model, nil},
		{"model with breakers", Model, &breaker.Config{Failures: 5, OpenFor: 30 * time.Second}},
		{"http", HTTP, nil},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := steady(5)
			c.Mode, c.Policy.Breaker = bench.mode, bench.breaker
			c.Policy.Retry = retry.S3()
			c.Backend.Latency = sim.Dist{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 0.6}
			c.Load.Clients, c.Load.Rate = 1000, 5000
			c.Plan.Phases[0].For = 20 * time.Second
			c.Plan.Phases[0].Rules = []faults.Rule{{P: 0.5, Effect: effect(b, "SlowDown")}}
			b.ReportAllocs()
			var attempts uint64
			for b.Loop() {
				res, err := Run(context.Background(), c, nil)
				if err != nil {
					b.Fatal(err)
				}
				attempts += res.run.recorder.total(func(int, int) bool { return true }).attempts
			}
			b.ReportMetric(float64(attempts)/b.Elapsed().Seconds(), "attempts/s")
		})
	}
}
