package retry

import "time"

// presets holds what [Preset] knows, in the order of [Presets].
var presets = [...]func() Policy{
	S3, API,
	AWSStandard21, AWSGoLegacy, BotocoreLegacy, BotocoreStandard, AWSAdaptive,
	TenacityDefault, URLLib3, RequestsDefault, Dagster,
	GRPC, Envoy, Finagle, GAX,
	Minio, Azcore, RetryableHTTP, Cenkalti, Resilience4j, Polly,
	None,
}

// Presets returns the names of the presets.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p().Name
	}
	return names
}

// Preset returns the policy of that name, and whether there is one.
func Preset(name string) (Policy, bool) {
	for _, preset := range presets {
		if p := preset(); p.Name == name {
			return p, true
		}
	}
	return Policy{}, false
}

// S3 is "s3", the policy for object storage of the data pipeline that squall
// began as: 5 attempts, min(1s·2^(n−1) + U(0, 1s), 30s).
//
//	after attempt   1       2       3       4
//	delay           1–2 s   2–3 s   4–5 s   8–9 s
func S3() Policy {
	return Policy{
		Name:     "s3",
		Attempts: 5,
		Backoff:  Backoff{Base: time.Second, Multiplier: 2, Cap: 30 * time.Second},
		Jitter:   Jitter{Kind: JitterAdditiveClipped, Amount: time.Second},
	}
}

// API is "api", that pipeline's policy for HTTP services: 3 attempts,
// min(0.5s·2^(n−1) + U(0, 0.5s), 10s), and Retry-After respected.
//
//	after attempt   1         2
//	delay           0.5–1 s   1–1.5 s
//
// It waits for as long as Retry-After says. A service with a caller of its own
// should set Hint.Max, and Limit or a deadline.
func API() Policy {
	return Policy{
		Name:     "api",
		Attempts: 3,
		Backoff:  Backoff{Base: 500 * time.Millisecond, Multiplier: 2, Cap: 10 * time.Second},
		Jitter:   Jitter{Kind: JitterAdditiveClipped, Amount: 500 * time.Millisecond},
		Hint:     Hint{Mode: HintRetryAfter},
	}
}

// AWSStandard21 is "aws-standard-2.1", the standard mode of AWS Retry Behavior
// 2.1: the default of aws-sdk-go-v2 from v1.48.0 (aws/retry/standard.go,
// jitter_backoff.go) and of botocore with AWS_NEW_RETRIES_2026=true. 3
// attempts, U(0, min(50ms·2^(n−1), 20s)), from 1 s when throttled,
// x-amz-retry-after heard, and a quota of 500 tokens: 14 a retry, 5 a
// throttled one, refunded on success, +1 for a clean first attempt.
func AWSStandard21() Policy {
	return Policy{
		Name:     "aws-standard-2.1",
		Attempts: 3,
		Backoff: Backoff{
			Base: 50 * time.Millisecond, Multiplier: 2, Cap: 20 * time.Second, ThrottleBase: time.Second,
		},
		Jitter:     Jitter{Kind: JitterFull},
		Classifier: "aws",
		Hint:       Hint{Mode: HintAmz},
		Quota:      Quota{Capacity: 500, Cost: 14, ThrottleCost: 5, Reward: 1},
	}
}

// None is "none": one attempt. It is the baseline that shows what retries cost
// and what they save, and it keeps the errors of calls that must not be
// retried in the same form as those of calls that are.
func None() Policy { return Policy{Name: "none", Attempts: 1} }
