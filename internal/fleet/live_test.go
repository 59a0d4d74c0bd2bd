package fleet

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
)

// refusing is a live world, in a bubble's time, in which every attempt fails after took.
// Its timers that are due when the load ends are late.
type refusing struct {
	retry.Clock
	began time.Time
	took  time.Duration
	late  time.Duration
}

func (r *refusing) Begin() error { r.began = r.Now(); return nil }

func (r *refusing) Ensure(string, int64) error { return nil }

func (r *refusing) Seen() Witness { return Witness{} }

func (r *refusing) Do(ctx context.Context, c *LiveCall) error {
	_, err := retry.Do(ctx, c.Retrier, func(ctx context.Context) (int, error) {
		return breaker.Execute(c.Breaker, func() (int, error) {
			c.Sent()
			err := r.Sleep(ctx, r.took)
			if err == nil {
				err = errors.New("refused")
			}
			c.Answered(err)
			return 0, err
		})
	})
	return err
}

func (r *refusing) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if r.Now().Add(d).Sub(r.began) >= loadOfLive {
		d += r.late
	}
	return r.Clock.WithTimeout(ctx, d)
}

const loadOfLive = 10 * time.Second

// A run ends with its last call, or with its load, and not when its loop wakes: else a
// breaker would be open for longer than anybody could call.
func TestLiveEndsWithItsLastCall(t *testing.T) {
	for name, c := range map[string]struct {
		took, late, slow time.Duration // of a call; the timers; the loop after the load's end
		interrupt        time.Duration
		opened, end      time.Duration
	}{
		"in time":            {took: time.Second, opened: 8 * time.Second, end: 10 * time.Second},
		"late":               {took: time.Second, late: 30 * time.Second, opened: 8 * time.Second, end: 10 * time.Second},
		"later than drained": {took: time.Second, late: time.Hour, opened: 8 * time.Second, end: 10 * time.Second},
		"drained":            {took: 14 * time.Second, slow: 30 * time.Second, opened: 0, end: 15 * time.Second},
		"given up":           {took: time.Hour, opened: 0, end: loadOfLive + DefaultDrain},
		"interrupted":        {took: time.Second, interrupt: 5 * time.Second, opened: 3 * time.Second, end: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := steady(1)
				cfg.Mode, cfg.Plan.Phases[0].For = InLive, loadOfLive
				cfg.Load = Load{Model: Replay, Clients: 1, Mix: []Op{{Name: "PutObject", Weight: 1}}, Trace: []Arrival{{At: time.Second, Key: "a"}}}
				cfg.Policy.Breaker = &breaker.Config{Failures: 1, OpenFor: time.Hour}
				ctx := t.Context()
				if c.interrupt > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.interrupt)
					defer cancel()
				}
				by := &refusing{Clock: retry.SystemClock(), took: c.took, late: c.late}
				res, err := PlayLive(ctx, cfg, by, func(now time.Duration) {
					if now >= loadOfLive {
						_ = by.Sleep(context.Background(), c.slow)
					}
				})
				if interrupted := errors.Is(err, context.DeadlineExceeded); interrupted != (c.interrupt > 0) || err != nil && !interrupted {
					t.Fatal(err)
				}
				if got := time.Duration(res.Report().Breakers.OpenNS); got != c.opened || res.end != c.end {
					t.Errorf("open for %v until %v, want %v until %v", got, res.end, c.opened, c.end)
				}
			})
		})
	}
}
