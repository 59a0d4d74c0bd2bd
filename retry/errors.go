package retry

import (
	"fmt"
	"strings"
	"time"
)

// Error is what a call of [Do] that did not succeed returns, always. What the
// backend said last is in Err, why there was no further attempt in Reason:
//
//	var e *retry.Error
//	switch {
//	case err == nil:
//	case errors.Is(err, retry.Exhausted):     // every attempt failed
//	case errors.Is(err, retry.Rejected):      // a breaker is open
//	case errors.As(err, &e) && !e.RetryAt.IsZero(): // worth trying again then
//	}
//
// errors.Is and errors.As reach the reason, the last error and the cause.
type Error struct {
	// Policy is the policy's name.
	Policy string
	// Reason is why the call ended.
	Reason Reason
	// Attempts is how many attempts reached the backend.
	Attempts int
	// Elapsed is the time that the call took, attempts and delays together. It
	// counts from the beginning of the call if the clock is read then: with
	// [WithElapsed], a Limit, an AttemptTimeout or an observer. If not, it
	// counts from the end of the first attempt that was followed by a delay, or
	// that failed under a deadline, and is zero if there was none.
	Elapsed time.Duration
	// RetryAt is when the call would have been tried again, had its reason
	// allowed it, or when the server or the breaker said to come back. Zero:
	// not at all, or not known.
	RetryAt time.Time
	// Err is the last attempt's error. It is nil only when the call was
	// cancelled before its first attempt.
	Err error
	// Cause is what stopped the call where that is not Err itself: the
	// context's cause, a [*BudgetError], or, after earlier attempts had
	// reached the backend, the breaker's rejection. It may be nil.
	Cause error
}

// Error is one line: the policy, the reason, attempts, time, the cause and the
// last error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("retry: ")
	if e.Policy != "" {
		b.WriteString(e.Policy + ": ")
	}
	fmt.Fprintf(&b, "%s after %d attempt", e.Reason.String(), e.Attempts)
	if e.Attempts != 1 {
		b.WriteByte('s')
	}
	if e.Elapsed > 0 {
		fmt.Fprintf(&b, " in %v", e.Elapsed)
	}
	if budget, ok := e.Cause.(*BudgetError); ok {
		b.WriteString(" (" + budget.text() + ")")
	} else if e.Cause != nil {
		fmt.Fprintf(&b, " (%v)", e.Cause)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the reason, the last error and the cause, without nils.
func (e *Error) Unwrap() []error {
	errs := make([]error, 1, 3)
	errs[0] = e.Reason
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	return errs
}

// RetryClass keeps calls that are nested from multiplying their attempts: a
// call that has already retried all it may is [Fatal] to the call around it.
// Mark it with [Retryable] if the outer one shall try all the same. Where the
// inner call ended for want of time, was turned away or stood down, the outer
// one judges by the errors inside.
func (e *Error) RetryClass() Class {
	switch e.Reason {
	case Cancelled, DeadlineTooNear, Rejected, StoodDown:
		return Unknown
	}
	return Fatal
}

// TimeoutError is the error of an attempt that AttemptTimeout or Limit ended.
// Its class is [Timeout], unless the error inside is known to be something else.
type TimeoutError struct {
	After time.Duration // how long the attempt was given
	Err   error         // what the attempt returned
}

// Error says how long the attempt was given, and what it returned.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("retry: attempt timed out after %v: %v", e.After, e.Err)
}

// Unwrap returns what the attempt returned.
func (e *TimeoutError) Unwrap() error { return e.Err }

// Timeout returns true, as net.Error has it.
func (e *TimeoutError) Timeout() bool { return true }

// ended is why a context ended, where its cause is more than that: callers
// look for context.Canceled as well as for the cause they gave.
type ended struct{ err, cause error }

func (e *ended) Error() string   { return e.cause.Error() }
func (e *ended) Unwrap() []error { return []error{e.cause, e.err} }
