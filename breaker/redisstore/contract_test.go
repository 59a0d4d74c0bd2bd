package redisstore

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

	"github.com/redis/go-redis/v9"

	"github.com/squall-sim/squall/breaker"
)

// slack is how much two clocks may differ over a test.
const slack = 200 * time.Millisecond

// TestContract holds every Store to the same behaviour: the one in memory, and ours with
// each kind of client.
func TestContract(t *testing.T) {
	t.Run("MemoryStore", func(t *testing.T) { contract(t, new(breaker.MemoryStore)) })
	t.Run("Client", func(t *testing.T) { contract(t, newStore(t, startServer(t).client())) })
	t.Run("RESP2", func(t *testing.T) {
		contract(t, newStore(t, startServer(t).client(func(o *redis.Options) { o.Protocol = 2 })))
	})
	t.Run("ClusterClient", func(t *testing.T) { contract(t, newStore(t, clusterClient(t))) })
	t.Run("Ring", func(t *testing.T) {
		a, b := startPortServer(t), startPortServer(t)
		ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": a.addr, "b": b.addr}})
		t.Cleanup(func() { _ = ring.Close() })
		contract(t, newStore(t, ring))
		for _, s := range []*server{a, b} {
			if n := s.client().DBSize(within(t)).Val(); n == 0 {
				t.Error("one shard has no records")
			}
		}
	})
}

// clusterClient is the client of a cluster of one node, which has all slots.
func clusterClient(t *testing.T) *redis.ClusterClient {
	t.Helper()
	s := startPortServer(t, "--cluster-enabled", "yes")
	node := s.client()
	if err := node.Do(within(t), "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for state := ""; !strings.Contains(state, "cluster_state:ok"); {
		var err error
		if state, err = node.ClusterInfo(within(t)).Result(); err != nil {
			t.Fatal(err)
		}
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{s.addr}})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func contract(t *testing.T, store breaker.Store) {
	for name, test := range map[string]func(*testing.T, *subject){
		"NoRecord": contractNone, "Versions": contractVersions, "Names": contractNames, "Left": contractLeft,
		"Fields": contractFields, "Context": contractContext, "OneWins": contractOneWins, "NoneIsLost": contractNoneIsLost,
	} {
		t.Run(name, func(t *testing.T) { test(t, &subject{t: t, store: store, name: t.Name()}) })
	}
}

// subject is a name in a store.
type subject struct {
	t     *testing.T
	store breaker.Store
	name  string
}

func (s *subject) load() breaker.Record {
	s.t.Helper()
	r, err := s.store.Load(within(s.t), s.name)
	if err != nil {
		s.t.Fatalf("Load: %v", err)
	}
	return r
}

func (s *subject) swap(r breaker.Record) (breaker.Record, bool) {
	s.t.Helper()
	kept, swapped, err := s.store.Swap(within(s.t), s.name, r)
	if err != nil {
		s.t.Fatalf("Swap(%+v): %v", r, err)
	}
	return kept, swapped
}

// put swaps, which must succeed.
func (s *subject) put(r breaker.Record) {
	s.t.Helper()
	if kept, swapped := s.swap(r); !swapped || kept != r {
		s.t.Fatalf("Swap(%+v): %+v, %t", r, kept, swapped)
	}
}

func contractNone(_ *testing.T, s *subject) {
	if r := s.load(); r != (breaker.Record{}) {
		s.t.Errorf("%+v without a record", r)
	}
	s.put(breaker.Record{Version: 7_000_000_000, Trips: 1}) // any version may be the first
	if kept, swapped := s.swap(breaker.Record{Version: 1}); swapped || kept.Version != 7_000_000_000 {
		s.t.Errorf("%+v, %t for another first version", kept, swapped)
	}
}

func contractVersions(_ *testing.T, s *subject) {
	for v := uint64(1); v <= 12; v++ {
		r := breaker.Record{Version: v, Trips: int(v), By: "first"}
		s.put(r)
		for _, wrong := range []uint64{0, 1, v - 1, v, v + 2, v + 10, 10 * v, math.MaxUint64} {
			if wrong == v+1 {
				continue // that is the next
			}
			if kept, swapped := s.swap(breaker.Record{Version: wrong, By: "second"}); swapped || kept != r {
				s.t.Fatalf("Swap of version %d after %d: %+v, %t", wrong, v, kept, swapped)
			}
		}
		if got := s.load(); got != r {
			s.t.Fatalf("%+v, want %+v", got, r)
		}
	}
}

func contractNames(t *testing.T, s *subject) {
	names := []string{"", " ", "a", "A", "a:b", "*", "{a}", "{a}b", "a\x00b", "a\r\nb", "\xff\xfe", "größe", strings.Repeat("x", 5000)}
	for i, name := range names {
		one := &subject{t: t, store: s.store, name: name}
		one.put(breaker.Record{Version: 1, Trips: i})
	}
	for i, name := range names {
		one := &subject{t: t, store: s.store, name: name}
		if r := one.load(); r.Trips != i {
			t.Errorf("%.20q: %+v, want %d trips", name, r, i)
		}
	}
}

// Left counts down while a record is open, on past 0, and else stays.
func contractLeft(t *testing.T, s *subject) {
	version := uint64(0)
	for _, c := range []struct {
		r     breaker.Record
		moves bool
	}{
		{breaker.Record{Open: true, Left: time.Hour}, true},
		{breaker.Record{Open: true, Left: 1}, true},
		{breaker.Record{Open: true}, true},
		{breaker.Record{Open: true, Left: -time.Hour}, true},
		{breaker.Record{Open: true, Left: math.MaxInt64}, true},
		{breaker.Record{Open: true, Isolated: true, Left: time.Hour}, false},
		{breaker.Record{Left: time.Hour}, false},
	} {
		version++
		c.r.Version = version
		began := time.Now()
		s.put(c.r)
		got := s.load()
		for c.moves && got.Left == c.r.Left {
			if got = s.load(); time.Since(began) > patience {
				t.Fatalf("%+v does not count down", c.r)
			}
		}
		gone := c.r.Left - got.Left
		if most := time.Since(began) + slack; gone < 0 || gone > most || !c.moves && gone != 0 {
			t.Errorf("%v of %+v gone in %v", gone, c.r, most)
		}
		if again := s.load(); again.Left > got.Left {
			t.Errorf("%v left, then %v", got.Left, again.Left)
		}
		if kept, swapped := s.swap(c.r); swapped || kept.Left > got.Left || got.Left-kept.Left > time.Since(began)+slack {
			t.Errorf("%+v, %t: the one that wins tells what is left, too", kept, swapped)
		}
	}
}

// Any record comes back as it went.
func contractFields(t *testing.T, s *subject) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 500 {
		one := &subject{t: t, store: s.store, name: fmt.Sprint(s.name, i)}
		want := anyRecord(r)
		began := time.Now()
		one.put(want)
		got := one.load()
		if gone := want.Left - got.Left; gone < 0 || gone > time.Since(began)+slack {
			t.Errorf("%v of %+v gone", gone, want)
		}
		if got.Left = want.Left; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// anyRecord is a first record with anything in it.
func anyRecord(r *rand.Rand) breaker.Record {
	by := make([]byte, r.IntN(20))
	for i := range by {
		by[i] = byte(r.Uint32())
	}
	// A number of any length, and of any sign. Not the very shortest durations: the
	// store in memory may count down past them.
	number := func() int64 { return int64(r.Uint64()) >> r.IntN(64) }
	return breaker.Record{Version: 1, Open: r.IntN(2) == 0, Left: time.Duration(max(number(), math.MinInt64/2)),
		Isolated: r.IntN(4) == 0, Trips: int(number()), By: string(by)}
}

func contractContext(t *testing.T, s *subject) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r, err := s.store.Load(ctx, s.name); !errors.Is(err, context.Canceled) || r != (breaker.Record{}) {
		t.Errorf("Load: %+v, %v", r, err)
	}
	if _, swapped, err := s.store.Swap(ctx, s.name, breaker.Record{Version: 1}); !errors.Is(err, context.Canceled) || swapped {
		t.Errorf("Swap: %t, %v", swapped, err)
	}
	if r := s.load(); r.Version != 0 {
		t.Errorf("%+v was kept", r)
	}
	if _, _, err := s.store.Swap(context.Background(), s.name, breaker.Record{Version: 1}); err != nil {
		t.Error(err)
	}
}

// Of many who swap for one version one wins, and the others are told of it.
func contractOneWins(t *testing.T, s *subject) {
	const rounds, swappers = 30, 16
	for version := uint64(1); version <= rounds; version++ {
		var all sync.WaitGroup
		var mu sync.Mutex
		var winners []string
		told := map[string]int{}
		begin := make(chan struct{})
		for i := range swappers {
			all.Go(func() {
				<-begin
				by := fmt.Sprint(i)
				kept, swapped, err := s.store.Swap(within(t), s.name, breaker.Record{Version: version, By: by})
				mu.Lock()
				defer mu.Unlock()
				if err != nil || kept.Version != version || swapped != (kept.By == by) {
					t.Errorf("%s: %+v, %t, %v", by, kept, swapped, err)
				}
				if swapped {
					winners = append(winners, by)
				}
				told[kept.By]++
			})
		}
		close(begin)
		all.Wait()
		if len(winners) != 1 || told[winners[0]] != swappers {
			t.Fatalf("version %d: %v won; told were %v", version, winners, told)
		}
	}
}

// Swaps after Loads lose no change.
func contractNoneIsLost(t *testing.T, s *subject) {
	const each, swappers = 25, 8
	var all sync.WaitGroup
	ctx := within(t)
	for range swappers {
		all.Go(func() {
			for done := 0; done < each; {
				r, err := s.store.Load(ctx, s.name)
				if err != nil {
					t.Error(err)
					return
				}
				r.Version++
				r.Trips++
				_, swapped, err := s.store.Swap(ctx, s.name, r)
				if err != nil {
					t.Error(err)
					return
				}
				if swapped {
					done++
				}
			}
		})
	}
	all.Wait()
	if r := s.load(); r.Version != each*swappers || r.Trips != each*swappers {
		t.Errorf("%+v, want %d changes", r, each*swappers)
	}
}
