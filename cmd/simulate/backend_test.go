package main

import (
	"testing"

	"github.com/squall-sim/squall/internal/live"
)

// TestFate is what the closing report tells of a fault.
func TestFate(t *testing.T) {
	for _, test := range []struct {
		rule live.Rule
		want string
	}{
		{live.Rule{Matched: 2000, Fired: 1000, Seen: 1000, NominalP: 0.5, Share: 0.25, Due: true},
			"hit 1,000 of 2,000 requests (nominally 50.00%), 25.00% of all in its phase"},
		{live.Rule{Matched: 2, Fired: 2, Seen: 1, NominalP: 1, Share: 1, Due: true},
			"hit 2 of 2 requests (nominally 100%), 100% of all in its phase, 1 seen in time"},
		{live.Rule{ID: 3, Matched: 1, Fired: 1, Seen: 1, NominalP: 1, Share: 1, Due: true},
			"hit 1 of 1 request (nominally 100%), 100% of all while it was there"},
		{live.Rule{Matched: 2, Due: true}, "never fired, its probability hit none of 2 requests"},
		{live.Rule{Due: true}, "never fired, no request matched it"},
		{live.Rule{}, "not its turn, another phase was held"},
	} {
		if got := fate(test.rule); got != test.want {
			t.Errorf("%+v: %q, want %q", test.rule, got, test.want)
		}
	}
}
