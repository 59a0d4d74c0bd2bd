package published

import (
	"fmt"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// errThrottled is a failure of the class Throttle.
var errThrottled = retry.Mark(errFailed, retry.Throttle)

// errTransient is a failure of the class Transient, whatever the table.
var errTransient = retry.Mark(errFailed, retry.Transient)

// outageRetries is how many retries a policy's budget pays for in a full outage.
func outageRetries(p retry.Policy, err error) int {
	r := retry.Must(retry.New(p))
	retries := 0
	for range 10_000 {
		call := r.Begin(epoch)
		for call.Failed(epoch, err, 0).Retry {
			retries++
		}
	}
	return retries
}

// quotaChecks are what a full quota pays for.
func quotaChecks() []Check {
	grpc := retry.GRPC()
	grpc.Attempts = retry.Unlimited // its four would end a call before the throttling does
	check := func(name string, want, got int) Check {
		return Check{Result: "R6", Name: name}.exactly(float64(want), float64(got), 0, "equal")
	}
	return []Check{
		check("aws-standard-2.1, full outage: transient retries", 35, outageRetries(retry.AWSStandard21(), errTransient)),
		check("aws-standard-2.1, full outage: throttling retries", 100, outageRetries(retry.AWSStandard21(), errThrottled)),
		check("aws-go-legacy, full outage: transient retries", 100, outageRetries(retry.AWSGoLegacy(), errTransient)),
		check("botocore-standard, full outage: transient retries", 100, outageRetries(retry.BotocoreStandard(), errTransient)),
		// Of 10 tokens 4 failures leave more than 5, so 4 retries are paid for.
		check("grpc, 10 tokens, any number of attempts, full outage: retries", 4, outageRetries(grpc, errTransient)),
	}
}

// drifting is a budget whose tokens are known, neither full nor empty, with a retrier
// that pays from it.
type drifting struct {
	retrier *retry.Retrier
	tokens  func() float64
}

// drift returns how many tokens a budget gains in a call, on average, where attempts
// fail with probability p. There is a fresh one for so many calls.
func drift(fresh func() drifting, p float64, segment int, draws sim.Stream) float64 {
	gained := 0.0
	for first := 0; first < rootCalls; first += segment {
		d := fresh()
		before := d.tokens()
		for i := range segment {
			driftCall(d.retrier, p, uint64(first+i), draws)
		}
		gained += d.tokens() - before
	}
	return gained / rootCalls
}

func driftCall(r *retry.Retrier, p float64, i uint64, draws sim.Stream) {
	call := r.Begin(epoch)
	for attempt := uint64(1); ; attempt++ {
		if draws.Float64(i, attempt, 0) >= p {
			call.Succeeded(epoch)
			return
		}
		if !call.Failed(epoch, errTransient, 0).Retry {
			return
		}
	}
}

// root finds the failure rate at which a budget neither fills nor drains, by halving
// the interval; all halvings meet the same draws.
func root(drift func(p float64) float64) float64 {
	low, high := 0.0, 1.0
	for range 18 {
		if middle := (low + high) / 2; drift(middle) > 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

const (
	rootRuns  = 100
	rootCalls = 20_000
)

// quotaRoot is the failure rate above which the quota of a policy drains.
func quotaRoot(p retry.Policy, run uint64) float64 {
	const half = 1_000_000 // tokens: more than the calls can add or take
	p.Quota.Capacity = 2 * half
	fresh := func() drifting {
		r := retry.Must(retry.New(p))
		bucket := r.Budget().(*retry.Bucket)
		for bucket.Tokens() > half {
			bucket.Charge(epoch, retry.Transient)
		}
		return drifting{r, func() float64 { return float64(bucket.Tokens()) }}
	}
	draws := sim.NewStream(run, "root")
	return root(func(failure float64) float64 { return drift(fresh, failure, rootCalls, draws) })
}

// throttlingRoot is the failure rate above which gRPC's tokens drain.
func throttlingRoot(p retry.Policy, run uint64) float64 {
	const segment = 50
	p.Budget.Throttling.MaxTokens = 1000 // the most there can be
	fresh := func() drifting {
		r := retry.Must(retry.New(p))
		budget := r.Budget().(*retry.ThrottleBudget)
		for budget.Tokens() > 750 { // retried above 500
			budget.Charge(epoch, retry.Transient)
		}
		return drifting{r, budget.Tokens}
	}
	draws := sim.NewStream(run, "root")
	return root(func(failure float64) float64 { return drift(fresh, failure, segment, draws) })
}

// rootCheck locates the failure rate above which the budget of a policy drains.
func rootCheck(effort Effort, name string, exact float64, p retry.Policy, at func(retry.Policy, uint64) float64) Check {
	m := meanOf(play(effort.of(rootRuns, 8), func(i uint64) float64 { return at(p, i) }), func(x float64) float64 { return x })
	return Check{Result: "R6", Name: name, Digits: 4}.against(exact, 0, m)
}

// standardRoot is the check of aws-standard-2.1. A call whose first attempt succeeds
// adds 1; the retry that fails costs its tokens, the one that succeeds gets them back:
// 1 − p = c·p²·(1 − p) + 2c·p³ = c·p² + c·p³.
func standardRoot(effort Effort, p retry.Policy) Check {
	return rootCheck(effort, "aws-standard-2.1: failure rate above which the quota drains", 0.2149, p, quotaRoot)
}

// rootChecks locate the failure rates from which on budgets drain.
func rootChecks(effort Effort) []Check {
	throttled := retry.AWSStandard21() // under throttling a retry costs less
	throttled.Quota.Cost = throttled.Quota.ThrottleCost
	// It adds 1 for every success: 1 − p³ = 5p² + 5p³.
	legacy := root(func(p float64) float64 { return 1 - float64(5*p*p) - float64(6*p*p*p) })
	return []Check{
		standardRoot(effort, retry.AWSStandard21()),
		rootCheck(effort, "aws-standard-2.1, throttling failures: the same", 0.3207, throttled, quotaRoot),
		rootCheck(effort, "botocore-standard: the same", 0.3207, retry.BotocoreStandard(), quotaRoot),
		rootCheck(effort, "aws-go-legacy: the same", legacy, retry.AWSGoLegacy(), quotaRoot),
		// Failures take 1, successes add the ratio r, whatever the attempts: p/(1 − p) = r.
		rootCheck(effort, "grpc: failure rate above which the tokens drain, r/(1 + r)", 0.1/1.1, retry.GRPC(), throttlingRoot),
	}
}

// The backend of the SRE throttle takes so many requests a second.
const (
	sreAccepts = 10.0
	sreLength  = 1200 * time.Second
	sreWarmUp  = 240 * time.Second // twice the window
)

// sreChecks hold adaptive throttling against min(demand, K·capacity).
func sreChecks(effort Effort, scale float64) []Check {
	var checks []Check
	for _, c := range []struct{ k, demand float64 }{{2, 5}, {2, 15}, {2, 100}, {1.5, 100}} {
		runs := play(effort.of(40, 8), func(i uint64) float64 { return sreRun(c.k*scale, c.demand, i) })
		name := fmt.Sprintf("SRE throttling, K = %v, capacity %v/s, demand %v/s: requests at the backend", c.k, sreAccepts, c.demand)
		checks = append(checks, Check{Result: "R6", Name: name, Unit: "/s", Digits: 1}.
			against(min(c.demand, c.k*sreAccepts), 0, meanOf(runs, func(x float64) float64 { return x })))
	}
	return checks
}

// sreRun returns how many requests a second come to the backend after the warm-up.
func sreRun(k, demand float64, run uint64) float64 {
	r := retry.Must(retry.New(retry.Policy{Attempts: 1, Classifier: "any", Pace: retry.Pace{Kind: retry.PaceSRE, K: k}}))
	arrivals, draws := sim.NewPoisson(demand, sim.NewStream(run, "arrivals")), sim.NewStream(run, "throttle")
	sent, credit := 0, 0.0 // of the backend, at most one second's worth
	last := time.Duration(0)
	for i := uint64(1); ; i++ {
		at, _ := arrivals.Next(last, i)
		if at > sreLength {
			return float64(sent) / (sreLength - sreWarmUp).Seconds()
		}
		credit = min(sreAccepts, credit+float64((at-last).Seconds()*sreAccepts))
		last = at
		call := r.Begin(epoch.Add(at))
		if !call.Admit(epoch.Add(at), draws.Float64(i, 0, 0)).Retry {
			continue
		}
		if at > sreWarmUp {
			sent++
		}
		if credit < 1 {
			call.Failed(epoch.Add(at), errThrottled, 0)
			continue
		}
		credit--
		call.Succeeded(epoch.Add(at))
	}
}
