package faults

import "strings"

// allOptions are the options of all kinds.
var allOptions = []string{"add", "at", "end", "spaces", "retry-after", "amz-retry-after", "after"}

// optionsOf lists the options of a kind.
func optionsOf(k Kind) []string {
	switch k {
	case S3Error, Status:
		return []string{"retry-after", "amz-retry-after", "after"}
	case Latency:
		return []string{"add"}
	case Reset, Outage, Close, Garbage, HalfHeaders:
		return []string{"after"}
	case ErrorIn200:
		return []string{"spaces", "after"}
	case Truncate:
		return []string{"at", "end"}
	case Stall:
		return []string{"at"}
	}
	return nil
}

// optionsHint says which options a kind has.
func optionsHint(k Kind) string {
	options := optionsOf(k)
	if len(options) == 0 {
		return k.String() + " has no options"
	}
	return "its options are " + strings.Join(options, ", ")
}

// namedKinds are the kinds whose word is the first of the text form.
var namedKinds = [...]Kind{Latency, Reset, Blackhole, Outage, Close, Garbage, HalfHeaders, Truncate, Stall, ErrorIn200}

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
