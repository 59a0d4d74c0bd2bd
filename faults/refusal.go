package faults

import (
	"net/http"
	"time"
)

// Refusal is the answer of a backend that has no room for a request, in both its
// forms: the error that a client gets, and the bytes. It is safe for concurrent
// use.
type Refusal struct {
	effect Effect
	answer *answer
	errs   errorTable
}

// NewRefusal returns the answer for an effect that [CheckRefusal] accepts.
func NewRefusal(e Effect) *Refusal {
	a := newAnswer(e)
	return &Refusal{effect: e, answer: a, errs: newErrorTable(e, a)}
}

// Effect returns what the refusal was made of.
func (r *Refusal) Effect() Effect { return r.effect }

// Err is the error of a client whose request had that method.
func (r *Refusal) Err(method string) error { return r.errs.of(method) }

// After is the time from the request to the answer.
func (r *Refusal) After() time.Duration {
	if r.effect.After.Given {
		return r.effect.After.For
	}
	return TurnedAwayAfter
}

// Write answers a request. It reads the rest of the request's body first. who
// names the request (see [RequestIDs]).
func (r *Refusal) Write(w http.ResponseWriter, req *http.Request, who Request) {
	drain(req)
	if rec, ok := w.(*recorder); ok {
		rec.own()
	}
	r.answer.write(w, req, who, time.Time{})
}

// refusals are the answers of one limit: one for each wait that it tells.
type refusals struct {
	effect Effect
	unit   time.Duration // of what is told; 0: nothing is
	plain  *Refusal
	told   map[time.Duration]*Refusal
}

func newRefusals(e Effect, hint TellWait) refusals {
	r := refusals{effect: e, plain: NewRefusal(e)}
	switch hint {
	case TellRetryAfter:
		r.unit = time.Second
	case TellAmz:
		r.unit = time.Millisecond
	}
	return r
}

// keptRefusals bounds refusals.told; what does not fit is made anew each time.
const keptRefusals = 1024

// of is the answer of a bucket that needs that long.
func (r *refusals) of(wait time.Duration) *Refusal {
	if r.unit == 0 {
		return r.plain
	}
	wait = (wait + r.unit - 1) / r.unit * r.unit
	if known, ok := r.told[wait]; ok {
		return known
	}
	e := r.effect
	if r.unit == time.Second {
		e.RetryAfter = For(wait)
	} else {
		e.AmzRetryAfter = For(wait)
	}
	made := NewRefusal(e)
	if len(r.told) < keptRefusals {
		if r.told == nil {
			r.told = make(map[time.Duration]*Refusal)
		}
		r.told[wait] = made
	}
	return made
}
