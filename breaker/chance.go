package breaker

import "math/rand/v2"

// Chance is where a breaker gets the jitter of its open times from. Draw returns a
// number in [0, 1) for the n-th time that the breaker opens, counted from 1. It is
// asked for nothing else, and only where there is an OpenJitter; it is called with a
// lock held, so that it must neither call the breaker nor panic, and should be safe for
// concurrent use where several breakers share it. What is outside of [0, 1) is brought
// into it.
type Chance interface{ Draw(n int) float64 }

// draw asks c, or the system for nil.
func draw(c Chance, n int) float64 {
	if c == nil {
		return rand.Float64()
	}
	return c.Draw(n)
}

// firstVersion is before the first version of a shared record. It is left to chance, so
// that a store which has forgotten a record, and is told another, does not come to the
// old one's versions again: a process that knew them would take the new one for known.
// Nothing else depends on it.
func firstVersion() uint64 { return uint64(rand.Uint32()) }
