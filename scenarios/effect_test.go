package scenarios

import (
	"strings"
	"testing"
)

// A fault on the body of answers leaves HEAD to those behind it; with an
// operation of its own it decides for that one.
func TestFaultsOnBodiesLeaveHeadToOthers(t *testing.T) {
	const head = "scenario: x\nbackend: {kind: http, latency: 5ms}\nload: {model: open, rate: 1/s, mix: [{op: GET, key: /}, {op: HEAD, key: /}]}\npolicies: {none: {retry: none}}\nphases:\n  - {label: a, for: 10s, faults: ["
	for _, c := range []struct {
		faults string
		wrong  bool
	}{
		{"{effect: stall at=10}, {on: {op: HEAD}, effect: reset}", false},
		{"{on: {op: GET}, effect: truncate at=10}, {on: {op: GET}, effect: reset}", true},
		{"{effect: close}, {on: {op: HEAD}, effect: reset}", true},
	} {
		_, err := Parse("x.yaml", []byte(head+c.faults+"]}\n"))
		if (err != nil) != c.wrong || c.wrong && !strings.Contains(err.Error(), "the fault would never fire") {
			t.Errorf("%s: %v", c.faults, err)
		}
	}
}
