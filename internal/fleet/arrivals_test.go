package fleet

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
)

// phased is steady with a phase for each rate, ten seconds each.
func phased(rates ...float64) *Config {
	c := steady(1)
	c.Load.Rate, c.Load.Rates, c.Plan.Phases = rates[0], rates, nil
	for i := range rates {
		c.Plan.Phases = append(c.Plan.Phases, faults.Phase{Label: string(rune('a' + i)), For: 10 * time.Second})
	}
	return c
}

func record(t *testing.T, c *Config) string {
	t.Helper()
	return jsonOf(t, play(t, c))
}

func jsonOf(t *testing.T, rec reports.Policy) string {
	t.Helper()
	data, err := json.MarshalIndent(rec, "", " ")
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

// A surge is trouble as a fault is: figures look closer, and what comes after is measured as
// a recovery. Less load is none.
func TestSurgesAreTrouble(t *testing.T) {
	c := phased(40, 200, 40, 5)
	c.Backend.Workers, c.Backend.Queue = 1, -1 // 50 a second
	c.Policy.Retry.AttemptTimeout = 500 * time.Millisecond
	phases := Phases(c)
	for i, want := range []string{"", "rate 200/s", "", "rate 5/s"} {
		p := phases[i]
		if got := strings.Join(p.Load, "; "); got != want || p.Surge != (i == 1) || p.Troubled() != (i == 1) {
			t.Errorf("phase %d: load %q, surge %t, want %q", i, got, p.Surge, want)
		}
	}
	rec := play(t, c)
	// 1,500 calls too many of 20 ms each, and 40 a second that come meanwhile: the queue
	// needs longer than the ten seconds of the third phase, and then the last one's.
	if len(rec.Recovery) != 1 || rec.Recovery[0].Phase != "c" || rec.Recovery[0].AfterNS < int64(10*time.Second) {
		t.Errorf("recovery %+v", rec.Recovery)
	}
	if width := time.Duration(rec.Series.BucketNS); width > 500*time.Millisecond {
		t.Errorf("buckets of %v for a surge of 10 s", width)
	}
}
