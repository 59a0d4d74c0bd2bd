package figures_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
)

func ExampleWrite() {
	run := &reports.Run{ // usually from reports.ReadJSON, or fresh from a scenario
		Scenario: "tiny", DurationNS: 2e9,
		Phases: []reports.Phase{{Label: "all", EndNS: 2e9}},
		Policies: []reports.Policy{{
			Name:  "shipped",
			Total: reports.Metrics{Calls: 20, Succeeded: 20, SuccessRate: 1},
			Series: reports.Series{
				BucketNS: 1e9, Calls: []uint64{12, 8}, CallAttempts: []uint64{12, 9}, CallAttemptMax: []uint64{1, 2},
				CallP50NS: []int64{3e7, 3e7}, CallP99NS: []int64{5e7, 9e7}, CallMaxNS: []int64{6e7, 2e8},
				Attempts: [][]uint64{{12, 8}, {0, 1}},
			},
		}},
	}
	dir, err := os.MkdirTemp("", "figures")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	files, err := figures.Write(dir, run, figures.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		fmt.Println(filepath.Base(f))
	}
	// Output:
	// latency.svg
	// attempts.svg
	// load.svg
	// breaker.svg
}
