package faults

import "strings"

// namedKinds are the kinds whose word is the first of the text form.
var namedKinds = [...]Kind{Latency, Reset, Blackhole, Outage, Close, Garbage, HalfHeaders, Truncate, Stall, MalformedChunk, ErrorIn200, LostAck, Bandwidth, SlowBody, SlowUpload, Corrupt, Stale, ClockSkew, TokenExpired, RejectEarly, Headers, DeleteErrors}

var namesHint = "write an S3 error code such as SlowDown, a status such as 503, or " + strings.Join(kindNames(), ", ")

func kindNames() []string {
	names := make([]string, len(namedKinds))
	for i, k := range namedKinds {
		names[i] = k.String()
	}
	return names
}

// effectNames lists every first word that is not a number.
func effectNames() []string {
	return append(kindNames(), codeNames()...)
}

func codeNames() []string {
	names := make([]string, len(s3Codes))
	for i, c := range s3Codes {
		names[i] = c.Code
	}
	return names
}

func hasString(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
