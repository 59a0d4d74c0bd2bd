package sim_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/squall-sim/squall/sim"
)

func Example() {
	// A server with one worker is called ten times a second, and each call is
	// 80 ms of work on average. How long do callers wait for the answer?
	const seed = 7
	loop := sim.NewLoop()
	server := sim.NewStation(loop, 1, -1)
	arrivals := sim.NewPoisson(10, sim.NewStream(seed, "arrivals"))
	work, _ := sim.Dist{Kind: sim.Exponential, Mean: 80 * time.Millisecond}.Sampler()
	chance := sim.NewStream(seed, "work")

	var started []time.Duration
	var total time.Duration
	done := sim.ActorFunc(func(now time.Duration, call uint64) { total += now - started[call] })
	var arrive sim.ActorFunc
	arrive = func(now time.Duration, call uint64) {
		started = append(started, now)
		server.Enter(work.Sample(chance.Float64(call, 0, 0)), done, call)
		next, _ := arrivals.Next(now, call+1)
		loop.At(next, arrive, call+1)
	}
	first, _ := arrivals.Next(0, 0)
	loop.At(first, arrive, 0)
	loop.Run(12 * time.Hour)

	mean := total / time.Duration(server.Served())
	fmt.Printf("%d calls, %v on average\n", server.Served(), mean.Round(10*time.Millisecond))
	fmt.Printf("queueing theory says %v\n", 400*time.Millisecond) // 1 / (μ - λ)
	// Output:
	// 430785 calls, 400ms on average
	// queueing theory says 400ms
}

func ExampleLoop() {
	loop := sim.NewLoop()
	tell := sim.ActorFunc(func(now time.Duration, data uint64) { fmt.Println(now, data) })
	loop.At(2*time.Second, tell, 1)
	loop.At(time.Second, tell, 2)
	loop.At(2*time.Second, tell, 3) // after 1, as it was scheduled later
	loop.At(time.Hour, tell, 4)
	loop.Run(time.Minute)
	fmt.Println("it is", loop.Now(), "and", loop.Pending(), "event is left")
	// Output:
	// 1s 2
	// 2s 1
	// 2s 3
	// it is 1m0s and 1 event is left
}

// An actor with state, whose events carry the number of the attempt: a
// time-out that the answer has overtaken is told apart and ignored.
func ExampleActor() {
	loop := sim.NewLoop()
	c := &client{loop: loop}
	c.send(30 * time.Millisecond)
	loop.Run(sim.Never)
	// Output:
	// 30ms: answer to attempt 1
	// 80ms: attempt 2 timed out
}

type client struct {
	loop    *sim.Loop
	attempt uint64
}

const (
	answer uint64 = iota
	timeout
)

func (c *client) send(latency time.Duration) {
	c.attempt++
	c.loop.After(latency, c, c.attempt<<1|answer)
	c.loop.After(50*time.Millisecond, c, c.attempt<<1|timeout)
}

func (c *client) Act(now time.Duration, data uint64) {
	switch attempt := data >> 1; {
	case attempt != c.attempt:
		return // of an attempt that is over
	case data&1 == timeout:
		fmt.Printf("%v: attempt %d timed out\n", now, attempt)
		c.attempt++
	default:
		fmt.Printf("%v: answer to attempt %d\n", now, attempt)
		c.send(time.Minute)
	}
}

func ExampleLoop_Clock() {
	loop := sim.NewLoop()
	clock := loop.Clock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	loop.Run(90 * time.Minute)
	fmt.Println(clock.Now())
	// Output:
	// 2026-01-01 01:30:00 +0000 UTC
}

func ExampleStream() {
	jitter := sim.NewStream(7, "jitter")
	for attempt := range uint64(3) {
		fmt.Printf("%.6f after attempt %d of client 1's call 2\n", jitter.Float64(1, 2, attempt), attempt)
	}
	fmt.Printf("%.6f, whoever else has drawn\n", jitter.Float64(1, 2, 1))
	fmt.Printf("%.6f under another name\n", sim.NewStream(7, "latency").Float64(1, 2, 1))
	// Output:
	// 0.840840 after attempt 0 of client 1's call 2
	// 0.543070 after attempt 1 of client 1's call 2
	// 0.119705 after attempt 2 of client 1's call 2
	// 0.543070, whoever else has drawn
	// 0.570367 under another name
}

func ExampleDist() {
	latency := sim.Dist{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 0.6, Max: 5 * time.Second}
	sampler, err := latency.Sampler()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(latency)
	for _, u := range []float64{0.1, 0.5, 0.99} {
		fmt.Printf("p%v %v\n", 100*u, sampler.Sample(u).Round(time.Millisecond))
	}
	// Output:
	// lognormal(median=30ms,sigma=0.6,max=5s)
	// p10 14ms
	// p50 30ms
	// p99 121ms
}

func ExampleDist_Validate() {
	err := sim.Dist{Kind: sim.Pareto, Alpha: -1, Mean: time.Second}.Validate()
	var invalid *sim.InvalidError
	if errors.As(err, &invalid) {
		for _, p := range invalid.Problems {
			fmt.Println(p)
		}
	}
	// Output:
	// mean: does not apply to pareto, which takes min, alpha, max
	// min: must be positive, such as 30ms, is 0s
	// alpha: must be a positive number, such as 1.5, is -1
}

func ExampleParseDist() {
	d, err := sim.ParseDist("uniform(lower=10ms, upper=30ms)")
	fmt.Println(d, err)
	_, err = sim.ParseDist("uniform(lower=10ms, upper=30)")
	fmt.Println(err)
	// Output:
	// uniform(lower=10ms,upper=30ms) <nil>
	// sim: distribution "uniform(lower=10ms, upper=30)", at byte 26: want a duration such as 30ms for upper, not "30"
}

func ExampleArrivals() {
	for _, a := range []sim.Arrivals{
		sim.NewPaced(4),
		sim.NewPoisson(4, sim.NewStream(7, "arrivals")),
		sim.NewReplay([]time.Duration{0, 5 * time.Second}),
	} {
		var at []time.Duration
		prev := time.Duration(0)
		for i := uint64(0); i < 3; i++ {
			next, ok := a.Next(prev, i)
			if !ok {
				break
			}
			at = append(at, next.Round(time.Millisecond))
			prev = next
		}
		fmt.Println(at)
	}
	// Output:
	// [0s 250ms 500ms]
	// [402ms 416ms 457ms]
	// [0s 5s]
}

func ExampleStation() {
	loop := sim.NewLoop()
	counter := sim.NewStation(loop, 1, 1) // one worker, room for one to wait
	done := sim.ActorFunc(func(now time.Duration, job uint64) { fmt.Printf("%v: job %d done\n", now, job) })
	for job := range uint64(3) {
		if !counter.Enter(2*time.Second, done, job) {
			fmt.Printf("%v: job %d turned away\n", loop.Now(), job)
		}
	}
	loop.Run(10 * time.Second)
	fmt.Println("busy for", counter.BusyTime(), "of", loop.Now())
	// Output:
	// 0s: job 2 turned away
	// 2s: job 0 done
	// 4s: job 1 done
	// busy for 4s of 10s
}

// A client as a program: it gives up after 50 ms and tries again, while the
// station goes on with the work that nobody waits for any more.
func ExampleGo() {
	loop := sim.NewLoop()
	clock := loop.Clock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	backend := sim.NewStation(loop, 1, -1)
	sim.Go(loop, func(p *sim.Process) {
		for attempt, work := range []time.Duration{80 * time.Millisecond, 10 * time.Millisecond} {
			ctx, cancel := clock.WithTimeout(context.Background(), 50*time.Millisecond)
			err := p.Serve(ctx, backend, work)
			cancel()
			fmt.Println(p.Now(), "attempt", attempt+1, err)
		}
	})
	loop.Run(sim.Never)
	loop.Close()
	fmt.Println(backend.Served(), "served")
	// Output:
	// 50ms attempt 1 context deadline exceeded
	// 90ms attempt 2 <nil>
	// 2 served
}

// Of a server that is late, who has just come may still be waiting for the answer.
func ExampleNewStationWith() {
	loop := sim.NewLoop()
	backend, err := sim.NewStationWith(loop, 1, 2, sim.Discipline{Kind: sim.LIFO})
	if err != nil {
		fmt.Println(err)
		return
	}
	for number := range uint64(4) {
		backend.Enter(time.Second, patient{}, number)
		loop.Run(loop.Now() + 100*time.Millisecond)
	}
	loop.Run(time.Minute)
	// Output:
	// 300ms: request 1 was dropped
	// 1s: request 0 is done
	// 2s: request 3 is done
	// 3s: request 2 is done
}

// patient is who sends requests to a server that may drop them.
type patient struct{}

func (patient) Act(now time.Duration, number uint64) {
	fmt.Printf("%v: request %d is done\n", now, number)
}

func (patient) Dropped(now time.Duration, number uint64) {
	fmt.Printf("%v: request %d was dropped\n", now, number)
}

func ExampleStation_Cancel() {
	loop := sim.NewLoop()
	backend := sim.NewStation(loop, 1, -1)
	answer := sim.ActorFunc(func(now time.Duration, number uint64) { fmt.Printf("%v: request %d is done\n", now, number) })
	first, _ := backend.Submit(time.Minute, answer, 1)
	backend.Enter(time.Second, answer, 2)
	loop.Run(3 * time.Second) // the client of the first waits no longer
	worked, ok := backend.Cancel(first)
	fmt.Println("worked for", worked, ok)
	loop.Run(time.Hour)
	// Output:
	// worked for 3s true
	// 4s: request 2 is done
}

func ExampleBalancer() {
	loop := sim.NewLoop()
	nodes := []*sim.Station{sim.NewStation(loop, 1, -1), sim.NewStation(loop, 1, -1), sim.NewStation(loop, 1, -1)}
	balancer := sim.NewBalancer(sim.TwoChoices, nodes...)
	draws := sim.NewStream(1, "balance")
	idle := sim.ActorFunc(func(time.Duration, uint64) {})
	for i := range uint64(300) {
		balancer.Next(draws.Float64(i, 0, 0)).Enter(time.Second, idle, i)
	}
	for _, node := range nodes {
		fmt.Println(node.Inside())
	}
	// Output:
	// 100
	// 100
	// 100
}
