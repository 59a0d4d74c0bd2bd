package sim_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// job is one job of a station test.
type job struct{ arrival, service, start, end time.Duration }

// play sends jobs through a station and fills in when each ended; -1 for those
// turned away. It returns the loop at the end of the last.
func play(station *sim.Station, loop *sim.Loop, jobs []job) {
	done := sim.ActorFunc(func(now time.Duration, i uint64) { jobs[i].end = now })
	arrive := sim.ActorFunc(func(_ time.Duration, i uint64) {
		if !station.Enter(jobs[i].service, done, i) {
			jobs[i].end = -1
		}
	})
	for i := range jobs {
		loop.At(jobs[i].arrival, arrive, uint64(i))
	}
	loop.Run(sim.Never)
}

// serveByHand says what must come out: each job starts when it has arrived and
// the worker that is free first is free (Kiefer and Wolfowitz, 1955), and is
// turned away if too many that came before still wait.
func serveByHand(jobs []job, workers, queue int) {
	free := make([]time.Duration, workers)
	var in []job
	for i := range jobs {
		j := &jobs[i]
		waiting := 0
		for _, other := range in {
			if other.start > j.arrival {
				waiting++
			}
		}
		w := 0
		for k := range free {
			if free[k] < free[w] {
				w = k
			}
		}
		j.start = max(j.arrival, free[w])
		if j.start > j.arrival && queue >= 0 && waiting >= queue {
			j.end = -1
			continue
		}
		j.end = j.start + j.service
		free[w] = j.end
		in = append(in, *j)
	}
}

func TestStationServesAsByHand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workers := rapid.IntRange(1, 4).Draw(t, "workers")
		queue := rapid.IntRange(-1, 5).Draw(t, "queue")
		n := rapid.IntRange(0, 60).Draw(t, "jobs")
		got := make([]job, n)
		at := time.Duration(0)
		for i := range got {
			// Arrivals are at whole milliseconds, and what the jobs add to that
			// in all is less than one: no arrival ties with an end. Ties are for
			// TestStationFreesTheWorkerFirst.
			at += time.Duration(rapid.IntRange(0, 8).Draw(t, "gap")) * time.Millisecond
			service := time.Duration(rapid.IntRange(0, 20).Draw(t, "service")) * time.Millisecond
			got[i] = job{arrival: at, service: service + time.Duration(i) + 1}
		}
		want := slices.Clone(got)
		serveByHand(want, workers, queue)
		loop := sim.NewLoop()
		station := sim.NewStation(loop, workers, queue)
		play(station, loop, got)

		var busy, waited time.Duration
		refused := uint64(0)
		for i := range want {
			if got[i].end != want[i].end {
				t.Fatalf("job %d ended at %v, want %v", i, got[i].end, want[i].end)
			}
			if want[i].end < 0 {
				refused++
				continue
			}
			busy += want[i].service
			waited += want[i].start - want[i].arrival
		}
		// Over a whole run, Little's law holds to the nanosecond: the integral
		// of the queue's length is the sum of the waits.
		if station.BusyTime() != busy || station.QueueTime() != waited {
			t.Fatalf("busy for %v, queued for %v, want %v, %v", station.BusyTime(), station.QueueTime(), busy, waited)
		}
		if station.Busy() != 0 || station.Queued() != 0 || station.Refused() != refused || station.Served() != uint64(n)-refused {
			t.Fatalf("at the end %d busy, %d queued, %d served, %d refused", station.Busy(), station.Queued(), station.Served(), station.Refused())
		}
	})
}

func TestStationTimeline(t *testing.T) {
	const ms = time.Millisecond
	loop := sim.NewLoop()
	station := sim.NewStation(loop, 2, 1)
	done := sim.ActorFunc(func(time.Duration, uint64) {})
	enter := func(service time.Duration, want bool) {
		t.Helper()
		if got := station.Enter(service, done, 0); got != want {
			t.Errorf("at %v: let in %t, want %t", loop.Now(), got, want)
		}
	}
	check := func(at time.Duration, busy, queued int, busyTime, queueTime time.Duration) {
		t.Helper()
		loop.Run(at)
		if station.Busy() != busy || station.Queued() != queued || station.BusyTime() != busyTime || station.QueueTime() != queueTime {
			t.Errorf("at %v: %d busy (%v in all), %d queued (%v in all); want %d (%v), %d (%v)", at,
				station.Busy(), station.BusyTime(), station.Queued(), station.QueueTime(), busy, busyTime, queued, queueTime)
		}
	}
	check(5*ms, 0, 0, 0, 0)
	enter(10*ms, true)
	check(8*ms, 1, 0, 3*ms, 0)
	enter(20*ms, true)
	enter(1*ms, true)
	enter(1*ms, false)
	check(10*ms, 2, 1, 7*ms, 2*ms)
	check(15*ms, 2, 0, 17*ms, 7*ms) // the first is done, the third begins
	check(16*ms, 1, 0, 19*ms, 7*ms)
	check(time.Second, 0, 0, 31*ms, 7*ms)
	if station.Served() != 3 || station.Refused() != 1 || station.Workers() != 2 {
		t.Errorf("served %d, refused %d", station.Served(), station.Refused())
	}
}

// A job that another one's end sets off finds the worker free, but not before
// those that wait.
func TestStationFreesTheWorkerFirst(t *testing.T) {
	loop := sim.NewLoop()
	station := sim.NewStation(loop, 1, 0)
	n := 0
	var again sim.ActorFunc
	again = func(now time.Duration, i uint64) {
		n++
		if n < 5 && !station.Enter(time.Second, again, i) {
			t.Errorf("turned away at %v by its own end", now)
		}
	}
	station.Enter(time.Second, again, 0)
	loop.Run(sim.Never)
	if n != 5 || loop.Now() != 5*time.Second || station.BusyTime() != 5*time.Second {
		t.Errorf("%d jobs in %v", n, loop.Now())
	}

	queued := sim.NewStation(loop, 1, -1)
	var order []uint64
	note := sim.ActorFunc(func(now time.Duration, i uint64) {
		order = append(order, i)
		if i == 0 {
			queued.Enter(0, sim.ActorFunc(func(time.Duration, uint64) { order = append(order, 99) }), 0)
		}
	})
	for i := range uint64(3) {
		queued.Enter(time.Second, note, i)
	}
	loop.Run(sim.Never)
	if want := []uint64{0, 1, 2, 99}; !slices.Equal(order, want) {
		t.Errorf("served %v, want %v", order, want)
	}
}

func TestStationAtTheEdges(t *testing.T) {
	loop := sim.NewLoop()
	idle := sim.ActorFunc(func(time.Duration, uint64) {})
	for _, bad := range []struct {
		do   func()
		want string
	}{
		{func() { sim.NewStation(nil, 1, 1) }, "without a loop"},
		{func() { sim.NewStation(loop, 0, 1) }, "at least 1 worker, got 0"},
		{func() { sim.NewStation(loop, -3, 1) }, "at least 1 worker, got -3"},
		{func() { sim.NewStation(loop, 1, 1).Enter(-1, idle, 0) }, "must not be negative, is -1ns"},
		{func() { sim.NewStation(loop, 1, 1).Enter(1, nil, 0) }, "without an actor"},
	} {
		if text := panicOf(bad.do); !strings.Contains(text, bad.want) {
			t.Errorf("panic %q, want %q", text, bad.want)
		}
	}

	// Workers that never come back: their time adds up to Never, not past it.
	loop.Run(time.Hour)
	stuck := sim.NewStation(loop, 3, 1_000_000)
	for range 1_000_003 {
		if !stuck.Enter(sim.Never, idle, 0) {
			t.Fatal("turned away before the queue was full")
		}
	}
	if stuck.Enter(0, idle, 0) {
		t.Error("let in though the queue is full")
	}
	loop.Run(math.MaxInt64 / 2)
	if stuck.Busy() != 3 || stuck.Queued() != 1_000_000 || stuck.BusyTime() != sim.Never || stuck.QueueTime() != sim.Never {
		t.Errorf("%d busy for %v, %d queued for %v", stuck.Busy(), stuck.BusyTime(), stuck.Queued(), stuck.QueueTime())
	}

	// A station that begins late has not been busy before.
	late := sim.NewStation(loop, 1<<30, 0) // workers cost nothing
	late.Enter(time.Second, idle, 0)
	loop.Run(loop.Now() + time.Second)
	if late.BusyTime() != time.Second {
		t.Errorf("busy for %v, want 1s", late.BusyTime())
	}
}

func TestStationDoesNotAllocate(t *testing.T) {
	loop := sim.NewLoop()
	station := sim.NewStation(loop, 2, -1)
	done := sim.ActorFunc(func(time.Duration, uint64) {})
	cycle := func() {
		for range 10 {
			station.Enter(time.Second, done, 0)
		}
		loop.Run(loop.Now() + time.Minute)
	}
	cycle()
	if n := testing.AllocsPerRun(100, cycle); n != 0 {
		t.Errorf("%v allocations per ten jobs", n)
	}
}
