package retry

import (
	"context"
	"time"
)

// Retrier is a policy with its collaborators: what [Do] runs calls by. It is
// immutable but for its budget and limiter, holds no goroutine and needs no closing. It is
// safe for concurrent use: make one for each backend and share it.
type Retrier struct {
	policy     Policy
	table      table
	classifier Classifier
	clock      Clock // nil: the system's, read the cheap way where that will do
	chance     Chance
	budget     Budget
	calls      CallBudget    // the budget, if it counts calls
	fails      FailureBudget // the budget, if it counts failures
	refunds    RefundBudget  // the budget, if it takes back
	limiter    Limiter
	observers  []Observer

	hedging     Hedging
	latencies   *latencies // of first attempts; nil: nobody asks
	breakerWait BreakerWait

	draws      bool // the policy has jitter
	direct     bool // a first attempt that succeeds needs no Call
	bounded    bool // attempts run under a timeout
	watched    bool // every decision needs the time
	settles    bool // somebody wants to know of a success
	stopwatch  bool // the call's start is read
	announces  bool // attempts carry their place in their context
	looksUp    bool // calls look for the ones around them
	standsDown bool // calls inside others do not retry
}

// Option gives a [Retrier] a collaborator.
type Option func(*Retrier)

// WithClock makes the retrier live by c; nil is the system's clock.
func WithClock(c Clock) Option { return func(r *Retrier) { r.clock = c } }

// WithChance makes the retrier take its jitter from c; nil is math/rand/v2.
func WithChance(c Chance) Option {
	return func(r *Retrier) {
		if c == nil {
			c = systemChance{}
		}
		r.chance = c
	}
}

// WithBudget makes the retrier pay for its retries from b, which may be shared
// with others. It takes the place of the policy's Quota or Budget; nil means
// no budget at all.
func WithBudget(b Budget) Option {
	return func(r *Retrier) { r.budget = b }
}

// WithLimiter makes every attempt, the first of a call included, ask l before
// it starts. l may be shared with other retriers. It takes the place of the
// policy's Pace; nil means no limiter at all.
func WithLimiter(l Limiter) Option {
	return func(r *Retrier) { r.limiter = l }
}

// WithClassifier asks c first, and the policy's own table where c says
// [Unknown]. Given several times, the first answer that is not Unknown counts.
func WithClassifier(c Classifier) Option {
	return func(r *Retrier) {
		before := r.classifier
		switch {
		case c == nil:
		case before == nil:
			r.classifier = c
		default:
			r.classifier = func(err error) Class {
				if class := before(err); class != Unknown {
					return class
				}
				return c(err)
			}
		}
	}
}

// WithObserver tells o of every decision. It can be given several times.
func WithObserver(o Observer) Option {
	return func(r *Retrier) {
		if o != nil {
			r.observers = append(r.observers, o)
		}
	}
}

// WithElapsed makes Error.Elapsed exact: it counts from the beginning of the
// call, for which every call reads the clock once. That is 25 to 40 ns, several
// times what the rest of a call costs that succeeds at once. A Limit, an
// AttemptTimeout or an observer needs the reading anyway, and then Elapsed is
// exact without this option. See [Error] for what it is otherwise.
func WithElapsed() Option { return func(r *Retrier) { r.stopwatch = true } }

// New returns a retrier for p, or a [*PolicyError] with every problem of p or
// of the options' plain data.
func New(p Policy, opts ...Option) (*Retrier, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	r := &Retrier{policy: p, chance: systemChance{}}
	r.table, _ = tableNamed(p.Classifier) // Validate has looked
	r.budget, _ = p.NewBudget()
	r.limiter = p.Pace.build()
	for _, opt := range opts {
		opt(r)
	}
	if err := r.checkOptions(); err != nil {
		return nil, err
	}
	_, plain := r.budget.(*Bucket)
	r.calls, _ = r.budget.(CallBudget)
	r.fails, _ = r.budget.(FailureBudget)
	r.refunds, _ = r.budget.(RefundBudget)
	r.draws = p.Jitter.Kind != JitterNone
	r.bounded = p.AttemptTimeout > 0 || p.Limit > 0
	r.watched = p.Limit > 0 || len(r.observers) > 0 || r.limiter != nil || r.budget != nil && !plain
	r.settles = r.budget != nil || r.limiter != nil || len(r.observers) > 0
	r.stopwatch = r.stopwatch || r.watched || r.bounded
	r.announces = r.announces || r.bounded
	r.looksUp = r.standsDown || len(r.observers) > 0
	r.direct = !r.settles && !r.stopwatch && !r.announces
	if r.hedging.Quantile > 0 {
		r.latencies = newLatencies()
	}
	return r, nil
}

// checkOptions checks the plain data that came as options.
func (r *Retrier) checkOptions() error {
	var c check
	if r.hedging != (Hedging{}) {
		r.hedging.check(&c)
	}
	r.breakerWait.check(&c)
	return c.err(r.policy.Name)
}

// Must returns r, and panics if err is not nil. It is for variables that are
// initialised with a policy known to be good, as in
//
//	var storage = retry.Must(retry.New(retry.S3()))
func Must(r *Retrier, err error) *Retrier {
	if err != nil {
		panic(err)
	}
	return r
}

// Policy returns the policy that the retrier was made with.
func (r *Retrier) Policy() Policy { return r.policy }

// Budget returns the retrier's budget, and nil if it has none: a [*Bucket] of
// its own where the policy has a Quota, unless [WithBudget] gave another.
func (r *Retrier) Budget() Budget { return r.budget }

// Limiter returns the retrier's limiter, and nil if it has none: what the
// policy's Pace describes, unless [WithLimiter] gave another.
func (r *Retrier) Limiter() Limiter { return r.limiter }

// NeedsTime reports whether what a [Call] decides depends on the times that it is told: with
// a Limit, a limiter, a budget that refills with time, or an observer, or after SetDeadline.
// Where it does not, who drives calls may spare the reading of a clock, and tell them the zero
// time.
func (r *Retrier) NeedsTime() bool { return r.watched }

// Classify returns the class of err as calls of this retrier see it. A nil
// error is Unknown.
func (r *Retrier) Classify(err error) Class {
	if err == nil {
		return Unknown
	}
	var f facts
	f.gather(err)
	return r.class(err, &f)
}

func (r *Retrier) class(err error, f *facts) Class {
	if r.classifier != nil {
		if class := r.classifier(err); class != Unknown {
			return class
		}
	}
	return r.table.class(f)
}

func (r *Retrier) now() time.Time {
	if r.clock == nil {
		return systemClock{}.Now()
	}
	return r.clock.Now()
}

// start returns the instant that a call's time is counted from.
func (r *Retrier) start() time.Time {
	switch {
	case !r.stopwatch:
		return time.Time{}
	case r.clock == nil:
		return mark()
	}
	return r.clock.Now()
}

func (r *Retrier) sleep(ctx context.Context, d time.Duration) error {
	if r.clock == nil {
		return systemClock{}.Sleep(ctx, d)
	}
	return r.clock.Sleep(ctx, d)
}

func (r *Retrier) withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if r.clock == nil {
		return systemClock{}.WithTimeout(ctx, d)
	}
	return r.clock.WithTimeout(ctx, d)
}

// tell gives an event to the observers, of which there is at least one.
func (r *Retrier) tell(ctx context.Context, e Event) {
	for _, o := range r.observers {
		o(ctx, e)
	}
}
