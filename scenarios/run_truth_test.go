package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/squall-sim/squall/reports"
)

// lossy is a service that loses the answers to half of its requests, and clients
// that try twice.
func lossy(op, thresholds string) string {
	return fmt.Sprintf(`scenario: lossy
backend: {kind: http, latency: {dist: fixed, value: 10ms}}
load: {model: open, rate: 20/s, clients: 4, mix: [{op: %s, key: "/orders/{client}", size: 1KiB}]}
phases: [{label: calm, for: 5s}, {label: lossy, for: 10s, faults: [{p: 0.5, effect: lost-ack reset}]}]
policies:
  twice: {retry: {attempts: 2, base: 10ms, classifier: any}}
  rival: {baseline: true, retry: {attempts: 2, base: 10ms, classifier: any}}
%s`, op, thresholds)
}

func playText(t *testing.T, text string, mode Mode) *reports.Run {
	t.Helper()
	sc, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	run, err := Run(context.Background(), sc, Options{Seed: 1, Mode: mode})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// Thresholds judge the ground truth, by phase, operation and policy; without calls
// that could commit, or uploads that could leak, there is nothing to judge.
func TestTruthThresholds(t *testing.T) {
	const thresholds = `thresholds:
  false_failures: ["count>0", "rate<4"]
  "false_failures{phase:calm}": ["count==0"]
  false_successes: ["count==0"]
  "duplicates{op:%s,phase:lossy}": ["count>0"]
  leaked_uploads: ["count==0"]
`
	for op, want := range map[string]string{"POST": "true true true true true no samples", "GET": "no samples no samples no samples true no samples no samples"} {
		for _, mode := range []Mode{ModeModel, ModeHTTP} {
			run := playText(t, lossy(op, fmt.Sprintf(thresholds, op)), mode)
			var got []string
			for _, th := range run.Thresholds {
				if th.Actual == "no samples" && !th.Passed {
					got = append(got, th.Actual)
				} else {
					got = append(got, fmt.Sprint(th.Passed))
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, %s: got  %v\nwant %s\n%+v", op, mode, got, want, run.Thresholds)
			}
		}
	}
}

// No calls are a count of calls; of what they did, they prove nothing.
func TestThresholdsWhereNobodyCalls(t *testing.T) {
	text := strings.Replace(lossy("POST", `thresholds:
  "calls{phase:calm}": ["count==0", "rate<1", "count>0"]
  "retry_delay{phase:calm}": ["count==0", "max<1s"]
  "dropped{phase:calm}": ["count==0"]
  "calls{phase:lossy}": ["count==0"]
`), "for: 5s", "for: 5s, rate: 0/s", 1)
	var got []string
	for _, th := range playText(t, text, ModeModel).Thresholds {
		got = append(got, fmt.Sprintf("%s %s: %v, %s", th.Metric, th.Expr, th.Passed, th.Actual))
	}
	want := `calls{phase:calm} count==0: true, 0
calls{phase:calm} rate<1: true, 0
calls{phase:calm} count>0: false, 0
retry_delay{phase:calm} count==0: true, 0
retry_delay{phase:calm} max<1s: false, no samples
dropped{phase:calm} count==0: false, no samples
calls{phase:lossy} count==0: false, 198`
	if strings.Join(got, "\n") != want {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), want)
	}
}

// Who does not judge it is warned, for each policy that is no baseline.
func TestUntrueWarnings(t *testing.T) {
	for _, test := range []struct{ op, thresholds, want string }{
		{"POST", "", "untrue-false_failures twice, untrue-duplicates twice"},
		{"PUT", "", "untrue-false_failures twice"}, // done twice, it is what it was
		{"GET", "", ""},
		{"POST", "thresholds: {\"duplicates{phase:lossy}\": [\"count<1000\"]}", "untrue-false_failures twice"},
		{"POST", "thresholds: {\"duplicates{policy:rival}\": [\"count<1000\"], false_failures: [\"count<1000\"]}", "untrue-duplicates twice"},
	} {
		var got []string
		for _, w := range playText(t, lossy(test.op, test.thresholds), ModeAuto).Warnings {
			got = append(got, w.Code+" "+w.Policy)
			if strings.Contains(w.Message, "%!") || w.Fails {
				t.Errorf("%+v", w)
			}
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s %s: got %v, want %s", test.op, test.thresholds, got, test.want)
		}
	}
}
