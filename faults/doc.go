// Package faults says what goes wrong, where and when, and makes it so.
//
// A [Plan] is plain data: phases of a run, each with rules. A rule selects
// requests by operation and key, draws against a probability, and has an
// [Effect]: an S3 error, an HTTP status, extra latency, a reset, a black hole,
// an outage, a connection that ends with no answer or with half of one. Effects have a text form, which [ParseEffect] reads and
// [Effect.String] writes:
//
//	SlowDown
//	429 retry-after=2s
//	latency add=lognormal(median=2s,sigma=0.5)
//	outage after=100ms
//
// [New] compiles a plan into an [Injector], whose Decide tells the [Verdict] on
// one request. Two things act on verdicts, and agree to the last field:
//
//   - [Verdict.Err] is the error that a client gets, for simulations that send
//     no bytes;
//   - [NewHandler] is an [http.Handler] in front of a backend that answers as
//     S3 or a web service would: over real sockets, or through a [Transport],
//     which carries requests to a handler in process.
//
// Nothing here is random: each draw is a fixed function of the seed, the rule
// and the request's client, call and attempt, so the same faults meet the same
// requests whatever the order in which they come. [Injector.Counts] proves that
// each fault fired.
//
// The packages below are the backends: s3fake, a fake S3, and httpfake, a plain
// web service.
package faults
