package published

import (
	"fmt"
	"math"
	"time"

	"github.com/squall-sim/squall/sim"
)

func queueingStudy() Study {
	return Study{
		Result: "R5",
		Title:  "Queueing theory, exact",
		Source: "Erlang 1917; Pollaczek 1930 and Khinchine 1932; Little 1961; Falin and Templeton, Retrial Queues, 1997",
		Model: "Poisson arrivals at a `sim.Station`, first come, first served. Times are in units of the mean service; ρ is the load " +
			"of each worker, c their number, K how many jobs there is room for. A share of the jobs is shown in %. A run has 20,000 " +
			"jobs after a tenth of that to warm up. The exact waits of M/M/1 are known with their whole distribution; the published " +
			"column then has the share of jobs that exceed its percentile.\n\n" +
			"In the M/M/1/1 retrial queue there is one worker and no queue: who finds it busy tries again after Exp(1/ν) until it is " +
			"free, as an unlimited policy with a constant backoff has it (the exponential delay is a variant, ours are uniform). " +
			"The *orbit* is who waits for another attempt.\n\n" +
			"*Retries* fail independently with probability p, at most n attempts. In the *storm*, clients of a server with capacity μ " +
			"time out and retry at once, R = 2 times at most, while the server goes on with what they have given up. Fivefold load for " +
			"5 s is the trigger; a run has recovered if fewer than 50 jobs are queued 300 s later. Below μ/(1 + R) it must, whatever " +
			"happened.",
		Run: queueingReport,
	}
}

const (
	queueRuns = 100
	queueJobs = 20_000
)

// queueSystem is a station under Poisson arrivals, with the mean service as its unit
// of time.
type queueSystem struct {
	name    string
	load    float64 // arrivals in a unit of time
	workers int
	queue   int // room for waiting; negative: any
	service sim.Dist
	tails   []float64 // waits whose excess is counted
	checks  []queueCheck
}

// queueCheck is what theory says of a system.
type queueCheck struct {
	name     string
	exact    float64
	measured func([]queueResult) mean
	share    bool
}

// queueResult is what one run came to, of the jobs after the warm-up.
type queueResult struct {
	jobs, refused float64
	wait          float64 // sum, of those that were let in
	above         []float64
	little        time.Duration // the queue's integral less the sum of all waits
	busy          float64       // share of the workers' time
}

// queueWorld is a run in progress.
type queueWorld struct {
	queueSystem
	queueResult
	loop     *sim.Loop
	station  *sim.Station
	arrivals sim.Poisson
	draws    sim.Stream
	sampler  sim.Sampler
	arrived  []time.Duration
	takes    []time.Duration
	waited   time.Duration
}

const queueWarmUp = queueJobs / 10

func queueRun(s queueSystem, run uint64) queueResult {
	const n = queueWarmUp + queueJobs
	w := &queueWorld{
		queueSystem: s, loop: sim.NewLoop(), draws: sim.NewStream(run, "service"), sampler: sampler(s.service),
		arrivals: sim.NewPoisson(s.load, sim.NewStream(run, "arrivals")),
		arrived:  make([]time.Duration, n), takes: make([]time.Duration, n),
	}
	w.above = make([]float64, len(s.tails))
	w.station = sim.NewStation(w.loop, s.workers, s.queue)
	w.loop.At(0, (*queueArrival)(w), 0)
	w.loop.Run(sim.Never)
	w.little = w.station.QueueTime() - w.waited
	w.busy = w.station.BusyTime().Seconds() / w.loop.Now().Seconds() / float64(s.workers)
	return w.queueResult
}

// queueArrival is the world in its role as the actor that brings the next job.
type queueArrival queueWorld

// Act lets a job arrive.
func (a *queueArrival) Act(now time.Duration, i uint64) {
	w := (*queueWorld)(a)
	w.arrived[i], w.takes[i] = now, w.sampler.Sample(w.draws.Float64(i, 0, 0))
	in := w.station.Enter(w.takes[i], w, i)
	if i >= queueWarmUp {
		w.jobs++
		if !in {
			w.refused++
		}
	}
	if int(i)+1 < len(w.takes) {
		at, _ := w.arrivals.Next(now, i+1)
		w.loop.At(at, a, i+1)
	}
}

// Act ends a job.
func (w *queueWorld) Act(now time.Duration, i uint64) {
	wait := now - w.arrived[i] - w.takes[i]
	w.waited += wait
	if i < queueWarmUp {
		return
	}
	w.wait += wait.Seconds()
	for k, limit := range w.tails {
		if wait.Seconds() > limit {
			w.above[k]++
		}
	}
}

func meanWait(runs []queueResult) mean {
	return ratioOf(runs, func(r queueResult) float64 { return r.wait }, func(r queueResult) float64 { return r.jobs - r.refused })
}

func shareLost(runs []queueResult) mean {
	return ratioOf(runs, func(r queueResult) float64 { return 100 * r.refused }, func(r queueResult) float64 { return r.jobs })
}

func utilisation(runs []queueResult) mean {
	return meanOf(runs, func(r queueResult) float64 { return 100 * r.busy })
}

// shareAbove is the share of jobs whose wait is above a tail.
func shareAbove(k int) func([]queueResult) mean {
	return func(runs []queueResult) mean {
		return ratioOf(runs, func(r queueResult) float64 { return 100 * r.above[k] }, func(r queueResult) float64 { return r.jobs - r.refused })
	}
}

// erlangB is the share of calls lost by c trunks without a queue that are offered a
// calls in the mean duration of one (Erlang, 1917), by its recursion.
func erlangB(c int, a float64) float64 {
	b := 1.0
	for k := 1; k <= c; k++ {
		b = float64(a*b) / (float64(k) + float64(a*b))
	}
	return b
}

// erlangC is the share of calls that wait if the queue has no bound.
func erlangC(c int, a float64) float64 {
	b := erlangB(c, a)
	return b / (1 - float64(a/float64(c)*(1-b)))
}

// mmck returns the share of jobs that are lost in M/M/c/K, and the mean wait of the
// others: the chance of n jobs is that of the unbounded system, scaled.
func mmck(workers, room int, load float64) (lost, wait float64) {
	p, total, queued := 1.0, 0.0, 0.0
	for n := range room + 1 {
		if n > 0 {
			p = float64(p * (load / float64(min(n, workers))))
		}
		total += p
		queued += float64(p * float64(max(n-workers, 0)))
	}
	lost = p / total
	return lost, queued / total / float64(load*(1-lost)) // by Little's law
}

func queueSystems() []queueSystem {
	unit := sim.Dist{Kind: sim.Exponential, Mean: time.Second}
	const rho, c, load = 0.8, 8, 7.2
	mm1 := queueSystem{name: "M/M/1, ρ = 0.8", load: rho, workers: 1, queue: -1, service: unit, checks: []queueCheck{
		{"mean wait", rho / (1 - rho), meanWait, false},
		{"utilisation", 100 * rho, utilisation, true},
	}}
	for k, percentile := range []float64{50, 90, 99, 99.9} {
		// P(wait > x) = ρ·exp(-(1-ρ)·x)
		mm1.tails = append(mm1.tails, -math.Log((1-percentile/100)/rho)/(1-rho))
		mm1.checks = append(mm1.checks, queueCheck{fmt.Sprintf("waits above p%v", percentile), 100 - percentile, shareAbove(k), true})
	}
	mmc := queueSystem{name: "M/M/8, ρ = 0.9", load: load, workers: c, queue: -1, service: unit, tails: []float64{0}, checks: []queueCheck{
		{"jobs that wait (Erlang C)", 100 * erlangC(c, load), shareAbove(0), true},
		{"mean wait", erlangC(c, load) / (c - load), meanWait, false},
	}}
	lost, wait := mmck(4, 10, 4.8)
	bounded := queueSystem{name: "M/M/4/10, ρ = 1.2", load: 4.8, workers: 4, queue: 6, service: unit, checks: []queueCheck{
		{"jobs lost", 100 * lost, shareLost, true}, {"mean wait", wait, meanWait, false},
	}}
	systems := []queueSystem{mm1, mmc, bounded}
	for _, service := range []sim.Dist{unit, {Kind: sim.Fixed, Value: time.Second}} {
		systems = append(systems, queueSystem{name: "M/G/10/10, load 8, " + service.Kind, load: 8, workers: 10, service: service, checks: []queueCheck{
			{"jobs lost (Erlang B)", 100 * erlangB(10, 8), shareLost, true},
		}})
	}
	const sigma = 0.8
	lognormal := sim.Dist{Kind: sim.Lognormal, Median: seconds(math.Exp(-sigma * sigma / 2)), Sigma: sigma} // mean 1 s
	return append(systems,
		pollaczek("M/D/1, ρ = 0.7", sim.Dist{Kind: sim.Fixed, Value: time.Second}, 1),
		pollaczek("M/G/1, ρ = 0.7, lognormal", lognormal, math.Exp(sigma*sigma)))
}

// pollaczek is M/G/1 with a service of mean 1 and a given mean square: the mean wait
// is λ·E[S²] / 2(1-ρ).
func pollaczek(name string, service sim.Dist, square float64) queueSystem {
	const rho = 0.7
	return queueSystem{name: name, load: rho, workers: 1, queue: -1, service: service, checks: []queueCheck{
		{"mean wait", rho * square / 2 / (1 - rho), meanWait, false},
	}}
}

func queueingReport(effort Effort) Report {
	report := Report{Checks: queueChecks(effort, queueSystems())}
	report.Checks = append(report.Checks, retrialCheck(effort, retrialPolicy()))
	report.Checks = append(report.Checks, independentChecks(effort)...)
	report.Checks = append(report.Checks, stormChecks(effort)...)
	return report
}

func queueChecks(effort Effort, systems []queueSystem) []Check {
	var checks []Check
	var little time.Duration
	for _, s := range systems {
		runs := play(effort.of(queueRuns, 20), func(i uint64) queueResult { return queueRun(s, i) })
		for _, r := range runs {
			little += max(r.little, -r.little)
		}
		for _, want := range s.checks {
			c := Check{Result: "R5", Name: s.name + ": " + want.name, Digits: 3}
			if want.share {
				c.Unit, c.Digits = "%", 2
			}
			checks = append(checks, c.against(want.exact, 0, want.measured(runs)))
		}
	}
	return append(checks, Check{Result: "R5", Name: "Little's law in all these runs: the queue's integral less the sum of waits", Unit: "ns"}.
		exactly(0, float64(little), 0, "equal"))
}
