package scenarios

import (
	"fmt"
	"time"

	"github.com/squall-sim/squall/reports"
)

// mostLate is how late calls of a live run may begin, in real time, for the machine to
// count as one that holds the rate: the tick of a system that has a coarse clock.
const mostLate = 10 * time.Millisecond

// liveCautions tell where the numbers of a run in real time are the machine's.
func liveCautions(run *reports.Run) []reports.Warning {
	var out []reports.Warning
	for _, p := range run.Policies {
		l := p.Live
		if l == nil {
			continue
		}
		warn := func(code, format string, args ...any) {
			out = append(out, reports.Warning{Code: code, Policy: p.Name, Message: fmt.Sprintf(format, args...)})
		}
		if late := time.Duration(float64(l.Lateness.P99NS) / l.Speed); late > mostLate {
			warn("live-late", "the machine does not hold the rate: one call in a hundred began %s of real time late, or more; a lower speed or rate would be true",
				reports.FormatDuration(late))
		}
		if l.Repeated > 0 {
			warn("live-repeated", "the transport repeated %d requests by itself: the backend saw %d requests, the policy made %d attempts", l.Repeated, l.Requests, p.Total.Attempts)
		}
		if l.Undialed > 0 {
			warn("live-undialed", "the system had no connection for %d of %d attempts, first: %s", l.Undialed, p.Total.Attempts, l.DialError)
		}
		if late := l.Unsent - l.Undialed; late > 0 {
			warn("live-unsent", "%d of %d attempts ended before they were sent, as their time was up", late, p.Total.Attempts)
		}
	}
	return out
}

// unmeasured warns of a threshold that cannot be judged on what a run in real time
// knows.
func unmeasured(t Threshold, policy string) reports.Warning {
	return reports.Warning{Code: "threshold-not-judged", Policy: policy,
		Message: fmt.Sprintf("the threshold %s %s was not judged: a backend on a socket does not tell its %s", t.Selector(), t.Expr(), t.Metric)}
}
