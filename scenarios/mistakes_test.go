package scenarios

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// sound is a scenario without mistakes: each case below makes one or more.
const sound = `scenario: sound
about: A scenario without mistakes.
backend:
  kind: s3
  latency: {dist: lognormal, median: 30ms, sigma: 0.6, max: 5s}
  capacity: {workers: 64, queue: 256}
load:
  model: open
  rate: 200/s
  clients: 50
  mix:
    - {op: PutObject, key: "raw/{client}/{call}.json", size: 64KiB, weight: 3}
    - {op: GetObject, key: "raw/{client}/{call}.json", weight: 1}
phases:
  - {label: steady, for: 60s}
  - {label: burst, for: 30s, faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]}
policies:
  shipped: {retry: {preset: s3}, breaker: {failures: 5, open_for: 30s}}
  aws: {baseline: true, retry: aws-standard-2.1}
thresholds:
  success_rate: ["value>0.99"]
  "call_duration{phase:burst}": ["p(99)<20s"]
`

// mistakes are edits of sound: pairs of old and new text.
var mistakes = []struct {
	name  string
	edits []string
}{
	{"unknown key at the top", []string{"about:", "abuot:"}},
	{"unknown key far from any", []string{"about:", "xyzzy:"}},
	{"unknown key in camel case", []string{"open_for:", "openFor:"}},
	{"key of another tool", []string{"for: 60s", "duration: 60s"}},
	{"retries for attempts", []string{"{preset: s3}", "{preset: s3, retries: 4}"}},
	{"max_retries for attempts", []string{"{preset: s3}", "{preset: s3, max_retries: x}"}},
	{"key twice", []string{"  kind: s3\n", "  kind: s3\n  kind: http\n"}},
	{"key without value", []string{"for: 60s", "for:"}},
	{"explicit null", []string{"for: 60s", "for: null"}},
	{"policy twice", []string{"  aws:", "  shipped:"}},
	{"policy without settings", []string{"  aws: {baseline: true, retry: aws-standard-2.1}", "  aws:"}},
	{"policy without retry", []string{", retry: aws-standard-2.1", ""}},
	{"policy with a name that filters cannot hold", []string{"  aws:", "  \"a{b}\":"}},
	{"label twice", []string{"label: burst", "label: steady"}},
	{"no label", []string{"label: burst, ", ""}},
	{"name of a folder", []string{"scenario: sound", "scenario: ../sound"}},
	{"no name", []string{"scenario: sound\n", ""}},
	{"name too long", []string{"scenario: sound", "scenario: " + strings.Repeat("x", 65)}},

	{"bare number for a duration", []string{"for: 60s", "for: 30"}},
	{"days", []string{"for: 60s", "for: 2d"}},
	{"words for a duration", []string{"for: 60s", "for: 30 seconds"}},
	{"no duration at all", []string{"for: 60s", "for: long"}},
	{"list for a duration", []string{"for: 60s", "for: [60s]"}},
	{"zero duration", []string{"for: 60s", "for: 0s"}},
	{"negative duration", []string{"for: 60s", "for: -60s"}},
	{"tiny phase", []string{"for: 60s", "for: 10us"}},
	{"endless phase", []string{"for: 60s", "for: 9000h"}},
	{"endless run", []string{"for: 60s", "for: 8784h"}},

	{"bare number for a rate", []string{"rate: 200/s", "rate: 200"}},
	{"rate of another unit", []string{"rate: 200/s", "rate: 200/sec"}},
	{"rate of nothing", []string{"rate: 200/s", "rate: 0/s"}},
	{"no rate", []string{"  rate: 200/s\n", ""}},
	{"rate of a phase without a unit", []string{"for: 60s}", "for: 60s, rate: 160}"}},
	{"multiples that are none", []string{"for: 60s}", "for: 60s, rate: -3x}", "for: 30s,", "for: 30s, rate: x3,"}},
	{"rates of phases beyond all bounds", []string{"for: 60s}", "for: 60s, rate: 20000000/s}", "for: 30s,", "for: 30s, rate: 1e6x,"}},
	{"rate of a phase of a closed load", []string{"model: open\n  rate: 200/s", "model: closed", "for: 60s}", "for: 60s, rate: 3x}"}},
	{"rates of groups that there are not", []string{"for: 60s}", "for: 60s, rate: {web: 3x}}", "for: 30s,", "for: 30s, rate: {},"}},
	{"rates of groups that are none", []string{"  rate: 200/s\n  clients: 50\n", "  groups: [{name: web, clients: 1, rate: 5/s}, {name: batch, clients: 1, rate: 50/s}]\n", "for: 60s}", "for: 60s, rate: {bathc: 3x, web: 3, batch: x3}}", "for: 30s,", "for: 30s, rate: {},"}},
	{"rates of groups beyond all bounds", []string{"  rate: 200/s\n  clients: 50\n", "  groups: [{name: web, clients: 1, rate: 5/s}, {name: batch, clients: 1, rate: 50/s}]\n", "for: 60s}", "for: 60s, rate: {web: 20000000/s, batch: 1e6x}}", "for: 30s,", "for: 30s, rate: {web: 6000000/s, batch: 6000000/s},"}},
	{"rates of groups of a closed load", []string{"model: open\n  rate: 200/s", "model: closed", "for: 60s}", "for: 60s, rate: {web: 3x}}"}},
	{"groups beside clients and rate", []string{"  clients: 50\n", "  clients: 50\n  groups: [{name: web, clients: 80, rate: 150/s}]\n"}},
	{"groups that say too little", []string{"  rate: 200/s\n  clients: 50\n", "  groups: [{clients: 80}, {name: web, rate: 5/s}, {name: web, clients: 1, rate: 0/s, think: 1s}]\n"}},
	{"groups of a closed load with a rate", []string{"model: open\n  rate: 200/s\n  clients: 50\n", "model: closed\n  groups: [{name: web, clients: 1, rate: 5/s}, {name: batch, clients: 10000000}]\n"}},
	{"group with an unknown policy", []string{"  rate: 200/s\n  clients: 50\n", "  groups: [{name: web, clients: 1, rate: 5/s, policy: shiped}]\n"}},
	{"group with an unknown operation", []string{"  rate: 200/s\n  clients: 50\n", "  groups: [{name: web, clients: 1, rate: 5/s, mix: [{op: HeadObjct, key: a}]}, {name: batch, clients: 1, rate: 1/s, mix: []}]\n"}},
	{"groups with a mix that nobody calls", []string{"  rate: 200/s\n  clients: 50\n", "  groups: [{name: web, clients: 1, rate: 5/s, mix: [{op: HeadObject, key: a}]}]\n"}},
	{"groups that thresholds do not find", []string{"{phase:burst}", "{group:web}"}},
	{"a group misspelt by a threshold", []string{"  rate: 200/s\n  clients: 50\n", "  groups: [{name: web, clients: 1, rate: 5/s}]\n", "{phase:burst}", "{group:wbe}"}},
	{"shares of clients that are none", []string{"for: 60s}", "for: 60s, offline: 0}", "for: 30s,", "for: 30s, restart: 150%, offline: some,"}},
	{"restart of those who have not begun", []string{"for: 60s}", "for: 60s, restart: all, offline: 50%}"}},
	{"start of an open load", []string{"  clients: 50\n", "  clients: 50\n  start: {spread: 10s}\n"}},
	{"start that spreads nothing", []string{"model: open\n  rate: 200/s\n", "model: closed\n  start: {spread: 10}\n"}},
	{"start that is no distribution", []string{"model: open\n  rate: 200/s\n", "model: closed\n  start: {spread: 10s, dist: uniform}\n"}},
	{"shared breakers that are never compared", []string{"open_for: 30s}", "open_for: 30s, scope: shared}"}},
	{"shared breakers that are compared too often", []string{"open_for: 30s}", "open_for: 30s, scope: shared, sync_every: 1us}"}},
	{"shared breakers that do nothing but compare", []string{"clients: 50", "clients: 10000000", "open_for: 30s}", "open_for: 30s, scope: shared, sync_every: 100ms}"}},
	{"breakers compared that are not shared", []string{"open_for: 30s}", "open_for: 30s, scope: fleet, sync_every: 5s}"}},
	{"unknown scope", []string{"open_for: 30s}", "open_for: 30s, scope: sharde}"}},
	{"bare number for a size", []string{"size: 64KiB", "size: 64"}},
	{"size of another unit", []string{"size: 64KiB", "size: 64kib"}},
	{"huge size", []string{"size: 64KiB", "size: 6TiB"}},
	{"size of what has no body", []string{"op: GetObject", "op: DeleteObject", "weight: 1}", "weight: 1, size: 1B}"}},
	{"negative weight", []string{"weight: 3", "weight: -1"}},
	{"zero weight", []string{"weight: 3", "weight: 0"}},
	{"infinite weight", []string{"weight: 3", "weight: .inf"}},
	{"no number", []string{"weight: 3", "weight: .nan"}},
	{"text for a whole number", []string{"clients: 50", `clients: "50"`}},
	{"fraction for a whole number", []string{"clients: 50", "clients: 50.5"}},
	{"octal", []string{"clients: 50", "clients: 050"}},
	{"no clients", []string{"clients: 50", "clients: 0"}},
	{"too many clients", []string{"clients: 50", "clients: 99999999999999999999"}},
	{"yes for true", []string{"baseline: true", "baseline: yes"}},

	{"probability above 1", []string{"p: 0.9", "p: 1.5"}},
	{"probability in percent", []string{"p: 0.9", "p: 90%"}},
	{"probability as percent", []string{"p: 0.9", "p: 90"}},
	{"negative probability", []string{"p: 0.9", "p: -0.1"}},
	{"probability zero", []string{"p: 0.9", "p: 0"}},
	{"probability not a number", []string{"p: 0.9", "p: .nan"}},
	{"unknown effect", []string{"effect: SlowDown", "effect: SlowDwon"}},
	{"status that is no error", []string{"effect: SlowDown", "effect: 199"}},
	{"effect with a bare number", []string{"effect: SlowDown", "effect: 429 retry-after=2"}},
	{"effect with a comma, unquoted", []string{"effect: SlowDown", "effect: latency add=lognormal(median=2s,sigma=0.5)"}},
	{"effect with a bad distribution", []string{"effect: SlowDown", `effect: "latency add=lognormal(median=2s,sgima=0.5)"`}},
	{"truncate that does not say where", []string{"effect: SlowDown", "effect: truncate"}},
	{"truncate at no number of bytes", []string{"effect: SlowDown", "effect: truncate at=1KiB"}},
	{"stall of an answer without a body", []string{"{op: PutObject}, p: 0.9, effect: SlowDown", "{op: HeadObject}, p: 0.9, effect: stall at=10"}},
	{"error in 200 without a code", []string{"effect: SlowDown", "effect: error-in-200"}},
	{"error in 200 where S3 sends none", []string{"effect: SlowDown", "effect: error-in-200 SlowDown"}},
	{"no effect", []string{", effect: SlowDown", ""}},
	{"fault on an operation that nobody calls", []string{"on: {op: PutObject}", "on: {op: HeadObject}"}},
	{"fault on an unknown operation", []string{"on: {op: PutObject}", "on: {op: PutObjct}"}},
	{"fault on a bad glob", []string{"on: {op: PutObject}", `on: {key: "raw/[a"}`}},

	{"fault of a method that nobody uses", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{on: {method: DELETE}, effect: SlowDown}, {on: {method: get}, effect: SlowDown}, {on: {op: PutObject, method: GET}, effect: SlowDown}]`}},
	{"fault of clients that are not there", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{on: {client: 50-60}, effect: SlowDown}, {on: {client: five}, effect: SlowDown}, {on: {client: [1, 9-3]}, effect: SlowDown}, {on: {client: []}, effect: SlowDown}]`}},
	{"fault of attempts that are not there", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{on: {attempt: 0}, effect: SlowDown}, {on: {attempt: -2}, effect: SlowDown}, {on: {attempts: 1}, effect: SlowDown}]`}},
	{"fault of bad headers", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{on: {header: {X Y: a}}, effect: SlowDown}, {on: {header: {X-Y: }}, effect: SlowDown}, {on: {header: {}}, effect: SlowDown}, {on: {header: {x-y: a, X-Y: b}}, effect: SlowDown}, {on: {headers: {x-y: a}}, effect: SlowDown}, {on: {header: blue}, effect: SlowDown}]`}},
	{"fault outside of its phase", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{from: 30s, effect: SlowDown}, {until: 31s, effect: SlowDown}, {from: 20s, until: 10s, effect: SlowDown}, {until: 0s, effect: SlowDown}, {from: 5, effect: SlowDown}]`}},
	{"fault that flaps badly", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{flap: {up: 5s}, effect: SlowDown}, {flap: {up: 5s, down: 0s}, effect: SlowDown}, {flap: 5s, effect: SlowDown}, {bursts: {good: 1ms, bad: 1us}, effect: SlowDown}, {bursts: {good: 1s, mean: 1s}, effect: SlowDown}]`}},
	{"fault that rolls badly", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{rolling: {nodes: 4, down: 10s, gap: 5s}, effect: SlowDown}, {rolling: {down: 1s}, effect: SlowDown}, {rolling: {nodes: 2, down: 1s, gap: -1s, by: node}, effect: SlowDown}]`}},
	{"fault that counts badly", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{every: 0, effect: SlowDown}, {every: {n: 3, per: keys}, effect: SlowDown}, {every: {per: key}, effect: SlowDown}, {first: {calls: 2, per: call}, effect: SlowDown}, {first: {calls: 2, attempts: 2}, effect: SlowDown}, {first: {}, effect: SlowDown}, {at_most: 0, effect: SlowDown}, {max_active: 3, effect: SlowDown}]`}},
	{"fault on nothing", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{on: {op: ""}, effect: SlowDown}, {on: {method: ""}, effect: SlowDown}, {on: {bucket: ""}, effect: SlowDown}, {on: {key: ""}, effect: SlowDown}, {on: {header: {X-A: []}}, effect: SlowDown}, {on: {attempt: 1,2}, effect: SlowDown}]`}},
	{"fault on another bucket", []string{"on: {op: PutObject}", `on: {bucket: "*-raw"}`}},
	{"fault while the backend is well", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{flap: {up: 30s, down: 1s}, effect: SlowDown}, {from: 20s, flap: {up: 15s, down: 1s}, effect: SlowDown}, {flap: {up: -1, down: 1s}, effect: SlowDown}]`}},
	{"fault with a ramp to no number", []string{"p: 0.9", "p: {from: 0, to: most}"}},
	{"fault with a list for a count", []string{"p: 0.9", "p: [0.9], every: [3], first: {attempts: [1]}"}},
	{"slowdown of no duration", []string{"{workers: 64, queue: 256}", "{slowdown: some}"}},
	{"rates below zero", []string{"rate: 200/s", "rate: -200", "size: 64KiB", "size: -64"}},
	{"headers of calls", []string{"weight: 3}", `headers: {X Y: a, X-A: a, x-a: b, Content-Length: 3, host: a, X-Squall-Call: 1, X-B: "a\nb", X-C: [a], X-D: }}`, "weight: 1}", "header: {X-A: b}}"}},
	{"no map of headers", []string{"weight: 3}", "headers: [X-A]}"}},
	{"too many headers of calls", []string{"weight: 3}", "headers: {" + manyHeaders(101) + "}}", "weight: 1}", "headers: {X-A: " + strings.Repeat("long", 20000) + "}}"}},
	{"header of a route without value", []string{"  kind: s3\n", "  kind: http\n  routes: [{path: /a, headers: {X-A: }}]\n"}},
	{"fault with a bad ramp", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{p: {from: 0}, effect: SlowDown}, {p: {from: 0, to: 90}, effect: SlowDown}, {p: {from: 0, until: 1}, effect: SlowDown}, {p: {from: 0, to: 0}, effect: SlowDown}]`}},
	{"fault that continues with nothing", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{continue: true, effect: SlowDown}, {continue: yes, effect: latency add=1s}]`}},
	{"faults behind one that decides, and behind those that do not", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", `faults: [{on: {op: PutObject}, continue: true, effect: latency add=1s}, {on: {op: PutObject}, every: 3, effect: reset}, {on: {op: PutObject}, first: 2, effect: reset}, {on: {op: PutObject}, until: 10s, effect: reset}, {on: {op: PutObject, attempt: 2-}, effect: reset}, {on: {op: PutObject, attempt: 3}, effect: SlowDown}, {on: {op: PutObject, client: 3, method: PUT}, effect: SlowDown}, {on: {method: PUT}, effect: SlowDown}, {on: {op: PutObject}, effect: SlowDown}]`}},

	{"unknown kind", []string{"kind: s3", "kind: gcs"}},
	{"no backend", []string{"backend:\n  kind: s3\n  latency: {dist: lognormal, median: 30ms, sigma: 0.6, max: 5s}\n  capacity: {workers: 64, queue: 256}\n", ""}},
	{"unknown distribution", []string{"dist: lognormal", "dist: normal"}},
	{"distribution without a field", []string{"sigma: 0.6, ", ""}},
	{"distribution with a stray field", []string{"sigma: 0.6", "sigma: 0.6, mean: 5ms"}},
	{"distribution with a bare number", []string{"median: 30ms", "median: 30"}},
	{"distribution as bad text", []string{"{dist: lognormal, median: 30ms, sigma: 0.6, max: 5s}", `"lognormal(median=30ms,sgima=0.6)"`}},
	{"latency as a bare number", []string{"{dist: lognormal, median: 30ms, sigma: 0.6, max: 5s}", "30"}},
	{"network as a bare number", []string{"  capacity:", "  network: 30\n  capacity:"}},
	{"network of half a distribution", []string{"  capacity:", "  network: {dist: exponential}\n  capacity:"}},
	{"percentiles without an end", []string{"{dist: lognormal, median: 30ms, sigma: 0.6, max: 5s}", "{dist: empirical, percentiles: {p0: 1ms, q50: 2ms, p99: 1s}}"}},
	{"no latency", []string{"  latency: {dist: lognormal, median: 30ms, sigma: 0.6, max: 5s}\n", ""}},
	{"no workers", []string{"workers: 64", "workers: 0"}},
	{"negative queue", []string{"queue: 256", "queue: -1"}},
	{"capacity without a bound", []string{"capacity: {workers: 64, queue: 256}", "capacity: {full: 503}"}},
	{"queue without workers", []string{"capacity: {workers: 64, queue: 256}", "capacity: {queue: 5, slowdown: 1ms}"}},
	{"bound that the queue never reaches", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, queue: 256, max_in_flight: 500}"}},
	{"full with what is no answer", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, full: reset}"}},
	{"capacity by other names", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, on_full: 503, max_concurrency: 5, slope: 1ms}"}},
	{"unknown discipline", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, discipline: lfo}"}},
	{"unknown discipline with a time", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, discipline: {kind: lfo, target: 5ms}}"}},
	{"discipline without a kind", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, discipline: {target: 5ms}}"}},
	{"discipline of no time", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, discipline: {kind: codel, target: 0s, interval: 100}}"}},
	{"discipline that measures nothing", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, discipline: {kind: lifo, target: 5ms}}"}},
	{"target beyond the interval", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, discipline: {kind: codel, target: 1s}}"}},
	{"discipline without workers", []string{"capacity: {workers: 64, queue: 256}", "capacity: {max_in_flight: 5, discipline: lifo}"}},
	{"discipline that is a list", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, discipline: [lifo]}"}},
	{"nodes out of bounds", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, nodes: 0}"}},
	{"balance of one node", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, balance: random}"}},
	{"unknown balance", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, nodes: 3, balance: p2c}"}},
	{"unknown fate of abandoned work", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, abandoned: true}"}},
	{"nodes by another name", []string{"capacity: {workers: 64, queue: 256}", "capacity: {workers: 64, replicas: 3, lb: random}"}},
	{"workers of a phase out of bounds", []string{"{label: steady, for: 60s}", "{label: steady, for: 60s, capacity: {workers: -1}}"}},
	{"workers of a phase that are no share", []string{"{label: steady, for: 60s}", "{label: steady, for: 60s, capacity: {workers: half%}}"}},
	{"workers of a phase that are too large a share", []string{"{label: steady, for: 60s}", "{label: steady, for: 60s, capacity: {workers: 1e9%}}"}},
	{"capacity of a phase without workers", []string{"{label: steady, for: 60s}", "{label: steady, for: 60s, capacity: {}}"}},
	{"capacity of a phase by other keys", []string{"{label: steady, for: 60s}", "{label: steady, for: 60s, capacity: {queue: 5}}"}},
	{"workers of a phase of a backend without", []string{"  capacity: {workers: 64, queue: 256}\n", "", "{label: steady, for: 60s}", "{label: steady, for: 60s, capacity: {workers: 50%}}"}},
	{"quota without a rate", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{per: client}]\n"}},
	{"quota with a bare number", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 100}]\n"}},
	{"quota of nothing", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 0/s}]\n"}},
	{"quota per what has none", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 100/s, per: address}]\n"}},
	{"depth of what has none", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 100/s, per: key, depth: 2}]\n"}},
	{"quota on an unknown operation", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 100/s, on: {op: PutObjct}}]\n"}},
	{"quota on an operation that nobody calls", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 100/s, on: {op: HeadObject}}]\n"}},
	{"quota on an unknown access", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 100/s, on: write}]\n"}},
	{"quota on a bad glob", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 100/s, on: {key: '[a'}}]\n"}},
	{"quota with what is no answer", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 100/s, effect: outage}]\n"}},
	{"quota with two hints", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{rate: 100/s, effect: 429 retry-after=2s, hint: retry-after}]\n"}},
	{"quota by another name", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: [{limit: 100/s, by: client}]\n"}},
	{"quotas that are no list", []string{"  capacity: {workers: 64, queue: 256}\n", "  quotas: {rate: 5/s}\n"}},
	{"prefixes of an unknown rate", []string{"  capacity: {workers: 64, queue: 256}\n", "  prefixes: {writes: 3500}\n"}},
	{"prefixes that split at once", []string{"  capacity: {workers: 64, queue: 256}\n", "  prefixes: {split_after: 0s}\n"}},
	{"prefixes in words", []string{"  capacity: {workers: 64, queue: 256}\n", "  prefixes: s3\n"}},
	{"prefixes of an http backend", []string{"  kind: s3\n", "  kind: http\n  prefixes: true\n", "PutObject, key: \"raw", "PUT, key: \"/raw", "GetObject, key: \"raw", "GET, key: \"/raw", "on: {op: PutObject}", "on: {op: PUT}"}},
	{"bucket that is an address", []string{"  kind: s3\n", "  kind: s3\n  bucket: 10.0.0.1\n"}},
	{"bad bucket", []string{"  kind: s3\n", "  kind: s3\n  bucket: My_Bucket\n"}},
	{"bucket of an http backend", []string{"  kind: s3\n", "  kind: http\n  bucket: abc\n", "PutObject, key: \"raw", "PUT, key: \"/raw", "GetObject, key: \"raw", "GET, key: \"/raw", "on: {op: PutObject}", "on: {op: PUT}"}},
	{"unknown model", []string{"model: open", "model: opne"}},
	{"settings of other models", []string{"  clients: 50\n", "  clients: 50\n  think: 2s\n  speed: 2\n  trace: x.csv\n"}},
	{"rate of a closed load", []string{"model: open", "model: closed"}},
	{"replay without a trace", []string{"model: open", "model: replay"}},
	{"unknown arrivals", []string{"  clients: 50\n", "  clients: 50\n  arrivals: uniform\n"}},
	{"unknown operation", []string{"op: GetObject", "op: GetObjct"}},
	{"method for an s3 operation", []string{"op: GetObject", "op: GET"}},
	{"unknown placeholder", []string{"{call}.json\", size", "{cal}.json\", size"}},
	{"brace without its half", []string{"{call}.json\", size", "{call.json\", size"}},
	{"no key", []string{"key: \"raw/{client}/{call}.json\", weight", "weight"}},
	{"key that begins with a slash", []string{"\"raw/{client}/{call}.json\", weight", "\"/raw\", weight"}},
	{"key with braces, unquoted", []string{"\"raw/{client}/{call}.json\", weight", "raw/{client}/{call}.json, weight"}},
	{"no mix", []string{"  mix:\n", "", "    - {op: PutObject, key: \"raw/{client}/{call}.json\", size: 64KiB, weight: 3}\n", "", "    - {op: GetObject, key: \"raw/{client}/{call}.json\", weight: 1}\n", ""}},

	{"empty phases", []string{"  - {label: steady, for: 60s}\n  - {label: burst, for: 30s, faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]}\n", "  []\n"}},
	{"map for a list", []string{"  - {label: steady, for: 60s}\n", "  steady: {for: 60s}\n", "  - {label: burst, for: 30s, faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]}\n", ""}},
	{"empty item", []string{"  - {label: steady, for: 60s}\n", "  - {label: steady, for: 60s}\n  -\n"}},
	{"thresholds that bind nobody", []string{"shipped: {retry", "shipped: {baseline: true, retry"}},
	{"faults behind others", []string{"faults: [{", "faults: [{effect: reset}, {"}},
	{"faults behind their like", []string{"faults: [{on: {op: PutObject}, p: 0.9, effect: SlowDown}]", "faults: [{on: {op: PutObject, key: raw/**}, p: 0.1, effect: reset}, {on: {op: GetObject}, effect: reset}, {on: {op: PutObject, key: raw/**}, effect: SlowDown}, {on: {op: PutObject}, effect: SlowDown}]"}},
	{"a rate beyond all bounds", []string{"200/s", "20000000/s"}},
	{"an operation misspelt in the mix alone", []string{"op: PutObject", "op: PutObjct"}},
	{"empty policies", []string{"  shipped: {retry: {preset: s3}, breaker: {failures: 5, open_for: 30s}}\n", "  {}\n", "  aws: {baseline: true, retry: aws-standard-2.1}\n", ""}},
	{"unknown preset", []string{"preset: s3", "preset: s33"}},
	{"unknown preset in short", []string{"retry: aws-standard-2.1", "retry: aws"}},
	{"no attempts", []string{"{preset: s3}", "{preset: s3, attempts: 0}"}},
	{"base above the cap", []string{"{preset: s3}", "{preset: s3, base: 1m}"}},
	{"multiplier below 1", []string{"{preset: s3}", "{preset: s3, multiplier: 0.5}"}},
	{"delays of another backoff", []string{"{preset: s3}", "{attempts: 3, schedule: 1s 5s}"}},
	{"settings that a schedule has not", []string{"{preset: s3}", "{attempts: 3, backoff: schedule, schedule: 1s 5s, base: 1s, throttle_base: 2s, multiplier: 3}"}},
	{"multiplier of a constant backoff", []string{"{preset: s3}", "{preset: s3, backoff: constant, multiplier: 3}"}},
	{"bound of a hint that nobody heeds", []string{"{preset: s3}", "{preset: s3, max_hint: 1m}"}},
	{"jitter with what another has", []string{"{preset: s3}", "{preset: s3, jitter: {kind: full, amount: 1s, proportion: 0.5}}"}},
	{"waits of a single attempt", []string{"{preset: s3}", "{base: 1s, cap: 5s}"}},
	{"unknown jitter", []string{"{preset: s3}", "{preset: s3, jitter: random}"}},
	{"jitter without its amount", []string{"{preset: s3}", "{preset: s3, jitter: additive}"}},
	{"jitter above all", []string{"{preset: s3}", "{preset: s3, jitter: {kind: proportion, proportion: 2}}"}},
	{"unknown hint", []string{"{preset: s3}", "{preset: s3, hint: retry_after}"}},
	{"unknown classifier", []string{"{preset: s3}", "{preset: s3, classifier: azure}"}},
	{"bad quota", []string{"{preset: s3}", "{preset: s3, quota: {capacity: 5, cost: 0}}"}},
	{"list for retry", []string{"{preset: s3}", "[s3]"}},
	{"breaker without settings", []string{"{failures: 5, open_for: 30s}", "{}"}},
	{"breaker that never opens", []string{"failures: 5", "failures: 0"}},
	{"breaker that never stays open", []string{"open_for: 30s", "open_for: 0s"}},
	{"breaker with a share of percents", []string{"failures: 5", "failure_rate: {rate: 50, span: 30s}"}},
	{"breaker with two windows", []string{"failures: 5", "failure_rate: {rate: 0.5, span: 30s, calls: 10}"}},
	{"breaker without a window", []string{"failures: 5", "slow_rate: {after: 2s, rate: 50%}"}},
	{"breaker with a window that is too small", []string{"failures: 5", "failure_count: {failures: 5, calls: 3}"}},
	{"breaker with an unknown window", []string{"failures: 5", "failure_count: {failures: 5, last: 30}"}},
	{"breaker that grows without bound", []string{"open_for: 30s", "open_for: 30s, open_multiplier: 2"}},
	{"breaker with too few probes", []string{"open_for: 30s", "open_for: 30s, probes: 2, successes: 3"}},
	{"breaker with all mistakes", []string{"{failures: 5, open_for: 30s}",
		"{slow_rate: {after: 0s, rate: 0, min_calls: 9, calls: 8}, open_for: 30s, open_jitter: 2, open_max: 1s, max_hint: -1s, probe_lease: -1s, shadow: 3}"}},
	{"breaker with a bare number", []string{"open_for: 30s", "open_for: 30"}},
	{"unknown scope", []string{"open_for: 30s", "open_for: 30s, scope: global"}},

	{"unknown metric", []string{"success_rate:", "succes_rate:"}},
	{"unknown phase in a filter", []string{"{phase:burst}", "{phase:brust}"}},
	{"unknown policy in a filter", []string{"{phase:burst}", "{ policy : azure }"}},
	{"operation that the load lacks in a filter", []string{"{phase:burst}", "{op:DeleteObject}"}},
	{"unknown filter", []string{"{phase:burst}", "{fase:burst}"}},
	{"unknown phase and bad expressions at once", []string{"{phase:burst}", "{phase:brust}", `"p(99)<20s"`, `"p(99)<20", "p99<20s", "max=20s", "max<"`}},
	{"aggregate that does not fit", []string{`"p(99)<20s"`, `"value<20s"`}},
	{"share above 1", []string{"value>0.99", "value>99"}},
	{"empty thresholds", []string{`["value>0.99"]`, "[]"}},
	{"threshold as a map", []string{`["value>0.99"]`, "{value: 0.99}"}},

	{"tab", []string{"  kind: s3", "\tkind: s3"}},
	{"quote without its half", []string{`"p(99)<20s"`, `"p(99)<20s`}},
	{"bracket without its half", []string{"queue: 256}", "queue: 256"}},
	{"indentation", []string{"  model: open", "   model: open"}},
	{"anchor and alias", []string{"{preset: s3}", "&a {preset: s3}", "retry: aws-standard-2.1", "retry: *a"}},
	{"merge key", []string{"baseline: true,", "<<: {baseline: true},"}},
	{"tag", []string{"for: 60s", "for: !!str 60s"}},
	{"two documents", []string{"thresholds:", "---\nthresholds:"}},
	{"not UTF-8", []string{"without mistakes", "without \xff mistakes"}},
	{"control character", []string{"without mistakes", "without \x07 mistakes"}},
	{"Windows line ends and byte order mark", []string{"scenario: sound", "\uFEFFscenario: sound", "for: 60s}\n", "for: 60}\r\n"}},
	{"wide characters before the mistake", []string{"label: steady, for: 60s", "label: \"größe 你好\", for: 60"}},
	{"long line", []string{"about: A scenario without mistakes.", "about: {" + strings.Repeat("a: b, ", 60) + "}"}},
}

func manyHeaders(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "X-" + strconv.Itoa(i) + ": a"
	}
	return strings.Join(list, ", ")
}

func TestMistakes(t *testing.T) {
	if _, err := Parse("sound.yaml", []byte(sound)); err != nil {
		t.Fatalf("the sound scenario: %v", err)
	}
	var out strings.Builder
	for _, m := range mistakes {
		text := sound
		for i := 0; i < len(m.edits); i += 2 {
			if !strings.Contains(text, m.edits[i]) {
				t.Fatalf("%s: %q is not in the text", m.name, m.edits[i])
			}
			text = strings.Replace(text, m.edits[i], m.edits[i+1], 1)
		}
		_, err := Parse("mistake.yaml", []byte(text))
		var problems *Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: got %v", m.name, err)
			continue
		}
		out.WriteString("== " + m.name + "\n" + err.Error() + "\n")
	}
	golden(t, "mistakes.txt", out.String())
}

// golden compares got with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(want, []byte(got)) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s differs from line %d on:\nwant %s\n got %s\n(go test -update rewrites it)", file, i+1,
				strings.Join(a[min(i, len(a)):min(i+3, len(a))], "\n     "), strings.Join(b[min(i, len(b)):min(i+3, len(b))], "\n     "))
		}
	}
}

// Every column points at the text that the mistake is about.
func TestPositionsOfValues(t *testing.T) {
	text := strings.ReplaceAll(sound, "60s", "60")
	for _, eol := range []string{"\n", "\r\n"} {
		_, err := Parse("x.yaml", []byte(strings.ReplaceAll(text, "\n", eol)))
		var problems *Problems
		if !errors.As(err, &problems) || len(problems.List) != 1 {
			t.Fatalf("got %v", err)
		}
		p := problems.List[0]
		line := []rune(strings.Split(text, "\n")[p.Line-1])
		if got := string(line[p.Column-1 : p.Column+1]); got != "60" {
			t.Errorf("%d:%d points at %q", p.Line, p.Column, got)
		}
	}
}
