package published

import (
	"time"

	"github.com/squall-sim/squall/retry"
)

// bucketMutants are R2 with a strategy that is nearly right.
func bucketMutants() []mutant {
	of := func(name, strategyName string, change func(*bucketRow)) mutant {
		return mutant{"R2, " + name, func() Report {
			var rows []bucketRow
			for _, row := range bucketRows() {
				if row.strategy.name == strategyName && row.fleet.failure >= 0.1 {
					change(&row)
					rows = append(rows, row)
				}
			}
			return bucketReport(quick, rows)
		}}
	}
	budget := func(b func() retry.Budget) func(*bucketRow) {
		return func(r *bucketRow) { r.strategy.budget = b }
	}
	return []mutant{
		of("one retry less", "3 retries", func(r *bucketRow) { r.strategy.policy.Attempts = 3 }),
		of("a bucket that successes fill", "adaptive", budget(func() retry.Budget { return newFirstTryBucket().Bucket })),
		of("a bucket whose last retry can be spent, and that holds twice as much", "adaptive", budget(func() retry.Budget {
			b, _ := retry.NewBucket(retry.Quota{Capacity: 100, Cost: firstTryCost, Reward: 1})
			return firstTryBucket{b}
		})),
		of("a run of half the time", "adaptive", func(r *bucketRow) { r.fleet.length = 10 * time.Second }),
		of("a breaker at 20 %", "breaker", budget(func() retry.Budget { return &lifetimeRate{percent: 20} })),
	}
}
