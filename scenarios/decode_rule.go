package scenarios

import (
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/faults"
)

// rule reads a fault. Without p it hits every request that it is for.
func (d *decoder) rule(n ast.Node, p *path) faults.Rule {
	r := faults.Rule{P: 1}
	found := false
	before := len(d.list)
	defer func() { d.broken[p.String()] = len(d.list) > before }()
	known := []string{"on", "from", "until", "flap", "bursts", "rolling", "every", "first", "p", "at_most", "continue", "effect"}
	d.object(n, p, known, func(key string, v ast.Node, p *path) {
		switch key {
		case "on":
			r.On = d.selector(v, p)
		case "every":
			r.Every = d.every(v, p)
		case "first":
			r.First = d.first(v, p)
		case "p":
			d.chance(v, p, &r)
		case "at_most":
			r.AtMost = d.integer(v, p, 1, faults.MaxCount)
		case "continue":
			r.Continue = d.boolean(v, p)
		case "effect":
			found = true
			r.Effect = d.effect(v, p)
		default:
			d.shape(key, v, p, &r)
		}
	})
	if at := p.key("effect"); !found && !d.bad[at.String()] && isMap(n) {
		d.wrong(n, at, "no effect", "write what goes wrong, such as effect: SlowDown")
	}
	return r
}

func isMap(n ast.Node) bool {
	_, ok := n.(*ast.MappingNode)
	return ok
}

func (d *decoder) selector(n ast.Node, p *path) (s faults.Selector) {
	d.object(n, p, []string{"op", "method", "bucket", "key", "header", "client", "attempt"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "op":
			s.Op = d.chosen(v, p)
		case "method":
			s.Method = d.chosen(v, p)
		case "bucket":
			s.Bucket = d.chosen(v, p)
		case "key":
			s.Key = d.chosen(v, p)
		case "header":
			s.Headers = d.headers(v, p)
		case "client":
			s.Clients = d.ranges(v, p)
		case "attempt":
			s.Attempts = d.ranges(v, p)
		}
	})
	return s
}

// chosen reads what something must be; nothing at all would choose everything, and
// is more likely a value that somebody forgot.
func (d *decoder) chosen(n ast.Node, p *path) string {
	s := d.words(n, p)
	if s == "" && !d.bad[p.String()] {
		d.wrong(n, p, "the text is empty", "write what it must be, or leave it out for any")
	}
	return s
}

// headers reads a map of names to globs.
func (d *decoder) headers(n ast.Node, p *path) (list []faults.HeaderMatch) {
	d.entries(n, p, func(name string, nameNode, v ast.Node, p *path) {
		if _, null := v.(*ast.NullNode); null {
			d.wrong(nameNode, p, "no value", "write one such as blue*, or \"*\" for any")
			return
		}
		value := d.words(v, p)
		if d.bad[p.String()] {
			value = "*" // told
		}
		list = append(list, faults.HeaderMatch{Name: name, Value: value})
	})
	if len(list) == 0 && !d.bad[p.String()] && isMap(n) && len(n.(*ast.MappingNode).Values) == 0 {
		d.wrong(n, p, "there are no headers", "write one such as {X-Tenant: blue*}, or leave it out")
	}
	return list
}

// ranges reads a number, a range such as 0-4 or 2-, or a list of both.
func (d *decoder) ranges(n ast.Node, p *path) (ranges []faults.Range) {
	one := func(v ast.Node, p *path) {
		s, ok := d.scalar(v, p, "a number or a range", "write one such as 1, 0-4 or 2-")
		if !ok {
			return
		}
		more, ok := faults.ParseRanges(s)
		if !ok {
			d.wrong(v, p, quote(s)+" is no number or range", "write one such as 1, 0-4 or 2-")
		}
		ranges = append(ranges, more...)
	}
	list, isList := n.(*ast.SequenceNode)
	switch {
	case !isList:
		one(n, p)
	case len(list.Values) == 0:
		d.wrong(n, p, "the list is empty", "write a number, or leave it out")
	default:
		d.items(n, p, func(_ int, v ast.Node, p *path) { one(v, p) })
	}
	return ranges
}

// shape reads when a fault is in force.
func (d *decoder) shape(key string, n ast.Node, p *path, r *faults.Rule) {
	switch key {
	case "from":
		r.From = d.duration(n, p)
	case "until":
		if r.Until = d.duration(n, p); r.Until == 0 && !d.bad[p.String()] {
			d.wrong(n, p, "the fault would end before it begins", "write the time since the phase began, such as 20s")
		}
	case "flap":
		d.spells(n, p, "up", &r.Flap.Up, "down", &r.Flap.Down)
	case "bursts":
		d.spells(n, p, "good", &r.Bursts.Good, "bad", &r.Bursts.Bad)
	case "rolling":
		d.object(n, p, []string{"nodes", "down", "gap", "by"}, func(key string, v ast.Node, p *path) {
			switch key {
			case "nodes":
				r.Rolling.Nodes = d.integer(v, p, 1, faults.MaxNodes)
			case "down":
				r.Rolling.Down = d.duration(v, p)
			case "gap":
				r.Rolling.Gap = d.duration(v, p)
			case "by":
				r.Rolling.ByClient = d.choice(v, p, "way to nodes", []string{"request", "client"}) == "client"
			}
		})
		d.required(n, p, r.Rolling.Nodes > 0, "nodes", "4")
		d.required(n, p, r.Rolling.Down > 0, "down", "10s")
	}
}

// spells reads a map of two durations, both of which must be there.
func (d *decoder) spells(n ast.Node, p *path, first string, to *time.Duration, second string, other *time.Duration) {
	d.object(n, p, []string{first, second}, func(key string, v ast.Node, p *path) {
		if key == first {
			*to = d.duration(v, p)
		} else {
			*other = d.duration(v, p)
		}
	})
	d.required(n, p, *to > 0, first, "5s")
	d.required(n, p, *other > 0, second, "2s")
}

// required reports a key of a map that is not there.
func (d *decoder) required(n ast.Node, p *path, found bool, key, sample string) {
	m, ok := n.(*ast.MappingNode)
	if found || !ok || d.bad[p.key(key).String()] || entryOf(m, p.key(key)) != nil {
		return
	}
	d.wrong(n, p.key(key), "there is no "+key, "write it, such as "+key+": "+sample)
}

// every reads a number, or a map of n and per.
func (d *decoder) every(n ast.Node, p *path) (e faults.Every) {
	if !isMap(n) {
		e.N = d.integer(n, p, 1, faults.MaxCount)
		return e
	}
	d.object(n, p, []string{"n", "per"}, func(key string, v ast.Node, p *path) {
		if key == "n" {
			e.N = d.integer(v, p, 1, faults.MaxCount)
		} else {
			e.Per = d.per(v, p)
		}
	})
	if d.required(n, p, e.N > 0, "n", "3"); e.N == 0 {
		return faults.Every{} // told
	}
	return e
}

// first reads a number of attempts of each call, or a map of attempts or calls,
// and per.
func (d *decoder) first(n ast.Node, p *path) (f faults.First) {
	if !isMap(n) {
		f.N, f.Per = d.integer(n, p, 1, faults.MaxCount), faults.ByCall
		return f
	}
	per, attempts := false, false
	d.object(n, p, []string{"attempts", "calls", "per"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "attempts":
			f.N, attempts = d.integer(v, p, 1, faults.MaxCount), true
		case "calls":
			f.N, f.Calls = d.integer(v, p, 1, faults.MaxCount), true
		case "per":
			f.Per, per = d.per(v, p), true
		}
	})
	if attempts && f.Calls {
		d.wrong(n, p, "the first attempts or the first calls, not both", "keep one of the two")
	}
	if d.required(n, p, f.N > 0 || f.Calls, "attempts", "2"); f.N == 0 {
		return faults.First{} // told
	}
	if !per && !f.Calls {
		f.Per = faults.ByCall
	}
	return f
}

func (d *decoder) per(n ast.Node, p *path) faults.By {
	words := []string{faults.ByAll.String(), faults.ByKey.String(), faults.ByClient.String(), faults.ByCall.String()}
	by, _ := faults.ParseBy(d.choice(n, p, "way to count", words))
	return by
}

// chance reads a probability, or a map of the one in the beginning and the one
// in the end.
func (d *decoder) chance(n ast.Node, p *path, r *faults.Rule) {
	if !isMap(n) {
		r.P = d.probability(n, p)
		return
	}
	from, to := false, false
	d.object(n, p, []string{"from", "to"}, func(key string, v ast.Node, p *path) {
		if key == "from" {
			r.P, from = d.probability(v, p), true
		} else {
			if r.Ramp, to = faults.RampTo(d.probability(v, p)), true; d.bad[p.String()] {
				r.Ramp.To = 1 // told
			}
		}
	})
	d.required(n, p, from, "from", "0")
	if d.required(n, p, to, "to", "0.9"); !from || !to {
		r.P, r.Ramp = 1, faults.Ramp{} // told
	}
}

func (d *decoder) probability(n ast.Node, p *path) float64 {
	v := d.number(n, p)
	if d.bad[p.String()] || v >= 0 && v <= 1 {
		return v
	}
	hint := "write a number from 0 to 1"
	if v > 1 && v <= 100 {
		hint += ", such as " + formatNumber(v/100)
	}
	d.wrong(n, p, "the probability "+scalarText(n)+" is not between 0 and 1", hint)
	return 1
}
