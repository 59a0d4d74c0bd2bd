package faults

import (
	"strconv"
	"time"

	"github.com/squall-sim/squall/sim"
)

// Ramp makes the probability of a rule change over the time that it is in force.
// The zero value is none.
type Ramp struct {
	To    float64 // the probability in the end: 0 to 1
	Given bool
}

// RampTo returns a Ramp to that probability.
func RampTo(p float64) Ramp { return Ramp{To: p, Given: true} }

// Flap makes a rule come and go: for Up the backend is well, for Down the rule is
// in force, and so on. The zero value is none; else both are at least
// [MinSpell].
type Flap struct{ Up, Down time.Duration }

// Bursts makes a rule come and go at random, so that faults come in bursts: the
// backend is well and unwell by turns, and the rule is in force while it is
// unwell. The times are exponential, with the means Good and Bad, so that the
// rule is in force for the share Bad/(Good+Bad) of the time, from the beginning
// on. The zero value is none; else both are at least [MinSpell].
//
// This is the channel with two states of E. N. Gilbert, "Capacity of a
// Burst-Noise Channel", Bell System Technical Journal 39 (1960), and E. O.
// Elliott, "Estimates of Error Rates for Codes on Burst-Noise Channels", ibid.
// 42 (1963), in continuous time: P is the rate of errors in the bad state, and
// another rule behind it gives that of the good one.
type Bursts struct{ Good, Bad time.Duration }

// Rolling is a rolling restart: one node of the backend after another is down
// for Down, with a Gap between them, and the rule is in force for the requests
// to the node that is down. The zero value is none.
type Rolling struct {
	Nodes int // 1 to [MaxNodes]
	Down  time.Duration
	Gap   time.Duration // ≥ 0
	// ByClient sends all requests of a client to one node: the one of its number
	// modulo Nodes. Otherwise each request goes to a node by a draw.
	ByClient bool
}

// Bounds of shapes.
const (
	// MinSpell is the shortest time that a rule may be in or out of force.
	MinSpell = time.Millisecond
	// MaxNodes bounds Rolling.Nodes.
	MaxNodes = 1_000_000
	// maxBursts bounds how often Bursts change in a phase, on average.
	maxBursts = 1_000_000
)

// Takes returns how long the restart of all nodes takes.
func (r Rolling) Takes() time.Duration {
	var d time.Duration
	if r.Nodes > 0 && r.Nodes <= MaxNodes && r.Down >= 0 && r.Gap >= 0 {
		if n := time.Duration(r.Nodes); sim.Add(r.Down, r.Gap) > sim.Never/n {
			return sim.Never
		} else {
			d = n*(r.Down+r.Gap) - r.Gap
		}
	}
	return d
}

// shape is when a rule is in force, as functions of the time since its phase
// began, and of chance that is keyed.
type shape struct {
	from, until time.Duration // the window; until is sim.Never where it has no end
	flap        Flap
	bursts      *bursts // nil: none
	rolling     Rolling
	nodes       sim.Stream
	shaped      bool // any of these
	ramp        bool
	p, to       float64
	length      time.Duration // of the ramp
}

// newShape compiles the shape of a rule in a phase of that length.
func newShape(r Rule, length time.Duration, chance sim.Stream) shape {
	s := shape{from: r.From, until: sim.Never, flap: r.Flap, rolling: r.Rolling, ramp: r.Ramp.Given, p: r.P, to: r.Ramp.To, length: length - r.From}
	if r.Until > 0 {
		s.until, s.length = r.Until, r.Until-r.From
	}
	if r.Bursts != (Bursts{}) {
		s.bursts = newBursts(r.Bursts, chance.Sub(1))
	}
	s.nodes = chance.Sub(2)
	s.shaped = r.From > 0 || r.Until > 0 || r.Flap != (Flap{}) || s.bursts != nil || r.Rolling != (Rolling{})
	return s
}

// holds reports whether the rule is in force for a request at the time t of its
// phase: whether all of its shapes say so.
func (s *shape) holds(t time.Duration, r *Request) bool {
	if t < s.from || t >= s.until {
		return false
	}
	t -= s.from
	if s.flap != (Flap{}) && t%(s.flap.Up+s.flap.Down) < s.flap.Up {
		return false
	}
	if s.rolling.Nodes > 0 {
		down, ok := s.rolling.at(t)
		if !ok || s.node(r) != down {
			return false
		}
	}
	return s.bursts == nil || s.bursts.bad(t)
}

// at returns the node that is down at t; false where none is.
func (r Rolling) at(t time.Duration) (node int, ok bool) {
	turn := t / (r.Down + r.Gap)
	return int(turn), turn < time.Duration(r.Nodes) && t%(r.Down+r.Gap) < r.Down
}

// node is where a request goes.
func (s *shape) node(r *Request) int {
	n := uint64(s.rolling.Nodes)
	if s.rolling.ByClient {
		return int(r.client() % n)
	}
	return int(s.nodes.Float64(r.Client, r.Call, uint64(r.Attempt)) * float64(n))
}

// chance is the probability at the time t of the phase.
func (s *shape) chance(t time.Duration) float64 {
	if !s.ramp {
		return s.p
	}
	share := min(max(float64(t-s.from)/float64(s.length), 0), 1)
	return s.p + float64((s.to-s.p)*share)
}

// shape checks when a rule is in force. length is that of the phase; 0 where it
// is not known.
func (c *checker) shape(path string, r Rule, length time.Duration) {
	switch {
	case r.From < 0:
		c.add(path+"from", "from is negative: "+r.From.String(), "write the time since the phase began, 0s or more")
	case length > 0 && r.From >= length:
		c.add(path+"from", "the phase is over at "+r.From.String()+": it takes "+length.String(), "write less than "+length.String())
	}
	switch {
	case r.Until < 0:
		c.add(path+"until", "until is negative: "+r.Until.String(), "write the time since the phase began")
	case r.Until > 0 && r.Until <= r.From:
		c.add(path+"until", "the fault would end at "+r.Until.String()+" and begin at "+r.From.String(), "write an until that is later than from")
	case length > 0 && r.Until > length:
		c.add(path+"until", "the phase is over before "+r.Until.String()+": it takes "+length.String(), "write at most "+length.String()+", or leave until out")
	}
	if r.Flap != (Flap{}) {
		c.spell(path+"flap.up", r.Flap.Up)
		c.spell(path+"flap.down", r.Flap.Down)
		if window := r.window(length); window > 0 && r.Flap.Up >= window {
			c.add(path+"flap.up", "the backend would be well for "+r.Flap.Up.String()+", and there are "+window.String(), "write a shorter up, or a longer phase")
		}
	}
	if b := r.Bursts; b != (Bursts{}) {
		c.spell(path+"bursts.good", b.Good)
		c.spell(path+"bursts.bad", b.Bad)
		if mean := sim.Add(max(b.Good, 0), max(b.Bad, 0)); mean > 0 && length/mean > maxBursts {
			c.add(path+"bursts", "there would be "+strconv.FormatInt(int64(length/mean), 10)+" bursts in the phase", "write longer ones: at most "+strconv.Itoa(maxBursts)+" are possible")
		}
	}
	c.rolling(path+"rolling", r, length)
}

func (c *checker) spell(path string, d time.Duration) {
	if d < MinSpell {
		c.add(path, d.String()+" is too short", "write "+MinSpell.String()+" or more")
	}
}

func (c *checker) rolling(path string, r Rule, length time.Duration) {
	o := r.Rolling
	if o == (Rolling{}) {
		return
	}
	if o.Nodes < 1 || o.Nodes > MaxNodes {
		c.add(path+".nodes", strconv.Itoa(o.Nodes)+" nodes cannot restart", "write 1 to "+strconv.Itoa(MaxNodes))
	}
	c.spell(path+".down", o.Down)
	if o.Gap < 0 {
		c.add(path+".gap", "the gap is negative: "+o.Gap.String(), "write 0s or more")
	}
	if window, takes := r.window(length), o.Takes(); window > 0 && takes > window {
		c.add(path, "the restart of all nodes takes "+takes.String()+", and there are "+window.String(), "write fewer nodes, a shorter down or gap, or a longer phase")
	}
}

// window is how long the rule can be in force in a phase of that length; not
// positive where it is not known.
func (r Rule) window(length time.Duration) time.Duration {
	if r.Until > 0 {
		return r.Until - r.From
	}
	return length - r.From
}
