package live

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/scenarios"
)

// maxRemoved is how many added faults are remembered when they are gone.
const maxRemoved = 100

// added are the faults that were added to a world at run time. The zero value is
// ready, and safe for concurrent use.
type added struct {
	mu      sync.Mutex
	last    int // the id given last
	list    []*addition
	closed  bool
	waiting sync.WaitGroup // for those that take themselves back
}

// addition is one of them.
type addition struct {
	id    int
	phase int // -1: all
	rule  *faults.Added
	until time.Time // zero: it stays
	end   context.CancelFunc
	gone  bool
}

// AddFault puts a fault before those of the plan: into the phase of that label, or
// into all for "", and for that long; 0: until it is removed, or the server is
// reset. Its id tells it from others. The rule decides alone, and its draws are keyed by
// the id, so that faults that are added in the same order meet the same requests. The
// error is an *[OptionError], a *faults.InvalidError, or faults.ErrFull.
func (s *Server) AddFault(r faults.Rule, label string, stay time.Duration) (id int, err error) {
	phase := -1
	if label != "" {
		if phase, err = s.phase(label); err != nil {
			return 0, err
		}
	}
	if stay < 0 {
		return 0, &OptionError{"for", fmt.Sprintf("a fault cannot stay for %v", stay), "write a positive duration, or leave it out"}
	}
	kind := s.scenario.Backend.Kind
	if ok, hint := scenarios.Serves(kind, r.On.Op); r.On.Op != "" && !ok {
		return 0, &OptionError{"rule", fmt.Sprintf("a backend of kind %s gets no %q, so the fault would never fire", kind, r.On.Op), hint}
	}
	w := s.world.Load()
	a := &w.added
	a.mu.Lock()
	defer a.mu.Unlock()
	rule, err := w.injector.Add(uint64(a.last+1), phase, r)
	if err != nil {
		return 0, err
	}
	a.last++
	one := &addition{id: a.last, phase: phase, rule: rule, end: func() {}}
	a.list = append(a.list, one)
	if stay > 0 && !a.closed {
		one.until = s.clock.Now().Add(stay)
		ctx, cancel := context.WithCancel(s.ctx)
		one.end = cancel
		a.waiting.Add(1)
		go func() {
			defer a.waiting.Done()
			if s.clock.Sleep(ctx, stay) == nil {
				w.remove(one)
			}
		}()
	}
	return one.id, nil
}

// RemoveFault takes an added fault back, and returns what it did; false where there
// is none of that id, or no longer.
func (s *Server) RemoveFault(id int) (Rule, bool) {
	w := s.world.Load()
	w.added.mu.Lock()
	i := slices.IndexFunc(w.added.list, func(a *addition) bool { return a.id == id && !a.gone })
	if i < 0 {
		w.added.mu.Unlock()
		return Rule{}, false
	}
	one := w.added.list[i]
	w.added.mu.Unlock()
	w.remove(one)
	return s.added(w, one), true
}

// remove takes a fault back, and forgets the first of too many that are gone.
func (w *world) remove(one *addition) {
	w.injector.Remove(one.rule)
	w.added.mu.Lock()
	defer w.added.mu.Unlock()
	one.end()
	one.gone = true
	gone := 0
	for _, a := range w.added.list {
		if a.gone {
			gone++
		}
	}
	if gone > maxRemoved {
		i := slices.IndexFunc(w.added.list, func(a *addition) bool { return a.gone })
		w.added.list = slices.Delete(w.added.list, i, i+1)
	}
}

// end calls off those that wait to take themselves back.
func (a *added) end() {
	a.mu.Lock()
	a.closed = true
	for _, one := range a.list {
		one.end()
	}
	a.mu.Unlock()
	a.waiting.Wait()
}

// rules describes the added faults.
func (s *Server) addedRules(w *world) (out []Rule) {
	w.added.mu.Lock()
	list := slices.Clone(w.added.list)
	w.added.mu.Unlock()
	for _, one := range list {
		out = append(out, s.added(w, one))
	}
	return out
}

func (s *Server) added(w *world, one *addition) Rule {
	r := ruleOf(one.rule.Counts())
	r.ID, r.Rule, r.Due = one.id, -1, true
	if one.phase >= 0 {
		r.Phase, r.Due = s.scenario.Phases[one.phase].Label, w.course.isDue(one.phase)
	}
	w.added.mu.Lock()
	defer w.added.mu.Unlock()
	if r.Removed = one.gone; !r.Removed && !one.until.IsZero() {
		r.Left = max(1, one.until.Sub(s.clock.Now()))
	}
	return r
}
