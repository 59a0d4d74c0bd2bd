package published

import (
	"fmt"
	"math"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// The retrial queue: arrivals, service rate and retrial rate, in units of a second.
const (
	retrialArrivals = 0.8
	retrialRate     = 0.2
	retrialRuns     = 200
	retrialLength   = 10_000 * time.Second
	retrialWarmUp   = 1_000 * time.Second
)

func retrialPolicy() retry.Policy {
	return retry.Policy{
		Attempts: retry.Unlimited, Classifier: "any",
		Backoff: retry.Backoff{Kind: retry.BackoffConstant, Base: seconds(1 / retrialRate)},
	}
}

func retrialCheck(effort Effort, policy retry.Policy) Check {
	const rho = retrialArrivals
	exact := rho*rho/(1-rho) + rho*retrialArrivals/((1-rho)*retrialRate)
	runs := play(effort.of(retrialRuns, 30), func(i uint64) float64 { return retrialRun(policy, i) })
	return Check{Result: "R5", Name: "M/M/1/1 with retrials, λ 0.8, μ 1, ν 0.2: mean orbit", Digits: 1}.
		against(exact, 0, meanOf(runs, func(x float64) float64 { return x }))
}

// retrialWorld is a run of the retrial queue.
type retrialWorld struct {
	loop     *sim.Loop
	station  *sim.Station
	retrier  *retry.Retrier
	calls    []retrialCall
	exp      sim.Sampler // of mean 1 s
	draws    sim.Stream
	arrivals sim.Poisson
	orbit    int
	last     time.Duration // when orbit changed
	sum      float64       // of orbit over time, in seconds
}

type retrialCall struct {
	call     retry.Call
	attempts uint64
}

// retrialRun returns the mean orbit after the warm-up.
func retrialRun(policy retry.Policy, run uint64) float64 {
	w := &retrialWorld{
		loop: sim.NewLoop(), retrier: retry.Must(retry.New(policy)), exp: exponential(time.Second), draws: sim.NewStream(run, "retrial"),
		arrivals: sim.NewPoisson(retrialArrivals, sim.NewStream(run, "arrivals")),
	}
	w.station = sim.NewStation(w.loop, 1, 0)
	w.arrive(0)
	w.loop.Run(retrialWarmUp)
	w.count(0)
	w.sum = 0
	w.loop.Run(retrialLength)
	w.count(0)
	return w.sum / (retrialLength - retrialWarmUp).Seconds()
}

// arrive plans the arrival of call i, whose first attempt is its event.
func (w *retrialWorld) arrive(now time.Duration) {
	at, _ := w.arrivals.Next(now, uint64(len(w.calls)))
	w.calls = append(w.calls, retrialCall{})
	w.loop.At(at, w, uint64(len(w.calls)-1))
}

// Act makes an attempt of a call.
func (w *retrialWorld) Act(now time.Duration, i uint64) {
	c := &w.calls[i]
	c.attempts++
	if c.attempts == 1 {
		c.call = w.retrier.Begin(epoch.Add(now))
		w.arrive(now)
		c = &w.calls[i] // the calls have moved
	} else {
		w.count(-1)
	}
	if w.station.Enter(w.exp.Sample(w.draws.Float64(i, 0, 0)), (*retrialEnd)(w), i) {
		return
	}
	d := c.call.Failed(epoch.Add(now), sim.ErrFull, 0)
	if !d.Retry {
		return
	}
	w.count(+1)
	w.loop.After(scaled(w.exp, d.After.Seconds(), w.draws.Float64(i, c.attempts, 0)), w, i)
}

// retrialEnd is the world in its role as the actor that awaits the end of a service.
type retrialEnd retrialWorld

// Act ends a call.
func (e *retrialEnd) Act(now time.Duration, i uint64) { e.calls[i].call.Succeeded(epoch.Add(now)) }

// count changes the orbit, after accounting for it until now.
func (w *retrialWorld) count(change int) {
	now := w.loop.Now()
	w.sum += float64(float64(w.orbit) * (now - w.last).Seconds())
	w.orbit, w.last = w.orbit+change, now
}

// independentChecks are retries that fail independently: with at most n attempts,
// 1 - pⁿ succeed, after (1 - pⁿ)/(1 - p) attempts.
func independentChecks(effort Effort) []Check {
	var checks []Check
	for _, p := range []float64{0.1, 0.5, 0.9} {
		for _, n := range []int{2, 5} {
			retrier := retry.Must(retry.New(retry.Policy{Attempts: n, Classifier: "any"}))
			runs := play(effort.of(200, 20), func(i uint64) independentResult { return independentRun(retrier, p, i) })
			succeeded := 1 - math.Pow(p, float64(n))
			name := fmt.Sprintf("retries, p = %v, n = %d: ", p, n)
			checks = append(checks,
				Check{Result: "R5", Name: name + "success", Unit: "%", Digits: 2}.
					against(100*succeeded, 0, meanOf(runs, func(r independentResult) float64 { return 100 * r.succeeded / independentCalls })),
				Check{Result: "R5", Name: name + "attempts", Digits: 3}.
					against(succeeded/(1-p), 0, meanOf(runs, func(r independentResult) float64 { return r.attempts / independentCalls })))
		}
	}
	return checks
}

const independentCalls = 1000

type independentResult struct{ succeeded, attempts float64 }

func independentRun(r *retry.Retrier, p float64, run uint64) (result independentResult) {
	draws := sim.NewStream(run, "independent")
	for i := range uint64(independentCalls) {
		call := r.Begin(epoch)
		for attempt := uint64(1); ; attempt++ {
			result.attempts++
			if draws.Float64(i, attempt, 0) >= p {
				result.succeeded++
				call.Succeeded(epoch)
				break
			}
			if !call.Failed(epoch, errFailed, 0).Retry {
				break
			}
		}
	}
	return result
}
