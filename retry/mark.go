package retry

import "time"

// Permanent marks err as not worth another attempt, whatever a classifier
// makes of it. It returns nil for nil. errors.Is and errors.As see err.
func Permanent(err error) error { return Mark(err, Fatal) }

// Retryable marks err as worth another attempt, as [Transient]. It returns nil
// for nil. errors.Is and errors.As see err.
func Retryable(err error) error { return Mark(err, Transient) }

// After marks err as worth another attempt, but not before d has passed. The
// time is heard by policies that heed [HintRetryAfter]. It returns nil for
// nil; a negative d is none. errors.Is and errors.As see err.
func After(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &marked{err: err, class: Transient, after: d, hasAfter: d >= 0}
}

// Mark gives err a class of your choice, which goes before every classifier's.
// It returns nil for nil. errors.Is and errors.As see err. The outermost mark
// in a chain of errors wins.
func Mark(err error, class Class) error {
	if err == nil {
		return nil
	}
	return &marked{err: err, class: class}
}

// marked is an error with a class. It declares itself through the same
// optional methods as anybody else's errors.
type marked struct {
	err      error
	class    Class
	after    time.Duration
	hasAfter bool
}

func (m *marked) Error() string     { return m.err.Error() }
func (m *marked) Unwrap() error     { return m.err }
func (m *marked) RetryClass() Class { return m.class }
func (m *marked) Retryable() bool   { return m.class.Retryable() }

func (m *marked) RetryAfter() (time.Duration, bool) { return m.after, m.hasAfter }
