package scenarios

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]Rate{"200/s": 200, "10/m": 10.0 / 60, "0.5/h": 0.5 / 3600, " 1e3 / s ": 1000, "0/s": 0} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"200":     `"200" has no unit; write 200/s (or 200/m, 200/h)`,
		"":        `"" is not a rate; write a number and a unit, such as 200/s or 10/m`,
		"/s":      `"/s" is not a rate`,
		"x/s":     `"x/s" is not a rate`,
		"10/sec":  `"10/sec" has the unknown unit "sec"; write /s, /m or /h`,
		"-1/s":    `"-1/s" is not a possible rate`,
		"NaN/s":   `"NaN/s" is not a possible rate`,
		"inf/s":   `"inf/s" is not a possible rate`,
		"1e999/s": `"1e999/s" is not a possible rate`,
		"200 rps": `"200 rps" is not a rate`,
	} {
		if _, err := ParseRate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	for r, want := range map[Rate]string{200: "200/s", 10.0 / 60: "10/m", 0.5 / 3600: "0.5/h", 0: "0/s", 1.5: "1.5/s"} {
		if got := r.String(); got != want {
			t.Errorf("%v prints as %q, want %q", float64(r), got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{
		"0B": 0, "64KiB": 64 << 10, "1MB": 1e6, "1.5MiB": 3 << 19, "2 GiB": 2 << 30, "3kB": 3000, "3KB": 3000, "5TiB": MaxSize,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"64":      `"64" has no unit; write 64B (or 64KiB, 64MB)`,
		"":        `"" is not a size`,
		"KiB":     `"KiB" is not a size`,
		"64kib":   `"64kib" has the unknown unit "kib"; did you mean 64KiB?`,
		"64 bits": `has the unknown unit "bits"`,
		"-1KiB":   `"-1KiB" is not a possible size; write 0B to 5TiB`,
		"6TiB":    `"6TiB" is not a possible size`,
		"0.5B":    `"0.5B" is not a whole number of bytes; write 1B`,
		"NaN":     `"NaN" is not a size`,
		"1e999B":  `has the unknown unit "e999B"`,
	} {
		if _, err := ParseSize(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"30s": 30 * time.Second, " 1h30m ": 90 * time.Minute, "0s": 0, "-5ms": -5 * time.Millisecond} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"30":         "30 has no unit; write 30s (or 30ms, 30m)",
		"0":          "0 has no unit; write 0s",
		"2d":         `"2d" is not a duration; write 48h`,
		"1 week":     "write 168h",
		"1.5 days":   "write 36h",
		"30 sec":     "write 30s",
		"30S":        "write 30s",
		"5 minutes":  "write 5m",
		"250 ms":     "write 250ms",
		"1 y":        "write a unit that is one of ms, s, m, h (or us, ns), such as 1s",
		"soon":       `"soon" is not a duration; write a number and a unit, such as 500ms, 30s, 5m or 1h30m`,
		"":           `"" is not a duration`,
		"1e400s":     "is not a duration",
		"300000000h": "is not a duration",
	} {
		if _, err := parseDuration(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestScalarsReadBackWhatTheyPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rate(rapid.Float64Range(0, maxRate).Draw(t, "rate"))
		if back, err := ParseRate(r.String()); err != nil || back != r {
			t.Fatalf("rate %v prints as %s, which reads as %v, %v", float64(r), r, float64(back), err)
		}
		s := Size(rapid.Int64Range(0, 1<<40).Draw(t, "size"))
		if back, err := ParseSize(s.String()); err != nil || back != s {
			t.Fatalf("size %d prints as %s, which reads as %d, %v", int64(s), s, int64(back), err)
		}
		d := time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "duration"))
		if back, err := parseDuration(durationText(d)); err != nil || back != d {
			t.Fatalf("duration %d prints as %s, which reads as %d, %v", d, durationText(d), back, err)
		}
	})
}
