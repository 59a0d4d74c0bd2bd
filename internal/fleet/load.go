package fleet

import (
	"net/http"
	"slices"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/sim"
)

// source starts the calls of an open or replayed load: one event for the next
// arrival, whatever the number of calls to come.
type source struct {
	run      *run
	arrivals sim.Arrivals
	index    uint64
}

// start schedules the first calls.
func (r *run) start() {
	load := &r.cfg.Load
	if r.lives != nil {
		r.lives.schedule()
	}
	switch load.Model {
	case Closed:
		if r.apart {
			r.rota = newRota(r)
		}
		for client := range uint64(load.Clients) {
			if !r.lives.offlineFirst(client) {
				r.enroll(client, 0)
			}
		}
		return
	case Replay:
		at := make([]time.Duration, len(load.Trace))
		for i := range load.Trace {
			at[i] = load.Trace[i].At
		}
		(&source{run: r, arrivals: sim.NewReplay(at)}).schedule(0)
		return
	}
	(&source{run: r, arrivals: r.arrivals()}).schedule(0)
}

func (s *source) schedule(prev time.Duration) {
	at, ok := s.arrivals.Next(prev, s.index)
	if ok && at < s.run.duration {
		s.run.loop.At(at, s, s.index)
	}
}

// Act starts the arrival with the given index and schedules the next.
func (s *source) Act(now time.Duration, index uint64) {
	r := s.run
	s.index++
	s.schedule(now)
	load := &r.cfg.Load
	if load.Model == Replay {
		a := &load.Trace[index]
		r.arrive(a.Client, a.Op, a.Key, a.Size)
		return
	}
	r.arriveMixed(r.caller(index, now))
}

// caller is the client of an arrival of an open load.
func (r *run) caller(index uint64, at time.Duration) uint64 {
	u := r.draws.clients.Float64(index, 0, 0)
	switch len(r.spans) {
	case 0:
	case 1:
		return r.spans[0].pick(u)
	default:
		return r.spans[r.recorder.phaseAt(at)].pick(u)
	}
	return uint64(u * float64(r.cfg.Load.Clients))
}

func (r *run) arriveMixed(client uint64) {
	number := uint64(r.numbers[client])
	mix := &r.groups[r.group(client)].mix
	op := mix.first
	if len(mix.cum) > 1 {
		op = mix.pick(r.draws.mix.Float64(client, number, 0))
	}
	m := &r.mix.ops[op]
	key := m.Key
	if r.keyed {
		key = ExpandKey(m.Key, client, number)
	}
	r.arrive(client, op, key, m.Size)
}

func (r *run) arrive(client uint64, op int, key string, size int64) {
	if r.lives.isAway(client) {
		return
	}
	if most := r.cfg.Load.MaxInFlight; most > 0 && r.calls.flying >= most {
		r.recorder.cell(r.loop.Now(), r.group(client), r.mix.ops[op].name).dropped++
		return
	}
	r.begin(client, op, key, size)
}

// next is told that a call of the client has ended: in a closed load the
// client pauses and goes on.
func (r *run) next(client uint64) {
	if r.cfg.Load.Model == Closed && (r.lives == nil || !r.lives.ending) {
		r.pause(client)
	}
}

// leastPause keeps a closed client without think time from making calls for
// ever in one instant when its calls take no time.
const leastPause = time.Microsecond

func (r *run) pause(client uint64) {
	d := leastPause
	if think := r.groups[r.group(client)].think; think != nil {
		d = max(d, think.Sample(r.draws.think.Float64(client, uint64(r.numbers[client]), 0)))
	}
	if at := sim.Add(r.moment(), d); at < r.duration && !r.rota.take(client, at) {
		r.clientAt(at, eventNext, client)
	}
}

// clientActs receives the events of the clients of a closed load.
func (r *run) clientActs(e event) {
	client := uint64(e.index())
	switch {
	case !e.isOf(r.lives.of(client)): // that life is over
	case e.kind() == eventBegins:
		r.pause(client)
	default:
		r.arriveMixed(client)
	}
}

// mix is the operations of calls.
type mix struct {
	ops   []mixOp
	names []string // each once
}

type mixOp struct {
	Op
	method string
	bucket string // that its requests name; empty where they name none
	writes bool
	// The size of a call is that of the answer, or of the request.
	downloads, uploads bool
	name               int // index of the operation's name in mix.names
	sent               sentHeaders
}

func newMix(ops []Op, bucket string) mix {
	m := mix{names: opNames(ops)}
	for _, op := range ops {
		one := mixOp{Op: op, method: faults.Method(op.Name), writes: faults.Writes(op.Name), name: slices.Index(m.names, op.Name),
			sent: newSentHeaders(op.Headers)}
		one.downloads = op.Name == "GetObject" || op.Name == http.MethodGet
		one.uploads = op.Name != "CopyObject" && slices.Contains([]string{http.MethodPut, http.MethodPost, http.MethodPatch}, one.method)
		if known, ok := faults.Operation(op.Name); ok && known.Bucket { // ListBuckets names none
			one.bucket = bucket
		}
		m.ops = append(m.ops, one)
	}
	return m
}

// opNames lists the operations of a mix, each once, in order of appearance:
// two items of a mix may do the same operation on different keys.
func opNames(ops []Op) []string {
	var names []string
	for _, op := range ops {
		if !slices.Contains(names, op.Name) {
			names = append(names, op.Name)
		}
	}
	return names
}
