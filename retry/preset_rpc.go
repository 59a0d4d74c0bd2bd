package retry

import "time"

// GRPC is "grpc", gRPC's retries with the service config of the example in its
// proposal A6 and what grpc-go makes of it (google.golang.org/grpc@v1.85.0,
// stream.go, clientconn.go; gRPC has no default: retries are off until a
// service configures them): 4 attempts after UNAVAILABLE,
// min(100ms·2^(n−1), 1s)·U[0.8, 1.2), grpc-retry-pushback-ms obeyed, and
// throttling with 10 tokens and a ratio of 0.1.
//
//	after attempt   1           2            3
//	delay           80–120 ms   160–240 ms   320–480 ms
func GRPC() Policy {
	return Policy{
		Name:       "grpc",
		Attempts:   4,
		Backoff:    Backoff{Base: 100 * time.Millisecond, Multiplier: 2, Cap: time.Second},
		Jitter:     Jitter{Kind: JitterProportionPastCap, Proportion: 0.2},
		Classifier: "grpc",
		Hint:       Hint{Mode: HintPushback},
		Budget:     BudgetPlan{Throttling: Throttling{MaxTokens: 10, TokenRatio: 0.1}},
	}
}

// Envoy is "envoy", a route with retry_on: 5xx and a retry budget, all else
// left as it is (envoy, source/common/common/backoff_strategy.cc,
// source/common/upstream/resource_manager_impl.h): 2 attempts,
// U(0, min(25ms·2^(n−1), 250ms)), retries in flight at most 20 % of the calls in
// flight, or 3. Without a retry budget Envoy allows 3 retries in flight:
// InFlight{Min: 3}.
//
//	after attempt   1         (2         3          4          5 and on)
//	delay           0–25 ms   (0–50 ms   0–100 ms   0–200 ms   0–250 ms)
func Envoy() Policy {
	return Policy{
		Name:       "envoy",
		Attempts:   2,
		Backoff:    Backoff{Base: 25 * time.Millisecond, Multiplier: 2, Cap: 250 * time.Millisecond},
		Jitter:     Jitter{Kind: JitterFull},
		Classifier: "envoy",
		Budget:     BudgetPlan{InFlight: InFlight{Share: 0.2, Min: 3}},
	}
}

// Finagle is "finagle", the requeues of a Finagle client (com.twitter.finagle.
// service.RetryBudget and RequeueFilter): no delay, and a budget of 20 % of the
// calls of 10 s and 10 retries a second. A call is requeued at most 20 % of the
// budget's balance, which is 20 of the 100 in reserve, and here always 20.
//
// Finagle requeues what it knows was never written or was refused by the
// server's own word (a nack); this preset takes squall's own table.
func Finagle() Policy {
	return Policy{
		Name:     "finagle",
		Attempts: 21,
		Budget:   BudgetPlan{Ratio: Ratio{Share: 0.2, PerSecond: 10, Window: 10 * time.Second}},
	}
}

// GAX is "gax", the retryer of Google's API clients for Go (gax-go v2.27.0,
// call_option.go): U(0, min(1s·2^(n−1), 30s)), without an end to the attempts
// but the caller's deadline. (gax draws from 1 ns where this draws from 0.)
//
//	after attempt   1       2       3       4       5        6 and on
//	delay           0–1 s   0–2 s   0–4 s   0–8 s   0–16 s   0–30 s
func GAX() Policy {
	return Policy{
		Name:       "gax",
		Attempts:   Unlimited,
		Backoff:    Backoff{Base: time.Second, Multiplier: 2, Cap: 30 * time.Second},
		Jitter:     Jitter{Kind: JitterFull},
		Classifier: "gax",
	}
}
