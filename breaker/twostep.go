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
	a, err := b.admit()
	switch {
	case err != nil:
		return nil, err
	case a.phase == nil:
		return func(error) {}, nil
	}
	p := new(Permit)
	p.set(b, a)
	return p.Done, nil
}

// Begin is Allow in memory of the caller's: a nil error admits the call, whose end p.Done
// is then to be told. p may be used again after that, and so spares what Allow allocates;
// the engine allocates once for each probe. Begin panics if p is nil
// or holds a call that has not ended.
func (b *TwoStep) Begin(p *Permit) error {
	if p.open.Load() {
		panic("breaker: Begin with a Permit whose call has not ended")
	}
	a, err := b.admit()
	if err == nil && a.phase != nil {
		p.set(b, a)
	}
	return err
}

// admission is what is known of an admitted call.
type admission struct {
	phase  *phase      // nil: the call passes in shadow, and nobody asks for its end
	report func(error) // the engine's done, which counts every call of it; nil where the call is direct
	ticket ticket
}

func (b *TwoStep) admit() (a admission, err error) {
	for {
		ph := b.current()
		if ph.state == Open {
			return a, b.refuse(ph)
		}
		if ph.direct != nil {
			return admission{phase: ph, ticket: b.beginDirect(ph)}, nil
		}
		switch a, err := b.enter(ph); err {
		case nil:
			return a, nil
		case gobreaker.ErrTooManyRequests:
			if ph = b.current(); ph.state == HalfOpen {
				return a, b.refuse(ph)
			}
		}
		// The state changed while the call was being admitted: look again.
	}
}

// refuse turns a call away, or lets it pass in shadow.
func (b *TwoStep) refuse(p *phase) error {
	if !b.config.Shadow {
		return &p.refusal
	}
	b.passed.Add(1)
	return nil
}

// enter takes a call that saw phase p through the engine. The error is the
// engine's, or errWithdrawn.
func (b *TwoStep) enter(p *phase) (a admission, err error) {
	report, err := p.steps.Allow()
	if err != nil {
		return a, err
	}
	if !b.confirm(p) {
		report(errWithdrawn)
		return a, errWithdrawn
	}
	return admission{phase: p, report: report, ticket: b.beginProbe(p)}, nil
}

// Permit is the admission of one call by [TwoStep.Begin]. The zero value holds none. It
// must not be copied while it holds one; a call whose end nobody will tell, as its client is
// no more, is left by making the Permit zero. Done may be called from any goroutine.
type Permit struct {
	open atomic.Bool // the call has begun and not ended
	b    *TwoStep
	admission
}

func (p *Permit) set(b *TwoStep, a admission) {
	p.b, p.admission = b, a
	p.open.Store(true)
}

// Done tells the breaker that the call has ended, with its error, nil for none. Where p
// holds no call, because it has ended, was not admitted or passed in shadow, Done does
// nothing.
func (p *Permit) Done(err error) {
	if !p.open.Swap(false) {
		return
	}
	verdict := errFailure // should the classifier, or who is asked for a hint, not return
	defer func() { p.end(verdict) }()
	verdict = p.b.verdict(err, &p.ticket)
}

// end tells the gate and the engine what was made of the call's end.
func (p *Permit) end(verdict error) {
	b := p.b
	if p.report == nil {
		b.endDirect(p.phase, &p.ticket, verdict)
		return
	}
	b.current() // what is due happens now, if not before: this probe may be overdue
	verdict = b.end(p.phase, &p.ticket, verdict)
	p.report(verdict)
	if p.ticket.concludes {
		b.conclude(p.phase, &p.ticket)
	}
	b.deliver()
}
