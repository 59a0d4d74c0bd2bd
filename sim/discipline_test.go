package sim_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/sim"
)

func TestDisciplineValidate(t *testing.T) {
	for _, c := range []struct {
		d    sim.Discipline
		want []string // none: it is valid
	}{
		{sim.Discipline{}, nil},
		{sim.Discipline{Kind: sim.LIFO}, nil},
		{sim.Discipline{Kind: sim.CoDel, Target: time.Second, Interval: time.Second}, nil},
		{sim.Discipline{Kind: sim.AdaptiveLIFO, Target: time.Millisecond}, nil},
		{sim.Discipline{Kind: "priority"}, []string{`unknown kind "priority", want one of fifo, lifo`}},
		{sim.Discipline{Kind: sim.CoDel, Target: -1, Interval: -2}, []string{"target -1ns is negative", "interval -2ns is negative"}},
		{sim.Discipline{Target: 1}, []string{"fifo has no target"}},
		{sim.Discipline{Kind: sim.ProcessorSharing, Interval: 1}, []string{"processor-sharing has no target and no interval"}},
		{sim.Discipline{Kind: sim.CoDel, Target: 101 * time.Millisecond}, []string{"target 101ms is longer than the interval of 100ms"}},
	} {
		_, err := sim.NewStationWith(sim.NewLoop(), 1, 1, c.d)
		if (err == nil) != (c.want == nil) {
			t.Errorf("%+v: %v", c.d, err)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: %v, want %q", c.d, err, w)
			}
		}
	}
}

func TestDisciplineString(t *testing.T) {
	for d, want := range map[sim.Discipline]string{
		{}:                "fifo",
		{Kind: sim.LIFO}:  "lifo",
		{Kind: sim.CoDel}: "codel",
		{Kind: sim.CoDel, Target: 5 * time.Millisecond}:                        "codel",
		{Kind: sim.CoDel, Target: 9 * time.Millisecond, Interval: time.Second}: "codel(target=9ms,interval=1s)",
		{Kind: sim.AdaptiveLIFO, Target: 5 * time.Millisecond}:                 "adaptive-lifo(target=5ms)",
	} {
		if got := d.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// story plays jobs on a station and writes down the order of what becomes of them.
type story struct{ lines []string }

func (s *story) Act(now time.Duration, id uint64) {
	s.lines = append(s.lines, fmt.Sprintf("%d done at %v", id, now))
}

func (s *story) Dropped(now time.Duration, id uint64) {
	s.lines = append(s.lines, fmt.Sprintf("%d dropped at %v", id, now))
}

func TestLIFODropsTheOldest(t *testing.T) {
	loop := sim.NewLoop()
	station, err := sim.NewStationWith(loop, 1, 2, sim.Discipline{Kind: sim.LIFO})
	if err != nil {
		t.Fatal(err)
	}
	var s story
	for i := range uint64(4) {
		if station.Full() || !station.Enter(time.Second, &s, i) {
			t.Errorf("job %d was turned away", i)
		}
		loop.Run(loop.Now() + 100*time.Millisecond)
	}
	loop.Run(sim.Never)
	want := []string{"1 dropped at 300ms", "0 done at 1s", "3 done at 2s", "2 done at 3s"}
	if !slices.Equal(s.lines, want) {
		t.Errorf("got %v, want %v", s.lines, want)
	}
	// Without a queue there is nobody to make room.
	none, _ := sim.NewStationWith(loop, 1, 0, sim.Discipline{Kind: sim.LIFO})
	if !none.Enter(time.Second, &s, 9) || !none.Full() || none.Enter(time.Second, &s, 10) {
		t.Error("a station without a queue let two in")
	}
}

// While jobs come faster than they go, RFC 8289 drops the first one an interval after
// waits went above the target, and the others at interval/√n after each other.
func TestCoDelDropsByItsLaw(t *testing.T) {
	loop := sim.NewLoop()
	station, err := sim.NewStationWith(loop, 1, -1, sim.Discipline{Kind: sim.CoDel, Target: 5 * time.Millisecond, Interval: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	drops := dropTimes{}
	const service = 100 * time.Microsecond // a look at the queue each time
	for at := time.Duration(0); at < time.Second; at += service * 9 / 10 {
		loop.At(at, sim.ActorFunc(func(time.Duration, uint64) { station.Enter(service, &drops, 0) }), 0)
	}
	loop.Run(time.Second)
	if len(drops.at) < 20 {
		t.Fatalf("only %d were dropped", len(drops.at))
	}
	next := drops.at[0]
	if next < 100*time.Millisecond || next > 170*time.Millisecond {
		t.Errorf("the first was dropped at %v: an interval after the waits passed the target is about 150ms", next)
	}
	for i, at := range drops.at {
		if at < next || at > next+service {
			t.Errorf("drop %d at %v, want %v or the next look after it", i+1, at, next)
		}
		next += time.Duration(float64(100*time.Millisecond) / math.Sqrt(float64(i+1)))
	}
}

type dropTimes struct{ at []time.Duration }

func (d *dropTimes) Act(time.Duration, uint64) {}
func (d *dropTimes) Dropped(now time.Duration, _ uint64) {
	d.at = append(d.at, now)
}

// Under overload without end, nobody who is served has waited longer than the target;
// when all is well, a burst may wait for the interval.
func TestControlledDelayBoundsTheWait(t *testing.T) {
	const ms = time.Millisecond
	loop := sim.NewLoop()
	station, err := sim.NewStationWith(loop, 1, -1, sim.Discipline{Kind: sim.ControlledDelay, Target: 5 * ms, Interval: 100 * ms})
	if err != nil {
		t.Fatal(err)
	}
	w := waits{service: ms}
	for range 80 { // a burst: the last of it waits for 79 ms
		station.Enter(ms, &w, 0)
	}
	loop.Run(200 * ms)
	if w.served != 80 || w.dropped != 0 {
		t.Errorf("of a burst %d were served and %d dropped", w.served, w.dropped)
	}
	w = waits{service: ms, after: 500 * ms}
	for at := loop.Now(); at < 10*time.Second; at += ms / 2 { // twice what can be served
		loop.At(at, sim.ActorFunc(func(now time.Duration, _ uint64) { station.Enter(ms, &w, uint64(now)) }), 0)
	}
	loop.Run(10 * time.Second)
	if w.longest > 5*ms || w.served < 9500 || w.dropped < 9500 {
		t.Errorf("waits of up to %v, %d served, %d dropped", w.longest, w.served, w.dropped)
	}
}

// waits measures how long jobs waited, whose data is when they came.
type waits struct {
	service, after  time.Duration
	longest         time.Duration
	served, dropped int
}

func (w *waits) Act(now time.Duration, came uint64) {
	w.served++
	if now > w.after {
		w.longest = max(w.longest, now-w.service-time.Duration(came))
	}
}

func (w *waits) Dropped(time.Duration, uint64) { w.dropped++ }

// A process whose job is dropped goes on at that moment with an error of its own.
func TestServeIsDropped(t *testing.T) {
	loop := sim.NewLoop()
	station, err := sim.NewStationWith(loop, 1, 1, sim.Discipline{Kind: sim.LIFO})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range 3 {
		sim.Go(loop, func(p *sim.Process) {
			p.Sleep(time.Duration(i) * time.Millisecond)
			err := p.Serve(context.Background(), station, time.Second)
			got = append(got, fmt.Sprintf("%d at %v: %v", i, p.Now(), err))
			if i == 1 && !errors.Is(err, sim.ErrDropped) {
				t.Errorf("got %v", err)
			}
			p.Sleep(time.Second) // the next wait is not cut short
			got = append(got, fmt.Sprintf("%d ends at %v", i, p.Now()))
		})
	}
	loop.Run(sim.Never)
	want := []string{"1 at 2ms: sim: the station has dropped the job", "0 at 1s: <nil>", "1 ends at 1.002s", "2 at 2s: <nil>", "0 ends at 2s", "2 ends at 3s"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A name of a job is for that job alone, however often its place is used again.
func TestCancelKnowsItsJob(t *testing.T) {
	loop := sim.NewLoop()
	station := sim.NewStation(loop, 1, -1)
	var s story
	old, _ := station.Submit(time.Second, &s, 1)
	if _, ok := station.Cancel(sim.Job{}); ok {
		t.Error("a job of no name was cancelled")
	}
	if worked, ok := station.Cancel(old); !ok || worked != 0 {
		t.Errorf("worked %v, %t", worked, ok)
	}
	for i := range uint64(3) {
		station.Enter(time.Second, &s, 2+i)
		if _, ok := station.Cancel(old); ok {
			t.Error("a job that was cancelled before was cancelled again")
		}
	}
	loop.Run(sim.Never)
	if want := []string{"2 done at 1s", "3 done at 2s", "4 done at 3s"}; !slices.Equal(s.lines, want) {
		t.Errorf("got %v, want %v", s.lines, want)
	}
	if station.BusyTime() != 3*time.Second {
		t.Errorf("busy for %v", station.BusyTime())
	}
	// One that was dropped, and cancelled before it was told, is not told.
	full, _ := sim.NewStationWith(loop, 1, 1, sim.Discipline{Kind: sim.LIFO})
	s.lines = nil
	full.Enter(time.Second, &s, 1)
	second, _ := full.Submit(time.Second, &s, 2)
	full.Enter(time.Second, &s, 3)
	if _, ok := full.Cancel(second); ok {
		t.Error("a job that was dropped was cancelled")
	}
	loop.Run(sim.Never)
	if want := []string{"1 done at 4s", "3 done at 5s"}; !slices.Equal(s.lines, want) {
		t.Errorf("got %v, want %v", s.lines, want)
	}
}

func TestDisciplinesDoNotAllocate(t *testing.T) {
	for _, kind := range sim.Disciplines() {
		loop := sim.NewLoop()
		var nodes []*sim.Station
		for range 3 {
			s, err := sim.NewStationWith(loop, 2, 8, sim.Discipline{Kind: kind})
			if err != nil {
				t.Fatal(err)
			}
			nodes = append(nodes, s)
		}
		b := sim.NewBalancer(sim.LeastLoaded, nodes...)
		idle := &waits{}
		cycle := func() {
			for i := range 100 {
				s := b.Next(float64(i) / 100)
				j, ok := s.Submit(time.Second, idle, 0)
				if ok && i%5 == 0 {
					s.Cancel(j)
				}
			}
			nodes[0].SetWorkers(1)
			loop.Run(loop.Now() + time.Second)
			nodes[0].SetWorkers(2)
			loop.Run(loop.Now() + time.Minute)
		}
		cycle()
		if n := testing.AllocsPerRun(100, cycle); n != 0 {
			t.Errorf("%s: %v allocations per hundred jobs", kind, n)
		}
		if idle.served == 0 {
			t.Errorf("%s: nobody was served", kind)
		}
	}
}

func TestStationWantsADropper(t *testing.T) {
	station, _ := sim.NewStationWith(sim.NewLoop(), 1, -1, sim.Discipline{Kind: sim.CoDel})
	text := panicOf(func() { station.Enter(1, sim.ActorFunc(func(time.Duration, uint64) {}), 0) })
	if !strings.Contains(text, "sim.ActorFunc has no method Dropped") {
		t.Errorf("panic %q", text)
	}
	if text := panicOf(func() { station.SetWorkers(-1) }); !strings.Contains(text, "-1 workers") {
		t.Errorf("panic %q", text)
	}
}
