package fleet

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// A service time that grows with the requests in flight settles where Little's
// law has it: n = λ·(base + slope·n), so n = λ·base / (1 - λ·slope).
func TestSlowdown(t *testing.T) {
	c := steady(1)
	c.Load.Rate, c.Backend.Slowdown = 100, 5*time.Millisecond
	c.Plan.Phases[0].For = 20 * time.Minute
	rec := play(t, c)
	n := 100 * 0.020 / (1 - 100*0.005)
	if got, want := time.Duration(rec.Total.CallDuration.MeanNS).Seconds(), n/100; math.Abs(got/want-1) > 0.03 {
		t.Errorf("mean duration %.4fs, want about %.4fs", got, want)
	}
	if rec.Limits != nil {
		t.Errorf("a backend that refuses nothing has limits: %+v", rec.Limits)
	}
	// It is the backend's time, too.
	if rec.Total.WorkNS != rec.Total.CallDuration.MeanNS*int64(rec.Total.Calls) && math.Abs(float64(rec.Total.WorkNS)/float64(rec.Total.CallDuration.MeanNS)/float64(rec.Total.Calls)-1) > 1e-6 {
		t.Errorf("work %d, calls took %d", rec.Total.WorkNS, rec.Total.CallDuration.MeanNS*int64(rec.Total.Calls))
	}
}

// Above the bound on requests in flight attempts are refused, with the answer
// that was asked for and as fast as it says.
func TestMaxInFlight(t *testing.T) {
	c := steady(1)
	c.Load.Rate, c.Backend.MaxInFlight, c.Backend.Full = 200, 2, effect(t, "429 after=7ms")
	rec := play(t, c)
	// Erlang's loss: B(2, 4) = 8/13.
	if got, want := 1-rec.Total.SuccessRate, 8.0/13; math.Abs(got-want) > 0.02 {
		t.Errorf("%.3f refused, want about %.3f", got, want)
	}
	refused := rec.Total.AttemptOutcomes[reports.OutcomeThrottled]
	want := []reports.Limit{{Kind: reports.LimitCapacity, Limit: "room for 2 in flight: 429 after=7ms", Asked: rec.Total.Attempts, Refused: refused}}
	if !slices.Equal(rec.Limits, want) || refused == 0 {
		t.Errorf("got %+v, want %+v", rec.Limits, want)
	}
	if rec.Total.CallDuration.MinNS != int64(7*time.Millisecond) {
		t.Errorf("the fastest answer took %v", time.Duration(rec.Total.CallDuration.MinNS))
	}
}

func TestQuotaAndItsHint(t *testing.T) {
	c := steady(8)
	c.Backend.Kind, c.Backend.Bucket = Web, ""
	c.Load.Clients, c.Load.Rate = 1, 5
	c.Load.Mix = []Op{{Name: "GET", Key: "/v1/{call}", Weight: 1}}
	c.Policy.Retry.Hint = retry.Hint{Mode: retry.HintRetryAfter}
	c.Policy.Retry.Jitter = retry.Jitter{}
	c.Backend.Limits.Quotas = []faults.Quota{{Per: faults.PerClient, Rate: faults.Rate{N: 10, Per: time.Second}, Burst: 3, Effect: effect(t, "429"), Hint: faults.TellRetryAfter}}
	for _, mode := range []Mode{Model, HTTP} {
		c.Mode = mode
		rec := play(t, c)
		if rec.Total.SuccessRate != 1 || rec.Limits[0].Refused == 0 || rec.Total.RetryDelay.MinNS < int64(time.Second) {
			t.Errorf("%v: success %v, %+v, delays from %v", mode, rec.Total.SuccessRate, rec.Limits, time.Duration(rec.Total.RetryDelay.MinNS))
		}
	}
}

// Whatever the limits, attempts come to the same in both modes.
func TestLimitsAreTheSameOverTheWire(t *testing.T) {
	refused := uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		c := steady(3)
		c.Seed = rapid.Uint64().Draw(rt, "seed")
		c.Plan.Phases[0].For = 10 * time.Second
		c.Load.Mix = []Op{
			{Name: "PutObject", Key: "raw/{client}/{call}", Size: 10, Weight: 2}, {Name: "GetObject", Key: "raw/{call}/x", Size: 10, Weight: 1},
			{Name: "HeadObject", Key: "h/{client}", Weight: 1}, {Name: "CopyObject", Key: "c/{client}", Weight: 1},
			{Name: "ListObjectsV2", Weight: 1}, {Name: "DeleteObject", Key: "raw/{client}/1", Weight: 1},
		}
		c.Backend.Latency = sim.Dist{Kind: sim.Exponential, Mean: 20 * time.Millisecond}
		c.Policy.Retry.AttemptTimeout = rapid.SampledFrom([]time.Duration{0, 500 * time.Microsecond, 30 * time.Millisecond}).Draw(rt, "timeout")
		c.Policy.Retry.Hint = retry.Hint{Mode: rapid.SampledFrom([]retry.HintMode{retry.HintNone, retry.HintRetryAfter, retry.HintAmz}).Draw(rt, "hint")}
		for range rapid.IntRange(0, 2).Draw(rt, "quotas") {
			c.Backend.Limits.Quotas = append(c.Backend.Limits.Quotas, faults.Quota{
				On: faults.QuotaOn{
					Access: rapid.SampledFrom([]faults.Access{faults.AnyAccess, faults.ReadAccess, faults.WriteAccess}).Draw(rt, "access"),
					Key:    rapid.SampledFrom([]string{"", "raw/**", "*/0"}).Draw(rt, "key"),
				},
				Per:  rapid.SampledFrom(faults.Sharings()).Draw(rt, "per"),
				Rate: faults.Rate{N: rapid.Int64Range(1, 20).Draw(rt, "rate"), Per: time.Second}, Burst: rapid.Int64Range(1, 5).Draw(rt, "burst"),
				Effect: effect(t, rapid.SampledFrom([]string{"SlowDown", "429", "503 after=3ms"}).Draw(rt, "effect")),
				Hint:   rapid.SampledFrom([]faults.TellWait{faults.TellNothing, faults.TellRetryAfter, faults.TellAmz}).Draw(rt, "tell"),
			})
		}
		if rapid.Bool().Draw(rt, "prefixes") {
			c.Backend.Limits.Prefixes = &faults.Prefixes{Writes: faults.Rate{N: 9, Per: time.Second}, Reads: faults.Rate{N: 7, Per: time.Second}, SplitAfter: 2 * time.Second}
		}
		if rapid.Bool().Draw(rt, "fault") {
			withFault(t, c, 0.3, rapid.SampledFrom([]string{"latency add=50ms", "truncate at=3", "lost-ack reset", "SlowDown"}).Draw(rt, "effect of the fault"))
		}
		var recs []reports.Policy
		var traces [2]tracer
		for i, mode := range []Mode{Model, HTTP} {
			c.Mode, c.observe = mode, traces[i].note
			recs = append(recs, play(t, c))
		}
		if !slices.Equal(traces[0], traces[1]) || !reflect.DeepEqual(recs[0], recs[1]) {
			rt.Fatalf("model %+v\nhttp  %+v", recs[0].Limits, recs[1].Limits)
		}
		for _, l := range recs[0].Limits {
			refused += l.Refused
		}
	})
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// A limit's text names all that decides who is turned away.
func TestRoomIsTold(t *testing.T) {
	for want, change := range map[string]func(b *Backend){
		"": func(b *Backend) { b.Queue = -1 },
		"room for 1 worker and a queue of 2: SlowDown": func(b *Backend) { b.Queue = 2 },
		"room for 3 workers and a queue of 0, 9 in flight at each of 2 nodes (two-choices): SlowDown": func(b *Backend) {
			b.Workers, b.MaxInFlight, b.Nodes, b.Balance = 3, 9, 2, sim.TwoChoices
		},
		"room for 1 worker, codel, abandoned work cancelled: SlowDown": func(b *Backend) {
			b.Queue, b.Order.Kind, b.Cancels = -1, sim.CoDel, true
		},
	} {
		c := puts(t, 1, 0)
		change(&c.Backend)
		r, err := newRun(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.room(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
