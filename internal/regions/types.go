package regions

import (
	"cmp"
	"slices"

	"github.com/squall-sim/squall/scenarios"
)

// SchemaVersion is the version of the map's JSON form. It grows when a field changes
// its meaning or goes away, never when one is added.
const SchemaVersion = 1

// Options say what is mapped. All fields but the last three must be set.
type Options struct {
	Policy string          // the name of one of the scenario's policies
	X      scenarios.Axis  // the axis along which edges are located
	Y      *scenarios.Axis // one row for each of its values; nil: one row
	Seeds  int             // runs of each point, with and without the trigger; 1 to 1000
	Below  float64         // a run has collapsed if a smaller share of its last calls succeeds; above 0, at most 1
	Edge   float64         // edges are located within this share of X's range; above 0, below 1

	Columns int            // values of X to begin with, where it leaves that open; 2 to 1000, 0: 9
	Seed    uint64         // of the first run of each point
	Mode    scenarios.Mode // zero: ModeModel
}

// State is what a point is.
type State string

// The states. A point that was looked at without or with the trigger only has
// none.
const (
	Stable    State = "stable"    // well in the end, after a trigger too
	Bistable  State = "bistable"  // well, unless a trigger comes
	Collapsed State = "collapsed" // not even well without a trigger
)

// Map is what was found. It is plain data; the same scenario and options give the
// same bytes as JSON.
type Map struct {
	Schema      int     `json:"schema_version"`
	Version     string  `json:"squall_version"`
	Scenario    string  `json:"scenario"`
	Hash        string  `json:"scenario_hash"`
	Policy      string  `json:"policy"`
	Phase       string  `json:"phase"` // the last, whose last third is judged
	Seed        uint64  `json:"seed"`
	Seeds       int     `json:"seeds"`
	Below       float64 `json:"collapsed_below"`
	Interrupted bool    `json:"interrupted,omitempty"` // stopped before its end: what there was by then
	X           Axis    `json:"x"`
	Y           *Axis   `json:"y,omitempty"`
	Rows        []Row   `json:"rows"`

	Notes []string `json:"notes,omitempty"` // what to be wary of
}

// Axis is one of the two settings.
type Axis struct {
	Path string  `json:"path"`
	Unit string  `json:"unit,omitempty"` // "s" of durations, "B" of sizes, "/s", "%"
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Log  bool    `json:"log,omitempty"`
}

// Row is the points of one value of Y.
type Row struct {
	Y       float64 `json:"y"`
	Value   string  `json:"value,omitempty"` // Y as the scenario file has it
	Points  []Point `json:"points"`          // X ascending
	Trigger []Edge  `json:"trigger_edges"`   // where runs with the trigger begin or cease to collapse
	Calm    []Edge  `json:"calm_edges"`      // the same without
}

// Point is one pair of settings.
type Point struct {
	X         float64 `json:"x"`
	Value     string  `json:"value"` // X as the scenario file has it
	State     State   `json:"state,omitempty"`
	Triggered *Trial  `json:"triggered,omitempty"`
	Calm      *Trial  `json:"calm,omitempty"`
}

// Trial is the runs of a point with or without its trigger.
type Trial struct {
	Runs      int     `json:"runs"`
	Collapsed int     `json:"collapsed"`
	Success   float64 `json:"success"` // share of the last calls that succeeded, the mean of all runs

	print uint64 // the fingerprints of the runs
}

// Bad reports whether most of the runs collapsed.
func (t *Trial) Bad() bool { return 2*t.Collapsed > t.Runs }

// Edge lies between two values of X of which one collapses.
type Edge struct {
	Lo     float64 `json:"lo"`
	Hi     float64 `json:"hi"`
	Beyond bool    `json:"collapses_beyond"` // it is the greater one that does
}

// At is the middle of the edge.
func (e Edge) At() float64 { return e.Lo + float64((e.Hi-e.Lo)/2) }

// trial is the one with the trigger or without.
func (p *Point) trial(calm bool) **Trial {
	if calm {
		return &p.Calm
	}
	return &p.Triggered
}

// settle works out the states and edges of a row.
func (r *Row) settle() {
	r.Trigger, r.Calm = []Edge{}, []Edge{}
	for i := range r.Points {
		p := &r.Points[i]
		switch {
		case p.Calm == nil || p.Triggered == nil:
		case p.Calm.Bad():
			p.State = Collapsed
		case p.Triggered.Bad():
			p.State = Bistable
		default:
			p.State = Stable
		}
	}
	r.pairs(false, func(lo, hi *Point) { r.Trigger = append(r.Trigger, Edge{lo.X, hi.X, hi.Triggered.Bad()}) })
	r.pairs(true, func(lo, hi *Point) { r.Calm = append(r.Calm, Edge{lo.X, hi.X, hi.Calm.Bad()}) })
}

// pairs calls each for the neighbours of which one collapses.
func (r *Row) pairs(calm bool, each func(lo, hi *Point)) {
	var last *Point
	for i := range r.Points {
		p := &r.Points[i]
		t := *p.trial(calm)
		if t == nil {
			continue
		}
		if last != nil && (*last.trial(calm)).Bad() != t.Bad() {
			each(last, p)
		}
		last = p
	}
}

// point returns the point at x, a new one if there is none.
func (r *Row) point(x float64, text string) *Point {
	i, found := slices.BinarySearchFunc(r.Points, x, func(p Point, x float64) int { return cmp.Compare(p.X, x) })
	if !found {
		r.Points = slices.Insert(r.Points, i, Point{X: x, Value: text})
	}
	return &r.Points[i]
}
