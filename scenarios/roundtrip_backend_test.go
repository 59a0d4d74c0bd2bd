package scenarios

import (
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/sim"
)

// drawAnswer draws what a backend without room may answer.
func drawAnswer(t *rapid.T, kind Kind, otherwise faults.Effect) faults.Effect {
	text := rapid.SampledFrom([]string{"", "SlowDown", "503", "429 retry-after=2s", "429", "InternalError after=5ms"}).Draw(t, "answer")
	if text == "" {
		return otherwise
	}
	e, err := faults.ParseEffect(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func drawCapacity(t *rapid.T, kind Kind) *Capacity {
	c := &Capacity{Queue: Unbounded, Full: drawAnswer(t, kind, kind.defaultFull())}
	c.Workers = rapid.IntRange(0, 100).Draw(t, "workers")
	if c.Workers > 0 {
		c.Queue = rapid.IntRange(-1, 100).Draw(t, "queue")
	}
	if c.Workers > 0 {
		c.Discipline.Kind = rapid.SampledFrom(append(sim.Disciplines(), "")).Draw(t, "discipline")
	}
	if c.Discipline.Measures() {
		c.Discipline.Interval = rapid.SampledFrom([]time.Duration{0, time.Second, 123456789}).Draw(t, "interval")
		c.Discipline.Target = rapid.SampledFrom([]time.Duration{0, 1, 99 * time.Millisecond}).Draw(t, "target")
	}
	if c.Nodes = rapid.IntRange(0, 5).Draw(t, "nodes"); c.Nodes > 1 {
		c.Balance = rapid.SampledFrom(append(sim.Balances(), "")).Draw(t, "balance")
	}
	c.Abandoned = rapid.SampledFrom([]Abandoned{"", AbandonedServed, AbandonedCancelled}).Draw(t, "abandoned")
	if rapid.Bool().Draw(t, "slowdown?") {
		c.Slowdown = duration(t, "slowdown", 1, time.Hour)
	}
	if c.Workers == 0 && c.Slowdown == 0 || rapid.Bool().Draw(t, "max_in_flight?") {
		most := 1000
		if c.Workers > 0 && c.Queue != Unbounded {
			most = c.Workers + c.Queue
		}
		c.MaxInFlight = rapid.IntRange(1, most).Draw(t, "max_in_flight")
	}
	return c
}

func drawExactRate(t *rapid.T) faults.Rate {
	return faults.Rate{
		N:   rapid.Int64Range(1, faults.MaxRate).Draw(t, "n"),
		Per: rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour, 7, 90 * time.Second}).Draw(t, "per"),
	}
}

func drawQuota(t *rapid.T, kind Kind, ops []string) faults.Quota {
	q := faults.Quota{
		Per: rapid.SampledFrom(faults.Sharings()).Draw(t, "per"), Rate: drawExactRate(t),
		Effect: drawAnswer(t, kind, kind.defaultThrottle()),
	}
	if q.Per == faults.PerPrefix {
		q.Depth = rapid.IntRange(0, 3).Draw(t, "depth")
	}
	q.Burst = q.Rate.DefaultBurst()
	if rapid.Bool().Draw(t, "burst?") {
		q.Burst = rapid.Int64Range(1, 1000).Draw(t, "burst")
	}
	q.Hint = rapid.SampledFrom([]faults.TellWait{faults.TellNothing, faults.TellAmz, defaultHint(q.Effect)}).Draw(t, "hint")
	q.On.Key = rapid.SampledFrom([]string{"", "raw/**", "{a,b}/*.json"}).Draw(t, "quota key")
	switch rapid.IntRange(0, 2).Draw(t, "quota on") {
	case 1:
		q.On.Access = rapid.SampledFrom([]faults.Access{faults.ReadAccess, faults.WriteAccess}).Draw(t, "access")
	case 2:
		if len(ops) > 0 {
			q.On.Op = rapid.SampledFrom(ops).Draw(t, "quota op")
		}
	}
	return q
}

// drawPhaseCapacities gives some phases other workers, where there is a number of them.
func drawPhaseCapacities(t *rapid.T, sc *Scenario) {
	if sc.Backend.Capacity == nil || sc.Backend.Capacity.Workers == 0 {
		return
	}
	for i := range sc.Phases {
		sc.Phases[i].Capacity = rapid.SampledFrom([]*PhaseCapacity{nil, {}, {Workers: 16}, {Percent: 50}, {Percent: 100.0 / 3}, {Percent: 1e-9}, {Percent: 250}}).Draw(t, "phase capacity")
	}
}
