// Package retry runs calls again that failed for a reason which may pass, and
// stops when trying again would do harm. It needs the standard library only.
//
//	var storage = retry.Must(retry.New(retry.S3()))
//
//	object, err := retry.Do(ctx, storage, func(ctx context.Context) (*Object, error) {
//		return client.Get(ctx, key)
//	})
//
// A [Policy] is plain data: attempts, backoff, jitter, limits. [New] makes a
// [Retrier] of it, together with what has state or behaviour: clock, chance,
// budget, classifier, observers. [Do] is the blocking loop for services, [Call]
// the step machine inside it, for everything that cannot block.
//
// # Choosing a policy
//
// Start from a preset ([S3], [API], [AWSStandard21], [None]) and change what
// your caller needs. The other presets are what libraries do today, to compare
// with; [Presets] has them all.
//
//   - A person waits: few attempts (2 or 3), a Limit or a deadline shorter than
//     their patience, an AttemptTimeout near the 99.9th percentile of the
//     backend's latency. Without an AttemptTimeout one black-holed connection
//     takes all the time there is.
//   - A batch job: more attempts (5 to 8), a Cap of 20 to 60 s, no Limit, but
//     a deadline for the whole job.
//   - Many clients of one backend: [JitterFull], and a Quota or another
//     [Budget]. Without one, a backend that fails for everybody is sent
//     Attempts times its load, at the moment when it can bear it least.
//   - Many clients and a backend that must survive them all: [Allowance], which
//     bounds the retries by what is served and never starves; see [BudgetPlan]
//     for the others. A backend that asks for less: a [Pace], before every
//     attempt.
//   - A service that rate-limits: [HintRetryAfter], with Hint.Max at what the
//     caller can wait for. Without Max the server's word goes, however long.
//   - An operation that must not happen twice: [None], or errors marked by what
//     is known of them, see below. Do does not know whether a call that failed
//     took effect.
//
// Attempts count the first one: Attempts of 5 is one attempt and at most four
// retries. The Cap bounds every delay with its jitter in it, and still leaves
// it jitter; see [JitterKind] for the kinds and the two exceptions. Only
// a server's hint makes a delay longer.
//
// One layer should retry. A call of Do inside another is not retried by the
// outer one when it has already retried all it may; see [Error.RetryClass].
// With a circuit breaker the order is retry(breaker(timeout(op))): the breaker
// sees each attempt, and once it is open it ends the call with [Rejected], at
// no cost of attempts or budget.
//
// # Nested calls
//
// With [WithDepth] on the outermost layer and [WithStandDown] on those inside
// it, the inner ones make one attempt and leave retrying to it. Observers see
// how far layers multiply: Event.Attempts times Event.Around.
//
// # Retries and circuit breakers
//
// The order is retry(breaker(timeout(op))), and this is the contract:
//
//   - The breaker sees each attempt. With breaker(retry(op)) it would see calls:
//     five failures in a row would then be five times Attempts requests.
//   - An open breaker costs neither an attempt nor budget. Its rejection is an
//     error with Rejected() true; it ends the call with [Rejected], and
//     Error.RetryAt is when the breaker lets a call pass again.
//   - [WithBreakerWait] waits for that instead, so often and so long as it says,
//     where the wait ends before the deadline and the Limit.
//   - What the backend said before the breaker opened stays Error.Err; the
//     rejection is Error.Cause.
//
// # Hedging
//
// [Hedge] is Do for calls that may happen twice at the same time: with
// [WithHedging] an attempt that is slow gets another one beside it. Hedges are
// attempts, and are paid for like retries.
//
// # What is retryable and why
//
// A classifier gives each error a [Class]; Transient, Throttle and Timeout are
// worth another attempt. The default table:
//
//	Throttle    429; SlowDown, Throttling, ThrottlingException,
//	            ProvisionedThroughputExceededException and the rest of the
//	            AWS SDKs' throttling codes
//	Timeout     408; RequestTimeout; any error whose Timeout() is true;
//	            attempts ended by AttemptTimeout
//	Transient   500, 502, 503, 504; InternalError, ServiceUnavailable;
//	            connections refused, reset, closed, unreachable, or broken off
//	            in an answer (io.ErrUnexpectedEOF); DNS servers out of order
//	Fatal       every other answer of 400 and up: credentials, permissions,
//	            missing keys and malformed requests are the same next time;
//	            hosts that do not exist; context.Canceled
//	Unknown     everything else
//
// Unknown errors end the call: a parse error or a nil map is no less broken
// after a delay, and hiding it behind retries costs the time of whoever looks
// for it. Where op is a function whose errors nobody has classified, mark them,
// with [Permanent], [Retryable], [After] or [Mark], or give the policy the
// table "any", which takes the unknown for transient. "aws" is AWS Retry
// Behavior 2.1. [WithClassifier] puts rules of your own before any table.
//
// The tables look at types and at these optional methods, anywhere along the
// chain of wrapped errors, the outermost first:
//
//	RetryClass() Class                     the class, before all else
//	Retryable() bool                       whether another attempt is of use
//	RetryableError() bool                  the same, as the AWS SDKs call it
//	Rejected() bool                        never reached the backend
//	Idempotent() bool                      false: must not happen twice
//	RetryAfter() (time.Duration, bool)     the server's Retry-After
//	AmzRetryAfter() (time.Duration, bool)  the server's x-amz-retry-after
//	RetryPushback() (time.Duration, bool)  gRPC's; a negative one ends the call
//	HTTPStatusCode() int                   as smithy has them
//	ErrorCode() string
//	ConnectionError() bool
//	Timeout() bool                         as net.Error has it
//	Temporary() bool                       the table "aws" only
//
// So errors of aws-sdk-go-v2, of package retryhttp and of circuit breakers are
// understood without importing any of them. Error texts are never looked at.
//
// # When a call fails
//
// Do returns an [*Error], always: the [Reason] that there was no further
// attempt, how many there were, the last error, the time it all took, and when
// it is worth coming back. errors.Is and errors.As reach all of it:
//
//	errors.Is(err, retry.OverBudget)
//	errors.Is(err, context.Canceled)
//	errors.As(err, &statusError)
//
// Do never sleeps in vain: where the delay would not end before the context's
// deadline, the call ends now, as [DeadlineTooNear], and says when it would
// have tried again.
//
// # The step machine
//
// A job queue that redelivers messages, an event loop or a simulator cannot
// sleep in a function. It keeps a [Call], 72 bytes without a pointer to
// anything but its retrier, tells it what happened and when, and gets a
// [Decision]:
//
//	call := r.Begin(now)
//	d := call.Failed(now, err, u)
//	if d.Retry {
//		queue.Redeliver(message, d.After)
//	}
//
// The decision is a function of these arguments and of the budget; no clock is
// read and nothing drawn. Do is a loop over it, and a test holds the two to
// equal traces. [Policy.Delay] is the schedule alone, for tables and plots.
//
// # Testing
//
// Code that uses Do is tested without waiting in a bubble of testing/synctest,
// or with a [Clock] and a [Chance] of your own. Given to every retrier
// of a program, they run all of its calls on virtual time. A context that
// carries a deadline must then come from the same clock.
//
// # Cost
//
// A call that succeeds at once allocates nothing and reads no clock, unless a
// Limit, an AttemptTimeout or an observer needs the time. Error.Elapsed then
// leaves out the first attempt; [WithElapsed] makes it exact for one reading a
// call. A failed attempt without a delay allocates nothing. A delay costs a
// timer, an attempt timeout a context, [WithDepth] 48 bytes an attempt, a failed
// call its Error. No observer costs nothing.
package retry
