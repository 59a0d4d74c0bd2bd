package published

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/retry"
)

// goodRetryMutants are R7 with a model that is nearly right.
func goodRetryMutants() []mutant {
	of := func(name, scenario, strategy string, change func(*goodRetry)) mutant {
		return mutant{"R7, " + name, func() Report {
			rows := slices.DeleteFunc(r7Rows(), func(r r7Row) bool { return r.scenario != scenario || r.strategy != strategy })
			return goodRetryReport(quick, rows, change)
		}}
	}
	return []mutant{
		of("four retries", "simple retry", "3 retries", func(g *goodRetry) { g.strategy = immediate(4) }),
		of("a fault that is a tenth shorter", "simple retry", "3 retries", func(g *goodRetry) { g.fault.until -= 50 * time.Millisecond }),
		of("work that ends with its client's time-out", "half capacity", "3 retries", func(g *goodRetry) { g.deadlines = true }),
		of("a time-out of 400 ms", "half capacity", "3 retries", func(g *goodRetry) { g.timeouts = []time.Duration{400 * time.Millisecond} }),
		of("no jitter", "window and budget", "2 + backoff + jitter", func(g *goodRetry) { g.strategy = backoff(2, retry.JitterNone) }),
		of("backoff in place of the window", "window and budget", "10 % window", func(g *goodRetry) { g.strategy = backoff(2, retry.JitterFull) }),
		of("backoff in place of the budget", "window and budget", "10 % budget", func(g *goodRetry) { g.strategy = backoff(2, retry.JitterFull) }),
	}
}

// Some runs come back and some do not, and none lies between: two halves of one
// distribution would have an Ashman's D of 3.46 at most, if it is no flatter than uniform.
func TestGoodRetryHasTwoModes(t *testing.T) {
	g := r7Find("slow recovery", "2 retries")
	good, bad := byMode(play(30, g.run))
	if len(good) < 3 || len(bad) < 3 {
		t.Fatalf("%d runs come back and %d do not", len(good), len(bad))
	}
	if d := ashman(good, bad); d < 5 {
		t.Errorf("Ashman's D is %.2f, want 5 or more", d)
	}
}

// The server that never recovers: not one of 30 runs has a good call after the
// fault, so that the chance of one that has is below 20.6 % at 99.9 % (1 - 0.001^(1/30)).
func TestGoodRetryNeverRecovers(t *testing.T) {
	g := r7Find("half capacity", "3 retries")
	for i, r := range play(30, g.run) {
		if r.afterGood > 0 || r.afterCalls < 5000 {
			t.Errorf("run %d: %d of %d calls are good after the fault", i, r.afterGood, r.afterCalls)
		}
	}
}

// Every call ends once, and none is made that was not asked for.
func TestGoodRetryCounts(t *testing.T) {
	for _, r := range r7Runs(2000) {
		got := r.run(1)
		if want := int(r.rate * r.duration.Seconds()); r.clients == 0 && got.calls != want {
			t.Errorf("%s, %s: %d calls end, want %d", r.scenario, r.strategy.name, got.calls, want)
		}
		if got.duringCalls+got.afterCalls > got.calls || got.good > got.calls || got.attempts > 4*got.calls {
			t.Errorf("%s, %s: %+v", r.scenario, r.strategy.name, got)
		}
		if got != r.run(1) {
			t.Errorf("%s, %s: the same run is another one", r.scenario, r.strategy.name)
		}
	}
}

// A forecast is what a plain first-come-first-served queue comes to.
func TestForecast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workers := rapid.IntRange(1, 9).Draw(t, "workers")
		f, free := newForecast(workers), make([]time.Duration, workers)
		var now time.Duration
		for range rapid.IntRange(1, 60).Draw(t, "jobs") {
			now += time.Duration(rapid.IntRange(0, 20).Draw(t, "gap"))
			work := time.Duration(rapid.IntRange(0, 50).Draw(t, "work"))
			slices.Sort(free)
			want := max(now, free[0])
			if got := f.begin(now); got != want {
				t.Fatalf("begins at %d, want %d", got, want)
			}
			f.add(now, work)
			free[0] = want + work
		}
	})
}

// The window forgets attempts by their age, and counts the others one by one.
func TestFailureWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &failureWindow{most: 0.25, span: 100}
		type event struct {
			at     time.Time
			failed bool
		}
		var all []event
		now := epoch
		for range rapid.IntRange(1, 80).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "gap")))
			failed := rapid.Bool().Draw(t, "failed")
			all = append(all, event{now, failed})
			if !failed {
				w.Succeeded(now, 0)
				continue
			}
			bad, n := 0, 0
			for _, e := range all {
				if now.Sub(e.at) < w.span {
					n++
					if e.failed {
						bad++
					}
				}
			}
			if got, want := w.Charge(now, retry.Transient).Paid, 4*bad < n; got != want {
				t.Fatalf("%d of %d failed: paid %v", bad, n, got)
			}
		}
	})
}
