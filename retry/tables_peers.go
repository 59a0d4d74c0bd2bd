package retry

// peer is the tables that stand for other libraries: what they retry, as far
// as it shows in the error of an attempt. None retries a call that its own
// caller has cancelled.
func (t table) peer(f *facts) Class {
	if f.cancelled && !f.timeout {
		return Fatal
	}
	answered := f.status >= 400 // else no answer, or one that broke off
	switch t {
	case tableAll:
		return kindOf(f)
	case tableAWSGoLegacy:
		return classAWSGoLegacy(f)
	case tableBotocoreLegacy:
		return classBotocoreLegacy(f)
	case tableBotocoreStandard:
		return classBotocoreStandard(f)
	case tableMinio:
		return classMinio(f)
	case tableGAX:
		return classGAX(f)
	case tableURLLib3:
		// urllib3@2.7.0: errors of connecting and reading, and 413, 429 and 503
		// where Retry-After comes with them. status_forcelist is empty.
		return when(!answered && broken(f) || f.hasAfter && oneOf(f.status, 413, 429, 503), f)
	case tableGRPC:
		// UNAVAILABLE alone, which an HTTP answer without a gRPC status becomes
		// for these (grpc, doc/http-grpc-status-mapping.md), and a connection
		// that breaks.
		return when(oneOf(f.status, 429, 502, 503, 504) || f.code == "UNAVAILABLE" || f.code == "Unavailable" ||
			!answered && f.code == "" && f.conn && !f.timeout, f)
	case tableEnvoy: // retry_on: 5xx, which includes connect-failure and reset
		return when(f.status >= 500 || !answered && broken(f), f)
	case tableAzcore: // every error of the transport, and six statuses
		return when(!answered || oneOf(f.status, 408, 429, 500, 502, 503, 504), f)
	default: // tableRetryableHTTP: likewise, but other statuses
		return when(!answered || f.status == 429 || f.status >= 500 && f.status != 501, f)
	}
}

// hears reports whether the table's original looks for Retry-After in such an
// answer at all.
func (t table) hears(f *facts) bool {
	switch t {
	case tableRetryableHTTP: // an answer of 429 or 503 only
		return f.status == 429 || f.status == 503
	case tableAzcore, tableURLLib3: // a wait of zero is none
		return f.after > 0
	}
	return true
}

// classAWSGoLegacy is the standard mode before Retry Behavior 2.1
// (aws-sdk-go-v2@v1.47.7, aws/retry/standard.go): a bare 429 is not retried,
// and the code RequestTimeout is no timeout.
func classAWSGoLegacy(f *facts) Class {
	switch {
	case f.notFound:
		return Fatal
	case codeClass(f.code) == Throttle:
		return Throttle
	case f.timeout:
		return Timeout
	}
	return when(f.conn || f.sending || f.temporary || oneOf(f.status, 500, 502, 503, 504) || codeClass(f.code) != Unknown, f)
}

// classBotocoreLegacy matches pairs of status and code (botocore@1.43.67,
// data/_retry.json: __default__ and the services' own).
func classBotocoreLegacy(f *facts) Class {
	pair := func(status int, codes ...string) bool {
		for _, code := range codes {
			if f.status == status && f.code == code {
				return true
			}
		}
		return false
	}
	return when(f.status < 400 && broken(f) || oneOf(f.status, 429, 500, 502, 503, 504, 509) ||
		pair(400, "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
			"ProvisionedThroughputExceededException", // general
			"RequestTimeout", "BadDigest",            // s3
			"LimitExceededException", "IDPCommunicationError") || // kinesis, sts
		pair(403, "RequestThrottled"), f) // sqs
}

// classBotocoreStandard is botocore@1.43.67, retries/standard.py: codes and
// four statuses; a bare 429 is not retried.
func classBotocoreStandard(f *facts) Class {
	switch {
	case codeClass(f.code) == Throttle:
		return Throttle
	case f.status < 400 && f.timeout:
		return Timeout
	}
	return when(f.status < 400 && broken(f) || oneOf(f.status, 500, 502, 503, 504) || codeClass(f.code) != Unknown ||
		f.code == "IDPCommunicationError", f)
}

// classMinio is minio-go@v7.4.1, retry.go: codes, statuses, and every error of
// the transport.
func classMinio(f *facts) Class {
	switch f.code {
	case "RequestError", "InternalError", "ExpiredToken", "ExpiredTokenException", "RequestTimeout",
		"Throttling", "ThrottlingException", "RequestLimitExceeded", "RequestThrottled",
		"SlowDown", "SlowDownWrite", "SlowDownRead":
		return kindOf(f)
	}
	return when(f.status < 400 || oneOf(f.status, 408, 429, 499, 500, 502, 503, 504, 520), f)
}

// classGAX is what clients made with gax-go retry: UNAVAILABLE over gRPC, and
// over HTTP as cloud.google.com/go/storage does, 408, 429, 5xx and broken
// connections.
func classGAX(f *facts) Class {
	if f.status < 400 {
		return when(broken(f) || f.code == "UNAVAILABLE" || f.code == "Unavailable", f)
	}
	return when(f.status == 408 || f.status == 429 || f.status >= 500, f)
}

// broken reports whether an error without an answer is one of the connection.
func broken(f *facts) bool { return f.conn || f.timeout || f.temporary || f.sending }

// when is the class of an error that is worth another attempt or not.
func when(retry bool, f *facts) Class {
	if retry {
		return kindOf(f)
	}
	return Fatal
}

// kindOf tells the classes of what is worth another attempt apart.
func kindOf(f *facts) Class {
	switch {
	case codeClass(f.code) == Throttle || f.status == 429 || f.code == "SlowDownRead" || f.code == "SlowDownWrite":
		return Throttle
	case f.timeout || f.status == 408:
		return Timeout
	}
	return Transient
}

func oneOf(status int, list ...int) bool {
	for _, s := range list {
		if s == status {
			return true
		}
	}
	return false
}
