package livefleet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/scenarios"
	"github.com/squall-sim/squall/sim"
)

// source is a scenario with these faults, load and policies.
func source(kind, load, faults, policies string) string {
	return fmt.Sprintf(`scenario: test
backend: {kind: %s, latency: {dist: exponential, mean: 5ms, max: 50ms}}
load: {%s}
phases: [{label: all, for: 10s, faults: [%s]}]
policies: {%s}
`, kind, load, faults, policies)
}

const open = `model: open, rate: 60/s, clients: 7, mix: [
  {op: PutObject, key: "raw/{client}/{call}", size: 1KiB}, {op: GetObject, key: "raw/{client}", size: 100KiB},
  {op: HeadObject, key: "raw/{client}", size: 1KiB}, {op: CopyObject, key: "copy/{call}", size: 10B}, {op: DeleteObject, key: "old/{call}"}, {op: ListObjectsV2, key: raw/}]`

func parse(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// run plays the only policy of a scenario.
func run(t *testing.T, ctx context.Context, sc *scenarios.Scenario, mode scenarios.Mode, o Options) (reports.Policy, error) {
	t.Helper()
	play, err := New(sc, o)
	if err != nil {
		t.Fatal(err)
	}
	options := scenarios.Options{Seed: 3, Mode: mode}
	if mode == scenarios.ModeLive {
		options.Play = play
	}
	record, err := scenarios.Run(ctx, sc, options)
	if record == nil {
		t.Fatal(err)
	}
	return record.Policies[0], err
}

// counts is what must not depend on time.
func counts(p reports.Policy) string {
	for i := range p.Faults {
		p.Faults[i].NominalShare = nil // an address
	}
	return fmt.Sprintf("calls %d succeeded %d attempts %d outcomes %v by call %v ends %v fired %v", p.Total.Calls, p.Total.Succeeded,
		p.Total.Attempts, p.Total.AttemptOutcomes, p.AttemptsPerCall, p.Total.Ends, p.Faults)
}

// Where nothing depends on time, real sockets make the attempts of the simulation, with
// the same outcomes, and the server sees each of them once.
func TestLiveMakesTheAttemptsOfTheSimulation(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"s3": source("s3", open, `{on: {op: PutObject}, p: 0.3, effect: SlowDown}, {on: {op: GetObject, key: "raw/[0-3]"}, p: 0.4, effect: reset}, {on: {op: GetObject}, p: 0.3, effect: truncate at=5000},
  {on: {op: CopyObject}, p: 0.5, effect: error-in-200 SlowDown}, {on: {op: HeadObject}, p: 0.3, effect: close}, {p: 0.2, effect: InternalError}`,
			"p: {retry: {attempts: 4, base: 10ms, jitter: full}}"),
		"http": source("http", `model: open, rate: 60/s, clients: 7, mix: [{op: GET, key: "/a?b=c", size: 1KiB}, {op: POST, key: /b, size: 2KiB}]`,
			`{on: {op: GET}, p: 0.4, effect: 503 retry-after=1s}, {p: 0.3, effect: reset}`, "p: {retry: {attempts: 3, base: 10ms, classifier: any}}"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := parse(t, text)
			simulated, err := run(t, context.Background(), sc, scenarios.ModeHTTP, Options{})
			if err != nil {
				t.Fatal(err)
			}
			live, err := run(t, context.Background(), sc, scenarios.ModeLive, Options{Speed: 20})
			if err != nil {
				t.Fatal(err)
			}
			if a, b := counts(simulated), counts(live); a != b {
				t.Errorf("http %s\nlive %s", a, b)
			}
			if simulated.Total.Attempts == simulated.Total.Calls {
				t.Error("nothing was retried")
			}
			if l := live.Live; l.Requests != live.Total.Attempts || l.Repeated != 0 || l.Unsent != 0 || l.Speed != 20 || l.Lateness.Count != live.Total.Calls {
				t.Errorf("%d attempts, %+v", live.Total.Attempts, l)
			}
			if live.Total.CallDuration.MeanNS < simulated.Total.CallDuration.MeanNS*9/10 {
				t.Errorf("calls took %v, simulated %v", live.Total.CallDuration, simulated.Total.CallDuration)
			}
		})
	}
}

// net/http repeats what it takes for idempotent by itself. Switched on again, the
// repetitions are counted on both sides.
func TestReplaysAreOffAndCounted(t *testing.T) {
	t.Parallel()
	sc := parse(t, source("s3", `model: closed, clients: 2, think: {dist: fixed, value: 50ms}, mix: [{op: GetObject, key: a, size: 10B}]`,
		"{p: 0.5, effect: reset}", "p: {retry: none}"))
	for _, replays := range []bool{false, true} {
		p, err := run(t, context.Background(), sc, scenarios.ModeLive, Options{Speed: 20, Replays: replays})
		if err != nil {
			t.Fatal(err)
		}
		if p.Live.Requests-p.Total.Attempts != p.Live.Repeated || p.Live.Repeated > 0 != replays {
			t.Errorf("replays %v: %d attempts, %+v", replays, p.Total.Attempts, p.Live)
		}
	}
}

// A breaker around the attempts turns calls away, and its time is booked.
func TestBreaker(t *testing.T) {
	t.Parallel()
	sc := parse(t, source("http", `model: closed, clients: 1, think: {dist: fixed, value: 100ms}, mix: [{op: GET, key: /a}]`,
		`{p: 1, effect: "503"}`, "p: {retry: none, breaker: {failures: 3, open_for: 1h}}"))
	p, err := run(t, context.Background(), sc, scenarios.ModeLive, Options{Speed: 20})
	if err != nil {
		t.Fatal(err)
	}
	attempts := min(3, p.Total.Calls) // a busy machine may not come further
	if p.Total.Attempts != attempts || p.Total.RejectedByBreaker != p.Total.Calls-attempts || p.Breakers.Count != 1 || p.Breakers.Transitions != attempts/3 {
		t.Errorf("%+v, %+v", p.Total, p.Breakers)
	}
	// Not the hour: the 10 s of the load, and what a busy machine makes the last call take.
	most := 10*time.Second + time.Duration(p.Total.CallDuration.MaxNS)
	if opened := time.Duration(p.Breakers.OpenNS); opened > 0 != (attempts == 3) || opened > most {
		t.Errorf("open for %v, want %v at most", opened, most)
	}
}

// Calls that are never answered are given up at the end, and the server's truth is told.
func TestUnfinishedCallsAndTruth(t *testing.T) {
	t.Parallel()
	sc := parse(t, source("http", `model: open, rate: 5/s, clients: 3, mix: [{op: POST, key: /a, size: 1KiB}]`,
		`{on: {client: 1}, p: 1, effect: blackhole}, {on: {client: 2}, p: 1, effect: lost-ack reset}`, "p: {retry: {attempts: 2, base: 10ms, classifier: any}}"))
	p, err := run(t, context.Background(), sc, scenarios.ModeLive, Options{Speed: MaxSpeed})
	if err != nil {
		t.Fatal(err)
	}
	m := p.Total
	if m.Unfinished == 0 || m.Unfinished != m.AttemptOutcomes[reports.OutcomeUnfinished] || m.Calls != m.Succeeded+m.Failed {
		t.Errorf("%+v", m)
	}
	if m.Truth.FalseFailures == 0 || m.Truth.Duplicates > m.Truth.FalseFailures || // a busy machine may not come to the second attempts
		m.Truth.FalseSuccesses != 0 {
		t.Errorf("%+v", m.Truth)
	}
}

// An interrupted run keeps what it has, and leaves no goroutine behind.
func TestInterrupted(t *testing.T) {
	before := runtime.NumGoroutine()
	sc := parse(t, source("s3", `model: open, rate: 50/s, mix: [{op: GetObject, key: a, size: 10B}]`, "{p: 0.1, effect: blackhole}", "p: {retry: none}"))
	sc.Phases[0].For = time.Hour
	ctx, cancel := context.WithCancel(context.Background())
	play, err := New(sc, Options{Speed: 5})
	if err != nil {
		t.Fatal(err)
	}
	record, err := scenarios.Run(ctx, sc, scenarios.Options{Mode: scenarios.ModeLive, Play: play, Progress: func(done, _ time.Duration) {
		if done > time.Second {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || record == nil || !record.Interrupted {
		t.Fatalf("%v, %+v", err, record)
	}
	if m := record.Policies[0].Total; m.Succeeded == 0 || m.Calls != m.Succeeded+m.Unfinished {
		t.Errorf("%+v", m)
	}
	for range 1_000_000 { // the client's connections go when the scheduler lets them
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// The budget of a client is shared by its calls, each of which has its own draws.
func TestStatefulPolicies(t *testing.T) {
	t.Parallel()
	for _, preset := range []string{"aws-standard-2.1", "aws-adaptive"} {
		sc := parse(t, source("s3", `model: open, rate: 30/s, clients: 1, mix: [{op: PutObject, key: a, size: 10B}]`, "{p: 1, effect: InternalError}", "p: {retry: "+preset+"}"))
		p, err := run(t, context.Background(), sc, scenarios.ModeLive, Options{Speed: 10})
		if err != nil {
			t.Fatal(err)
		}
		if p.Total.DeniedByBudget == 0 || p.Total.Attempts > 2*p.Total.Calls+uint64(retry.AWSStandard21().Attempts) {
			t.Errorf("%s: %+v", preset, p.Total)
		}
	}
}

func TestBadOptions(t *testing.T) {
	sc := parse(t, source("s3", open, "", "p: {retry: none}"))
	for _, speed := range []float64{-1, 0.001, 1001, math.NaN(), math.Inf(1)} {
		_, err := New(sc, Options{Speed: speed})
		var bad *scenarios.OptionError
		if !errors.As(err, &bad) || !strings.Contains(bad.Hint, "0.01 to 1000") {
			t.Errorf("%v: %v", speed, err)
		}
	}
	sc.Backend.Network = &sim.Dist{Kind: sim.Fixed, Value: time.Second}
	sc.Policies[0].Breaker = &scenarios.Breaker{Scope: scenarios.ScopeShared}
	for policy, want := range map[string]int{"p": 2, "another": 1} {
		var problems *scenarios.Problems
		if _, err := New(sc, Options{Policies: []string{policy}}); !errors.As(err, &problems) || len(problems.List) != want {
			t.Errorf("policy %s: %v, want %d problems", policy, err, want)
		}
	}
	sc.Backend.Network, sc.Policies[0].Breaker = nil, nil
	var bad *scenarios.OptionError
	if _, err := scenarios.Run(context.Background(), sc, scenarios.Options{Mode: scenarios.ModeLive}); !errors.As(err, &bad) {
		t.Errorf("live without who plays it: %v", err)
	}
	if !slices.Contains(scenarios.Modes(), scenarios.ModeLive) {
		t.Error("live is no mode")
	}
}

// still is a clock that does not move by itself.
type still struct {
	retry.Clock
	now   time.Time
	slept []time.Duration
}

func (s *still) Now() time.Time { return s.now }

func (s *still) Sleep(_ context.Context, d time.Duration) error {
	s.slept = append(s.slept, d)
	return nil
}

func TestFastClock(t *testing.T) {
	real := &still{now: time.Unix(1000, 0)}
	c := newFastClock(real, 10)
	real.now = real.now.Add(time.Second)
	if got := c.Now().Sub(beginning); got != 10*time.Second {
		t.Errorf("after a second it is %v", got)
	}
	for _, d := range []time.Duration{time.Second, 1, 0, -5} {
		_ = c.Sleep(context.Background(), d)
	}
	if want := []time.Duration{100 * time.Millisecond, 1, 0, -5}; !slices.Equal(real.slept, want) {
		t.Errorf("slept %v, want %v", real.slept, want)
	}
}
