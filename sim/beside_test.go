package sim_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/squall-sim/squall/sim"
)

// The first of two that run beside a process wakes it.
func ExampleClock_Signal() {
	loop := sim.NewLoop()
	clock := loop.Clock(time.Time{})
	sim.Go(loop, func(p *sim.Process) {
		ctx, cancel := clock.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		wait, notify := clock.Signal()
		for _, d := range []time.Duration{3 * time.Second, 2 * time.Second} {
			clock.Go(func() {
				if clock.Sleep(ctx, d) == nil {
					notify()
				}
			})
		}
		fmt.Println(wait(ctx), p.Now())
	})
	loop.Run(sim.Never)
	// Output: <nil> 2s
}

// What runs beside a process has no Process to ask: a hedged request at a station.
func TestServeBeside(t *testing.T) {
	loop := sim.NewLoop()
	clock := loop.Clock(time.Time{})
	station := sim.NewStation(loop, 1, 0)
	var story []string
	sim.Go(loop, func(p *sim.Process) {
		ctx, cancel := clock.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for range 2 {
			clock.Go(func() {
				err := clock.Serve(ctx, station, 3*time.Second)
				story = append(story, fmt.Sprintf("%v at %v", err, p.Now()))
			})
		}
		p.Sleep(4 * time.Second)
		story = append(story, fmt.Sprintf("%v at %v", clock.Serve(context.Background(), station, time.Second), p.Now()))
	})
	loop.Run(sim.Never)
	want := []string{sim.ErrFull.Error() + " at 0s", "context deadline exceeded at 1s", "<nil> at 5s"}
	if fmt.Sprint(story) != fmt.Sprint(want) || station.Served() != 2 {
		t.Errorf("%q, want %q; %d served", story, want, station.Served())
	}
	if caught(func() { _ = clock.Serve(context.Background(), station, time.Second) }) == nil {
		t.Error("Serve outside of a process: no panic")
	}
}

func TestSignal(t *testing.T) {
	loop := sim.NewLoop()
	clock := loop.Clock(time.Time{})
	var story []string
	sim.Go(loop, func(p *sim.Process) {
		told := func(what string, err error) {
			story = append(story, fmt.Sprintf("%s: %v at %v", what, err, p.Now()))
		}
		wait, notify := clock.Signal()
		notify()
		notify()
		told("notified before", wait(context.Background()))
		ctx, cancel := clock.WithTimeout(context.Background(), time.Second)
		defer cancel()
		told("not notified again", wait(ctx))
		told("under a context that has ended", wait(ctx))
		notify()
		told("notified, and ended", wait(ctx))
		clock.Go(func() {
			_ = clock.Sleep(context.Background(), time.Second)
			notify()
			notify() // for the next wait
		})
		told("notified by another", wait(context.Background()))
		told("and once more", wait(context.Background()))
	})
	loop.Run(sim.Never)
	want := []string{
		"notified before: <nil> at 0s", "not notified again: context deadline exceeded at 1s",
		"under a context that has ended: context deadline exceeded at 1s", "notified, and ended: <nil> at 1s",
		"notified by another: <nil> at 2s", "and once more: <nil> at 2s",
	}
	if fmt.Sprint(story) != fmt.Sprint(want) || loop.Processes() != 0 {
		t.Errorf("%q, want\n%q; %d processes are left", story, want, loop.Processes())
	}
}

func TestSignalBelongsToItsProcess(t *testing.T) {
	if caught(func() { sim.NewLoop().Clock(time.Time{}).Signal() }) == nil {
		t.Error("Signal outside of a process: no panic")
	}
	loop := sim.NewLoop()
	clock := loop.Clock(time.Time{})
	var wait func(context.Context) error
	sim.Go(loop, func(*sim.Process) { wait, _ = clock.Signal() })
	sim.Go(loop, func(*sim.Process) { _ = wait(context.Background()) })
	if caught(func() { loop.Run(sim.Never) }) == nil {
		t.Error("wait in another process: no panic")
	}
}
