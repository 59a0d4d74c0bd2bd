package scenarios

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseAxis(t *testing.T) {
	sc := mustFind(t, "brownout")
	for _, c := range []struct {
		text, want string
	}{
		{"load.rate=18..64", "load.rate 18/s 29.5/s 41/s 52.5/s 64/s"},
		{"load.rate=18..64/s:3", "load.rate 18/s 41/s 64/s"},
		{"policy.retry.attempts=1..5", "policies.bounded.retry.attempts 1 2 3 4 5"},
		{"policies.eager.retry.attempts=1..64", "policies.eager.retry.attempts 1 3 8 23 64"},
		{"policy.retry.base=50ms..2s:3", "policies.bounded.retry.base 50ms 1.025s 2s"},
		{"policy.retry.base=1ms..1s", "policies.bounded.retry.base 1ms 5.623ms 31.62ms 177.8ms 1s"},
		{"policy.retry.base=1..3", "policies.bounded.retry.base 1ms 1.5ms 2ms 2.5ms 3ms"}, // the file says 200ms
		{"backend.capacity.queue=10,1000,100", "backend.capacity.queue 10 100 1000"},
		{"load.mix.PUT.size=1KiB..4KiB:2", "load.mix.PUT.size 1KiB 4KiB"},
		{"phases.brownout.faults.0.p=0.2..1:3", "phases.brownout.faults.0.p 0.2 0.6 1"},
		{"load.rate=20..60/m:2", "load.rate 20/m 60/m"},
		{"load.rate=12345..98765:3", "load.rate 12345/s 55560/s 98765/s"}, // what was written stays
		{"load.clients=12345,98765", "load.clients 12345 98765"},
		{"load.clients=5,5", "load.clients 5"},
	} {
		a, err := ParseAxis(sc, "bounded", c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := a.Path
		for _, v := range a.Values(5) {
			got += " " + a.Text(v)
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestParseAxisMistakes(t *testing.T) {
	sc := mustFind(t, "brownout")
	for text, want := range map[string]string{
		"load.rate":                     "is not an axis",
		"load.rate=":                    "is not an axis",
		"=1..2":                         "is not an axis",
		"load.rate=a..b":                `"a" is not a value`,
		"load.rate=NaN..2":              `"NaN" is not a value`,
		"load.rate=1..Inf":              `"Inf" is not a value`,
		"load.rate=60..20":              "is empty",
		"load.rate=20..20":              "is empty",
		"load.rate=1/s..2/m":            "another unit",
		"load.rate=1..5:1":              "from 2 to 1000",
		"load.rate=1..5:x":              "not a number of values",
		"load.rate=-1..5":               "not a possible rate",
		"load.clients=0..5":             "load.clients",
		"load.nothing=1..5":             "unknown key",
		"policy.retry.attempts=0..5":    "attempts",
		"load.rate=1ms..5ms":            "load.rate",
		"policies.x.retry.attempts=0,1": `no policy "x"`,
	} {
		if _, err := ParseAxis(sc, "bounded", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a word on %q", text, err, want)
		}
	}
}

// The middle of two values lies between them, and halving comes to an end.
func TestAxisMiddle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Axis{From: rapid.Float64Range(0.001, 10).Draw(t, "from"), Whole: rapid.Bool().Draw(t, "whole")}
		a.To = a.From + rapid.Float64Range(0.01, 1e6).Draw(t, "width")
		if a.Whole {
			a.From, a.To = a.Round(a.From), a.Round(a.To)+1
		}
		a.Log = a.From > 0 && a.To/a.From >= logFrom
		values := a.Values(rapid.IntRange(2, 20).Draw(t, "values"))
		if !slices.IsSorted(values) {
			t.Fatalf("%v is not ascending", values)
		}
		lo, hi := a.From, a.To
		for range 60 {
			m, ok := a.Middle(lo, hi, 1e-3)
			if !ok {
				return
			}
			if m <= lo || m >= hi {
				t.Fatalf("%v is not between %v and %v", m, lo, hi)
			}
			if rapid.Bool().Draw(t, "up") {
				lo = m
			} else {
				hi = m
			}
		}
		t.Fatalf("halving [%v, %v] does not end", a.From, a.To)
	})
}

// Whatever is read as an axis has values that the scenario can have, in order, and
// says them as it reads them.
func FuzzParseAxis(f *testing.F) {
	for _, text := range []string{
		"load.rate=18..64", "policy.retry.attempts=1..5", "policy.retry.base=50ms..2s:3", "backend.capacity.queue=10,1000,100",
		"load.mix.PUT.size=1KiB..4KiB", "phases.brownout.faults.0.p=0.2..1:3", "load.rate=1..2/m", "=..", "a=1..", "load.rate=1e308..1.1e308",
		"phases.1.for=1ns..1000h", "policy.retry.base=-1s..1s", "load.clients=1..9e18", "..=1..2", "load.rate=1/s,1/s,2/s",
	} {
		f.Add(text)
	}
	sc, err := Find("brownout")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAxis(sc, "bounded", text)
		if err != nil {
			return
		}
		values := a.Values(5)
		if len(values) == 0 || len(values) > maxSteps || !slices.IsSorted(values) || values[0] < a.From || values[len(values)-1] > a.To {
			t.Fatalf("%q: %v of [%v, %v]", text, values, a.From, a.To)
		}
		for _, v := range []float64{a.From, a.To} {
			if _, err := sc.With(a.Setting(v)); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}
