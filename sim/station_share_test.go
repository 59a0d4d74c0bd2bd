package sim_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// fluid is processor sharing in exact fractions: between two events each job gains the
// same, min(1, workers/jobs) of the time that passes.
type fluid struct {
	workers int
	now     *big.Rat
	left    map[int]*big.Rat
	order   []int // of coming
	ended   map[int]*big.Rat
	curve   []point
}

// point is how much a job would have had by then that was there all the time.
type point struct{ at, had float64 }

// hadBy is that by any time, where one more job gets what those who are there do.
func (f *fluid) hadBy(t float64) float64 {
	i := max(1, sort.Search(len(f.curve), func(i int) bool { return f.curve[i].at >= t }))
	a, b := f.curve[i-1], f.curve[i]
	if b.at == a.at {
		return b.had
	}
	return a.had + (b.had-a.had)*(t-a.at)/(b.at-a.at)
}

// passes notes that a time passes in which all gain the same.
func (f *fluid) passes(step *big.Rat) {
	if len(f.curve) == 0 {
		f.curve = []point{{}}
	}
	rate := min(1, float64(f.workers)/float64(max(1, len(f.order))))
	last := f.curve[len(f.curve)-1]
	d, _ := step.Float64()
	f.curve = append(f.curve, point{last.at + d, last.had + rate*d})
}

func rat(d time.Duration) *big.Rat { return new(big.Rat).SetInt64(int64(d)) }

func (f *fluid) rate() *big.Rat {
	if len(f.order) <= f.workers {
		return big.NewRat(1, 1)
	}
	return big.NewRat(int64(f.workers), int64(len(f.order)))
}

// until plays up to t.
func (f *fluid) until(t *big.Rat) {
	for {
		step := new(big.Rat).Sub(t, f.now)
		rate := f.rate()
		least := -1
		if rate.Sign() > 0 {
			for _, id := range f.order {
				need := new(big.Rat).Quo(f.left[id], rate)
				if need.Cmp(step) < 0 || need.Cmp(step) == 0 && least < 0 {
					step, least = need, id
				}
			}
		}
		f.passes(step)
		f.now = new(big.Rat).Add(f.now, step)
		for _, id := range f.order {
			f.left[id].Sub(f.left[id], new(big.Rat).Mul(step, rate))
		}
		if least < 0 {
			return
		}
		f.ended[least] = f.now
		f.remove(least)
	}
}

func (f *fluid) remove(id int) {
	f.order = slices.DeleteFunc(f.order, func(other int) bool { return other == id })
}

// Each job ends when its share of the workers' time has made up its service, to the
// nanosecond: the loop has no finer time. Where jobs end within one nanosecond of each
// other, that may shift others by as much. It is a nanosecond of work: what one gets before
// the workers go, another gets when they have come back.
func TestSharingIsTheFluid(t *testing.T) {
	ends, cancels := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		workers := rapid.IntRange(1, 3).Draw(rt, "workers")
		loop := sim.NewLoop()
		station, err := sim.NewStationWith(loop, workers, -1, sim.Discipline{Kind: sim.ProcessorSharing})
		if err != nil {
			rt.Fatal(err)
		}
		want := &fluid{workers: workers, now: new(big.Rat), left: map[int]*big.Rat{}, ended: map[int]*big.Rat{}}
		got := map[int]time.Duration{}
		done := sim.ActorFunc(func(now time.Duration, id uint64) { got[int(id)] = now })
		names := map[int]sim.Job{}
		services := map[int]time.Duration{}
		n := rapid.IntRange(0, 60).Draw(rt, "steps")
		slack := time.Duration(n + 2)
		at := time.Duration(0)
		for i := range n {
			at += time.Duration(rapid.IntRange(0, 30_000).Draw(rt, "gap"))
			loop.Run(at)
			want.until(rat(at))
			switch what := rapid.IntRange(0, 11).Draw(rt, "what"); {
			case what == 0 && i > 0:
				id := rapid.IntRange(0, i-1).Draw(rt, "whom")
				worked, ok := station.Cancel(names[id])
				if left := want.left[id]; ok && left != nil {
					cancels++
					had := new(big.Rat).Sub(rat(services[id]), left)
					if diff, _ := new(big.Rat).Sub(had, rat(worked)).Float64(); diff < -float64(slack) || diff > float64(slack) {
						rt.Fatalf("job %d had %v when it was cancelled, want %v", id, worked, had.FloatString(3))
					}
				}
				if ok || want.left[id] != nil {
					want.remove(id)
					delete(want.ended, id)
					delete(got, id)
					want.left[id] = nil
				}
			case what == 1:
				want.workers = rapid.IntRange(0, 4).Draw(rt, "workers from now on")
				station.SetWorkers(want.workers)
			default:
				services[i] = time.Duration(rapid.IntRange(0, 100_000).Draw(rt, "service"))
				names[i], _ = station.Submit(services[i], done, uint64(i))
				want.left[i] = rat(services[i])
				want.order = append(want.order, i)
			}
			conserved(rt, station)
		}
		station.SetWorkers(1)
		want.workers = 1
		loop.Run(at + time.Second)
		want.until(rat(at + time.Second))
		for id, end := range want.ended {
			ends++
			exact, _ := end.Float64()
			if diff := want.hadBy(float64(got[id])) - want.hadBy(exact); math.Abs(diff) > float64(slack) {
				rt.Fatalf("job %d ended at %v, want %s: %v ns of work later", id, got[id], end.FloatString(3), diff)
			}
		}
		if len(got) != len(want.ended) || station.Inside() != 0 {
			rt.Fatalf("%d jobs have ended, want %d; %d are inside", len(got), len(want.ended), station.Inside())
		}
		conserved(rt, station)
	})
	if ends < 100 || cancels < 10 {
		t.Errorf("only %d ends and %d cancellations were compared", ends, cancels)
	}
}

func TestSharingTimeline(t *testing.T) {
	const ms = time.Millisecond
	loop := sim.NewLoop()
	station, err := sim.NewStationWith(loop, 1, 2, sim.Discipline{Kind: sim.ProcessorSharing})
	if err != nil {
		t.Fatal(err)
	}
	var story []string
	note := sim.ActorFunc(func(now time.Duration, id uint64) { story = append(story, fmt.Sprintf("%d at %v", id, now)) })
	station.Enter(10*ms, note, 1)
	loop.Run(4 * ms) // 6 ms of it are left
	station.Enter(2*ms, note, 2)
	loop.Run(6 * ms) // each has had 1 ms
	station.Enter(6*ms, note, 3)
	if station.Enter(1*ms, note, 4) || !station.Full() || station.Refused() != 1 {
		t.Error("a fourth was let in")
	}
	// The second needs 1 ms more, at a third of the speed. Then 4 and 5 ms are left of the
	// others, at half: 17 ms, and 1 ms alone.
	loop.Run(sim.Never)
	if want := []string{"2 at 9ms", "1 at 17ms", "3 at 18ms"}; !slices.Equal(story, want) {
		t.Errorf("got %v, want %v", story, want)
	}
	// One worker was busy throughout, and of those inside all but one waited.
	if station.BusyTime() != 18*ms || station.QueueTime() != (2+2*3+8)*ms {
		t.Errorf("busy for %v, queued for %v", station.BusyTime(), station.QueueTime())
	}
}

// At the edges of what a duration holds nothing overflows.
func TestSharingAtTheEdges(t *testing.T) {
	loop := sim.NewLoop()
	station, err := sim.NewStationWith(loop, 2, -1, sim.Discipline{Kind: sim.ProcessorSharing})
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	done := sim.ActorFunc(func(time.Duration, uint64) { ended++ })
	for range 1000 {
		station.Enter(sim.Never, done, 0)
		station.Enter(sim.Never/400, done, 0)
		station.Enter(0, done, 0)
	}
	loop.Run(0)
	if ended != 1000 {
		t.Errorf("%d jobs without work have ended at once, want 1000", ended)
	}
	loop.Run(sim.Never)
	if ended != 1000 || station.Inside() != 2000 {
		t.Errorf("%d have ended, %d are inside", ended, station.Inside())
	}
	loop.Run(sim.Never - 1)
	if station.BusyTime() != sim.Never || station.QueueTime() != sim.Never {
		t.Errorf("busy for %v, queued for %v", station.BusyTime(), station.QueueTime())
	}
}

// A nanosecond of a thousand jobs is not lost: many short steps come to the same as one.
func TestSharingLosesNothing(t *testing.T) {
	loop := sim.NewLoop()
	station, err := sim.NewStationWith(loop, 3, -1, sim.Discipline{Kind: sim.ProcessorSharing})
	if err != nil {
		t.Fatal(err)
	}
	var last time.Duration
	done := sim.ActorFunc(func(now time.Duration, _ uint64) { last = now })
	const jobs, service = 1000, 7 * time.Microsecond
	for range jobs {
		station.Enter(service, done, 0)
	}
	for loop.Now() < jobs*service/3-1 { // a look each nanosecond or so, in which the station accounts
		loop.Run(loop.Now() + 1 + loop.Now()%7)
		station.SetWorkers(3)
	}
	loop.Run(sim.Never)
	if want := time.Duration(jobs*service/3) + 1; last != want { // rounded up
		t.Errorf("all was done at %v, want %v", last, want)
	}
}

// Of those that end in one moment, the first to come ends first; and the heap keeps its
// order when any of many is taken out.
func TestSharingKeepsItsOrder(t *testing.T) {
	loop := sim.NewLoop()
	station, err := sim.NewStationWith(loop, 1, -1, sim.Discipline{Kind: sim.ProcessorSharing})
	if err != nil {
		t.Fatal(err)
	}
	var got []uint64
	done := sim.ActorFunc(func(_ time.Duration, id uint64) { got = append(got, id) })
	const n = 1000
	var names []sim.Job
	service := func(id uint64) time.Duration { return time.Duration(id*7919%n/10) * time.Microsecond } // ten of each
	for id := range uint64(n) {
		name, _ := station.Submit(service(id), done, id)
		names = append(names, name)
	}
	var want []uint64
	for id := range uint64(n) {
		if id*104729%n < n/2 {
			station.Cancel(names[id])
		} else {
			want = append(want, id)
		}
	}
	slices.SortStableFunc(want, func(a, b uint64) int { return int(service(a) - service(b)) })
	loop.Run(sim.Never)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
