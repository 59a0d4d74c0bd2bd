package scenarios

import (
	"fmt"
	"testing"
)

// A phase changes the rate of all, in their proportions, or of some; what it does not name
// stays.
func TestRatesOfPhases(t *testing.T) {
	const text = `scenario: rates
backend: {kind: http, latency: 10ms}
load:
  model: open
  groups: [{name: a, clients: 1, rate: 30/s}, {name: b, clients: 1, rate: 10/s, mix: [{op: POST, key: /b, size: 1KiB}]}]
  mix: [{op: GET, key: /a}]
phases:
  - {label: all, for: 10s%s}
  - {label: some, for: 20s%s}
  - {label: others, for: 30s%s}
policies: {p: {retry: none}}
`
	for _, tt := range []struct {
		rates       [3]any
		all, a, b   string
		calls, size float64
	}{
		{[3]any{"", "", ""}, "[]", "[]", "[]", 40 * 60, 256},
		{[3]any{"", ", rate: 2x", ", rate: 20/s"}, "[40 80 20]", "[]", "[]", 400 + 1600 + 600, 256},
		{[3]any{", rate: 20/s", ", rate: {b: 3x}", ", rate: {b: 50/s, a: 0/s}"}, "[20 60 50]", "[15 30 0]", "[5 30 50]", 200 + 1200 + 1500, 1024 * (50 + 600 + 1500) / 2900.0},
		{[3]any{", rate: {a: 0/s, b: 0/s}", ", rate: 0x", ", rate: {a: 0x, b: 0/s}"}, "[0 0 0]", "[0 0 0]", "[0 0 0]", 0, 0},
	} {
		sc, err := Parse("rates.yaml", fmt.Appendf(nil, text, tt.rates[:]...))
		if err != nil {
			t.Fatal(err)
		}
		l := fleetLoad(sc)
		if all, a, b := fmt.Sprint(l.Rates), fmt.Sprint(l.Groups[0].Rates), fmt.Sprint(l.Groups[1].Rates); all != tt.all || a != tt.a || b != tt.b {
			t.Errorf("%v: all %s, a %s, b %s", tt.rates, all, a, b)
		}
		if calls, bytes := sc.estimate(); calls != tt.calls || bytes != calls*tt.size {
			t.Errorf("%v: about %v calls of %v bytes, want %v of %v", tt.rates, calls, bytes/calls, tt.calls, tt.size)
		}
	}
}
