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
type Config struct {
	// Failures is the number of consecutive failures that opens the breaker;
	// 1 to 4294967295. A success starts the count again, a neutral outcome
	// leaves it alone.
	Failures int
	// OpenFor is how long an open breaker refuses every call before it lets
	// probes through; more than 0. As in gobreaker, the last instant of it
	// is still refused: the first probe may start one nanosecond later.
	OpenFor time.Duration
	// Probes is how many calls a half-open breaker admits, all at a time if they
	// come so, and how many successes in a row close it: a failed one opens it
	// again, a neutral one gives its place back. 0 to 4294967295; 0 means 1.
	Probes int
	// ProbeLease is how long a probe may take, 0 or more. One that has not ended
	// by then has failed: the breaker opens again, for OpenFor from the end of the
	// lease, and what becomes of the probe later does not matter. So a probe that
	// hangs, or is never reported, cannot keep the breaker half-open. It does not
	// stop the probe: that takes a timeout of the operation's own, which should be
	// shorter. 0 means the longer of OpenFor and a minute.
	ProbeLease time.Duration
}

// Validate returns nil when c can be given to New, else every problem that it
// found, joined by errors.Join: each is a *FieldError.
func (c Config) Validate() error {
	var problems []error
	if c.Failures < 1 || uint64(c.Failures) > math.MaxUint32 {
		problems = append(problems, &FieldError{"Failures", fmt.Sprint(c.Failures), "a number of consecutive failures from 1 to 4294967295"})
	}
	if c.OpenFor <= 0 {
		problems = append(problems, &FieldError{"OpenFor", c.OpenFor.String(), "a duration above 0, such as 30s"})
	}
	if c.Probes < 0 || uint64(c.Probes) > math.MaxUint32 {
		problems = append(problems, &FieldError{"Probes", fmt.Sprint(c.Probes), "a number of probes from 1 to 4294967295, or 0 for 1"})
	}
	if c.ProbeLease < 0 {
		problems = append(problems, &FieldError{"ProbeLease", c.ProbeLease.String(), "a duration above 0, such as 1m, or 0 for the longer of OpenFor and a minute"})
	}
	return errors.Join(problems...)
}

// probes is Probes with its default.
func (c Config) probes() uint32 {
	return uint32(max(c.Probes, 1))
}

// lease is ProbeLease with its default: longer than any call should take, and no
// shorter than callers are kept away anyhow.
func (c Config) lease() time.Duration {
	if c.ProbeLease > 0 {
		return c.ProbeLease
	}
	return max(c.OpenFor, time.Minute)
}

// FieldError tells of one setting that cannot be used.
type FieldError struct {
	Field string // the name of the Config field
	Value string // what it was
	Want  string // what would be right
}

// Error returns one line: the field, its value, and what would be right.
func (e *FieldError) Error() string {
	return fmt.Sprintf("breaker: %s is %s, want %s", e.Field, e.Value, e.Want)
}
