package scenarios

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func mustFind(t *testing.T, name string) *Scenario {
	t.Helper()
	sc, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func written(t *testing.T, sc *Scenario) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, sc); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Without settings, With reads back what Write wrote.
func TestWithNothing(t *testing.T) {
	for _, entry := range List() {
		sc := mustFind(t, entry.Name)
		same, err := sc.With()
		if err != nil {
			t.Errorf("%s: %v", entry.Name, err)
			continue
		}
		if a, b := written(t, sc), written(t, same); a != b {
			t.Errorf("%s changed:\n%s\nbecame\n%s", entry.Name, a, b)
		}
	}
}

func TestWith(t *testing.T) {
	sc := mustFind(t, "brownout")
	before := written(t, sc)
	out, err := sc.With(
		Setting{"load.rate", "55/s"},
		Setting{"policies.bounded.retry.attempts", "7"},
		Setting{"policies.none.retry.attempt_timeout", "20ms"}, // the file has retry: none
		Setting{"policies.bounded.breaker.open_for", "7s"},
		Setting{"backend.capacity.workers", "12"},
		Setting{"phases.brownout.for", "30s"},
		Setting{"phases.1.faults.0.p", "0.25"},
		Setting{"load.mix.PUT.weight", "2"},
		Setting{"policies.eager.retry.jitter", "full"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if written(t, sc) != before {
		t.Error("the scenario itself was changed")
	}
	checks := map[string]bool{
		"rate":     out.Load.Rate == 55,
		"attempts": out.Policies[0].Retry.Attempts == 7,
		"timeout":  out.Policies[2].Retry.AttemptTimeout == 20*time.Millisecond && out.Policies[2].Retry.Name == "none",
		"open_for": out.Policies[0].Breaker.OpenFor == 7*time.Second,
		"workers":  out.Backend.Capacity.Workers == 12,
		"for":      out.Phases[1].For == 30*time.Second,
		"p":        out.Phases[1].Faults[0].P == 0.25,
		"weight":   out.Load.Mix[1].Weight == 2,
		"jitter":   out.Policies[1].Retry.Jitter.Kind.String() == "full",
	}
	for what, ok := range checks {
		if !ok {
			t.Errorf("%s was not set:\n%s", what, written(t, out))
		}
	}
}

func TestWithMistakes(t *testing.T) {
	sc := mustFind(t, "brownout")
	for _, c := range []struct {
		path, value, want string
	}{
		{"load.rte", "5/s", "unknown key"},
		{"load.rate", "5", "has no unit"},
		{"load.rate", "-5/s", "not a possible rate"},
		{"load.mix", "5", "name an item: GET, PUT"},
		{"backend.latency", "5s", "name one of its keys: dist, median, sigma, max"},
		{"load.mix.POST.weight", "5", `the list has no "POST"; known: GET, PUT`},
		{"phases.9.for", "5s", `the list has no "9"; known: steady, brownout, recovery`},
		{"phases.brownout.faults.2.p", "0.5", `the list has no "2"; known: 0, 1`},
		{"phases.brwnout.for", "5s", `the list has no "brwnout"; did you mean brownout?`},
		{"policies.eger.retry.attempts", "5", `there is no policy "eger"; did you mean eager? known: bounded, eager`},
		{"policies.", "5", `there is no policy ""; known: bounded, eager`},
		{"load.model.x", "5", `there is only "open" above x`},
		{"policies.bounded.retry.attempts", "0", "0"},
		{"policies.bounded.retry.attempts", "1.5", "1.5"},
		{"", "5", "unknown key"},
	} {
		_, err := sc.With(Setting{c.path, c.value})
		var bad *SettingError
		if !errors.As(err, &bad) || bad.Path != c.path || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v, want a word on %q", c.path, c.value, err, c.want)
		}
	}
}

// A name that two items of a list have is none: else a map would be one of the first alone.
func TestWithNameOfTwo(t *testing.T) {
	text := strings.Replace(sound, "op: GetObject", "op: PutObject", 1)
	sc, err := Parse("two.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var bad *SettingError
	if _, err := sc.With(Setting{"load.mix.PutObject.weight", "5"}); !errors.As(err, &bad) || bad.Hint != "name it by its number: 0 or 1" {
		t.Errorf("%v", err)
	}
	if out, err := sc.With(Setting{"load.mix.1.weight", "5"}); err != nil || out.Load.Mix[1].Weight != 5 || out.Load.Mix[0].Weight != 3 {
		t.Errorf("by its number: %v", err)
	}
}

func TestSamePlace(t *testing.T) {
	sc := mustFind(t, "brownout")
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"phases.brownout.for", "phases.1.for", true}, {"phases.brownout.for", "phases.2.for", false},
		{"phases.1.rate", "phases.brownout.rate", true}, {"load.rate", "load.rate", true}, {"load.rate", "load.clients", false},
		{"nowhere.a", "nowhere.b", false},
	} {
		if sc.SamePlace(c.a, c.b) != c.same {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.same)
		}
	}
}

func TestCalm(t *testing.T) {
	sc := mustFind(t, "brownout")
	calm, err := sc.Calm()
	if err != nil {
		t.Fatal(err)
	}
	for i, ph := range calm.Phases {
		if was := sc.Phases[i]; len(ph.Faults) > 0 || ph.Label != was.Label || ph.For != was.For {
			t.Errorf("phase %+v became %+v", was, ph)
		}
	}
}
