package scenarios

import (
	"errors"
	"strings"
	"testing"
)

func TestParseFault(t *testing.T) {
	for text, want := range map[string]string{
		`{"on": {"op": "PutObject", "key": "raw/**"}, "p": 0.9, "effect": "SlowDown retry-after=2s"}`: "PutObject raw/** p=0.9 SlowDown retry-after=2s",
		"effect: 503":                          "503",
		`{at_most: 3, effect: latency add=1s}`: "at-most=3 latency add=1s",
	} {
		r, err := ParseFault("rule", []byte(text))
		if err != nil || r.String() != want {
			t.Errorf("%s: %q %v, want %q", text, r, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                    "there is no fault",
		"503":                 "rule:1:1",
		"{p: 0.5}":            "no effect",
		"{effect: 503, q: 1}": "unknown key",
		"{":                   "rule:1:",
	} {
		_, err := ParseFault("rule", []byte(text))
		var problems *Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
