package retry

// Reason says why a call ended without success. The set is closed. Each is
// also an error, so that errors.Is(err, retry.Exhausted) tells one end of a
// call from another. The zero value is not the end of a call.
type Reason uint8

const (
	// NotRetryable: the error is not worth another attempt.
	NotRetryable Reason = iota + 1
	// NotIdempotent: the error is worth another attempt, but the operation may
	// have taken effect and must not happen twice (an error with Idempotent()
	// false).
	NotIdempotent
	// Exhausted: the policy's attempts are used up.
	Exhausted
	// OverBudget: the [Budget] refused to pay for a retry; the cause is a
	// [*BudgetError].
	OverBudget
	// Rejected: the attempt never reached the backend, since a circuit breaker
	// or its like turned it away (an error with Rejected() true). It costs
	// neither an attempt nor budget.
	Rejected
	// DeadlineTooNear: the next attempt could not have started before the
	// caller's deadline, so the call ended now rather than then.
	DeadlineTooNear
	// LimitReached: the next attempt could not have started within the
	// policy's Limit.
	LimitReached
	// ServerStop: the server asked to wait for longer than Hint.Max.
	ServerStop
	// Cancelled: the caller's context ended, during an attempt or a delay; the
	// cause is the context's.
	Cancelled
	// StoodDown: the call runs inside another one, and leaves it to that one to
	// retry ([WithStandDown]).
	StoodDown

	reasons // one more than the last
)

var reasonNames = [reasons]string{
	"not ended", "not retryable", "not idempotent", "attempts exhausted", "over budget", "rejected",
	"deadline too near", "limit reached", "server said stop", "cancelled", "stood down",
}

// String returns the reason in words, such as "attempts exhausted".
func (r Reason) String() string { return nameOf(reasonNames[:], int(r), "reason") }

// Error makes a Reason a target of errors.Is.
func (r Reason) Error() string { return "retry: " + r.String() }

// Reasons returns every reason, in order.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := NotRetryable; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}
