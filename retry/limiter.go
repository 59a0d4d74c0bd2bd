package retry

import (
	"fmt"
	"time"
)

// Limiter holds attempts back before they start, the first of a call
// included, where a [Budget] only refuses retries: for backends that say that
// they are asked too much. It may be shared between retriers and goroutines,
// so it must be safe for concurrent use. [AdaptiveLimiter] and
// [AdaptiveThrottle] are two.
//
// Both methods are decisions on the limiter's state, the time and a draw; the
// one who asks does the waiting.
type Limiter interface {
	// Acquire asks to start an attempt at now; u is a draw in [0, 1). With ok
	// it may start. Otherwise it is not to start now: with a wait of more than
	// 0 it is of use to ask again then, else the attempt is turned away.
	Acquire(now time.Time, u float64) (wait time.Duration, ok bool)
	// Done is told how an attempt ended that Acquire let through: the class of
	// its error, and [Unknown] after a success. It is not told of one that a
	// circuit breaker turned away after all.
	Done(now time.Time, class Class)
}

// Pace is a limiter as plain data. The zero value is none.
type Pace struct {
	// Kind says which.
	Kind PaceKind
	// K is how many requests [PaceSRE] sends for each that is accepted, 1 to
	// 100; zero means 2. Other kinds do not look at it.
	K float64
	// Window is the history of [PaceSRE], 1 s to 1 h; zero means 2 minutes.
	// Other kinds do not look at it.
	Window time.Duration
}

// PaceKind names a limiter.
type PaceKind uint8

const (
	// PaceNone lets every attempt start.
	PaceNone PaceKind = iota
	// PaceAWS is the client rate limiter of the AWS SDKs' adaptive mode, an
	// [AdaptiveLimiter].
	PaceAWS
	// PaceSRE is Google's client-side adaptive throttling, an
	// [AdaptiveThrottle].
	PaceSRE

	paceKinds // how many there are
)

var paceNames = [paceKinds]string{"none", "aws", "sre"}

// PaceKinds returns the text of every kind, in order.
func PaceKinds() []string { return append([]string(nil), paceNames[:]...) }

// String returns the kind's text, such as "aws".
func (k PaceKind) String() string { return nameOf(paceNames[:], int(k), "pace") }

// MarshalText returns the kind's text. An unknown kind is an error.
func (k PaceKind) MarshalText() ([]byte, error) { return marshalName(paceNames[:], int(k), "pace") }

// UnmarshalText reads what MarshalText wrote; the error is an [*UnknownNameError].
func (k *PaceKind) UnmarshalText(text []byte) error {
	i, err := parseName(paceNames[:], string(text), "pace")
	if err == nil {
		*k = PaceKind(i)
	}
	return err
}

// New returns a new limiter as the plan describes it, nil if it describes
// none, or a [*PolicyError] with every problem of it. It is for retriers that
// share one, through [WithLimiter].
func (p Pace) New() (Limiter, error) {
	var c check
	if p.check(&c); len(c) > 0 {
		return nil, c.err("")
	}
	return p.build(), nil
}

// build needs a plan without problems.
func (p *Pace) build() Limiter {
	switch p.Kind {
	case PaceAWS:
		return NewAdaptiveLimiter()
	case PaceSRE:
		return newAdaptiveThrottle(p.k(), p.window())
	}
	return nil
}

// String describes the limiter, as in "sre 2 of 2m0s".
func (p Pace) String() string {
	if p.Kind == PaceSRE {
		return fmt.Sprintf("%v %v of %v", p.Kind, p.k(), p.window())
	}
	return p.Kind.String()
}

func (p *Pace) check(c *check) {
	c.that(p.Kind < paceKinds, "pace.kind", "is %d, want one of: %s", p.Kind, quoted(paceNames[:]))
	if p.Kind == PaceSRE {
		c.within(p.k(), 1, 100, "pace.k")
		c.that(p.window() >= time.Second && p.window() <= time.Hour, "pace.window", "is %v, want 1s to 1h0m0s (0 means 2m0s)", p.Window)
	}
}

func (p *Pace) k() float64 {
	if p.K == 0 {
		return 2
	}
	return p.K
}

func (p *Pace) window() time.Duration {
	if p.Window == 0 {
		return 2 * time.Minute
	}
	return p.Window
}

// HeldBackError is the error of an attempt that a [Limiter] turned away: it
// never reached the backend.
type HeldBackError struct{}

// Error says what happened.
func (HeldBackError) Error() string {
	return "retry: attempt held back: the backend accepts too little"
}

// Rejected returns true: the attempt costs neither an attempt nor budget.
func (HeldBackError) Rejected() bool { return true }

// Retryable returns false: another attempt now would be turned away as well.
func (HeldBackError) Retryable() bool { return false }
