package fleet

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
)

// drawMore draws when a rule of a phase of 3 s is in force, what it counts, and
// whether others are asked besides.
func drawMore(t *rapid.T, r faults.Rule) faults.Rule {
	more := func(text string) faults.Rule {
		out, err := faults.ParseRule(text + " 503")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	some := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 0 }
	if some("attempts") {
		r.On.Attempts = more("attempt=1,3-").On.Attempts
	}
	if some("clients") {
		r.On.Clients = more("client=0-1").On.Clients
	}
	switch rapid.IntRange(0, 5).Draw(t, "shape") {
	case 0:
		r.From, r.Until = time.Second, 2*time.Second
	case 1:
		r.Flap = more("flap=300ms/200ms").Flap
	case 2:
		r.Bursts = more("bursts=500ms/300ms").Bursts
	case 3:
		r.Rolling = more("rolling=3/500ms/200ms").Rolling
		r.Rolling.ByClient = rapid.Bool().Draw(t, "by client")
	}
	if some("every") {
		r.Every = more(rapid.SampledFrom([]string{"every=2", "every=2/key", "every=2/call"}).Draw(t, "every text")).Every
	}
	if some("first") {
		r.First = more(rapid.SampledFrom([]string{"first=1", "first=2/key", "first-calls=3/client"}).Draw(t, "first text")).First
	}
	if some("ramp") {
		r.Ramp = faults.RampTo(rapid.Float64Range(0, 1).Draw(t, "to"))
	}
	if some("at most") {
		r.AtMost = rapid.IntRange(1, 2).Draw(t, "at_most")
	}
	if some("continue") {
		e, err := faults.ParseEffect(rapid.SampledFrom([]string{"latency add=30ms", "latency add=exponential(mean=1s)", "slow-body add=50ms", "bandwidth rate=10KiB/s", "slow-upload rate=10KiB/s"}).Draw(t, "modifier"))
		if err != nil {
			t.Fatal(err)
		}
		r.Effect, r.Continue = e, true
		if !e.Meets(r.On.Op) && r.On.Op != "" {
			r.On.Op = ""
		}
	}
	return r
}

// Under at_most no more attempts wait at once than it says: each keeps its place
// until its answer, or until its client gives it up.
func TestAtMostEndsWithTheAttempt(t *testing.T) {
	var records [2]string
	for i, mode := range []Mode{Model, HTTP} {
		c := steady(1)
		c.Mode, c.Load.Rate, c.Load.Paced, c.Policy.Retry.AttemptTimeout = mode, 10, true, 450*time.Millisecond
		for _, text := range []string{"until=30s at-most=2 latency add=1s", "from=30s at-most=2 latency add=180ms"} {
			r, err := faults.ParseRule(text)
			if err != nil {
				t.Fatal(err)
			}
			c.Plan.Phases[0].Rules = append(c.Plan.Phases[0].Rules, r)
		}
		rec := play(t, c)
		// A call comes every 100 ms. An attempt under the first fault is given up after
		// 450 ms: of 5 calls 2 are hit. One under the second has its answer after 200 ms,
		// as the next but one comes: all are.
		first, second := rec.Faults[0], rec.Faults[1]
		if first.Seen != 0 || second.Seen != 300 {
			t.Errorf("%v: %d answers after 1 s seen within 450 ms, %d of those after 200 ms", mode, first.Seen, second.Seen)
		}
		if first.Matched != 300 || first.Fired != 120 || second.Fired != 300 || second.Matched != 300 {
			t.Errorf("%v: %d of %d, then %d of %d", mode, first.Fired, first.Matched, second.Fired, second.Matched)
		}
		data, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		records[i] = string(data)
	}
	if records[0] != records[1] {
		t.Error("model and http differ")
	}
}

// A fault is seen by who waits for what it does: until a time-out ends the attempt, or
// the run ends.
func TestFaultsAreSeenByWhoWaits(t *testing.T) {
	for _, test := range []struct {
		rule    string
		timeout time.Duration
		seen    float64 // of those that fired
	}{
		{"503", time.Second, 1},
		{"503 after=2s", time.Second, 0},
		{"reset", 0, 1},
		{"truncate at=1", time.Second, 1},
		{"latency add=2s", 0, 1},
		{"latency add=2s", time.Second, 0},
		{"blackhole", time.Second, 1}, // silence is heard by the time-out
		{"blackhole", 0, 0},
		{"lost-ack timeout", time.Second, 1},
	} {
		t.Run(fmt.Sprint(test.rule, " ", test.timeout), func(t *testing.T) {
			var records [2]string
			for i, mode := range []Mode{Model, HTTP} {
				c := steady(1)
				c.Mode, c.Load.Rate, c.Load.Paced, c.Policy.Retry.AttemptTimeout = mode, 10, true, test.timeout
				r, err := faults.ParseRule("until=40s " + test.rule) // attempts of the last 20 s end all the same
				if err != nil {
					t.Fatal(err)
				}
				c.Plan.Phases[0].Rules = []faults.Rule{r}
				rec := play(t, c)
				if f := rec.Faults[0]; f.Fired < 100 || f.Seen != uint64(test.seen*float64(f.Fired)) {
					t.Errorf("%v: %d of %d seen", mode, f.Seen, f.Fired)
				}
				data, err := json.Marshal(rec)
				if err != nil {
					t.Fatal(err)
				}
				records[i] = string(data)
			}
			if records[0] != records[1] {
				t.Error("model and http differ")
			}
		})
	}
}

// A client that waits less than a full backend takes to say so hears nothing of it,
// and sees nothing of the fault that was in store.
func TestTurnedAwayTooLate(t *testing.T) {
	for _, mode := range []Mode{Model, HTTP} {
		c := withFault(t, steady(1), 1, "latency add=1s")
		c.Mode, c.Load.Rate, c.Load.Paced, c.Backend.Workers = mode, 100, true, 1
		c.Policy.Retry.AttemptTimeout = faults.TurnedAwayAfter / 2
		rec := play(t, c)
		if n := rec.Total.AttemptOutcomes[reports.OutcomeTimeout]; n != rec.Total.Attempts || n < 1000 || rec.Faults[0].Seen != 0 {
			t.Errorf("%v: of %d attempts %d timed out, and %d saw the fault", mode, rec.Total.Attempts, n, rec.Faults[0].Seen)
		}
	}
}
