package scenarios

import (
	"errors"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/sim"
)

func (d *decoder) backend(n ast.Node, p *path) (b Backend) {
	d.object(n, p, []string{"kind", "latency", "network", "capacity", "quotas", "prefixes", "bucket", "routes"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "kind":
			b.Kind = Kind(d.choice(v, p, "kind", []string{string(KindS3), string(KindHTTP)}))
		case "latency":
			b.Latency = d.dist(v, p)
		case "network":
			network := d.dist(v, p)
			b.Network = &network
		case "capacity":
			b.Capacity = d.capacity(v, p)
		case "quotas":
			d.items(v, p, func(_ int, v ast.Node, p *path) { b.Quotas = append(b.Quotas, d.bucketQuota(v, p)) })
		case "prefixes":
			b.Prefixes = d.prefixes(v, p)
		case "bucket":
			b.Bucket = d.words(v, p)
		case "routes":
			d.items(v, p, func(_ int, v ast.Node, p *path) { b.Routes = append(b.Routes, d.route(v, p)) })
		}
	})
	return b
}

func (d *decoder) capacity(n ast.Node, p *path) *Capacity {
	c := &Capacity{Queue: Unbounded}
	d.object(n, p, []string{"workers", "queue", "discipline", "nodes", "balance", "abandoned", "max_in_flight", "slowdown", "full"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "workers":
			c.Workers = d.integer(v, p, 1, maxWorkers)
		case "queue":
			c.Queue = d.integer(v, p, 0, maxWorkers)
		case "discipline":
			c.Discipline = d.discipline(v, p)
		case "nodes":
			c.Nodes = d.integer(v, p, 1, maxNodes)
		case "balance":
			c.Balance = d.choice(v, p, "balance", sim.Balances())
		case "abandoned":
			c.Abandoned = Abandoned(d.choice(v, p, "fate of abandoned work", []string{string(AbandonedServed), string(AbandonedCancelled)}))
		case "max_in_flight":
			c.MaxInFlight = d.integer(v, p, 1, maxWorkers)
		case "slowdown":
			if c.Slowdown = d.duration(v, p); d.bad[p.String()] {
				c.Slowdown = time.Millisecond // told
			}
		case "full":
			c.Full = d.effect(v, p)
		}
	})
	return c
}

// bucketQuota reads one token bucket. What it leaves out depends on the kind of the
// backend, which may come later: see backendDefaults.
func (d *decoder) bucketQuota(n ast.Node, p *path) (q faults.Quota) {
	q.Per = faults.PerAll
	d.object(n, p, []string{"on", "per", "depth", "rate", "burst", "effect", "hint"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "on":
			q.On = d.quotaOn(v, p)
		case "per":
			q.Per = faults.Sharing(d.choice(v, p, "way to share", texts(faults.Sharings())))
		case "depth":
			q.Depth = d.integer(v, p, 1, faults.MaxDepth)
		case "rate":
			q.Rate = d.exactRate(v, p)
		case "burst":
			q.Burst = int64(d.integer(v, p, 1, faults.MaxRate))
		case "effect":
			q.Effect = d.effect(v, p)
		case "hint":
			q.Hint = faults.TellWait(d.choice(v, p, "hint", []string{string(faults.TellNothing), string(faults.TellRetryAfter), string(faults.TellAmz)}))
		}
	})
	return q
}

// quotaOn reads a map, or reads or writes alone.
func (d *decoder) quotaOn(n ast.Node, p *path) (on faults.QuotaOn) {
	sorts := []string{string(faults.ReadAccess), string(faults.WriteAccess)}
	if !isMap(n) {
		if _, ok := d.scalar(n, p, "a map", "write {op: PutObject, key: \"raw/**\"}, or reads or writes alone"); ok {
			on.Access = faults.Access(d.choice(n, p, "access", sorts))
		}
		return on
	}
	d.object(n, p, []string{"op", "key", "access"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "op":
			on.Op = d.words(v, p)
		case "key":
			on.Key = d.words(v, p)
		case "access":
			on.Access = faults.Access(d.choice(v, p, "access", sorts))
		}
	})
	return on
}

// prefixes reads true, for S3's own numbers, or a map with what differs.
func (d *decoder) prefixes(n ast.Node, p *path) *faults.Prefixes {
	out := faults.DefaultPrefixes()
	if b, ok := n.(*ast.BoolNode); ok {
		if !b.Value {
			return nil
		}
		return &out
	}
	if !isMap(n) {
		d.mistyped(n, p, "a map", "write true for S3's own rates, or {writes: 3500/s, reads: 5500/s, split_after: 30m}")
		return nil
	}
	d.object(n, p, []string{"writes", "reads", "split_after"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "writes":
			out.Writes = d.exactRate(v, p)
		case "reads":
			out.Reads = d.exactRate(v, p)
		case "split_after":
			out.SplitAfter = d.duration(v, p)
		}
	})
	return &out
}

// exactRate reads a rate that is counted in whole numbers.
func (d *decoder) exactRate(n ast.Node, p *path) faults.Rate {
	s, ok := d.scalar(n, p, "a rate", "write a number and a unit, such as 200/s")
	if !ok {
		return faults.Rate{N: 1, Per: time.Second}
	}
	r, err := faults.ParseRate(s)
	var bad *faults.RateError
	if errors.As(err, &bad) {
		d.wrong(n, p, bad.Message, bad.Hint)
		return faults.Rate{N: 1, Per: time.Second}
	}
	return r
}

// backendDefaults fills in what the file leaves out.
func (d *decoder) backendDefaults(b *Backend) {
	if b.Kind == KindS3 && b.Bucket == "" && !d.bad["backend.bucket"] {
		b.Bucket = DefaultBucket
	}
	if b.Capacity != nil && b.Capacity.Full.Kind == faults.None {
		b.Capacity.Full = b.Kind.defaultFull()
	}
	for i := range b.Quotas {
		q := &b.Quotas[i]
		if q.Burst == 0 {
			q.Burst = q.Rate.DefaultBurst()
		}
		if q.Effect.Kind == faults.None {
			q.Effect = b.Kind.defaultThrottle()
		}
		if q.Hint == "" {
			q.Hint = defaultHint(q.Effect)
		}
	}
}

// defaultFull is the answer of a backend that has no room: 503, which S3 calls
// SlowDown.
func (k Kind) defaultFull() faults.Effect {
	if k == KindHTTP {
		return faults.Effect{Kind: faults.Status, Status: 503}
	}
	return faults.Effect{Kind: faults.S3Error, Code: "SlowDown"}
}

// defaultThrottle is the answer to a request that a quota refuses.
func (k Kind) defaultThrottle() faults.Effect {
	if k == KindHTTP {
		return faults.Effect{Kind: faults.Status, Status: 429}
	}
	return k.defaultFull()
}

// defaultHint has a status say when to come back, and S3's errors not, as S3
// does not.
func defaultHint(e faults.Effect) faults.TellWait {
	if e.Kind == faults.Status && !e.RetryAfter.Given {
		return faults.TellRetryAfter
	}
	return faults.TellNothing
}
