package scenarios

import (
	"strconv"
	"strings"
	"time"
)

// yamlText writes text as a YAML scalar: plain where no reader of YAML could
// take it for anything else, else between double quotes, whose escapes Go and
// YAML share.
func yamlText(s string) string {
	switch strings.ToLower(s) {
	case "", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan":
		return strconv.Quote(s)
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || (r < '0' || r > '9') && !strings.ContainsRune("_-./", r)) {
			return strconv.Quote(s)
		}
	}
	return s
}

// durationText writes a duration without the zeros of time.Duration: 1h, not
// 1h0m0s.
func durationText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// tidy removes the blanks that YAML's block scalars leave at the ends.
func tidy(s string) string { return strings.TrimSpace(s) }
