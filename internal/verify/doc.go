// Package verify plays one scenario in the modes model, http and live, and says whether
// they agree: whether the simulation tells what a program with real sockets, in real
// time, would have met.
//
//	r, err := verify.Run(ctx, scenario, verify.Options{Seed: 1})
//	if r.Failed() { … }
//
// The two simulated modes must give the same record. The live one makes the same keyed
// draws, so that for a policy where nothing depends on time every call must make the same
// attempts, with the same outcomes, and end alike: the law "exact". Else (the law "similar")
// the numbers must be no further from the simulation's than a stated tolerance, or than
// other seeds of the simulation are; unless, again, all calls are the same, which is more than
// the law asks for. Why a policy falls under the second law is told.
//
// Durations are held against each other as distributions, by the statistic of Kolmogorov
// and Smirnov with a slack in time ([Distance]): a real machine takes its time for
// timers and sockets, and a distribution with steps is otherwise a different one however
// little that is. Both sides of the wire are counted: the backend must have seen each
// attempt of the clients once.
package verify
