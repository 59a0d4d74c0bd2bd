package retry_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// The vectors of aws-sdk-go-v2@v1.48.0, aws/retry/
// adaptive_ratelimit_test.go (TestAdaptiveRateLimit_Update), which are
// botocore's, too: milliseconds, whether throttled, and the rates after it.
var adaptiveVectors = []struct {
	at             int64
	throttled      bool
	measured, fill float64
}{
	{200, false, 0, 0.5}, {400, false, 0, 0.5}, {600, false, 4.8, 0.5}, {800, false, 4.8, 0.5}, {1000, false, 4.16, 0.5},
	{1200, false, 4.16, 0.6912}, {1400, false, 4.16, 1.0976}, {1600, false, 5.632, 1.6384}, {1800, false, 5.632, 2.3328},
	{2000, true, 4.3264, 3.02848}, {2200, false, 4.3264, 3.4866391734702598}, {2400, false, 4.3264, 3.8218744160402554},
	{2600, false, 5.665280, 4.053385727709987}, {2800, false, 5.665280, 4.200373108479455}, {3000, false, 4.333056, 4.282036558348658},
	{3200, true, 4.333056, 2.99742559084406}, {3400, false, 4.333056, 3.4522263943863463},
}

func TestAdaptiveLimiterVectors(t *testing.T) {
	l := retry.NewAdaptiveLimiter()
	l.Acquire(time.UnixMilli(0), 0)
	enabled := false
	for _, v := range adaptiveVectors {
		class := retry.Unknown
		if v.throttled {
			class, enabled = retry.Throttle, true
		}
		l.Done(time.UnixMilli(v.at), class)
		measured, fill := l.Rate()
		if !enabled {
			v.fill = 0 // not told before it is in force
		}
		if math.Abs(measured-v.measured) > 1e-12 || math.Abs(fill-v.fill) > 1e-12 {
			t.Errorf("at %d ms: measured %v, fill %v, want %v, %v", v.at, measured, fill, v.measured, v.fill)
		}
	}
}

// A caller that waits as told gets its token, and the rate is kept to.
func TestAdaptiveLimiterWaits(t *testing.T) {
	l := retry.NewAdaptiveLimiter()
	now := epoch
	for range 20 { // 10 a second
		if _, ok := l.Acquire(now, 0); !ok {
			t.Fatal("held back before the first throttling error")
		}
		now = now.Add(100 * ms)
		l.Done(now, retry.Transient)
	}
	l.Done(now, retry.Throttle)
	for range 50 {
		wait, ok := l.Acquire(now, 0)
		if !ok {
			if _, fill := l.Rate(); wait <= 0 || wait > time.Duration(1e9/fill)+1 {
				t.Fatalf("a wait of %v at %v a second", wait, fill)
			}
			now = now.Add(wait)
			if _, ok = l.Acquire(now, 0); !ok {
				t.Fatal("waited in vain")
			}
		}
		l.Done(now, retry.Throttle)
	}
	if _, fill := l.Rate(); fill != 0.5 {
		t.Errorf("throttled all the way the rate is %v, want the least, 0.5", fill)
	}
}

// A backend that accepts 10 a second is sent about K times that, and nothing
// is turned away once it is well and the history is gone.
func TestAdaptiveThrottle(t *testing.T) {
	th, err := retry.NewAdaptiveThrottle(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	sent, u, slot, left := 0, 0.0, -1, 0
	const rate, seconds = 200, 600
	for i := range rate * seconds {
		now := epoch.Add(time.Duration(i) * time.Second / rate)
		if n := i / (rate / 10); n != slot {
			slot, left = n, 1 // one accepted in each tenth of a second
		}
		u = math.Mod(u+math.Phi, 1)
		if _, ok := th.Acquire(now, u); !ok {
			continue
		}
		if i >= rate*seconds/2 {
			sent++
		}
		class := retry.Throttle
		if left > 0 {
			left, class = left-1, retry.Unknown
		}
		th.Done(now, class)
	}
	if perSecond := float64(sent) / (seconds / 2); perSecond < 15 || perSecond > 25 {
		t.Errorf("%.1f a second are sent, want about 20", perSecond)
	}
	now := epoch.Add(seconds * time.Second)
	if p := th.Rejects(now); p < 0.8 {
		t.Errorf("turns away %.2f in overload, want about 0.9", p)
	}
	if p := th.Rejects(now.Add(3 * time.Minute)); p != 0 {
		t.Errorf("turns away %.2f without a history", p)
	}
	if _, err := retry.NewAdaptiveThrottle(0.5, time.Millisecond); err == nil {
		t.Error("a K below 1 and a window of 1 ms are valid")
	}
}

// turnstile is a limiter that answers from a list.
type turnstile struct {
	waits []time.Duration // 0: let through; negative: turned away
	done  []retry.Class
}

func (g *turnstile) Acquire(time.Time, float64) (time.Duration, bool) {
	w := g.waits[0]
	g.waits = g.waits[1:]
	return max(w, 0), w == 0
}

func (g *turnstile) Done(_ time.Time, class retry.Class) { g.done = append(g.done, class) }

func TestDoAsksTheLimiter(t *testing.T) {
	clock := newClock()
	g := &turnstile{waits: []time.Duration{3 * s, 2 * s, 0, -1}}
	r := retry.Must(retry.New(steady, retry.WithClock(clock), retry.WithLimiter(g)))
	_, err := retry.Do(context.Background(), r, clock.op(failing(0, errReset)))
	var e *retry.Error
	if !errors.As(err, &e) || e.Reason != retry.Rejected || e.Attempts != 1 || !errors.Is(err, errReset) || clock.now.Sub(epoch) != 6*s {
		t.Errorf("%v after %v", err, clock.now.Sub(epoch))
	}
	var held retry.HeldBackError
	if !errors.As(err, &held) || held.Retryable() || len(g.done) != 1 || g.done[0] != retry.Transient {
		t.Errorf("%v, told %v", err, g.done)
	}
	// A wait that cannot fit ends the call now.
	limited := with(steady, func(p *retry.Policy) { p.Limit = s })
	r = retry.Must(retry.New(limited, retry.WithClock(newClock()), retry.WithLimiter(&turnstile{waits: []time.Duration{2 * s}})))
	if _, err = retry.Do(context.Background(), r, succeed); !errors.Is(err, retry.LimitReached) {
		t.Errorf("got %v", err)
	}
	// By hand.
	call := retry.Must(retry.New(steady, retry.WithLimiter(&turnstile{waits: []time.Duration{s, 0, -1}}))).Begin(epoch)
	for i, want := range []retry.Decision{goOn(s), goOn(0), stop(retry.Rejected, 0), stop(retry.Rejected, 0)} {
		if got := call.Admit(epoch, 0); got != want {
			t.Errorf("step %d: %+v, want %+v", i, got, want)
		}
	}
	call = retry.Must(retry.New(steady)).Begin(epoch)
	if d := call.Admit(epoch, 0); d != goOn(0) {
		t.Errorf("without a limiter: %+v", d)
	}
}

func TestPace(t *testing.T) {
	if l, err := (retry.Pace{}).New(); l != nil || err != nil {
		t.Errorf("no pace: %v, %v", l, err)
	}
	for _, kind := range []retry.PaceKind{retry.PaceAWS, retry.PaceSRE} {
		r := retry.Must(retry.New(retry.Policy{Attempts: 2, Pace: retry.Pace{Kind: kind}}))
		if r.Limiter() == nil || r.Policy().String() == "" {
			t.Errorf("%v: no limiter", kind)
		}
		if _, err := retry.Do(context.Background(), r, succeed); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []retry.Pace{{Kind: 9}, {Kind: retry.PaceSRE, K: math.NaN()}, {Kind: retry.PaceSRE, Window: 1}} {
		if _, err := bad.New(); err == nil {
			t.Errorf("%+v is valid", bad)
		}
	}
}
