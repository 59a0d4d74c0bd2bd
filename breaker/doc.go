// Package breaker is a circuit breaker: after a row of failures it refuses calls
// to a backend for a while, then lets a few probes through, and goes back to
// normal when they succeed. The engine is github.com/sony/gobreaker/v2.
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
// that fail anyway. It does not replace a retry budget: while a backend is only
// slow or fails in part, rows of failures are short and a breaker stays closed.
//
// Make one breaker for what fails together: as a rule one per operation of a
// backend, or per host or bucket, shared by all goroutines. One for everything
// lets a broken endpoint take the healthy ones with it; one per key never sees
// enough calls.
//
// # The states
//
//	closed      every call is admitted; Failures failures in a row open it
//	open        every call is refused, for OpenFor
//	half-open   Probes calls are admitted; if all succeed it closes, if one
//	            fails, or outlives its lease, it opens again
//
// There is no timer: an open breaker becomes half-open at the first touch (a call,
// the end of one, State) after OpenFor, and at OpenFor to the nanosecond it is
// still open.
//
// # Numbers to choose
//
// Failures: 5 is a good start. Below 3, ordinary bad luck opens it: at an error
// rate p of a backend that is well, one call in about p^-Failures starts a row
// long enough. Above 10, it opens late where calls time out: that takes Failures
// times the timeout, if the calls are made one after another.
//
// OpenFor: about the time that the backend needs to restart or scale, and well
// above a call's timeout; 30 s for a service, 5 s for something that fails over.
// It is also the longest that callers stay away after the backend is well.
//
// Probes: 1, unless a single success proves little, as behind a load balancer with
// one good and one bad server: then 3 to 5.
//
// ProbeLease: leave it 0, for the longer of OpenFor and a minute, unless good calls
// take that long. It should be above the timeout of a call.
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
// nor lengthen a row and give a probe's place back; and calls that have not ended.
// So an operation needs a timeout of its own, or a backend that hangs is never
// found out.
//
// A probe is the exception: its place is on a lease (ProbeLease). One that has not
// ended when that runs out has failed, whether it hangs or whoever should have
// reported it is gone. The breaker is then open from the end of the lease on, as
// the next touch tells, and what becomes of the probe later counts for nothing. So
// a breaker is never wedged: with a backend that is well it closes within a lease,
// an OpenFor and Probes calls, whatever came before.
//
// # Composition
//
// From outside to inside: retry(breaker(timeout(operation))).
//
// The timeout is innermost, so that an attempt that hangs is a failure to the
// breaker. The breaker is inside of the retries, so that it counts attempts, which
// are what the backend sees, and so that it stops the attempts of a call that is
// being retried when it opens. (The other way around it counts calls that failed
// after all their attempts: with Failures 5 and 5 attempts, after 25 failures.)
//
// A refusal is an *OpenError. It tells a retry loop, through optional methods that
// need no common package, that nothing was attempted (Rejected), that trying again
// at once is pointless (Retryable is false), and when it would not be (RetryAfter).
// A call that ends in a refusal should end with the last real error beside it.
//
// # Time and events
//
// All time is read from one Clock, so that a breaker can run under virtual time;
// it holds no goroutine and no timer. Events (WithListener) come after the change,
// in order, outside of all locks, with the counts that caused them. LogTo writes
// them to a log/slog logger at INFO.
//
// # Coming from gobreaker
//
//	MaxRequests                Config.Probes
//	Timeout                    Config.OpenFor
//	ReadyToTrip                Config.Failures
//	IsSuccessful, IsExcluded   WithOutcome: called once, outside the lock
//	OnStateChange              WithListener: outside the lock, with counts
//	ErrOpenState               *OpenError with State Open
//	ErrTooManyRequests         *OpenError with State HalfOpen
//	CircuitBreaker             Breaker
//	TwoStepCircuitBreaker      TwoStep: only the first report of a call counts
package breaker
