package published

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

func backoffStudy() Study {
	return Study{
		Result: "R1",
		Title:  "Exponential backoff and jitter",
		Source: "Marc Brooker, AWS Architecture Blog, 2015; program: aws-samples/aws-arch-backoff-simulator",
		Model: "N clients update one row once, by optimistic concurrency: they read its version, write, and on a conflict back off " +
			"and read again. All start at once. Each message takes |Normal(10 ms, 2 ms)|. A client is a process that calls `retry.Do` " +
			"with a policy of base 10 ms (their 5·2ⁿ with n from 1), multiplier 2 and cap 2 s. *Calls* are the writes that reach the " +
			"server, *time* is when the last client is done.\n\n" +
			"Brooker's decorrelated jitter draws up to three times the delay before and cuts at the cap afterwards; ours draws below " +
			"the cap. So his is a variant of its own, made of `Policy.Delay` without a cap. Ours is in the figures beside it: it makes " +
			"as many writes, and with many clients is done a little earlier.",
		Run: runBackoff,
	}
}

// backoffRuns is how many runs are made for each row.
const backoffRuns = 400

// occPolicy is the common part of the strategies.
func occPolicy(name string, jitter retry.JitterKind) retry.Policy {
	return retry.Policy{
		Name:       name,
		Attempts:   retry.Unlimited,
		Classifier: "any",
		Backoff:    retry.Backoff{Base: 10 * time.Millisecond, Cap: 2 * time.Second},
		Jitter:     retry.Jitter{Kind: jitter},
	}
}

// strategy is a policy, or a variant that stands for itself.
type strategy struct {
	policy    retry.Policy
	brooker   bool // decorrelated jitter as published
	calls     map[int]float64
	time      map[int]float64 // ms
	timeNoise float64         // standard error of the published time, a share of it
}

// occStrategies are the rows of the table: by the number of clients, the
// published calls and time. Their standard errors are about 0.3 % for calls and
// 1 % for time, or 2 % without jitter.
func occStrategies() []strategy {
	none := occPolicy("none", retry.JitterNone)
	none.Backoff = retry.Backoff{}
	decorrelated := occPolicy("decorrelated", retry.JitterDecorrelated)
	decorrelated.Backoff.Base = 5 * time.Millisecond
	ours := decorrelated
	ours.Name = "decorrelated, ours"
	decorrelated.Backoff.Cap = 0
	return []strategy{
		{occPolicy("exponential", retry.JitterNone), false, map[int]float64{20: 150.0, 100: 1856.7}, map[int]float64{20: 14440, 100: 63524}, 0.02},
		{occPolicy("full", retry.JitterFull), false, map[int]float64{20: 100.4, 100: 795.6}, map[int]float64{20: 1019, 100: 4911}, 0.01},
		{occPolicy("equal", retry.JitterEqual), false, map[int]float64{20: 108.3, 100: 812.7}, map[int]float64{20: 1632, 100: 6639}, 0.01},
		{decorrelated, true, map[int]float64{20: 100.7, 100: 1002.2}, map[int]float64{20: 812, 100: 4563}, 0.01},
		{none, false, map[int]float64{20: 152.0, 100: 2419.4}, map[int]float64{20: 602, 100: 2029}, 0.01},
		{ours, false, nil, nil, 0},
	}
}

const callsNoise = 0.003

func runBackoff(effort Effort) Report { return backoffReport(effort, occStrategies()) }

func backoffReport(effort Effort, strategies []strategy) Report {
	var report Report
	calls := reports.Chart{
		Name: "r1-calls", Title: "Writes that reach the server",
		Subtitle: "N clients that update one row · lines: measured; points: Brooker 2015",
		Alt:      "Writes against clients: without backoff and with plain exponential backoff the work grows with the square of the clients, with jitter it stays a third of that.",
		X:        reports.Axis{Label: "clients"}, Y: reports.Axis{Label: "writes"},
	}
	times := reports.Chart{
		Name: "r1-time", Title: "Time until the last client is done",
		Subtitle: "N clients that update one row · lines: measured; points: Brooker 2015",
		Alt:      "Time against clients, logarithmic: exponential backoff without jitter takes ten times as long as any other.",
		X:        reports.Axis{Label: "clients"}, Y: reports.Axis{Label: "ms", Log: true},
	}
	publishedCalls, publishedTimes := reports.Line{Name: "published", Points: true}, reports.Line{Name: "published", Points: true}
	for _, s := range strategies {
		name := s.policy.Name
		callsLine, timeLine := reports.Line{Name: name}, reports.Line{Name: name}
		for clients := 20; clients <= 100; clients += 20 {
			if effort < Full && s.calls[clients] == 0 {
				continue // of use to the figure alone
			}
			runs := play(effort.of(backoffRuns, 20), func(i uint64) occResult { return occRun(s, clients, i) })
			c := meanOf(runs, func(r occResult) float64 { return float64(r.calls) })
			t := meanOf(runs, func(r occResult) float64 { return float64(r.end) / float64(time.Millisecond) })
			x := float64(clients)
			callsLine.Add(x, c.value)
			timeLine.Add(x, t.value)
			if want, ok := s.calls[clients]; ok {
				row := fmt.Sprintf("N = %d, %s: ", clients, name)
				report.Checks = append(report.Checks,
					Check{Result: "R1", Name: row + "calls", Digits: 1}.against(want, float64(callsNoise*want), c),
					Check{Result: "R1", Name: row + "time", Unit: "ms"}.against(s.time[clients], float64(s.timeNoise*s.time[clients]), t))
				publishedCalls.Add(x, want)
				publishedTimes.Add(x, s.time[clients])
			}
		}
		calls.Lines, times.Lines = append(calls.Lines, callsLine), append(times.Lines, timeLine)
	}
	calls.Lines, times.Lines = append(calls.Lines, publishedCalls), append(times.Lines, publishedTimes)
	report.Figures = []reports.Chart{calls, times}
	return report
}

// occResult is what one run of the optimistic clients came to.
type occResult struct {
	calls int // writes that reached the server
	end   time.Duration
}

// errConflict is the answer to a write of a row that has changed since it was read.
type errConflict struct{}

func (errConflict) Error() string { return "the row has another version" }

// occWorld is the server's row and the network around it.
type occWorld struct {
	occResult
	strategy strategy
	loop     *sim.Loop
	version  int
	network  sim.Stream
	jitter   sim.Stream
}

// occRun lets all clients write the row once.
func occRun(s strategy, clients int, run uint64) occResult {
	w := &occWorld{
		strategy: s, loop: sim.NewLoop(),
		network: sim.NewStream(run, "network"), jitter: sim.NewStream(run, "jitter"),
	}
	for i := range clients {
		sim.Go(w.loop, (&occClient{world: w, id: uint64(i)}).body)
	}
	w.loop.Run(sim.Never)
	w.end = w.loop.Now()
	return w.occResult
}

// occClient is one client, which is the [retry.Chance] of its own retrier.
type occClient struct {
	world    *occWorld
	id       uint64
	messages uint64
	process  *sim.Process
}

// Draw keys the jitter by client and attempt.
func (c *occClient) Draw(attempt int) float64 {
	return c.world.jitter.Float64(c.id, uint64(attempt), 0)
}

func (c *occClient) body(p *sim.Process) {
	c.process = p
	w := c.world
	if w.strategy.brooker {
		c.brooker()
		return
	}
	r := retry.Must(retry.New(w.strategy.policy, retry.WithClock(w.loop.Clock(epoch)), retry.WithChance(c)))
	// With unlimited attempts and without a deadline a call can only succeed.
	_, _ = retry.Do(context.Background(), r, c.update)
}

// brooker retries with decorrelated jitter as published: the delay is cut at the
// cap after it was drawn.
func (c *occClient) brooker() {
	const ceiling = 2 * time.Second
	policy := c.world.strategy.policy
	var delay time.Duration
	for n := 1; ; n++ {
		if _, err := c.update(context.Background()); err == nil {
			return
		}
		delay = min(ceiling, policy.Delay(n, delay, retry.Transient, c.Draw(n)))
		c.process.Sleep(delay)
	}
}

// update is one attempt: four messages.
func (c *occClient) update(context.Context) (struct{}, error) {
	w := c.world
	c.message()
	read := w.version
	c.message()
	c.message()
	w.calls++
	written := read == w.version
	if written {
		w.version++
	}
	c.message()
	if !written {
		return struct{}{}, errConflict{}
	}
	return struct{}{}, nil
}

// message lets the time pass that a message takes.
func (c *occClient) message() {
	const ms = float64(time.Millisecond)
	z := sim.NormalQuantile(c.world.network.Float64(c.id, c.messages, 0))
	c.messages++
	c.process.Sleep(time.Duration(math.Abs(10*ms + float64(2*ms*z))))
}

// epoch is when runs begin, for code that wants a time.Time.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
