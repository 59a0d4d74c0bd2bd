package sim_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// A random program, written as processes and as actors, happens in the same order
// at the same times.
func TestProcessesHappenAsActorsDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gap := rapid.Custom(func(t *rapid.T) time.Duration { // ties are the rule
			return time.Duration(rapid.IntRange(1, 4).Draw(t, "gap"))
		})
		programs := rapid.SliceOfN(rapid.SliceOfN(gap, 0, 6), 1, 8).Draw(t, "programs")

		var told []string
		loop := sim.NewLoop()
		for i, gaps := range programs {
			sim.Go(loop, func(p *sim.Process) {
				for _, d := range gaps {
					told = append(told, fmt.Sprint(i, p.Now()))
					p.Sleep(d)
				}
				told = append(told, fmt.Sprint(i, p.Now(), "end"))
			})
		}
		loop.Run(sim.Never)
		if n := loop.Processes(); n != 0 {
			t.Fatalf("%d processes left", n)
		}

		var want []string
		loop = sim.NewLoop()
		at := make([]int, len(programs))
		var act sim.ActorFunc
		act = func(now time.Duration, i uint64) {
			if at[i] == len(programs[i]) {
				want = append(want, fmt.Sprint(i, now, "end"))
				return
			}
			want = append(want, fmt.Sprint(i, now))
			loop.After(programs[i][at[i]], act, i)
			at[i]++
		}
		for i := range programs {
			loop.At(0, act, uint64(i))
		}
		loop.Run(sim.Never)
		if !slices.Equal(told, want) {
			t.Fatalf("processes:\n%v\nactors:\n%v", told, want)
		}
	})
}

func TestParkAndWake(t *testing.T) {
	loop := sim.NewLoop()
	var told []string
	say := func(s string) { told = append(told, fmt.Sprint(loop.Now(), " ", s)) }
	sleeper := sim.Go(loop, func(p *sim.Process) {
		_ = p.Park(context.Background())
		say("first")
		p.Sleep(5) // woken meanwhile: that is kept
		_ = p.Park(context.Background())
		say("second")
		_ = p.Park(context.Background())
		say("third")
	})
	sim.Go(loop, func(p *sim.Process) {
		p.Sleep(2)
		sleeper.Wake()
		say("woke")
		p.Sleep(1)
		sleeper.Wake()
		sleeper.Wake() // kept once
		p.Sleep(9)
		sleeper.Wake()
	})
	loop.Run(sim.Never)
	if got := strings.Join(told, ", "); got != "2ns woke, 2ns first, 7ns second, 12ns third" || loop.Processes() != 0 {
		t.Errorf("%s; %d processes left", got, loop.Processes())
	}
}

func TestServe(t *testing.T) {
	loop := sim.NewLoop()
	station := sim.NewStation(loop, 1, 1)
	var told []string
	for i := range 3 {
		sim.Go(loop, func(p *sim.Process) {
			err := p.Serve(context.Background(), station, 10)
			told = append(told, fmt.Sprint(i, ": ", p.Now(), " ", err))
		})
	}
	sim.Go(loop, func(p *sim.Process) { // its client gives up, and the work goes on
		p.Sleep(12)
		ctx, cancel := loop.Clock(time.Time{}).WithTimeout(context.Background(), 5)
		defer cancel()
		told = append(told, fmt.Sprint(p.Serve(ctx, station, 10), " ", p.Now()), fmt.Sprint(p.Serve(ctx, station, 10)))
	})
	loop.Run(sim.Never)
	want := "2: 0s sim: the station's queue is full, 0: 10ns <nil>, context deadline exceeded 17ns, context deadline exceeded, 1: 20ns <nil>"
	if got := strings.Join(told, ", "); got != want || station.Served() != 3 || loop.Now() != 30 {
		t.Errorf("%s; %d served at %v", got, station.Served(), loop.Now())
	}
}

func TestParkUnderContext(t *testing.T) {
	loop := sim.NewLoop()
	var told []string
	p := sim.Go(loop, func(p *sim.Process) {
		for range 4 {
			ctx, cancel := loop.Clock(time.Time{}).WithTimeout(context.Background(), 5)
			told = append(told, fmt.Sprint(p.Park(ctx), " ", p.Now()))
			if p.Now() >= 12 {
				cancel()
				told = append(told, fmt.Sprint(p.Park(ctx)))
			}
			cancel()
		}
	})
	for _, at := range []time.Duration{2, 14} {
		loop.At(at, sim.ActorFunc(func(time.Duration, uint64) { p.Wake() }), 0)
	}
	loop.Run(sim.Never)
	want := "<nil> 2ns, context deadline exceeded 7ns, context deadline exceeded 12ns, context deadline exceeded, <nil> 14ns, context canceled"
	if got := strings.Join(told, ", "); got != want {
		t.Error(got)
	}
}

// A loop that is closed ends its processes: their deferred calls run, in the order
// of their beginnings, and nothing of them is left.
func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	loop := sim.NewLoop()
	var told []int
	for i := range 100 {
		p := sim.Go(loop, func(p *sim.Process) {
			defer func() {
				told = append(told, i)
				if recover() != nil {
					t.Error("it became a panic")
				}
				p.Sleep(1)
				t.Error("slept")
			}()
			if i%2 == 0 {
				_ = p.Park(context.Background())
			}
			p.Sleep(time.Hour)
			t.Error("woke")
		})
		_ = p.Loop()
	}
	loop.Run(time.Minute)
	if n := loop.Processes(); n != 100 {
		t.Fatalf("%d processes", n)
	}
	never := sim.Go(loop, func(*sim.Process) { t.Error("begun") })
	_ = never
	loop.Close()
	loop.Close()
	if !slices.IsSorted(told) || len(told) != 100 || loop.Processes() != 0 {
		t.Errorf("%d processes left; ended %v", loop.Processes(), told)
	}
	for i := 0; runtime.NumGoroutine() > before; i++ {
		if i > 1_000_000 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}

func TestProcessPanics(t *testing.T) {
	loop := sim.NewLoop()
	boom := errors.New("boom")
	sim.Go(loop, func(p *sim.Process) {
		p.Sleep(1)
		panic(boom)
	})
	if got := caught(func() { loop.Run(sim.Never) }); got != any(boom) {
		t.Errorf("%v", got)
	}
	other := sim.NewLoop()
	p := sim.Go(other, func(p *sim.Process) { p.Sleep(time.Hour) })
	other.Run(1)
	for name, misuse := range map[string]func(){
		"Sleep from outside": func() { p.Sleep(1) },
		"Park from outside":  func() { _ = p.Park(context.Background()) },
		"Serve from outside": func() { _ = p.Serve(context.Background(), sim.NewStation(other, 1, 1), 1) },
		"no body":            func() { sim.Go(other, nil) },
		"clock from outside": func() { _ = other.Clock(time.Time{}).Sleep(context.Background(), 1) },
		"Close by an actor":  func() { other.At(1, sim.ActorFunc(func(time.Duration, uint64) { other.Close() }), 0); other.Step() },
	} {
		if caught(misuse) == nil {
			t.Errorf("%s: no panic", name)
		}
	}
}

func caught(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// A process that calls runtime.Goexit, as t.FailNow does, ends who runs the loop.
func TestProcessExits(t *testing.T) {
	ended := make(chan bool)
	go func() {
		returned := false
		defer func() { ended <- returned }()
		loop := sim.NewLoop()
		sim.Go(loop, func(p *sim.Process) {
			p.Sleep(1)
			runtime.Goexit()
		})
		loop.Run(sim.Never)
		returned = true
	}()
	if <-ended {
		t.Error("the loop went on")
	}
}

func BenchmarkProcess(b *testing.B) {
	for _, n := range pendings[:2] {
		b.Run(fmt.Sprint("pending=", n), func(b *testing.B) {
			loop, g := sim.NewLoop(), gaps()
			for i := range n {
				sim.Go(loop, func(p *sim.Process) {
					for next := i; ; next++ {
						p.Sleep(g[next&(1<<12-1)])
					}
				})
			}
			for range 2 * n {
				loop.Step()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				loop.Step()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.StopTimer()
			loop.Close()
		})
	}
}
