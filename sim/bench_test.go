package sim_test

import (
	"container/heap"
	"strconv"
	"testing"
	"time"

	"github.com/squall-sim/squall/sim"
)

// The hold model (Jones, CACM 29(4), 1986): a fixed number of events pending,
// each of which schedules its successor. One operation is one pop and one
// push.

// gaps are the distances of the hold model, exponential with mean 1 ms, taken
// in turn: drawing them is not what is measured.
func gaps() *[1 << 12]time.Duration {
	var g [1 << 12]time.Duration
	d := mustSampler(sim.Dist{Kind: sim.Exponential, Mean: time.Millisecond})
	stream := sim.NewStream(1, "gaps")
	for i := range g {
		g[i] = d.Sample(stream.Float64(uint64(i), 0, 0))
	}
	return &g
}

func mustSampler(d sim.Dist) sim.Sampler {
	s, err := d.Sampler()
	if err != nil {
		panic(err)
	}
	return s
}

type holder struct {
	loop *sim.Loop
	gaps *[1 << 12]time.Duration
	next int
}

func (h *holder) Act(_ time.Duration, data uint64) {
	h.next++
	h.loop.After(h.gaps[h.next&(1<<12-1)], h, data)
}

var pendings = []int{1e3, 1e5, 1e6}

func BenchmarkLoop(b *testing.B) {
	for _, n := range pendings {
		b.Run("pending="+strconv.Itoa(n), func(b *testing.B) {
			h := &holder{loop: sim.NewLoop(), gaps: gaps()}
			for i := range n {
				h.Act(0, uint64(i))
			}
			for range n { // reach the steady state of the heap
				h.loop.Step()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				h.loop.Step()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkPost is BenchmarkLoop for the main actor.
func BenchmarkPost(b *testing.B) {
	for _, n := range pendings {
		b.Run("pending="+strconv.Itoa(n), func(b *testing.B) {
			h := &poster{holder{gaps: gaps()}}
			h.loop = sim.NewLoopFor(h)
			for i := range n {
				h.Act(0, uint64(i))
			}
			for range n {
				h.loop.Step()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				h.loop.Step()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// poster is a holder who is the loop's main actor.
type poster struct{ holder }

func (h *poster) Act(now time.Duration, data uint64) {
	h.loop.Post(now+h.gaps[data&(1<<12-1)], data+1)
}

// BenchmarkContainerHeap does the same on the standard library's heap, as one
// would write it: the yardstick of BenchmarkLoop.
func BenchmarkContainerHeap(b *testing.B) {
	for _, n := range pendings {
		b.Run("pending="+strconv.Itoa(n), func(b *testing.B) {
			g := gaps()
			var q stdQueue
			seq := uint64(0)
			push := func(at time.Duration) {
				seq++
				heap.Push(&q, stdEvent{at: at + g[seq&(1<<12-1)], seq: seq})
			}
			for range n {
				push(0)
			}
			step := func() {
				e := heap.Pop(&q).(stdEvent)
				push(e.at)
			}
			for range n {
				step()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				step()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

type stdEvent struct {
	at    time.Duration
	seq   uint64
	actor sim.Actor
	data  uint64
}

type stdQueue []stdEvent

func (q stdQueue) Len() int { return len(q) }
func (q stdQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q stdQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *stdQueue) Push(x any)   { *q = append(*q, x.(stdEvent)) }
func (q *stdQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

func BenchmarkStream(b *testing.B) {
	s := sim.NewStream(1, "draws")
	sum := 0.0
	for i := range b.N {
		sum += s.Float64(uint64(i), 1, 2)
	}
	if sum < 0 {
		b.Fatal(sum)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "draws/s")
}

func BenchmarkSample(b *testing.B) {
	for _, d := range everyKind {
		b.Run(d.Kind, func(b *testing.B) {
			sampler := mustSampler(d)
			s := sim.NewStream(1, "draws")
			sum := time.Duration(0)
			for i := range b.N {
				sum ^= sampler.Sample(s.Float64(uint64(i), 0, 0))
			}
			if sum < 0 {
				b.Fatal(sum)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}

func BenchmarkPoisson(b *testing.B) {
	p := sim.NewPoisson(1000, sim.NewStream(1, "arrivals"))
	at := time.Duration(0)
	for i := range b.N {
		at, _ = p.Next(at, uint64(i))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "arrivals/s")
}

// BenchmarkStation is an M/M/c system at a load of 0.9: one operation is one
// job, which is two events.
func BenchmarkStation(b *testing.B) {
	loop := sim.NewLoop()
	benchmarkStation(b, loop, 0.9, sim.NewStation(loop, 16, -1))
}

// BenchmarkDisciplines is the same with a queue of 64 under a load of 1.1, so that all
// disciplines have much to do.
func BenchmarkDisciplines(b *testing.B) {
	for _, kind := range sim.Disciplines() {
		b.Run(kind, func(b *testing.B) {
			loop := sim.NewLoop()
			station, err := sim.NewStationWith(loop, 16, 64, sim.Discipline{Kind: kind})
			if err != nil {
				b.Fatal(err)
			}
			benchmarkStation(b, loop, 1.1, station)
		})
	}
}

func benchmarkStation(b *testing.B, loop *sim.Loop, load float64, station *sim.Station) {
	arrivals := sim.NewPoisson(load*16*1000, sim.NewStream(1, "arrivals"))
	service := mustSampler(sim.Dist{Kind: sim.Exponential, Mean: time.Millisecond})
	draws := sim.NewStream(1, "service")
	done := &waits{}
	arrived := 0
	var arrive sim.ActorFunc
	arrive = func(now time.Duration, i uint64) {
		arrived++
		station.Enter(service.Sample(draws.Float64(i, 0, 0)), done, i)
		at, _ := arrivals.Next(now, i+1)
		loop.At(at, arrive, i+1)
	}
	loop.At(0, arrive, 0)
	b.ReportAllocs()
	b.ResetTimer()
	for arrived < b.N {
		loop.Step()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

var everyKind = []sim.Dist{
	{Kind: sim.Fixed, Value: 20 * time.Millisecond},
	{Kind: sim.Uniform, Lower: 10 * time.Millisecond, Upper: 30 * time.Millisecond},
	{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 0.6, Max: 5 * time.Second},
	{Kind: sim.Exponential, Mean: 20 * time.Millisecond, Max: time.Second},
	{Kind: sim.Pareto, Min: 5 * time.Millisecond, Alpha: 1.5, Max: time.Minute},
	{Kind: sim.Empirical, Percentiles: []sim.Percentile{
		{P: 0, Value: time.Millisecond}, {P: 50, Value: 30 * time.Millisecond}, {P: 99, Value: 2 * time.Second}, {P: 100, Value: 5 * time.Second},
	}},
}
