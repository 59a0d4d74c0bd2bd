package scenarios

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
	if got := string(AppendKey([]byte("x:"), "{client}", 18446744073709551615, 0)); got != "x:18446744073709551615" {
		t.Errorf("appended: %q", got)
	}
}

func TestAppendKeyAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { buf = AppendKey(buf[:0], "raw/{client}/{call}.json", 12, 345) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
