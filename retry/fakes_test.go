package retry_test

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"time"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// service is an error as an SDK gives it.
type service struct {
	status int
	code   string
	after  time.Duration // Retry-After; negative: none
	amz    time.Duration // x-amz-retry-after; negative: none
}

func answer(status int, code string) *service {
	return &service{status: status, code: code, after: -1, amz: -1}
}

func (s *service) Error() string                           { return fmt.Sprintf("%d %s", s.status, s.code) }
func (s *service) HTTPStatusCode() int                     { return s.status }
func (s *service) ErrorCode() string                       { return s.code }
func (s *service) RetryAfter() (time.Duration, bool)       { return s.after, s.after >= 0 }
func (s *service) AmzRetryAfter() (time.Duration, bool)    { return s.amz, s.amz >= 0 }
func (s *service) waiting(after time.Duration) *service    { s.after = after; return s }
func (s *service) amzWaiting(after time.Duration) *service { s.amz = after; return s }

var (
	errReset     error = syscall.ECONNRESET
	errThrottled error = answer(503, "SlowDown")
	errWrapped         = fmt.Errorf("put: %w", &url.Error{Op: "Put", URL: "http://x", Err: &net.OpError{
		Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}})
)
