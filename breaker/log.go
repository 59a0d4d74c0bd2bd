package breaker

import (
	"context"
	"log/slog"
)

// LogTo returns a listener, for WithListener, that logs each change of state to l
// at INFO, with the message "circuit breaker changed state" and the attributes
// breaker (the name; none without WithName), from, to, and requests, successes,
// failures, neutrals and consecutive_failures of the stay that ended; the counts
// are left out where From is Open, which has none. The record's time is the
// event's, so that a log under virtual time is the same on every run. A nil l is
// slog.Default, as it is at each event. Whatever error the handler returns is
// dropped, as slog's own methods do.
func LogTo(l *slog.Logger) func(Event) {
	return func(e Event) {
		to := l
		if to == nil {
			to = slog.Default()
		}
		ctx := context.Background()
		if !to.Enabled(ctx, slog.LevelInfo) {
			return
		}
		r := slog.NewRecord(e.Time, slog.LevelInfo, "circuit breaker changed state", 0)
		if e.Name != "" {
			r.AddAttrs(slog.String("breaker", e.Name))
		}
		r.AddAttrs(slog.String("from", e.From.String()), slog.String("to", e.To.String()))
		if e.From != Open {
			r.AddAttrs(
				slog.Uint64("requests", uint64(e.Counts.Requests)),
				slog.Uint64("successes", uint64(e.Counts.Successes)),
				slog.Uint64("failures", uint64(e.Counts.Failures)),
				slog.Uint64("neutrals", uint64(e.Counts.Neutrals)),
				slog.Uint64("consecutive_failures", uint64(e.Counts.ConsecutiveFailures)))
		}
		_ = to.Handler().Handle(ctx, r)
	}
}
