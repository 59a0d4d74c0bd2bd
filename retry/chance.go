package retry

import "math/rand/v2"

// Chance is where a [Retrier] gets its jitter from. Nil means math/rand/v2's
// shared generator. Implementations must be safe for concurrent use.
type Chance interface {
	// Draw returns a number in [0, 1) for the delay after the attempt-th
	// attempt of a call failed; attempt counts from 1. It is asked once for
	// each failed attempt, and never by a policy without jitter. A retrier
	// with a [Limiter] also asks for a draw before each attempt starts, with
	// the attempt's number negated: -1 before the first.
	Draw(attempt int) float64
}

// systemChance is the only place of this package that draws by itself.
type systemChance struct{}

func (systemChance) Draw(int) float64 { return rand.Float64() }
