package scenarios_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/scenarios"
	"github.com/squall-sim/squall/sim"
)

func ExampleParse() {
	_, err := scenarios.Parse("mine.yaml", []byte(`scenario: mine
backend: {kind: s3, latency: 30ms}
load: {model: open, rate: 10/s, mix: [{op: GetObject, key: a.json}]}
phases: [{label: steady, for: 30}]
policies: {shipped: {retry: {preset: s3, retries: 4}}}
`))
	fmt.Println(err)
	// Output:
	// mine.yaml:4:31: phases[0].for: 30 has no unit; write 30s (or 30ms, 30m)
	//   4 | phases: [{label: steady, for: 30}]
	//     |                               ^
	// mine.yaml:5:42: policies.shipped.retry.retries: unknown key "retries"; write attempts: 5 (attempts count the first one too)
	//   5 | policies: {shipped: {retry: {preset: s3, retries: 4}}}
	//     |                                          ^
}

func ExampleProblems() {
	_, err := scenarios.Parse("mine.yaml", nil)
	var problems *scenarios.Problems
	if errors.As(err, &problems) {
		for _, p := range problems.List {
			fmt.Printf("%s, line %d: %s\n", p.File, p.Line, p.Message)
		}
	}
	// Output: mine.yaml, line 1: the file holds no scenario
}

func ExampleFind() {
	sc, err := scenarios.Find("s3-throttle-burst")
	fmt.Println(sc.Name, len(sc.Policies), err)
	_, err = scenarios.Find("s3-throtle-burst")
	var none *scenarios.NotFoundError
	if errors.As(err, &none) {
		fmt.Println(none)
		fmt.Println("hint:", none.Hint)
	}
	// Output:
	// s3-throttle-burst 3 <nil>
	// scenarios: no scenario "s3-throtle-burst", built in or as a file
	// hint: did you mean s3-throttle-burst? `simulate list` shows the built-in scenarios
}

func ExampleWrite() {
	patient := retry.API()
	patient.Attempts = 5
	sc := &scenarios.Scenario{
		Name:    "patience",
		Backend: scenarios.Backend{Kind: scenarios.KindHTTP, Latency: sim.Dist{Kind: sim.Fixed, Value: 30 * time.Millisecond}},
		Load: scenarios.Load{
			Model: scenarios.ModelOpen, Rate: 10, Arrivals: scenarios.Poisson, Clients: 1,
			Mix: []scenarios.MixItem{{Op: "GET", Key: "/", Size: 4 << 10, Weight: 1}},
		},
		Phases:     []scenarios.Phase{{Label: "steady", For: time.Minute}},
		Policies:   []scenarios.Policy{{Name: "patient", Retry: patient}},
		Thresholds: []scenarios.Threshold{{Metric: "success_rate", Aggregate: scenarios.AggValue, Operator: scenarios.OpGreater, Value: 0.99}},
	}
	if err := scenarios.Write(os.Stdout, sc); err != nil {
		fmt.Println(err)
	}
	// Output:
	// scenario: patience
	// backend:
	//   kind: http
	//   latency: {dist: fixed, value: 30ms}
	// load:
	//   model: open
	//   rate: 10/s
	//   clients: 1
	//   mix:
	//     - {op: GET, key: "/", size: 4KiB}
	// phases:
	//   - {label: steady, for: 1m}
	// policies:
	//   patient:
	//     retry: {preset: api, attempts: 5}
	// thresholds:
	//   success_rate: ["value>0.99"]
}

func ExampleParseThreshold() {
	t, err := scenarios.ParseThreshold("call_duration{phase:burst}", "p(99) < 20s")
	fmt.Println(t, err)
	fmt.Println(t.Holds(19.5), t.Holds(20))
	_, err = scenarios.ParseThreshold("call_duration", "value<20")
	fmt.Println(err)
	// Output:
	// call_duration{phase:burst}: p(99)<20s <nil>
	// true false
	// expr: value does not fit call_duration, which is a trend; write avg, min, max, med, p(N), count
}

func ExampleMetrics() {
	for _, m := range scenarios.Metrics()[:3] {
		fmt.Printf("%s (%s): %s\n", m.Name, m.Kind, m.About)
	}
	// Output:
	// calls (counter): calls that were started
	// success_rate (rate): calls that succeeded, of all calls
	// goodput (gauge): successful calls a second
}

func ExampleReadTrace() {
	rows, err := scenarios.ReadTrace(strings.NewReader(`at,client,op,key,size
0s,10.0.0.1,GetObject,raw/a.json,4096
1.5s,10.0.0.2,PutObject,raw/b.json,64KiB
`))
	fmt.Println(len(rows), rows[1].At, rows[1].Size, err)
	_, err = scenarios.ReadTrace(strings.NewReader("at,client,op,key,size\n12,10.0.0.1,GetObject,raw/a.json,4096\n"))
	fmt.Println(err)
	// Output:
	// 2 1.5s 64KiB <nil>
	// scenarios: trace line 2: at: 12 has no unit; write 12s (or 12ms, 12m)
}

func ExampleTraceWriter() {
	w := scenarios.NewTraceWriter(os.Stdout)
	if err := w.Write(scenarios.TraceRow{At: 1500 * time.Millisecond, Client: "10.0.0.1", Op: "GET", Key: "/a,b", Size: 10}); err != nil {
		fmt.Println(err)
	}
	if err := w.Flush(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// at,client,op,key,size
	// 1.5s,10.0.0.1,GET,"/a,b",10
}
