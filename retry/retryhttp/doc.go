// Package retryhttp retries HTTP: [Transport] is an http.RoundTripper that makes
// further attempts by a policy of package retry, and [FromResponse] makes errors
// of answers, for loops of your own.
//
//	r := retry.Must(retry.New(retry.API()))
//	client := &http.Client{Transport: retryhttp.New(nil, r)}
//	resp, err := client.Get(url) // as always: a 503 that stays one is a response
//
// # What is retried
//
// What the policy's classifier takes for worth it, if the request may be made
// twice ([Idempotent], [MarkIdempotent], [WithIdempotency]) or never had a
// connection to be sent on, and if its body can be sent again: by GetBody, or
// because it was kept ([WithBodyBuffer]). Otherwise the call ends with
// retry.NotIdempotent, and a [*MethodError] or [*BodyError] is the cause.
//
// # Time
//
// The policy's AttemptTimeout covers an attempt from its connection to the end of
// its answer's body, which is read after RoundTrip has returned: leave it out for
// long downloads, or make it long. Closing the body frees its timer.
//
// An answer of 400 or more is read up to 64 KiB before anything is decided, which
// frees its connection. A longer one is closed when the next attempt starts, so it
// holds its connection through the delay.
//
// # Breakers
//
// The order is retry(breaker(timeout(op))): a RoundTripper with the breaker goes
// below, New(breaking{http.DefaultTransport}, r). It sees each attempt, and what
// it turns away (an error with Rejected() true) costs neither attempt nor budget.
//
// # S3
//
// [WithS3] finds errors in answers of 200; [S3] is a classifier for S3's codes, for
// errors of aws-sdk-go-v2 and minio-go too; [AmbiguousError] is a 412 that the
// call may have caused itself.
//
// A [StatusError] reports what the server said and judges nothing. To overrule the
// classifier, wrap it with retry.Permanent or retry.Retryable.
package retryhttp
