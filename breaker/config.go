package breaker

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Config holds the settings of a circuit breaker. It is plain data: it can be
// compared with ==, printed, and read from a file. The zero value is not
// valid; see Validate.
//
// The breaker opens as soon as one of its rules says so: Failures, FailureCount,
// FailureRate or SlowRate. There must be at least one.
type Config struct {
	// Failures is the number of consecutive failures that opens the breaker;
	// 1 to 4294967295, or 0 for no such rule. A success starts the count again, a
	// neutral outcome leaves it alone.
	Failures int
	// FailureCount opens it at k failures in a window: k of the last n calls.
	FailureCount FailureCount
	// FailureRate opens it at a share of failures in a window.
	FailureRate FailureRate
	// SlowRate opens it at a share of slow calls in a window, those included that
	// have not ended yet.
	SlowRate SlowRate

	// OpenFor is how long an open breaker refuses every call before it lets
	// probes through; more than 0. As in gobreaker, the last instant of it
	// is still refused: the first probe may start one nanosecond later.
	OpenFor time.Duration
	// OpenMultiplier makes the open time grow while the backend stays ill: it is
	// multiplied by it each time that the probes fail, up to OpenMax, and is OpenFor
	// again once the breaker has closed. 1 or more; 0 means 1, which does not grow.
	OpenMultiplier float64
	// OpenMax is the longest open time of an OpenMultiplier above 1, which needs it;
	// OpenFor or more.
	OpenMax time.Duration
	// OpenJitter is the share of an open time that is left to chance, so that many
	// processes do not probe at one instant: an open time of d becomes one from
	// (1 - OpenJitter)·d to d. So OpenFor and OpenMax stay true maxima, and growth
	// to OpenMax leaves the jitter. 0 to 1.
	OpenJitter float64
	// MaxHint is how long the server may have the breaker stay open, in place of a
	// shorter open time: as long as the errors of the failures that it has seen since
	// the last change of state say (their RetryAfter, see WithHint), but no longer
	// than this. OpenJitter comes on top. 0 or more; 0 does not ask them.
	MaxHint time.Duration

	// Probes is how many calls a half-open breaker admits, all at a time if they
	// come so. A neutral one gives its place back. 0 to 4294967295; 0 means 1.
	Probes int
	// Successes is how many of the probes must succeed: the breaker closes with that
	// success, and opens again with the first failure that leaves too few. 0 to
	// Probes; 0 means all of them, so that one failure opens it.
	Successes int
	// ProbeLease is how long a probe may take, 0 or more. One that has not ended
	// by then has failed: if that is one too many the breaker opens again, for the
	// open time from the end of the lease, and what becomes of the probe later does
	// not matter. So a probe that hangs, or is never reported, cannot keep the breaker
	// half-open. It does not stop the probe: that takes a timeout of the operation's
	// own, which should be shorter. 0 means SlowRate.After where there is that rule,
	// or else the longer of OpenFor and a minute.
	ProbeLease time.Duration

	// Shadow makes the breaker refuse nothing: it decides and tells as ever, but the
	// calls that it would have refused are made all the same. They do not count, as
	// if they had not been. It is for trying settings on real traffic; see
	// Snapshot.Passed for how many calls these settings would have refused. In a Sharing
	// its verdict opens the others of its name, in shadow or not.
	Shadow bool
}

// Validate returns nil when c can be given to New, else every problem that it
// found, joined by errors.Join: each is a *FieldError.
func (c Config) Validate() error {
	var check checker
	check.config(c)
	return check.err()
}

// checker collects problems.
type checker struct{ problems []error }

func (c *checker) report(field string, value any, want string) {
	c.problems = append(c.problems, &FieldError{Field: field, Value: fmt.Sprint(value), Want: want})
}

func (c *checker) err() error { return errors.Join(c.problems...) }

func (c *checker) config(config Config) {
	switch {
	case config.Failures < 0 || uint64(config.Failures) > math.MaxUint32:
		c.report("Failures", config.Failures, "a number of consecutive failures from 1 to 4294967295, or 0 for another rule")
	case config.Failures == 0 && config.FailureCount == FailureCount{} && config.FailureRate == FailureRate{} && config.SlowRate == SlowRate{}:
		c.report("Failures", config.Failures, "a number of consecutive failures from 1 to 4294967295, or one of the other rules beside it")
	}
	c.rules(config)
	c.openTime(config)
	if config.Probes < 0 || uint64(config.Probes) > math.MaxUint32 {
		c.report("Probes", config.Probes, "a number of probes from 1 to 4294967295, or 0 for 1")
	} else if config.Successes < 0 || uint64(config.Successes) > uint64(config.probes()) {
		c.report("Successes", config.Successes, fmt.Sprintf("a number of successful probes from 1 to Probes, which is %d, or 0 for all", config.probes()))
	}
	if config.ProbeLease < 0 {
		c.report("ProbeLease", config.ProbeLease, "a duration above 0, such as 1m, or 0 for the usual")
	}
}

// probes is Probes with its default.
func (c Config) probes() uint32 {
	return uint32(max(c.Probes, 1))
}

// spare is how many of the probes may fail.
func (c Config) spare() uint32 {
	if c.Successes == 0 {
		return 0
	}
	return c.probes() - uint32(c.Successes)
}

// lease is ProbeLease with its default: longer than any good call should take, and,
// where nobody said how long that is, no shorter than callers are kept away anyhow.
func (c Config) lease() time.Duration {
	switch {
	case c.ProbeLease > 0:
		return c.ProbeLease
	case c.SlowRate.After > 0:
		return c.SlowRate.After
	default:
		return max(c.OpenFor, time.Minute)
	}
}

// FieldError tells of one setting that cannot be used.
type FieldError struct {
	Field string // the name of the Config field, such as SlowRate.Window.Span
	Value string // what it was
	Want  string // what would be right
}

// Error returns one line: the field, its value, and what would be right.
func (e *FieldError) Error() string {
	return fmt.Sprintf("breaker: %s is %s, want %s", e.Field, e.Value, e.Want)
}
