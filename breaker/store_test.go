package breaker

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

// outage is a store that can be made unreachable, or its answers to Swap lost, and
// counts what is asked of it.
type outage struct {
	MemoryStore
	down  bool
	mute  bool
	asked int
}

var errAway = errors.New("connection refused")

func (o *outage) Load(ctx context.Context, name string) (Record, error) {
	if o.asked++; o.down {
		return Record{}, errAway
	}
	return o.MemoryStore.Load(ctx, name)
}

func (o *outage) Swap(ctx context.Context, name string, r Record) (Record, bool, error) {
	if o.asked++; o.down {
		return Record{}, false, errAway
	}
	kept, swapped, err := o.MemoryStore.Swap(ctx, name, r)
	if o.mute {
		return Record{}, false, errAway
	}
	return kept, swapped, err
}

// Without the store each goes on by itself, and says so once; afterwards they agree
// again, even if the store has forgotten everything.
func TestStoreAway(t *testing.T) {
	for _, forgets := range []bool{false, true} {
		clock := newManualClock()
		store := &outage{MemoryStore: MemoryStore{Clock: clock}}
		c := Config{Failures: 1, OpenFor: 30 * s}
		a, b := newPeer(t, store, c, clock, "a"), newPeer(t, store, c, clock, "b")
		_ = a.Run(fail)
		a.sync(t)
		b.sync(t)
		clock.advance(30*s + 1)
		_ = a.Run(succeed)
		a.sync(t)
		b.sync(t)
		store.down = true
		_ = b.Run(fail)
		for range 3 {
			for _, p := range []*peer{a, b} {
				if err := p.sharing.Sync(context.Background()); !errors.Is(err, errAway) || !strings.Contains(err.Error(), "s3-put") {
					t.Errorf("err %v", err)
				}
			}
		}
		if a.State() != Closed || b.State() != Open || a.Run(succeed) != nil {
			t.Errorf("%v and %v: each should have its own state", a.State(), b.State())
		}
		store.down = false
		if forgets {
			store.records = nil
		}
		for range 2 {
			b.sync(t)
			a.sync(t)
		}
		if a.State() != Open || b.State() != Open {
			t.Errorf("forgets %t: %v and %v afterwards", forgets, a.State(), b.State())
		}
		for _, p := range []*peer{a, b} {
			if len(p.lost) != 2 || p.lost[0].Err == nil || p.lost[1].Err != nil || p.lost[0].Time != clock.Now() {
				t.Errorf("%+v, want one loss and one return", p.lost)
			}
		}
	}
	// What was open before the store forgot it is told again, without a change.
	clock := newManualClock()
	store := &MemoryStore{Clock: clock}
	a := newPeer(t, store, Config{Failures: 1, OpenFor: 30 * s}, clock, "a")
	_ = a.Run(fail)
	a.sync(t)
	before, _ := store.Load(context.Background(), "s3-put")
	store.records = nil
	a.sync(t)
	if r, _ := store.Load(context.Background(), "s3-put"); r != before {
		t.Errorf("%+v, want %+v again", r, before)
	}
}

// What is told to a store that has forgotten the old is not taken for the old.
func TestStoreForgetsAndCountsAnew(t *testing.T) {
	clock := newManualClock()
	store := &MemoryStore{Clock: clock}
	c := Config{Failures: 1, OpenFor: time.Hour}
	a, b := newPeer(t, store, c, clock, "a"), newPeer(t, store, c, clock, "b")
	a.Trip()
	a.Reset()
	a.sync(t)
	b.sync(t)
	store.records = nil
	late := newPeer(t, store, c, clock, "late") // knows nothing of what was
	_ = late.Run(fail)
	late.sync(t)
	for _, p := range []*peer{a, b} {
		if p.sync(t); p.State() != Open {
			t.Errorf("%v, want what the new process told", p.State())
		}
	}
}

// A reset while the store is away is news to those who remind it of what was, whoever
// comes first.
func TestResetWhileAwayAndForgotten(t *testing.T) {
	for _, order := range []string{"ab", "ba"} {
		clock := newManualClock()
		store := &outage{MemoryStore: MemoryStore{Clock: clock}}
		c := Config{Failures: 1, OpenFor: time.Hour}
		a, b := newPeer(t, store, c, clock, "a"), newPeer(t, store, c, clock, "b")
		_ = a.Run(fail)
		a.sync(t)
		b.sync(t)
		store.down = true
		b.Reset()
		_ = b.sharing.Sync(context.Background())
		store.down, store.records = false, nil
		inTurn(t, order, a, b)
		if a.State() != Closed || b.State() != Closed {
			t.Errorf("%s: a %v, b %v after b's reset", order, a.State(), b.State())
		}
	}
}

// A change whose answer was lost is told again as the same change: whoever has heard of
// it, and changed the state since, has the last word, whatever the store has kept.
func TestLostAnswers(t *testing.T) {
	for _, forgets := range []bool{false, true} {
		for _, order := range []string{"ab", "ba"} {
			clock := newManualClock()
			store := &outage{MemoryStore: MemoryStore{Clock: clock}}
			c := Config{Failures: 1, OpenFor: time.Hour}
			a, b := newPeer(t, store, c, clock, "a"), newPeer(t, store, c, clock, "b")
			store.mute = true
			_ = a.Run(fail)
			_ = a.sharing.Sync(context.Background())
			b.sync(t) // hears of what a does not know that it has told
			store.down = true
			b.Reset()
			_ = b.sharing.Sync(context.Background())
			store.down, store.mute = false, false
			if forgets {
				store.records = nil
			}
			inTurn(t, order, a, b)
			if a.State() != Closed || b.State() != Closed {
				t.Errorf("forgets %t, %s: a %v, b %v after b's reset", forgets, order, a.State(), b.State())
			}
		}
	}
	// And what has changed here since is told on top of it.
	clock := newManualClock()
	store := &outage{MemoryStore: MemoryStore{Clock: clock}}
	c := Config{Failures: 1, OpenFor: time.Hour}
	a, b := newPeer(t, store, c, clock, "a"), newPeer(t, store, c, clock, "b")
	store.mute = true
	_ = a.Run(fail)
	_ = a.sharing.Sync(context.Background())
	b.sync(t)
	store.mute = false
	a.Reset()
	a.sync(t)
	b.sync(t)
	if a.State() != Closed || b.State() != Closed {
		t.Errorf("a %v, b %v after a's reset", a.State(), b.State())
	}
}

// A record of the longest and the shortest times does not wrap around.
func TestMemoryStoreOfCenturies(t *testing.T) {
	clock := newManualClock()
	store := &MemoryStore{Clock: clock}
	for i, left := range []time.Duration{math.MaxInt64, math.MinInt64, 0} {
		if _, swapped, err := store.Swap(context.Background(), "x", Record{Version: uint64(i) + 1, Open: true, Left: left}); !swapped || err != nil {
			t.Fatal(swapped, err)
		}
		clock.advance(100 * 365 * 24 * time.Hour)
		if r, _ := store.Load(context.Background(), "x"); (r.Left > 0) != (left > 0) {
			t.Errorf("%v: %v a century later", left, r.Left)
		}
	}
}

// Of two Sharings the first would hear of nothing any more.
func TestOneSharingAtATime(t *testing.T) {
	b, _ := New(Config{Failures: 1, OpenFor: 1}, WithName("x"))
	first, second := NewSharing(new(MemoryStore)), NewSharing(new(MemoryStore))
	if err := first.Add(b); err != nil {
		t.Fatal(err)
	}
	member := b.member.Load()
	if err := second.Add(b); !errors.Is(err, ErrShared) || b.member.Load() != member {
		t.Errorf("%v", err)
	}
	second.Remove(b) // where it is not
	if b.member.Load() != member {
		t.Error("removed from where it is")
	}
	first.Remove(b)
	if err := second.Add(b); err != nil {
		t.Error(err)
	}
}

func TestSharingWithoutStore(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("made")
		}
	}()
	NewSharing(nil)
}
