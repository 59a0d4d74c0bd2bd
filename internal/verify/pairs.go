package verify

import (
	"fmt"
	"slices"
	"time"

	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// maxExamples is how many calls that are not alike are told.
const maxExamples = 3

// pair holds the calls of the live run against the same calls in the simulation: of a
// closed load those that both have made.
func (c *comparison) pair() {
	_, simulated := c.of(c.http)
	_, live := c.of(c.live)
	changes := edges(c.scenario.Plan())
	closed := c.scenario.Load.Model == scenarios.ModelClosed // how many calls there are is a matter of their times
	p := &c.out.Pairs
	for _, id := range simulated.order {
		a, b := simulated.calls[id], live.calls[id]
		if b == nil {
			if !closed && !c.live.run.Interrupted {
				p.differ(id, a, &call{CallRecord: fleet.CallRecord{Reason: "never made"}})
			}
			continue
		}
		switch {
		case near(changes, a, b):
			p.Aside++
		case alike(a, b):
			p.Compared++
			p.Alike++
		default:
			p.differ(id, a, b)
		}
	}
	for _, id := range live.order {
		if simulated.calls[id] == nil && !closed {
			p.differ(id, &call{CallRecord: fleet.CallRecord{Reason: "never made"}}, live.calls[id])
		}
	}
}

func (p *Pairs) differ(id callID, a, b *call) {
	p.Compared++
	if len(p.Examples) < maxExamples {
		p.Examples = append(p.Examples, fmt.Sprintf("call %d of client %d: %s simulated, %s live", id.call, id.client, a.text(), b.text()))
	}
}

// text tells of a call: "2 attempts (throttled, ok)".
func (c *call) text() string {
	var outcomes string
	for i, a := range c.attempts {
		if i > 0 {
			outcomes += ", "
		}
		outcomes += reports.Outcomes[a.Outcome]
	}
	end := c.Reason
	if c.OK {
		end = "success"
	}
	if len(c.attempts) == 0 {
		return end
	}
	return fmt.Sprintf("%s after %s", end, outcomes)
}

// alike tells whether two calls made the same attempts and ended alike.
func alike(a, b *call) bool {
	return a.OK == b.OK && a.Reason == b.Reason && slices.EqualFunc(a.attempts, b.attempts, func(x, y fleet.AttemptRecord) bool { return x.Outcome == y.Outcome })
}

// near tells whether two calls may have met the faults of different phases: an attempt
// was sent on different sides of a change, or, in real time, was on its way when it came, so
// that nobody knows on which side it arrived.
func near(changes []time.Duration, simulated, live *call) bool {
	for i := range min(len(simulated.attempts), len(live.attempts)) {
		x, y := simulated.attempts[i].Sent, live.attempts[i]
		for _, at := range changes {
			if (x < at) != (y.Sent < at) || y.Sent < at && at <= y.Ended {
				return true
			}
		}
	}
	return false
}
