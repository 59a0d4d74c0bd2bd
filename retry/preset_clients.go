package retry

import "time"

// Minio is "minio", minio-go's client (minio-go@v7.4.1, retry.go): 10 attempts,
// U(0, min(200ms·2^(n−1), 1s)); Retry-After is not read. (minio draws s − U·s,
// which is the same distribution upside down.)
//
//	after attempt   1          2          3          4 and on
//	delay           0–200 ms   0–400 ms   0–800 ms   0–1 s
func Minio() Policy {
	return Policy{
		Name:       "minio",
		Attempts:   10,
		Backoff:    Backoff{Base: 200 * time.Millisecond, Multiplier: 2, Cap: time.Second},
		Jitter:     Jitter{Kind: JitterFull},
		Classifier: "minio",
	}
}

// Azcore is "azcore", the pipeline of Azure's SDK for Go (azcore@v1.24.0,
// runtime/policy_retry.go): 4 attempts, (2^n − 1)·800ms·U[0.8, 1.3), cut at 60 s,
// so that there is no jitter at the cap; Retry-After to the second, and the end
// of the call where it is above 60 s.
//
//	after attempt   1              2             3             7 and on
//	delay           0.64–1.04 s   1.92–3.12 s   4.48–7.28 s   60 s
func Azcore() Policy {
	return Policy{
		Name:     "azcore",
		Attempts: 4,
		Backoff: Backoff{
			Kind: BackoffExponentialMinusOne, Base: 800 * time.Millisecond, Multiplier: 2, Cap: time.Minute,
		},
		Jitter:     Jitter{Kind: JitterProportionClipped, Proportion: 0.2, Above: 0.3},
		Classifier: "azcore",
		Hint:       Hint{Mode: HintExact, Max: time.Minute},
	}
}

// RetryableHTTP is "retryablehttp", HashiCorp's client
// (go-retryablehttp@v0.7.8, client.go: DefaultBackoff, DefaultRetryPolicy): 5
// attempts, min(1s·2^(n−1), 30s) without jitter; Retry-After of 429 and 503 to
// the second, however long.
//
//	after attempt   1     2     3     4
//	delay           1 s   2 s   4 s   8 s
func RetryableHTTP() Policy {
	return Policy{
		Name:       "retryablehttp",
		Attempts:   5,
		Backoff:    Backoff{Base: time.Second, Multiplier: 2, Cap: 30 * time.Second},
		Classifier: "retryablehttp",
		Hint:       Hint{Mode: HintExact},
	}
}

// Cenkalti is "cenkalti", backoff.Retry without options
// (cenkalti/backoff@v7.0.3, exponential.go, retry.go): any number of attempts
// within 15 minutes, min(500ms·1.5^(n−1), 60s)·U[0.5, 1.5), so that the longest
// delay is 90 s; a RetryAfter is waited for to the nanosecond and resets the
// backoff. An attempt that is running when the 15 minutes end is cut here; there
// it may end.
//
//	after attempt   1             2                3                13 and on
//	delay           250–750 ms   375–1125 ms      563–1688 ms      30–90 s
func Cenkalti() Policy {
	return Policy{
		Name:       "cenkalti",
		Attempts:   Unlimited,
		Limit:      15 * time.Minute,
		Backoff:    Backoff{Base: 500 * time.Millisecond, Multiplier: 1.5, Cap: time.Minute},
		Jitter:     Jitter{Kind: JitterProportionPastCap, Proportion: 0.5},
		Classifier: "all",
		Hint:       Hint{Mode: HintExact, Reset: true},
	}
}

// Resilience4j is "resilience4j", Retry.ofDefaults (resilience4j@2.4,
// RetryConfig: DEFAULT_MAX_ATTEMPTS 3, DEFAULT_WAIT_DURATION 500 ms): 3
// attempts, 500 ms apart, after every exception.
// IntervalFunction.ofExponentialRandomBackoff is [JitterProportionClipped].
func Resilience4j() Policy {
	return Policy{
		Name:       "resilience4j",
		Attempts:   3,
		Backoff:    Backoff{Kind: BackoffConstant, Base: 500 * time.Millisecond},
		Classifier: "all",
	}
}

// Polly is "polly", new RetryStrategyOptions() (Polly@8.7,
// Retry/RetryStrategyOptions.TResult.cs: MaxRetryAttempts 3, Delay 2 s,
// BackoffType Constant, UseJitter false): 4 attempts, 2 s apart, after every
// exception but a cancellation.
func Polly() Policy {
	return Policy{
		Name:       "polly",
		Attempts:   4,
		Backoff:    Backoff{Kind: BackoffConstant, Base: 2 * time.Second},
		Classifier: "all",
	}
}
