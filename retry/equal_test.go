package retry_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// world is everything that a call can depend on.
type world struct {
	policy   retry.Policy
	deadline time.Duration // of the caller; 0: none
	script   []step        // of the operation
	draws    []float64     // by attempt
	around   bool          // inside two other calls, in the third attempt of one and the second of the other
	yields   bool          // stands down there
	wait     retry.BreakerWait
}

func (w *world) Draw(attempt int) float64 { return w.draws[attempt-1] }

// line is an event in comparable form.
type line struct {
	at, elapsed time.Duration
	attempts    int
	depth       [2]int
	err         string
	class       retry.Class
	decision    retry.Decision
}

// trace is what an observer saw.
type trace []line

func (tr *trace) observe(_ context.Context, e retry.Event) {
	text := ""
	if e.Err != nil {
		text = e.Err.Error()
	}
	*tr = append(*tr, line{e.Time.Sub(epoch), e.Elapsed, e.Attempts, [2]int{e.Depth, e.Around}, text, e.Class, e.Decision})
}

func (w *world) retrier(clock *virtual, tr *trace) *retry.Retrier {
	opts := []retry.Option{retry.WithClock(clock), retry.WithChance(w), retry.WithObserver(tr.observe), retry.WithBreakerWait(w.wait)}
	if w.yields {
		opts = append(opts, retry.WithStandDown())
	}
	return retry.Must(retry.New(w.policy, opts...))
}

// ancestry is where the call stands.
func (w *world) ancestry() retry.Ancestry {
	if !w.around {
		return retry.Ancestry{}
	}
	return retry.Ancestry{Depth: 2, Attempts: 6}
}

func (w *world) context(clock *virtual) context.Context {
	ctx := context.Background()
	if w.deadline != 0 {
		ctx, _ = clock.WithTimeout(ctx, w.deadline)
	}
	if w.around {
		for _, failures := range []int{2, 1} {
			call := retry.Must(retry.New(quick)).Begin(epoch)
			for range failures {
				call.Failed(epoch, errReset, 0)
			}
			ctx = call.Context(ctx)
		}
	}
	return ctx
}

// byDo runs the call as a service does.
func (w *world) byDo() (trace, time.Time, bool) {
	var tr trace
	clock := newClock()
	_, err := retry.Do(w.context(clock), w.retrier(clock, &tr), clock.op(w.script))
	return tr, clock.now, err == nil
}

// byHand runs the call as a simulator does: nothing sleeps, the time is a number.
func (w *world) byHand() (trace, time.Time, bool) {
	var tr trace
	r := w.retrier(nil, &tr)
	now := epoch
	call := r.Begin(now)
	call.SetAncestry(w.ancestry())
	end := now.Add(forever)
	if w.deadline != 0 {
		end = now.Add(w.deadline)
		call.SetDeadline(end)
	}
	for attempt := 1; ; attempt++ {
		s := w.script[min(attempt, len(w.script))-1]
		done, err := now.Add(s.takes), s.err
		if d, ok := call.Timeout(now); ok && d < s.takes { // the attempt is cut
			done, err = now.Add(d), &retry.TimeoutError{After: d, Err: context.DeadlineExceeded}
		} else if ok && d == s.takes && err != nil {
			err = &retry.TimeoutError{After: d, Err: err} // both at one instant
		}
		if end.Before(done) { // the caller is gone
			call.Cancel(end, context.DeadlineExceeded)
			return tr, end, false
		}
		now = done
		if err == nil {
			call.Succeeded(now)
			return tr, now, true
		}
		if now.Equal(end) {
			call.Cancel(now, err)
			return tr, now, false
		}
		d := call.Failed(now, err, w.draws[call.Attempts()])
		if !d.Retry {
			return tr, now, false
		}
		now = now.Add(d.After)
	}
}

// anyWorld returns a world in which anything may happen.
func anyWorld(rnd *rand.Rand) *world {
	between := func(a, b time.Duration) time.Duration { return a + time.Duration(rnd.Int64N(int64(b-a))) }
	maybe := func(d time.Duration) time.Duration {
		if rnd.IntN(2) == 0 {
			return 0
		}
		return d
	}
	w := &world{policy: retry.Policy{
		Name: "any", Attempts: 1 + rnd.IntN(7),
		Backoff: retry.Backoff{Base: maybe(between(1, time.Second)), Multiplier: 1 + 2*rnd.Float64(), ThrottleBase: maybe(between(1, 2*time.Second))},
		Jitter: retry.Jitter{Kind: retry.JitterKind(rnd.IntN(len(retry.JitterKinds()))),
			Amount: between(1, time.Second), Proportion: 0.5},
		AttemptTimeout: maybe(between(ms, time.Second)), Limit: maybe(between(ms, 10*time.Second)),
		Classifier: retry.Classifiers()[rnd.IntN(3)],
		Hint:       retry.Hint{Mode: retry.HintMode(rnd.IntN(3)), Max: maybe(between(1, 5*time.Second))},
	}}
	w.policy.Backoff.Cap = maybe(between(time.Second, 5*time.Second))
	if rnd.IntN(2) == 0 {
		w.policy.Quota = retry.Quota{Capacity: 10 + rnd.IntN(40), Cost: 10, ThrottleCost: 3, TimeoutCost: rnd.IntN(20), Reward: 1}
	}
	w.deadline = maybe(between(ms, 10*time.Second))
	w.around, w.yields = rnd.IntN(4) == 0, rnd.IntN(2) == 0
	w.wait = retry.BreakerWait{Times: rnd.IntN(3), Max: maybe(between(1, 3*time.Second))}
	errs := []error{nil, errReset, errThrottled, errWrapped, answer(500, ""), answer(404, ""), errors.New("plain"), rejection{time.Second},
		answer(429, "").waiting(between(0, 8*time.Second)), answer(503, "").amzWaiting(between(0, 8*time.Second)),
		context.Canceled, retry.Permanent(errReset), once{errReset, false}, retry.After(errReset, between(0, time.Second))}
	for range 1 + rnd.IntN(7) {
		err := errs[rnd.IntN(len(errs))]
		if rnd.IntN(3) > 0 {
			err = errs[1+rnd.IntN(4)] // mostly something to retry
		}
		w.script = append(w.script, step{maybe(between(0, 1500*ms)), err})
	}
	for range w.policy.Attempts {
		w.draws = append(w.draws, rnd.Float64())
	}
	return w
}

// The step machine driven by hand and Do under a virtual clock are one thing:
// same decisions, same times, same events, over thousands of random worlds.
func TestStepMachineEqualsDo(t *testing.T) {
	worlds := 20_000
	if testing.Short() {
		worlds = 2_000
	}
	reasons := map[retry.Reason]int{}
	for seed := range worlds {
		w := anyWorld(rand.New(rand.NewPCG(10, uint64(seed))))
		byDo, doEnd, doOK := w.byDo()
		byHand, handEnd, handOK := w.byHand()
		if fmt.Sprint(byDo) != fmt.Sprint(byHand) || !doEnd.Equal(handEnd) || doOK != handOK {
			t.Fatalf("seed %d: %v, deadline %v, script %v\nDo   %v %v %+v\nhand %v %v %+v", seed, w.policy, w.deadline, w.script,
				doOK, doEnd.Sub(epoch), byDo, handOK, handEnd.Sub(epoch), byHand)
		}
		reasons[byDo[len(byDo)-1].decision.Reason]++
		w.checkTrace(t, seed, byDo)
	}
	for _, r := range append(retry.Reasons(), 0) {
		if reasons[r] < worlds/200 {
			t.Errorf("only %d of %d worlds ended with %v: the test sees too little", reasons[r], worlds, r)
		}
	}
}

// checkTrace holds what every call keeps to, whatever its policy.
func (w *world) checkTrace(t *testing.T, seed int, tr trace) {
	t.Helper()
	for i, l := range tr {
		last := i == len(tr)-1
		switch {
		case l.decision.Retry == last:
			t.Errorf("seed %d: decision %d of %d: %+v", seed, i, len(tr), l.decision)
		case l.attempts > w.policy.Attempts:
			t.Errorf("seed %d: %d attempts of %d", seed, l.attempts, w.policy.Attempts)
		case l.decision.Retry && w.policy.Limit > 0 && l.elapsed+l.decision.After >= w.policy.Limit:
			t.Errorf("seed %d: an attempt starts at %v, the limit is %v", seed, l.elapsed+l.decision.After, w.policy.Limit)
		case l.decision.Retry && w.deadline > 0 && l.at+l.decision.After >= w.deadline:
			t.Errorf("seed %d: an attempt starts at %v, the deadline is %v", seed, l.at+l.decision.After, w.deadline)
		case l.decision.After < 0:
			t.Errorf("seed %d: waits %v", seed, l.decision.After)
		}
	}
}
