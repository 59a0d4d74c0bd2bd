package compat

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/squall-sim/squall/breaker"
)

// ledger is a store for gobreaker's distributed breaker, in memory, that knows whether
// its lock is held.
type ledger struct {
	locked bool
	data   map[string][]byte
}

var errLocked = errors.New("locked")

func (l *ledger) Lock(string) error {
	if l.locked {
		return errLocked
	}
	l.locked = true
	return nil
}

func (l *ledger) Unlock(string) error { l.locked = false; return nil }

func (l *ledger) GetData(name string) ([]byte, error) { return l.data[name], nil }

func (l *ledger) SetData(name string, data []byte) error { l.data[name] = data; return nil }

func newDistributed(t *testing.T, l *ledger) *gobreaker.DistributedCircuitBreaker[int] {
	t.Helper()
	b, err := gobreaker.NewDistributedCircuitBreaker[int](l, gobreaker.Settings{
		Name: "shared", Timeout: time.Hour, ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 1 },
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// askedStore is a Store that tells whether anybody uses it.
type askedStore struct {
	breaker.MemoryStore
	asked int
}

func (w *askedStore) Load(ctx context.Context, name string) (breaker.Record, error) {
	w.asked++
	return w.MemoryStore.Load(ctx, name)
}

func (w *askedStore) Swap(ctx context.Context, name string, r breaker.Record) (breaker.Record, bool, error) {
	w.asked++
	return w.MemoryStore.Swap(ctx, name, r)
}

func newShared(t *testing.T, store breaker.Store) (*breaker.Breaker, *breaker.Sharing) {
	t.Helper()
	b := newBreaker(t, breaker.WithName("shared"))
	sharing := breaker.NewSharing(store)
	if err := sharing.Add(b); err != nil {
		t.Fatal(err)
	}
	return b, sharing
}

// The distributed breaker holds the store's lock for as long as the call takes: one
// slow call, and nobody in any process makes another. Ours asks the store nothing in a
// call, and calls run side by side.
func TestDefect_gobreaker_distributedLockDuringTheCall(t *testing.T) {
	l := &ledger{data: map[string][]byte{}}
	held := false
	_, _ = newDistributed(t, l).Execute(func() (int, error) { held = l.locked; return 42, nil })
	if !held {
		t.Error("did not reproduce: the lock is free during the call")
	}

	store := new(askedStore)
	b, _ := newShared(t, store)
	v, err := breaker.Execute(b, func() (int, error) {
		return breaker.Execute(b, func() (int, error) { return 42, nil })
	})
	if v != 42 || err != nil || store.asked != 0 {
		t.Errorf("squall: %v, %v, the store was asked %d times", v, err, store.asked)
	}
}

// A call that panics is counted, but not saved: the other processes do not hear of it.
func TestDefect_gobreaker_distributedPanicIsNotSaved(t *testing.T) {
	l := &ledger{data: map[string][]byte{}}
	one, two := newDistributed(t, l), newDistributed(t, l)
	apart(func() { _, _ = one.Execute(explode) })
	if state, err := two.State(); state != gobreaker.StateClosed || err != nil {
		t.Errorf("did not reproduce: %v, %v", state, err)
	}

	store := new(breaker.MemoryStore)
	mine, sharing := newShared(t, store)
	yours, other := newShared(t, store)
	apart(func() { _, _ = breaker.Execute(mine, explode) })
	if err := errors.Join(sharing.Sync(t.Context()), other.Sync(t.Context())); err != nil {
		t.Fatal(err)
	}
	if yours.State() != breaker.Open {
		t.Errorf("squall: %v", yours.State())
	}
}
