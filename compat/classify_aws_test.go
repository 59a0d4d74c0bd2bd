package compat

import (
	"fmt"
	"testing"

	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/squall-sim/squall/retry"
)

// answer is an error with a status and a code, as the SDK builds them: the
// status outside, the API error inside.
type answer struct {
	status int
	api    *smithy.GenericAPIError // nil: none
}

func (a *answer) Error() string       { return fmt.Sprintf("answered %d", a.status) }
func (a *answer) HTTPStatusCode() int { return a.status }
func (a *answer) Unwrap() error {
	if a.api == nil {
		return nil
	}
	return a.api
}

// TestAWSClassification compares the table "aws" with the SDK's DefaultRetryables
// and DefaultThrottles, for every status beside every code that the SDK knows,
// and beside codes that it does not retry.
func TestAWSClassification(t *testing.T) {
	codes := []string{"", "AccessDenied", "NoSuchKey", "InternalError", "ServiceUnavailable", "slowdown", "ExpiredToken"}
	for code := range awsretry.DefaultRetryableErrorCodes {
		codes = append(codes, code)
	}
	for code := range awsretry.DefaultThrottleErrorCodes {
		codes = append(codes, code)
	}
	retryables := awsretry.IsErrorRetryables(awsretry.DefaultRetryables)
	throttles := awsretry.IsErrorThrottles(awsretry.DefaultThrottles)
	n := 0
	for _, code := range codes {
		for status := 0; status < 600; status++ {
			err := &answer{status: status}
			if code != "" {
				err.api = &smithy.GenericAPIError{Code: code}
			}
			class, bad := retry.Classify("aws", err)
			if bad != nil {
				t.Fatal(bad)
			}
			if got, want := class.Retryable(), retryables.IsErrorRetryable(err).Bool(); got != want {
				t.Errorf("%d %q: retryable is %v (%v), the SDK says %v", status, code, got, class, want)
			}
			if got, want := class == retry.Throttle, throttles.IsErrorThrottle(err).Bool(); got != want {
				t.Errorf("%d %q: throttling is %v (%v), the SDK says %v", status, code, got, class, want)
			}
			n++
		}
	}
	t.Logf("%d pairs of status and code", n)
}
