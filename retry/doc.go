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
// with; [Presets] has them all, and docs/migrating.md of this module says which
// of their settings are which of ours.
//
// By what the call is for, with [JitterFull] unless it says otherwise; p99.9 is
// the backend's latency:
//
//	call                           Attempts  Base    Cap    AttemptTimeout  whole call
//	interactive read               3         50ms    1s     p99.9           deadline of 1 to 3 s
//	interactive read, slow tail    3         50ms    1s     p99.9           the same, by Hedge
//	interactive write, idempotent  3         100ms   1s     p99.9           deadline of 3 to 5 s
//	write that must not repeat     1: None                  p99.9           deadline of the caller
//	critical write with a key      8         200ms   20s    p99.9           Limit of 2 to 5 min
//	background batch               5 to 8    1s      30s    long            the job's deadline
//	objects in S3                  5: S3     1s      30s    by the size     the job's deadline
//	API that rate-limits           3: API    500ms   10s    p99.9           Hint.Max of what the caller waits for
//	queue consumer                 2         100ms   1s     p99.9           then redeliver, see the step machine
//	health check, poll, heartbeat  1: None                  the period      its next round is the retry
//	start-up, migration            Unlimited 1s      30s    10s             Limit of some minutes
//
//	call                           budget
//	interactive                    Allowance{Capacity: 100, Ratio: 0.1, PerSecond: 1}, shared by all of one backend
//	critical write                 one of its own, so that others cannot spend it
//	background                     Allowance{Capacity: 20, Ratio: 0.05, PerSecond: 0.5}, apart from the interactive one
//	many clients of one backend    a Pace as well, where the backend says SlowDown
//
// Why so:
//
//   - A person waits for a second or two: a third attempt is the last that can
//     still please them. Without an AttemptTimeout one black-holed connection
//     takes all the time there is.
//   - A batch job has time, and should use it to stay out of the way: long
//     delays, a cap, and a deadline for the whole job rather than a Limit for
//     each call.
//   - Without a [Budget], a backend that fails for everybody is sent Attempts
//     times its load, at the moment when it can bear it least. [Allowance]
//     bounds the retries by what is served and never starves; see [BudgetPlan]
//     for the others. Criticality is a matter of budgets, not of attempts: what
//     must get through has one of its own, and what can wait a small one.
//   - A service that rate-limits: [HintRetryAfter], with Hint.Max at what the
//     caller can wait for. Without Max the server's word goes, however long.
//   - An operation that must not happen twice: [None], or errors marked by what
//     is known of them, see below. Do does not know whether a call that failed
//     took effect; package retryhttp knows when a request was never sent. With
//     an idempotency key, or a condition such as If-None-Match, it is an
//     operation that may be repeated: then it can be tried for long.
//   - What comes round by itself (health checks, polls) is not retried: the next
//     round does that, and a check that retries hides what it looks for.
//
// Attempts count the first one: Attempts of 5 is one attempt and at most four
// retries. The Cap bounds every delay with its jitter in it, and still leaves
// it jitter; see [JitterKind] for the kinds and the exceptions. Only
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
//	object, err := retry.Do(ctx, storage, func(ctx context.Context) (*Object, error) {
//		return breaker.Execute(guard, func() (*Object, error) {
//			return client.Get(ctx, key) // ctx ends with the attempt's time
//		})
//	})
//
// In words:
//
//   - The timeout is the policy's AttemptTimeout. It reaches op through ctx, so
//     the breaker is told of an attempt that timed out.
//   - The breaker sees each attempt. With breaker(retry(op)) it would see calls:
//     five failures in a row would then be five times Attempts requests.
//   - An open breaker costs neither an attempt nor budget: a retry that was paid
//     for and is then turned away is given back ([RefundBudget]). Its rejection is
//     an error with Rejected() true; it ends the call with [Rejected], and
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
//	Throttle    429, 509; SlowDown, Throttling, ThrottlingException,
//	            ProvisionedThroughputExceededException and the rest of the
//	            AWS SDKs' throttling codes: the backend is well and asks for
//	            less, so it is worth waiting, for longer
//	Timeout     408; RequestTimeout; any error whose Timeout() is true;
//	            attempts ended by AttemptTimeout: one slow server or a lost
//	            packet, most likely, and the next attempt meets another
//	Transient   500, 502, 503, 504; InternalError, ServiceUnavailable;
//	            connections refused, reset, closed, unreachable, or broken off
//	            in an answer (io.ErrUnexpectedEOF); DNS servers out of order:
//	            a server that crashes, restarts or is taken out of service
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
