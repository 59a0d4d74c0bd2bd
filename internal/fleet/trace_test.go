package fleet

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/reports"
)

// A fleet played both ways, as events on the step machine and as programs around retry.Do and
// breaker.Execute, makes the same decisions at the same times, its calls and attempts are the
// same, and so is every number of its record.
func TestFleetMakesTheDecisionsOfDo(t *testing.T) {
	decisions, calls, attempts, aheadOfOthers := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		c := drawWorld(rt)
		o := oracleOf(t, c)
		want := slices.Clone(o.decisions)
		slices.Sort(want) // each tells its time: those of one moment may come in any order
		end := o.close()
		did, record := o.trail().byCall(), o.report(end)
		decisions, calls, attempts = decisions+len(want), calls+len(did.calls), attempts+len(did.attempts)

		modes := []Mode{Model, Model}
		if slices.ContainsFunc(c.Load.allOps(), func(op Op) bool { return op.Headers != nil }) {
			modes = []Mode{HTTP, HTTP} // the model has no keys
		} else if some(rt, "over the wire", 4) {
			modes = append(modes, HTTP)
		}
		for i, mode := range modes {
			var got trail
			var events tracer
			c.Mode, c.Watch, c.observe = mode, &got, events.note
			if i == 1 { // nobody watches: calls may be played ahead of each other
				c.Watch, c.observe = nil, nil
			}
			res, err := Run(context.Background(), c, nil)
			if err != nil {
				rt.Fatal(err)
			}
			if c.Watch != nil {
				slices.Sort(events)
				same(rt, "decisions", want, []string(events))
				fleet := got.byCall()
				same(rt, "attempts", did.attempts, fleet.attempts)
				same(rt, "calls", did.calls, fleet.calls)
			} else if res.run.apart {
				aheadOfOthers++
			}
			rec := res.Report()
			record.Series = o.series(time.Duration(rec.Series.BucketNS), len(rec.Series.Calls), end)
			compare(rt, record, rec)
		}
		o.loop.Close()
	})
	if attempts == 0 {
		t.Error("nothing was compared")
	}
	t.Logf("%d decisions, %d calls and %d attempts compared; %d runs played call by call", decisions, calls, attempts, aheadOfOthers)
}

// compare holds the record of a run against what it should be.
func compare(t *rapid.T, want, got reports.Policy) {
	if n := len(got.Limits); n > 0 && got.Limits[n-1].Kind == reports.LimitCapacity {
		got.Limits = slices.Clone(got.Limits)
		got.Limits[n-1].Limit = "" // its text is no number
		if got.Limits[n-1].Asked == 0 {
			got.Limits = got.Limits[:n-1]
		}
	}
	for _, part := range []struct {
		name      string
		want, got any
	}{
		{"total", want.Total, got.Total}, {"phases", want.Phases, got.Phases}, {"operations", want.Ops, got.Ops}, {"groups", want.Groups, got.Groups},
		{"faults", want.Faults, got.Faults}, {"limits", want.Limits, got.Limits}, {"breakers", want.Breakers, got.Breakers},
		{"recovery", want.Recovery, got.Recovery}, {"attempts", want.AttemptsPerCall, got.AttemptsPerCall}, {"series", want.Series, got.Series},
	} {
		if diff := firstDifference(text(t, part.want), text(t, part.got)); diff != "" {
			t.Fatalf("%s: want and got differ: %s", part.name, diff)
		}
	}
}

func text(t *rapid.T, v any) string {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if s := string(data); s != "null" && s != "[]" {
		return s
	}
	return ""
}
