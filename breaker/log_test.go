package breaker

import (
	"bytes"
	"log/slog"
	"testing"
	"time"
)

func TestLogTo(t *testing.T) {
	for _, c := range []struct {
		name  string
		level slog.Level
		want  string
	}{
		{"s3-put", slog.LevelInfo, `time=2026-01-01T00:00:00.000Z level=INFO msg="circuit breaker changed state" breaker=s3-put from=closed to=open requests=2 successes=1 failures=1 neutrals=0 consecutive_failures=1
time=2026-01-01T00:01:00.000Z level=INFO msg="circuit breaker changed state" breaker=s3-put from=open to=half-open
time=2026-01-01T00:01:00.000Z level=INFO msg="circuit breaker changed state" breaker=s3-put from=half-open to=closed requests=1 successes=1 failures=0 neutrals=0 consecutive_failures=0
`},
		{"s3-put", slog.LevelWarn, ""},
	} {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: c.level}))
		b, clock, _ := newTest(t, Config{Failures: 1, OpenFor: time.Minute}, WithName(c.name), WithListener(LogTo(logger)))
		_ = b.Run(succeed)
		_ = b.Run(fail)
		clock.advance(time.Minute + 1)
		_ = b.Run(succeed)
		if log.String() != c.want {
			t.Errorf("%v: got\n%swant\n%s", c.level, &log, c.want)
		}
	}
}

// The default logger is looked up at the event, since programs set theirs late.
func TestLogToTheDefaultLogger(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	listen := LogTo(nil)
	var log bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	listen(Event{From: Open, To: HalfOpen})
	if want := "level=INFO msg=\"circuit breaker changed state\" from=open to=half-open\n"; log.String() != want {
		t.Errorf("got %q, want %q", log.String(), want)
	}
}
