package scenarios

import (
	"fmt"

	"github.com/squall-sim/squall/reports"
)

// idleLimits tells of quotas, and of partitioned prefixes, that refused no attempt
// of any policy: that may be right, and it may be that a scenario shows nothing of
// what it is about. And it tells of those that could not count everybody apart.
func idleLimits(run *reports.Run) []reports.Warning {
	var out []reports.Warning
	if len(run.Policies) == 0 || run.Interrupted {
		return nil
	}
	prefixes := reports.Limit{Kind: reports.LimitPrefix}
	for i, l := range run.Policies[0].Limits {
		l.Asked, l.Refused, l.Shared = 0, 0, 0
		for _, p := range run.Policies {
			one := p.Limits[i]
			l.Asked, l.Refused, l.Shared = l.Asked+one.Asked, l.Refused+one.Refused, l.Shared+one.Shared
		}
		if l.Shared > 0 {
			out = append(out, reports.Warning{Code: "quota-shared", Message: fmt.Sprintf(
				"%d attempts shared a bucket of the quota %q with others: it has too many keys or clients to count them apart", l.Shared, l.Limit)})
		}
		switch {
		case l.Kind == reports.LimitPrefix: // reads and writes as one
			prefixes.Asked, prefixes.Refused = prefixes.Asked+l.Asked, prefixes.Refused+l.Refused
		case l.Kind == reports.LimitQuota && l.Refused == 0:
			out = append(out, reports.Warning{Code: "quota-never-refused", Message: fmt.Sprintf("the quota %q never refused anything: %s", l.Limit, sufficed(l.Asked))})
		}
	}
	if len(run.Policies[0].Partitions) > 0 && prefixes.Refused == 0 {
		out = append(out, reports.Warning{Code: "prefixes-never-refused", Message: "the partitioned prefixes never refused anything: " + sufficed(prefixes.Asked)})
	}
	return out
}

func sufficed(asked uint64) string {
	if asked == 0 {
		return "no attempt was one that it is for"
	}
	return fmt.Sprintf("it was enough for all %d attempts", asked)
}

// unchanged warns of phases with a share of the workers that is all of them, as of few
// workers the half may be rounded to.
func unchanged(sc *Scenario) []reports.Warning {
	if sc.Backend.Capacity == nil {
		return nil
	}
	var out []reports.Warning
	own := sc.Backend.Capacity.Workers
	for _, ph := range sc.Phases {
		if k := ph.Capacity; k != nil && k.Percent != 0 && k.Percent != 100 && k.Of(own) == own {
			out = append(out, reports.Warning{Code: "workers-unchanged", Message: fmt.Sprintf(
				"the phase %s has as many workers as ever: of %d at each node %v %% are %[2]d, as a share is rounded and at least one", ph.Label, own, k.Percent)})
		}
	}
	return out
}
