package breaker

import (
	"context"
	"log/slog"
	"time"
)

// LogTo returns a listener, for WithListener, that logs each change of state to l
// at INFO, with the message "circuit breaker changed state" and the attributes
//
//	breaker                  the name; none without WithName
//	from, to, cause          in words
//	requests, successes, failures, neutrals, consecutive_failures
//	                         of the stay that ended; none where that was open
//	window_calls, window_bad what the rule saw in its window, if such a rule opened it
//	retry_at                 when it is open, and not isolated: the first probe's time
//
// The record's time is the event's, so that a log under virtual time is the same on
// every run. A nil l is slog.Default, as it is at each event. Whatever error the
// handler returns is dropped, as slog's own methods do.
func LogTo(l *slog.Logger) func(Event) {
	return func(e Event) {
		write(l, e.Time, slog.LevelInfo, "circuit breaker changed state", e.attrs)
	}
}

// attrs are the attributes of LogTo.
func (e Event) attrs() []slog.Attr {
	var a []slog.Attr
	if e.Name != "" {
		a = append(a, slog.String("breaker", e.Name))
	}
	a = append(a, slog.String("from", e.From.String()), slog.String("to", e.To.String()), slog.String("cause", e.Cause.String()))
	if e.From != Open {
		a = append(a,
			slog.Uint64("requests", uint64(e.Counts.Requests)),
			slog.Uint64("successes", uint64(e.Counts.Successes)),
			slog.Uint64("failures", uint64(e.Counts.Failures)),
			slog.Uint64("neutrals", uint64(e.Counts.Neutrals)),
			slog.Uint64("consecutive_failures", uint64(e.Counts.ConsecutiveFailures)))
	}
	if e.Seen != (Seen{}) {
		a = append(a, slog.Uint64("window_calls", e.Seen.Calls), slog.Uint64("window_bad", e.Seen.Bad))
	}
	if !e.RetryAt.IsZero() {
		a = append(a, slog.Time("retry_at", e.RetryAt))
	}
	return a
}

// LogStoreTo returns a listener, for WithStoreListener, that logs to l when the store
// of shared breakers cannot be reached, at WARN as "circuit breakers lost their store"
// with the attribute error, and when it can again, at INFO as "circuit breakers have
// their store back". l and the record's time are as in LogTo.
func LogStoreTo(l *slog.Logger) func(StoreEvent) {
	return func(e StoreEvent) {
		if e.Err == nil {
			write(l, e.Time, slog.LevelInfo, "circuit breakers have their store back", func() []slog.Attr { return nil })
			return
		}
		write(l, e.Time, slog.LevelWarn, "circuit breakers lost their store", func() []slog.Attr {
			return []slog.Attr{slog.Any("error", e.Err)}
		})
	}
}

// write logs a record with a time of its own, if anybody wants it.
func write(l *slog.Logger, t time.Time, level slog.Level, message string, attrs func() []slog.Attr) {
	if l == nil {
		l = slog.Default()
	}
	ctx := context.Background()
	if !l.Enabled(ctx, level) {
		return
	}
	r := slog.NewRecord(t, level, message, 0)
	r.AddAttrs(attrs()...)
	_ = l.Handler().Handle(ctx, r)
}
