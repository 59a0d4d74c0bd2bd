package fleet

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
)

// ledger keeps everything that a run did, to be counted in the end: all attempts
// that reached the backend, and what every caller was told.
type ledger struct {
	wire
	run      *run
	attempts []entry
	calls    []verdict
	before   uint64           // turned away by the backend before the latest attempt
	lost     map[*cell]uint64 // calls whose client has been restarted
}

// entry is one attempt.
type entry struct {
	client, call uint64
	attempt      int // of its call, from 1: one that was long on its way comes after later ones
	a            answer
	turnedAway   bool
	gone         bool // the client left before it had sent it
}

// verdict is what a caller was told.
type verdict struct {
	client, call uint64
	cell         *cell
	op, key      string
	ok           bool
	attempts     int
}

func (l *ledger) send(c *call, req *faults.Request) answer {
	l.mark()
	a := l.wire.send(c, req)
	limit, limited := c.patience()
	l.attempts = append(l.attempts, entry{
		client: c.client, call: uint64(c.number), attempt: int(c.attempts), a: a, gone: limited && limit < a.upload,
	})
	return a
}

// mark notes whether the latest attempt was turned away: the backend decides
// before the next one comes.
func (l *ledger) mark() {
	if n := len(l.attempts); n > 0 {
		l.attempts[n-1].turnedAway = l.run.turnedAway > l.before
	}
	l.before = l.run.turnedAway
}

// ended notes the end of a call. What its client was sending when it was restarted is not
// carried out.
func (l *ledger) ended(c *call, ok bool) {
	l.calls = append(l.calls, verdict{
		client: c.client, call: uint64(c.number), cell: c.cell, op: l.run.mix.ops[c.op].Name, key: c.key(), ok: ok, attempts: int(c.attempts),
	})
	lost := c.cell.ends[reasonRestarted]
	if lost == l.lost[c.cell] {
		return
	}
	l.lost[c.cell] = lost
	if c.sent < 0 || l.run.network != nil && c.own.net.onWay {
		return
	}
	if e := l.last(l.calls[len(l.calls)-1]); e != nil {
		e.gone = e.gone || l.run.loop.Now()-c.sent < e.a.upload
	}
}

// commits lists the attempts of a call that changed something. In the http mode
// it is the store that says so.
func (l *ledger) commits(v verdict) (n uint64) {
	for _, e := range l.attempts {
		if e.client != v.client || e.call != v.call || e.gone {
			continue
		}
		if l.run.cfg.Mode == HTTP {
			n += e.a.commits
		} else if faults.Writes(v.op) && e.a.served && !e.turnedAway {
			n++
		}
	}
	return n
}

// last is the last attempt of a call; nil where it has not come to the backend.
func (l *ledger) last(v verdict) *entry {
	for i, e := range l.attempts {
		if e.client == v.client && e.call == v.call && e.attempt == v.attempts {
			return &l.attempts[i]
		}
	}
	return nil
}

// lied reports whether the caller was told success by an answer that is not true.
func (l *ledger) lied(v verdict) bool {
	last := l.last(v)
	return v.ok && last != nil && last.a.lie
}

func playWithLedger(t testing.TB, c *Config) (*ledger, reports.Policy) {
	t.Helper()
	r, err := newRun(c)
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{wire: r.wire, run: r, lost: make(map[*cell]uint64)}
	r.wire, r.ended = l, l.ended
	res, err := r.play(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.mark()
	return l, res.Report()
}

// The counts of a run, in each phase and of each operation, are those of a ledger
// that keeps all commits and verdicts and counts in the end; and in the http mode what
// the ledger says of uploads is what is in the store.
func TestTruthIsThatOfANaiveLedger(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawConfig(rt)
		for _, mode := range []Mode{Model, HTTP} {
			c.Mode = mode
			l, rec := playWithLedger(t, c)
			want := make(map[*cell]*reports.Truth)
			total := reports.Truth{}
			for _, v := range l.calls {
				if want[v.cell] == nil {
					want[v.cell] = &reports.Truth{}
				}
				for _, t := range []*reports.Truth{want[v.cell], &total} {
					commits := l.commits(v)
					if faults.Writes(v.op) {
						t.Writes++
					}
					if !v.ok && commits > 0 {
						t.FalseFailures++
					}
					if v.ok && faults.Writes(v.op) && commits == 0 || l.lied(v) {
						t.FalseSuccesses++
					}
					if commits > 1 {
						t.Duplicates += commits - 1
					}
				}
			}
			if rec.Total.Truth != total {
				rt.Fatalf("%v: got  %+v\nwant %+v", mode, rec.Total.Truth, total)
			}
			for i := range l.run.recorder.cells {
				one := &l.run.recorder.cells[i]
				if got := one.truth.report(); want[one] != nil && got != *want[one] || want[one] == nil && got != (reports.Truth{}) {
					rt.Fatalf("%v, cell %d: got  %+v\nwant %+v", mode, i, got, want[one])
				}
			}
			if mode == HTTP {
				checkStore(rt, l)
			}
		}
	})
}

// checkStore looks for every uploaded object in the store. Each call uploads to a
// key of its own.
func checkStore(t *rapid.T, l *ledger) {
	store := l.wire.(*httpWire).store
	for _, v := range l.calls {
		if v.op != "PutObject" {
			continue
		}
		gone := false
		for _, e := range l.attempts {
			gone = gone || e.gone && e.client == v.client && e.call == v.call
		}
		w := httptest.NewRecorder()
		store.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/squall/"+v.key, nil))
		if there := w.Code == http.StatusOK; there != (l.commits(v) > 0) && !gone { // in process, uploads arrive at once
			t.Fatalf("%s: in the store: %v, commits: %d", v.key, there, l.commits(v))
		}
	}
}

// What the definitions say, one by one; in both modes.
func TestTruth(t *testing.T) {
	type truth = reports.Truth
	calls := func(c *Config) uint64 { // all faults last as long as the run
		rec := play(t, c)
		return rec.Total.Calls
	}
	for _, tt := range []struct {
		name, op, effect string
		attempts         int
		timeout          time.Duration
		change           func(c *Config)
		want             func(n uint64) truth
	}{
		{name: "well", op: "PutObject", attempts: 3, want: func(n uint64) truth { return truth{Writes: n} }},
		{name: "reads write nothing", op: "GetObject", effect: "lost-ack", attempts: 3, want: func(uint64) truth { return truth{} }},
		{name: "the answer is lost", op: "PutObject", effect: "lost-ack reset", attempts: 1,
			want: func(n uint64) truth { return truth{Writes: n, FalseFailures: n} }},
		{name: "and lost again", op: "CopyObject", effect: "lost-ack reset", attempts: 3,
			want: func(n uint64) truth { return truth{Writes: n, FalseFailures: n, Duplicates: 2 * n} }},
		{name: "the answer breaks off", op: "DeleteObject", effect: "truncate at=0", attempts: 2,
			want: func(n uint64) truth { return truth{Writes: n, FalseFailures: n, Duplicates: n} }},
		{name: "the answer stops, and the run ends", op: "PutObject", effect: "stall at=0", attempts: 2,
			want: func(n uint64) truth { return truth{Writes: n, FalseFailures: n} }},
		{name: "turned away by a fault", op: "PutObject", effect: "SlowDown", attempts: 3, want: func(n uint64) truth { return truth{Writes: n} }},
		{name: "never arrived", op: "PutObject", effect: "outage", attempts: 3, want: func(n uint64) truth { return truth{Writes: n} }},
		{name: "the client does not wait, the work goes on", op: "PutObject", effect: "latency add=5s", attempts: 2, timeout: time.Second,
			want: func(n uint64) truth { return truth{Writes: n, FalseFailures: n, Duplicates: n} }},
		{name: "the client leaves before it has sent all", op: "PutObject", effect: "slow-upload rate=64B/s", attempts: 2, timeout: time.Second,
			want: func(n uint64) truth { return truth{Writes: n} }},
		{name: "the client leaves after that", op: "PutObject", effect: "slow-upload rate=520B/s", attempts: 1, timeout: time.Second,
			want: func(n uint64) truth { return truth{Writes: n, FalseFailures: n} }},
		{name: "a read is damaged", op: "GetObject", effect: "corrupt", attempts: 2,
			want: func(n uint64) truth { return truth{FalseSuccesses: n} }},
		{name: "and so is a list", op: "ListObjectsV2", effect: "corrupt", attempts: 2,
			want: func(n uint64) truth { return truth{FalseSuccesses: n} }},
		{name: "of nothing, nothing can be", op: "GetObject", effect: "corrupt", attempts: 2, change: func(c *Config) { c.Load.Mix[0].Size = 0 },
			want: func(n uint64) truth { return truth{} }},
		{name: "nor of the answer to a write", op: "PutObject", effect: "corrupt", attempts: 2,
			want: func(n uint64) truth { return truth{Writes: n} }},
		{name: "no room", op: "PutObject", attempts: 1, change: func(c *Config) { c.Backend.Workers, c.Backend.MaxInFlight, c.Backend.Latency = 1, 1, fixed(time.Hour) },
			want: func(n uint64) truth { return truth{Writes: n, FalseFailures: 1} }}, // the one that is let in is never done
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, mode := range []Mode{Model, HTTP} {
				c := steady(tt.attempts)
				c.Mode, c.Load.Mix[0].Name, c.Policy.Retry.AttemptTimeout = mode, tt.op, tt.timeout
				if tt.effect != "" {
					withFault(t, c, 1, tt.effect)
				}
				if tt.change != nil {
					tt.change(c)
				}
				rec := play(t, c)
				if want := tt.want(calls(c)); rec.Total.Truth != want || rec.Total.Calls == 0 {
					t.Errorf("%v: got  %+v\nwant %+v", mode, rec.Total.Truth, want)
				}
			}
		})
	}
}

// A replayed trace is judged as any other load, and so is a run that is cut short.
func TestTruthOfTracesAndInterruptedRuns(t *testing.T) {
	c := withFault(t, steady(2), 1, "lost-ack reset")
	c.Load = Load{Model: Replay, Clients: 1, Mix: []Op{{Name: "POST", Weight: 1}, {Name: "GET", Weight: 1}}, Trace: []Arrival{
		{At: time.Second, Key: "/orders", Size: 10}, {At: 2 * time.Second, Op: 1, Key: "/orders", Size: 20}, {At: 3 * time.Second, Key: "/orders"},
	}}
	c.Backend.Kind = Web
	for _, mode := range []Mode{Model, HTTP} {
		c.Mode = mode
		if got, want := play(t, c).Total.Truth, (reports.Truth{Writes: 2, FalseFailures: 2, Duplicates: 2}); got != want {
			t.Errorf("%v: got %+v, want %+v", mode, got, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	c = withFault(t, steady(2), 1, "lost-ack timeout")
	c.Load.Rate, c.Policy.Retry = 10_000, retry.None()
	res, _ := Run(ctx, c, func(time.Duration) { cancel() })
	if m := res.Report().Total; m.Calls == 0 || m.Truth.FalseFailures != m.Calls || m.Unfinished != m.Calls {
		t.Errorf("of %d calls without an answer: %+v", m.Calls, m.Truth)
	}
}
