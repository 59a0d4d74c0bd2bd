package published

import (
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// quick is the share of the runs that tests make. The tolerances are wider by the
// same formula; TestMutants shows that they still see a wrong model.
const quick Effort = 0.01

// reportsOf plays a study once for all tests.
var reportsOf = func() map[string]func() Report {
	m := make(map[string]func() Report)
	for _, s := range Studies() {
		m[s.Result] = sync.OnceValue(func() Report { return s.Run(quick) })
	}
	return m
}()

func TestStudies(t *testing.T) {
	for _, s := range Studies() {
		t.Run(s.Result, func(t *testing.T) {
			checks := reportsOf[s.Result]().Checks
			if len(checks) == 0 {
				t.Fatal("checks nothing")
			}
			for _, c := range checks {
				if c.Result != s.Result {
					t.Errorf("%s is a check of %s", c.Name, s.Result)
				}
				t.Log(c)
				if !c.Pass {
					t.Error(c)
				}
			}
		})
	}
}

// The page is written by the program validate, on all runs; it must have the rows
// of today.
func TestPage(t *testing.T) {
	data, err := os.ReadFile("../../docs/validation.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Studies() {
		if !strings.Contains(string(data), "\n## "+s.Result+": "+s.Title+"\n") {
			t.Errorf("the page has no section on %s: go run ./internal/published/validate", s.Result)
		}
		for _, c := range reportsOf[s.Result]().Checks {
			if row := "\n| " + c.Name + " | " + c.Row().Published + " | "; !strings.Contains(string(data), row) {
				t.Errorf("the page has no row %q: go run ./internal/published/validate", strings.TrimSpace(row))
			}
		}
	}
	if strings.Contains(string(data), "**off**") {
		t.Error("the page has a check that failed")
	}
}

// Runs are spread over the processors; what they come to is not.
func TestProcessorsDoNotMatter(t *testing.T) {
	alone := func(n int) Report {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return runBackoff(0.01)
	}
	if a, b := alone(1), alone(3); !reflect.DeepEqual(a, b) {
		t.Errorf("on one processor\n%v\non three\n%v", a.Checks, b.Checks)
	}
}

// mutant is a study of a model that is wrong.
type mutant struct {
	name   string
	report func() Report
}

// TestMutants demands that wrong models fail, on as few runs as the tests make.
func TestMutants(t *testing.T) {
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			failed := 0
			for _, c := range m.report().Checks {
				if !c.Pass {
					failed++
					t.Log(c)
				}
			}
			if failed == 0 {
				t.Error("every check passes")
			}
		})
	}
}

func mutants() []mutant {
	return slices.Concat(backoffMutants(), bucketMutants(), collapseMutants(), markovMutants(), queueingMutants(), policyMutants(), goodRetryMutants(), tierMutants())
}
