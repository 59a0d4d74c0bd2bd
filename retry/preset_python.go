package retry

import "time"

// TenacityDefault is "tenacity-default", Tenacity's @retry without arguments
// (tenacity@9.1.4, __init__.py: stop_never, wait_none, retry on any
// Exception): attempts without end and without delay. Nothing but the caller's
// context ends such a call, and against a backend that is down it is a tight
// loop.
func TenacityDefault() Policy {
	return Policy{Name: "tenacity-default", Attempts: Unlimited, Classifier: "all"}
}

// URLLib3 is "urllib3", a PoolManager without settings (urllib3@2.7.0,
// util/retry.py: Retry.DEFAULT is Retry(3), backoff_factor 0): 4 attempts
// without delay; Retry-After of 413, 429 and 503 is waited for to the second,
// up to 6 hours, and no other answer is retried. With a backoff factor f set,
// the delays are 0, 2f, 4f, … up to 120 s: the field Backoff.Base.
//
// urllib3 retries errors of reading only for idempotent methods, which is up to
// the caller here.
func URLLib3() Policy {
	return Policy{
		Name:       "urllib3",
		Attempts:   4,
		Backoff:    Backoff{Multiplier: 2, Cap: 120 * time.Second, Immediate: true},
		Classifier: "urllib3",
		Hint:       Hint{Mode: HintExact, Max: 6 * time.Hour, Trim: true},
	}
}

// RequestsDefault is "requests-default", requests without an adapter of one's
// own (requests, adapters.py: max_retries is Retry(0, read=False)): one
// attempt.
func RequestsDefault() Policy {
	return Policy{Name: "requests-default", Attempts: 1, Classifier: "urllib3"}
}

// Dagster is "dagster", RetryPolicy() of an op (dagster,
// _core/definitions/policy.py: max_retries 1, delay None): 2 attempts without
// delay, after every exception. With a delay d, backoff EXPONENTIAL is
// [BackoffExponentialMinusOne] with a Base of d, LINEAR is [BackoffLinear], and
// jitter PLUS_MINUS is [JitterPlusMinus] with an Amount of d; there is no cap.
func Dagster() Policy {
	return Policy{Name: "dagster", Attempts: 2, Classifier: "all"}
}
