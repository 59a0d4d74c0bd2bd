package breaker

import (
	"errors"
	"strings"
	"time"
)

// ErrOpen is matched, by errors.Is, by every error with which a breaker refuses
// a call: an open one, and a half-open one that waits for its probes.
var ErrOpen = errors.New("breaker: open")

// OpenError tells that the breaker refused a call: the operation was not run.
//
// All calls refused during one stay in a state get the same *OpenError, which
// is why refusing allocates nothing. Do not change it.
type OpenError struct {
	// Name is the breaker's name, empty without WithName.
	Name string
	// State is Open, or HalfOpen when every probe's place was taken.
	State State
	// RetryAt is the first instant at which a probe may be admitted, by the
	// breaker's clock. It is zero when State is HalfOpen: a place becomes
	// free when a probe ends, and nobody knows when that will be. It is zero
	// too when the breaker is Isolated.
	RetryAt time.Time
	// Isolated says that the breaker is open until somebody calls Reset or Trip.
	Isolated bool

	clock Clock // nil: system
}

// Error names the breaker and its state. The text of one OpenError never
// changes, so it tells the instant of the next probe, not the time left.
func (e *OpenError) Error() string {
	var b strings.Builder
	b.WriteString("breaker: ")
	if e.Name != "" {
		b.WriteString(e.Name)
		b.WriteString(" is ")
	}
	b.WriteString(e.State.String())
	if e.State == HalfOpen {
		b.WriteString(", waiting for its probes")
	} else if e.Isolated {
		b.WriteString(", isolated until it is reset")
	} else if !e.RetryAt.IsZero() {
		b.WriteString(", next probe at ")
		b.WriteString(e.RetryAt.Format(time.RFC3339Nano))
	}
	return b.String()
}

// Is reports whether target is ErrOpen.
func (e *OpenError) Is(target error) bool { return target == ErrOpen }

// Rejected returns true: the call never reached the backend, so that it is no
// attempt and says nothing about the backend.
func (e *OpenError) Rejected() bool { return true }

// Retryable returns false: to try again at once is what the breaker is there
// to prevent. A caller that can wait asks RetryAfter.
func (e *OpenError) Retryable() bool { return false }

// RetryAfter returns how long it is, from now on the breaker's clock, until a
// probe may be admitted: 0 when the time has come, and false when it cannot be
// told because the breaker is half-open, or isolated. A wait of exactly that long is enough.
func (e *OpenError) RetryAfter() (time.Duration, bool) {
	if e.RetryAt.IsZero() {
		return 0, false
	}
	return max(0, e.RetryAt.Sub(now(e.clock))), true
}
