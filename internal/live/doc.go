// Package live puts a scenario's backend, with its faults, on real sockets: for
// clients that are not written in Go, and as the last word on those that are.
//
//	s, err := live.Start(scenario, live.Options{Seed: 1})
//	…                        // point a client at s.URL()
//	err = s.Close(time.Second)
//
// The same scenario means the same as in a simulated run, with these
// differences, which come from clients that nobody here controls:
//
//   - Load and policies of the scenario have no part in it. Objects are those
//     that clients put there; the scenario's bucket exists.
//   - Time is real. Phases follow one another from the start, and the last one
//     stays; or one is held ([Options].Phase, [Server.Jump]).
//   - An error, reset or slow answer takes the backend's latency, as it does
//     in virtual time; work takes a worker, whether or not its client waits.
//     The extra latency of a fault passes before a worker is taken; where the
//     client is seen to go away in it, nothing is carried out, as it is in a
//     simulated run. Work on a request of up to 1 MiB begins when it is there.
//
// Draws are keyed by who asks, so that the same requests meet the same faults in
// every run, whatever the order in which those for different targets arrive. A
// client may number its calls (faults.HeaderCall), and is then met by the faults of
// a simulated run. A call of an AWS SDK, whose id is random, is known by method and
// target, by how many calls for the same came before, and by its attempt; any
// other request by method and target, and by how many of the same came before.
//
// A second listener, always on loopback, has the admin API:
//
//	GET  /state    counters and the phase in force, as JSON ([State])
//	POST /phase    {"phase": "burst"} jumps to the beginning of a phase;
//	               with "hold": true it stays in force
//	POST /reset    as freshly started: time, objects, counters and draws, and no
//	               added faults
//	GET  /faults   the faults of the plan, and those that were added
//	POST /faults   {"rule": "PutObject raw/** p=0.9 SlowDown"} (or an object, as in a
//	               scenario) adds a fault before those of the plan; "for": "30s" takes
//	               it back, "phase": "burst" is for one phase. DELETE /faults/ID takes it
//	               back at once
//	GET  /calls    the last calls, with their attempts ([Call])
//	GET  /ca       the certificate to trust, with TLS
//	GET  /         what the API has
//	GET  /metrics  the same counters for Prometheus
package live
