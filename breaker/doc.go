// Package breaker is a circuit breaker: when a backend fails it refuses calls to it
// for a while, then lets a few probes through, and goes back to normal when they
// succeed. The engine is github.com/sony/gobreaker/v2.
//
//	b, err := breaker.New(breaker.Config{Failures: 5, OpenFor: 30 * time.Second})
//	...
//	body, err := breaker.Execute(b, func() ([]byte, error) { return fetch(ctx) })
//	if errors.Is(err, breaker.ErrOpen) {
//		// refused: fetch was not run
//	}
//
// # When to use one
//
// A breaker pays when failing fast is worth more than one more try: a caller with
// something else to do (a cache, a queue, a default), threads or connections that
// hang on a dead backend, a backend that cannot get up under the load of calls
// that fail anyway. It does not replace a retry budget: a backend that fails in part
// is helped by fewer retries, and a breaker that opens on it turns part of an outage
// into a whole one.
//
// Make one breaker for what fails together: as a rule one per operation of a
// backend, or per host or bucket, shared by all goroutines; Registry keeps them. One
// for everything lets a broken endpoint take the healthy ones with it; one per key
// never sees enough calls.
//
// # The states
//
//	closed      every call is admitted; the first rule that holds opens it
//	open        every call is refused, for the open time
//	half-open   Probes calls are admitted; it closes when Successes of them have
//	            succeeded, and opens again when that can be no more
//
// There is no timer: an open breaker becomes half-open at the first touch (a call,
// the end of one, State) after the open time, and at its end to the nanosecond it is
// still open. Trip, Isolate and Reset change the state by hand.
//
// # The rules
//
//	Failures       n failures in a row. Sees an outage at once, and nothing else.
//	FailureCount   k of the last n calls, or of a span of time.
//	FailureRate    a share of the calls in a window, of which there must be enough.
//	SlowRate       a share of slow calls; those that hang count while they hang.
//
// Any of them may be combined; the first that holds opens the breaker.
//
// # Settings by kind of call
//
// Start from the line that is nearest, then play your bad day with them: a scenario
// file takes the same settings.
//
//	                           rules                                   open time
//	interactive read with      Failures 5,                             5 s
//	  a fallback               SlowRate 50 % over 2×p99 in 30 s
//	interactive, no fallback   FailureRate 50 % of ≥ 20 in 30 s        5 s, to 30 s by 2
//	background batch           Failures 5                              30 s, to 5 min by 2
//	object storage (S3)        Failures 5 per operation;               30 s
//	                           SlowDown is no failure if a budget
//	                           or a limiter answers it
//	rate-limited API           Failures 3, MaxHint 1 min               as the server says
//	money, locks, ledgers      FailureRate 20 % of ≥ 10 in 10 s,       30 s, Successes 3
//	  (wrong is worse          SlowRate 20 %                           of Probes 3
//	  than late)
//	health checks, probes of   none: their failing is what they
//	  a load balancer          are there to tell
//
// Writes that are not idempotent want a breaker no less than reads; it is retries that
// they must not have.
//
// Failures: 5 is a good start. Below 3, ordinary bad luck opens it: at an error
// rate p of a backend that is well, one call in about p^-Failures starts a row
// long enough. Above 10, it opens late where calls time out: that takes Failures
// times the timeout, if the calls are made one after another.
//
// FailureRate: Rate well above what the backend shows on a bad but bearable day, and
// MinCalls so large that the share means something (10 at the least). In a window of
// calls, 50 to 200 of them; in one of time, long enough for MinCalls at night.
//
// OpenFor: about the time that the backend needs to restart or scale, and well
// above a call's timeout; 30 s for a service, 5 s for something that fails over.
// It is also the longest that callers stay away after the backend is well: so let it
// begin small and grow (OpenMultiplier 2, OpenMax) where outages are long or short.
// OpenJitter of 0.2 to 0.5 wherever more than one process has the same breaker.
//
// Probes: 1, unless a single success proves little, as behind a load balancer with
// one good and one bad server: then 5, of which 3 must succeed.
//
// ProbeLease: leave it 0. It should be above the timeout of a call.
//
// # What counts
//
// Each admitted call that ends counts once, as WithOutcome says: by default nil is
// a success, context.Canceled (the caller gave up) is neutral, any other error is
// a failure. Teach it the errors that only a healthy backend gives, such as "no
// such key" or "access denied": they are successes. A panic is a failure, and goes
// on; so is runtime.Goexit.
//
// What does not count: calls that were refused; calls that were admitted before
// the last change of state, however they end; neutral calls, which neither break
// nor lengthen a row and give a probe's place back; and calls that have not ended,
// unless SlowRate finds them overdue. So an operation needs a timeout of its own, or
// a SlowRate, or a backend that hangs is never found out.
//
// A window counts a call in the window that it began in, however late it ends; see
// Window. The share of a rate is compared as the decimal number that it is written as,
// and not rounded.
//
// A probe's place is on a lease (ProbeLease). One that has not
// ended when that runs out has failed, whether it hangs or whoever should have
// reported it is gone. What becomes of the probe later counts for nothing. So
// a breaker is never wedged: with a backend that is well it closes within the leases,
// an open time and Probes calls, whatever came before.
//
// # Composition: retry(breaker(timeout(op)))
//
// From outside to inside:
//
//	answer, err := retry.Do(ctx, retrier, func(ctx context.Context) (T, error) {
//		return breaker.Execute(guard, func() (T, error) {
//			ctx, cancel := context.WithTimeout(ctx, timeout) // or the policy's AttemptTimeout
//			defer cancel()
//			return op(ctx)
//		})
//	})
//
// The timeout is innermost, so that an attempt that hangs is a failure to the
// breaker. The breaker is inside of the retries: then it counts attempts, which
// are what the backend sees, and it stops the attempts of a call that is
// being retried when it opens. The contract, which tests of this module hold:
//
//   - Per attempt or per call is for the composition to say, nothing else.
//     retry(breaker(op)) counts attempts: Failures 5 opens after five requests.
//     breaker(retry(op)) counts calls that failed for good: with five attempts each,
//     after 25.
//   - A refusal is an *OpenError. It tells a retry loop, through optional methods that
//     need no common package, that nothing was attempted (Rejected), that trying again
//     at once is pointless (Retryable is false), and when it would not be (RetryAfter).
//     It costs neither an attempt nor budget.
//   - A call that is turned away in the middle of its retries ends with the last real
//     error, the refusal beside it.
//   - A caller that can wait for the next probe says so (retry.WithBreakerWait), and
//     waits only if that ends before its deadline.
//
// # Several processes
//
// Sharing keeps the state of breakers in step between processes, through a Store:
// package redisstore has one on Redis. Where one process opens, all do. No call waits
// for the store, and while it is away each process goes on by itself.
//
// # Trying settings
//
// With Config.Shadow a breaker decides and tells, but refuses nothing;
// Snapshot.Passed is how many calls it would have refused.
//
// # Time and events
//
// All time is read from one Clock, and all chance from one Chance, so that a breaker can
// run under virtual time; it holds no goroutine and no timer. Events (WithListener) come
// after the change, in order, outside of all locks, with the cause and the counts. LogTo
// writes them to a log/slog logger at INFO. Snapshot is for health pages; package
// breakerprom shows it to Prometheus.
//
// # Cost
//
// While the breaker is closed, the engine has nothing to decide and is not asked: a call
// costs a third of gobreaker's Execute, and allocates nothing; a window of calls adds a
// lock, one of time a reading of the clock: half of it. SlowRate adds two locks and two
// readings, and one of each more while other calls are in flight: about as much as
// gobreaker's. A refused call costs less than half of gobreaker's. What does allocate: a
// change of state, a probe of a TwoStep, more probes or calls in flight than there were, the
// first call that ends in each tenth of a window of time, a failure that MaxHint asks for its
// RetryAfter, and TwoStep.Allow its done.
//
// # Coming from another breaker
//
// The document docs/migrating.md has the options of gobreaker, failsafe-go,
// resilience4j, Polly and Hystrix beside those of this package.
package breaker
