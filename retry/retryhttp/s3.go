package retryhttp

import (
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/squall-sim/squall/retry"
)

// ClassifyS3 is [S3] without options: credentials that have expired stay so.
func ClassifyS3(err error) retry.Class { return plainS3.classify(err) }

var plainS3 s3

// S3 returns a classifier for what S3, and what speaks its protocol, answers,
// to be given to a retrier with retry.WithClassifier. It knows errors by their
// HTTPStatusCode and ErrorCode methods, which [*StatusError] and those of
// aws-sdk-go-v2 have, and minio-go's ErrorResponse by its fields. It is Unknown
// for all others, which leaves them to the policy's own table, and for errors
// that say themselves whether to retry (retry.Permanent and the like).
//
//	Throttle    SlowDown with any status, SlowDownRead, SlowDownWrite, Throttling
//	            and its kin, KMS.ThrottlingException, BandwidthLimitExceeded, 429,
//	            509; a 503 to HEAD that came from S3 itself (it has a request id):
//	            an answer to HEAD has no code, and waiting too long is the
//	            smaller mistake
//	Timeout     RequestTimeout, 408
//	Transient   InternalError, ServiceUnavailable, 500, 502, 503 and 504 without a
//	            code that says otherwise, 520 to 524 (Cloudflare's word for an
//	            origin that is out of order); OperationAborted and
//	            ConditionalRequestConflict, two writers that met; BadDigest and
//	            IncompleteBody, an upload that was damaged on its way
//	Fatal       ExpiredToken, ExpiredTokenException and TokenRefreshRequired,
//	            unless [WithRefresh]; RequestTimeTooSkewed, unless
//	            [WithClockCorrection]; every other code or status of 400 and up
func S3(opts ...S3Option) retry.Classifier {
	s := &s3{}
	for _, opt := range opts {
		opt(s)
	}
	return s.classify
}

// S3Option changes what [S3] makes of an error.
type S3Option func(*s3)

// WithRefresh makes expired credentials worth another attempt if refresh
// returns true, which means that the next attempt will be signed with others:
// with aws-sdk-go-v2 it invalidates the CredentialsCache and returns true. It may
// be asked more than once for one error, and must be safe for concurrent use.
func WithRefresh(refresh func(error) bool) S3Option {
	return func(s *s3) { s.refresh = refresh }
}

// WithClockCorrection makes RequestTimeTooSkewed worth another attempt if
// correct returns true, which means that the next attempt will be signed with
// the server's time. It may be asked more than once for one error, and must be
// safe for concurrent use.
func WithClockCorrection(correct func(error) bool) S3Option {
	return func(s *s3) { s.correct = correct }
}

type s3 struct{ refresh, correct func(error) bool }

func (s *s3) classify(err error) retry.Class {
	if declared(err) {
		return retry.Unknown
	}
	f := s3Facts(err)
	switch f.code {
	case "SlowDown", "SlowDownRead", "SlowDownWrite", "TooManyRequests", "Throttling", "ThrottlingException",
		"ThrottledException", "TooManyRequestsException", "RequestThrottled", "RequestThrottledException",
		"RequestLimitExceeded", "BandwidthLimitExceeded", "PriorRequestNotComplete",
		"KMS.ThrottlingException", "KMSThrottlingException":
		return retry.Throttle
	case "RequestTimeout", "RequestTimeoutException":
		return retry.Timeout
	case "InternalError", "ServiceUnavailable", "OperationAborted", "ConditionalRequestConflict", "BadDigest", "IncompleteBody":
		return retry.Transient
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		return allowed(s.refresh, err)
	case "RequestTimeTooSkewed":
		return allowed(s.correct, err)
	}
	if f.status == 0 {
		f.status = S3Status(f.code)
	}
	return f.byStatus()
}

func allowed(by func(error) bool, err error) retry.Class {
	if by != nil && by(err) {
		return retry.Transient
	}
	return retry.Fatal
}

// s3Fact is what an error says of S3's answer.
type s3Fact struct {
	status int
	code   string
	head   bool // S3's own answer to a HEAD
}

func (f *s3Fact) byStatus() retry.Class {
	switch f.status {
	case http.StatusTooManyRequests, 509:
		return retry.Throttle
	case http.StatusRequestTimeout:
		return retry.Timeout
	case http.StatusServiceUnavailable:
		if f.head && f.code == "" {
			return retry.Throttle
		}
		return retry.Transient
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout, 520, 521, 522, 523, 524:
		return retry.Transient
	}
	if f.status >= 400 {
		return retry.Fatal
	}
	return retry.Unknown
}

// declared reports whether err says itself whether it is worth another attempt.
func declared(err error) bool {
	var class interface{ RetryClass() retry.Class }
	if errors.As(err, &class) && class.RetryClass() != retry.Unknown {
		return true
	}
	var ours interface{ Retryable() bool }
	var sdks interface{ RetryableError() bool }
	return errors.As(err, &ours) || errors.As(err, &sdks)
}

func s3Facts(err error) s3Fact {
	var f s3Fact
	f.status = statusOf(err)
	var code interface{ ErrorCode() string }
	if errors.As(err, &code) {
		f.code = code.ErrorCode()
	}
	var status *StatusError
	if errors.As(err, &status) {
		f.head = status.Method == http.MethodHead && status.RequestID != ""
	}
	if f.status == 0 && f.code == "" {
		f.status, f.code = minioFacts(err)
	}
	return f
}

// minioFacts finds github.com/minio/minio-go/v7@v7.4.1's ErrorResponse, which
// has fields where others have methods: a struct with BucketName, Code and
// StatusCode. Where the answer had no code (HEAD), minio writes the status line
// or a code of its own making in its place.
func minioFacts(err error) (status int, code string) {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.ValueOf(err)
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			continue
		}
		bucket, c, s := v.FieldByName("BucketName"), v.FieldByName("Code"), v.FieldByName("StatusCode")
		if bucket.Kind() != reflect.String || c.Kind() != reflect.String || s.Kind() != reflect.Int {
			continue
		}
		status, code = int(s.Int()), c.String()
		if strings.ContainsRune(code, ' ') {
			code = ""
		}
		return status, code
	}
	return 0, ""
}

// S3Status returns the HTTP status that S3 sends an error code with, and 0 for
// a code that is not known. ("List of error codes" of the Amazon S3 API
// reference.)
func S3Status(code string) int {
	for _, group := range s3Codes {
		for _, known := range group.codes {
			if known == code {
				return group.status
			}
		}
	}
	return 0
}
