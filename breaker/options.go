package breaker

import "time"

// Option sets a collaborator of a breaker.
type Option func(*options)

type options struct {
	outcome   func(error) Outcome // nil: DefaultOutcome
	clock     Clock
	name      string
	chance    Chance
	hint      func(error) (time.Duration, bool)
	listeners []func(Event)
}

func newOptions(opts []Option) options {
	o := options{hint: hintOf}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// WithName names the breaker in its events and errors.
func WithName(name string) Option {
	return func(o *options) { o.name = name }
}

// WithClock gives the breaker another clock than the system's; nil is the
// system's. Nothing that the breaker decides depends on any other clock.
func WithClock(c Clock) Option {
	return func(o *options) { o.clock = c }
}

// WithChance gives the breaker another source of jitter than math/rand/v2; nil is
// that one.
func WithChance(c Chance) Option {
	return func(o *options) { o.chance = c }
}

// WithHint sets how to read out of a failure's error how long the server asked to be
// left alone, and whether it did; nil is the usual: the RetryAfter method, of that
// type, of the first error in the chain that has one. It is asked of failures only,
// and only with Config.MaxHint, outside every lock. A negative answer is none. Should it
// panic, the call counts as the failure that it is.
func WithHint(read func(error) (time.Duration, bool)) Option {
	return func(o *options) {
		if o.hint = read; read == nil {
			o.hint = hintOf
		}
	}
}

// WithOutcome sets what the error of a finished call says about the backend; nil is
// DefaultOutcome. It is called once for each finished call that has an error, outside
// every lock, and may call the breaker. A call without an error is a Success and is not
// asked about, so that classify never sees nil. Should it panic, the call counts
// as a failure; so does any value that is not an Outcome of this package.
func WithOutcome(classify func(error) Outcome) Option {
	return func(o *options) { o.outcome = classify }
}

// WithListener adds a listener to the changes of state; nil adds none. Listeners
// are called after the change, one event at a time, in order, outside every
// lock, by a goroutine that is using the breaker, so that they should be quick.
// They may call the breaker; the events that this causes are delivered when the
// listener has returned. A call that changes the state returns after its event
// was delivered, unless another goroutine is busy delivering: then that one
// delivers it too. A listener should not panic: its caller is some call, which
// would panic too.
func WithListener(listen func(Event)) Option {
	return func(o *options) {
		if listen != nil {
			o.listeners = append(o.listeners, listen)
		}
	}
}
