// Package retrylog writes the decisions of package retry to a log/slog logger.
//
//	log := retrylog.New(slog.Default(), retrylog.Levels{})
//	storage := retry.Must(retry.New(retry.S3(), retry.WithObserver(log)))
//
// Each retry is one record with the message "retry_attempt", each call that
// failed one with "retry_failed", and each call that succeeded after retries or
// hedges one with "retry_succeeded". A call that succeeds at once logs nothing.
package retrylog

import (
	"context"
	"errors"
	"log/slog"

	"github.com/squall-sim/squall/retry"
)

// Levels says at which level what is logged. The zero value has the defaults.
type Levels struct {
	Attempt   slog.Leveler // each retry, hedge and wait for a breaker; nil: INFO
	Failed    slog.Leveler // each call that failed; nil: ERROR
	Cancelled slog.Leveler // each call that its caller cancelled; nil: INFO
	Succeeded slog.Leveler // each call that succeeded, but not at once; nil: DEBUG
}

// New returns an observer that logs to l, with the context of the call; nil is
// slog.Default(), as it is now. It is as safe for concurrent use as l is.
//
// A retry has the attributes policy, attempt, max_attempts, delay, error and
// reason, where reason is the error's class ("rejected" while a breaker is
// waited for, "hedge" for an attempt beside those that run). A failure has
// policy, attempts, max_attempts, elapsed, error and reason, where reason is
// the [retry.Reason] in words.
func New(l *slog.Logger, at Levels) retry.Observer {
	if l == nil {
		l = slog.Default()
	}
	attempt, failed := level(at.Attempt, slog.LevelInfo), level(at.Failed, slog.LevelError)
	cancelled, succeeded := level(at.Cancelled, slog.LevelInfo), level(at.Succeeded, slog.LevelDebug)
	return func(ctx context.Context, e retry.Event) {
		switch {
		case e.Decision.Retry:
			retried(ctx, l, attempt.Level(), &e)
		case e.Hedge || e.Running > 0 && e.Err != nil:
			// a hedge that was not sent, or a failure that others make up for
		case e.Decision.Reason == retry.Cancelled:
			ended(ctx, l, cancelled.Level(), "retry_failed", &e)
		case e.Decision.Reason != 0:
			ended(ctx, l, failed.Level(), "retry_failed", &e)
		case e.Attempts > 1:
			ended(ctx, l, succeeded.Level(), "retry_succeeded", &e)
		}
	}
}

func level(l, or slog.Leveler) slog.Leveler {
	if l == nil {
		return or
	}
	return l
}

func retried(ctx context.Context, l *slog.Logger, at slog.Level, e *retry.Event) {
	if !l.Enabled(ctx, at) {
		return
	}
	reason := e.Class.String()
	var turnedAway interface{ Rejected() bool }
	switch {
	case e.Hedge:
		reason = "hedge"
	case errors.As(e.Err, &turnedAway) && turnedAway.Rejected():
		reason = retry.Rejected.String()
	}
	l.LogAttrs(ctx, at, "retry_attempt",
		slog.String("policy", e.Policy), slog.Int("attempt", e.Attempts), slog.Int("max_attempts", e.MaxAttempts),
		slog.Duration("delay", e.Decision.After), slog.Any("error", e.Err), slog.String("reason", reason))
}

func ended(ctx context.Context, l *slog.Logger, at slog.Level, message string, e *retry.Event) {
	if !l.Enabled(ctx, at) {
		return
	}
	attrs := []slog.Attr{slog.String("policy", e.Policy), slog.Int("attempts", e.Attempts),
		slog.Int("max_attempts", e.MaxAttempts), slog.Duration("elapsed", e.Elapsed)}
	if e.Decision.Reason != 0 {
		attrs = append(attrs, slog.Any("error", e.Err), slog.String("reason", e.Decision.Reason.String()))
	}
	l.LogAttrs(ctx, at, message, attrs...)
}
