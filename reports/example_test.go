package reports_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/squall-sim/squall/reports"
)

// tiny is a run with one policy, as scenarios would record it.
func tiny() *reports.Run {
	m := reports.Metrics{
		Calls: 1200, Succeeded: 1188, Failed: 12, Attempts: 1500, SuccessRate: 0.99, Amplification: 1.25, Goodput: 19.8,
		AttemptOutcomes: []uint64{1188, 312}, Ends: []reports.End{{Reason: "attempts exhausted", Calls: 12}},
		CallDuration: reports.Trend{Count: 1200, P50NS: 31e6, P99NS: 1_240e6, MaxNS: 3_020e6},
	}
	return &reports.Run{
		Schema: reports.SchemaVersion, Scenario: "tiny", Seed: 7, Mode: "model", DurationNS: 60e9,
		Phases:   []reports.Phase{{Label: "busy", EndNS: 60e9, Faults: []string{"PutObject p=0.2 SlowDown"}}},
		Policies: []reports.Policy{{Name: "shipped", Settings: "5 attempts, base 1s", Total: m, Phases: []reports.Metrics{m}}},
		Thresholds: []reports.Threshold{{
			Metric: "call_duration", Expr: "p(99)<1s", Expected: "p(99) < 1s", Actual: "1.24s", Value: 1.24,
			Policy: "shipped", File: "tiny.yaml", Line: 12, Column: 21,
		}},
	}
}

func ExampleText() {
	if err := reports.Text(os.Stdout, tiny(), reports.TextOptions{Width: 80}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// tiny · seed 7 · mode model · 1m of virtual time · 1,200 calls for each policy
	// faults in busy, 1m from 0s: PutObject p=0.2 SlowDown
	//
	// policy   phase   calls  success  good/s  att/call     p50    p99    max
	// ───────────────────────────────────────────────────────────────────────
	// shipped  busy !  1,200   99.00%    19.8      1.25  31.0ms  1.24s  3.02s
	//          total   1,200   99.00%    19.8      1.25  31.0ms  1.24s  3.02s
	// good/s: successful calls a second; att/call: attempts for each call, also called
	// amplification; p50, p99, max: from the intended start of a call to its end; !:
	// with faults
	//
	// shipped
	//   settings      5 attempts, base 1s
	//   failed calls  12: 12 attempts exhausted
	//   attempts      1,500: 79.2% ok, 20.8% throttled
	//
	// thresholds: 1 of 1 missed
	//   ✗ threshold missed: call_duration p(99) < 1s: got 1.24s (policy shipped), tiny.yaml:12:21
}

func ExampleReadJSON() {
	var file bytes.Buffer
	if err := reports.WriteJSON(&file, tiny()); err != nil {
		fmt.Println(err)
		return
	}
	run, err := reports.ReadJSON(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run.Scenario, run.Policies[0].Total.Calls, run.Failed())
	// Output: tiny 1200 true
}

func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "reports")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "summary.json")
	err = reports.WriteFile(path, func(w io.Writer) error { return reports.WriteJSON(w, tiny()) })
	fmt.Println(err)
	// Output: <nil>
}

func ExampleThreshold_Miss() {
	fmt.Println(tiny().Thresholds[0].Miss())
	// Output: threshold missed: call_duration p(99) < 1s: got 1.24s (policy shipped), tiny.yaml:12:21
}
