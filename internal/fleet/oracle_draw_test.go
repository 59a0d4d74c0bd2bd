package fleet

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// one draws one of several.
func one[T any](t *rapid.T, label string, from ...T) T { return rapid.SampledFrom(from).Draw(t, label) }

// some is true in one of n draws.
func some(t *rapid.T, label string, n int) bool { return rapid.IntRange(1, n).Draw(t, label) == n }

// drawWorld draws a fleet for the oracle. Times are such that no two things happen in one
// moment that have nothing to do with each other: which comes first then is nobody's business.
func drawWorld(t *rapid.T) *Config {
	c := steady(1)
	c.Seed = rapid.Uint64().Draw(t, "seed")
	c.Drain = one(t, "drain", 30*time.Second, 300*time.Millisecond)
	if some(t, "no S3", 3) {
		c.Backend.Kind, c.Backend.Bucket = Web, ""
	}
	c.Plan.Phases = []faults.Phase{{Label: "a", For: 1500 * time.Millisecond}, {Label: "b", For: 1500 * time.Millisecond}}
	if some(t, "third phase", 2) {
		c.Plan.Phases = append(c.Plan.Phases, faults.Phase{Label: "c", For: time.Second})
	}
	for i := range c.Plan.Phases {
		for range rapid.IntRange(0, 2).Draw(t, "rules") {
			c.Plan.Phases[i].Rules = append(c.Plan.Phases[i].Rules, drawRule(t, c.Backend.Kind))
		}
	}
	drawBackend(t, c)
	c.Policy = drawPolicy(t, "p")
	drawLoad(t, c)
	if some(t, "every call alone", 4) {
		alone(c)
	}
	return c
}

// alone takes from a world what calls have in common, so that each is played at once.
func alone(c *Config) {
	c.Backend = Backend{Kind: c.Backend.Kind, Bucket: c.Backend.Bucket, Latency: c.Backend.Latency, Routes: c.Backend.Routes}
	c.Load.MaxInFlight, c.Load.Lives = 0, nil
	for i := range c.Plan.Phases {
		for j := range c.Plan.Phases[i].Rules {
			r := &c.Plan.Phases[i].Rules[j]
			r.AtMost, r.Every = 0, faults.Every{}
		}
	}
	policies := []*Policy{&c.Policy}
	for _, g := range c.Load.Groups {
		if g.Policy != nil {
			policies = append(policies, g.Policy)
		}
	}
	for _, p := range policies {
		if p.Scope == Shared || p.Scope == InStep {
			p.Scope = PerClient
		}
		if c.Load.Model != Closed {
			p.Breaker, p.Retry.Quota, p.Retry.Budget, p.Retry.Pace = nil, retry.Quota{}, retry.BudgetPlan{}, retry.Pace{}
		}
	}
}

func drawRule(t *rapid.T, kind Kind) faults.Rule {
	effects := []string{"503", "429 retry-after=1s", "latency add=exponential(mean=30ms)", "reset", "outage", "blackhole", "lost-ack", "lost-ack timeout", "stall at=10",
		"slow-upload rate=10KiB/s", "slow-upload rate=2KiB/s", "bandwidth rate=20KiB/s", "corrupt at=3", "reset after=7ms", "truncate at=0", "truncate at=5 end=reset", "malformed-chunk", "half-headers after=9ms"}
	ops := []string{"", "PUT", "GET"}
	if kind == S3 {
		effects = append(effects, "SlowDown", "InternalError", "AccessDenied")
		ops = []string{"", "PutObject", "GetObject"}
	}
	r := faults.Rule{P: one(t, "p", 0.1, 0.4, 0.8, 1), Effect: effect(&testing.T{}, one(t, "effect", effects...)), On: faults.Selector{Op: one(t, "op", ops...)}}
	if !r.Effect.Meets(r.On.Op) {
		r.On.Op = ""
	}
	if some(t, "at most", 3) {
		r.AtMost = rapid.IntRange(1, 2).Draw(t, "at_most")
	}
	if some(t, "every", 6) {
		r.Every = faults.Every{N: 2}
	}
	r.Continue = r.Effect.Modifies() && some(t, "continue", 2)
	return r
}

func drawBackend(t *rapid.T, c *Config) {
	b := &c.Backend
	b.Latency = one(t, "latency", sim.Dist{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 1}, sim.Dist{Kind: sim.Exponential, Mean: 60 * time.Millisecond})
	if some(t, "network", 3) {
		b.Network = &sim.Dist{Kind: sim.Exponential, Mean: one(t, "way", 5*time.Millisecond, 50*time.Millisecond)}
	}
	if some(t, "quota", 5) {
		b.Limits.Quotas = []faults.Quota{{
			Per: one(t, "per", faults.Sharings()...), Rate: faults.Rate{N: rapid.Int64Range(5, 30).Draw(t, "rate"), Per: time.Second}, Burst: 2,
			Effect: effect(&testing.T{}, map[Kind]string{S3: "SlowDown", Web: "503"}[b.Kind]),
		}}
	}
	if b.Kind == Web {
		b.Routes = rapid.SliceOfN(rapid.Custom(drawRoute), 0, 4).Draw(t, "routes")
	}
	if some(t, "unlimited", 4) {
		return
	}
	b.Workers, b.Queue = rapid.IntRange(0, 3).Draw(t, "workers"), rapid.IntRange(-1, 5).Draw(t, "queue")
	b.MaxInFlight = one(t, "most in flight", 0, 0, 0, 4)
	b.Slowdown = one(t, "slowdown", 0, 0, 3*time.Millisecond)
	if some(t, "full", 4) {
		b.Full = effect(&testing.T{}, one(t, "answer when full", "429 after=3ms", "503"))
	}
	if b.Workers == 0 {
		return
	}
	b.Order.Kind = one(t, "discipline", sim.Disciplines()...)
	if b.Order.Measures() {
		b.Order.Interval, b.Order.Target = one(t, "interval", 0, 61*time.Millisecond), one(t, "target", 0, 19*time.Millisecond)
	}
	b.Cancels = some(t, "cancels", 2)
	b.Nodes, b.Balance = rapid.IntRange(0, 3).Draw(t, "nodes"), one(t, "balance", sim.Balances()...)
	if some(t, "phase workers", 3) {
		for range c.Plan.Phases {
			b.PhaseWorkers = append(b.PhaseWorkers, rapid.IntRange(0, 3).Draw(t, "workers of the phase"))
		}
	}
}

// drawRoute draws a route whose answer does not depend on its request.
func drawRoute(t *rapid.T) Route {
	r := Route{Route: httpfake.Route{
		Path:   one(t, "path", "", "/k", "/raw/**", "/raw/*/*", "/[012]"),
		Method: one(t, "method", "", "", "GET", "POST", "HEAD"),
		Status: one(t, "status", 0, 0, 200, 204, 301, 404, 429, 503),
	}}
	if r.Status != 204 {
		r.Size, r.Body = one[int64](t, "length", 0, -1, 400), ""
		if r.Size == 0 {
			r.Body = one(t, "body", "", "some text")
		}
	}
	if some(t, "retry after", 3) {
		r.Header = http.Header{"Retry-After": {"1"}}
	}
	if some(t, "its own time", 2) {
		r.Latency = &sim.Dist{Kind: sim.Exponential, Mean: 90 * time.Millisecond}
	}
	return r
}

func drawPolicy(t *rapid.T, name string) Policy {
	p := Policy{Name: name, Retry: steady(rapid.IntRange(1, 6).Draw(t, "attempts")).Policy.Retry}
	r := &p.Retry
	r.Backoff.Base = 101_234_567
	// None at all would let two clients meet in one moment, as sums of the same delays and
	// time-outs: who of them comes first is not said.
	r.Jitter = one(t, "jitter", retry.Jitter{Kind: retry.JitterFull}, retry.Jitter{Kind: retry.JitterEqual},
		retry.Jitter{Kind: retry.JitterDecorrelated}, retry.Jitter{Kind: retry.JitterProportion, Proportion: 1e-3})
	r.AttemptTimeout = one[time.Duration](t, "attempt timeout", 0, 0, 40_123_457, 150_000_017)
	r.Limit = one[time.Duration](t, "limit", 0, 0, 300_000_007)
	r.Hint.Mode = one(t, "hint", retry.HintNone, retry.HintRetryAfter)
	r.Classifier = one(t, "classifier", "", "aws")
	switch rapid.IntRange(0, 9).Draw(t, "what a client has for itself") {
	case 0:
		r.Quota = retry.AWSStandard21().Quota
	case 1:
		r.Quota = retry.Quota{Capacity: 10, Cost: 3}
	case 2:
		r.Budget.Ratio = retry.Ratio{Share: 0.1, PerSecond: 1, Window: time.Second}
	case 3:
		r.Budget.Allowance = retry.Allowance{Capacity: 3, Ratio: 0.2, PerSecond: 0.5}
	case 4:
		r.Budget.InFlight = retry.InFlight{Share: 0.5, Min: 1}
	case 5:
		r.Budget.Throttling = retry.Throttling{MaxTokens: 5, TokenRatio: 0.2}
	case 6:
		r.Pace.Kind = retry.PaceSRE
	case 7:
		r.Pace.Kind = retry.PaceAWS
	}
	if some(t, "breaker", 2) {
		p.Breaker = &breaker.Config{Failures: rapid.IntRange(1, 4).Draw(t, "failures"), OpenFor: 500_000_003, OpenJitter: one(t, "open jitter", 0.0, 0.5),
			Probes: rapid.IntRange(0, 2).Draw(t, "probes"), ProbeLease: one[time.Duration](t, "lease", 0, 200_000_011)}
		if some(t, "by rate", 3) {
			p.Breaker.FailureRate = breaker.FailureRate{Rate: 0.5, Window: breaker.Window{Calls: 5}}
		}
		p.Scope = one(t, "scope", PerOperation, PerClient, Shared, InStep, PerKey)
		p.SyncEvery = 230_000_003
	}
	return p
}

func drawMix(t *rapid.T, kind Kind) []Op {
	names, keys := []string{"PutObject", "PutObject", "GetObject", "HeadObject", "DeleteObject"}, []string{"k", "raw/{client}/{call}", "{client}"}
	if kind == Web {
		names, keys = []string{"POST", "PUT", "GET", "HEAD", "DELETE"}, []string{"/k", "/raw/{client}/{call}", "/{client}?call={call}", "/"}
	}
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Op {
		op := Op{
			Name: one(t, "name", names...), Key: one(t, "key", keys...),
			Size: one(t, "size", int64(0), 200, 900), Weight: one(t, "weight", 1.0, 0.3),
		}
		if kind == Web && faults.Writes(op.Name) && some(t, "idempotency key", 4) {
			op.Headers = []Header{{Name: "Idempotency-Key", Value: "{client}-{call}"}}
		}
		return op
	}), 1, 3, func(o Op) string { return o.Name }).Draw(t, "mix")
}

func drawLoad(t *rapid.T, c *Config) {
	l := &c.Load
	*l = Load{Model: one(t, "model", Closed, Closed, Open, Replay), Clients: rapid.IntRange(1, 6).Draw(t, "clients"), Mix: drawMix(t, c.Backend.Kind)}
	think := &sim.Dist{Kind: sim.Exponential, Mean: one(t, "think", 30*time.Millisecond, 200*time.Millisecond)}
	if l.Model != Replay && some(t, "groups", 3) {
		l.Clients = 0
		for _, name := range []string{"one", "two", "three"}[:rapid.IntRange(1, 3).Draw(t, "number of groups")] {
			g := Group{Name: name, Clients: rapid.IntRange(1, 3).Draw(t, "members"), Rate: one(t, "group rate", 9.7, 24.1, 41.3)}
			if some(t, "thinks otherwise", 2) {
				g.Think = &sim.Dist{Kind: sim.Exponential, Mean: 70 * time.Millisecond}
			}
			if some(t, "mix of its own", 2) {
				g.Mix = drawMix(t, c.Backend.Kind)
			}
			if some(t, "policy of its own", 2) {
				p := drawPolicy(t, "own")
				g.Policy = &p
			}
			l.Groups = append(l.Groups, g)
			l.Clients += g.Clients
			l.Rate += g.Rate
		}
	}
	switch l.Model {
	case Closed:
		l.Think = think
		if some(t, "starts", 2) {
			l.Start = &sim.Dist{Kind: sim.Uniform, Upper: time.Second}
		}
	case Open:
		drawOpen(t, c)
	case Replay:
		l.MaxInFlight = one(t, "arrivals in flight", 0, 3)
		at, keys := time.Duration(0), []string{"k"}
		if c.Backend.Kind == Web {
			keys = []string{"/k", "/1"}
		}
		for range rapid.IntRange(0, 80).Draw(t, "arrivals") {
			at += time.Duration(rapid.IntRange(1, 60_000_000).Draw(t, "gap"))
			l.Trace = append(l.Trace, Arrival{At: at, Client: uint64(rapid.IntRange(0, l.Clients-1).Draw(t, "client")), Op: rapid.IntRange(0, len(l.Mix)-1).Draw(t, "item"), Key: one(t, "arrival's key", keys...), Size: 300})
		}
	}
	if some(t, "lives", 2) {
		for range c.Plan.Phases {
			l.Lives = append(l.Lives, Lives{Restart: one(t, "restart", 0.0, 0.5, 1), Offline: one(t, "offline", 0.0, 0, 0.5, 1)})
		}
		if c.Backend.Cancels && c.Backend.Order.Drops(c.Backend.Queue) {
			c.Backend.Order = sim.Discipline{} // whose request is cancelled first decides whose is dropped
		}
	}
}

func drawOpen(t *rapid.T, c *Config) {
	l := &c.Load
	if l.Groups == nil {
		l.Rate = one(t, "rate", 19.37, 71.3)
		if some(t, "rates", 2) {
			for range c.Plan.Phases {
				l.Rates = append(l.Rates, one(t, "rate of the phase", 0.0, l.Rate, 3*l.Rate))
			}
		}
	}
	if l.Groups != nil && some(t, "rates of groups", 2) {
		l.Rates = make([]float64, len(c.Plan.Phases))
		for i := range l.Groups {
			g := &l.Groups[i]
			for j := range l.Rates {
				g.Rates = append(g.Rates, one(t, "group's rate of the phase", 0.0, g.Rate, 3*g.Rate))
				l.Rates[j] += g.Rates[j]
			}
		}
	}
	l.Paced = some(t, "paced", 3)
	l.MaxInFlight = one(t, "arrivals in flight", 0, 0, 5)
}
