package fleet

import (
	"testing"

	"github.com/squall-sim/squall/faults"
)

func TestExpandKey(t *testing.T) {
	for template, want := range map[string]string{
		"":                          "",
		"raw/a.json":                "raw/a.json",
		"raw/{client}/{call}.json":  "raw/7/42.json",
		"{call}{call}":              "4242",
		"{client":                   "{client",
		"{{client}}":                "{7}",
		"a{b}c":                     "a{b}c",
		"/v1/stations/{client}?x={": "/v1/stations/7?x={",
	} {
		if got := ExpandKey(template, 7, 42); got != want {
			t.Errorf("%q expands to %q, want %q", template, got, want)
		}
	}
}

// A request for the list of all buckets names none, in the model too: else rules that
// select or count by bucket would choose others there than over the wire.
func TestListBucketsNamesNoBucket(t *testing.T) {
	for _, mode := range []Mode{Model, HTTP} {
		c := steady(1)
		c.Mode = mode
		c.Load.Mix = []Op{{Name: "ListBuckets", Weight: 1}, {Name: "HeadBucket", Weight: 1}}
		c.Plan.Phases[0].Rules = []faults.Rule{{On: faults.Selector{Bucket: "squall"}, P: 1, Effect: effect(t, "SlowDown")}}
		rec := play(t, c)
		for _, op := range rec.Ops {
			if failed := op.Metrics.Failed > 0; failed != (op.Op == "HeadBucket") {
				t.Errorf("%v: %s failed %d times", mode, op.Op, op.Metrics.Failed)
			}
		}
	}
}
