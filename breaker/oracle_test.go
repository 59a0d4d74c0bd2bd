package breaker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// The oracle: gobreaker itself, with its own cool-down on the fake clock of a
// testing/synctest bubble, is put through random schedules. Our breakers, on the
// same clock or on one of their own, must do the same at every step: admissions
// and refusals, states, counts, events with their order, time and counts.

// ending is how a call in flight ends.
type ending int

const (
	endSuccess ending = iota
	endFailure
	endNeutral
	endPanic
)

var errBackend = errors.New("backend failed")

func (e ending) outcome() Outcome {
	return [...]Outcome{Success, Failure, Neutral, Failure}[e]
}

// err is what the call returns. It panics for endPanic.
func (e ending) err() error {
	switch e {
	case endSuccess:
		return nil
	case endNeutral:
		return fmt.Errorf("caller left: %w", context.Canceled)
	case endPanic:
		panic("op panicked")
	default:
		return errBackend
	}
}

// step is one step of a schedule.
type step struct {
	kind  stepKind
	pick  int           // stepFinish: which call in flight, modulo their number
	end   ending        // stepFinish
	delay time.Duration // stepWait: so long; stepEdge: so long after the end of the last cool-down
}

type stepKind int

const (
	stepBegin stepKind = iota
	stepFinish
	stepWait
	stepEdge
	stepState
)

func (s step) String() string {
	switch s.kind {
	case stepBegin:
		return "begin"
	case stepFinish:
		return fmt.Sprintf("finish #%d %v", s.pick, s.end)
	case stepWait:
		return fmt.Sprintf("wait %v", s.delay)
	case stepEdge:
		return fmt.Sprintf("wait till the edge%+d ns", int64(s.delay))
	default:
		return "state"
	}
}

// schedule draws settings and steps.
func schedule(seed uint64) (Config, []step) {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(d ...time.Duration) time.Duration { return d[r.IntN(len(d))] }
	c := Config{
		Failures: 1 + r.IntN(5),
		OpenFor:  pick(1, 2, 3, time.Microsecond, time.Millisecond, time.Second, 30*time.Second, time.Hour),
		Probes:   r.IntN(4),
		// gobreaker has no leases: a probe may take for ever.
		ProbeLease: math.MaxInt64,
	}
	failing, neutral, busy := 0.2+0.7*r.Float64(), 0.3*r.Float64(), 1+r.IntN(7)
	steps := make([]step, 0, 160)
	for inFlight := 0; len(steps) < 120; {
		switch u := r.Float64(); {
		case u < 0.35 && inFlight < busy:
			steps = append(steps, step{kind: stepBegin})
			inFlight++ // at most: it may be refused
		case u < 0.70 && inFlight > 0:
			s := step{kind: stepFinish, pick: r.IntN(100)}
			switch v := r.Float64(); {
			case v < neutral:
				s.end = endNeutral
			case r.Float64() < failing:
				s.end = endFailure
				if r.IntN(8) == 0 {
					s.end = endPanic
				}
			}
			steps = append(steps, s)
			inFlight--
		case u < 0.80:
			steps = append(steps, step{kind: stepWait, delay: pick(1, 2, c.OpenFor/3, c.OpenFor-1, c.OpenFor, c.OpenFor+1, 2*c.OpenFor)})
		case u < 0.92:
			steps = append(steps, step{kind: stepEdge, delay: pick(-2, -1, 0, 0, 1, 1, 2)})
		default:
			steps = append(steps, step{kind: stepState})
		}
	}
	for range 8 { // so that no call is left in flight, and the stale ones are seen
		steps = append(steps, step{kind: stepFinish, end: ending(r.IntN(2))})
	}
	return c, append(steps, step{kind: stepEdge, delay: 1}, step{kind: stepState})
}

// flip is an Event by the time since the start.
type flip struct {
	At       time.Duration
	From, To State
	Counts   Counts
}

// subject is a breaker being put through a schedule.
type subject struct {
	begin  func() (end func(ending), err error)
	state  func() State
	counts func() Counts
	flips  *[]flip
	now    func() time.Duration // since the start
	wait   func(time.Duration)
	opens  time.Duration // how long it stays open
}

// seen is what one step showed.
type seen struct {
	result string
	counts Counts
	flips  string
}

// run puts s through steps.
func (s *subject) run(steps []step) (trace []seen, flips int) {
	var inFlight []func(ending)
	edge, told := time.Duration(-1), 0
	for _, st := range steps {
		var w seen
		switch st.kind {
		case stepBegin:
			end, err := s.begin()
			w.result = "admitted"
			if err != nil {
				w.result = err.Error()
			} else {
				inFlight = append(inFlight, end)
			}
		case stepFinish:
			if len(inFlight) > 0 {
				i := st.pick % len(inFlight)
				inFlight[i](st.end)
				inFlight = append(inFlight[:i], inFlight[i+1:]...)
			}
		case stepWait:
			s.wait(st.delay)
		case stepEdge:
			if d := edge + st.delay - s.now(); edge >= 0 && d > 0 {
				s.wait(d)
			}
		case stepState:
			w.result = s.state().String()
		}
		w.counts = s.counts()
		for ; told < len(*s.flips); told++ {
			f := (*s.flips)[told]
			w.flips += fmt.Sprintf("[%v %v→%v %v]", f.At, f.From, f.To, f.Counts)
			if f.To == Open {
				edge = f.At + s.opens
			}
		}
		trace = append(trace, w)
	}
	return trace, told
}
