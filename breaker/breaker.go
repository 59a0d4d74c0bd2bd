package breaker

import (
	"github.com/sony/gobreaker/v2"
)

// Breaker is a circuit breaker around calls that run in the caller's goroutine.
// Make it with New, share it between all callers of one backend or operation.
// It is safe for concurrent use, starts no goroutine and needs no closing.
// For calls that begin in one place and end in another there is TwoStep.
type Breaker struct {
	gate
}

// New returns a closed Breaker. The error is that of Config.Validate.
func New(c Config, opts ...Option) (*Breaker, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	b := new(Breaker)
	b.init(c, false, opts)
	return b, nil
}

// Execute runs op if b admits it, and returns what op returns, a value beside an
// error included. If b refuses, op is not run and the error is an *OpenError.
// What the error of op says about the backend is for WithOutcome to tell.
//
// An op that panics, or ends its goroutine by runtime.Goexit (as t.FailNow does),
// counts as a failure and goes on panicking or exiting. Execute itself allocates
// nothing, when it admits and when it refuses, but for what the package's documentation
// has under Cost. op may call b.
func Execute[T any](b *Breaker, op func() (T, error)) (T, error) {
	var result T
	err := b.Run(func() (err error) {
		result, err = op()
		return err
	})
	return result, err
}

// Run is Execute for an op without a result.
func (b *Breaker) Run(op func() error) error {
	for {
		p := b.current()
		if p.state == Open {
			if b.config.Shadow {
				return b.pass(op)
			}
			return &p.refusal
		}
		if p.direct != nil {
			return b.runDirect(p, op)
		}
		a := attempt{b: b, phase: p}
		switch a.run(op) {
		case nil:
			return a.err
		case gobreaker.ErrTooManyRequests:
			if p = b.current(); p.state == HalfOpen {
				if b.config.Shadow {
					return b.pass(op)
				}
				return &p.refusal
			}
		}
		// The state changed while the call was being admitted: look again.
	}
}

// pass makes a call that should have been refused.
func (b *Breaker) pass(op func() error) error {
	b.passed.Add(1)
	return op()
}

// attempt is the passage of a probe through the engine.
type attempt struct {
	b         *Breaker
	phase     *phase
	ticket    ticket
	err       error // op's
	confirmed bool  // the engine's admission stood: op was run
	returned  bool  // op returned: it neither panicked nor left the goroutine
	exiting   bool  // op called runtime.Goexit
	panicked  any   // what op panicked with, where the engine is not to see it
}

// run returns nil if op was run, else why it was not. (op is no field: escape
// analysis takes a struct as one, and op would go to the heap with b.)
//
// The engine hears of an op that returns or panics, but not of runtime.Goexit:
// the place of a probe would be taken for ever. So an exit is made a panic inside
// the engine, and ended outside of it; the goroutine then goes on exiting. The
// deferred functions are written out here for speed.
func (a *attempt) run(op func() error) error {
	defer func() {
		if a.exiting {
			recover()
		}
		// The engine has heard of the outcome, and its lock is free.
		if a.confirmed && a.ticket.concludes {
			a.b.conclude(a.phase, &a.ticket)
		}
		a.b.deliver()
		if a.panicked != nil {
			panic(a.panicked)
		}
	}()
	_, err := a.phase.circuit.Execute(func() (_ struct{}, verdict error) {
		if a.confirmed = a.b.confirm(a.phase); !a.confirmed {
			return struct{}{}, errWithdrawn
		}
		a.ticket = a.b.beginProbe(a.phase)
		defer func() {
			a.b.current() // what is due happens now, if not before: this probe may be overdue
			if !a.returned {
				verdict = errFailure
			}
			verdict = a.b.end(a.phase, &a.ticket, verdict)
			if a.returned {
				return
			}
			cause := recover()
			if verdict == errOverdue {
				a.panicked = cause // the engine takes a panic for a failure, and this one was counted
				return
			}
			if cause == nil {
				a.exiting = true
				cause = "breaker: the operation left its goroutine"
			}
			panic(cause)
		}()
		a.err = op()
		verdict = a.b.verdict(a.err, &a.ticket)
		a.returned = true
		return struct{}{}, verdict
	})
	if a.confirmed {
		return nil
	}
	return err
}
