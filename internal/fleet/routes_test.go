package fleet

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
)

// routes are some of each sort.
func routes() []Route {
	slow := fixed(time.Second)
	return []Route{
		{Route: httpfake.Route{Path: "/busy/*", Status: 503, Header: http.Header{"Retry-After": {"2"}}}},
		{Route: httpfake.Route{Path: "/gone", Status: 404, Body: "no"}},
		{Route: httpfake.Route{Path: "/slow/**", Method: "GET", Size: 100}, Latency: &slow},
		{Route: httpfake.Route{Path: "/echo", Echo: true}},
	}
}

func web(mode Mode, mix ...Op) *Config {
	c := steady(3)
	c.Mode, c.Backend.Kind, c.Backend.Bucket, c.Backend.Routes = mode, Web, "", routes()
	c.Policy.Retry.Hint = retry.Hint{Mode: retry.HintRetryAfter}
	c.Load.Mix = mix
	return c
}

// A route has its own latency and status; others are as without routes.
func TestRoutesDecideLatencyAndStatus(t *testing.T) {
	for _, mode := range []Mode{Model, HTTP} {
		for _, tt := range []struct {
			op       Op
			attempts float64
			success  float64
			latency  time.Duration
		}{
			{Op{Name: "GET", Key: "/slow/{call}?x=/y", Weight: 1}, 1, 1, time.Second},
			{Op{Name: "HEAD", Key: "/slow/{call}", Weight: 1}, 1, 1, time.Second},
			{Op{Name: "POST", Key: "/slow/{call}", Size: 3, Weight: 1}, 1, 1, 20 * time.Millisecond},
			{Op{Name: "GET", Key: "/busy/{call}", Weight: 1}, 3, 0, 20 * time.Millisecond},
			{Op{Name: "GET", Key: "/busy/a/{call}", Weight: 1}, 1, 1, 20 * time.Millisecond},
			{Op{Name: "GET", Key: "/gone", Weight: 1}, 1, 0, 20 * time.Millisecond},
			{Op{Name: "GET", Key: "/echo", Weight: 1}, 1, 1, 20 * time.Millisecond},
		} {
			got := play(t, web(mode, tt.op)).Total
			if got.Amplification != tt.attempts || got.SuccessRate != tt.success || got.Calls == 0 {
				t.Errorf("%v %s %s: %v attempts, %v succeed", mode, tt.op.Name, tt.op.Key, got.Amplification, got.SuccessRate)
			}
			if d := time.Duration(got.AttemptDuration.MinNS); d != tt.latency {
				t.Errorf("%v %s %s: %v", mode, tt.op.Name, tt.op.Key, d)
			}
		}
	}
}

// With routes too, the wire makes the same attempts as the model: under faults that
// cut, slow down and replace what a route answers.
func TestRoutesInBothModes(t *testing.T) {
	for _, text := range []string{"500", "truncate at=10", "truncate at=500 end=reset", "stall at=1", "reset", "lost-ack 500", "latency add=1s", "bandwidth rate=1KiB/s", "corrupt"} {
		var records [2]string
		for i, mode := range []Mode{Model, HTTP} {
			c := web(mode, Op{Name: "GET", Key: "/slow/{call}", Size: 7, Weight: 1}, Op{Name: "GET", Key: "/busy/{call}", Weight: 1},
				Op{Name: "POST", Key: "/echo", Size: 9, Weight: 1}, Op{Name: "DELETE", Key: "/gone", Weight: 1}, Op{Name: "GET", Key: "/else", Size: 40, Weight: 1})
			c.Policy.Retry.AttemptTimeout = 5 * time.Second
			c.Plan.Phases[0].Rules = []faults.Rule{{P: 0.5, Effect: effect(t, text)}}
			record := play(t, c)
			data, err := json.MarshalIndent(record, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			records[i] = string(data)
			if record.Total.AttemptOutcomes[reports.OutcomeOK] == 0 {
				t.Errorf("%s: nothing succeeds", text)
			}
		}
		if diff := firstDifference(records[0], records[1]); diff != "" {
			t.Errorf("%s: model and http differ: %s", text, diff)
		}
	}
}
