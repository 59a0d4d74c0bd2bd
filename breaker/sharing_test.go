package breaker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// peer is a process with one breaker.
type peer struct {
	*Breaker
	sharing *Sharing
	events  []Event
	lost    []StoreEvent
}

func newPeer(t *testing.T, store Store, c Config, clock Clock, name string) *peer {
	t.Helper()
	p := &peer{}
	b, err := New(c, WithName("s3-put"), WithClock(clock), WithListener(func(e Event) { p.events = append(p.events, e) }))
	if err != nil {
		t.Fatal(err)
	}
	p.Breaker = b
	p.sharing = NewSharing(store, WithProcess(name), WithStoreClock(clock), WithStoreListener(func(e StoreEvent) { p.lost = append(p.lost, e) }))
	if err := p.sharing.Add(b); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *peer) sync(t *testing.T) {
	t.Helper()
	if err := p.sharing.Sync(context.Background()); err != nil {
		t.Error(err)
	}
}

// inTurn has the peers synchronize, two rounds, in an order such as "ab".
func inTurn(t *testing.T, order string, a, b *peer) {
	t.Helper()
	for _, who := range order + order {
		map[rune]*peer{'a': a, 'b': b}[who].sync(t)
	}
}

func TestSharedOpening(t *testing.T) {
	clock := newManualClock()
	store := &MemoryStore{Clock: clock}
	c := Config{Failures: 1, OpenFor: 30 * s, OpenMultiplier: 2, OpenMax: time.Hour}
	a, b := newPeer(t, store, c, clock, "a"), newPeer(t, store, c, clock, "b")
	both := func() { a.sync(t); b.sync(t) }
	both()
	_ = a.Run(fail)
	clock.advance(10 * s)
	both()
	if got := b.Snapshot(); got.State != Open || got.RetryAt.Sub(clock.Now()) != 20*s+1 || got.Trips != 1 {
		t.Fatalf("the other is %+v, want open for what is left of 30 s", got)
	}
	if e := b.events[0]; e.Cause != CauseShared || e.From != Closed || e.To != Open {
		t.Errorf("%+v", e)
	}
	if r, _ := store.Load(context.Background(), "s3-put"); r.By != "a" || r.Version == 0 || r.Left != 20*s {
		t.Errorf("%+v", r)
	}
	// Its probe fails: the open time grows in both.
	clock.advance(20*s + 1)
	_ = b.Run(fail)
	both() // b has not told a yet
	both()
	if x, y := a.Snapshot(), b.Snapshot(); x.State != Open || x.RetryAt != y.RetryAt || x.Trips != 2 || y.RetryAt.Sub(clock.Now()) != 60*s+1 {
		t.Errorf("%+v and %+v: want open for a minute", x, y)
	}
	// A probe succeeds: both close.
	clock.advance(time.Minute + 1)
	_ = a.Run(succeed)
	both()
	if x, y := a.Snapshot(), b.Snapshot(); x.State != Closed || y.State != Closed || y.Trips != 0 {
		t.Errorf("%+v and %+v: want closed", x, y)
	}
	if e := b.events[len(b.events)-1]; e.Cause != CauseShared || e.To != Closed {
		t.Errorf("%+v", e)
	}
}

// Both change at once: opening wins, whoever tells first.
func TestSharedConflicts(t *testing.T) {
	for _, order := range []string{"ab", "ba"} {
		clock := newManualClock()
		store := &MemoryStore{Clock: clock}
		c := Config{Failures: 1, OpenFor: 30 * s}
		a, b := newPeer(t, store, c, clock, "a"), newPeer(t, store, c, clock, "b")
		_ = a.Run(fail)
		a.sync(t)
		b.sync(t)
		clock.advance(30*s + 1)
		_ = a.Run(fail) // opens again
		_ = b.Run(succeed)
		inTurn(t, order, a, b)
		if a.State() != Open || b.State() != Open {
			t.Errorf("%s: %v and %v, want both open", order, a.State(), b.State())
		}
	}
	// Two that open at once: the longer time counts, in one round of each.
	clock := newManualClock()
	store := &MemoryStore{Clock: clock}
	a := newPeer(t, store, Config{Failures: 1, OpenFor: 30 * s}, clock, "a")
	b := newPeer(t, store, Config{Failures: 1, OpenFor: 50 * s}, clock, "b")
	_ = a.Run(fail)
	_ = b.Run(fail)
	b.sync(t)
	a.sync(t)
	if x, y := a.Snapshot().RetryAt, b.Snapshot().RetryAt; x != y || x.Sub(clock.Now()) != 50*s+1 {
		t.Errorf("%v and %v", x, y)
	}
}

// Manual orders are shared as well.
func TestSharedOrders(t *testing.T) {
	clock := newManualClock()
	store := &MemoryStore{Clock: clock}
	c := Config{Failures: 1, OpenFor: 30 * s}
	a, b := newPeer(t, store, c, clock, "a"), newPeer(t, store, c, clock, "b")
	a.Isolate()
	a.sync(t)
	b.sync(t)
	clock.advance(365 * 24 * time.Hour)
	late := newPeer(t, store, c, clock, "late") // a process that is started later
	late.sync(t)
	for _, p := range []*peer{a, b, late} {
		if p.sync(t); !p.Snapshot().Isolated || p.Run(succeed) == nil {
			t.Errorf("%+v", p.Snapshot())
		}
	}
	b.Reset()
	b.sync(t)
	for _, p := range []*peer{a, late} {
		if p.sync(t); p.State() != Closed {
			t.Errorf("%v after a reset elsewhere", p.State())
		}
	}
}

// An order to isolate is told also where another process has opened unheard of: else it
// would be over once that one closes.
func TestSharedIsolationMeetsATrip(t *testing.T) {
	clock := newManualClock()
	store := &MemoryStore{Clock: clock}
	c := Config{Failures: 1, OpenFor: 30 * s}
	a, b := newPeer(t, store, c, clock, "a"), newPeer(t, store, c, clock, "b")
	_ = a.Run(fail)
	a.sync(t)
	b.Isolate()
	b.sync(t)
	a.sync(t)
	clock.advance(30*s + 1)
	_ = a.Run(succeed) // would be its probe
	for _, p := range []*peer{a, b, a} {
		if p.sync(t); !p.Snapshot().Isolated {
			t.Errorf("%+v, want isolated", p.Snapshot())
		}
	}
}

// rising is a Chance whose draws are 0, 0.5, …, as the system's may be.
type rising struct{ float64 }

func (r *rising) Draw(int) float64 {
	defer func() { r.float64 += 0.5 }()
	return r.float64
}

// Where both are open the longer time counts, whatever the jitter of what is adopted.
func TestSharedOpenTimeIsNotShortened(t *testing.T) {
	clock := newManualClock()
	store := &MemoryStore{Clock: clock}
	a := newPeer(t, store, Config{Failures: 1, OpenFor: 30 * s}, clock, "a")
	b, err := New(Config{Failures: 1, OpenFor: 28 * s, OpenJitter: 0.5}, WithName("s3-put"), WithClock(clock), WithChance(new(rising)))
	if err != nil {
		t.Fatal(err)
	}
	sharing := NewSharing(store)
	_ = sharing.Add(b)
	_ = b.Run(fail)
	_ = a.Run(fail)
	before := b.Snapshot().RetryAt
	a.sync(t)
	_ = sharing.Sync(context.Background())
	if after := b.Snapshot().RetryAt; after.Before(before) {
		t.Errorf("the probe came from %v to %v", before, after)
	}
}

// cutting is a store that has time for a few looks only.
type cutting struct {
	MemoryStore
	left   int
	slow   string // takes all of the time
	cut    context.CancelFunc
	loaded map[string]bool
}

func (c *cutting) Load(ctx context.Context, name string) (Record, error) {
	if c.left--; c.left < 0 || name == c.slow {
		c.cut()
	}
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	c.loaded[name] = true
	return c.MemoryStore.Load(ctx, name)
}

// A Sync that has no time for all breakers does not leave out the same ones each time.
func TestSyncsThatAreCutShort(t *testing.T) {
	for _, slow := range []string{"", "a", "d", "g"} {
		store := &cutting{slow: slow, loaded: map[string]bool{slow: true}}
		sharing := NewSharing(store)
		const names = "abcdefg"
		for _, name := range names {
			b, _ := New(Config{Failures: 1, OpenFor: s}, WithName(string(name)))
			if err := sharing.Add(b); err != nil {
				t.Fatal(err)
			}
		}
		for range 8 {
			ctx, cancel := context.WithCancel(context.Background())
			store.left, store.cut = 3, cancel
			if err := sharing.Sync(ctx); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		for _, name := range names {
			if !store.loaded[string(name)] {
				t.Errorf("slow %q: nobody came to %c", slow, name)
			}
		}
	}
}

// A breaker that opens while it is added is news, not something to close. (It takes luck
// to meet.)
func TestAddWhileItOpens(t *testing.T) {
	ctx := context.Background()
	for range 5000 {
		store := new(MemoryStore)
		_, _, _ = store.Swap(ctx, "b", Record{Version: 7})
		sharing := NewSharing(store)
		b, _ := New(Config{Failures: 1, OpenFor: time.Hour}, WithName("b"))
		var tripped sync.WaitGroup
		tripped.Go(b.Trip)
		_ = sharing.Add(b)
		tripped.Wait()
		if err := sharing.Sync(ctx); err != nil || b.State() != Open {
			t.Fatalf("%v, %v", err, b.State())
		}
	}
}

// One that hears late of an open state that is over begins with a probe.
func TestSharedOpenTimeThatIsOver(t *testing.T) {
	clock := newManualClock()
	store := &MemoryStore{Clock: clock}
	c := Config{Failures: 1, OpenFor: 30 * s}
	a := newPeer(t, store, c, clock, "a")
	_ = a.Run(fail)
	a.sync(t)
	clock.advance(time.Hour)
	b := newPeer(t, store, c, clock, "b")
	b.sync(t)
	clock.advance(2)
	if b.State() != HalfOpen {
		t.Errorf("%v", b.State())
	}
	// And a has nothing to tell of: it has not probed.
	before, _ := store.Load(context.Background(), "s3-put")
	a.State()
	a.sync(t)
	if r, _ := store.Load(context.Background(), "s3-put"); r.Version != before.Version {
		t.Errorf("%+v", r)
	}
}

// A call never waits for the store.
func TestCallsDoNotAskTheStore(t *testing.T) {
	clock := newManualClock()
	store := &outage{MemoryStore: MemoryStore{Clock: clock}}
	a := newPeer(t, store, Config{Failures: 1, OpenFor: 30 * s}, clock, "a")
	for range 100 {
		_ = a.Run(fail)
		clock.advance(31 * s)
		_ = a.Run(succeed)
	}
	if store.asked != 0 {
		t.Errorf("asked %d times", store.asked)
	}
}

func TestSharingNames(t *testing.T) {
	s := NewSharing(new(MemoryStore))
	nameless, _ := New(Config{Failures: 1, OpenFor: 1})
	one, _ := New(Config{Failures: 1, OpenFor: 1}, WithName("x"))
	two, _ := NewTwoStep(Config{Failures: 1, OpenFor: 1}, WithName("x"))
	if err := s.Add(nameless); !errors.Is(err, ErrName) {
		t.Error(err)
	}
	if err := s.Add(one); err != nil {
		t.Error(err)
	}
	if err := s.Add(two); !errors.Is(err, ErrName) {
		t.Error(err)
	}
	s.Remove(two)
	s.Remove(one)
	if err := s.Add(two); err != nil || one.member.Load() != nil || two.member.Load() == nil {
		t.Error(err)
	}
}

func TestEndedContexts(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	clock := newManualClock()
	a := newPeer(t, new(MemoryStore), Config{Failures: 1, OpenFor: s}, clock, "a")
	if err := a.sharing.Sync(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_ = a.Run(fail)
	if err := a.sharing.Sync(ctx); !errors.Is(err, context.Canceled) || len(a.lost) != 0 {
		t.Error(err, a.lost)
	}
	if err := a.sharing.Run(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	a.sync(t) // what could not be told is told now
	if r, _ := a.sharing.store.Load(context.Background(), "s3-put"); !r.Open {
		t.Errorf("%+v", r)
	}
}

// hanging is a store that never answers.
type hanging struct{}

func (hanging) Load(ctx context.Context, _ string) (Record, error) {
	<-ctx.Done()
	return Record{}, ctx.Err()
}

func (hanging) Swap(ctx context.Context, _ string, _ Record) (Record, bool, error) {
	<-ctx.Done()
	return Record{}, false, ctx.Err()
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(MemoryStore)
		c := Config{Failures: 1, OpenFor: 30 * s}
		a, b := newPeer(t, store, c, nil, "a"), newPeer(t, store, c, nil, "b")
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for _, p := range []*peer{a, b} {
			all.Go(func() {
				if err := p.sharing.Run(ctx, s); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		_ = a.Run(fail)
		synctest.Wait() // told at once
		if r, _ := store.Load(ctx, "s3-put"); !r.Open {
			t.Errorf("%+v", r)
		}
		waitInBubble(s) // seen within a beat
		synctest.Wait()
		if b.State() != Open {
			t.Errorf("%v", b.State())
		}
		cancel()
		all.Wait()

		away := newPeer(t, hanging{}, c, nil, "away")
		ctx, cancel = context.WithCancel(t.Context())
		all.Go(func() { _ = away.sharing.Run(ctx, s) })
		waitInBubble(10 * s)
		synctest.Wait()
		cancel()
		all.Wait()
		if len(away.lost) != 1 || !errors.Is(away.lost[0].Err, context.DeadlineExceeded) {
			t.Errorf("%+v, want one loss", away.lost)
		}
	})
}

// Ten processes, in any order of calls, rounds and outages: once the backend is well
// and the store is there, all are closed; and nobody swapped for one version twice.
func TestSharingConverges(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		clock := newManualClock()
		store := &outage{MemoryStore: MemoryStore{Clock: clock}}
		c := Config{Failures: 1 + r.IntN(2), OpenFor: 30 * s, OpenMultiplier: 2, OpenMax: time.Hour, OpenJitter: r.Float64(), Probes: 1 + r.IntN(2)}
		var peers []*peer
		for i := range 5 {
			peers = append(peers, newPeer(t, store, c, clock, fmt.Sprint(i)))
		}
		for range 300 {
			p := peers[r.IntN(len(peers))]
			switch r.IntN(8) {
			case 0, 1:
				_ = p.sharing.Sync(context.Background())
			case 2:
				clock.advance(time.Duration(r.IntN(40)) * s)
			case 3:
				if r.IntN(5) == 0 {
					store.down, store.mute = r.IntN(3) == 0, r.IntN(3) == 0
				}
			case 4:
				if r.IntN(30) == 0 {
					store.records = nil
				}
			default:
				_ = p.Run([]func() error{succeed, fail}[r.IntN(2)])
			}
		}
		store.down, store.mute = false, false
		for range 2 * len(peers) {
			clock.advance(time.Hour + 1)
			for _, p := range peers {
				for range c.Probes {
					_ = p.Run(succeed)
				}
				p.sync(t)
			}
		}
		for i, p := range peers {
			if p.State() != Closed {
				t.Fatalf("seed %d: %d is %v", seed, i, p.State())
			}
		}
	}
}
