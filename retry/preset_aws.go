package retry

import "time"

// AWSGoLegacy is "aws-go-legacy", the standard mode of aws-sdk-go-v2 before
// v1.48.0 (aws-sdk-go-v2@v1.47.7, aws/retry/standard.go, jitter_backoff.go): 3
// attempts, U(0, 2^n) s as long as 2^n s is at most 20 s, and exactly 20 s, with
// no jitter, from there on; a quota of 500 tokens: 5 a retry, 10 after a
// timeout, the last cost refunded on success and +1 for every success.
//
//	after attempt   1       2       3       4        5 and on
//	delay           0–2 s   0–4 s   0–8 s   0–16 s   20 s
//
// The 20 s are out of reach with 3 attempts; fleets that raised their attempts
// meet them, and retry in step.
func AWSGoLegacy() Policy {
	return Policy{
		Name:       "aws-go-legacy",
		Attempts:   3,
		Backoff:    Backoff{Base: 2 * time.Second, Multiplier: 2, Cap: 20 * time.Second},
		Jitter:     Jitter{Kind: JitterFullBelowCap},
		Classifier: "aws-go-legacy",
		Quota:      Quota{Capacity: 500, Cost: 5, TimeoutCost: 10, Reward: 1, RewardAll: true},
	}
}

// BotocoreLegacy is "botocore-legacy", boto3's default mode (botocore@1.43.67,
// retryhandler.py, data/_retry.json): 5 attempts, U(0, 2^(n−1)) s without a
// cap, no quota. DynamoDB's own settings are not in it.
//
//	after attempt   1       2       3       4
//	delay           0–1 s   0–2 s   0–4 s   0–8 s
func BotocoreLegacy() Policy {
	return Policy{
		Name:       "botocore-legacy",
		Attempts:   5,
		Backoff:    Backoff{Base: time.Second, Multiplier: 2},
		Jitter:     Jitter{Kind: JitterFull},
		Classifier: "botocore-legacy",
	}
}

// BotocoreStandard is "botocore-standard", boto3's standard mode 2.0
// (botocore@1.43.67, retries/standard.py, quota.py): 3 attempts,
// U(0, min(2^(n−1), 20)) s, a quota of 500 tokens: 5 a retry, 10 after a
// timeout, the last cost refunded on success, +1 for a clean first attempt.
//
//	after attempt   1       2
//	delay           0–1 s   0–2 s
func BotocoreStandard() Policy {
	return Policy{
		Name:       "botocore-standard",
		Attempts:   3,
		Backoff:    Backoff{Base: time.Second, Multiplier: 2, Cap: 20 * time.Second},
		Jitter:     Jitter{Kind: JitterFull},
		Classifier: "botocore-standard",
		Quota:      Quota{Capacity: 500, Cost: 5, TimeoutCost: 10, Reward: 1},
	}
}

// AWSAdaptive is "aws-adaptive", the AWS SDKs' adaptive mode
// (aws-sdk-go-v2@v1.48.0, aws/retry/adaptive.go): [AWSStandard21] with the
// client rate limiter, an [AdaptiveLimiter], before every attempt.
func AWSAdaptive() Policy {
	p := AWSStandard21()
	p.Name, p.Pace.Kind = "aws-adaptive", PaceAWS
	return p
}
