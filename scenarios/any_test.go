package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// tame makes a scenario small enough to be played by the hundred: few calls, few attempts, a
// short while. Nothing else is taken from it.
func tame(t *rapid.T, sc *Scenario) {
	short := func(name string) time.Duration {
		return time.Duration(rapid.IntRange(100, 20_000).Draw(t, name)) * time.Millisecond
	}
	for i := range sc.Phases {
		ph := &sc.Phases[i]
		ph.For = short("for")
		for j := range ph.Faults {
			r := &ph.Faults[j]
			if r.From > 0 {
				r.From = ph.For / 4
			}
			if r.Until > 0 {
				r.Until = ph.For/4 + ph.For/2
			}
			if r.Flap.Up > 0 {
				r.Flap.Up, r.Flap.Down = ph.For/8, ph.For/20
			}
			if r.Rolling.Down > 0 {
				r.Rolling.Down, r.Rolling.Gap = ph.For/60, min(r.Rolling.Gap, ph.For/60)
			}
		}
		if ph.Rate != nil && ph.Rate.Rate > 0 {
			ph.Rate.Rate = 5
		}
		for j := range ph.GroupRates {
			if r := &ph.GroupRates[j].Rate; r.Rate > 0 {
				r.Rate = 5
			}
		}
	}
	l := &sc.Load
	l.Clients = rapid.IntRange(1, 9).Draw(t, "few clients")
	for i := range l.Groups {
		l.Groups[i].Clients = rapid.IntRange(1, 4).Draw(t, "few clients")
	}
	switch l.Model {
	case ModelOpen:
		l.Rate = Rate(rapid.Float64Range(0.1, 20).Draw(t, "low rate"))
		for i := range l.Groups {
			l.Groups[i].Rate = Rate(rapid.Float64Range(0.1, 5).Draw(t, "low rate"))
		}
	case ModelClosed:
		think := sim.Dist{Kind: sim.Exponential, Mean: 500 * time.Millisecond}
		if l.Think == nil {
			l.Think = &think
		}
		if d := l.Think; typical(*d) < 100*time.Millisecond {
			*d = think
		}
		for i := range l.Groups {
			if d := l.Groups[i].Think; d != nil && typical(*d) < 100*time.Millisecond {
				*d = think
			}
		}
	case ModelReplay:
		l.Trace, l.Clients, sc.Thresholds = "", 0, nil // which name operations
		at := time.Duration(0)
		for range rapid.IntRange(1, 40).Draw(t, "rows") {
			at += short("gap") / 10
			item := drawMix(t, sc.Backend.Kind)[0]
			l.Records = append(l.Records, TraceRow{At: at, Client: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "client"), Op: item.Op, Key: item.Key, Size: item.Size})
		}
	}
	if len(l.Groups) > 0 {
		l.Rate, l.Clients = l.sums()
	}
	for i := range sc.Policies {
		r := &sc.Policies[i].Retry
		r.Attempts = min(r.Attempts, 6)
	}
}

// Whatever can be written in a scenario can be played, in both modes, with the same record.
func TestAnyScenarioRuns(t *testing.T) {
	played, both := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		sc := drawScenario(rt)
		tame(rt, sc)
		if err := sc.Validate(); err != nil {
			rt.Fatalf("not valid any more: %v", err)
		}
		record := func(mode Mode) string {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // it takes milliseconds
			defer cancel()
			run, err := Run(ctx, sc, Options{Seed: 3, Mode: mode})
			var refused *OptionError
			if errors.As(err, &refused) {
				return ""
			}
			if err != nil {
				rt.Fatalf("%s: %v", mode, err)
			}
			run.Mode = ""
			text, err := json.MarshalIndent(run, "", " ")
			if err != nil {
				rt.Fatal(err)
			}
			return string(text)
		}
		model, http := record(ModeModel), record(ModeHTTP)
		played++
		if model == "" {
			return
		}
		both++
		if model != http {
			rt.Fatalf("model and http differ")
		}
	})
	if both < played/2 {
		t.Errorf("of %d scenarios only %d were played in both modes", played, both)
	}
}
