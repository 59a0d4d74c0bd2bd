package fleet

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
)

// phased is steady with a phase for each rate, ten seconds each.
func phased(rates ...float64) *Config {
	c := steady(1)
	c.Load.Rates, c.Plan.Phases = rates, nil
	for i := range rates {
		c.Plan.Phases = append(c.Plan.Phases, faults.Phase{Label: string(rune('a' + i)), For: 10 * time.Second})
	}
	return c
}

func record(t *testing.T, c *Config) string {
	t.Helper()
	data, err := json.MarshalIndent(play(t, c), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Every phase has the calls of its own rate, in both modes alike.
func TestRatesOfPhases(t *testing.T) {
	for _, paced := range []bool{true, false} {
		c := phased(50, 400, 0, 50, 12.5)
		c.Load.Paced = paced
		rec := play(t, c)
		for i, rate := range c.Load.Rates {
			got, want := float64(rec.Phases[i].Calls), 10*rate
			slack := 4 * math.Sqrt(want)
			if paced {
				slack = 0
			}
			if math.Abs(got-want) > slack {
				t.Errorf("paced %t: phase %d has %v calls, want %v", paced, i, got, want)
			}
			if good := rec.Phases[i].Goodput; good != got/10 {
				t.Errorf("paced %t: goodput of phase %d is %v of %v calls in 10 s", paced, i, good, got)
			}
		}
		model := record(t, c)
		c.Mode = HTTP
		if diff := firstDifference(model, record(t, c)); diff != "" {
			t.Errorf("paced %t: model and http differ: %s", paced, diff)
		}
	}
}

// A phase that is cut in two has the same calls, and rates that are all the load's own
// change nothing.
func TestRatesOfEqualPhases(t *testing.T) {
	whole, cut := phased(50, 50, 200, 200), phased(50, 200)
	cut.Plan.Phases[0].For, cut.Plan.Phases[1].For = 20*time.Second, 20*time.Second
	a, b := play(t, whole), play(t, cut)
	if a.Total.Calls != b.Total.Calls || a.Phases[2].Calls+a.Phases[3].Calls != b.Phases[1].Calls {
		t.Errorf("%d calls in four phases, %d in two", a.Total.Calls, b.Total.Calls)
	}
	plain := phased(50, 50, 50)
	with := record(t, plain)
	plain.Load.Rates = nil
	if diff := firstDifference(with, record(t, plain)); diff != "" {
		t.Errorf("rates that are all the load's change the run: %s", diff)
	}
}
