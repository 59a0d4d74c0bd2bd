package published

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

func policyStudy() Study {
	return Study{
		Result: "R6",
		Title:  "Formulas of the policies",
		Source: "AWS Retry Behavior 2.1; gRPC proposal A6; Site Reliability Engineering, 2016, chapters 21 and 22",
		Model: "The *delays* of every backoff with every jitter (base 0.1 s, cap 2 s, amount 0.15 s, proportion 0.3): mean and variance of " +
			"the sum of the six delays after one to six failures, by numeric integration of the published formula against " +
			"`Policy.Delay` under keyed draws.\n\n" +
			"*Quotas* of the AWS presets: how many retries a full one pays for when all attempts fail; and the failure rate above " +
			"which it drains, which is the root of 1 − p = c·p² + c·p³ for three attempts and a retry that costs c. It is located by " +
			"halving: at each rate the preset's retrier makes 20,000 calls, from a bucket that is far from full and from empty, which " +
			"is then lighter or heavier. The tokens of gRPC's throttling are found in the same way.\n\n" +
			"*SRE throttling*: a client that is refused turns requests away by itself, so that the backend sees min(demand, K·capacity). " +
			"The *book's numbers* of cascading failures are played as they are told: a frontend with 1,000 threads as a station without " +
			"a queue; clients that come back after a second as the step machine with a constant backoff; layers as nested calls of " +
			"`retry.Do` whose errors are marked retryable. Without that mark ours does not multiply: the outer layers see that the " +
			"inner one has retried.",
		Run: policyReport,
	}
}

func policyReport(effort Effort) Report {
	var report Report
	for _, checks := range [][]Check{
		backoffChecks(effort, jitteredPolicy), quotaChecks(), rootChecks(effort),
		sreChecks(effort, 1), threadChecks(effort), offeredChecks(), layerChecks(),
	} {
		report.Checks = append(report.Checks, checks...)
	}
	return report
}

// The frontend of the book: threads, requests a second, and the share that hangs.
const (
	bookThreads = 1000
	bookRate    = 1000.0
	bookHang    = 0.05
	bookRuns    = 10
)

// threadChecks are the frontend whose threads hang. The book divides the threads by
// the work that is offered; exactly it is Erlang's loss formula, for any service time.
func threadChecks(effort Effort) []Check {
	const load = bookRate * (bookHang*100 + (1-bookHang)*0.1)
	runs := play(effort.of(bookRuns, 4), threadRun)
	m := meanOf(runs, func(served float64) float64 { return 100 * served })
	return []Check{
		Check{Result: "R6", Name: "1,000 threads, 5 % of requests hang: served (the book's estimate)", Unit: "%", Digits: 1}.against(19.6, 0, m),
		Check{Result: "R6", Name: "1,000 threads, 5 % of requests hang: served (Erlang B)", Unit: "%", Digits: 2}.against(100*(1-erlangB(bookThreads, load)), 0, m),
	}
}

// threadRun returns the share of requests that find a thread. It begins with as many
// threads hanging as hang in the long run, for what is left of their deadline: from
// an empty frontend they would hang, and be free again, in waves.
func threadRun(run uint64) float64 {
	const length, warmUp = 600 * time.Second, 100 * time.Second
	const hanging = bookThreads * bookHang * 100 / (bookHang*100 + (1-bookHang)*0.1)
	loop := sim.NewLoop()
	threads := sim.NewStation(loop, bookThreads, 0)
	arrivals, draws := sim.NewPoisson(bookRate, sim.NewStream(run, "arrivals")), sim.NewStream(run, "hang")
	asked, served := 0, 0
	nobody := sim.ActorFunc(func(time.Duration, uint64) {})
	var arrive sim.ActorFunc
	arrive = func(now time.Duration, i uint64) {
		service := 100 * time.Millisecond
		if draws.Float64(i, 0, 0) < bookHang {
			service = 100 * time.Second
		}
		in := threads.Enter(service, nobody, 0)
		if now > warmUp {
			asked++
			if in {
				served++
			}
		}
		at, _ := arrivals.Next(now, i+1)
		loop.At(at, arrive, i+1)
	}
	for i := range uint64(math.Round(hanging)) {
		threads.Enter(scaled(sampler(sim.Dist{Kind: sim.Uniform, Upper: time.Second}), 100, draws.Float64(i, 1, 0)), nobody, 0)
	}
	loop.At(0, arrive, 0)
	loop.Run(length)
	return float64(served) / float64(asked)
}

// offeredChecks are the first seconds of a backend that is offered 10,100 requests a
// second and takes 10,000.
func offeredChecks() []Check {
	offered := offeredRun(retry.Policy{
		Attempts: retry.Unlimited, Classifier: "any", Backoff: retry.Backoff{Kind: retry.BackoffConstant, Base: time.Second},
	})
	var checks []Check
	for i, want := range []float64{10_100, 10_200, 10_300, 10_400, 10_500} {
		checks = append(checks, Check{Result: "R6", Name: fmt.Sprintf("10,100 requests a second, 10,000 are served: offered in second %d", i+1)}.
			exactly(want, offered[i], 0, "equal"))
	}
	return checks
}

// offeredRun returns how many requests come in each of the first seconds.
func offeredRun(policy retry.Policy) (offered [5]float64) {
	const taken, fresh = 10_000, 10_100
	loop := sim.NewLoop()
	r := retry.Must(retry.New(policy))
	var calls []retry.Call
	send := sim.ActorFunc(nil)
	send = func(now time.Duration, i uint64) {
		second := int(now / time.Second)
		if second >= len(offered) {
			return
		}
		offered[second]++
		if offered[second] <= taken {
			calls[i].Succeeded(epoch.Add(now))
			return
		}
		if d := calls[i].Failed(epoch.Add(now), errFailed, 0); d.Retry {
			loop.After(d.After, send, i)
		}
	}
	for i := range fresh * len(offered) {
		at := time.Duration(i) * time.Second / fresh
		calls = append(calls, r.Begin(epoch.Add(at)))
		loop.At(at, send, uint64(i))
	}
	loop.Run(sim.Never)
	return offered
}

// layerChecks are three layers that make four attempts each.
func layerChecks() []Check {
	return []Check{
		Check{Result: "R6", Name: "3 layers of 4 attempts, each failure retried: attempts"}.exactly(64, float64(layerRun(retry.Retryable)), 0, "equal"),
		Check{Result: "R6", Name: "3 layers of 4 attempts, as `retry.Do` returns its error: attempts"}.
			exactly(4, float64(layerRun(func(err error) error { return err })), 0, "equal"),
	}
}

// layerRun returns how many attempts the innermost layer makes of one call.
func layerRun(mark func(error) error) (attempts int) {
	r := retry.Must(retry.New(retry.Policy{Attempts: 4, Classifier: "any"}))
	type op = func(context.Context) (struct{}, error)
	layer := func(inner op) op {
		return func(ctx context.Context) (struct{}, error) {
			_, err := retry.Do(ctx, r, inner)
			return struct{}{}, mark(err)
		}
	}
	backend := func(context.Context) (struct{}, error) {
		attempts++
		return struct{}{}, errFailed
	}
	_, _ = layer(layer(layer(backend)))(context.Background())
	return attempts
}
