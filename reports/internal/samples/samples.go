// Package samples makes up records of runs for the tests of reports and of its
// figures: plausible enough to judge a table or a figure by, and extreme enough
// to break one. The numbers come from formulas, not from a simulation.
package samples

import (
	"fmt"
	"time"

	"github.com/squall-sim/squall/reports"
)

// Client is how one made-up policy behaves.
type Client struct {
	Name, Settings string
	Baseline       bool
	Attempts       int           // at most, for each call
	Backoff        time.Duration // before the second attempt; doubles
	Breakers       int           // 0: none
}

// Load is what all policies of a made-up run meet.
type Load struct {
	Name, About string
	Bucket      time.Duration
	Tail        time.Duration // calls in flight when the load ends go on for so long
	Phases      []reports.Phase
	Rate        func(at time.Duration) float64 // calls a second
	Fail        func(at time.Duration) float64 // share of attempts that fail
	Outcome     int                            // what a failed attempt is
	Refused     bool                           // failures come at once, not after the backend's latency
}

// Three are the clients most samples compare.
func Three() []Client {
	return []Client{
		{Name: "shipped", Settings: "s3: 5 attempts, base 1s, cap 30s, jitter 1s; breaker 5 failures, 30s, one for each client", Attempts: 5, Backoff: time.Second, Breakers: 50},
		{Name: "aws-standard-2.1", Settings: "3 attempts, base 50ms (1s when throttled), cap 20s, full jitter, quota 500", Baseline: true, Attempts: 3, Backoff: 400 * time.Millisecond},
		{Name: "none", Settings: "1 attempt", Baseline: true, Attempts: 1},
	}
}

// Burst is 150 s with a 30 s throttling burst, under three policies.
func Burst() *reports.Run {
	return Make(Load{
		Name: "s3-throttle-burst", About: "S3 answers 503 SlowDown to most writes of one prefix for 30 s.",
		Bucket: time.Second, Tail: 22 * time.Second,
		Phases:  Phases("steady", 60*time.Second, "", "burst", 30*time.Second, "PutObject p=0.9 SlowDown", "recovery", 60*time.Second, ""),
		Rate:    func(time.Duration) float64 { return 200 },
		Fail:    window(60*time.Second, 90*time.Second, 0.68),
		Outcome: reports.OutcomeThrottled,
	}, Three())
}

// FourDays is a day and night rhythm of a web server over four days, with an
// outage of 30 minutes.
func FourDays() *reports.Run {
	const day = 24 * time.Hour
	from := 53*time.Hour + 30*time.Minute
	return Make(Load{
		Name: "apache-access", About: "Four days of a web server's requests, with a 30-minute outage on the third.",
		Bucket: time.Minute, Tail: 3 * time.Minute,
		Phases: Phases("before", from, "", "outage", 30*time.Minute, "outage", "after", 4*day-from-30*time.Minute, ""),
		Rate: func(at time.Duration) float64 {
			return 0.03 * (1 + float64(0.9*daily(at)))
		},
		Fail:    window(from, from+30*time.Minute, 1),
		Outcome: reports.OutcomeConnection, Refused: true,
	}, Three())
}

// Flapping has twelve phases that alternate between calm and faults.
func Flapping() *reports.Run {
	var spec []any
	for i := range 6 {
		spec = append(spec, fmt.Sprintf("calm-%d", i+1), 40*time.Second, "",
			fmt.Sprintf("flap-%d", i+1), 10*time.Second, fmt.Sprintf("GetObject raw/** p=0.%d InternalError", i+3))
	}
	return Make(Load{
		Name: "flapping", Bucket: time.Second, Tail: 5 * time.Second,
		Phases: Phases(spec...),
		Rate:   func(time.Duration) float64 { return 40 },
		Fail: func(at time.Duration) float64 {
			if k := at / (50 * time.Second); at%(50*time.Second) >= 40*time.Second {
				return float64(0.1*float64(k)) + 0.3
			}
			return 0.002
		},
		Outcome: reports.OutcomeServerError,
	}, Three())
}

// One is a single client with a single breaker, calling every few seconds.
func One() *reports.Run {
	clients := Three()[:1]
	clients[0].Breakers = 1
	return Make(Load{
		Name: "one-client", About: "One job that polls an API every 5 s.",
		Bucket: time.Second, Tail: 10 * time.Second,
		Phases: Phases("fine", 2*time.Minute, "", "brownout", 3*time.Minute, "latency add=lognormal(median=2s,sigma=0.5)", "fine again", 2*time.Minute, ""),
		Rate: func(at time.Duration) float64 {
			if at%(5*time.Second) == 0 {
				return 1
			}
			return 0
		},
		Fail:    window(2*time.Minute, 5*time.Minute, 0.8),
		Outcome: reports.OutcomeTimeout,
	}, clients)
}

// Phases makes consecutive phases of triples: label, length, fault ("": none).
func Phases(spec ...any) []reports.Phase {
	var phases []reports.Phase
	var at time.Duration
	for i := 0; i < len(spec); i += 3 {
		p := reports.Phase{Label: spec[i].(string), StartNS: int64(at)}
		at += spec[i+1].(time.Duration)
		p.EndNS = int64(at)
		if f := spec[i+2].(string); f != "" {
			p.Faults = []string{f}
		}
		phases = append(phases, p)
	}
	return phases
}

func window(from, to time.Duration, p float64) func(time.Duration) float64 {
	return func(at time.Duration) float64 {
		if at >= from && at < to {
			return p
		}
		return 0.001
	}
}
