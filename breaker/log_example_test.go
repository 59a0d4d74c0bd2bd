package breaker_test

import (
	"log/slog"
	"os"
	"time"

	"github.com/squall-sim/squall/breaker"
)

func ExampleLogTo() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, nil))
	b, _ := breaker.New(breaker.Config{Failures: 1, OpenFor: 30 * time.Second},
		breaker.WithName("s3-put"), breaker.WithClock(newClock()), breaker.WithListener(breaker.LogTo(logger)))
	_ = b.Run(func() error { return errDown })
	// Output:
	// time=2026-01-01T12:00:00.000Z level=INFO msg="circuit breaker changed state" breaker=s3-put from=closed to=open cause="consecutive failures" requests=1 successes=0 failures=1 neutrals=0 consecutive_failures=1 retry_at=2026-01-01T12:00:30.000Z
}
