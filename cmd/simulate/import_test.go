package main

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/scenarios"
	"github.com/squall-sim/squall/scenarios/logs"
)

func TestLogName(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		"access.log":               "access",
		"/var/log/nginx/a.log.gz":  "a",
		"-":                        "imported",
		"über uns.txt":             "ber-uns",
		"...":                      "imported",
		"":                         "imported",
		strings.Repeat("x", 200):   strings.Repeat("x", 64),
		"2026-01-02-03-04-05-ABCD": "2026-01-02-03-04-05-ABCD",
	} {
		if got := logName(log); got != want {
			t.Errorf("logName(%q) = %q, want %q", log, got, want)
		}
	}
}

// TestSketchParses: whatever a log is called and whenever it was written, what
// import writes is a scenario without mistakes.
func TestSketchParses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Int64Range(1, int64(300*24*time.Hour)).Draw(t, "span")
		log := rapid.String().Draw(t, "log")
		s := sketch{
			name: safeName(log), log: log, trace: safeName(log) + ".csv",
			speed: rapid.SampledFrom([]float64{1, 2, 10, 1.5, logs.MinSpeed, logs.MaxSpeed}).Draw(t, "speed"),
			s3:    rapid.Bool().Draw(t, "s3"),
			summary: logs.Summary{
				First: time.Unix(1431857103, 0).UTC(), Last: time.Unix(1431857103, 0).UTC().Add(time.Duration(span)),
				Span: time.Duration(span), Requests: 1, Clients: 1, Keys: 1,
			},
		}
		if rapid.Bool().Draw(t, "outage") {
			whole := int64(s.span() / time.Second)
			s.outageAt = time.Duration(rapid.Int64Range(0, whole-1).Draw(t, "at")) * time.Second
			s.outageFor = time.Duration(rapid.Int64Range(1, 2*whole).Draw(t, "for")) * time.Second
		}
		if s.fits() != nil {
			t.Skip("refused, with a reason")
		}
		text := s.yaml()
		sc, err := scenarios.Parse("sketch.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if d := length(sc); d < s.span() {
			t.Fatalf("the phases take %v, the replay %v", d, s.span())
		}
	})
}
