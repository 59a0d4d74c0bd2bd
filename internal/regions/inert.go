package regions

import (
	"encoding/json"
	"hash/fnv"

	"github.com/squall-sim/squall/reports"
)

// fingerprint tells runs apart: two of one seed in which everything that a policy's calls met
// was the same have the same one.
func fingerprint(record *reports.Run) (uint64, error) {
	p := &record.Policies[0]
	h := fnv.New64a()
	err := json.NewEncoder(h).Encode([]any{p.Total, p.Breakers, p.Recovery, p.AttemptsPerCall})
	return h.Sum64(), err
}

// inert tells of the axes along which no run was another: that may be right, and it may be
// that nothing in the scenario looks at the setting.
func (m *Map) inert() []string {
	var notes []string
	if len(m.Rows[0].Points) > 1 && m.sameAlongX() {
		notes = append(notes, m.X.Path+" changed nothing: the runs of each row are the same to the last attempt")
	}
	if len(m.Rows) > 1 && m.sameAlongY() {
		notes = append(notes, m.Y.Path+" changed nothing: the runs of all rows are the same to the last attempt")
	}
	return notes
}

func (m *Map) sameAlongX() bool {
	for _, row := range m.Rows {
		for i := range row.Points {
			if !row.Points[i].same(&row.Points[0]) {
				return false
			}
		}
	}
	return true
}

func (m *Map) sameAlongY() bool {
	for _, row := range m.Rows {
		if len(row.Points) != len(m.Rows[0].Points) {
			return false // an edge lies elsewhere
		}
		for i := range row.Points {
			if !row.Points[i].same(&m.Rows[0].Points[i]) {
				return false
			}
		}
	}
	return true
}

// same reports whether the runs of two points were the same, as far as both were looked at
// in the same ways.
func (p *Point) same(o *Point) bool { return p.Calm.same(o.Calm) && p.Triggered.same(o.Triggered) }

func (t *Trial) same(o *Trial) bool {
	if t == nil || o == nil {
		return t == o
	}
	return t.print == o.print
}
