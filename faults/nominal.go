package faults

import "time"

// Nominal is what is to be expected of a rule, of the requests that its selector
// chooses and whose operation can have its effect.
type Nominal struct {
	// P is the probability that the rule hits a request that it is for, on the
	// average of the time that it is in force.
	P float64
	// Rate is the share of the requests that the rule hits, after what the rules
	// before it take away: those whose selectors choose all that this one does.
	// A rule behind others that choose only some of its requests hits fewer.
	Rate float64
	// Known is false where Rate depends on the traffic: behind or with a First or a
	// TokenExpired, and under an AtMost. It is then the most that the rule can hit.
	Known bool
}

// moments is how many moments of a phase, evenly spaced, Nominal looks at; fewer
// for a rule behind very many.
const moments = 1000

// Nominal returns what is to be expected of each rule of a valid phase, if
// requests come evenly over the phase, and evenly to the nodes of a rolling
// restart. The first rule that is for a request decides, so that a fault with a
// p of 0.5 behind another with a p of 0.2 that comes half of the time hits a
// quarter of the requests, not half of what the first one spares.
// Source of the idea to tell it: Polly's documentation of chaos strategies, whose
// rates compose in the order of the pipeline as well.
func (ph Phase) Nominal() []Nominal {
	out := make([]Nominal, len(ph.Rules))
	shapes := make([]shape, len(ph.Rules))
	for i, r := range ph.Rules {
		out[i].Known = !r.byTraffic() && r.AtMost == 0
		shapes[i] = newShape(r, ph.For, keyed)
	}
	for i, r := range ph.Rules {
		before := ph.before(i)
		for _, j := range before {
			out[i].Known = out[i].Known && !ph.Rules[j].byTraffic()
		}
		n := max(moments/10, min(moments, 50*moments/max(1, len(before))))
		if !r.timed() && !r.Ramp.Given && ph.always(before) {
			n = 1
		}
		var rate, p, inForce float64
		for m := range n {
			t := ph.For/time.Duration(n)*time.Duration(m) + ph.For/time.Duration(2*n)
			mine := r.share(&shapes[i], t)
			inForce += mine
			p += float64(mine * shapes[i].chance(t))
			left := mine
			for _, j := range before {
				if !ph.Rules[j].byTraffic() {
					left *= 1 - ph.Rules[j].share(&shapes[j], t)
				}
			}
			rate += float64(left * shapes[i].chance(t))
		}
		out[i].Rate = rate / float64(n)
		if inForce > 0 {
			out[i].P = p / inForce
		}
	}
	return out
}

// nominal is Nominal of all phases.
func (p Plan) nominal() (out []Nominal) {
	for _, ph := range p.Phases {
		out = append(out, ph.Nominal()...)
	}
	return out
}

// byTraffic reports whether it depends on the requests how many of them the rule is
// for.
func (r Rule) byTraffic() bool { return r.First.N > 0 || r.Effect.Expires() }

// before are the rules that decide, before rule i is asked, for requests of its
// selector.
func (ph Phase) before(i int) (rules []int) {
	for j, r := range ph.Rules[:i] {
		if !r.Continue && r.On.Covers(ph.Rules[i].On) && (r.On.Op != "" || !r.Effect.Selective()) {
			rules = append(rules, j)
		}
	}
	return rules
}

func (ph Phase) always(rules []int) bool {
	for _, j := range rules {
		if ph.Rules[j].timed() {
			return false
		}
	}
	return true
}

// share is how many of the requests of its selector the rule is for at the time
// t of the phase, on average; a First is left out, as it depends on how many come.
func (r Rule) share(s *shape, t time.Duration) float64 {
	if t < s.from || t >= s.until {
		return 0
	}
	share := 1.0
	t -= s.from
	if r.Flap != (Flap{}) && t%(r.Flap.Up+r.Flap.Down) < r.Flap.Up {
		return 0
	}
	if r.Rolling.Nodes > 0 {
		if _, down := r.Rolling.at(t); !down {
			return 0
		}
		share /= float64(r.Rolling.Nodes)
	}
	if r.Bursts != (Bursts{}) {
		share *= float64(r.Bursts.Bad) / (float64(r.Bursts.Good) + float64(r.Bursts.Bad))
	}
	if r.Every.N > 1 {
		share /= float64(r.Every.N)
	}
	return share
}
