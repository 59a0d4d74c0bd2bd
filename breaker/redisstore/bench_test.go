package redisstore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/squall-sim/squall/breaker"
)

// One round trip over a Unix socket, with the server's work.
func BenchmarkLoad(b *testing.B) {
	ctx := context.Background()
	s := newStore(b, startServer(b).client())
	if _, _, err := s.Swap(ctx, "a", breaker.Record{Version: 1, Open: true, Left: time.Hour, Trips: 1, By: "host-1"}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Load(ctx, "a"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSwap(b *testing.B) {
	ctx := context.Background()
	s := newStore(b, startServer(b).client())
	r := breaker.Record{Open: true, Left: time.Hour, Trips: 1, By: "host-1"}
	b.ReportAllocs()
	for b.Loop() {
		r.Version++
		if _, swapped, err := s.Swap(ctx, "a", r); err != nil || !swapped {
			b.Fatal(swapped, err)
		}
	}
}

// A beat of a process with 20 breakers, with a context that can end, as in Sharing.Run.
func BenchmarkSync(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	sharing := breaker.NewSharing(newStore(b, startServer(b).client()))
	for i := range 20 {
		one, err := breaker.New(breaker.Config{Failures: 1, OpenFor: time.Hour}, breaker.WithName(fmt.Sprint(i)))
		if err != nil {
			b.Fatal(err)
		}
		if err := sharing.Add(one); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := sharing.Sync(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
