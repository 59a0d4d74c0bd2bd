package breaker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

type key struct{ host, op string }

func newTestRegistry(t *testing.T, l Limits, opts ...RegistryOption[key]) (*Registry[key], *manualClock) {
	t.Helper()
	clock := newManualClock()
	r, err := NewRegistry(Config{Failures: 1, OpenFor: 30 * s}, l, append(opts, WithEach[key](WithClock(clock)))...)
	if err != nil {
		t.Fatal(err)
	}
	return r, clock
}

// order is the keys' hosts, the one last asked for first.
func order(r *Registry[key]) string {
	var hosts []string
	for k := range r.All() {
		hosts = append(hosts, k.host)
	}
	return strings.Join(hosts, " ")
}

func TestRegistry(t *testing.T) {
	r, _ := newTestRegistry(t, Limits{Max: 3})
	a := r.Get(key{"a", "get"})
	if r.Get(key{"a", "get"}) != a || r.Get(key{"a", "put"}) == a || r.Len() != 2 || a.Name() != "{a get}" {
		t.Fatalf("%d breakers, %s", r.Len(), a.Name())
	}
	_ = a.Run(fail)
	if r.Get(key{"a", "put"}).State() != Closed {
		t.Error("keys share their state")
	}
	if r.Look(key{"b", ""}) != nil || r.Len() != 2 || r.Look(key{"a", "get"}) != a {
		t.Error("a look makes a breaker")
	}
	r.Forget(key{"a", "put"})
	r.Forget(key{"a", "put"})
	r.Forget(key{"never", ""})
	if order(r) != "a" || r.Sweep() != 1 {
		t.Errorf("%s, %d dropped", order(r), r.Sweep())
	}
	for k, b := range r.All() {
		r.Forget(k) // a loop may use the registry
		if b != a || r.Len() != 0 {
			t.Error("not the breaker that there was")
		}
		break
	}
}

// To make room the least recently used goes, the closed ones first.
func TestRegistryIsBounded(t *testing.T) {
	r, _ := newTestRegistry(t, Limits{Max: 3})
	for _, host := range []string{"a", "b", "c"} {
		r.Get(key{host: host})
	}
	_ = r.Get(key{host: "a"}).Run(fail)
	r.Get(key{host: "b"})
	r.Get(key{host: "c"})
	r.Get(key{host: "d"})
	if got := order(r); got != "d c a" {
		t.Errorf("%s: want b gone, as a is open", got)
	}
	for _, host := range []string{"c", "d"} {
		_ = r.Get(key{host: host}).Run(fail)
	}
	r.Get(key{host: "e"})
	if got := order(r); got != "e d c" {
		t.Errorf("%s: want a gone, as all are open", got)
	}
}

// A key that does not equal itself is a new one each time; it takes no room for ever.
func TestRegistryOfNaN(t *testing.T) {
	r, err := NewRegistry[float64](Config{Failures: 1, OpenFor: s}, Limits{Max: 3})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		_ = r.Get(math.NaN()).Run(succeed)
	}
	if r.Len() != 3 || len(r.byKey) > 3 || r.Sweep() != 97 {
		t.Errorf("%d breakers, %d keys", r.Len(), len(r.byKey))
	}
}

func TestRegistryForgetsTheIdle(t *testing.T) {
	r, clock := newTestRegistry(t, Limits{Idle: 10 * s})
	_ = r.Get(key{host: "open"}).Run(fail)
	r.Get(key{host: "idle"})
	r.Get(key{host: "isolated"}).Isolate()
	clock.advance(10*s - 1)
	r.Get(key{host: "used"})
	if r.Sweep(); order(r) != "used isolated idle open" {
		t.Errorf("%s: too early", order(r))
	}
	clock.advance(1)
	r.Get(key{host: "new"}) // making one sweeps
	if order(r) != "new used isolated open" {
		t.Errorf("%s", order(r))
	}
	clock.advance(30 * s) // the open time is over
	if n := r.Sweep(); order(r) != "isolated" || n != 4 {
		t.Errorf("%s, %d dropped", order(r), n)
	}
}

func TestRegistryProblems(t *testing.T) {
	_, err := NewRegistry[string](Config{OpenFor: -1}, Limits{Max: -1, Idle: -1})
	var got []string
	for _, one := range err.(interface{ Unwrap() []error }).Unwrap() {
		var f *FieldError
		if errors.As(one, &f) {
			got = append(got, f.Field)
		}
	}
	if fmt.Sprint(got) != "[Failures OpenFor Max Idle]" {
		t.Errorf("%v", err)
	}
	if (Limits{Max: largestMax + 1}).Validate() == nil || (Limits{}).Validate() != nil {
		t.Error("limits")
	}
}

// A listener may use the registry: no lock is held when it is called.
func TestRegistryListener(t *testing.T) {
	var r *Registry[key]
	heard := 0
	clock := newManualClock()
	r, err := NewRegistry(Config{Failures: 1, OpenFor: s}, Limits{Max: 1, Idle: s},
		WithKeyName(func(k key) string { return k.host }),
		WithEach[key](WithClock(clock), WithListener(func(e Event) {
			heard++
			r.Get(key{host: "other than " + e.Name})
			r.Sweep()
		})))
	if err != nil {
		t.Fatal(err)
	}
	b := r.Get(key{host: "a"})
	_ = b.Run(fail)
	clock.advance(time.Hour)
	_ = b.Run(succeed)
	if heard != 3 || b.Name() != "a" {
		t.Errorf("heard %d, %s", heard, b.Name())
	}
}

// Its breakers share their state for as long as they are kept.
func TestRegistryShares(t *testing.T) {
	store, clock := new(MemoryStore), newManualClock()
	store.Clock = clock
	var sharings []*Sharing
	var registries []*Registry[string]
	for range 2 {
		s := NewSharing(store)
		r, err := NewRegistry(Config{Failures: 1, OpenFor: time.Minute}, Limits{Max: 1}, WithSharing[string](s), WithEach[string](WithClock(clock)))
		if err != nil {
			t.Fatal(err)
		}
		sharings, registries = append(sharings, s), append(registries, r)
		r.Get("gone")
		r.Get("kept")
	}
	_ = registries[0].Get("kept").Run(fail)
	for _, s := range sharings {
		if err := s.Sync(context.Background()); err != nil {
			t.Error(err)
		}
	}
	if registries[1].Get("kept").State() != Open || len(sharings[0].members) != 1 {
		t.Errorf("%v, %d shared", registries[1].Get("kept").State(), len(sharings[0].members))
	}
}

func TestRegistryUnderStress(t *testing.T) {
	r, clock := newTestRegistry(t, Limits{Max: 50, Idle: 100})
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 8))
			for range 3000 {
				clock.advance(time.Duration(rnd.IntN(5)))
				k := key{host: fmt.Sprint(rnd.IntN(100))}
				switch rnd.IntN(10) {
				case 0:
					r.Sweep()
				case 1:
					for _, b := range r.All() {
						b.Snapshot()
					}
				case 2:
					r.Forget(k)
				default:
					_ = r.Get(k).Run([]func() error{succeed, fail}[rnd.IntN(2)])
				}
				if n := r.Len(); n > 50 {
					t.Errorf("%d breakers", n)
				}
			}
		})
	}
	all.Wait()
}
