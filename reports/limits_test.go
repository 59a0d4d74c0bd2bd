package reports_test

import (
	"strings"
	"testing"

	"github.com/squall-sim/squall/reports"
)

// What the backend refused by itself has a line; what was never in the way has
// none.
func TestTextTellsLimits(t *testing.T) {
	run := &reports.Run{Policies: []reports.Policy{
		{
			Name: "one",
			Limits: []reports.Limit{
				{Kind: reports.LimitQuota, Limit: "10/s per client: 429", Asked: 12345, Refused: 0},
				{Kind: reports.LimitPrefix, Limit: "writes of a partitioned prefix 35/s", Asked: 500, Refused: 12},
				{Kind: reports.LimitPrefix, Limit: "reads of a partitioned prefix 55/s"},
				{Kind: reports.LimitCapacity, Limit: "room for 2 in flight: 503", Asked: 7},
			},
			Partitions: []reports.Partition{{Count: 1}, {AtNS: 61e9, Count: 2, Key: "raw/5"}},
		},
		{
			Name:       "two",
			Limits:     []reports.Limit{{Kind: reports.LimitCapacity, Limit: "room for 2 in flight: 503", Asked: 7, Refused: 2}},
			Partitions: []reports.Partition{{Count: 1}},
		},
	}}
	got := string(textOf(t, run, reports.TextOptions{Width: 200}))
	for _, want := range []string{
		"  limits        10/s per client: 429: refused 0 of 12,345 attempts\n                writes of a partitioned prefix 35/s: refused 12 of 500 attempts\n",
		"  partitions    1, 2 from 1m01s on (split at raw/5)\n",
		"  limits        room for 2 in flight: 503: refused 2 of 7 attempts\n",
		"  partitions    1 all the time\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "reads of") {
		t.Errorf("it tells of what nobody asked for:\n%s", got)
	}
}
