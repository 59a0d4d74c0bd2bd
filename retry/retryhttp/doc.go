// Package retryhttp turns HTTP answers into errors that package retry can
// judge: the status, the service's error code from an S3 or AWS error body,
// and the server's word on when to come back.
//
//	resp, err := client.Do(req)
//	if err != nil {
//		return err
//	}
//	defer resp.Body.Close()
//	if err := retryhttp.FromResponse(resp); err != nil {
//		return err // a *retryhttp.StatusError
//	}
//
// An error reports what the server said and judges nothing: whether a 503 is
// worth another attempt is for the policy's classifier to say. To overrule it,
// wrap the error with retry.Permanent or retry.Retryable.
package retryhttp
