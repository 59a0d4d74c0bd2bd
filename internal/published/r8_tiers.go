package published

import (
	"context"
	"errors"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// The constants of R8.
const (
	tierCount   = 5
	tierWorkers = 10
	tierQueue   = 1000
	tierWork    = 5 * time.Millisecond // its mean; uniform over ±20 %
	tierRate    = 500                  // calls a second
	tierFailing = 3                    // the first of the tiers that the fault is in, from 1
	tierFault   = 0.6                  // share of requests that each of them fails
	tierFrom    = 5 * time.Second      // of the fault
	tierUntil   = 25 * time.Second
	tierEnd     = 55 * time.Second // of the load
)

var (
	errTierFull   = retry.Permanent(errors.New("published: the queue is full"))
	errTierFailed = retry.Retryable(errors.New("published: the tier failed"))
)

// tierPolicy is the published retries: at most two, after 0.1 s · 2^(k−1) · (1 + U/2)
// with k = 2 and 3, which is 250 ms and 500 ms, a fifth more or less.
func tierPolicy() retry.Policy {
	return retry.Policy{
		Name: "retries", Attempts: 3,
		Backoff: retry.Backoff{Base: 250 * time.Millisecond},
		Jitter:  retry.Jitter{Kind: retry.JitterProportion, Proportion: 0.2},
	}
}

// tierResult is what came of a run.
type tierResult struct {
	calls, goodCalls       int
	attempts, goodAttempts int
	refused                int // attempts that found the first queue full
	busy                   time.Duration
	useful                 time.Duration // of busy: spent on attempts that succeeded
	span                   time.Duration // from the first call to the last end
}

// tiers is a chain of servers, each of which holds a worker while it waits for the
// next. Nothing but the first queue can fill: no more calls pass the first
// tier than it has workers.
type tiers struct {
	tierResult
	loop    sim.Loop
	chain   [tierCount]tier
	retrier *retry.Retrier
	fault   float64
	work    sim.Sampler
	works   sim.Stream
	luck    sim.Stream
	jitter  sim.Stream
	last    uint64 // the call whose attempt ended last
}

// tier is one server: workers, and a queue of those who wait for one.
type tier struct {
	busy    int
	waiting []*sim.Process
}

// tiersRun plays one run.
func tiersRun(p retry.Policy, fault float64, seed uint64) tierResult {
	t := &tiers{
		fault: fault,
		work:  sampler(sim.Dist{Kind: sim.Uniform, Lower: tierWork * 8 / 10, Upper: tierWork * 12 / 10}),
		works: sim.NewStream(seed, "work"), luck: sim.NewStream(seed, "luck"), jitter: sim.NewStream(seed, "jitter"),
	}
	t.retrier = retry.Must(retry.New(p, retry.WithClock(t.loop.Clock(epoch)), retry.WithChance(t)))
	arrivals := sim.NewPoisson(tierRate, sim.NewStream(seed, "arrivals"))
	var arrive sim.ActorFunc
	arrive = func(now time.Duration, i uint64) {
		if now >= tierEnd {
			return
		}
		sim.Go(&t.loop, (&tierCall{tiers: t, id: i}).body)
		at, _ := arrivals.Next(now, i+1)
		t.loop.At(at, arrive, i+1)
	}
	first, _ := arrivals.Next(0, 0)
	t.loop.At(first, arrive, 0)
	t.loop.Run(tierEnd)
	t.loop.Close()
	t.span = t.loop.Now()
	return t.tierResult
}

// Draw keys the jitter by call and attempt. It is asked when an attempt has failed,
// and no other process has run since.
func (t *tiers) Draw(attempt int) float64 { return t.jitter.Float64(t.last, uint64(attempt), 0) }

// tierCall is a call at the entry.
type tierCall struct {
	*tiers
	id      uint64
	attempt uint64
	process *sim.Process
}

func (c *tierCall) body(p *sim.Process) {
	c.process = p

	_, err := retry.Do(context.Background(), c.retrier, func(context.Context) (struct{}, error) {
		c.attempt++
		err := c.request(0)
		c.last = c.id
		c.attempts++
		if err == nil {
			c.goodAttempts++
		}
		return struct{}{}, err
	})
	c.calls++
	if err == nil {
		c.goodCalls++
	}
}

// request is one tier's part in an attempt.
func (c *tierCall) request(n int) error {
	t := &c.chain[n]
	if !t.acquire(c.process) {
		c.refused++
		return errTierFull
	}
	began := c.process.Now()
	c.process.Sleep(c.work.Sample(c.works.Float64(c.id, c.attempt, uint64(n))))
	var err error
	now := c.process.Now()
	switch {
	case n+1 >= tierFailing && now >= tierFrom && now < tierUntil && c.luck.Float64(c.id, c.attempt, uint64(n)) < c.fault:
		err = errTierFailed
	case n+1 < tierCount:
		err = c.request(n + 1)
	}
	if n == 0 {
		held := c.process.Now() - began
		c.busy += held
		if err == nil {
			c.useful += held
		}
	}
	t.release()
	return err
}

// acquire waits for a worker; false if too many wait already.
func (t *tier) acquire(p *sim.Process) bool {
	if t.busy < tierWorkers {
		t.busy++
		return true
	}
	if len(t.waiting) >= tierQueue {
		return false
	}
	t.waiting = append(t.waiting, p)
	return p.Park(context.Background()) == nil
}

// release gives the worker to the one who waits longest.
func (t *tier) release() {
	if len(t.waiting) == 0 {
		t.busy--
		return
	}
	next := t.waiting[0]
	t.waiting = t.waiting[1:]
	next.Wake()
}
