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
		{"s3-put", slog.LevelInfo, `time=2026-01-01T00:00:00.000Z level=INFO msg="circuit breaker changed state" breaker=s3-put from=closed to=open cause="consecutive failures" requests=2 successes=1 failures=1 neutrals=0 consecutive_failures=1 retry_at=2026-01-01T00:01:00.000Z
time=2026-01-01T00:01:00.000Z level=INFO msg="circuit breaker changed state" breaker=s3-put from=open to=half-open cause="open time over"
time=2026-01-01T00:01:00.000Z level=INFO msg="circuit breaker changed state" breaker=s3-put from=half-open to=closed cause="probes succeeded" requests=1 successes=1 failures=0 neutrals=0 consecutive_failures=0
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

// What the rule saw is logged with a change that it caused.
func TestLogOfAWindow(t *testing.T) {
	var log bytes.Buffer
	listen := LogTo(slog.New(slog.NewTextHandler(&log, nil)))
	b, _, _ := newTest(t, Config{FailureRate: FailureRate{Rate: 0.5, MinCalls: 2, Window: Window{Calls: 10}}, OpenFor: time.Minute}, WithListener(listen))
	_ = b.Run(succeed)
	_ = b.Run(fail)
	b.Isolate()
	b.Reset()
	want := `time=2026-01-01T00:00:00.000Z level=INFO msg="circuit breaker changed state" from=closed to=open cause="failure rate" requests=2 successes=1 failures=1 neutrals=0 consecutive_failures=1 window_calls=2 window_bad=1 retry_at=2026-01-01T00:01:00.000Z
time=2026-01-01T00:00:00.000Z level=INFO msg="circuit breaker changed state" from=open to=closed cause=manual
`
	if log.String() != want {
		t.Errorf("got\n%swant\n%s", &log, want)
	}
}

func TestLogStoreTo(t *testing.T) {
	var log bytes.Buffer
	listen := LogStoreTo(slog.New(slog.NewTextHandler(&log, nil)))
	at := newManualClock().Now()
	listen(StoreEvent{Time: at, Err: errAway})
	listen(StoreEvent{Time: at.Add(time.Minute)})
	want := `time=2026-01-01T00:00:00.000Z level=WARN msg="circuit breakers lost their store" error="connection refused"
time=2026-01-01T00:01:00.000Z level=INFO msg="circuit breakers have their store back"
`
	if log.String() != want {
		t.Errorf("got\n%swant\n%s", &log, want)
	}
}

// The default logger is looked up at the event, since programs set theirs late.
func TestLogToTheDefaultLogger(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	listen := LogTo(nil)
	var log bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	listen(Event{From: Open, To: HalfOpen, Cause: CauseOpenTime})
	if want := "level=INFO msg=\"circuit breaker changed state\" from=open to=half-open cause=\"open time over\"\n"; log.String() != want {
		t.Errorf("got %q, want %q", log.String(), want)
	}
}
