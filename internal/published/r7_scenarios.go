package published

import (
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
)

// r7Strategy is a way of retrying, by our policies; a budget of the published kind
// is made of our pieces where ours would do otherwise.
type r7Strategy struct {
	name   string
	policy retry.Policy
	budget func() retry.Budget // nil: none
}

func (s r7Strategy) retrier() *retry.Retrier {
	var opts []retry.Option
	if s.budget != nil {
		opts = append(opts, retry.WithBudget(s.budget()))
	}
	return retry.Must(retry.New(s.policy, opts...))
}

// immediate is so many retries at once.
func immediate(retries int) r7Strategy {
	return r7Strategy{policy: retry.Policy{Attempts: retries + 1}}
}

// delayed is so many retries after 50 ms.
func delayed(retries int) r7Strategy {
	s := immediate(retries)
	s.policy.Backoff = retry.Backoff{Kind: retry.BackoffConstant, Base: 50 * time.Millisecond}
	return s
}

// backoff is so many retries after 100 ms, 200 ms, … 1 s.
func backoff(retries int, jitter retry.JitterKind) r7Strategy {
	s := immediate(retries)
	s.policy.Backoff = retry.Backoff{Base: 100 * time.Millisecond, Cap: time.Second}
	s.policy.Jitter.Kind = jitter
	return s
}

// named returns the r7Strategy under a name.
func (s r7Strategy) named(name string) r7Strategy {
	s.name, s.policy.Name = name, name
	return s
}

// windowed allows retries as long as fewer than 10 % of the attempts of the last
// 200 ms failed: the published "retry circuit breaker".
func (s r7Strategy) windowed() r7Strategy {
	s.budget = func() retry.Budget { return &failureWindow{most: 0.1, span: 200 * time.Millisecond} }
	return s
}

// budgeted pays for retries out of a bucket of 30, to which each call adds 0.1 that
// succeeds at its first attempt: the published "retry budget".
func (s r7Strategy) budgeted() r7Strategy {
	s.budget = func() retry.Budget {
		// The least trickle that an Allowance can have: 0.0015 retries in the whole run.
		b, err := retry.NewAllowance(retry.Allowance{Capacity: 30, Ratio: 0.1, PerSecond: 0.001})
		if err != nil {
			panic(err)
		}
		return firstTries{b}
	}
	return s
}

// firstTries is an Allowance that hears of first attempts only. Ours adds its
// ratio for every call that succeeds.
type firstTries struct{ *retry.AllowanceBudget }

// Succeeded implements retry.Budget. A call that paid for a retry adds nothing.
func (b firstTries) Succeeded(now time.Time, cost int) {
	if cost == 0 {
		b.AllowanceBudget.Succeeded(now, 0)
	}
}

// failureWindow is a budget that pays for any number of retries while the share of
// failed attempts in a window of time is below a bound, and for none from there on.
type failureWindow struct {
	most     float64
	span     time.Duration
	attempts []windowed // in order
	head     int        // of attempts: those before it are too old
	failures int
}

type windowed struct {
	at     time.Time
	failed bool
}

// Charge implements retry.Budget.
func (w *failureWindow) Charge(now time.Time, class retry.Class) retry.Receipt {
	w.Failed(now, class)
	return retry.Receipt{Paid: float64(w.failures)/float64(len(w.attempts)-w.head) < w.most, Cost: 1}
}

// Failed implements retry.FailureBudget.
func (w *failureWindow) Failed(now time.Time, _ retry.Class) { w.add(windowed{now, true}) }

// Succeeded implements retry.Budget.
func (w *failureWindow) Succeeded(now time.Time, _ int) { w.add(windowed{now, false}) }

func (w *failureWindow) add(a windowed) {
	for w.head < len(w.attempts) && a.at.Sub(w.attempts[w.head].at) >= w.span {
		if w.attempts[w.head].failed {
			w.failures--
		}
		w.head++
	}
	if w.head > 0 && 2*w.head >= len(w.attempts) {
		w.attempts, w.head = append(w.attempts[:0], w.attempts[w.head:]...), 0
	}
	w.attempts = append(w.attempts, a)
	if a.failed {
		w.failures++
	}
}

// r7Run is a scenario of the published program with one of its strategies.
type r7Run struct {
	scenario string
	goodRetry
}

// r7Runs returns every scenario of the published program, at so many calls a
// second, with each of its strategies.
func r7Runs(rate float64) []r7Run {
	none, three := immediate(0).named("no retries"), immediate(3).named("3 retries")
	two := immediate(2).named("2 retries")
	threeBackoff := backoff(3, retry.JitterNone).named("3 + backoff")
	threeJitter := backoff(3, retry.JitterFull).named("3 + backoff + jitter")
	twoJitter := backoff(2, retry.JitterFull).named("2 + backoff + jitter")
	window, budget := immediate(2).windowed().named("10 % window"), immediate(2).budgeted().named("10 % budget")
	slowBudget := backoff(2, retry.JitterFull).budgeted().named("10 % budget + backoff")

	base := goodRetry{
		rate: rate, duration: 1500 * time.Millisecond, coef: 1, timeouts: []time.Duration{r7Timeout},
		fault: fault{from: 500 * time.Millisecond, until: time.Second, p: 1},
	}
	var runs []r7Run
	add := func(scenario string, change func(*goodRetry), strategies ...r7Strategy) {
		for _, s := range strategies {
			g := base
			change(&g)
			g.strategy = s
			runs = append(runs, r7Run{scenario, g})
		}
	}
	same := func(*goodRetry) {}
	coef := func(c float64) func(*goodRetry) { return func(g *goodRetry) { g.coef = c } }
	partial := func(g *goodRetry) { g.coef, g.fault.p = 0.54, 0.3 }
	second := func(share float64) func(*goodRetry) { // an outage of a second, with so many calls at a time
		return func(g *goodRetry) {
			g.duration, g.fault.until, g.inFlight = 2*time.Second, 1500*time.Millisecond, int(rate*share)
		}
	}
	closed := func(g *goodRetry) { g.duration, g.inFlight = 1750*time.Millisecond, int(rate*0.1) }

	add("simple retry", same, three)
	add("simple retry and backoff", same, three, threeBackoff)
	add("closed loop", closed, three, threeBackoff)
	add("jitter", closed, threeBackoff, threeJitter)
	add("jitter, half capacity", func(g *goodRetry) {
		closed(g)
		g.coef, g.duration = 0.5, 2200*time.Millisecond
	}, threeBackoff, threeJitter)
	add("half capacity", coef(0.5), three)
	add("a second, open loop", second(0), three, threeJitter)
	add("a second, large closed loop", second(0.3), three, threeJitter)
	add("a second, larger closed loop", second(0.4), three, threeJitter)
	add("slow recovery", func(g *goodRetry) {
		g.coef, g.duration, g.fault.until = 0.54, 2500*time.Millisecond, 1500*time.Millisecond
		g.timeouts = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond}
	}, none, two, twoJitter)
	add("window and budget", coef(0.54), none, two, twoJitter, window, budget)
	add("window and budget, 30 % fail", partial, none, two, twoJitter, window, budget)
	add("budget over what", coef(0.54), budget, slowBudget)
	shared := func(g *goodRetry) { g.clients = int(rate) / 200 }
	local := func(g *goodRetry) { shared(g); g.local = true }
	add("window and budget shared", shared, window, budget)
	add("window and budget of each client", local, window, budget)
	for _, threshold := range []float64{0.5, 0.1} {
		users := func(g *goodRetry) { g.coef, g.fault.p, g.fault.perUser = 0.5, 0.2, true }
		name := map[float64]string{0.5: "breaker at 50 %", 0.1: "breaker at 10 %"}[threshold]
		add(name+", 20 % of users fail", users, two, slowBudget)
		add(name+", 20 % of users fail", func(g *goodRetry) { users(g); g.breaker = r7Breaker(threshold) }, two.named("2 retries + breaker"))
	}
	add("deadlines", coef(0.58), two, slowBudget)
	add("deadlines", func(g *goodRetry) { g.coef, g.deadlines = 0.58, true }, two.named("2 retries + deadlines"))
	return runs
}

// r7Breaker is the published circuit breaker: a window of 200 ms with at least 100
// attempts, 100 ms open, and 100 probes of which fewer than the threshold may fail.
func r7Breaker(threshold float64) *breaker.Config {
	return &breaker.Config{
		FailureRate: breaker.FailureRate{Rate: threshold, MinCalls: 100, Window: breaker.Window{Span: 200 * time.Millisecond}},
		OpenFor:     100 * time.Millisecond,
		Probes:      100,
		Successes:   101 - int(threshold*100),
	}
}
