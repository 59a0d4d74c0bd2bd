package retry

import (
	"context"
	"time"
)

// Event is one decision on a call: after an attempt, or at its end. A call
// that succeeds at once makes one event, a call of n attempts n, and one more
// when it is ended while it waits.
type Event struct {
	// Policy is the policy's name.
	Policy string
	// Time is when the decision was made, on the retrier's clock.
	Time time.Time
	// Elapsed is the time since the call began.
	Elapsed time.Duration
	// Attempts is how many attempts of the call have reached the backend,
	// MaxAttempts how many the policy allows.
	Attempts, MaxAttempts int
	// Err is the error that was decided on; nil means success, or, with
	// [Cancelled], that no attempt was running.
	Err error
	// Class is what the classifier made of Err.
	Class Class
	// Decision is what was decided. After a success it is the zero value.
	Decision Decision
}

// Observer is told of every decision, in the goroutine that made it and before
// it is acted on. ctx is the caller's; in calls driven by hand it is
// context.Background(). It must be safe for concurrent use and must not block.
type Observer func(ctx context.Context, e Event)
