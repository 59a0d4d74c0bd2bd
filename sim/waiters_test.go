package sim

import (
	"context"
	"testing"
	"time"
)

// A context that lives long keeps nothing of those below it that have ended.
func TestLongContext(t *testing.T) {
	clock := NewLoop().Clock(time.Time{})
	long, cancel := clock.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	kept, stop := clock.WithTimeout(long, time.Minute)
	defer stop()
	for range 10_000 {
		_, cancel := clock.WithTimeout(long, time.Minute)
		cancel()
	}
	if n := len(long.(*timed).waiters.all); n > 4 {
		t.Errorf("%d waiters for one context", n)
	}
	cancel()
	if kept.Err() == nil {
		t.Error("the one that was left did not hear of the end")
	}
}
