package measure

import (
	"testing"
	"time"

	"github.com/squall-sim/squall/reports"
)

// A stretch in which nobody calls does not tell that the fleet has recovered: its breakers
// may be open, or its clients hang.
func TestNoRecoveryWithoutCalls(t *testing.T) {
	at := func(s float64) int64 { return int64(s * float64(time.Second)) }
	phase := func(from, to float64, faults ...string) reports.Phase {
		return reports.Phase{Label: "p", StartNS: at(from), EndNS: at(to), Faults: faults}
	}
	r := NewRecovery(time.Minute)
	for i := range 25 {
		r.Call(time.Duration(i)*time.Second, i < 10)
	}
	quiet := []reports.Phase{phase(0, 10), phase(10, 25, "outage"), phase(25, 35)}
	if got := r.Report(quiet); len(got) != 0 {
		t.Errorf("nobody calls, and it has recovered: %+v", got)
	}
	// Less than a whole second holds no window of its own.
	if got := r.Report([]reports.Phase{phase(0, 10), phase(10, 20.1, "outage"), phase(20.1, 20.9)}); len(got) != 0 {
		t.Errorf("within a second it has recovered: %+v", got)
	}
	r.Call(26*time.Second, true)
	if got := r.Report(quiet); len(got) != 1 || !got[0].Recovered || got[0].AfterNS != 0 {
		t.Errorf("a call succeeded: %+v", got)
	}
	r.Call(28*time.Second, false)
	if got := r.Report(quiet); len(got) != 1 || !got[0].Recovered || got[0].AfterNS != at(4) {
		t.Errorf("a call failed: %+v", got)
	}
}
