package published

import (
	"fmt"
	"strings"

	"github.com/squall-sim/squall/retry"
)

func tierStudy() Study {
	return Study{
		Result: "R8",
		Title:  "Retries in a chain of five tiers, reproduced and corrected",
		Source: "Mehan and Saluja, 2026, arXiv 2608.25403",
		Model: "Five tiers in a chain have 10 workers each, who work for 5 ms × U(0.8, 1.2) and are held while the tiers below work. Poisson " +
			"arrivals of 500 a second; at most 1,000 requests wait at a tier. 5 s of warm-up, 20 s in which tiers 3 to 5 fail 60 % of their " +
			"requests each, 30 s of cool-down. Only the entry retries, at most twice, after 0.1 s · 2^(k−1) · (1 + U/2) with k = 2 and 3: our policy " +
			"of base 250 ms, multiplier 2 and proportional jitter of 20 %. Calls are processes on `retry.Do`. A full queue is not " +
			"retried, and calls and attempts that have not ended by the end of the run do not count: of what was tried, that is what " +
			"the published numbers come of.",
		Run: tierReport,
	}
}

// tierRuns is how many runs are made of each variant.
const tierRuns = 20

// percent makes a share of two counts a number of a run.
func percent(part, of func(tierResult) int) func(tierResult) float64 {
	return func(r tierResult) float64 { return 100 * float64(part(r)) / float64(of(r)) }
}

// The numbers of a run, in percent and attempts for each call.
var (
	tierPerCall = percent(func(r tierResult) int { return r.goodCalls }, func(r tierResult) int { return r.calls })
	tierPerTry  = percent(func(r tierResult) int { return r.goodAttempts }, func(r tierResult) int { return r.attempts })
	tierRefused = percent(func(r tierResult) int { return r.refused }, func(r tierResult) int { return r.attempts })
)

func tierAmplification(r tierResult) float64 { return float64(r.attempts) / float64(r.calls) }

func tierBusy(r tierResult) float64 { return 100 * r.busy.Seconds() / (tierWorkers * r.span.Seconds()) }

func tierUseful(r tierResult) float64 { return 100 * r.useful.Seconds() / r.busy.Seconds() }

// tierPlay makes the runs of a variant.
func tierPlay(effort Effort, p retry.Policy, fault float64) []tierResult {
	return play(effort.of(tierRuns, 4), func(i uint64) tierResult { return tiersRun(p, fault, i) })
}

func tierCheck(name, unit string, digits int, published float64, runs []tierResult, number func(tierResult) float64) Check {
	return Check{Result: "R8", Name: name, Unit: unit, Digits: digits}.oneOf(published, meanOf(runs, number))
}

// tierRetryChecks are the numbers that depend on the retries.
func tierRetryChecks(runs []tierResult) []Check {
	return []Check{
		tierCheck("retries: success, of attempts", "%", 1, 41.5, runs, tierPerTry),
		tierCheck("retries: amplification", "", 2, 1.34, runs, tierAmplification),
		tierCheck("retries: success, of calls (corrected)", "%", 1, 55.6, runs, tierPerCall),
	}
}

func tierReport(effort Effort) Report {
	none, some, calm := tierPlay(effort, retry.None(), tierFault), tierPlay(effort, tierPolicy(), tierFault), tierPlay(effort, retry.None(), 0)
	report := Report{Checks: []Check{
		tierCheck("no retry: success, of attempts", "%", 1, 55.4, none, tierPerTry),
		tierCheck("no retry: success, of calls (corrected)", "%", 1, 55.3, none, tierPerCall),
		tierCheck("no fault, no retry: success (corrected)", "%", 1, 83.1, calm, tierPerCall),
	}}
	report.Checks = append(report.Checks, tierRetryChecks(some)...)
	report.Notes = []string{
		"The paper's conclusion, that retries cost 14 points of success, is about attempts: a call that succeeds at its second attempt counts as a " +
			"failure and a success. Of *calls*, as many succeed with retries as without. And the baseline is not 100 %: 10 workers that are held for " +
			"25 ms carry 400 calls a second, under a load of 500, so that 17 % are lost without any fault. The first tier is busy all the time; what " +
			"retries change is what it is busy with.",
	}
	report.Table = tierTable(map[string][]tierResult{"no fault, no retry": calm, "fault, no retry": none, "fault, retries": some})
	return report
}

// tierTable shows at a glance what the published numbers hide.
func tierTable(variants map[string][]tierResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The means of %d runs:\n\n| | success of calls | success of attempts | amplification | refused attempts | first tier busy | of that for successes |\n"+
		"|---|---:|---:|---:|---:|---:|---:|\n", len(variants["fault, retries"]))
	for _, name := range []string{"no fault, no retry", "fault, no retry", "fault, retries"} {
		fmt.Fprintf(&b, "| %s", name)
		for _, number := range []func(tierResult) float64{tierPerCall, tierPerTry, tierAmplification, tierRefused, tierBusy, tierUseful} {
			fmt.Fprintf(&b, " | %.2f", meanOf(variants[name], number).value)
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
