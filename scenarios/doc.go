// Package scenarios reads, checks, writes and runs scenario files: experiments
// that replay a bad day of an S3 or HTTP service against retry and breaker
// settings.
//
// # Getting one
//
// [Open] reads a file and the trace that it names, [Parse] a text, [Find] what
// a person names on a command line: a built-in scenario of [List] or a path.
// [Write] prints one built in Go. All of them report every mistake at once, as
// [*Problems] that tell file, line, column and what would be right:
//
//	mine.yaml:15:26: phases[0].for: 30 has no unit; write 30s (or 30ms, 30m)
//	  15 |   - {label: steady, for: 30}
//	     |                          ^
//
// [Run] replays a scenario and gives its record, thresholds judged.
//
// # The file
//
// YAML, one document, without anchors, aliases and tags: a scenario says each
// value where it counts. Durations (30s, 250ms, 1h30m), rates (200/s, 10/m)
// and sizes (64KiB, 1MB) have units; probabilities are from 0 to 1.
//
//	scenario: NAME                names the output folder
//	about: TEXT                   what it claims
//	backend:
//	  kind: s3 | http
//	  latency: DISTRIBUTION       of a request when all is well
//	  network: DISTRIBUTION       of a request's way, and of its answer's; leave out: none
//	  capacity: {workers: 64, queue: 256,   leave out: unlimited; queue left out: unbounded
//	      discipline: fifo | {kind: codel, target: 5ms, interval: 100ms},
//	      nodes: 4, balance: two-choices, abandoned: served | cancelled,
//	      max_in_flight: 300, slowdown: 1ms, full: SlowDown}
//	  quotas:                     token buckets; all of them hold
//	    - {on: writes, per: client, rate: 10/s, burst: 30}
//	  prefixes: true              s3 only: its rates per partitioned prefix
//	  routes:                     http only; the first that fits counts
//	    - {path: "/api/**", method: GET, status: 200, size: 4KiB}
//	  bucket: squall              s3 only; this is the default
//	load:
//	  model: open | closed | replay
//	  rate: 200/s                 open: over all clients
//	  arrivals: poisson | paced   open; poisson is the default
//	  clients: 50                 open (default 1) and closed
//	  groups:                     in place of rate and clients, which are the sums
//	    - {name: web, clients: 80, rate: 150/s}   and think (closed), policy, mix
//	  start: {spread: 10s}        closed: or a DISTRIBUTION; leave out: all at once
//	  think: DISTRIBUTION         closed: between an answer and the next call
//	  max_in_flight: 1000         open and replay: more are dropped and counted
//	  mix:                        open and closed: drawn by weight (default 1)
//	    - {op: PutObject, key: "raw/{client}/{call}.json", size: 64KiB, weight: 3,
//	        headers: {X-Tenant: blue}}
//	  trace: FILE                 replay: CSV, relative to this file; see [TraceReader]
//	  speed: 2                    replay: in half its time; 1 is the default
//	phases:                       one after another; the last one's faults stay
//	  - label: NAME
//	    for: 30s
//	    capacity: {workers: 50%}  or a number; leave out: the backend's
//	    rate: 160/s | 3x          open: in place of the load's
//	    restart: 50% | all        of the clients, when it begins
//	    offline: 50% | all        of the clients, who come back when it ends
//	    faults:                   the first that is for a request decides
//	      - {on: {op: PutObject, key: "raw/**"}, p: 0.9, effect: SlowDown}
//	      - on: {method: PUT, bucket: squall, header: {X-Tenant: "b*"}, client: 0-4, attempt: 1}
//	        from: 5s              and until, flap, bursts, rolling: when it is in force
//	        every: 3              every third of those that are left
//	        first: 2              attempts of each call
//	        p: {from: 0, to: 0.9} grows over that time
//	        at_most: 10           requests under it at once
//	        continue: true        the faults behind it are asked as well
//	        effect: latency add=2s
//	policies:
//	  NAME:
//	    baseline: true            shown for comparison, not bound by thresholds
//	    retry: PRESET | {preset: PRESET, attempts: 5, base: 1s, multiplier: 2,
//	        cap: 30s, throttle_base: 1s, jitter: full | {kind: additive, amount: 1s},
//	        attempt_timeout: 2s, limit: 30s, hint: none | retry-after | amz,
//	        max_hint: 1m, classifier: aws, quota: none | {capacity: 500, cost: 14}}
//	    breaker: {failures: 5, failure_count: {failures: 5, calls: 20},
//	        failure_rate: {rate: 0.5, min_calls: 20, span: 30s},
//	        slow_rate: {after: 2s, rate: 0.5, span: 30s}, open_for: 30s,
//	        open_multiplier: 2, open_max: 5m, open_jitter: 0.5, max_hint: 1m,
//	        probes: 3, successes: 2, probe_lease: 30s, shadow: false,
//	        scope: operation | client | key | fleet | shared, sync_every: 5s}
//	thresholds:
//	  "METRIC{phase:NAME,op:NAME,group:NAME,policy:NAME}": ["p(99)<20s"]
//
// A DISTRIBUTION is a map such as {dist: lognormal, median: 30ms, sigma: 0.6,
// max: 5s}, the same as text, "lognormal(median=30ms,sigma=0.6,max=5s)", or a
// duration alone; see sim.Dist. An effect is a text that faults.ParseEffect
// reads: SlowDown, 503, "429 retry-after=2s", latency add=2s, outage. What
// holds a comma or a brace stands between quotes. A fault without on meets all
// requests, one without p each time. A retry without preset starts from a
// single attempt. A read without size finds what the load's write of the same
// key wrote, or an empty object.
//
// # Thresholds
//
// The grammar is k6's: an aggregate, an operator (< <= > >= == !=) and a
// number. [Metrics] lists the metrics with their kinds, which decide the
// aggregates that fit:
//
//	trend    avg min max med p(N) count
//	counter  count value rate (a second)
//	rate     value rate
//	gauge    value
//
// Durations have units; shares may be percentages.
package scenarios
