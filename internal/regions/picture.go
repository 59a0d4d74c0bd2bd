package regions

import (
	"fmt"
	"slices"

	"github.com/squall-sim/squall/reports"
)

// Picture is the map as a figure is drawn of it.
func (m *Map) Picture() *reports.Regions {
	r := &reports.Regions{
		Name:     "map",
		Title:    m.Scenario + ": where it recovers",
		Subtitle: m.about(),
		Alt:      "regions of " + m.X.Path,
		X:        reports.Axis{Label: m.X.label(), Log: m.X.Log},
		States:   [3]string{"stable: recovers", "bistable: a trigger brings it down for good", "collapsed: down without a trigger"},
		Notes:    []string{m.Rule()},
	}
	if m.Y != nil {
		r.Y = m.Y.label()
		r.Alt += " and " + m.Y.Path
	}
	r.Notes = append(r.Notes, m.Notes...)
	if m.Interrupted {
		r.Notes = append(r.Notes, "interrupted: this is what there was by then")
	}
	for _, row := range m.Rows {
		if spans := row.spans(); len(spans) > 0 {
			r.Rows = append(r.Rows, reports.RegionRow{Label: row.Value, Spans: spans, Points: row.marks()})
		}
	}
	return r
}

func (m *Map) about() string {
	seeds := "1 seed"
	if m.Seeds > 1 {
		seeds = fmt.Sprintf("%d seeds from %d", m.Seeds, m.Seed)
	}
	return fmt.Sprintf("policy %s · %s", m.Policy, seeds)
}

// Rule says when a point counts as collapsed.
func (m *Map) Rule() string {
	return fmt.Sprintf("collapsed: in most runs fewer than %.4g %% of the calls of the last third of phase %s succeed", 100*m.Below, m.Phase)
}

func (a *Axis) label() string {
	unit := map[string]string{"": "", "s": " (s)", "B": " (bytes)"}
	if u, ok := unit[a.Unit]; ok {
		return a.Path + u
	}
	return a.Path + " (" + a.Unit + ")"
}

// stateIndex is the place of a state in the picture's list.
var stateIndex = map[State]int{Stable: 0, Bistable: 1, Collapsed: 2}

// marks are the places of the row that were looked at.
func (r *Row) marks() []reports.RegionPoint {
	var list []reports.RegionPoint
	for _, p := range r.Points {
		list = append(list, reports.RegionPoint{X: p.X, State: stateIndex[p.State]})
	}
	return list
}

// spans cuts the row at its edges. A row with a single point, or none that is
// complete, has none.
func (r *Row) spans() []reports.Span {
	i := slices.IndexFunc(r.Points, func(p Point) bool { return p.State != "" })
	if i < 0 || len(r.Points) < 2 {
		return nil
	}
	// From the first complete point on, each edge turns one of the two verdicts.
	type turn struct {
		at   float64
		calm bool
	}
	var turns []turn
	for _, e := range r.Trigger {
		turns = append(turns, turn{e.At(), false})
	}
	for _, e := range r.Calm {
		turns = append(turns, turn{e.At(), true})
	}
	slices.SortStableFunc(turns, func(a, b turn) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	first, last := r.Points[i], r.Points[len(r.Points)-1]
	calm, triggered := first.Calm.Bad(), first.Triggered.Bad()
	state := func() int {
		switch {
		case calm:
			return stateIndex[Collapsed]
		case triggered:
			return stateIndex[Bistable]
		}
		return stateIndex[Stable]
	}
	spans := []reports.Span{{From: first.X, To: last.X, State: state()}}
	for _, t := range turns {
		if t.at < first.X {
			continue
		}
		if t.calm {
			calm = !calm
		} else {
			triggered = !triggered
		}
		if s := state(); s != spans[len(spans)-1].State {
			spans[len(spans)-1].To = t.at
			spans = append(spans, reports.Span{From: t.at, To: last.X, State: s})
		}
	}
	return spans
}
