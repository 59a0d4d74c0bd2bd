// Package livefleet plays the load of a scenario in real time: goroutines with a real
// HTTP client, retry.Do and breaker.Execute, as a service would have them, against the
// scenario's backend on a socket of loopback.
//
//	play, err := livefleet.New(scenario, livefleet.Options{Speed: 10})
//	run, err := scenarios.Run(ctx, scenario, scenarios.Options{Mode: scenarios.ModeLive, Play: play})
//
// Arrivals, mix, pauses, jitter, latencies and faults are the keyed draws of a simulated
// run: requests say which client, call and attempt they are of, so that the backend
// makes the same draws as the simulation. What is real is time, the goroutines that
// wait for it, the sockets, and what the machine takes for all of that.
//
// Clients, policies, breakers and backend live by one clock, which may go faster than
// the system's ([Options].Speed): minutes pass in seconds, and every millisecond that the
// machine takes counts for as many. Nothing of the scenario is changed for it.
//
// Go's transport repeats requests by itself, without a word, that had no answer on a connection
// which had been in use before (GET, HEAD, OPTIONS and TRACE without a body, and what has an
// Idempotency-Key). That would be attempts that no policy has made, so that it is
// switched off here, unless [Options].Replays leaves it on; both sides of the wire are
// counted, and reports.Live has the difference.
package livefleet
