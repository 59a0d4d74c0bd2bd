package scenarios

import (
	"strconv"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/sim"
)

func (o *writer) backend(b Backend) {
	o.line(0, "backend:")
	o.line(1, "kind: "+string(b.Kind))
	o.line(1, "latency: "+distText(b.Latency))
	if b.Network != nil {
		o.line(1, "network: "+distText(*b.Network))
	}
	if b.Capacity != nil {
		o.line(1, "capacity: "+capacityText(b.Kind, *b.Capacity))
	}
	if len(b.Quotas) > 0 {
		o.line(1, "quotas:")
	}
	for _, q := range b.Quotas {
		o.line(2, "- "+quotaRuleText(b.Kind, q))
	}
	if b.Prefixes != nil {
		o.line(1, "prefixes: "+prefixesText(*b.Prefixes))
	}
	if b.Bucket != "" && b.Bucket != DefaultBucket {
		o.line(1, "bucket: "+yamlText(b.Bucket))
	}
	o.routes(b.Routes)
}

func capacityText(kind Kind, c Capacity) string {
	var f flow
	f.when(c.Workers != 0, "workers", strconv.Itoa(c.Workers))
	f.when(c.Queue != Unbounded, "queue", strconv.Itoa(c.Queue))
	f.when(c.Discipline != sim.Discipline{}, "discipline", disciplineText(c.Discipline))
	f.when(c.Nodes != 0, "nodes", strconv.Itoa(c.Nodes))
	f.when(c.Balance != "", "balance", c.Balance)
	f.when(c.Abandoned != "", "abandoned", string(c.Abandoned))
	f.when(c.MaxInFlight != 0, "max_in_flight", strconv.Itoa(c.MaxInFlight))
	f.when(c.Slowdown != 0, "slowdown", durationText(c.Slowdown))
	f.when(c.Full != kind.defaultFull(), "full", yamlText(c.Full.String()))
	return f.String()
}

func quotaRuleText(kind Kind, q faults.Quota) string {
	var f, on flow
	on.when(q.On.Op != "", "op", yamlText(q.On.Op))
	on.when(q.On.Key != "", "key", yamlText(q.On.Key))
	on.when(q.On.Access != faults.AnyAccess, "access", string(q.On.Access))
	switch {
	case len(on) == 1 && q.On.Access != faults.AnyAccess:
		f.add("on", string(q.On.Access))
	case len(on) > 0:
		f.add("on", on.String())
	}
	f.when(q.Per != faults.PerAll, "per", string(q.Per))
	f.when(q.Depth != 0, "depth", strconv.Itoa(q.Depth))
	f.add("rate", q.Rate.String())
	f.when(q.Burst != q.Rate.DefaultBurst(), "burst", strconv.FormatInt(q.Burst, 10))
	f.when(q.Effect != kind.defaultThrottle(), "effect", yamlText(q.Effect.String()))
	f.when(q.Hint != defaultHint(q.Effect), "hint", string(q.Hint))
	return f.String()
}

func prefixesText(p faults.Prefixes) string {
	base := faults.DefaultPrefixes()
	if p == base {
		return "true"
	}
	var f flow
	f.when(p.Writes != base.Writes, "writes", p.Writes.String())
	f.when(p.Reads != base.Reads, "reads", p.Reads.String())
	f.when(p.SplitAfter != base.SplitAfter, "split_after", durationText(p.SplitAfter))
	return f.String()
}
