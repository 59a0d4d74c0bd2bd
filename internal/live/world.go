package live

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
	"github.com/squall-sim/squall/faults/s3fake"
	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/scenarios"
)

// world is all that a reset makes anew: a backend with what it keeps, its faults
// and the counters. A request belongs to the world that it arrived in.
type world struct {
	began    time.Time
	course   *course
	injector *faults.Injector
	limiter  *faults.Limiter // nil: no limits
	station  *station
	handler  http.Handler
	store    *s3fake.Server // nil for a plain HTTP service
	counts   counters
	truth    ledger
	calls    history
	added    added
	names    names
}

// newWorld begins a world in which the given phase is held (-1: none).
func newWorld(ctx context.Context, sc *scenarios.Scenario, seed uint64, clock faults.Clock, hold int) (*world, error) {
	plan := sc.Plan()
	injector, err := faults.New(plan, seed)
	if err != nil {
		return nil, err
	}
	station, err := newStation(ctx, clock, sc.Backend, seed)
	if err != nil {
		return nil, err
	}
	w := &world{began: clock.Now(), course: newCourse(clock, plan, hold), injector: injector, station: station}
	w.calls.began, w.calls.totals.recovery = w.began, measure.NewRecovery(plan.Duration())
	w.calls.totals.recoverable = plan.Duration() + recoveryFor
	if w.limiter, err = newLimiter(sc.Backend.Limits()); err != nil {
		return nil, err
	}
	opts := []faults.Option{
		faults.WithClock(clock), faults.WithNow(w.course.now), faults.OnVerdict(w.decided),
		faults.WithLimiter(w.limiter, func() time.Duration { return clock.Now().Sub(w.began) }, caller),
	}
	var backend http.Handler
	if sc.Backend.Kind == scenarios.KindS3 {
		w.store = s3fake.New(s3fake.WithNow(clock.Now), s3fake.WithHistory(plan.History()), s3fake.OnCommit(committed))
		if err := w.store.CreateBucket(sc.Backend.Bucket); err != nil {
			return nil, err
		}
		backend = w.store
	} else {
		backend = httpfake.New(httpfake.WithRoutes(station.routes), httpfake.OnCommit(committed))
		opts = append(opts, faults.PlainHTTP())
	}
	w.handler = faults.NewHandler(injector, w.serving(backend), opts...)
	return w, nil
}

// decided notes what the plan decided on a request. What is answered in the
// backend's place takes the backend's time, where the effect does not fix it.
func (w *world) decided(r *http.Request, who faults.Request, v faults.Verdict) {
	x := exchangeOf(r)
	x.who, x.verdict, x.decided = who, v, true
	w.truth.begin(r, x)
	w.calls.begin(r, x)
	if _, fixed := v.After(); fixed || v.Hangs() || v.Served() {
		return
	}
	if w.station.clock.Sleep(r.Context(), w.station.takes(who)) != nil {
		panic(http.ErrAbortHandler) // the client has gone away
	}
}

// committed notes what a request changed.
func committed(r *http.Request, _ faults.Request, again bool) {
	x := exchangeOf(r)
	if again {
		x.repeats = true
		return
	}
	x.commits++
}

// serving lets requests through to the backend when it has room and time.
func (w *world) serving(backend http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		if !w.station.work(x.who, func() { received(r) }) {
			x.refused = true
			w.station.full.Write(rw, r, x.who)
			return
		}
		backend.ServeHTTP(rw, r)
	})
}

// held bounds the body of a request that is read before the work on it begins.
const held = 1 << 20

// received reads the body of a request, unless it is a large one, and puts it back.
// A server looks for clients that go away only when it has read what they sent: one that
// times out while the backend works would be taken for one that got the answer.
func received(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength > held {
		return
	}
	rest := r.Body
	read, err := io.ReadAll(io.LimitReader(rest, held+1))
	after := io.Reader(rest)
	if err != nil {
		after = failed{err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(read), after), rest}
}

// failed is what comes of a body that broke off.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
