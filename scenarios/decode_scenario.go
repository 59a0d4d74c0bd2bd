package scenarios

import (
	"github.com/goccy/go-yaml/ast"
)

// scenario reads a whole file.
func (d *decoder) scenario(n ast.Node) *Scenario {
	sc := &Scenario{}
	known := []string{"scenario", "about", "backend", "load", "phases", "policies", "thresholds"}
	d.object(n, nil, known, func(key string, v ast.Node, p *path) {
		switch key {
		case "scenario":
			sc.Name = d.words(v, p)
		case "about":
			sc.About = tidy(d.words(v, p))
		case "backend":
			sc.Backend = d.backend(v, p)
		case "load":
			sc.Load = d.load(v, p)
		case "phases":
			d.items(v, p, func(_ int, v ast.Node, p *path) { sc.Phases = append(sc.Phases, d.phase(v, p)) })
		case "policies":
			d.policies(v, p, sc)
		case "thresholds":
			d.thresholds(v, p, sc)
		}
	})
	d.defaults(sc)
	return sc
}

// Bounds on how many of something a run can hold.
const (
	maxWorkers  = 10_000_000
	maxClients  = 10_000_000
	maxPhases   = 200_000 // with histograms of each for each policy: two of them take 4 GB
	maxPolicies = 1000
)

func (d *decoder) load(n ast.Node, p *path) (l Load) {
	known := []string{"model", "rate", "arrivals", "clients", "groups", "start", "think", "max_in_flight", "mix", "trace", "speed"}
	d.object(n, p, known, func(key string, v ast.Node, p *path) {
		switch key {
		case "model":
			l.Model = Model(d.choice(v, p, "model", []string{string(ModelOpen), string(ModelClosed), string(ModelReplay)}))
		case "rate":
			l.Rate = d.rate(v, p)
		case "arrivals":
			l.Arrivals = ArrivalProcess(d.choice(v, p, "arrival process", []string{string(Poisson), string(Paced)}))
		case "clients":
			l.Clients = d.integer(v, p, 1, maxClients)
		case "groups":
			d.items(v, p, func(_ int, v ast.Node, p *path) { l.Groups = append(l.Groups, d.group(v, p)) })
		case "start":
			start := d.start(v, p)
			l.Start = &start
		case "think":
			think := d.dist(v, p)
			l.Think = &think
		case "max_in_flight":
			l.MaxInFlight = d.integer(v, p, 1, maxClients)
		case "mix":
			d.items(v, p, func(_ int, v ast.Node, p *path) { l.Mix = append(l.Mix, d.mixItem(v, p)) })
		case "trace":
			l.Trace = d.words(v, p)
		case "speed":
			if l.Speed = d.number(v, p); l.Speed == 0 && !d.bad[p.String()] {
				d.wrong(v, p, "0 stands still", "write a number above 0: 2 replays the trace in half its time")
			}
		}
	})
	d.sumGroups(&l, p)
	return l
}

// defaults fills in what the file leaves out.
func (d *decoder) defaults(sc *Scenario) {
	d.backendDefaults(&sc.Backend)
	l := &sc.Load
	switch l.Model {
	case ModelOpen:
		if l.Arrivals == "" {
			l.Arrivals = Poisson
		}
		if l.Clients == 0 {
			l.Clients = 1
		}
	case ModelReplay:
		if l.Speed == 0 {
			l.Speed = 1
		}
	}
	sizes := make(map[string]Size) // of the objects that this load writes
	for m := range l.items() {
		if op, _ := findOperation(sc.Backend.Kind, m.Op); op.body == sends {
			sizes[m.Key] = max(0, m.Size)
		}
	}
	for m := range l.items() {
		if m.Size >= 0 {
			continue
		}
		m.Size = 0
		if op, _ := findOperation(sc.Backend.Kind, m.Op); op.body == reads { // it finds what the load writes
			m.Size = sizes[m.Key]
		}
	}
}

func (d *decoder) mixItem(n ast.Node, p *path) MixItem {
	m := MixItem{Size: -1, Weight: 1} // -1: not given
	d.object(n, p, []string{"op", "key", "size", "weight", "headers"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "op":
			m.Op = d.words(v, p)
		case "key":
			m.Key = d.words(v, p)
		case "size":
			m.Size = d.size(v, p)
		case "weight":
			m.Weight = d.number(v, p)
		case "headers":
			m.Headers = d.sentHeaders(v, p)
		}
	})
	return m
}

func (d *decoder) rate(n ast.Node, p *path) Rate {
	s, ok := d.scalar(n, p, "a rate", "write a number and a unit, such as 200/s")
	if !ok {
		return 0
	}
	r, err := ParseRate(s)
	if err != nil {
		d.refuse(n, p, err.(*scalarError))
	}
	return r
}

func (d *decoder) size(n ast.Node, p *path) Size {
	s, ok := d.scalar(n, p, "a size", "write a number and a unit, such as 64KiB")
	if !ok {
		return 0
	}
	size, err := ParseSize(s)
	if err != nil {
		d.refuse(n, p, err.(*scalarError))
	}
	return size
}

func (d *decoder) phase(n ast.Node, p *path) (ph Phase) {
	d.object(n, p, []string{"label", "for", "rate", "capacity", "restart", "offline", "faults"}, func(key string, v ast.Node, p *path) {
		switch key {
		case "label":
			ph.Label = d.words(v, p)
		case "for":
			ph.For = d.duration(v, p)
		case "rate":
			ph.Rate, ph.GroupRates = d.phaseRates(v, p)
		case "restart":
			ph.Restart = d.share(v, p)
		case "offline":
			ph.Offline = d.share(v, p)
		case "capacity":
			ph.Capacity = d.phaseCapacity(v, p)
		case "faults":
			d.items(v, p, func(_ int, v ast.Node, p *path) { ph.Faults = append(ph.Faults, d.rule(v, p)) })
		}
	})
	return ph
}

// thresholds reads the map of metrics to one expression or a list of them.
func (d *decoder) thresholds(n ast.Node, p *path, sc *Scenario) {
	d.entries(n, p, func(key string, keyNode, v ast.Node, p *path) {
		metric, err := parseSelector(key)
		if err != nil {
			d.refuse(keyNode, p, err)
		} else {
			d.selectors = append(d.selectors, selector{metric.Filter, p.itself()})
		}
		one := func(v ast.Node, p *path) {
			text, ok := d.scalar(v, p, "an expression", "write aggregate, operator and number, such as "+metric.sample())
			if !ok {
				return
			}
			t := metric
			if err := t.parseExpr(text); err != nil {
				d.refuse(v, p, err)
				return
			}
			if err == nil { // of the metric
				sc.Thresholds = append(sc.Thresholds, t)
				sc.origin.thresholds = append(sc.origin.thresholds, at(v))
			}
		}
		switch list := v.(type) {
		case *ast.SequenceNode:
			if len(list.Values) == 0 {
				d.wrong(v, p, "the list is empty", "write an expression such as "+metric.sample()+", or leave the metric out")
			}
			d.items(v, p, func(_ int, v ast.Node, p *path) { one(v, p) })
		case *ast.NullNode:
			d.wrong(keyNode, p, "no value", "write a list of expressions, such as ["+quote(metric.sample())+"]")
		default:
			one(v, p.at(0))
		}
	})
}
