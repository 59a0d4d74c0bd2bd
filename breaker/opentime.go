package breaker

import (
	"errors"
	"math"
	"time"
)

// nextOpenTime is the open time after one of prev, or the first if prev is 0, before
// jitter and hints.
func (c Config) nextOpenTime(prev time.Duration) time.Duration {
	if prev == 0 {
		return c.OpenFor
	}
	if c.OpenMultiplier <= 1 {
		return prev
	}
	if next := float64(prev) * c.OpenMultiplier; next < float64(c.OpenMax) {
		return time.Duration(next)
	}
	return c.OpenMax
}

// openTimeAt is the open time of the n-th trip in a row, counted from 1, before jitter
// and hints.
func (c Config) openTimeAt(n int) time.Duration {
	d := c.OpenFor
	for i := 1; i < n && d < c.OpenMax; i++ {
		next := c.nextOpenTime(d)
		if next == d {
			break // grows by less than a nanosecond
		}
		d = next
	}
	return d
}

// jittered is the open time d under the draw u of [0, 1), no less than 1 ns.
func (c Config) jittered(d time.Duration, u float64) time.Duration {
	return max(1, d-portion(d, c.OpenJitter, u))
}

// hinted is an open time of d where the server said to stay away for hint, which is
// no less than nothing: its word is a floor, and jitter comes on top.
func (c Config) hinted(d, hint time.Duration, u float64) time.Duration {
	hint = min(hint, c.MaxHint)
	return max(d, saturatingAdd(hint, portion(hint, c.OpenJitter, u)))
}

// portion is jitter·u of d.
func portion(d time.Duration, jitter, u float64) time.Duration {
	return time.Duration(float64(float64(d)*jitter) * unit(u))
}

// unit keeps a draw in [0, 1): a Chance that does not keep to it changes no more.
func unit(u float64) float64 {
	if !(u >= 0) { // NaN, too
		return 0
	}
	return min(u, math.Nextafter(1, 0))
}

func (c *checker) openTime(config Config) {
	if config.OpenFor <= 0 {
		c.report("OpenFor", config.OpenFor, "a duration above 0, such as 30s")
	}
	grows := config.OpenMultiplier > 1
	switch m := config.OpenMultiplier; {
	case m != 0 && !(m >= 1) || math.IsInf(m, 1):
		c.report("OpenMultiplier", m, "a number of 1 or more, such as 2, or 0 for 1")
	case grows && config.OpenMax < config.OpenFor:
		c.report("OpenMax", config.OpenMax, "a duration of OpenFor or more, to which the open time grows")
	case !grows && config.OpenMax != 0:
		c.report("OpenMax", config.OpenMax, "0, or an OpenMultiplier above 1 beside it")
	}
	if j := config.OpenJitter; !(j >= 0 && j <= 1) {
		c.report("OpenJitter", j, "a share from 0 to 1")
	}
	if config.MaxHint < 0 {
		c.report("MaxHint", config.MaxHint, "a duration of 0 or more")
	}
}

// hintOf is the wait that the server asked for, in an error that says so.
func hintOf(err error) (time.Duration, bool) {
	var hint interface{ RetryAfter() (time.Duration, bool) }
	if !errors.As(err, &hint) {
		return 0, false
	}
	return hint.RetryAfter()
}
