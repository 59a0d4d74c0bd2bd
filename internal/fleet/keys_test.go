package fleet

import "testing"

func TestExpandKey(t *testing.T) {
	for template, want := range map[string]string{
		"":                          "",
		"raw/a.json":                "raw/a.json",
		"raw/{client}/{call}.json":  "raw/7/42.json",
		"{call}{call}":              "4242",
		"{client":                   "{client",
		"{{client}}":                "{7}",
		"a{b}c":                     "a{b}c",
		"/v1/stations/{client}?x={": "/v1/stations/7?x={",
	} {
		if got := ExpandKey(template, 7, 42); got != want {
			t.Errorf("%q expands to %q, want %q", template, got, want)
		}
	}
}
