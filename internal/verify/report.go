package verify

import (
	"encoding/json"
	"io"
	"time"

	"github.com/squall-sim/squall/reports"
)

// schemaVersion is the version of the report's JSON form. It grows when a field changes
// its meaning or goes away.
const schemaVersion = 1

// The laws by which a live run is held against the simulation.
const (
	LawExact   = "exact"
	LawSimilar = "similar"
)

// Report is what a verification found. Durations are nanoseconds of the scenario's time.
type Report struct {
	Schema      int               `json:"schema_version"`
	Version     string            `json:"squall_version"`
	Scenario    string            `json:"scenario"`
	Hash        string            `json:"scenario_hash"`
	Seed        uint64            `json:"seed"`
	Speed       float64           `json:"speed"` // seconds of the scenario in one of real time
	DurationNS  int64             `json:"duration_ns"`
	Interrupted bool              `json:"interrupted,omitempty"`
	Policies    []Policy          `json:"policies"`
	Warnings    []reports.Warning `json:"warnings"` // of the live run: what was not tried
}

// Policy is what one policy's runs came to, side by side.
type Policy struct {
	Name     string   `json:"name"`
	Settings string   `json:"settings"`
	Law      string   `json:"law"`
	Why      []string `json:"why,omitempty"` // what depends on time, where the law is not LawExact
	// SlackNS is the time by which the distributions of attempts may lie apart: 5 ms of real
	// time, and the lateness of calls at the 99th percentile. CallSlackNS, for calls, is that
	// lateness and SlackNS for each attempt of a mean call.
	SlackNS     int64   `json:"slack_ns"`
	CallSlackNS int64   `json:"call_slack_ns"`
	Modes       []Mode  `json:"modes"` // model (where it can be), http, live
	Pairs       Pairs   `json:"pairs"`
	Checks      []Check `json:"checks"` // none of a run that was interrupted
}

// Mode is the numbers of one mode.
type Mode struct {
	Mode            string        `json:"mode"`
	Calls           uint64        `json:"calls"`
	Succeeded       uint64        `json:"succeeded"`
	Attempts        uint64        `json:"attempts"`
	AttemptOutcomes []uint64      `json:"attempt_outcomes"` // in the order of reports.Outcomes
	Rejected        uint64        `json:"rejected_by_breaker"`
	Denied          uint64        `json:"denied_by_budget"`
	Ends            []reports.End `json:"ends"`
	CallDuration    reports.Trend `json:"call_duration"`
	AttemptDuration reports.Trend `json:"attempt_duration"`
	Live            *reports.Live `json:"live,omitempty"`
}

// Pairs is how the calls of the live run compare with the same calls in the simulation.
type Pairs struct {
	Compared uint64 `json:"compared"`
	Alike    uint64 `json:"alike"` // as many attempts, with the same outcomes, and the same end
	// Aside are those with an attempt that was on its way when the faults changed from one
	// phase to the next, or sent on other sides of that, so that the two may have met other faults.
	Aside    uint64   `json:"aside"`
	Examples []string `json:"examples,omitempty"` // a few that are not alike
}

// Check is one thing that must hold.
type Check struct {
	Name      string  `json:"name"`
	Passed    bool    `json:"passed"`
	Value     float64 `json:"value"`     // how far apart
	Tolerance float64 `json:"tolerance"` // how far it may be
	Text      string  `json:"text"`      // for people
}

// Failed reports whether a check did not pass, or something was not tried.
func (r *Report) Failed() bool {
	if len(r.Warnings) > 0 {
		return true
	}
	for _, p := range r.Policies {
		for _, c := range p.Checks {
			if !c.Passed {
				return true
			}
		}
	}
	return false
}

// JSON writes the report. The only errors are those of w.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

func newReport(o Options, run *reports.Run, cut bool) *Report {
	return &Report{
		Schema: schemaVersion, Version: run.Version, Scenario: run.Scenario, Hash: run.Hash, Seed: o.Seed, Speed: o.Speed,
		DurationNS: run.DurationNS, Interrupted: cut, Policies: []Policy{}, Warnings: []reports.Warning{},
	}
}

func modeOf(name string, p *reports.Policy) Mode {
	m := p.Total
	return Mode{
		Mode: name, Calls: m.Calls, Succeeded: m.Succeeded, Attempts: m.Attempts, AttemptOutcomes: m.AttemptOutcomes,
		Rejected: m.RejectedByBreaker, Denied: m.DeniedByBudget, Ends: m.Ends,
		CallDuration: m.CallDuration, AttemptDuration: m.AttemptDuration, Live: p.Live,
	}
}

// slackTime is what timers, sockets and a handler may take for one attempt, in real time,
// on a machine that is as late with it as with the beginnings of calls.
const slackTime = 5 * time.Millisecond
