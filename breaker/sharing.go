package breaker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Sharing keeps breakers in step with those of the same name in other processes,
// through a Store. What is shared is the verdict: where one process opens, all do, for
// the same time; where the probe of one succeeds, all close. Each process counts its
// own calls and sends its own probes (Config.OpenJitter spreads them).
//
// A call never waits for the store: Sync, or Run in a goroutine of the caller's, does
// all that touches it, so that another process's change is seen at the next Sync. When
// the store cannot be reached the breakers go on by themselves, and the next Sync that
// reaches it brings them together again. Make it with NewSharing. It is safe for
// concurrent use. Listeners of the breakers are called by Sync, too: they must not call
// Sync themselves.
type Sharing struct {
	store   Store
	process string
	listen  func(StoreEvent)
	clock   Clock
	wake    chan struct{} // something has to be told

	passing sync.Mutex // one pass at a time
	failing bool       // the last pass did not reach the store; guarded by passing
	first   int        // the member with which the next pass begins; guarded by passing

	mu      sync.Mutex
	members []*member
}

// member is a breaker that shares its state.
type member struct {
	gate  *gate
	wake  chan struct{}
	dirty atomic.Bool // its state changed, not because of the store

	// Guarded by Sharing.passing:
	known  uint64 // the version that it has told or been told; at first, any
	unsure bool   // the last Swap failed, and may have swapped all the same
}

// StoreEvent tells that the store could not be reached, or can be again.
type StoreEvent struct {
	Time time.Time // by the clock of WithStoreClock
	// Err is why the store cannot be reached, of all breakers for which it could
	// not; nil: it can again.
	Err error
}

// SharingOption sets a detail of a Sharing.
type SharingOption func(*Sharing)

// WithProcess names this process in the records that it writes.
func WithProcess(name string) SharingOption { return func(s *Sharing) { s.process = name } }

// WithStoreListener sets who is told when the store is lost and when it is back; nil
// is nobody. It is called by Sync, once for each change of that, and must not call Sync
// itself.
func WithStoreListener(listen func(StoreEvent)) SharingOption {
	return func(s *Sharing) { s.listen = listen }
}

// WithStoreClock gives the Sharing another clock than the system's, for the times of
// its events.
func WithStoreClock(c Clock) SharingOption { return func(s *Sharing) { s.clock = c } }

// NewSharing returns a Sharing without breakers. It panics if store is nil, which is a
// mistake in the program.
func NewSharing(store Store, opts ...SharingOption) *Sharing {
	if store == nil {
		panic("breaker: NewSharing needs a Store, such as a MemoryStore")
	}
	s := &Sharing{store: store, wake: make(chan struct{}, 1)}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Shareable is a Breaker or a TwoStep.
type Shareable interface{ shareable() *gate }

func (g *gate) shareable() *gate { return g }

// ErrName is the error of Add for a breaker without a name, or with one that another
// breaker of the Sharing has.
var ErrName = errors.New("breaker: a shared breaker needs a name of its own")

// ErrShared is the error of Add for a breaker that is in another Sharing.
var ErrShared = errors.New("breaker: the breaker is in another sharing; Remove it there first")

// Add makes a breaker share its state from the next Sync on. It needs a name (WithName)
// that no other breaker of s has, and that means the same in all processes; else the
// error is ErrName. A breaker shares its state in one Sharing at a time; else the error is
// ErrShared.
func (s *Sharing) Add(b Shareable) error {
	g := b.shareable()
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.name == "" || slices.ContainsFunc(s.members, func(m *member) bool { return m.gate.name == g.name }) {
		return fmt.Errorf("%w: %q", ErrName, g.name)
	}
	m := &member{gate: g, wake: s.wake, known: firstVersion()}
	if !g.member.CompareAndSwap(nil, m) {
		return fmt.Errorf("%w: %q", ErrShared, g.name)
	}
	s.members = append(s.members, m)
	if g.phase.Load().state != Closed { // after it is a member: whoever opens it from now on says so
		m.dirty.Store(true)
	}
	return nil
}

// Remove ends what Add began. The breaker goes on by itself.
func (s *Sharing) Remove(b Shareable) {
	g := b.shareable()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members = slices.DeleteFunc(s.members, func(m *member) bool {
		if m.gate != g {
			return false
		}
		g.member.CompareAndSwap(m, nil)
		return true
	})
}

// changed notes that the breaker's state changed. mu of the gate is held.
func (m *member) changed() {
	m.dirty.Store(true)
	select {
	case m.wake <- struct{}{}:
	default: // whoever is woken looks at all
	}
}

// Sync tells the store what changed here and the breakers what changed there, once. The
// error is that of the store, of each breaker for which it failed; the others have been
// synchronized. Where ctx ends before it has come to all, the next Sync goes on from there.
func (s *Sharing) Sync(ctx context.Context) error {
	s.passing.Lock()
	defer s.passing.Unlock()
	s.mu.Lock()
	members := slices.Clone(s.members)
	s.mu.Unlock()
	var failed []error
	first, cut := s.first, false
	s.first = 0
	for i := range members {
		at := (first + i) % len(members)
		m := members[at]
		err := s.sync(ctx, m)
		if err == nil {
			continue
		}
		failed = append(failed, fmt.Errorf("breaker: sharing %s: %w", m.gate.name, err))
		if !cut && ctx.Err() != nil {
			if cut, s.first = true, at; i == 0 {
				s.first++ // it took all of the time, and must not do so again
			}
		}
	}
	err := errors.Join(failed...)
	if lost := err != nil; lost != s.failing && !errors.Is(ctx.Err(), context.Canceled) {
		s.failing = lost
		if s.listen != nil {
			s.listen(StoreEvent{Time: now(s.clock), Err: err})
		}
	}
	return err
}

// Run synchronizes every so often, and at once when a breaker here changes, until ctx
// ends; then it returns why. It gives one Sync no longer than that, too. Errors of the
// store do not end it: WithStoreListener hears of them. every is more than 0, such as
// 1 s: it is how long it takes for a change elsewhere to be seen here.
func (s *Sharing) Run(ctx context.Context, every time.Duration) error {
	beat := newTicker(max(every, 1))
	defer beat.Stop()
	for {
		pass, cancel := withTimeout(ctx, max(every, 1))
		_ = s.Sync(pass)
		cancel()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-beat.C:
		case <-s.wake:
		}
	}
}

// sync is Sync for one breaker.
func (s *Sharing) sync(ctx context.Context, m *member) error {
	for m.dirty.Swap(false) {
		told, err := s.tell(ctx, m)
		if err != nil {
			m.dirty.Store(true)
			return err
		}
		if told {
			return nil
		}
	}
	r, err := s.store.Load(ctx, m.gate.name)
	if err != nil {
		return err
	}
	if r.Version == 0 {
		return s.remind(ctx, m)
	}
	m.adopt(r)
	return nil
}

// remind tells a store that has forgotten it what is open here. That is no news, so it
// keeps its version: who has news since goes on from there.
func (s *Sharing) remind(ctx context.Context, m *member) error {
	r, ok := m.gate.record()
	if !ok || !r.Open {
		return nil
	}
	r.Version, r.By = m.known, s.process
	kept, swapped, err := s.store.Swap(ctx, m.gate.name, r)
	if err == nil && !swapped {
		m.adopt(kept)
	}
	return err
}

// tell stores the breaker's state. It returns false where there is nothing to tell.
func (s *Sharing) tell(ctx context.Context, m *member) (told bool, err error) {
	r, ok := m.gate.record()
	if !ok {
		return false, nil // half-open: the open state that was not told is over
	}
	r.By = s.process
	var kept Record
	for range 3 {
		var swapped bool
		r.Version = m.known + 1
		if kept, swapped, err = s.store.Swap(ctx, m.gate.name, r); err != nil {
			m.unsure = true
			return false, err
		}
		mine := m.unsure && kept.Version == r.Version && kept.By == r.By
		seen := m.unsure && kept.Version > r.Version // somebody went on from what may be mine
		m.unsure = false
		switch {
		case swapped || mine && kept.Open == r.Open:
			m.known = kept.Version
			return true, nil
		case mine, !seen && (r.Open && !kept.Open || r.Isolated && !kept.Isolated):
			// What I told is old by now. Or: they closed it, and here it has just
			// failed, which is news to them. Or: it is an order that they do not know.
			m.known = kept.Version
		default:
			m.adopt(kept)
			return true, nil
		}
	}
	m.adopt(kept)
	return true, nil
}

// adopt makes the breaker what the record says, if that is news.
func (m *member) adopt(r Record) {
	if r.Version == m.known {
		return
	}
	m.known = r.Version
	if r.Open {
		m.gate.adoptOpen(r)
	} else {
		m.gate.adoptClosed()
	}
}

// record is the state as it is shared; ok is false while half-open.
func (g *gate) record() (r Record, ok bool) {
	p := g.current()
	g.mu.Lock()
	defer g.mu.Unlock()
	r = Record{Open: p.state == Open, Isolated: p.isolated, Trips: g.trips}
	if r.Open && !r.Isolated {
		r.Left = p.until - g.elapsed()
	}
	return r, p.state != HalfOpen
}

// adoptOpen opens the breaker, as another process has. If both are open, the longer
// time counts.
func (g *gate) adoptOpen(r Record) {
	g.leaveUnless(func(p *phase) bool {
		return p.state == Open && (p.isolated || !r.Isolated && p.until-g.elapsed() >= r.Left)
	}, func(p *phase, at time.Time) *phase {
		before := g.trips
		defer func() {
			g.trips = max(before, r.Trips, 1) // theirs, not one more
			g.openTime = g.config.openTimeAt(g.trips)
		}()
		if r.Isolated {
			return g.isolated(g.newOpenCore(), p, at)
		}
		g.countOpening(p)
		var u float64
		if g.config.OpenJitter > 0 {
			u = draw(g.chance, g.opened)
		}
		d := g.config.jittered(max(r.Left, 1), u)
		if p.state == Open {
			d = max(d, p.until-at.Sub(g.base)) // nor does jitter bring the probe forward
		}
		return g.openUntil(g.newOpenCore(), at, d)
	})
}

// adoptClosed closes the breaker, as another process has.
func (g *gate) adoptClosed() {
	g.leaveUnless(func(p *phase) bool { return p.state == Closed },
		func(_ *phase, at time.Time) *phase { return g.closedPhase(g.newCore(), at) })
}

// leaveUnless is leave, because of what is shared, unless there is nothing to do.
func (g *gate) leaveUnless(same func(*phase) bool, next func(*phase, time.Time) *phase) {
	for {
		p := g.current()
		if same(p) || g.leavePhase(p, CauseShared, now(g.clock), next) {
			break
		}
	}
	g.deliver()
}
