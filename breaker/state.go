package breaker

import (
	"context"
	"errors"
)

// State is what a breaker does with calls. The zero value is Closed. The
// numbers are gobreaker's; use String, not the number, in what people read.
type State uint8

// The states of a breaker.
const (
	// Closed admits every call and watches their outcomes.
	Closed State = iota
	// HalfOpen admits a few calls, the probes, to see whether the backend is
	// well again.
	HalfOpen
	// Open refuses every call.
	Open
)

// String returns "closed", "half-open" or "open".
func (s State) String() string {
	switch s {
	case Closed:
		return "closed"
	case HalfOpen:
		return "half-open"
	case Open:
		return "open"
	default:
		return "unknown"
	}
}

// Outcome is what a finished call says about the health of the backend.
type Outcome uint8

// The outcomes of a call.
const (
	// Success tells that the backend works. An answer such as "no such key" is
	// one too: only a healthy backend gives it.
	Success Outcome = iota
	// Failure tells that the backend does not work.
	Failure
	// Neutral tells nothing: the caller gave up, for instance. It neither
	// breaks nor continues a row of successes or failures, and frees the place
	// of a probe. It is gobreaker's IsExcluded.
	Neutral
)

// String returns "success", "failure" or "neutral".
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case Failure:
		return "failure"
	case Neutral:
		return "neutral"
	default:
		return "unknown"
	}
}

// DefaultOutcome is the classification in force without WithOutcome: nil is a
// Success, an error that is context.Canceled is Neutral, and every other error,
// context.DeadlineExceeded among them, is a Failure.
func DefaultOutcome(err error) Outcome {
	switch {
	case err == nil:
		return Success
	case errors.Is(err, context.Canceled):
		return Neutral
	default:
		return Failure
	}
}

// Counts are the calls of one stay in a state. They start from zero at each
// change of state, and the outcome of a call that was admitted before the
// change is in no count. They wrap around after 4294967295.
type Counts struct {
	Requests             uint32 // calls admitted, those in flight included
	Successes            uint32 // calls that ended as a Success
	Failures             uint32 // calls that ended as a Failure
	Neutrals             uint32 // calls that ended as Neutral
	ConsecutiveSuccesses uint32 // successes since the last failure
	ConsecutiveFailures  uint32 // failures since the last success
}

// add counts one finished call.
func (c *Counts) add(o Outcome) {
	switch o {
	case Success:
		c.Successes++
		c.ConsecutiveSuccesses++
		c.ConsecutiveFailures = 0
	case Neutral:
		c.Neutrals++
	default:
		c.Failures++
		c.ConsecutiveFailures++
		c.ConsecutiveSuccesses = 0
	}
}
