package retry

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Hedge is [Do] for calls whose slowest attempts are worth a second one beside
// them. Where [WithHedging] says so, an attempt that has not ended after the
// delay gets company; the first success is the call's, the other attempts are
// cancelled through their contexts.
//
// Only call Hedge for what may happen twice at the same time: reads, and writes
// that are idempotent. Nothing is ever hedged that is not called through Hedge
// and with WithHedging: both are the caller's word.
//
// Hedges are attempts: the policy's Attempts bound them together with the
// retries, the budget is charged for them, and once it refuses, or a breaker
// turned one away, the attempts that run are left to it. An attempt that fails
// while others run leaves the decision to them; if all have failed, the call
// retries or ends as the last error says. An error that is not worth another
// attempt ends the call at once.
//
// Each attempt runs in a goroutine of its own (or in what a clock that is a [Spawner] has
// in its place), under a context of its own that ends when Hedge returns, at the latest: what op returns must not depend on it.
// Hedge does not wait for attempts that have lost. Their goroutines end as
// soon as op does, at once if it heeds its context; discard, where it is not
// nil, is called with what a loser returned without an error, in the loser's
// goroutine or in the caller's, so that it can be closed.
//
// A panic in an attempt becomes a panic of Hedge, with a [*PanicError] that has
// the attempt's stack, and runtime.Goexit is passed on too. A panic in an
// attempt that had lost has no caller to go to, and ends the program as in any
// goroutine.
func Hedge[T any](ctx context.Context, r *Retrier, op func(context.Context) (T, error), discard func(T)) (T, error) {
	if r.hedging.MaxInFlight < 2 {
		return Do(ctx, r, op)
	}
	var zero T
	h := newRace(ctx, r, op, discard)
	if ctx.Err() != nil {
		return zero, h.call.abandon(ctx, nil, nil)
	}
	defer h.finish()
	for {
		if r.limiter != nil {
			if end := h.call.queue(ctx, h.last); end != nil {
				return zero, end
			}
		}
		v, err := h.round()
		if h.running > 0 { // they have lost
			h.call.Abandon(r.timeOrZero(), h.running)
		}
		if err == nil {
			h.call.settle(ctx)
			return v, nil
		}
		reached := h.call.failures
		if end := h.call.next(ctx, err, h.last); end != nil {
			return zero, end
		}
		if h.call.failures > reached {
			h.last = err
		}
	}
}

// PanicError is what [Hedge] panics with when an attempt did.
type PanicError struct {
	Value any    // what the attempt panicked with
	Stack []byte // of the attempt's goroutine, as debug.Stack has it
}

// Error returns the value and the attempt's stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("retry: panic in an attempt: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// outcome is how an attempt ended.
type outcome[T any] struct {
	v        T
	err      error
	first    bool // of its round
	panicked *PanicError
	exited   bool // runtime.Goexit
}

// race is one call of Hedge. All but the fields below mu belongs to the
// caller's goroutine.
type race[T any] struct {
	ctx     context.Context // the caller's
	base    context.Context // of the attempts and the timer
	cancel  context.CancelFunc
	r       *Retrier
	op      func(context.Context) (T, error)
	discard func(T)

	call    Call
	last    error // of the attempt before
	running int
	began   time.Time // when the round's first attempt began; zero: not running, or nobody asks
	enough  bool      // no more hedges in this round
	timer   int       // the one that is under way; 0: none
	timers  int       // that were started so far
	disarm  context.CancelFunc
	spawn   func(func())                // starts what runs beside the caller
	wait    func(context.Context) error // until notify was called
	notify  func()

	mu    sync.Mutex
	ended []outcome[T] // and not taken yet
	rung  int          // the last timer that has rung
	over  bool         // nobody reads ended any more
}

func newRace[T any](ctx context.Context, r *Retrier, op func(context.Context) (T, error), discard func(T)) *race[T] {
	h := &race[T]{ctx: ctx, r: r, op: op, discard: discard, call: r.Begin(r.start())}
	h.call.SetAncestry(AncestryOf(ctx))
	h.base, h.cancel = context.WithCancel(ctx)
	s := r.spawner()
	h.spawn = s.Go
	h.wait, h.notify = s.Signal()
	return h
}

// round makes one attempt, and hedges for it. It returns the first success, or
// the error that is to be decided on: that of the last attempt that ran, or
// one that is not worth another attempt.
func (h *race[T]) round() (T, error) {
	if h.r.latencies != nil {
		h.began = h.r.now()
	}
	h.enough = false
	h.start(true)
	h.arm()
	defer h.stopTimer()
	for {
		if h.ctx.Err() != nil {
			return h.left()
		}
		o, ended, rung := h.news()
		switch {
		case ended:
			h.running--
			if done, err := h.take(o); done {
				return o.v, err
			}
		case rung:
			h.stopTimer()
			if h.call.hedge(h.ctx, h.hedgeTime(), h.running, h.hedgeDraw()).Retry {
				h.start(false)
				h.arm()
			} else {
				h.enough = true
			}
		default:
			_ = h.wait(h.ctx) // ctx's error is looked at above
		}
	}
}

// news takes an attempt that has ended, if there is one, and tells whether the timer has
// rung.
func (h *race[T]) news() (o outcome[T], ended, rung bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ended) > 0 {
		o = h.ended[0]
		h.ended = append(h.ended[:0], h.ended[1:]...)
		return o, true, false
	}
	return o, false, h.timer != 0 && h.rung == h.timer
}

// hedgeTime is the time to decide on a hedge at.
func (h *race[T]) hedgeTime() time.Time {
	if t, ok := h.ctx.Deadline(); ok {
		now := h.r.now()
		if !h.r.stopwatch && h.call.start.IsZero() {
			h.call.start = now
		}
		h.call.SetDeadline(t)
		return now
	}
	return h.r.timeOrZero()
}

// hedgeDraw is a draw for the limiter.
func (h *race[T]) hedgeDraw() float64 {
	if h.r.limiter == nil {
		return 0
	}
	return unit(h.r.chance.Draw(-int(h.call.failures) - h.running - 1))
}

// take judges an attempt that ended; done says that the round has, too.
func (h *race[T]) take(o outcome[T]) (done bool, err error) {
	switch {
	case o.panicked != nil:
		panic(o.panicked)
	case o.exited:
		runtime.Goexit()
	case o.err == nil:
		h.observe()
		return true, nil
	}
	var f facts
	f.gather(o.err)
	if o.first {
		if f.timeout {
			h.observe()
		}
		h.began = time.Time{} // how fast it failed says nothing of how fast it is
	}
	if h.running == 0 || h.ctx.Err() != nil || !h.call.lost(h.ctx, h.r.timeOrZero(), o.err, h.running) {
		return true, o.err
	}
	if f.rejected {
		h.enough = true
		h.stopTimer()
	} else {
		h.last = o.err
	}
	if h.timer == 0 {
		h.arm() // a place has become free
	}
	return false, nil
}

// left ends a round because the caller has left, unless an attempt succeeded in
// that moment.
func (h *race[T]) left() (T, error) {
	var zero T
	for h.running > 0 {
		h.running--
		o, ended, _ := h.news()
		switch {
		case !ended: // the context's error stands for the one that runs
			return zero, h.ctx.Err()
		case o.panicked != nil || o.exited || o.err == nil:
			_, err := h.take(o)
			return o.v, err
		case h.running == 0:
			return zero, o.err
		}
		h.call.Abandon(h.r.timeOrZero(), 1)
	}
	return zero, h.ctx.Err()
}

// observe notes the latency of the round's first attempt: exactly if it won,
// and otherwise that it was longer than it has run. Of hedges nothing is noted:
// those that lose would look fast. So the share of latencies above a delay is
// right, and hedging does not feed on itself.
func (h *race[T]) observe() {
	if h.r.latencies != nil && !h.began.IsZero() {
		h.r.latencies.observe(h.r.now().Sub(h.began))
	}
}

// start starts an attempt.
func (h *race[T]) start(first bool) {
	attempt := h.call.contextOf(h.base, int(h.call.failures)+h.running+1)
	h.running++
	d := time.Duration(0)
	if h.r.bounded {
		d, _ = h.call.Timeout(h.r.timeOrZero())
		d = max(d, 1)
	}
	h.spawn(func() { h.run(attempt, d, first) })
}

// run is an attempt, in its own goroutine.
func (h *race[T]) run(ctx context.Context, d time.Duration, first bool) {
	o := outcome[T]{first: first, exited: true}
	defer func() {
		if v := recover(); v != nil {
			o.panicked = &PanicError{Value: v, Stack: debug.Stack()}
		}
		h.end(o)
	}()
	attempt := ctx
	if d > 0 {
		var cancel context.CancelFunc
		attempt, cancel = h.r.withTimeout(ctx, d)
		defer cancel()
	}
	o.v, o.err = h.op(attempt)
	if d > 0 {
		o.err = timedOut(o.err, d, attempt, ctx)
	}
	o.exited = false
}

// end hands an outcome to the race, or does away with it if that is over.
func (h *race[T]) end(o outcome[T]) {
	h.mu.Lock()
	over := h.over
	if !over {
		h.ended = append(h.ended, o)
	}
	h.mu.Unlock()
	if over {
		h.drop(o)
		return
	}
	h.notify()
}

// drop does away with what a loser ended with.
func (h *race[T]) drop(o outcome[T]) {
	switch {
	case o.panicked != nil:
		panic(o.panicked)
	case !o.exited && o.err == nil && h.discard != nil:
		h.discard(o.v)
	}
}

// finish ends the race: whoever still runs is cancelled, and does away with what
// it brings.
func (h *race[T]) finish() {
	h.cancel()
	h.call.abort()
	h.mu.Lock()
	h.over = true
	left := h.ended
	h.mu.Unlock()
	for _, o := range left {
		h.drop(o)
	}
}

// arm starts the timer of the next hedge.
func (h *race[T]) arm() {
	if h.enough || h.running >= h.r.hedging.MaxInFlight {
		return
	}
	d, _ := h.r.HedgeDelay()
	ctx, cancel := context.WithCancel(h.base)
	h.timers++
	own := h.timers
	h.timer, h.disarm = own, cancel
	h.spawn(func() {
		if h.r.sleep(ctx, d) != nil {
			return
		}
		h.mu.Lock()
		h.rung = own
		h.mu.Unlock()
		h.notify()
	})
}

func (h *race[T]) stopTimer() {
	if h.disarm != nil {
		h.disarm()
	}
	h.timer, h.disarm = 0, nil
}
