package sim_test

import (
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/sim"
)

// What theory knows of the disciplines and the balancers; see queueing_test.go.

// The order of service does not change the mean wait of an M/M/1 system, as long as it
// does not look at the services; last come, first served has the second moment
// 1/(1-ρ) times that of first come, first served (Kingman, "The effect of queue discipline
// on waiting time variance", 1962).
func TestMM1LIFO(t *testing.T) {
	t.Parallel()
	const rho = 0.5
	for _, c := range []struct {
		kind   string
		square float64
	}{{sim.FIFO, 2 * rho / math.Pow(1-rho, 2)}, {sim.LIFO, 2 * rho / math.Pow(1-rho, 3)}} {
		s := system{load: rho, workers: 1, queue: -1, service: exponentialService, order: sim.Discipline{Kind: c.kind}}
		s.run(t)
		s.wait.check(t, "mean wait, "+c.kind, rho/(1-rho), 0.04)
		s.square.check(t, "mean square of the wait, "+c.kind, c.square, 0.1)
	}
}

// M/G/1 with processor sharing: a job of service x takes x/(1-ρ), whatever the
// distribution (Kleinrock, 1967; Sakata, Noguchi, Oizumi, 1971).
func TestProcessorSharingIsInsensitive(t *testing.T) {
	t.Parallel()
	const sigma, rho = 1.2, 0.7
	median := math.Exp(-sigma * sigma / 2)
	for _, service := range []sim.Dist{
		exponentialService,
		{Kind: sim.Fixed, Value: time.Second},
		{Kind: sim.Lognormal, Median: time.Duration(median * 1e9), Sigma: sigma},
	} {
		s := system{load: rho, workers: 1, queue: -1, service: service, order: sim.Discipline{Kind: sim.ProcessorSharing}}
		s.run(t)
		s.wait.check(t, "mean time beyond the service, "+service.Kind, 1/(1-rho)-1, 0.05)
		if got := s.station.BusyTime().Seconds() / s.end.Seconds(); math.Abs(got-rho) > 0.01 {
			t.Errorf("utilisation is %.4f, want %v", got, rho)
		}
		if diff := (s.station.QueueTime() - s.waited).Seconds(); math.Abs(diff) > 1e-3 {
			t.Errorf("Little's law: the integral of those in excess is %v, what jobs took beyond their service %v", s.station.QueueTime(), s.waited)
		}
	}
}

// With several workers, the number of jobs that share them is distributed as that of
// M/M/c, and with a bound as that of M/M/c/K; both for any service (Kelly, "Reversibility
// and stochastic networks", 1979, section 3.3).
func TestProcessorSharingByManyWorkers(t *testing.T) {
	t.Parallel()
	fixed := sim.Dist{Kind: sim.Fixed, Value: time.Second}
	const c, a = 3, 2.4
	s := system{load: a, workers: c, queue: -1, service: fixed, order: sim.Discipline{Kind: sim.ProcessorSharing}}
	s.run(t)
	s.wait.check(t, "mean time beyond the service", erlangC(c, a)/(c-a), 0.06)

	bounded := system{load: 0.9, workers: 1, queue: 4, service: fixed, order: sim.Discipline{Kind: sim.ProcessorSharing}}
	bounded.run(t)
	p := func(n int) float64 { return math.Pow(0.9, float64(n)) * (1 - 0.9) / (1 - math.Pow(0.9, 6)) }
	bounded.loss.check(t, "share turned away", p(5), 0.03)
}

// Whoever is turned away, as many are: M/M/c/K loses the same share where the oldest
// makes room for the newest, and serves them sooner.
func TestLIFOLosesAsManyAsFIFO(t *testing.T) {
	t.Parallel()
	const load, queue = 1.2, 6
	p, total := 1.0, 0.0
	for n := 0; n <= 1+queue; n++ {
		if n > 0 {
			p *= load
		}
		total += p
	}
	var means []float64
	for _, kind := range []string{sim.FIFO, sim.LIFO} {
		s := system{load: load, workers: 1, queue: queue, service: exponentialService, order: sim.Discipline{Kind: kind}}
		s.run(t)
		s.loss.check(t, "share lost, "+kind, p/total, 0.03)
		mean, _ := s.wait.interval()
		means = append(means, mean)
	}
	if means[1] > 0.7*means[0] {
		t.Errorf("those who are served wait %.3f by FIFO, %.3f by LIFO", means[0], means[1])
	}
}

// Poisson arrivals that are spread at random are Poisson at each node; in turn by two,
// they are Erlang-2/M/1, whose wait is σ/(1-σ) with σ the root of σ = (2ρ/(2ρ+1-σ))².
func TestBalancersThatDoNotLook(t *testing.T) {
	t.Parallel()
	const rho = 0.7
	s := system{load: rho, workers: 1, queue: -1, service: exponentialService, nodes: 2, balance: sim.RandomNode}
	s.run(t)
	s.wait.check(t, "mean wait, at random", rho/(1-rho), 0.05)

	sigma := 0.5
	for range 200 {
		x := 2 * rho / (2*rho + 1 - sigma)
		sigma = x * x
	}
	s = system{load: rho, workers: 1, queue: -1, service: exponentialService, nodes: 2}
	s.run(t)
	s.wait.check(t, "mean wait, in turn", sigma/(1-sigma), 0.05)
}

// Join the shortest of two queues: the chain of the two lengths is solved by iteration.
// With two nodes, two choices see them all, and are the same.
func TestJoinTheShortestQueue(t *testing.T) {
	t.Parallel()
	const rho = 0.8
	want := shortestOfTwo(rho)
	for _, balance := range []string{sim.LeastLoaded, sim.TwoChoices} {
		s := system{load: rho, workers: 1, queue: -1, service: exponentialService, nodes: 2, balance: balance}
		s.run(t)
		s.wait.check(t, "mean wait, "+balance, want, 0.05)
	}
}

// shortestOfTwo is the mean wait at two servers of rate 1, under arrivals of rate 2ρ of
// which each goes to the shorter queue.
func shortestOfTwo(rho float64) float64 {
	const most = 64
	var p, q [most + 1][most + 1]float64
	p[0][0] = 1
	rate := 2*rho + 2 // at which anything happens
	for range 6000 {
		q = [most + 1][most + 1]float64{}
		for i := range most + 1 {
			for j := range most + 1 {
				x := p[i][j] / rate
				switch {
				case i < j:
					q[min(i+1, most)][j] += x * 2 * rho
				case j < i:
					q[i][min(j+1, most)] += x * 2 * rho
				default:
					q[min(i+1, most)][j] += x * rho
					q[i][min(j+1, most)] += x * rho
				}
				q[max(i-1, 0)][j] += x
				q[i][max(j-1, 0)] += x
			}
		}
		p = q
	}
	mean := 0.0
	for i := range most + 1 {
		for j := range most + 1 {
			mean += p[i][j] * float64(i+j)
		}
	}
	return mean/(2*rho) - 1
}

// Two choices among many nodes: with d choices a job takes Σ ρ^((dⁱ-d)/(d-1)) in the
// limit of many (Mitzenmacher, 1996); 200 are near it, within their number.
func TestTwoChoicesOfMany(t *testing.T) {
	t.Parallel()
	const rho, nodes = 0.9, 200
	limit := 0.0
	for i := 1; i < 10; i++ {
		limit += math.Pow(rho, math.Pow(2, float64(i))-2)
	}
	s := system{load: rho, workers: 1, queue: -1, service: exponentialService, nodes: nodes, balance: sim.TwoChoices}
	s.run(t)
	mean, half := s.wait.interval()
	t.Logf("%.4f ± %.4f in the system, %.4f in the limit", mean+1, half, limit)
	if math.Abs(mean+1-limit) > half+4*limit/nodes || half > 0.02*limit {
		t.Errorf("%.4f ± %.4f in the system, want about %.4f", mean+1, half, limit)
	}
}
