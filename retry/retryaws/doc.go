// Package retryaws makes a retry.Retrier the retryer of aws-sdk-go-v2. It needs
// the standard library only: [Retryer] has the methods of the SDK's
// aws.RetryerV2, whose signatures name no type of the SDK's.
//
//	p := retry.AWSStandard21()
//	p.Attempts = 5
//	r := retryaws.New(retry.Must(retry.New(p)))
//
//	cfg, err := config.LoadDefaultConfig(ctx, config.WithRetryer(func() aws.Retryer { return r }))
//
// The SDK runs the loop and asks, for each attempt and in this order
// (aws-sdk-go-v2@v1.48.0, aws/retry/middleware.go): MaxAttempts once; then
// GetAttemptToken, the attempt, the release of the retry's token and that of the
// attempt's; and, if the attempt failed, IsErrorRetryable, GetRetryToken and
// RetryDelay, after which it sleeps.
//
// # What of a policy counts
//
// Attempts, Backoff, Jitter, Classifier, Quota, Budget and Pace; the retrier's
// clock and chance. The SDK does not tell when a call begins and ends: budgets
// that count calls (Ratio, InFlight) count attempts here, as Envoy does, and
// Throttling does not see the failure of a call's last attempt. Hints count where the error has
// them, see [WithResponse]; x-amz-retry-after is left to the SDK, which heeds it
// always. A longer hint than Hint.Max, or one past the context's deadline, ends
// the call with a [*RefusedError] before anything is charged.
//
// The loop is the SDK's, so AttemptTimeout, Limit, observers and depth do nothing
// here: bound attempts with the HTTP client's timeouts, and calls with their
// context.
//
// Wrapping the client in retry.Do, or its HTTP transport in
// retryhttp.Transport, as well multiplies the attempts: give the other layer
// aws.NopRetryer or retry.None.
package retryaws
