package scenarios

import (
	"fmt"
	"slices"

	"github.com/squall-sim/squall/reports"
)

// untrue warns where the clients of a policy were not told what the backend did,
// unless a threshold judges just that. Baselines are there to do badly. What a
// repeated PUT or DELETE does twice is what it did once (RFC 9110, section 9.2.2), so
// only duplicates of POST and PATCH are warned of.
func untrue(sc *Scenario, run *reports.Run) []reports.Warning {
	var out []reports.Warning
	for _, p := range run.Policies {
		if p.Baseline {
			continue
		}
		warn := func(metric string, n uint64, message string) {
			judged := slices.ContainsFunc(sc.Thresholds, func(t Threshold) bool { return t.Metric == metric && t.Binds(Policy{Name: p.Name}) })
			if n == 0 || judged {
				return
			}
			out = append(out, reports.Warning{Code: "untrue-" + metric, Policy: p.Name,
				Message: fmt.Sprintf(message, n) + "; a threshold on " + metric + " judges it"})
		}
		var repeated uint64
		for _, op := range p.Ops {
			if op.Op == "POST" || op.Op == "PATCH" {
				repeated += op.Metrics.Truth.Duplicates
			}
		}
		truth := p.Total.Truth
		warn("false_failures", truth.FalseFailures, "false failures: %d calls were told failure, or nothing, though the backend carried them out: whoever makes them again does it twice")
		warn("false_successes", truth.FalseSuccesses, "false successes: %d calls were told success, though nothing was carried out, or what they read is not what is stored")
		warn("duplicates", repeated, "duplicates: the backend carried out %d requests of POST or PATCH that it had carried out before")
	}
	return out
}
