package breaker

import (
	"sync/atomic"

	"github.com/sony/gobreaker/v2"
)

// TwoStep is a circuit breaker for calls that begin in one place and end in
// another: callbacks, event loops, streams. It decides as Breaker does. Make it
// with NewTwoStep. It is safe for concurrent use, starts no goroutine and needs
// no closing. Where a call is a function, prefer Breaker: it allocates nothing
// and cannot forget to report an outcome.
type TwoStep struct {
	gate
}

// NewTwoStep returns a closed TwoStep. The error is that of Config.Validate.
func NewTwoStep(c Config, opts ...Option) (*TwoStep, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	b := new(TwoStep)
	b.init(c, true, opts)
	return b, nil
}

// Allow asks whether a call may be made. If so, the caller makes it and then
// calls done, from any goroutine, with the call's error, nil for none. If not,
// done is nil and the error is an *OpenError.
//
// done should be called for every admitted call. A probe that is not reported
// keeps its place until its lease runs out (Config.ProbeLease), which counts as a
// failure. Only the first call of done counts; later ones do nothing, and neither
// does one that comes after the lease.
func (b *TwoStep) Allow() (done func(error), err error) {
	for {
		p := b.current()
		if p.state == Open {
			return b.refuse(p)
		}
		if p.direct != nil {
			return (&permit{b: b, phase: p, ticket: b.beginDirect(p)}).done, nil
		}
		switch done, err := b.enter(p); err {
		case nil:
			return done, nil
		case gobreaker.ErrTooManyRequests:
			if p = b.current(); p.state == HalfOpen {
				return b.refuse(p)
			}
		}
		// The state changed while the call was being admitted: look again.
	}
}

// refuse turns a call away, or lets it pass in shadow.
func (b *TwoStep) refuse(p *phase) (done func(error), err error) {
	if !b.config.Shadow {
		return nil, &p.refusal
	}
	b.passed.Add(1)
	return func(error) {}, nil
}

// enter takes a call that saw phase p through the engine. The error is the
// engine's, or errWithdrawn.
func (b *TwoStep) enter(p *phase) (done func(error), err error) {
	report, err := p.steps.Allow()
	if err != nil {
		return nil, err
	}
	if !b.confirm(p) {
		report(errWithdrawn)
		return nil, errWithdrawn
	}
	a := &permit{b: b, phase: p, report: report}
	if p.tracked {
		a.ticket = b.begin(p)
	}
	return a.done, nil
}

// permit is one admitted call.
type permit struct {
	b      *TwoStep
	phase  *phase
	ticket ticket
	report func(error) // the engine's done, which counts every call of it; nil where the call is direct
	used   atomic.Bool
}

func (p *permit) done(err error) {
	if p.used.Swap(true) {
		return
	}
	verdict := errFailure // should the classifier, or who is asked for a hint, not return
	defer func() {
		if p.report == nil {
			p.b.endDirect(p.phase, &p.ticket, verdict)
			return
		}
		if p.b.looks(p.phase) {
			p.b.current() // what is due happens now, if not before: this probe may be overdue
		}
		if p.phase.tracked {
			verdict = p.b.end(p.phase, &p.ticket, verdict)
		}
		p.report(verdict)
		if p.ticket.concludes {
			p.b.conclude(p.phase, &p.ticket)
		}
		p.b.deliver()
	}()
	verdict = p.b.verdict(err, &p.ticket)
}
