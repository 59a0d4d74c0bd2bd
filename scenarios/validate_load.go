package scenarios

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// maxRate is the highest rate of an open load, a second.
const maxRate = 1e7

// maxMix bounds the items of a mix: the fleet keeps their numbers in 16 bits.
const maxMix = 10_000

func (c *checker) load(p *path) {
	l := c.sc.Load
	switch l.Model {
	case ModelOpen:
		c.openLoad(p, l)
	case ModelClosed:
		c.foreign(p, l, "rate", "arrivals", "max_in_flight", "trace", "speed")
		if len(l.Groups) == 0 && (l.Clients < 1 || l.Clients > maxClients) {
			c.report(p.key("clients"), "a closed load needs clients", fmt.Sprintf("write clients: 1 to %d", maxClients))
		}
		if l.Think != nil {
			c.dist(p.key("think"), *l.Think)
		}
		if l.Start != nil {
			c.dist(p.key("start"), *l.Start)
		}
		c.mixes(p)
	case ModelReplay:
		c.replay(p, l)
	default:
		c.report(p.key("model"), "the load has no model", "write model: open, closed or replay")
	}
}

// empty reports whether nothing of the load is set.
func (l Load) empty() bool {
	return l.Model == "" && l.Rate == 0 && l.Arrivals == "" && l.Clients == 0 && l.Start == nil && l.Think == nil && l.MaxInFlight == 0 &&
		len(l.Mix) == 0 && len(l.Groups) == 0 && l.Trace == "" && l.Records == nil && l.Speed == 0
}

func (c *checker) openLoad(p *path, l Load) {
	c.foreign(p, l, "start", "think", "trace", "speed")
	switch most := fmt.Sprintf("%.0f/s", maxRate); {
	case len(l.Groups) > 0: // they have it
	case l.Rate > maxRate:
		c.report(p.key("rate"), "the rate is out of bounds", "write at most "+most)
	case !(l.Rate > 0):
		c.report(p.key("rate"), "an open load needs a rate", "write rate: 200/s, or another above 0 up to "+most)
	}
	if l.Arrivals != Poisson && l.Arrivals != Paced {
		c.report(p.key("arrivals"), "unknown arrival process "+quote(string(l.Arrivals)), "write poisson or paced")
	}
	if len(l.Groups) == 0 && (l.Clients < 1 || l.Clients > maxClients) {
		c.report(p.key("clients"), "an open load needs clients", fmt.Sprintf("write clients: 1 to %d", maxClients))
	}
	if l.MaxInFlight < 0 {
		c.report(p.key("max_in_flight"), fmt.Sprintf("%d in flight is not possible", l.MaxInFlight), "write 1 or more, or leave it out: unbounded")
	}
	c.mixes(p)
}

func (c *checker) replay(p *path, l Load) {
	c.foreign(p, l, "rate", "arrivals", "clients", "groups", "start", "think", "mix")
	if !(l.Speed > 0 && l.Speed <= 1e6) {
		c.report(p.key("speed"), "the speed "+formatNumber(l.Speed)+" is not possible", "write a number above 0 up to 1000000: 2 replays the trace in half its time")
	}
	if l.MaxInFlight < 0 {
		c.report(p.key("max_in_flight"), fmt.Sprintf("%d in flight is not possible", l.MaxInFlight), "write 1 or more, or leave it out: unbounded")
	}
	if l.Trace == "" && len(l.Records) == 0 {
		c.report(p.key("trace"), "a replay needs a trace", "write the path of a CSV file, relative to the scenario's: "+TraceHeader)
	}
	c.records(p.key("records"), l.Records)
}

// records checks the rows of a trace, which may have been built in Go.
func (c *checker) records(p *path, rows []TraceRow) {
	if rows == nil {
		return
	}
	c.ops = make(map[string]bool)
	var last time.Duration
	for i, r := range rows {
		at := p.at(i)
		switch {
		case r.At < last:
			c.report(at, "the row at "+r.At.String()+" comes after one at "+last.String(), "sort the rows by time, from 0s on")
		case r.Client == "":
			c.report(at, "the row has no client", "write who calls")
		case r.Size < 0 || r.Size > MaxSize:
			c.report(at, fmt.Sprintf("the size %d is not possible", r.Size), "write 0 to "+MaxSize.String())
		}
		last = max(last, r.At)
		if !c.ops[r.Op] {
			c.refuse(at, c.checkTraceOp(r.Op))
			c.ops[r.Op] = true
		}
	}
}

// checkOp refuses operations that the backend does not know.
func (c *checker) checkOp(op string) *scalarError {
	kind := c.sc.Backend.Kind
	if _, known := findOperation(kind, op); known || operations[kind] == nil {
		return nil
	}
	if op == "" {
		return scalarErr("no operation", "write one such as op: "+c.sampleOp())
	}
	return scalarErr("unknown operation "+quote(op)+" of a backend of kind "+string(kind), didYouMean(op, Operations(kind)))
}

// checkTraceOp is checkOp for a call that was really made: by any method.
func (c *checker) checkTraceOp(op string) *scalarError {
	if c.sc.Backend.Kind == KindHTTP && isMethod(op) {
		return nil
	}
	return c.checkOp(op)
}

// mixes checks all that the load calls.
func (c *checker) mixes(p *path) {
	c.ops = make(map[string]bool)
	l, unknown := c.sc.Load, false
	switch own := len(l.Groups) > 0 && all(l.Groups, func(g Group) bool { return g.Mix != nil }); {
	case !own:
		unknown = c.mix(p.key("mix"), l.Mix)
	case len(l.Mix) > 0:
		c.report(p.key("mix"), "nobody calls this: all groups have a mix of their own", "leave it out, or the mix of a group")
	}
	c.groups(p, &unknown)
	n := len(l.Mix)
	for _, g := range l.Groups {
		n += len(g.Mix)
	}
	if n > maxMix {
		c.report(p.key("mix"), fmt.Sprintf("there are %d items", n), fmt.Sprintf("write at most %d: {client} and {call} make keys of their own", maxMix))
	}
	if unknown {
		c.ops = nil // told already: a fault or threshold may mean what that should have been
	}
}

// mix checks the items of one mix, and reports whether there is an unknown operation.
func (c *checker) mix(p *path, items []MixItem) (unknown bool) {
	if len(items) == 0 {
		c.report(p, "there is nothing to call", "write at least one item, such as {op: "+c.sampleOp()+", key: a.json, size: 4KiB}")
		return true
	}
	total := 0.0
	for i, m := range items {
		c.mixItem(p.at(i), m)
		c.ops[m.Op] = true
		unknown = unknown || c.checkOp(m.Op) != nil
		total += m.Weight
	}
	if math.IsInf(total, 0) {
		c.report(p, "the weights add up to more than a number holds", "write smaller ones")
	}
	return unknown
}

// mixItem checks one sort of call.
func (c *checker) mixItem(p *path, m MixItem) {
	c.refuse(p.key("op"), c.checkOp(m.Op))
	c.refuse(p.key("key"), checkKey(m.Key))
	op, known := findOperation(c.sc.Backend.Kind, m.Op)
	switch {
	case known && op.key && m.Key == "":
		c.report(p.key("key"), m.Op+" needs a key", "write one, such as key: raw/{client}/{call}.json")
	case known && c.sc.Backend.Kind == KindHTTP && m.Key[0] != '/':
		c.report(p.key("key"), quote(m.Key)+" is not a path", "write "+quote("/"+m.Key))
	case known && c.sc.Backend.Kind == KindHTTP && (badText(m.Key) || strings.ContainsAny(m.Key, " \n#")):
		c.report(p.key("key"), quote(m.Key)+" is not a path of a URL", "write no blanks, control characters or #; escape them as %20")
	case known && c.sc.Backend.Kind == KindS3 && badKey(m.Key):
		c.report(p.key("key"), quote(m.Key)+" is not a key that every S3 client can send", "write no control characters, no . or .. between slashes, and no slash first")
	}
	switch {
	case m.Size < 0 || m.Size > MaxSize:
		c.report(p.key("size"), fmt.Sprintf("the size %d is not possible", m.Size), "write 0B to "+MaxSize.String())
	case known && op.body == noBody && m.Size > 0:
		c.report(p.key("size"), m.Op+" has no body", "leave size out")
	}
	c.mixHeaders(p.key("headers"), m.Headers)
	if !(m.Weight > 0 && m.Weight <= math.MaxFloat64) {
		c.report(p.key("weight"), "the weight "+formatNumber(m.Weight)+" is not possible", "write a number above 0, or leave the item out")
	}
}

// badKey reports keys that S3 takes but clients and proxies change on the way.
func badKey(key string) bool {
	if strings.HasPrefix(key, "/") || badText(key) || strings.Contains(key, "\n") {
		return true
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// sampleOp is the backend's first operation.
func (c *checker) sampleOp() string {
	if ops := Operations(c.sc.Backend.Kind); len(ops) > 0 {
		return ops[0]
	}
	return "GetObject"
}

// opNames are the operations of the load in alphabetical order.
func (c *checker) opNames() []string { return slices.Sorted(maps.Keys(c.ops)) }

// foreign reports the settings of other models.
func (c *checker) foreign(p *path, l Load, names ...string) {
	owner := map[string]string{
		"rate": "open", "arrivals": "open", "max_in_flight": "open or replay", "clients": "open or closed", "groups": "open or closed",
		"start": "closed", "think": "closed", "mix": "open or closed", "trace": "replay", "speed": "replay",
	}
	set := map[string]bool{
		"rate": l.Rate != 0 && len(l.Groups) == 0, "arrivals": l.Arrivals != "", "max_in_flight": l.MaxInFlight != 0, "clients": l.Clients != 0 && len(l.Groups) == 0,
		"groups": len(l.Groups) > 0,
		"start":  l.Start != nil, "think": l.Think != nil, "mix": len(l.Mix) > 0, "trace": l.Trace != "" || l.Records != nil, "speed": l.Speed != 0,
	}
	for _, name := range names {
		if set[name] {
			c.report(p.key(name), name+" means nothing to a load of model "+string(l.Model), "leave it out, or write model: "+owner[name])
		}
	}
}
