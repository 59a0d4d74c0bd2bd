// Package sim is virtual time: an event loop that jumps from event to event,
// keyed streams of chance, distributions of durations, arrivals, and stations
// that serve jobs. Hours of a service under load pass in seconds, and the same
// program with the same seed gives the same bytes in every run, process and
// machine.
//
// It knows nothing of retries, breakers or S3: those are driven by it. It
// imports the standard library only.
//
// # Time
//
// Virtual time is a [time.Duration] since the start of the run, in whole
// nanoseconds. A [Loop] holds the events to come, each a moment, an [Actor]
// and one word of data. [Loop.Step] takes the next and calls the actor, which
// may schedule others:
//
//	loop := sim.NewLoop()
//	loop.After(3*time.Second, client, attempt)
//	loop.Run(time.Hour)
//
// Events are ordered by (time, sequence): those of one moment happen in the
// order in which they were scheduled. The order is total, so nothing is left
// to chance or to a scheduler. There is no way to take an event back; an actor
// that no longer cares for it tells it by its data, such as the number of the
// attempt it belonged to, and ignores it.
//
// Code that wants a time.Time reads [Loop.Clock].
//
// # Processes
//
// A [Process] is Go code as one would write it for the real clock: it sleeps, waits for a
// station, parks until it is woken, and its contexts end on the loop's time.
//
//	sim.Go(loop, func(p *sim.Process) {
//		ctx, cancel := clock.WithTimeout(context.Background(), time.Second)
//		defer cancel()
//		err := p.Serve(ctx, backend, 30*time.Millisecond)
//		...
//	})
//
// [Clock.Go] and [Clock.Signal] are its go statement and its channel: code that starts
// others beside it and waits for the first, as hedged requests do. [Clock.Serve] is
// [Process.Serve] for those others. docs/processes.md of this module has a client with
// retries, hedges and a breaker.
//
// Processes and actors may share a loop. One runs at a time, in the order of events, so
// both are equally exact; an actor is several times as fast, and takes no stack.
//
// All sums of durations saturate: what lies beyond 292 years is [Never], and
// an event at Never does not happen.
//
// # Chance
//
// A [Stream] is named, and its draws are looked up by keys instead of being
// taken in turn:
//
//	jitter := sim.NewStream(seed, "jitter")
//	u := jitter.Float64(client, call, attempt)
//
// Two policies under one seed then meet the same arrivals, the same latencies
// and the same faults (common random numbers), and a new consumer shifts no
// one else's draws. Give each purpose a stream of its own, and key it by what
// identifies the draw, never by a running count that a policy may change.
//
// # Durations
//
// A [Dist] is a distribution as plain data, for files and structs; it has a
// text form ([ParseDist]) and says all that is wrong with it
// ([Dist.Validate]). Its [Sampler] turns one draw into one duration:
//
//	latency := sim.Dist{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 0.6}
//	sampler, err := latency.Sampler()
//	d := sampler.Sample(u)
//
// More chance always means more time (it is the inverse of the distribution
// function), so one draw compares two distributions.
//
// # Load and servers
//
// [Arrivals] say when calls begin: [Poisson], [Paced] or a [Replay] of
// recorded times. They are pure functions; a run schedules the next arrival
// from within the last.
//
// A [Station] is a server with workers and a queue, in which load turns into
// waiting. Its [Discipline] says who is served next, and whom it gives up: FIFO, LIFO,
// adaptive LIFO, CoDel, controlled delay, or processor sharing. Work that nobody waits
// for any more can be taken out ([Station.Cancel]), and workers may come and go
// ([Station.SetWorkers]). A [Balancer] spreads jobs over several stations.
//
// # The same bits everywhere
//
// The functions of package math may differ in the last bit between
// architectures, and compilers may fuse a multiplication with an addition.
// The logarithm, exponential and normal quantile of this package are its own,
// and every product of floats is rounded explicitly. A test pins the bits of
// thousands of values.
package sim
