package redisstore

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/squall-sim/squall/breaker"
)

func TestMain(m *testing.M) {
	redis.SetLogger(&logging.VoidLogger{}) // it tells of every server that we kill
	os.Exit(m.Run())
}

var errBackend = errors.New("backend is down")

// process is what a process has: its breakers, its client, its Sharing. The breaker busy
// is for a backend that is well, shaky for one that is not.
type process struct {
	*breaker.Sharing
	t           *testing.T
	busy, shaky *breaker.Breaker
	events      chan breaker.StoreEvent
	calls       atomic.Int64 // through busy
}

func newProcess(t *testing.T, client redis.Scripter, name string) *process {
	t.Helper()
	p := &process{t: t, events: make(chan breaker.StoreEvent, 100)}
	p.Sharing = breaker.NewSharing(newStore(t, client), breaker.WithProcess(name),
		breaker.WithStoreListener(func(e breaker.StoreEvent) { p.events <- e }))
	for name, b := range map[string]**breaker.Breaker{"busy": &p.busy, "shaky": &p.shaky} {
		var err error
		if *b, err = breaker.New(breaker.Config{Failures: 1, OpenFor: time.Hour}, breaker.WithName(name)); err != nil {
			t.Fatal(err)
		}
		if err := p.Add(*b); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// serve makes calls through busy, all of which must succeed, until the test ends.
func (p *process) serve() {
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stop.Load() {
			if _, err := breaker.Execute(p.busy, func() (int, error) { return 1, nil }); err != nil {
				p.t.Errorf("a call failed: %v", err)
			}
			p.calls.Add(1)
		}
	}()
	p.t.Cleanup(func() {
		stop.Store(true)
		<-done
	})
}

// serves returns once more calls have been made.
func (p *process) serves() {
	p.t.Helper()
	ctx := within(p.t)
	for began := p.calls.Load(); p.calls.Load() < began+100; {
		if ctx.Err() != nil {
			p.t.Fatal("calls are not made any more")
		}
	}
}

// event is the next that the store's listener was told.
func (p *process) event() breaker.StoreEvent {
	p.t.Helper()
	select {
	case e := <-p.events:
		return e
	case <-within(p.t).Done():
		p.t.Fatal("no StoreEvent")
		return breaker.StoreEvent{}
	}
}

func (p *process) fail() {
	_ = p.shaky.Run(func() error { return errBackend })
}

// agree synchronizes both until they are in the state.
func agree(t *testing.T, want breaker.State, processes ...*process) {
	t.Helper()
	ctx := within(t)
	for settled := false; !settled; {
		settled = true
		for _, p := range processes {
			// An error is that the server is not there yet.
			settled = p.Sync(ctx) == nil && p.shaky.State() == want && settled
		}
		if ctx.Err() != nil {
			for _, p := range processes {
				t.Errorf("%v: %+v", p.Sync(context.Background()), p.shaky.Snapshot())
			}
			t.Fatalf("want both %v", want)
		}
	}
}

// Redis is killed while two processes work: neither hears of it in its calls, each keeps
// its own state, and both agree again afterwards, whether Redis has kept its data or not.
func TestKilledAndRestarted(t *testing.T) {
	t.Run("kept", func(t *testing.T) { killAndRestart(t, aof...) })
	t.Run("lost", func(t *testing.T) { killAndRestart(t) })
}

func killAndRestart(t *testing.T, args ...string) {
	server := startServer(t, args...)
	patient := func(o *redis.Options) { o.ReadTimeout = patience } // a slow machine loses no answer
	a, b := newProcess(t, server.client(patient), "a"), newProcess(t, server.client(patient), "b")
	a.serve()
	b.serve()
	a.fail()
	agree(t, breaker.Open, a, b)
	b.shaky.Reset()
	agree(t, breaker.Closed, a, b)
	b.serves()
	before := (&subject{t: t, store: newStore(t, server.client()), name: "shaky"}).load()

	server.kill()
	a.fail()
	for range 3 {
		for _, p := range []*process{a, b} {
			if err := p.Sync(within(t)); err == nil {
				t.Error("Sync reached a server that is not there")
			}
			p.serves()
		}
	}
	if a.shaky.State() != breaker.Open || b.shaky.State() != breaker.Closed {
		t.Errorf("%v and %v, want that each has its own state", a.shaky.State(), b.shaky.State())
	}

	server.start()
	agree(t, breaker.Open, a, b)
	a.serves()
	for _, p := range []*process{a, b} {
		lost, back := p.event(), p.event()
		if lost.Err == nil || back.Err != nil || len(p.events) != 0 || back.Time.Before(lost.Time) {
			t.Errorf("%+v, %+v and %d more, want one loss and one return", lost, back, len(p.events))
		}
	}
	if r := (&subject{t: t, store: newStore(t, server.client()), name: "shaky"}).load(); r.Version != before.Version+1 || r.By != "a" || !r.Open || r.Left < time.Hour-2*patience {
		t.Errorf("%+v, want the version after %d, of a, for the better part of an hour", r, before.Version)
	}
	b.shaky.Reset()
	agree(t, breaker.Closed, a, b)
}

// What is isolated stays so for a process that is started later, and for all after a
// restart.
func TestIsolatedOverRestart(t *testing.T) {
	for name, args := range map[string][]string{"kept": aof, "lost": nil} {
		t.Run(name, func(t *testing.T) {
			server := startServer(t, args...)
			a := newProcess(t, server.client(), "a")
			a.shaky.Isolate()
			agree(t, breaker.Open, a)
			server.kill()
			server.start()
			if args == nil {
				agree(t, breaker.Open, a) // hears that it was forgotten
				agree(t, breaker.Open, a) // and tells it
			}
			late := newProcess(t, server.client(), "late")
			agree(t, breaker.Open, late)
			if !late.shaky.Snapshot().Isolated {
				t.Errorf("%+v", late.shaky.Snapshot())
			}
		})
	}
}

// telling is a client that tells when it is asked.
type telling struct {
	redis.Scripter
	asked chan struct{}
}

func (c telling) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *redis.Cmd {
	select {
	case c.asked <- struct{}{}:
	default:
	}
	return c.Scripter.EvalSha(ctx, sha, keys, args...)
}

// counting is a client that counts what it is asked, and has no server.
type counting struct {
	redis.Scripter
	asked atomic.Int64
}

func (c *counting) EvalSha(context.Context, string, []string, ...any) *redis.Cmd {
	c.asked.Add(1)
	return redis.NewCmdResult(nil, errBackend)
}

// Nothing is asked of Redis for a context that has ended.
func TestEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := new(counting)
		s := newStore(t, client)
		ctx, cancel := context.WithCancel(context.Background())
		if _, err := s.Load(ctx, "a"); !errors.Is(err, errBackend) {
			t.Errorf("%v", err)
		}
		cancel()
		_, loading := s.Load(ctx, "a")
		_, _, swapping := s.Swap(ctx, "a", breaker.Record{Version: 1})
		synctest.Wait()
		if !errors.Is(loading, context.Canceled) || !errors.Is(swapping, context.Canceled) || client.asked.Load() != 1 {
			t.Errorf("%v, %v, asked %d times", loading, swapping, client.asked.Load())
		}
	})
}

// A server that hangs holds up no call, and Sync no longer than its context says, even
// if the client knows no deadline.
func TestHangingServer(t *testing.T) {
	server := startServer(t)
	client := telling{Scripter: server.client(func(o *redis.Options) {
		o.ReadTimeout, o.ContextTimeoutEnabled = -1, false
	}), asked: make(chan struct{}, 1)}
	p := newProcess(t, client, "a")
	p.serve()
	agree(t, breaker.Closed, p)
	if err := server.client().ClientPause(within(t), time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-client.asked:
	default:
	}
	p.fail()
	ctx, cancel := context.WithCancelCause(context.Background())
	synced := make(chan error, 1)
	go func() { synced <- p.Sync(ctx) }()
	<-client.asked
	p.serves()
	if err := p.shaky.Run(func() error { return nil }); !errors.Is(err, breaker.ErrOpen) {
		t.Errorf("%v, want that it is open", err)
	}
	select {
	case err := <-synced:
		t.Fatalf("Sync returned (%v), though the server hangs", err)
	default:
	}
	cancel(nil)
	if err := <-synced; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	// Giving up is no loss; a deadline that passes is.
	if len(p.events) != 0 {
		t.Errorf("%+v", <-p.events)
	}
	ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer stop()
	if err := p.Sync(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if e := p.event(); !errors.Is(e.Err, context.DeadlineExceeded) {
		t.Errorf("%+v", e)
	}
	server.kill()
	server.start()
	agree(t, breaker.Open, p)
	if e := p.event(); e.Err != nil || len(p.events) != 0 {
		t.Errorf("%+v, want that it is back", e)
	}
}

// Whether it is us or the connection who notices a deadline, the error tells that.
func TestDeadline(t *testing.T) {
	for _, minds := range []bool{false, true} {
		server := startServer(t)
		s := newStore(t, server.client(func(o *redis.Options) { o.ContextTimeoutEnabled = minds }))
		(&subject{t: t, store: s, name: "a"}).load()
		if err := server.client().ClientPause(within(t), time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
			var timeout net.Error
			if _, err := s.Load(ctx, "a"); !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("%v", err)
			}
			cancel()
		}
	}
}

// One key that cannot be used is no reason not to share the others.
func TestCorruptNeighbour(t *testing.T) {
	client := startServer(t).client()
	p := newProcess(t, client, "a")
	if err := client.Set(within(t), DefaultPrefix+"busy", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	p.fail()
	var corrupt *CorruptError
	if err := p.Sync(within(t)); !errors.As(err, &corrupt) || corrupt.Key != DefaultPrefix+"busy" {
		t.Errorf("%v", err)
	}
	if r := (&subject{t: t, store: newStore(t, client), name: "shaky"}).load(); !r.Open {
		t.Errorf("%+v", r)
	}
}

// Run is how a service does it: changes are told at once and heard within a beat, over a
// restart as well.
func TestRun(t *testing.T) {
	server := startServer(t, aof...)
	const beat = 100 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	var processes []*process
	for _, name := range []string{"a", "b"} {
		p := newProcess(t, server.client(), name)
		p.serve()
		all.Go(func() {
			if err := p.Run(ctx, beat); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
		})
		processes = append(processes, p)
	}
	a, b := processes[0], processes[1]
	reach := func(p *process, want breaker.State) {
		t.Helper()
		for ctx := within(t); p.shaky.State() != want; {
			if ctx.Err() != nil {
				t.Fatalf("%+v, want %v", p.shaky.Snapshot(), want)
			}
		}
	}
	a.fail()
	reach(b, breaker.Open)
	server.kill()
	for b.event().Err == nil {
		// until it is lost
	}
	b.shaky.Reset()
	server.start()
	reach(a, breaker.Closed)
	if r := (&subject{t: t, store: newStore(t, server.client()), name: "shaky"}).load(); r.Open {
		t.Errorf("%+v", r)
	}
}
