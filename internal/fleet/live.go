package fleet

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// Live is who makes the calls of a fleet in real time, and what a backend on a
// socket has seen of them; see [PlayLive]. Its Clock is that of everybody in the run,
// and need not be as fast as the system's.
type Live interface {
	retry.Clock
	// Begin is called once, when the time of the run begins.
	Begin() error
	// Do makes one call: an operation in retry.Do, with c.Retrier, which tells c of
	// its attempts. It returns retry.Do's error. It is called on a goroutine of its own
	// for each call; ctx ends when the run does.
	Do(ctx context.Context, c *LiveCall) error
	// Ensure puts an object there that a read is to find, without the wire. It is
	// called from many goroutines.
	Ensure(key string, size int64) error
	// Seen is called once, when all calls have ended.
	Seen() Witness
}

// Witness is what the other side of the wire has seen, and how the run went.
type Witness struct {
	Faults     []reports.FaultRule
	Limits     []reports.Limit
	Partitions []reports.Partition
	Truth      []PhaseTruth
	// Entered and TurnedAway are the requests that the backend had room for, and
	// those that it had none for.
	Entered, TurnedAway uint64
	Live                reports.Live // all but Lateness
}

// PhaseTruth is what a backend carried out against what it told, for the calls of one
// operation that came in one phase.
type PhaseTruth struct {
	Phase                                     int
	Op                                        string
	FalseFailures, FalseSuccesses, Duplicates uint64
}

// LiveCall is one call of a live fleet on its way. It belongs to the goroutine of
// its [Live.Do].
type LiveCall struct {
	// Retrier has the fleet's policy, the draws of this call, and the budget or limiter
	// of its client.
	Retrier *retry.Retrier
	// Breaker is the one around each attempt; nil: none.
	Breaker *breaker.Breaker

	live     *liveRun
	call     *call
	attempts int
	sent     time.Duration
}

// Sent notes that an attempt starts now.
func (c *LiveCall) Sent() {
	c.attempts++
	c.sent = c.live.now()
	sent := c.sent
	c.live.note(func() {
		c.call.attempts++
		c.call.sent = sent
		c.call.cell.attempts++
	})
}

// Answered notes that the attempt has ended, with err or, for nil, with success.
func (c *LiveCall) Answered(err error) {
	now := c.live.now()
	c.live.note(func() {
		what := outcome(err)
		if now > c.live.stop {
			now, what = c.live.stop, reports.OutcomeUnfinished
		}
		c.live.recorder.attempt(c.call, max(now, c.call.sent), what)
		c.call.sent = -1
	})
}

// TurnedAway notes that the breaker did not let an attempt through.
func (c *LiveCall) TurnedAway() {
	c.live.note(func() { c.live.recorder.rejected(c.call) })
}

// Request makes the request of the attempt under way, with the headers that tell a
// backend whose it is, so that it makes the draws of a simulated run.
func (c *LiveCall) Request(at url.URL) (*http.Request, error) {
	var who faults.Request
	c.call.describe(&who, c.attempts)
	req := &http.Request{URL: &at}
	if err := c.live.httpRequest(req, c.call, &who, c.live.by.Ensure); err != nil {
		return nil, err
	}
	req.Header = req.Header.Clone()
	req.Header.Set(faults.HeaderClient, strconv.FormatUint(who.Client, 10))
	req.Header.Set(faults.HeaderCall, strconv.FormatUint(who.Call, 10))
	req.Header.Set(faults.HeaderAttempt, strconv.Itoa(who.Attempt))
	return req, nil
}

// Fail makes the run void: a request could not be made.
func (c *LiveCall) Fail(err error) {
	c.live.note(func() { c.live.err = err })
}

// liveRun is a run whose calls somebody else makes. Events of the load happen on the
// run's own loop, which waits for each until it is due in real time; all that calls
// tell is told in notes, so that one goroutine keeps the books.
type liveRun struct {
	*run
	by    Live
	ctx   context.Context // of the calls
	began time.Time
	stop  time.Duration // when calls are given up, as the run has ended; sim.Never before that
	notes chan func()
	calls sync.WaitGroup
	late  measure.Durations
}

// PlayLive plays the fleet in real time: the load, keyed draws and books are those of
// [Run], and each call is made by somebody else, on a goroutine of its own. Its
// Mode must be InLive. Progress and the end of ctx are as in Run.
func PlayLive(ctx context.Context, cfg *Config, by Live, progress func(now time.Duration)) (*Result, error) {
	r, err := newRun(cfg)
	if err != nil {
		return nil, err
	}
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	l := &liveRun{run: r, by: by, ctx: calls, stop: sim.Never, notes: make(chan func(), 1024)}
	r.live, r.breakers.live = l, l
	for _, c := range r.settled {
		c.breakers.live = l
	}
	if err := by.Begin(); err != nil {
		return nil, err
	}
	l.began = by.Now()
	l.stop = l.play(ctx, progress)
	cancel()
	l.settle()
	if r.err != nil {
		return nil, r.err
	}
	return l.result(l.over()), context.Cause(ctx)
}

// over is when a settled run was over: with its load or its last call, whichever ended
// later. The loop that noticed it may have woken late.
func (l *liveRun) over() time.Duration { return max(min(l.duration, l.stop), l.last) }

// now is the time of the run. It may be asked from any goroutine.
func (l *liveRun) now() time.Duration { return l.by.Now().Sub(l.began) }

// note has f run by the goroutine that keeps the books.
func (l *liveRun) note(f func()) { l.notes <- f }

// play lets the events of the load happen when they are due, and returns when the run
// is over.
func (l *liveRun) play(ctx context.Context, progress func(now time.Duration)) time.Duration {
	l.start()
	end := sim.Add(l.duration, l.cfg.Drain)
	if l.cfg.Drain == 0 {
		end = l.duration + DefaultDrain
	}
	for {
		now := min(l.now(), end)
		l.loop.Run(now)
		if progress != nil {
			progress(min(now, l.duration))
		}
		next, more := l.loop.Peek()
		if now >= end || ctx.Err() != nil || l.err != nil {
			return now
		}
		if !more && l.run.calls.flying == 0 && now >= l.duration {
			return now
		}
		if !more || next > end {
			next = end
			if now < l.duration {
				next = l.duration
			}
		}
		l.listen(ctx, next-now)
	}
}

// listen takes notes for as long as nothing else is due.
func (l *liveRun) listen(ctx context.Context, d time.Duration) {
	due, cancel := l.by.WithTimeout(ctx, d)
	defer cancel()
	select {
	case f := <-l.notes:
		for more := true; more; { // and those behind it, at the price of one timer
			f()
			select {
			case f = <-l.notes:
			default:
				more = false
			}
		}
	case <-due.Done():
	}
}

// settle takes notes until the last call, which the end of the run has given up, has
// ended.
func (l *liveRun) settle() {
	all := make(chan struct{})
	go func() {
		l.calls.Wait()
		close(all)
	}()
	for {
		select {
		case f := <-l.notes:
			f()
		case <-all:
			for len(l.notes) > 0 {
				(<-l.notes)()
			}
			return
		}
	}
}

// launch makes a call on a goroutine of its own.
func (l *liveRun) launch(c *call) {
	l.late.Add(max(0, l.now()-c.start))
	one := &LiveCall{live: l, call: c}
	crew := l.crewOf(c.client)
	if crew.policy.Breaker != nil {
		one.Breaker = crew.breakers.guard(c).whole
	}
	shared := crew.retrier(c.client)
	var err error
	one.Retrier, err = retry.New(crew.policy.Retry, retry.WithClock(l.by), retry.WithChance(callChance{&l.draws, c.client, uint64(c.number)}),
		retry.WithBudget(shared.Budget()), retry.WithLimiter(shared.Limiter()), retry.WithObserver(one.decided))
	if err != nil {
		l.err = err
		return
	}
	l.calls.Add(1)
	go func() {
		defer l.calls.Done()
		err := l.by.Do(l.ctx, one)
		now := l.now()
		l.note(func() { l.ended(c, now, err) })
	}()
}

// decided books what the policy decided.
func (c *LiveCall) decided(_ context.Context, e retry.Event) {
	switch d := e.Decision; {
	case d.Retry:
		c.live.note(func() { c.call.cell.delay.Add(d.After) })
	case d.Reason == retry.OverBudget:
		c.live.note(func() { c.call.cell.denied++ })
	}
}

// ended books the end of a call.
func (l *liveRun) ended(c *call, now time.Duration, err error) {
	if now > l.stop {
		c.giveUp(l.stop)
		return
	}
	if now > l.loop.Now() && l.stop == sim.Never {
		l.loop.Run(now) // a closed client's pause begins at the end of its call
	}
	if err == nil {
		c.commits = 1 // what really came of it, the backend tells
		c.end(now, true, 0)
		return
	}
	reason := reasonUnfinished
	var e *retry.Error
	if errors.As(err, &e) {
		reason = int(e.Reason)
	}
	c.end(now, false, reason)
}

// result closes the books with what the backend has seen.
func (l *liveRun) result(at time.Duration) *Result {
	res := l.run.result(at)
	w := l.by.Seen()
	w.Live.Lateness = l.late.Report()
	for i := range l.recorder.cells {
		t := &l.recorder.cells[i].truth
		t.failures, t.successes, t.duplicates = 0, 0, 0
	}
	for _, one := range w.Truth {
		for op, name := range l.mix.names {
			if name == one.Op && one.Phase < len(l.cfg.Plan.Phases) {
				t := &l.recorder.cells[one.Phase*l.recorder.ops+op].truth
				t.failures, t.successes, t.duplicates = t.failures+one.FalseFailures, t.successes+one.FalseSuccesses, t.duplicates+one.Duplicates
			}
		}
	}
	l.entered, l.turnedAway = w.Entered, w.TurnedAway
	res.witness = &w
	return res
}

// callChance is the draws of one call, as the fleet's step machines make them.
type callChance struct {
	draws        *draws
	client, call uint64
}

func (c callChance) Draw(attempt int) float64 {
	if attempt < 0 { // before it
		return c.draws.pace.Float64(c.client, c.call, uint64(-attempt-1))
	}
	return c.draws.jitter.Float64(c.client, c.call, uint64(attempt))
}
