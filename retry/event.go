package retry

import (
	"context"
	"time"
)

// Event is one decision on a call: after an attempt, or at its end. A call
// that succeeds at once makes one event, a call of n attempts n, one more
// when it is ended while it waits, and one more for each time that it waits for
// a breaker. [Hedge] adds one for each hedge that was thought of.
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
	// Ended is how many of these attempts ended since the event before: 1 after
	// an attempt, 0 where none reached the backend (a breaker's rejection, the
	// end of a wait), and more where [Hedge] gives up attempts that still run.
	// Over all events of a call it adds up to Attempts.
	Ended int
	// Depth is how many calls this one runs inside of, as far as they say so
	// ([WithDepth]): 0 is the outermost. Around is the product of the numbers
	// of the attempts that it runs in, and 1 at depth 0: the call's Attempts
	// times Around is what one call of the outermost layer can have come to.
	Depth, Around int
	// Hedge says that the decision is on a hedge: whether (Retry) to start
	// another attempt beside those that run, and if not, why not.
	Hedge bool
	// Running is how many attempts of the call still run beside the one that
	// was decided on. Only [Hedge] has any. After a failure it means that the
	// decision is left to them: Err is set, and Decision is the zero value.
	Running int
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
