package sim_test

import (
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/sim"
)

// Queueing theory knows these systems exactly; loop, station, arrivals and
// samplers together must agree. Time is in units of the mean service, 1 s.
//
// The confidence intervals are at 99.9 %, by batch means: the run is cut into
// 50 batches, long enough to be independent of each other, and Student's
// distribution with 49 degrees of freedom gives 3.50 standard errors. The seed
// is fixed, so the tests say the same on every run. An interval wider than
// stated fails as well: it would not see a wrong result.

const (
	batches  = 50
	perBatch = 20_000
	student  = 3.50 // t(49), 99.95 %
)

// estimate is a mean by batches.
type estimate struct{ sums, counts [batches]float64 }

func (e *estimate) add(batch int, x float64) { e.sums[batch] += x; e.counts[batch]++ }

// interval returns the mean and half the width of its confidence interval.
func (e *estimate) interval() (mean, half float64) {
	var means [batches]float64
	for i := range means {
		means[i] = e.sums[i] / e.counts[i]
		mean += means[i] / batches
	}
	for _, m := range means {
		half += (m - mean) * (m - mean)
	}
	return mean, student * math.Sqrt(half/(batches-1)/batches)
}

// check fails unless the interval covers the exact value and is narrower than
// the given share of it.
func (e *estimate) check(t *testing.T, what string, exact, width float64) {
	t.Helper()
	mean, half := e.interval()
	t.Logf("%s: %.5f ± %.5f, exactly %.5f", what, mean, half, exact)
	if math.Abs(mean-exact) > half {
		t.Errorf("%s is %.5f ± %.5f, which excludes the exact %.5f", what, mean, half, exact)
	}
	if half > width*exact {
		t.Errorf("%s is only known to ± %.5f, more than %v of %.5f: the test is too weak", what, half, width, exact)
	}
}

// system is one queue under Poisson arrivals.
type system struct {
	load    float64 // arrivals per mean service
	workers int
	queue   int
	service sim.Dist
	tails   []float64 // waits, in seconds, whose probability is measured
	order   sim.Discipline
	nodes   int    // 0: one; each has the workers and the queue, and its share of the load
	balance string // of the nodes

	station   *sim.Station // the first
	end       time.Duration
	wait      estimate
	square    estimate // of the wait's square
	loss      estimate // of those that come: turned away or dropped
	tail      []estimate
	waited    time.Duration
	arrivedAt []time.Duration
	takes     []time.Duration
}

// run plays all batches, after one tenth of a batch to warm up.
func (s *system) run(t *testing.T) {
	t.Helper()
	if racing {
		t.Skip("long, and on one goroutine")
	}
	const n = batches*perBatch + warmUp
	loop := sim.NewLoop()
	balancer := s.balancer(loop)
	s.tail = make([]estimate, len(s.tails))
	s.arrivedAt, s.takes = make([]time.Duration, n), make([]time.Duration, n)
	arrivals := sim.NewPoisson(s.load*float64(max(s.nodes, 1)), sim.NewStream(1, "arrivals"))
	service, draws := mustSampler(s.service), sim.NewStream(1, "service")
	var arrive sim.ActorFunc
	arrive = func(now time.Duration, i uint64) {
		s.arrivedAt[i], s.takes[i] = now, service.Sample(draws.Float64(i, 0, 0))
		if !balancer.Next(draws.Float64(i, 1, 0)).Enter(s.takes[i], s, i) {
			s.Dropped(now, i)
		}
		if i+1 < n {
			at, _ := arrivals.Next(now, i+1)
			loop.At(at, arrive, i+1)
		}
	}
	loop.At(0, arrive, 0)
	loop.Run(sim.Never)
	s.end = loop.Now()
}

const warmUp = perBatch / 10

// balancer makes the nodes.
func (s *system) balancer(loop *sim.Loop) *sim.Balancer {
	var nodes []*sim.Station
	for range max(s.nodes, 1) {
		one, err := sim.NewStationWith(loop, s.workers, s.queue, s.order)
		if err != nil {
			panic(err)
		}
		nodes = append(nodes, one)
	}
	s.station = nodes[0]
	return sim.NewBalancer(s.balance, nodes...)
}

// Act books the end of a job.
func (s *system) Act(now time.Duration, i uint64) {
	wait := now - s.arrivedAt[i] - s.takes[i]
	s.waited += wait
	if i < warmUp {
		return
	}
	batch, x := int(i-warmUp)/perBatch, wait.Seconds()
	s.loss.add(batch, 0)
	s.wait.add(batch, x)
	s.square.add(batch, x*x)
	for k, limit := range s.tails {
		s.tail[k].add(batch, indicator(x > limit))
	}
}

// Dropped books a job that is not served.
func (s *system) Dropped(_ time.Duration, i uint64) {
	if i >= warmUp {
		s.loss.add(int(i-warmUp)/perBatch, 1)
	}
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var exponentialService = sim.Dist{Kind: sim.Exponential, Mean: time.Second}

// erlangB is the share of calls lost by c trunks without a queue, offered a
// calls per mean duration (Erlang, 1917), by its recursion.
func erlangB(c int, a float64) float64 {
	b := 1.0
	for k := 1; k <= c; k++ {
		b = a * b / (float64(k) + a*b)
	}
	return b
}

// erlangC is the share of calls that wait if the queue has no bound.
func erlangC(c int, a float64) float64 {
	b := erlangB(c, a)
	rho := a / float64(c)
	return b / (1 - rho*(1-b))
}

func TestMM1(t *testing.T) {
	t.Parallel()
	const rho = 0.8
	s := system{load: rho, workers: 1, queue: -1, service: exponentialService, tails: []float64{0, 5, 20}}
	s.run(t)
	s.wait.check(t, "mean wait", rho/(1-rho), 0.04)
	for k, x := range s.tails { // the whole distribution, which depends on FIFO
		s.tail[k].check(t, "share that waits longer", rho*math.Exp(-(1-rho)*x), 0.3)
	}
	if got := s.station.BusyTime().Seconds() / s.end.Seconds(); math.Abs(got-rho) > 0.005 {
		t.Errorf("utilisation is %.4f, want %v", got, rho)
	}
}

func TestMMc(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		workers int
		rho     float64
	}{{3, 0.5}, {2, 0.7}, {8, 0.9}} {
		a := c.rho * float64(c.workers)
		s := system{load: a, workers: c.workers, queue: -1, service: exponentialService, tails: []float64{0}}
		s.run(t)
		s.wait.check(t, "mean wait", erlangC(c.workers, a)/(float64(c.workers)-a), 0.1)
		s.tail[0].check(t, "share that waits", erlangC(c.workers, a), 0.04)
	}
}

// M/M/c/K: with room for K jobs in all, the chance of n jobs is that of the
// unbounded system for n ≤ K, scaled to 1; a job is lost if there are K.
func TestMMcKLoss(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		workers, queue int
		load           float64
	}{{1, 0, 0.5}, {1, 4, 0.9}, {4, 6, 4.8}, {16, 32, 20}} {
		s := system{load: c.load, workers: c.workers, queue: c.queue, service: exponentialService}
		s.run(t)
		p, total, queued := 1.0, 0.0, 0.0
		for n := 0; n <= c.workers+c.queue; n++ {
			if n > 0 {
				p *= c.load / float64(min(n, c.workers))
			}
			total += p
			queued += p * float64(max(n-c.workers, 0))
		}
		loss := p / total
		s.loss.check(t, "share lost", loss, 0.03)
		if c.queue > 0 { // by Little's law
			s.wait.check(t, "mean wait", queued/total/(c.load*(1-loss)), 0.02)
		}
	}
}

// Erlang's loss formula holds for any distribution of the service time.
func TestErlangB(t *testing.T) {
	t.Parallel()
	services := []sim.Dist{
		exponentialService,
		{Kind: sim.Fixed, Value: time.Second},
		{Kind: sim.Uniform, Upper: 2 * time.Second},
	}
	for _, service := range services {
		s := system{load: 8, workers: 10, queue: 0, service: service}
		s.run(t)
		s.loss.check(t, "share lost with "+service.Kind, erlangB(10, 8), 0.03)
	}
}

// M/G/1: the mean wait is λ·E[S²] / 2(1-ρ) (Pollaczek and Khinchine).
func TestPollaczekKhinchine(t *testing.T) {
	t.Parallel()
	const sigma = 0.8
	median := math.Exp(-sigma * sigma / 2) // so that the mean is 1 s
	for _, c := range []struct {
		service sim.Dist
		square  float64
	}{
		{sim.Dist{Kind: sim.Fixed, Value: time.Second}, 1},
		{sim.Dist{Kind: sim.Uniform, Upper: 2 * time.Second}, 4.0 / 3},
		{sim.Dist{Kind: sim.Lognormal, Median: time.Duration(median * 1e9), Sigma: sigma}, math.Exp(sigma * sigma)},
	} {
		const rho = 0.7
		s := system{load: rho, workers: 1, queue: -1, service: c.service}
		s.run(t)
		s.wait.check(t, "mean wait with "+c.service.Kind, rho*c.square/2/(1-rho), 0.05)
	}
}

// Little's law: the mean length of the queue is the rate of those let in times
// their mean wait. Over a run that begins and ends empty it is exact, so the
// two ways of counting must agree to the nanosecond.
func TestLittlesLaw(t *testing.T) {
	t.Parallel()
	for _, s := range []system{
		{load: 0.9, workers: 1, queue: -1, service: exponentialService},
		{load: 7, workers: 4, queue: 10, service: exponentialService},
	} {
		s.run(t)
		if s.station.QueueTime() != s.waited {
			t.Errorf("the queue's integral is %v, the waits sum to %v", s.station.QueueTime(), s.waited)
		}
		length := s.station.QueueTime().Seconds() / s.end.Seconds()
		wait := s.waited.Seconds() / float64(s.station.Served())
		rate := float64(s.station.Served()) / s.end.Seconds()
		if math.Abs(length-rate*wait) > 1e-9*length || length == 0 {
			t.Errorf("L = %v, λW = %v", length, rate*wait)
		}
	}
}
