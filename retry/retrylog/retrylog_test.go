package retrylog_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retrylog"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func plain(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func ExampleNew() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: plain}))
	r := retry.Must(retry.New(retry.Policy{Name: "steady", Attempts: 2, Backoff: retry.Backoff{Base: time.Second}},
		retry.WithObserver(retrylog.New(logger, retrylog.Levels{}))))
	call := r.Begin(epoch)
	call.Failed(epoch, retry.Retryable(errors.New("busy")), 0)
	call.Failed(epoch.Add(time.Second), retry.Retryable(errors.New("still busy")), 0)
	// Output:
	// level=INFO msg=retry_attempt policy=steady attempt=1 max_attempts=2 delay=1s error=busy reason=transient
	// level=ERROR msg=retry_failed policy=steady attempts=2 max_attempts=2 elapsed=1s error="still busy" reason="attempts exhausted"
}

type open struct{}

func (open) Error() string                     { return "open" }
func (open) Rejected() bool                    { return true }
func (open) RetryAfter() (time.Duration, bool) { return time.Second, true }

func TestEvents(t *testing.T) {
	busy := retry.Retryable(errors.New("busy"))
	for _, c := range []struct {
		name string
		min  slog.Level
		run  func(c *retry.Call)
		want string
	}{
		{"success at once", slog.LevelDebug, func(c *retry.Call) { c.Succeeded(epoch) }, ""},
		{"success later", slog.LevelDebug, func(c *retry.Call) { c.Failed(epoch, busy, 0); c.Succeeded(epoch) },
			"level=INFO msg=retry_attempt policy=p attempt=1 max_attempts=3 delay=1s error=busy reason=transient\n" +
				"level=DEBUG msg=retry_succeeded policy=p attempts=2 max_attempts=3 elapsed=0s\n"},
		{"breaker", slog.LevelInfo, func(c *retry.Call) { c.Failed(epoch, open{}, 0) },
			"level=INFO msg=retry_attempt policy=p attempt=0 max_attempts=3 delay=1s error=open reason=rejected\n"},
		{"hedge", slog.LevelInfo, func(c *retry.Call) { c.Hedge(epoch, 1, 0); c.Lost(epoch, busy, 1) },
			"level=INFO msg=retry_attempt policy=p attempt=0 max_attempts=3 delay=0s error=<nil> reason=hedge\n"},
		{"cancelled", slog.LevelInfo, func(c *retry.Call) { c.Cancel(epoch, context.Canceled) },
			"level=INFO msg=retry_failed policy=p attempts=1 max_attempts=3 elapsed=0s error=\"context canceled\" reason=cancelled\n"},
		{"below the level", slog.LevelError + 1, func(c *retry.Call) { c.Failed(epoch, busy, 0); c.Failed(epoch, errors.New("x"), 0) }, ""},
	} {
		var out bytes.Buffer
		l := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: c.min, ReplaceAttr: plain}))
		call := retry.Must(retry.New(retry.Policy{Name: "p", Attempts: 3, Backoff: retry.Backoff{Base: time.Second}},
			retry.WithHedging(retry.Hedging{MaxInFlight: 2}), retry.WithBreakerWait(retry.BreakerWait{Times: 1}),
			retry.WithObserver(retrylog.New(l, retrylog.Levels{})))).Begin(epoch)
		c.run(&call)
		if out.String() != c.want {
			t.Errorf("%s:\ngot  %swant %s", c.name, out.String(), c.want)
		}
	}
	if retrylog.New(nil, retrylog.Levels{Failed: slog.LevelWarn}) == nil {
		t.Error("no observer on the default logger")
	}
}
