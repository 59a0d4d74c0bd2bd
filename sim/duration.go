package sim

import (
	"math"
	"time"
)

// Never is the largest virtual time, about 292 years after the start of a
// run. It stands for every moment beyond: sums and draws that would pass it
// end there instead of wrapping round. An event at Never does not happen.
const Never = time.Duration(math.MaxInt64)

// Add returns a+b, or the bound of [time.Duration] that the sum would pass:
// [Never], or its negative counterpart.
func Add(a, b time.Duration) time.Duration {
	sum := a + b
	switch {
	case b > 0 && sum < a:
		return Never
	case b < 0 && sum > a:
		return math.MinInt64
	}
	return sum
}

// nanoseconds converts x to a duration, to the nearest nanosecond and never
// out of [0, Never]. The bounds are checked before the conversion because
// what Go does with a float64 that no int64 can hold depends on the machine.
func nanoseconds(x float64) time.Duration {
	switch {
	case x >= 1<<63:
		return Never
	case x >= 1<<52:
		return time.Duration(x) // a whole number; half more might round to the next
	case x > 0:
		return time.Duration(x + 0.5)
	}
	return 0 // negative, zero or NaN
}
