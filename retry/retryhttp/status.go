package retryhttp

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// StatusError is an HTTP answer that is not a success. It is plain data: fill
// it in by hand where there is no *http.Response. It has the optional methods
// that package retry looks for, and smithy's names for them, so that code
// written for aws-sdk-go-v2 errors reads it too.
type StatusError struct {
	// Status is the HTTP status code.
	Status int
	// Method is the request's method; empty if it is not known.
	Method string
	// Code is the service's error code, such as "SlowDown". It is empty where
	// the answer has none: answers to HEAD, and those of proxies and load
	// balancers in front of the service.
	Code string
	// Message is the service's text for people.
	Message string
	// RequestID is the service's name for the request: x-amz-request-id,
	// x-amzn-requestid or x-request-id.
	RequestID string
	// HostID is S3's x-amz-id-2.
	HostID string
	// After is what Retry-After said.
	After Wait
	// AmzAfter is what x-amz-retry-after said.
	AmzAfter Wait
}

// Wait is a server's word on how long to wait. The zero value is no word.
type Wait struct {
	For   time.Duration // 0 or more
	Known bool
}

// Error is one line: the method, the status, the code and the message.
func (e *StatusError) Error() string {
	var b strings.Builder
	b.WriteString("retryhttp: ")
	if e.Method != "" {
		b.WriteString(e.Method + " answered ")
	}
	fmt.Fprintf(&b, "%d", e.Status)
	switch {
	case e.Code != "":
		b.WriteString(" " + e.Code)
	case http.StatusText(e.Status) != "":
		b.WriteString(" " + http.StatusText(e.Status))
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.RequestID != "" {
		b.WriteString(" (request " + e.RequestID + ")")
	}
	return b.String()
}

// HTTPStatusCode returns Status.
func (e *StatusError) HTTPStatusCode() int { return e.Status }

// ErrorCode returns Code.
func (e *StatusError) ErrorCode() string { return e.Code }

// ErrorMessage returns Message.
func (e *StatusError) ErrorMessage() string { return e.Message }

// RetryAfter returns After.
func (e *StatusError) RetryAfter() (time.Duration, bool) { return e.After.For, e.After.Known }

// AmzRetryAfter returns AmzAfter. It is not clamped: that is the policy's
// part, which knows its own delay.
func (e *StatusError) AmzRetryAfter() (time.Duration, bool) { return e.AmzAfter.For, e.AmzAfter.Known }
