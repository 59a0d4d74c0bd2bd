package retry

import "net/http"

// table is a named classifier. It judges facts, not errors, so that an error's
// chain is walked once. It is a number and not a function, because facts given
// to a function value would have to live on the heap.
type table uint8

const (
	tableDefault table = iota
	tableAWS
	tableAny
	tableAll
	tableAWSGoLegacy
	tableBotocoreLegacy
	tableBotocoreStandard
	tableURLLib3
	tableGRPC
	tableEnvoy
	tableGAX
	tableMinio
	tableAzcore
	tableRetryableHTTP

	tableCount
)

// Tables of peers have the name of their preset.
var tableNames = [tableCount]string{
	"", "aws", "any", "all", "aws-go-legacy", "botocore-legacy", "botocore-standard",
	"urllib3", "grpc", "envoy", "gax", "minio", "azcore", "retryablehttp",
}

func tableNamed(name string) (table, error) {
	i, err := parseName(tableNames[:], name, "classifier")
	return table(i), err
}

func (t table) class(f *facts) Class {
	switch t {
	case tableAWS:
		return classAWS(f)
	case tableAny:
		return classAny(f)
	case tableDefault:
		return classDefault(f)
	}
	if f.class != Unknown { // marks go before every table
		return refine(f.class, f)
	}
	return t.peer(f)
}

// statusBandwidthLimit is what Apache, cPanel and S3 (BandwidthLimitExceeded) answer
// to whoever takes too much; no RFC has it.
const statusBandwidthLimit = 509

// classDefault is the table of the system that squall began as, made whole:
// throttling, 500/502/503/504, timeouts and broken connections are worth
// another attempt; every other answer, and every error that is not known, is
// not.
//
// A code goes before a status, because it says more: S3 sends RequestTimeout
// with 400, and gateways send SlowDown with 500.
func classDefault(f *facts) Class {
	if f.class != Unknown {
		return refine(f.class, f)
	}
	if c := codeClass(f.code); c != Unknown {
		return c
	}
	switch f.code {
	case "InternalError", "ServiceUnavailable":
		return Transient
	case "SlowDownRead", "SlowDownWrite", "TooManyRequests": // minio's, Azure's
		return Throttle
	}
	if f.status < 400 { // no answer, or one that broke off
		return connectionClass(f)
	}
	switch f.status {
	case http.StatusTooManyRequests, statusBandwidthLimit:
		return Throttle
	case http.StatusRequestTimeout:
		return Timeout
	case http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Transient
	}
	return Fatal
}

// classAWS is AWS Retry Behavior 2.1 (aws-sdk-go-v2@v1.48.0, aws/retry:
// DefaultRetryables, DefaultThrottles). The SDK retries a 429 only if its
// error is not a modeled type; without the SDK's types no error is, so 429 is
// always throttling here. The clock-skew rule needs the signer and is left out.
func classAWS(f *facts) Class {
	if f.class != Unknown {
		return refine(f.class, f)
	}
	throttled := codeClass(f.code) == Throttle || f.status == http.StatusTooManyRequests
	switch {
	case f.cancelled && !f.timeout, f.notFound:
		return Fatal
	case throttled:
		return Throttle
	case f.timeout:
		return Timeout
	case f.conn, f.sending, f.temporary:
		return Transient
	}
	switch f.status {
	case http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Transient
	}
	if c := codeClass(f.code); c != Unknown {
		return c
	}
	if f.status >= 400 {
		return Fatal
	}
	return Unknown
}

// classAny is for functions whose errors nobody has classified: it knows what
// the default table knows and takes every unknown error for transient, as
// cenkalti/backoff and avast/retry-go do.
func classAny(f *facts) Class {
	if c := classDefault(f); c != Unknown {
		return c
	}
	return Transient
}

// refine keeps a declared verdict, but lets "retryable" become throttling or
// a timeout where the error says so elsewhere: Retryable() cannot tell.
func refine(declared Class, f *facts) Class {
	if declared != Transient {
		return declared
	}
	switch c := codeClass(f.code); {
	case c != Unknown:
		return c
	case f.status == http.StatusTooManyRequests:
		return Throttle
	case f.timeout:
		return Timeout
	}
	return Transient
}

// connectionClass judges an error that came without an answer.
func connectionClass(f *facts) Class {
	switch {
	case f.notFound, f.badAddr: // no such host; no such network
		return Fatal
	case f.timeout:
		return Timeout
	case f.cancelled:
		return Fatal
	case f.conn:
		return Transient
	}
	return Unknown
}

// codeClass knows the service error codes that aws-sdk-go-v2@v1.48.0 retries
// (aws/retry/standard.go: DefaultThrottleErrorCodes, DefaultRetryableErrorCodes);
// botocore 1.43 has the same.
func codeClass(code string) Class {
	switch code {
	case "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
		"TooManyRequestsException", "ProvisionedThroughputExceededException",
		"TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
		"LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
		"EC2ThrottledException":
		return Throttle
	case "RequestTimeout", "RequestTimeoutException":
		return Timeout
	}
	return Unknown
}
