package published

import (
	"fmt"
	"math"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// The schedule whose delays are integrated: so many, after failures 1 to 6.
const (
	delaysDrawn   = 6
	backoffBase   = 0.1 // s
	backoffCap    = 2.0
	backoffAmount = 0.15
	backoffShare  = 0.3
	backoffDraws  = 2000 // schedules in a run
)

// backoffKinds and jitterKinds are all of them, in order.
var (
	backoffKinds = []retry.BackoffKind{
		retry.BackoffExponential, retry.BackoffConstant, retry.BackoffLinear, retry.BackoffFibonacci,
		retry.BackoffExponentialMinusOne, retry.BackoffSchedule,
	}
	jitterKinds = []retry.JitterKind{
		retry.JitterNone, retry.JitterFull, retry.JitterEqual, retry.JitterDecorrelated, retry.JitterAdditive,
		retry.JitterAdditiveClipped, retry.JitterProportion, retry.JitterProportionClipped, retry.JitterProportionPastCap,
		retry.JitterFullBelowCap, retry.JitterPlusMinus,
	}
	backoffSchedule = []float64{0.05, 0.4, 1.5, 3} // s
)

// jitteredPolicy is a policy of these kinds, with the settings of this file.
func jitteredPolicy(b retry.BackoffKind, j retry.JitterKind) retry.Policy {
	p := retry.Policy{
		Attempts: delaysDrawn + 1,
		Backoff:  retry.Backoff{Kind: b, Base: seconds(backoffBase), Cap: seconds(backoffCap)},
		Jitter:   retry.Jitter{Kind: j, Amount: seconds(backoffAmount), Proportion: backoffShare},
	}
	var delays []time.Duration
	for _, d := range backoffSchedule {
		delays = append(delays, seconds(d))
	}
	p.Backoff.Schedule = retry.Delays(delays...)
	return p
}

// rawDelay is the formula of a backoff: the delay after n failures, in seconds.
func rawDelay(b retry.BackoffKind, n int) float64 {
	switch b {
	case retry.BackoffConstant:
		return backoffBase
	case retry.BackoffLinear:
		return backoffBase * float64(n)
	case retry.BackoffFibonacci:
		phi := (1 + math.Sqrt(5)) / 2 // Binet: F(n+1) of 1, 1, 2, 3, 5
		return backoffBase * math.Round(math.Pow(phi, float64(n+1))/math.Sqrt(5))
	case retry.BackoffExponentialMinusOne:
		return backoffBase * (math.Pow(2, float64(n)) - 1)
	case retry.BackoffSchedule:
		return backoffSchedule[min(n, len(backoffSchedule))-1]
	default:
		return backoffBase * math.Pow(2, float64(n-1))
	}
}

// jitterFormula is the delay that a jitter makes of a raw one under the draw u, from
// its definition; previous is the delay before.
func jitterFormula(j retry.JitterKind, base, raw, previous, u float64) float64 {
	cut := min(raw, backoffCap)
	around := float64(backoffShare * (2*u - 1))
	switch j {
	case retry.JitterFull:
		return u * cut
	case retry.JitterEqual:
		return cut/2 + float64(u*cut/2)
	case retry.JitterDecorrelated:
		base = min(base, backoffCap)
		return base + float64(u*(min(backoffCap, float64(3*max(base, previous)))-base))
	case retry.JitterAdditive:
		return min(raw, backoffCap-backoffAmount) + float64(u*backoffAmount)
	case retry.JitterAdditiveClipped:
		return min(cut+float64(u*backoffAmount), backoffCap)
	case retry.JitterProportion:
		return min(raw, backoffCap/(1+backoffShare)) * (1 + around)
	case retry.JitterProportionClipped:
		return min(raw*(1+around), backoffCap)
	case retry.JitterProportionPastCap:
		return cut * (1 + around)
	case retry.JitterFullBelowCap:
		if raw > backoffCap {
			return backoffCap
		}
		return u * raw
	case retry.JitterPlusMinus:
		return max(0, min(raw, backoffCap-backoffAmount)+float64(backoffAmount*(2*u-1)))
	default:
		return cut
	}
}

// integrate returns the mean and the variance of the sum of the delays, by the
// midpoint rule. Only decorrelated jitter looks at the delay before: so the moments
// of what is still to come are kept as functions of it, on a grid.
func integrate(b retry.BackoffKind, j retry.JitterKind) (mean, variance float64) {
	const grid, points = 400, 400
	first, second := make([]float64, grid+1), make([]float64, grid+1) // of the delays after n, by the delay before
	for n := delaysDrawn; n >= 1; n-- {
		raw := rawDelay(b, n)
		base := backoffBase
		if b == retry.BackoffSchedule {
			base = raw
		}
		m, s := make([]float64, grid+1), make([]float64, grid+1)
		for g := range m {
			if j != retry.JitterDecorrelated && g > 0 {
				m[g], s[g] = m[0], s[0]
				continue
			}
			previous := float64(g) * backoffCap / grid
			for i := range points {
				d := jitterFormula(j, base, raw, previous, (float64(i)+0.5)/points)
				at := float64(min(d/backoffCap, 1) * grid)
				k := min(int(at), grid-1)
				part := at - float64(k)
				rest := first[k] + float64(part*(first[k+1]-first[k]))
				m[g] += (d + rest) / points
				s[g] += (float64(d*d) + float64(2*d*rest) + second[k] + float64(part*(second[k+1]-second[k]))) / points
			}
		}
		first, second = m, s
	}
	return first[0], max(0, second[0]-float64(first[0]*first[0]))
}

// delaySums is what one run of drawn schedules came to, for the mean and the
// variance of the sum of a schedule's delays.
type delaySums struct{ mean, variance float64 }

// drawDelays draws schedules, and returns the mean of their sums, and the mean square
// distance of these from the exact mean.
func drawDelays(p retry.Policy, exact float64, run uint64) delaySums {
	draws := sim.NewStream(run, "delays")
	var out delaySums
	for i := range uint64(backoffDraws) {
		var sum, previous time.Duration
		for n := 1; n <= delaysDrawn; n++ {
			previous = p.Delay(n, previous, retry.Transient, draws.Float64(i, uint64(n), 0))
			sum += previous
		}
		off := sum.Seconds() - exact
		out.mean += sum.Seconds() / backoffDraws
		out.variance += float64(off*off) / backoffDraws
	}
	return out
}

// backoffChecks compare every backoff with every jitter. The exponential ones are
// told one by one.
func backoffChecks(effort Effort, policy func(retry.BackoffKind, retry.JitterKind) retry.Policy) []Check {
	var checks []Check
	worst, others := 0.0, 0
	n := effort.of(100, 10)
	for _, b := range backoffKinds {
		for _, j := range jitterKinds {
			mean, variance := integrate(b, j)
			runs := play(n, func(i uint64) delaySums { return drawDelays(policy(b, j), mean, i) })
			m := meanOf(runs, func(d delaySums) float64 { return d.mean })
			v := meanOf(runs, func(d delaySums) float64 { return d.variance })
			// The grid and whole nanoseconds are worth less than a millionth.
			m.err, v.err = max(m.err, 1e-6), max(v.err, 1e-6)
			if b == retry.BackoffExponential {
				name := fmt.Sprintf("exponential, jitter %v, 6 delays: ", j)
				checks = append(checks,
					Check{Result: "R6", Name: name + "mean", Unit: "s", Digits: 4}.against(mean, 0, m),
					Check{Result: "R6", Name: name + "variance", Unit: "s²", Digits: 4}.against(variance, 0, v))
				continue
			}
			others += 2
			worst = max(worst, math.Abs(m.value-mean)/m.err, math.Abs(v.value-variance)/v.err)
		}
	}
	const z = 4.44 // one in a thousand of all 110 comparisons together
	name := fmt.Sprintf("the %d means and variances of the other five backoffs: largest difference in standard errors", others)
	return append(checks, Check{Result: "R6", Name: name, Digits: 1}.
		exactly(0, worst, student(z, n), fmt.Sprintf("99.9 %% for all of them together, %d runs", n)))
}
