// Package fleet is the clients of a run: it wires a load, a retry policy,
// breakers, a fault plan and a backend onto one [sim.Loop] and plays them in
// virtual time.
//
// A fleet runs one policy. Runs of several policies under one seed meet the
// same arrivals, latencies and fault draws, as every draw is keyed by what it
// is for (client, call, attempt) and not by when it is made: what differs
// between two runs is the policy alone.
//
// The retry decisions are those of the step machine that [retry.Do] loops
// over, and the breakers are those that a service imports; nothing here
// re-implements them. Two wires carry an attempt to the backend:
//
//   - [Model] asks the fault plan for the outcome and makes no bytes;
//   - [HTTP] sends a real request through the fault handler into the fake S3
//     or HTTP backend, in process, and classifies the real response.
//
// Both use the same draws, so they make the same attempts.
//
// A fleet is single-threaded and deterministic. Fleets of different policies
// may run at the same time on different goroutines.
package fleet
