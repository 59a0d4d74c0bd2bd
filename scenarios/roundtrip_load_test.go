package scenarios

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

func drawLoad(t *rapid.T, kind Kind) Load {
	l := Load{Model: rapid.SampledFrom([]Model{ModelOpen, ModelClosed, ModelReplay}).Draw(t, "model")}
	switch l.Model {
	case ModelOpen:
		l.Rate = Rate(rapid.Float64Range(1e-9, maxRate).Draw(t, "rate"))
		l.Arrivals = rapid.SampledFrom([]ArrivalProcess{Poisson, Paced}).Draw(t, "arrivals")
		l.Clients = rapid.IntRange(1, maxClients).Draw(t, "clients")
		l.MaxInFlight = rapid.IntRange(0, 9).Draw(t, "max_in_flight")
	case ModelClosed:
		if rapid.Bool().Draw(t, "start?") {
			d := rapid.SampledFrom([]sim.Dist{{Kind: sim.Uniform, Upper: time.Second}, {Kind: sim.Uniform}, {Kind: sim.Exponential, Mean: time.Minute}}).Draw(t, "start")
			l.Start = &d
		}
		l.Clients = rapid.IntRange(1, maxClients).Draw(t, "clients")
		if rapid.Bool().Draw(t, "think?") {
			d := drawDist(t, "think")
			l.Think = &d
		}
	case ModelReplay:
		l.Trace = "a trace/x.csv"
		l.Speed = rapid.Float64Range(1e-3, 1e6).Draw(t, "speed")
		return l
	}
	l.Mix = drawMix(t, kind)
	if rapid.IntRange(0, 2).Draw(t, "groups?") == 0 {
		drawGroups(t, kind, &l)
	}
	return l
}

// drawGroups cuts the load in groups.
func drawGroups(t *rapid.T, kind Kind, l *Load) {
	for i := range rapid.IntRange(1, 3).Draw(t, "groups") {
		g := Group{Name: label(t, i), Clients: rapid.IntRange(1, maxClients/3).Draw(t, "clients")}
		if l.Model == ModelOpen {
			g.Rate = Rate(rapid.Float64Range(1e-9, maxRate/3).Draw(t, "rate"))
		} else if rapid.Bool().Draw(t, "think?") {
			d := drawDist(t, "think")
			g.Think = &d
		}
		if rapid.Bool().Draw(t, "own mix?") {
			g.Mix = drawMix(t, kind)
		}
		l.Groups = append(l.Groups, g)
	}
	l.Rate, l.Clients = l.sums()
	if !slices.ContainsFunc(l.Groups, func(g Group) bool { return len(g.Mix) == 0 }) {
		l.Mix = nil
	}
}

func drawMix(t *rapid.T, kind Kind) (items []MixItem) {
	for range rapid.IntRange(1, 4).Draw(t, "mix") {
		op := rapid.SampledFrom(operations[kind]).Draw(t, "op")
		m := MixItem{Op: op.name, Weight: rapid.Float64Range(1e-6, 1e6).Draw(t, "weight")}
		if op.key {
			m.Key = "/a b"
			if kind == KindS3 {
				m.Key = rapid.SampledFrom([]string{"raw/{client}/{call}.json", `é"'\,{call}`, "a: b", "- x", "1e3"}).Draw(t, "key")
			} else {
				m.Key = rapid.SampledFrom([]string{"/", "/v1/{client}?a=b&c,d", "/é%20"}).Draw(t, "path")
			}
		}
		if op.body != noBody {
			m.Size = Size(rapid.Int64Range(0, int64(MaxSize)).Draw(t, "size"))
		}
		if rapid.Bool().Draw(t, "headers?") {
			m.Headers = []Header{{"x-tenant", "blue"}, {"User-Agent", `a "b": {client}/{call}, c`}, {"X-Empty", ""}}[rapid.IntRange(0, 2).Draw(t, "headers"):]
		}
		if h, ok := effective[op.name]; ok && rapid.IntRange(0, 9).Draw(t, "effective header?") == 0 {
			m.Headers = []Header{h}
		}
		items = append(items, m)
	}
	return items
}

// effective are headers on which a backend acts, which are for the mode http.
var effective = map[string]Header{
	"GetObject": {"Range", "bytes=2-9"}, "HeadObject": {"If-None-Match", "*"}, "PutObject": {"If-None-Match", "*"},
	"POST": {"Idempotency-Key", "{client}-{call}"}, "PUT": {"Idempotency-Key", "{client}"}, "DELETE": {"Idempotency-Key", "one"},
}

// drawGroupRates gives some phases rates of some groups.
func drawGroupRates(t *rapid.T, sc *Scenario) {
	for i := range sc.Phases {
		ph := &sc.Phases[i]
		if sc.Load.Model != ModelOpen || ph.Rate != nil {
			continue
		}
		for _, g := range sc.Load.Groups {
			if rapid.IntRange(0, 2).Draw(t, "rate of the group?") == 0 {
				ph.GroupRates = append(ph.GroupRates, GroupRate{g.Name, rapid.SampledFrom([]PhaseRate{{}, {Rate: 160}, {Rate: 1.0 / 3}, {Times: 0.5}, {Times: 1e-9}}).Draw(t, "rate")})
			}
		}
	}
}
