package published

import (
	"errors"
	"fmt"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// The storm: a server of so many requests a second, whose clients retry at once.
const (
	stormCapacity = 100.0
	stormRetries  = 2
	stormTimeout  = time.Second
	stormRuns     = 20
	stormBegin    = 10 * time.Second
	stormEnd      = 15 * time.Second
	stormLength   = stormEnd + 300*time.Second
	stormQueue    = 50 // a run with fewer in the queue at its end is well
)

// stormChecks count the runs that are well at their end.
func stormChecks(effort Effort) []Check {
	const bound = stormCapacity / (1 + stormRetries)
	n := effort.of(stormRuns, 3)
	var checks []Check
	for _, c := range []struct {
		share   float64 // of the bound
		trigger float64 // what the load is multiplied by
		well    int
	}{{0.9, 5, n}, {1.3, 1, n}, {1.3, 5, 0}} {
		load := bound * c.share
		runs := play(n, func(i uint64) int { return stormRun(load, c.trigger, i) })
		well := 0
		for _, queued := range runs {
			if queued < stormQueue {
				well++
			}
		}
		what := "with the trigger"
		if c.trigger == 1 {
			what = "without a trigger"
		}
		// What is shown is a share, so that it does not depend on how many runs were made.
		share := func(k int) float64 { return 100 * float64(k) / float64(n) }
		checks = append(checks, Check{Result: "R5", Name: fmt.Sprintf("storm, load %v·μ/(1 + R), %s: runs that are well", c.share, what), Unit: "%"}.
			exactly(share(c.well), share(well), 0, fmt.Sprintf("equal, %d runs", n)))
	}
	return checks
}

// stormWorld is a run of the storm.
type stormWorld struct {
	loop     *sim.Loop
	station  *sim.Station
	retrier  *retry.Retrier
	load     float64
	trigger  float64
	exp      sim.Sampler
	draws    sim.Stream
	calls    []stormCall
	attempts []uint64 // the call of each, or givenUp
}

type stormCall struct {
	call retry.Call
	done bool
}

// stormRun returns how many requests the server has in its queue at the end.
func stormRun(load, trigger float64, run uint64) int {
	w := &stormWorld{
		loop: sim.NewLoop(), load: load, trigger: trigger, exp: exponential(time.Second), draws: sim.NewStream(run, "storm"),
		retrier: retry.Must(retry.New(retry.Policy{Attempts: 1 + stormRetries, Classifier: "any"})),
	}
	w.station = sim.NewStation(w.loop, 1, -1)
	w.loop.At(0, (*stormArrival)(w), 0)
	w.loop.Run(stormLength)
	return w.station.Queued()
}

// stormArrival is the world in its role as the actor that begins calls.
type stormArrival stormWorld

// Act begins a call and plans the next.
func (a *stormArrival) Act(now time.Duration, i uint64) {
	w := (*stormWorld)(a)
	w.calls = append(w.calls, stormCall{call: w.retrier.Begin(epoch.Add(now))})
	w.send(uint64(len(w.calls) - 1))
	rate := w.load
	if now >= stormBegin && now < stormEnd {
		rate *= w.trigger
	}
	w.loop.After(scaled(w.exp, 1/rate, w.draws.Float64(i, 0, 0)), a, i+1)
}

// send makes an attempt of a call: the server works on it in any case.
func (w *stormWorld) send(call uint64) {
	n := uint64(len(w.attempts))
	w.attempts = append(w.attempts, call)
	w.station.Enter(scaled(w.exp, 1/stormCapacity, w.draws.Float64(n, 1, 0)), w, n)
	w.loop.After(stormTimeout, (*stormTimer)(w), n)
}

// Act ends an attempt at the server. An answer that comes after the timeout is one
// that nobody waits for.
func (w *stormWorld) Act(now time.Duration, n uint64) {
	i := w.attempts[n]
	if i == givenUp {
		return
	}
	c := &w.calls[i]
	c.done = true
	c.call.Succeeded(epoch.Add(now))
}

// stormTimer is the world in its role as the actor that ends attempts in time.
type stormTimer stormWorld

const givenUp = ^uint64(0)

var errTimeout = errors.New("no answer in time")

// Act gives an attempt up, and makes the next one.
func (t *stormTimer) Act(now time.Duration, n uint64) {
	w := (*stormWorld)(t)
	i := w.attempts[n]
	if w.calls[i].done {
		return
	}
	w.attempts[n] = givenUp
	if w.calls[i].call.Failed(epoch.Add(now), errTimeout, 0).Retry {
		w.send(i)
	}
}
