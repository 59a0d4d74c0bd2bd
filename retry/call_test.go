package retry_test

import (
	"context"
	"errors"
	"testing"
	"time"
	"unsafe"

	"github.com/squall-sim/squall/retry"
)

// told is one line of a timeline: at a time since the call began something is
// said to the call, which answers.
type told struct {
	at   time.Duration
	err  error // nil: the attempt succeeded
	u    float64
	want retry.Decision
}

func timeline(t *testing.T, r *retry.Retrier, call retry.Call, lines []told) retry.Call {
	t.Helper()
	for i, line := range lines {
		now := epoch.Add(line.at)
		if line.err == nil {
			call.Succeeded(now)
		} else if got := call.Failed(now, line.err, line.u); got != line.want {
			t.Errorf("line %d: %+v, want %+v", i, got, line.want)
		}
	}
	return call
}

func goOn(after time.Duration) retry.Decision { return retry.Decision{Retry: true, After: after} }

func stop(reason retry.Reason, after time.Duration) retry.Decision {
	return retry.Decision{Reason: reason, After: after}
}

// steady retries a few times after a second.
var steady = retry.Policy{Attempts: 4, Backoff: retry.Backoff{Base: time.Second, Multiplier: 1}}

// Policies of the timelines below.
var (
	limited = with(steady, func(p *retry.Policy) { p.Limit = 10 * s })
	hinted  = with(steady, func(p *retry.Policy) { p.Hint = retry.Hint{Mode: retry.HintRetryAfter, Max: 30 * s} })
	spread  = with(hinted, func(p *retry.Policy) {
		p.Jitter, p.Backoff.Cap = retry.Jitter{Kind: retry.JitterAdditiveClipped, Amount: s}, 20*s
	})
	atCap        = with(spread, func(p *retry.Policy) { p.Backoff.Base, p.Jitter.Amount = 20*s, 4*s })
	full         = with(spread, func(p *retry.Policy) { p.Jitter = retry.Jitter{Kind: retry.JitterFull} })
	amz          = with(steady, func(p *retry.Policy) { p.Hint = retry.Hint{Mode: retry.HintAmz} })
	decorrelated = retry.Policy{Attempts: 9, Backoff: retry.Backoff{Base: s, Cap: 20 * s},
		Jitter: retry.Jitter{Kind: retry.JitterDecorrelated}, Hint: retry.Hint{Mode: retry.HintRetryAfter}}
)

const s = time.Second

func with(p retry.Policy, change func(*retry.Policy)) retry.Policy {
	change(&p)
	return p
}

var timelines = []struct {
	name     string
	policy   retry.Policy
	deadline time.Duration // 0: none
	lines    []told
	attempts int
}{
	{"success at once", steady, 0, []told{{at: 1}}, 1},
	{"success later", steady, 0, []told{{0, errReset, 0, goOn(s)}, {s, errReset, 0, goOn(s)}, {at: 2 * s}}, 3},
	{"exhausted", steady, 0, []told{{0, errReset, 0, goOn(s)}, {0, errReset, 0, goOn(s)}, {0, errReset, 0, goOn(s)},
		{0, errReset, 0, stop(retry.Exhausted, 0)}}, 4},
	{"not retryable", steady, 0, []told{{0, errReset, 0, goOn(s)}, {0, answer(404, ""), 0, stop(retry.NotRetryable, 0)}}, 2},
	{"not retryable before exhausted", retry.None(), 0, []told{{0, answer(404, ""), 0, stop(retry.NotRetryable, 0)}}, 1},
	{"none", retry.None(), 0, []told{{0, errReset, 0, stop(retry.Exhausted, 0)}}, 1},
	{"rejected costs no attempt", steady, 0, []told{{0, errReset, 0, goOn(s)}, {s, rejection{5 * s}, 0, stop(retry.Rejected, 5*s)}}, 1},
	{"rejected at once", steady, 0, []told{{0, rejection{}, 0, stop(retry.Rejected, 0)}}, 0},
	{"an ended call keeps to it", steady, 0, []told{{0, answer(404, ""), 0, stop(retry.NotRetryable, 0)},
		{0, errReset, 0, stop(retry.NotRetryable, 0)}, {at: 1}}, 1},
	{"a call that succeeded stays so", steady, 0, []told{{at: 1}, {0, errReset, 0, stop(0, 0)}, {at: 2}}, 1},
	// Limit: an attempt may start strictly before it.
	{"limit", limited, 0, []told{{8 * s, errReset, 0, goOn(s)}, {9*s - 1, errReset, 0, goOn(s)}, {9 * s, errReset, 0, stop(retry.LimitReached, s)}}, 3},
	{"limit long gone", limited, 0, []told{{90 * s, errReset, 0, stop(retry.LimitReached, s)}}, 1},
	{"a clock that goes back", limited, 0, []told{{-time.Hour, errReset, 0, goOn(s)}, {9 * s, errReset, 0, stop(retry.LimitReached, s)}}, 2},
	{"exhausted before limit", with(steady, func(p *retry.Policy) { p.Attempts, p.Limit = 1, s }), 0,
		[]told{{s, errReset, 0, stop(retry.Exhausted, 0)}}, 1},
	// Deadline: likewise.
	{"deadline", steady, 3 * s, []told{{2*s - 1, errReset, 0, goOn(s)}, {2 * s, errReset, 0, stop(retry.DeadlineTooNear, s)}}, 2},
	{"deadline passed", steady, 3 * s, []told{{4 * s, errReset, 0, stop(retry.DeadlineTooNear, s)}}, 1},
	{"deadline before the call", steady, -s, []told{{0, errReset, 0, stop(retry.DeadlineTooNear, s)}}, 1},
	{"deadline nearer than limit", limited, 9 * s, []told{{9 * s, errReset, 0, stop(retry.DeadlineTooNear, s)}}, 1},
	{"limit nearer than deadline", limited, 11 * s, []told{{11 * s, errReset, 0, stop(retry.LimitReached, s)}}, 1},
	{"limit and deadline at one time", limited, 10 * s, []told{{9 * s, errReset, 0, stop(retry.DeadlineTooNear, s)}}, 1},
	{"limit only", limited, 11 * s, []told{{9 * s, errReset, 0, stop(retry.LimitReached, s)}}, 1},
	// Retry-After is a floor, the jitter comes on top.
	{"hint", hinted, 0, []told{{0, answer(429, "").waiting(7 * s), 0, goOn(7 * s)}}, 1},
	{"hint below the delay", hinted, 0, []told{{0, answer(429, "").waiting(0), 0, goOn(s)}}, 1},
	{"hint and jitter", spread, 0, []told{{0, answer(503, "").waiting(7 * s), 0.5, goOn(7*s + 500*ms)}}, 1},
	{"hint below and jitter", spread, 0, []told{{0, answer(503, "").waiting(s), 0.5, goOn(1500 * ms)}}, 1},
	{"hint above the cap", spread, 0, []told{{0, answer(503, "").waiting(25 * s), 0.5, goOn(25*s + 500*ms)}}, 1},
	{"hint below the delay at the cap", atCap, 0, []told{{0, answer(503, "").waiting(19 * s), 0.75, goOn(20 * s)}}, 1},
	{"hint and full jitter", full, 0, []told{{0, answer(503, "").waiting(7 * s), 0.5, goOn(7*s + 500*ms)}}, 1},
	{"hint of nothing and full jitter", full, 0, []told{{0, answer(503, "").waiting(0), 0.5, goOn(500 * ms)}}, 1},
	{"hint at the maximum", hinted, 0, []told{{0, answer(503, "").waiting(30 * s), 0, goOn(30 * s)}}, 1},
	{"hint above the maximum", hinted, 0, []told{{0, answer(503, "").waiting(30*s + 1), 0, stop(retry.ServerStop, 30*s+1)}}, 1},
	{"hint from a mark", hinted, 0, []told{{0, retry.After(errReset, 7*s), 0, goOn(7 * s)}}, 1},
	{"hint of the outermost error", hinted, 0, []told{{0, retry.After(answer(503, "").waiting(9*s), 7*s), 0, goOn(7 * s)}}, 1},
	{"hint ignored", steady, 0, []told{{0, answer(429, "").waiting(time.Hour), 0, goOn(s)}}, 1},
	{"hint of the longest time", with(steady, func(p *retry.Policy) {
		p.Hint.Mode = retry.HintRetryAfter
		p.Jitter = retry.Jitter{Kind: retry.JitterFull}
	}), 0,
		[]told{{0, answer(429, "").waiting(forever), 0.5, goOn(forever)}}, 1},
	{"hint past the deadline", hinted, 5 * s, []told{{0, answer(429, "").waiting(7 * s), 0, stop(retry.DeadlineTooNear, 7*s)}}, 1},
	{"amz hint", amz, 0, []told{{0, answer(503, "").amzWaiting(3 * s), 0, goOn(3 * s)}, {0, answer(503, "").amzWaiting(0), 0, goOn(s)},
		{0, answer(503, "").amzWaiting(time.Hour), 0, goOn(6 * s)}}, 3},
	{"amz hint above a maximum", with(steady, func(p *retry.Policy) { p.Hint = retry.Hint{Mode: retry.HintAmz, Max: s} }), 0,
		[]told{{0, answer(503, "").amzWaiting(2 * s), 0, stop(retry.ServerStop, 2*s)}}, 1},
	{"a hint does not feed the next delay", decorrelated, 0, []told{{0, answer(429, "").waiting(10 * s), 1, goOn(12 * s)},
		{0, errReset, 1, goOn(9 * s)}, {0, errReset, 1, goOn(20 * s)}, {0, errReset, 0, goOn(s)}}, 4},
}

func TestCall(t *testing.T) {
	for _, c := range timelines {
		t.Run(c.name, func(t *testing.T) {
			r := retry.Must(retry.New(c.policy))
			call := r.Begin(epoch)
			if c.deadline != 0 {
				call.SetDeadline(epoch.Add(c.deadline))
			}
			call = timeline(t, r, call, c.lines)
			if call.Attempts() != c.attempts {
				t.Errorf("%d attempts, want %d", call.Attempts(), c.attempts)
			}
		})
	}
}

func TestCallTimeout(t *testing.T) {
	for _, c := range []struct {
		timeout, limit, at, want time.Duration
		ok                       bool
	}{
		{0, 0, time.Hour, 0, false},
		{time.Second, 0, time.Hour, time.Second, true},
		{0, time.Minute, 50 * time.Second, 10 * time.Second, true},
		{time.Second, time.Minute, 50 * time.Second, time.Second, true},
		{20 * time.Second, time.Minute, 50 * time.Second, 10 * time.Second, true},
		{time.Second, time.Minute, time.Minute, 0, true},
		{time.Second, time.Minute, 2 * time.Minute, -time.Minute, true},
		{0, time.Minute, -time.Hour, time.Minute, true}, // a clock that went back
	} {
		call := retry.Must(retry.New(retry.Policy{Attempts: 1, AttemptTimeout: c.timeout, Limit: c.limit})).Begin(epoch)
		if d, ok := call.Timeout(epoch.Add(c.at)); d != c.want || ok != c.ok {
			t.Errorf("%+v: %v, %v", c, d, ok)
		}
	}
}

func TestCallCancel(t *testing.T) {
	var events []retry.Event
	r := retry.Must(retry.New(steady, retry.WithObserver(func(_ context.Context, e retry.Event) { events = append(events, e) })))
	cancelled := stop(retry.Cancelled, 0)

	call := r.Begin(epoch) // in an attempt
	if d := call.Cancel(epoch, context.Canceled); d != cancelled || call.Attempts() != 1 {
		t.Errorf("%+v after %d attempts", d, call.Attempts())
	}
	call = r.Begin(epoch) // while turned away
	if d := call.Cancel(epoch, rejection{}); d != cancelled || call.Attempts() != 0 {
		t.Errorf("%+v after %d attempts", d, call.Attempts())
	}
	call = r.Begin(epoch) // while waiting
	call.Failed(epoch, errReset, 0)
	if d := call.Cancel(epoch, nil); d != cancelled || call.Attempts() != 1 {
		t.Errorf("%+v after %d attempts", d, call.Attempts())
	}
	if d := call.Failed(epoch, errReset, 0); d != cancelled {
		t.Errorf("a cancelled call goes on: %+v", d)
	}
	call = r.Begin(epoch) // after its end
	call.Failed(epoch, answer(404, ""), 0)
	if d := call.Cancel(epoch, errReset); d.Reason != retry.NotRetryable || call.Attempts() != 1 {
		t.Errorf("%+v after %d attempts", d, call.Attempts())
	}
	if len(events) != 5 {
		t.Errorf("%d events, want one for each of 5 decisions", len(events))
	}
}

func TestObserver(t *testing.T) {
	var events []retry.Event
	seen := 0
	r := retry.Must(retry.New(retry.API(),
		retry.WithObserver(nil),
		retry.WithObserver(func(_ context.Context, e retry.Event) { events = append(events, e) }),
		retry.WithObserver(func(context.Context, retry.Event) { seen++ })))
	call := r.Begin(epoch)
	throttled := answer(429, "").waiting(3 * time.Second)
	call.Failed(epoch.Add(ms), throttled, 0.5)
	call.Succeeded(epoch.Add(4 * time.Second))
	want := []retry.Event{
		{Policy: "api", Time: epoch.Add(ms), Elapsed: ms, Attempts: 1, MaxAttempts: 3, Ended: 1, Around: 1, Err: throttled, Class: retry.Throttle,
			Decision: goOn(3250 * ms)},
		{Policy: "api", Time: epoch.Add(4 * time.Second), Elapsed: 4 * time.Second, Attempts: 2, MaxAttempts: 3, Ended: 1, Around: 1},
	}
	if len(events) != 2 || events[0] != want[0] || events[1] != want[1] {
		t.Errorf("got  %+v\nwant %+v", events, want)
	}
	if seen != 2 {
		t.Errorf("the second observer saw %d events", seen)
	}
}

// A simulator holds a million calls.
func TestCallIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(retry.Call{}); size > 72 {
		t.Errorf("a Call has %d bytes, want at most 72", size)
	}
	r := retry.Must(retry.New(retry.AWSStandard21()))
	sink := 0
	if n := testing.AllocsPerRun(100, func() {
		call := r.Begin(epoch)
		call.SetDeadline(epoch.Add(time.Hour))
		call.Timeout(epoch)
		for call.Failed(epoch, errWrapped, 0.5).Retry {
			sink++
		}
		call = r.Begin(epoch)
		call.Failed(epoch, errThrottled, 0.5)
		call.Succeeded(epoch)
	}); n != 0 {
		t.Errorf("%v allocations for two calls", n)
	}
}

func TestReasons(t *testing.T) {
	want := []string{"not retryable", "not idempotent", "attempts exhausted", "over budget", "rejected",
		"deadline too near", "limit reached", "server said stop", "cancelled", "stood down"}
	all := retry.Reasons()
	if len(all) != len(want) {
		t.Fatalf("%d reasons, want %d", len(all), len(want))
	}
	for i, r := range all {
		if r.String() != want[i] || r.Error() != "retry: "+want[i] {
			t.Errorf("%q, %q", r, r.Error())
		}
		var err error = &retry.Error{Reason: r}
		for _, other := range all {
			if errors.Is(err, other) != (other == r) {
				t.Errorf("errors.Is(%v, %v)", r, other)
			}
		}
	}
	if got := retry.Reason(0).String(); got != "not ended" {
		t.Errorf("the zero reason is %q", got)
	}
}

// Where the range of the jitter lies beyond the cap, a hint between the two is a
// floor all the same, and what is added to it stays below the cap.
func TestHintBeyondTheCap(t *testing.T) {
	p := with(hinted, func(p *retry.Policy) {
		p.Backoff = retry.Backoff{Base: s, Cap: 2 * s}
		p.Jitter = retry.Jitter{Kind: retry.JitterProportionClipped, Proportion: 0.5}
	})
	begun := retry.Must(retry.New(p)).Begin(epoch)
	begun.Failed(epoch, errReset, 0)
	begun.Failed(epoch, errReset, 0)
	for u, want := range map[float64]time.Duration{0: 3 * s, 0.5: 4 * s, 1: 5 * s} { // by itself 4 s ± 2 s, cut at 2 s
		call := begun
		if d := call.Failed(epoch, answer(503, "").waiting(3*s), u); d != goOn(want) {
			t.Errorf("with u=%v %+v, want %v", u, d, want)
		}
	}
}
